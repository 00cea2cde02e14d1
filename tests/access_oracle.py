"""Holds the access check against Samba's, which others wrote: generated tokens and descriptors, the same question to both.

    python3 access_oracle.py ACCESS_TOOL [CASES [SEED]]

The second pass has an oracle too: Samba asked with a token of the restricting SIDs alone. What Samba does not have, or does
otherwise on purpose, is named as skipped and never generated into what is counted.

What a new child inherits is held against the code by which Samba's file server makes a child's list. Python has no call for that:
it is called in the library that this module loads, by its C name (se_create_child_secdesc), and skipped where it is not there.
"""

import ctypes
import random
import struct
import subprocess
import sys

import samba.security
from samba import NTSTATUSError
from samba.dcerpc import security
from samba.ndr import ndr_pack, ndr_unpack

ME, GROUPS = "S-1-5-21-7-7-7-1001", ["S-1-5-21-7-7-7-2001", "S-1-5-32-545", "S-1-5-11", "S-1-5-5-0-77"]
WRITES, STRANGERS = ["S-1-5-21-9-9-9-9", "S-1-5-21-8-8-8-8"], ["S-1-5-21-7-7-7-1009", "S-1-5-18", "S-1-5-32-544"]
EVERYONE, OWNER_RIGHTS, NOBODY = "S-1-1-0", "S-1-3-4", "S-1-5-21-4-4-4-4"
ALL = [ME, EVERYONE, OWNER_RIGHTS] + GROUPS + WRITES + STRANGERS
SHORT = {"S-1-5-32-545": "BU", "S-1-5-11": "AU", "S-1-5-18": "SY", "S-1-5-32-544": "BA", EVERYONE: "WD", OWNER_RIGHTS: "OW"}

MAXIMUM, SYSTEM_SECURITY, WRITE_OWNER = 0x02000000, 0x01000000, 0x00080000
GENERIC = {0x80000000: 0x120089, 0x40000000: 0x120116, 0x20000000: 0x1200A0, 0x10000000: 0x1F01FF}
WRITE_SET = 0x010D0116  # what the second pass of a write-restricted token is for, on a file; written here a second time
RIGHTS = [1 << b for b in (0, 1, 2, 3, 4, 5, 6, 7, 8, 16, 17, 18, 19, 20)]
LETTERS = {"FR": 0x120089, "FW": 0x120116, "FX": 0x1200A0, "GA": 1 << 28, "GR": 1 << 31, "GW": 1 << 30,
           "GX": 1 << 29, "RC": 0x20000, "SD": 0x10000, "WD": 0x40000, "WO": 0x80000, "CC": 1, "DC": 2, "LC": 4, "DT": 0x40}


def mapped(mask):
    for bit, meaning in GENERIC.items():
        if mask & bit:
            mask = (mask & ~bit) | meaning
    return mask


class Case:
    """One question: words for our side, objects for Samba's."""

    def __init__(self, rng):
        self.rng = rng
        self.groups = [g for g in GROUPS + [EVERYONE] if rng.random() < 0.5]
        self.disabled = [g for g in GROUPS if g not in self.groups and rng.random() < 0.3]
        self.denying = [g for g in GROUPS + [EVERYONE] if g not in self.groups + self.disabled and rng.random() < 0.3]
        self.user_denying = rng.random() < 0.1
        self.restricting = [s for s in WRITES + [ME, EVERYONE] + GROUPS if rng.random() < 0.3] if rng.random() < 0.5 else []
        self.write_restricted = bool(self.restricting) and rng.random() < 0.6
        self.take, self.security = rng.random() < 0.1, rng.random() < 0.1
        self.owner = rng.choice([ME] + GROUPS + STRANGERS)
        self.aces = [self.make_ace() for _ in range(rng.choice([0, 1, 1, 2, 3, 4, 6, 9]))]
        self.desired = self.make_desired()

    def make_mask(self):
        rng = self.rng
        if rng.random() < 0.4:
            letters = rng.sample(sorted(LETTERS), rng.choice([1, 1, 2]))
            return "".join(letters), self.either(letters)
        mask = self.some_rights()
        return "0x%x" % mask, mask

    @staticmethod
    def either(letters):
        mask = 0
        for letter in letters:
            mask |= LETTERS[letter]
        return mask

    def some_rights(self):
        rng = self.rng
        mask = 0
        for right in rng.sample(RIGHTS, rng.choice([1, 1, 2, 3, 5, 9])):
            mask |= right
        return mask

    def make_ace(self):
        rng = self.rng
        text, mask = self.make_mask()
        return (rng.choice("AAAD"), rng.choice(["", "", "", "OICI", "OICIIO", "ID", "OINP", "CIIO"]), text, mask, rng.choice(ALL))

    def make_desired(self):
        rng, kind = self.rng, self.rng.random()
        if kind < 0.2:
            return MAXIMUM
        if kind < 0.4:
            return rng.choice(sorted(GENERIC))
        if kind < 0.45:
            return MAXIMUM | rng.choice(RIGHTS)
        return self.some_rights() | (SYSTEM_SECURITY if rng.random() < 0.05 else 0)

    # ours
    def token_words(self):
        words = [("u!=" if self.user_denying else "u=") + ME] + ["g=" + g for g in self.groups]
        words += ["g-=" + g for g in self.disabled] + ["g!=" + g for g in self.denying]
        words += ["r=" + r for r in self.restricting]
        if self.write_restricted:
            words.append("w")
        words += ["p=take"] * self.take + ["p=security"] * self.security
        return " ".join(words)

    def sddl(self, numbers):
        return self.write(self.owner, self.aces, numbers)

    @staticmethod
    def write(owner, aces, numbers):
        text = "O:%sG:S-1-5-32-545D:" % owner
        for kind, flags, rights, mask, sid in aces:
            text += "(%s;%s;%s;;;%s)" % (kind, flags, "0x%x" % mapped(mask) if numbers else rights, SHORT.get(sid, sid))
        return text

    # Samba has no SID that is only for denying. For the first pass it is the same to hold it and to take away the entries that
    # grant to it, and to be no owner by it.
    def first_pass(self):
        denying = set(self.denying + [ME] * self.user_denying)
        owned = self.owner in denying
        aces = []
        for kind, flags, rights, mask, sid in self.aces:
            if sid == OWNER_RIGHTS and owned:
                sid = self.owner
            if kind == "D" or sid not in denying:
                aces.append((kind, flags, rights, mask, sid))
        return self.write(NOBODY if owned else self.owner, aces, True), [ME] + self.groups + self.denying


def samba_token(case, sids):
    token = security.token()
    token.sids = [security.dom_sid(s) for s in sids]
    token.num_sids = len(sids)
    if case.take:
        token.set_privilege(security.SEC_PRIV_TAKE_OWNERSHIP)
    if case.security:
        token.set_privilege(security.SEC_PRIV_SECURITY)
    return token


def samba_asks(descriptor, token, desired):
    """The rights that are granted; None for a refusal."""
    try:
        return samba.security.access_check(descriptor, token, desired)
    except NTSTATUSError as e:
        if e.args[0] not in (0xC0000022, 0xC0000061):  # access denied, privilege not held
            raise
        return None


def expected(case):
    """What Samba says in one pass or in both: the rights, or None."""
    descriptor = security.descriptor.from_sddl(case.sddl(True), security.dom_sid("S-1-5-21-7-7-7"))
    desired = mapped(case.desired)
    text, sids = case.first_pass()
    first = samba_asks(security.descriptor.from_sddl(text, security.dom_sid("S-1-5-21-7-7-7")), samba_token(case, sids), desired)
    if first is None or not case.restricting:
        return first
    scope = WRITE_SET if case.write_restricted else 0xFFFFFFFF
    named = desired & ~MAXIMUM & scope
    token = samba_token(case, case.restricting)
    if named and samba_asks(descriptor, token, named) is None:
        return None
    if not desired & MAXIMUM:
        return first
    second = samba_asks(descriptor, token, MAXIMUM)
    return first & ((second or 0) | named | ~scope & 0xFFFFFFFF)


def questions(cases):
    for case in cases:
        text = case.sddl(False)
        theirs = ndr_pack(security.descriptor.from_sddl(text, security.dom_sid("S-1-5-21-7-7-7"))).hex()
        yield "%s\t%s\t%s\t%x\n" % (case.token_words(), text, theirs, case.desired)


def report(name, wrong, count):
    if wrong:
        print("not ok %s: %d of %d differ, first: %s" % (name, len(wrong), count, wrong[0]))
    elif count < 100:
        print("not ok %s: only %d cases were generated" % (name, count))
    else:
        print("ok %s (%d cases)" % (name, count))
    return bool(wrong) or count < 100


# ---- entries that are carried along, and not evaluated ----


def opaque(kind, flags, mask, sid):
    """An entry with a condition (type 9, 10), as its bytes; no system is asked about it."""
    bits = {"": 0, "OICI": 3, "OICIIO": 11, "ID": 16, "OINP": 5, "CIIO": 10}[flags]
    body = struct.pack("<I", mapped(mask)) + ndr_pack(security.dom_sid(sid)) + b"artx"
    return "(#%s)" % (struct.pack("<BBH", 9 if kind == "A" else 10, bits, 4 + len(body)) + body).hex()


def unknown(tool, count, rng):
    """What is said to be known must be so whatever such an entry comes to: a grant or a refusal, to anybody, or nothing."""
    name, cases, lines = "what a condition could decide is not called known", [], []
    while len(cases) < count:
        case = Case(rng)
        case.denying, case.user_denying = [], False
        if not case.aces:
            continue
        case.at = rng.randrange(len(case.aces))
        text = "O:%sG:S-1-5-32-545D:" % case.owner
        for i, (kind, flags, rights, mask, sid) in enumerate(case.aces):
            text += opaque(kind, flags, mask, sid) if i == case.at else "(%s;%s;0x%x;;;%s)" % (kind, flags, mapped(mask), SHORT.get(sid, sid))
        cases.append(case)
        lines.append("%s\t%s\t-\t%x\n" % (case.token_words(), text, case.desired))
    done = subprocess.run([tool], input="".join(lines), capture_output=True, text=True, timeout=100)
    wrong, known = [], 0
    for case, line, answer in zip(cases, lines, done.stdout.splitlines()):
        verdict, rights, _, _, certain, _ = answer.split()
        if certain != "known":
            continue
        known += 1
        ours, whole = int(rights, 16) if verdict == "granted" else None, case.aces
        _, flags, text, mask, _ = whole[case.at]
        for meant in [[]] + [[(kind, flags, text, mask, sid)] for kind in "AD" for sid in ALL]:
            case.aces = whole[:case.at] + meant + whole[case.at + 1:]
            theirs = expected(case)
            if (ours or None) != (theirs or None):
                wrong.append("%s ours %s, Samba %s with %s" % (line.strip().replace("\t", " | "), answer, theirs, meant))
                break
    if len(done.stdout.splitlines()) != count:
        wrong.append("%d answers: %s" % (len(done.stdout.splitlines()), done.stderr.strip()[:200]))
    return report(name, wrong, known)


# ---- what a new child inherits ----

CREATOR_OWNER, CREATOR_GROUP = "S-1-3-0", "S-1-3-1"
KEPT = ["", "OI", "CI", "OICI", "OIIO", "CIIO", "OICIIO", "OINP", "CINP", "OICINP", "OICINPIO", "ID", "OICIID"]


class Child:
    """A folder, and what is made in it. Automatic inheritance, as Cordon and Windows' own file systems have it."""

    def __init__(self, rng):
        masks = [r for r in RIGHTS] + [0x1301BF, 0x1F01FF, 0xD0156, 0x20000]
        aces = [(rng.choice("AAAD"), rng.choice(KEPT), rng.choice(masks), rng.choice(ALL + [CREATOR_OWNER, CREATOR_GROUP] * 3))
                for _ in range(rng.choice([0, 1, 1, 2, 3, 5, 8]))]
        self.kind, self.owner, self.group = rng.choice(["folder", "file"]), rng.choice([ME] + STRANGERS), rng.choice(GROUPS)
        self.sddl = "O:S-1-5-18G:S-1-5-18D:AI" + "".join("(%s;%s;0x%x;;;%s)" % ace for ace in aces)

    def line(self):
        return "inherit\t%s\t%s %s %s\t0\n" % (self.sddl, self.kind, self.owner, self.group)


def library(word, loader):
    with open("/proc/self/maps") as f:
        names = sorted({line.split()[-1] for line in f if word in line and "/" in line})
    return loader(names[0]) if names else None


class FileServer:
    """se_create_child_secdesc and marshall_sec_desc, which are in the library, and in no Python module."""

    def __init__(self):
        # PyDLL: the calls take Python objects apart, and so need Python's lock.
        objects, code = library("pytalloc-util", ctypes.PyDLL), library("libsamba-security", ctypes.PyDLL)
        pointer, size = ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(ctypes.c_size_t)
        self.pointer_of, self.make, self.write = objects._pytalloc_get_ptr, code.se_create_child_secdesc, code.marshall_sec_desc
        self.pointer_of.restype, self.pointer_of.argtypes = ctypes.c_void_p, [ctypes.py_object]
        self.make.restype = self.write.restype = ctypes.c_uint32
        self.make.argtypes = [ctypes.c_void_p, pointer, size] + [ctypes.c_void_p] * 3 + [ctypes.c_bool]
        self.write.argtypes = [ctypes.c_void_p, ctypes.c_void_p, pointer, size]

    def child(self, case):
        parent = security.descriptor.from_sddl(case.sddl, security.dom_sid("S-1-5-21-7-7-7"))
        owner, group = security.dom_sid(case.owner), security.dom_sid(case.group)
        made, data, n = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_size_t()
        status = self.make(None, ctypes.byref(made), ctypes.byref(n), self.pointer_of(parent), self.pointer_of(owner),
                           self.pointer_of(group), case.kind == "folder") or \
            self.write(None, made, ctypes.byref(data), ctypes.byref(n))
        if status:
            raise RuntimeError("status 0x%x" % status)
        return ndr_unpack(security.descriptor, ctypes.string_at(data, n.value))


def entries(descriptor):
    """In their order; the second of two that are the same, which Samba leaves out, decides nothing."""
    return list(dict.fromkeys((a.type, a.flags, a.access_mask, str(a.trustee)) for a in (descriptor.dacl.aces if descriptor.dacl else [])))


def children(tool, count, rng):
    name = "as Samba's file server makes a new child's list"
    try:
        server = FileServer()
    except (AttributeError, OSError):
        print("skip %s: this Samba has no such call, or another name for it" % name)
        return False
    cases = [Child(rng) for _ in range(count)]
    done = subprocess.run([tool], input="".join(c.line() for c in cases), capture_output=True, text=True, timeout=100)
    answers = done.stdout.splitlines()
    if done.returncode or len(answers) != count:
        print("not ok access_tool: %d answers about children, status %d: %s" % (len(answers), done.returncode, done.stderr.strip()[:200]))
        return True
    wrong = {"folder": [], "file": []}
    for case, answer in zip(cases, answers):
        ours = entries(security.descriptor.from_sddl(answer, security.dom_sid("S-1-5-21-7-7-7")))
        theirs = entries(server.child(case))
        if ours != theirs:
            wrong[case.kind].append("%s | ours %s, Samba %s" % (case.line().strip().replace("\t", " | "), ours, theirs))
    failed = False
    for kind in wrong:
        failed |= report("%s: a %s" % (name, kind), wrong[kind], sum(c.kind == kind for c in cases))
    return failed


def kind_of(case):
    if not case.restricting:
        return "one pass"
    return "write-restricted second pass" if case.write_restricted else "restricted second pass"


def main():
    tool = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 20000
    rng = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 20261121)
    cases = [Case(rng) for _ in range(count)]
    lines = list(questions(cases))
    done = subprocess.run([tool], input="".join(lines), capture_output=True, text=True, timeout=100)
    answers = done.stdout.splitlines()
    if done.returncode or len(answers) != count:
        print("not ok access_tool: %d answers, status %d: %s" % (len(answers), done.returncode, done.stderr.strip()[:200]))
        print("done")
        return 1
    total, wrong, bytes_wrong = {}, {}, []
    for case, line, answer in zip(cases, lines, answers):
        verdict, rights, _, _, known, same = answer.split()
        theirs = expected(case)
        name = kind_of(case) + (", all that is allowed" if case.desired & MAXIMUM else "")
        ours = int(rights, 16) if verdict == "granted" else None
        total[name] = total.get(name, 0) + 1
        if (ours or None) != (theirs or None) or known != "known":
            wrong.setdefault(name, []).append("%s ours %s, Samba %s" % (line.strip().replace("\t", " | "), answer, theirs))
        if same != "same":
            bytes_wrong.append(line.strip().replace("\t", " | "))
    failed = False
    for name in sorted(total):
        failed |= report("as Samba decides: " + name, wrong.get(name, []), total[name])
    failed |= report("as Samba reads SDDL and lays out bytes", bytes_wrong, count)
    failed |= unknown(tool, count // 10, rng)
    failed |= children(tool, count, rng)
    for lacking in ("mandatory labels", "backup and restore intent", "no DACL and a NULL DACL (Samba refuses)",
                    "asking for nothing (Samba grants it)", "which rights are writing, for a write-restricted token",
                    "generic rights in entries that a child inherits, and a default list (its file server leaves both to its caller)",
                    "the letters FA (older Samba reads 0x1ff) and those of registry keys"):
        print("skip %s: Samba has no such case, or another" % lacking)
    print("done")
    return failed


sys.exit(main())
