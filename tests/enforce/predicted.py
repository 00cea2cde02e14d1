"""
What `cordon why` says against what the kernel does: thousands of generated paths and operations, asked in one process and
tried in one sandbox. Each disagreement is a failure with its path. Prints `done` at the end.

What counts: refused by the rules must be refused (or not be there) inside; allowed must be done, unless the file's own mode
and owner are in the way, outside as well.
"""

import errno
import json
import os
import random
import shutil
import subprocess
import sys

from harness import World, report, who, write

OPERATIONS = ("read", "write", "mode", "time", "create", "link", "rename", "delete")
QUESTIONS = int(os.environ.get("PREDICTED_QUESTIONS", "6000"))
REFUSALS = {errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY, errno.EXDEV}
ODD = ("a b", "-x", "caf\u00e9", "*", "a\\b", "~", "$HOME", "x'\"", "\x7f", ".hidden", "..x", "x..", "tab\tx")


class Stage:
    """A home with a bit of everything, a workspace with links in all directions."""

    def __init__(self, world):
        self.world = world
        self.home = world.home("inside")
        self.work = world.workspace("inside", "home")
        self.make_home()
        self.make_work()
        self.flags = ["--write", f"{self.home}/more", "--protect", f"{self.home}/more/kept",
                      "--secret", f"{self.home}/more/hidden", "--secret", f"{self.home}/vault",
                      "--secret", f"{self.home}/led-vault", "--protect", f"{self.work}/docs"]

    def make_home(self):
        h = self.home
        for name in ("other/a", "other/sub/b", ".ssh/id", ".ssh/config", ".aws/credentials", ".netrc", ".cache/pip/x",
                     ".cargo/registry/x", ".cargo/config.toml", ".npmrc", "vault/k", "more/a", "more/d/b", "more/kept/c",
                     "more/hidden/d", "real-vault/k", ".vscode/x"):
            write(f"{h}/{name}")
        os.symlink(f"{h}/real-vault", f"{h}/led-vault")
        os.symlink("other", f"{h}/led-other")

    def make_work(self):
        w = self.work
        for name in ("a", "d/e/f", "d/e/g/h", "docs/x", "docs/y/z", ".vscode/tasks.json", ".codex/x", "sub/.vscode/x",
                     "sub/.codex/x", "sub/.git/hooks/x", "node_modules/p/index.js", "target/debug/x"):
            write(f"{w}/{name}")
        if shutil.which("git"):
            for words in (["init", "-q", "."], ["add", "a"], ["-c", "user.name=x", "-c", "user.email=x@invalid", "commit",
                                                               "-q", "-m", "x"]):
                subprocess.run(["git", *words], cwd=w, env=self.world.environment("bare"), check=False,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for name in ("modules/m/config", "modules/m/hooks/x", "modules/m/HEAD", "modules/m/objects/x", "modules/m/commondir",
                         "modules/deep/er/config", "modules/deep/er/HEAD", "worktrees/w/gitdir", "worktrees/w/commondir",
                         "worktrees/w/HEAD", "worktrees/w/index", "info/exclude", "hooks/post-checkout", "FETCH_HEAD"):
                write(f"{w}/.git/{name}")
        for name in ODD:
            write(f"{w}/odd/{name}")
        for name, target in (("to-out", f"{self.home}/other"), ("to-in", "d"), ("to-secret", f"{self.home}/.ssh"),
                             ("to-key", f"{self.home}/.ssh/id"), ("to-nowhere", f"{self.home}/other/none"),
                             ("to-up", ".."), ("to-etc", "/etc/passwd"), ("to-docs", "docs"), ("to-null", "/dev/null"),
                             ("to-git", ".git"), ("to-to", "to-in"), ("to-self", "to-self")):
            os.symlink(target, f"{w}/{name}")


def bases(stage):
    """Paths that are there, or could be, in every kind of place."""
    found = []
    for top in (stage.home, stage.work):
        for folder, folders, files in os.walk(top):
            if folder.startswith(os.path.join(stage.home, "work", "")) and top == stage.home:
                continue
            found += [os.path.join(folder, n) for n in folders + files]
    user = f"/run/user/{os.getuid()}"
    found += ["/", "/etc", "/etc/passwd", "/etc/shadow", "/etc/hosts", "/usr", "/usr/bin", "/bin/sh", "/usr/bin/env", "/root",
              "/home", "/srv", "/opt", "/var", "/var/lib", "/tmp", "/var/tmp", "/dev", "/dev/null", "/dev/zero", "/dev/full",
              "/dev/random", "/dev/urandom", "/dev/shm", "/dev/pts", "/dev/mqueue", "/dev/sda", "/dev/fuse", "/dev/kmsg", "/dev/mem",
              "/proc", "/proc/self/comm", "/proc/self/oom_score_adj", "/proc/self/status", "/proc/self", "/proc/1",
              "/proc/1/mem", "/proc/1/environ", "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname",
              "/proc/sysrq-trigger", "/proc/kcore", "/proc/kmsg", "/proc/keys", "/proc/meminfo", "/proc/irq", "/proc/bus",
              "/sys", "/sys/kernel", "/sys/kernel/debug", "/sys/kernel/tracing", "/sys/firmware", "/sys/fs/bpf",
              "/sys/fs/cgroup", "/sys/power/state", "/run", "/run/lock", "/var/run", user, "/mnt", "/media", "/boot", "/lib"]
    return found


def bent(path, pick):
    """The same place, or one near it, by another name."""
    way = pick.randrange(8)
    if way == 0:
        return path + "/" + pick.choice(("new", ".codex", ".git", ".git/hooks", ".vscode", "x/y", *ODD))
    if way == 1:
        return os.path.dirname(path) + "/new" + str(pick.randrange(9))
    if way == 2 and os.path.isdir(path):
        return path.replace("/", "//", 1) + "/."
    if way == 3 and os.path.isdir(path):
        return path + "/../" + os.path.basename(path)
    if way == 4:
        return os.path.dirname(path) + "/./" + os.path.basename(path)
    if way == 5:
        return path + "x"
    return path


def harmless(stage, operation, path):
    """Nothing of the machine's is ever renamed or removed, should the sandbox not hold."""
    folder = os.path.realpath(os.path.dirname(os.path.normpath(path)))
    return operation not in ("rename", "delete") or (folder + "/").startswith(stage.world.base + "/")


def questions(stage, pick):
    """(operation, path), each once; what changes names comes last."""
    there = bases(stage)
    links = [f"{stage.work}/{n}" for n in os.listdir(stage.work) if n.startswith("to-")]
    found = set()
    for path in there + links:
        found |= {(o, path) for o in OPERATIONS}
    while len(found) < QUESTIONS:
        path = pick.choice(there + links)
        if path in links and pick.random() < 0.7:
            path += "/" + pick.choice(("a", "f", "new", "id", "x", "e", "sub/b", "config", "hooks/new", "config.lock"))
        found.add((pick.choice(OPERATIONS), bent(path, pick)))
    # "x/." is no name that could be removed; asked of what is read or written it is x.
    found = {(o, p) for o, p in found if harmless(stage, o, p) and not (o in OPERATIONS[4:] and p.endswith("/."))}
    return sorted(found, key=lambda q: (OPERATIONS.index(q[0]), q[1]))


def predicted(stage, asked):
    """The answers of one `cordon why`."""
    text = "".join(f"{o} {p}\n" for o, p in asked)
    done = subprocess.run([stage.world.cordon, "why", "--json", "--stdin", "--workspace", stage.work, *stage.flags],
                          input=text.encode(), cwd=stage.work, env=stage.world.environment("inside"), timeout=120,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    return [json.loads(line) for line in done.stdout.decode("utf-8", "backslashreplace").splitlines()], done.stderr


def tried(stage, tool, asked):
    text = "".join(f"{o} {p}\n" for o, p in asked)
    done = subprocess.run(stage.world.command("inside", stage.work, [tool], stage.flags), input=text.encode(), cwd=stage.work,
                          env=stage.world.environment("inside"), timeout=300, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False)
    return done.stdout.decode().split(), done.stderr


def own_permissions(operation, path):
    """Would the file's mode and owner refuse it to us outside as well? A look, no attempt. Root's rights end inside, so root
    is asked as the owner it is."""
    def held(p, bits):
        try:
            st = os.stat(p)
        except OSError:
            return False
        mode = st.st_mode >> (6 if st.st_uid == os.getuid() else 3 if st.st_gid in (os.getgid(), *os.getgroups()) else 0)
        return (mode & bits) == bits
    folder = os.path.dirname(os.path.normpath(path))
    try:
        parent = os.path.realpath(folder)
        while parent != "/":
            if not held(parent, 1):
                return True
            parent = os.path.dirname(parent)
        if operation in ("create", "link", "rename", "delete"):
            return not held(folder, 3)
        if operation in ("mode", "time"):
            return os.stat(path).st_uid != os.getuid()
        bits = 4 if operation == "read" else 3 if os.path.isdir(path) else 2
        return not held(path, bits)
    except OSError:
        return False


def judge(operation, path, answer, outcome):
    """None when they agree."""
    if "error" in answer:
        return f"no answer: {answer['error']}"
    if outcome == "there":
        return None
    if not answer["allowed"]:
        return "predicted refused, and it was done" if outcome == "done" else None
    if outcome == "done":
        return None
    if outcome == "missing":
        there = os.path.lexists(path) if operation in ("rename", "delete") else os.path.exists(path)
        if operation in ("create", "link"):
            there = os.path.isdir(os.path.dirname(os.path.normpath(path)))
        return "predicted allowed, and it is not there inside" if there and not answer.get("own") else None
    if answer.get("own") and int(outcome) == errno.EOVERFLOW:
        return None  # what the kernel made for the sandbox belongs to a root that is nobody inside
    if int(outcome) not in REFUSALS:
        return f"an error that is no answer: {errno.errorcode.get(int(outcome), outcome)}"
    if own_permissions(operation, path):
        return None
    if operation == "rename" and answer.get("own") and int(outcome) == errno.EXDEV:
        return None  # a folder of the real cache: mv copies it into the layer
    return f"predicted allowed ({answer['why']}), and it was refused: {errno.errorcode[int(outcome)]}"


def main():
    world = World()
    try:
        stage = Stage(world)
        tool = shutil.copy(os.environ["TRY"], os.path.join(world.base, "try"))
        asked = questions(stage, random.Random(20261121))
        answers, said = predicted(stage, asked)
        if not report.check(len(answers) == len(asked), "predicted: each question has an answer",
                            f"{len(answers)} of {len(asked)}: {said[-300:]!r}"):
            return
        outcomes, said = tried(stage, tool, asked)
        if not report.check(len(outcomes) == len(asked), "predicted: each was tried inside",
                            f"{len(outcomes)} of {len(asked)}: {said[-300:]!r}"):
            return
        wrong = [(o, p, why) for (o, p), a, out in zip(asked, answers, outcomes) if (why := judge(o, p, a, out))]
        for operation, path, why in wrong[:int(os.environ.get("PREDICTED_SHOWN", "40"))]:
            shown = path.replace(stage.work, "WORK").replace(stage.home, "HOME")
            report.bad(f"predicted: {operation} {shown!a}", why)
        allowed = sum(a.get("allowed", False) and out == "done" for a, out in zip(answers, outcomes))
        refused = sum(not a.get("allowed", True) and out.isdigit() for a, out in zip(answers, outcomes))
        report.check(allowed > 500 and refused > 500, "predicted: both answers came often enough to mean something",
                     f"{allowed} done as predicted, {refused} refused as predicted")
        report.check(not wrong, f"predicted: the rules and the kernel agree on {len(asked)} paths and operations as {who}",
                     f"{len(wrong)} disagreements")
    finally:
        world.close()
    print("done")
    sys.exit(1 if report.failed else 0)


main()
