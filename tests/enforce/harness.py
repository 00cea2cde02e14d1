"""
The harness of the attack tests: decoys, runs outside and inside, verdicts.

An attack counts only beside a control: the same attempt made outside, against a decoy made for it, must
work (and change the decoy, where it is one that changes something); otherwise the line is a skip that says
so. Inside it must be refused and the decoy, looked at from outside, must be as it was.
"""

import errno
import fcntl
import hashlib
import os
import select
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import termios
import time
import uuid

REFUSED = ("denied", "missing")
RUN_SECONDS = 30


class Answer:
    """What the helper said of one attempt: kind and errno's name."""

    def __init__(self, text):
        words = (text or "nothing").split()
        self.kind = words[0]
        self.code = words[1] if len(words) > 1 else ""
        self.text = " ".join(words)

    @property
    def done(self):
        return self.kind == "done"


class Report:
    """Prints the lines that tests/run.sh counts."""

    def __init__(self):
        self.failed = 0

    def line(self, text):
        sys.stdout.write(text.encode("ascii", "backslashreplace").decode() + "\n")
        sys.stdout.flush()

    def ok(self, name):
        self.line(f"ok {name}")

    def bad(self, name, why):
        self.failed += 1
        self.line(f"not ok {name}: {' '.join(str(why).split())[:300]}")

    def skip(self, name, why):
        self.line(f"skip {name}: {' '.join(str(why).split())[:200]}")

    def check(self, condition, name, why):
        self.ok(name) if condition else self.bad(name, why)
        return condition


report = Report()
marker = "cordon-" + uuid.uuid4().hex[:12]
as_root = os.getuid() == 0
who = "root" if as_root else "user"


def note(path, follow=False):
    """All that an attack could change about one file, as a tuple. Not the access time."""
    st = os.stat(path) if follow else os.lstat(path)
    attributes, content = (), ""
    try:
        attributes = tuple((n, os.getxattr(path, n, follow_symlinks=False))
                           for n in sorted(os.listxattr(path, follow_symlinks=False)))
    except OSError:
        pass
    if stat.S_ISREG(st.st_mode):
        try:
            with open(path, "rb") as f:
                content = hashlib.sha256(f.read()).hexdigest()
        except OSError as e:
            content = f"unreadable {e.errno}"
    elif stat.S_ISLNK(st.st_mode):
        content = os.readlink(path)
    # A folder's size differs between file systems' moods; its entries are noted one by one.
    size = 0 if stat.S_ISDIR(st.st_mode) else st.st_size
    return (st.st_mode, st.st_uid, st.st_gid, st.st_nlink, size, st.st_mtime_ns, st.st_ctime_ns, attributes, content)


def snapshot(*paths):
    """path -> note, recursively; None for what is not there."""
    seen = {}
    for top in paths:
        if not os.path.lexists(top):
            seen[top] = None
            continue
        seen[top] = note(top)
        if os.path.isdir(top) and not os.path.islink(top):
            for folder, folders, files in os.walk(top):
                for name in folders + files:
                    path = os.path.join(folder, name)
                    seen[path] = note(path)
    return seen


def difference(before, after):
    """The first path that differs and how, or None."""
    names = ("mode", "owner", "group", "links", "size", "mtime", "ctime", "attributes", "content")
    for path in sorted(set(before) | set(after)):
        old, new = before.get(path), after.get(path)
        if old == new:
            continue
        if old is None or new is None:
            return f"{path} {'appeared' if old is None else 'is gone'}"
        return f"{path}: {', '.join(n for n, a, b in zip(names, old, new) if a != b)} changed"
    return None


def write(path, text="decoy\n", mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, mode)
    return path


def base_folder():
    """Where the homes of this test may be: a folder that is there inside as it is outside."""
    home = os.environ.get("HOME", "/")
    for folder in (os.environ.get("ENFORCE_BASE"), os.path.join(home, ".cache"), home, "/srv", "/home", "/opt"):
        if not folder or os.path.realpath(folder).startswith(("/tmp/", "/var/tmp/")):
            continue
        if folder == os.path.join(home, ".cache") and os.access(home, os.W_OK):
            os.makedirs(folder, exist_ok=True)
        if os.path.isdir(folder) and os.access(folder, os.W_OK):
            return folder
    sys.exit("enforce: no folder for the decoys: HOME is a temporary folder and ENFORCE_BASE names no other")


class World:
    """The folders of this test run: one home for the controls and one for the inside, and the same below the
    temporary folder. Nothing outside of them is ever touched."""

    def __init__(self):
        self.cordon = os.environ["CORDON"]
        # Not below /tmp or /var/tmp, which are private inside: decoys there would be missing, which proves nothing.
        self.base = os.path.realpath(tempfile.mkdtemp(prefix="enforce-", dir=base_folder()))
        self.temp = os.path.realpath(tempfile.mkdtemp(prefix="enforce-", dir=os.environ.get("TMPDIR", "/tmp")))
        os.chmod(self.base, 0o755)
        self.attack = shutil.copy(os.environ["ATTACK"], os.path.join(self.base, "attack"))
        self.count = 0
        self.prey = []
        for kind in ("bare", "inside"):
            self.make_home(self.home(kind))
            os.makedirs(self.outside(kind, "home"))
            os.makedirs(self.outside(kind, "tmp"))

    def home(self, kind):
        return os.path.join(self.base, kind, "home")

    def outside(self, kind, where):
        top = self.home(kind) if where == "home" else os.path.join(self.temp, kind)
        return os.path.join(top, "outside")

    def workspace(self, kind, where):
        """A new, empty one."""
        self.count += 1
        top = self.home(kind) if where == "home" else os.path.join(self.temp, kind)
        path = os.path.join(top, "work", f"w{self.count}")
        os.makedirs(path)
        return path

    def make_home(self, home):
        write(f"{home}/.bashrc", "# decoy\n")
        write(f"{home}/.profile", "# decoy\n")
        write(f"{home}/.gitconfig", "[user]\n\tname = Decoy\n\temail = decoy@invalid\n[init]\n\tdefaultBranch = main\n")
        write(f"{home}/.config/git/config", "")
        write(f"{home}/.local/bin/tool", "#!/bin/sh\n", 0o755)
        os.chmod(home, 0o755)

    def environment(self, kind, **more):
        # PATH ends in a folder below HOME, as on most desktops: it must not be a root.
        env = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "GIT_", "CORDON_", "ENFORCE_"))}
        env.update(HOME=self.home(kind), LC_ALL="C.UTF-8", TERM="xterm-256color",
                   PATH=os.environ.get("PATH", "/usr/bin:/bin") + f":{self.home(kind)}/.local/bin")
        for gone in ("CORDON", "ATTACK", "TMPDIR", "LD_LIBRARY_PATH"):
            env.pop(gone, None)
        env.update(more)
        return env

    def command(self, kind, workspace, argv, flags=()):
        if kind == "bare":
            return list(argv)
        return [self.cordon, "run", "--workspace", workspace, *flags, "--", *argv]

    def run(self, kind, workspace, argv, flags=(), env=None, **options):
        """Runs argv bare or inside; returns the finished process with stdout and stderr as bytes."""
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        options.setdefault("cwd", workspace)
        options.setdefault("timeout", RUN_SECONDS)
        try:
            return subprocess.run(self.command(kind, workspace, argv, flags),
                                  env=env or self.environment(kind), **options)
        except subprocess.TimeoutExpired as e:
            return subprocess.CompletedProcess(argv, 124, e.stdout or b"", (e.stderr or b"") + b"timed out")

    def inside(self, workspace, argv, **options):
        return self.run("inside", workspace, argv, **options)

    def shell(self, workspace, script, **options):
        return self.inside(workspace, ["sh", "-c", script], **options)

    def spawn_prey(self):
        """A process of ours that may be attacked."""
        child = subprocess.Popen(["sleep", "120"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.prey.append(child)
        return child

    def close(self):
        for child in self.prey:
            child.kill()
            child.wait()
        for top in (self.base, self.temp):
            subprocess.run(["chmod", "-R", "u+rwx", top], stderr=subprocess.DEVNULL, check=False)
            shutil.rmtree(top, ignore_errors=True)


# ---- what an attack is aimed at: prepare(kind) gives the words to fill in and a way to see a change ----

class Files:
    """A folder outside with a few decoys, all of the row's own."""

    def __init__(self, world, kind, where):
        world.count += 1
        self.folder = os.path.join(world.outside(kind, where), f"v{world.count}")
        write(f"{self.folder}/file")
        write(f"{self.folder}/.hidden/inner")
        os.makedirs(f"{self.folder}/empty")
        self.before = snapshot(self.folder)
        self.words = {"vdir": self.folder, "victim": f"{self.folder}/file"}

    def change(self):
        return difference(self.before, snapshot(self.folder))

    def close(self):
        pass


class Fifo(Files):
    """The same, with a FIFO whose reader we are."""

    def __init__(self, world, kind, where):
        super().__init__(world, kind, where)
        path = f"{self.folder}/fifo"
        os.mkfifo(path, 0o666)
        self.reader = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self.words["victim"] = path

    def change(self):
        return "a message came through" if select.select([self.reader], [], [], 0.05)[0] else None

    def close(self):
        os.close(self.reader)


class Listener:
    """A socket of the outside, on loopback or with a local name, that notices whoever reaches it."""

    def __init__(self, world, kind, where, what="tcp"):
        self.words, self.path = {}, None
        if what in ("tcp", "udp", "tcp6", "udp6", "dns"):
            six = what.endswith("6")
            host = "::1" if six else "127.0.0.1"
            family = socket.AF_INET6 if six else socket.AF_INET
            stream = what.startswith("tcp")
            self.socket = socket.socket(family, socket.SOCK_STREAM if stream else socket.SOCK_DGRAM)
            self.socket.bind((host, 53 if what == "dns" else 0))
            self.words = {"host": host, "port": self.socket.getsockname()[1]}
        else:
            world.count += 1
            stream = not what.endswith("datagram")
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM if stream else socket.SOCK_DGRAM)
            if what.startswith("abstract"):
                name = f"{marker}-{world.count}"
                self.socket.bind("\0" + name)
            else:
                name = self.path = os.path.join(world.outside(kind, where), f"s{world.count}")
                self.socket.bind(name)
            self.words = {"name": name}
        if stream:
            self.socket.listen(4)
        self.stream = stream

    def change(self):
        if not select.select([self.socket], [], [], 0.05)[0]:
            return None
        return "a connection came" if self.stream else "a message came"

    def close(self):
        self.socket.close()
        if self.path:
            os.unlink(self.path)


class Prey:
    """A process outside. Inside, the words may name another one (pid 1) instead."""

    def __init__(self, world, kind, where):
        self.child = world.spawn_prey()
        self.words = {"prey": self.child.pid}
        wait_for(lambda: self.note()[0] == "S", 2)
        self.before = self.note()

    def note(self):
        with open(f"/proc/{self.child.pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return fields[0], fields[16]  # state, nice

    def change(self):
        if self.child.poll() is not None:
            return "it was ended"
        return f"state or priority changed to {self.note()}" if self.note() != self.before else None

    def close(self):
        pass


class FilesAndPrey(Files):
    """Files, and a process outside by which a way may lead to them."""

    def __init__(self, world, kind, where):
        super().__init__(world, kind, where)
        self.words["prey"] = world.spawn_prey().pid


class Nothing:
    def __init__(self, world, kind, where):
        self.words = {}

    def change(self):
        return None

    def close(self):
        pass


class Row:
    """
    One attack: a name (a short sentence), the words for the helper, and what they are aimed at.

    changes  the control must be seen to change the decoy
    inside   other words for inside (pid 1 instead of the prey)
    accept   kinds of answer that count as refused; "any" judges by the decoy alone
    expect   "done" for what must work inside; None for a control only
    """

    def __init__(self, name, words, aim=Nothing, changes=False, inside=None, accept=REFUSED, expect="refused",
                 control=True, setup=None):
        self.name, self.words, self.aim, self.changes = name, words, aim, changes
        self.inside_words, self.accept, self.expect, self.control = inside, accept, expect, control
        self.setup = setup


def fill(words, values):
    return [w.format(**values) for w in words.split()]


class Batch:
    """Many attacks in one run outside and one inside; each has a decoy and a corner of the workspace to itself."""

    def __init__(self, world, title, rows, where="home", aim_where=None, flags=(), env=None):
        self.world, self.title, self.rows, self.where = world, title, rows, where
        self.aim_where, self.flags, self.env = aim_where or where, flags, env or {}
        self.answers, self.changes, self.stderr, self.code = {}, {}, b"", 0
        self.unprivileged = []

    def run_kind(self, kind, rows):
        workspace = self.world.workspace(kind, self.where)
        aims, lines = {}, []
        for i, row in rows:
            work = os.path.join(workspace, f"r{i}")
            write(f"{work}/mine")
            try:
                aims[i] = row.aim(self.world, kind, self.aim_where)
            except OSError as e:
                self.answers[kind, i] = Answer(f"cannot-try {errno.errorcode.get(e.errno)}")
                continue
            values = {"work": work, "workspace": workspace, "home": self.world.home(kind), "attack": self.world.attack,
                      "outside": self.world.outside(kind, self.aim_where), **aims[i].words}
            if row.setup:
                row.setup(values)
            words = row.inside_words if kind == "inside" and row.inside_words else row.words
            lines.append("\t".join([str(i), *fill(words, values)]))
        path = write(f"{workspace}/attacks", "\n".join(lines) + "\n")
        done = self.world.run(kind, workspace, [self.world.attack, "batch", path], flags=self.flags,
                              env=self.world.environment(kind, **self.env))
        for line in done.stdout.decode(errors="replace").splitlines():
            number, _, text = line.partition("\t")
            if number.isdigit():
                self.answers[kind, int(number)] = Answer(text)
        for i, aim in aims.items():
            self.changes[kind, i] = aim.change()
            aim.close()
        if kind == "inside":
            self.stderr, self.code = done.stderr, done.returncode

    def run(self):
        rows = list(enumerate(self.rows))
        self.run_kind("bare", [r for r in rows if r[1].control])
        self.run_kind("inside", rows)
        if not any(kind == "inside" for kind, _ in self.answers):
            report.bad(f"{self.title}: the attacks run inside", f"exit {self.code}: {self.stderr[-250:]!r}")
            return
        for i, row in rows:
            self.judge(f"{self.title}: {row.name}", i, row)
        if self.unprivileged:
            report.skip(f"{self.title}: {len(self.unprivileged)} attacks that an ordinary user may not make even outside "
                        "(refused inside too)", ", ".join(self.unprivileged))

    def judge(self, name, i, row):
        control = self.answers.get(("bare", i), Answer("not run"))
        inside = self.answers.get(("inside", i), Answer("no answer"))
        change = self.changes.get(("inside", i))
        if row.expect == "done":
            report.check(inside.done, name, f"{inside.text} inside, {control.text} outside")
            return
        refused = inside.kind in (row.accept if row.accept != "any" else ("done", "denied", "missing", "failed"))
        refused = refused or inside.kind == "killed"
        if change:
            report.bad(name, f"{change} ({inside.text})")
        elif inside.kind == control.kind == "cannot-try":
            report.skip(name, f"cannot be tried here ({control.text})")
        elif not refused:
            report.bad(name, f"{inside.text} inside")
        elif row.control and not as_root and control.code in ("EPERM", "EACCES"):
            self.unprivileged.append(row.name)
        elif row.control and not control.done:
            report.skip(name, f"control did not succeed ({control.text}); inside: {inside.text}")
        elif row.control and row.changes and not self.changes.get(("bare", i)):
            report.skip(name, "control did not succeed (it changed nothing that the test sees)")
        else:
            report.ok(name)


# ---- terminals ----

class Terminal:
    """A pseudoterminal that plays the person's: `slave` is handed to a program, what it prints is collected."""

    def __init__(self):
        self.master, self.slave = os.openpty()
        self.path = os.ttyname(self.slave)
        os.set_blocking(self.master, False)
        self.output = b""
        self.modes = termios.tcgetattr(self.slave)
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, b"\x28\0\x64\0\0\0\0\0")

    def drain(self, seconds=0.0):
        end = time.monotonic() + seconds
        while True:
            ready = select.select([self.master], [], [], max(0.0, end - time.monotonic()))[0]
            if not ready:
                return
            try:
                data = os.read(self.master, 65536)
            except OSError:
                return
            if not data:
                return
            self.output += data

    def identity(self):
        st = os.fstat(self.slave)
        return st.st_dev, st.st_ino

    def run(self, argv, env, cwd, std=(True, True, True), seconds=RUN_SECONDS, pipes=None):
        """Runs argv with this terminal as its controlling one, on those of 0, 1, 2 that `std` names; the others
        are /dev/null or what `pipes` gives. Returns the exit code."""
        others = pipes or {}
        null = os.open("/dev/null", os.O_RDWR)

        def controlling():
            os.setsid()
            fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)

        use = [self.slave if std[i] else others.get(i, null) for i in range(3)]
        child = subprocess.Popen(argv, env=env, cwd=cwd, stdin=use[0], stdout=use[1], stderr=use[2],
                                 preexec_fn=controlling, pass_fds=(self.slave,) if not any(std) else ())
        os.close(null)
        end = time.monotonic() + seconds
        while child.poll() is None and time.monotonic() < end:
            self.drain(0.02)
        if child.poll() is None:
            child.kill()
        code = child.wait()
        self.drain(0.05)
        return code

    def close(self):
        os.close(self.master)
        os.close(self.slave)


# ---- processes by a word in their arguments ----

def processes_with(word):
    """pids of the living (zombies have no arguments) with this word among their arguments."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            with open(f"/proc/{name}/cmdline", "rb") as f:
                if word.encode() in f.read():
                    found.append(int(name))
        except OSError:
            continue
    return found


def wait_for(condition, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return bool(condition())


def children_of(pid):
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as f:
                    if int(f.read().rsplit(")", 1)[1].split()[1]) == pid:
                        found.append(int(name))
            except OSError:
                continue
    return found


def end_process(pid):
    """One that this test started and that was left over."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
