"""
Names: protected names that do not exist, covers that somebody outside pulls away while a session runs, secrets that
appear later; and what is left of it all when sessions end, together, one after another, or by a crash.

Each row has a shell inside, which is asked before and after somebody outside did something; the same shell outside is
the control, which must get through after it.
"""

import os
import shutil
import signal
import subprocess
import time

from harness import report, wait_for, write
from sessions import make_repository

HELD = (".codex", ".agents", ".cordon")
SETTLE = 0.15 # seconds that the keeper may take; it takes milliseconds


class Shell:
    """A shell that is asked one line at a time."""

    def __init__(self, world, kind, workspace, flags=()):
        self.child = subprocess.Popen(world.command(kind, workspace, ["sh"], flags), env=world.environment(kind),
                                      cwd=workspace, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, text=True)
        self.last = ""
        self.up = self.ask("echo up") == "up"

    def ask(self, line):
        """What the line printed."""
        try:
            self.child.stdin.write(f"{line}\necho '=ended='$?\n")
            self.child.stdin.flush()
        except OSError:
            self.status = -1
            return f"the session is gone: {self.last!r}"
        said = []
        while (text := self.child.stdout.readline()) and not text.startswith("=ended="):
            said.append(text)
        self.status = int(text[7:]) if text.startswith("=ended=") else -1
        self.last = "".join(said).strip()
        return self.last

    def end(self):
        try:
            self.child.stdin.close()
        except OSError:
            pass # it ended before us: the check that was under way says so
        self.child.wait(20)
        self.child.stdout.close()


class Change:
    """before and after: lines for the shell; act(home, workspace): what somebody outside does in between. The line
    after must fail inside, and nothing may be found at `intact` (text that must not be in a file)."""

    def __init__(self, name, act, after, prepare=None, before="true", intact=None):
        self.name, self.act, self.after, self.prepare, self.before, self.intact = name, act, after, prepare, before, intact


def replace(path, text="secret\n"):
    write(path + ".new", text)
    os.replace(path + ".new", path)


def new_folder(path, name="file", text="secret\n"):
    """A whole folder that appears under its name at once."""
    write(f"{path}.new/{name}", text)
    if os.path.isdir(path):
        os.rename(path, path + ".old")
    os.rename(path + ".new", path)


def linked(home):
    write(f"{home}/dotfiles/pypirc", "secret\n")
    os.symlink("dotfiles/pypirc", f"{home}/.pypirc")


CHANGES = [
    Change("a secret file that appears", lambda h, w: write(f"{h}/.npmrc", "secret\n"), "cat ~/.npmrc"),
    Change("a secret folder that appears", lambda h, w: new_folder(f"{h}/.aws"), "cat ~/.aws/file"),
    Change("a secret below a folder that appears", lambda h, w: new_folder(f"{h}/.cargo", "credentials.toml"),
           "cat ~/.cargo/credentials.toml"),
    Change("a secret that appears as a link", lambda h, w: linked(h), "cat ~/.pypirc"),
    Change("what that link leads to", lambda h, w: None, "cat ~/dotfiles/pypirc", prepare=lambda h, w: linked(h)),
    Change("a secret file that is replaced", lambda h, w: replace(f"{h}/.netrc"), "cat ~/.netrc",
           prepare=lambda h, w: write(f"{h}/.netrc")),
    Change("a secret folder that is replaced", lambda h, w: new_folder(f"{h}/.kube"), "cat ~/.kube/file",
           prepare=lambda h, w: write(f"{h}/.kube/file")),
    Change("a secret that is removed and made again",
           lambda h, w: (os.unlink(f"{h}/.netrc"), time.sleep(0.05), write(f"{h}/.netrc", "secret\n")), "cat ~/.netrc",
           prepare=lambda h, w: write(f"{h}/.netrc")),
    Change("git's configuration, replaced", lambda h, w: replace(f"{w}/.git/config", "[core]\n"),
           "echo evil >> .git/config", prepare=lambda h, w: make_repository(w), intact=".git/config"),
    Change("the repository, moved away and made again",
           lambda h, w: (os.rename(f"{w}/.git", f"{w}/was"), make_repository(w)), "echo evil >> .git/hooks/pre-commit",
           prepare=lambda h, w: make_repository(w), intact=".git/hooks/pre-commit"),
    Change("a protected folder that is replaced", lambda h, w: new_folder(f"{w}/.vscode"), "echo evil > .vscode/x",
           prepare=lambda h, w: write(f"{w}/.vscode/tasks.json"), intact=".vscode/x"),
    Change("a protected folder that is renamed away", lambda h, w: os.rename(f"{w}/.codex", f"{w}/was"),
           "mkdir .codex && echo evil > .codex/x || { rm -rf .codex; false; }",
           prepare=lambda h, w: write(f"{w}/.codex/config.toml"), intact=".codex/x"),
]


def keeper(world):
    """What is covered stays so, whatever somebody outside does to the names."""
    for change in CHANGES:
        said, status, left = {}, {}, {}
        for kind in ("bare", "inside"):
            world.make_home(world.home(kind))
            for name in (".npmrc", ".aws", ".cargo", ".pypirc", "dotfiles", ".netrc", ".kube", ".kube.old"):
                path = f"{world.home(kind)}/{name}"
                shutil.rmtree(path) if os.path.isdir(path) else os.path.lexists(path) and os.unlink(path)
            workspace = world.workspace(kind, "home")
            if change.prepare:
                change.prepare(world.home(kind), workspace)
            shell = Shell(world, kind, workspace)
            shell.ask(change.before)
            change.act(world.home(kind), workspace)
            time.sleep(SETTLE)
            said[kind] = shell.ask(change.after)
            status[kind] = shell.status
            shell.end()
            path = f"{workspace}/{change.intact}"
            left[kind] = change.intact and os.path.exists(path) and "evil" in open(path, encoding="utf-8").read()
        if status["bare"] != 0:
            report.skip(f"names: {change.name}", f"control did not succeed ({said['bare']})")
        else:
            report.check(status["inside"] not in (0, -1) and "secret" not in said["inside"] and not left["inside"],
                         f"names: {change.name} stays out of reach", said["inside"] or left["inside"])


def goes_on(world):
    """The tree is stopped and goes on; what was stopped by somebody else stays so."""
    workspace = world.workspace("inside", "home")
    make_repository(workspace)
    shell = Shell(world, "inside", workspace)
    shell.ask("sleep 60 & stopped=$!; kill -STOP $stopped; (while :; do echo x >> beat; sleep 0.01; done) & beat=$!")
    wait_for(lambda: shell.ask("cut -d')' -f2 /proc/$stopped/stat | cut -c2") == "T", 5)
    for _ in range(20):
        replace(f"{workspace}/.git/config", "[core]\n")
        time.sleep(0.01)
    time.sleep(SETTLE)
    before = os.path.getsize(f"{workspace}/beat")
    report.check(wait_for(lambda: os.path.getsize(f"{workspace}/beat") > before, 2),
                 "names: what ran goes on after covers were put back", "it stands still")
    state = shell.ask("cut -d')' -f2 /proc/$stopped/stat | cut -c2")
    report.check(state == "T", "names: a job that was stopped stays stopped", f"state {state!r}")
    shell.ask("echo evil >> .git/config")
    report.check(shell.status != 0, "names: after many changes the cover is there", "the write went through")
    shell.ask("kill -KILL $stopped $beat")
    shell.end()
    # bash prints "Stopped" when it sees its child stop.
    session = subprocess.Popen(world.command("inside", workspace, ["bash", "-c", "set -m; echo up; sleep 1; echo end"]),
                               env=world.environment("inside"), cwd=workspace, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    session.stdout.readline()
    for _ in range(10):
        replace(f"{workspace}/.git/config", "[core]\n")
        time.sleep(0.02)
    said = session.communicate(timeout=20)[0]
    report.check(said == "end\n" and session.returncode == 0, "names: a shell's job control sees nothing of it", said)


def fails_closed(world):
    """Where a link takes the place of a protected name nothing can be covered: the session ends."""
    workspace = world.workspace("inside", "home")
    write(f"{workspace}/.vscode/tasks.json")
    shell = Shell(world, "inside", workspace)
    os.rename(f"{workspace}/.vscode", f"{workspace}/was")
    os.symlink("was", f"{workspace}/.vscode")
    report.check(wait_for(lambda: shell.child.poll() is not None, 3),
                 "names: a link in place of a protected name ends the session", "it goes on")
    shell.child.kill()
    shell.child.communicate()


def left(workspace):
    return [n for n in os.listdir(workspace) if n in (".git", *HELD)]


def placeholders(world):
    """Names that do not exist are held while somebody is there, and nothing is left of it."""
    for kind in ("bare", "inside"):
        workspace = world.workspace(kind, "home")
        shell = Shell(world, kind, workspace)
        for name in HELD:
            shell.ask(f"rmdir {name} 2>/dev/null; mkdir -p {name} && echo evil > {name}/x")
            if kind == "inside":
                report.check(shell.status != 0, f"names: {name} cannot be made", "it was made")
            shell.ask(f"mv {name} was-{name} && mkdir {name} && echo evil > {name}/x")
            if kind == "inside":
                report.check(shell.status != 0, f"names: {name} cannot be moved away", "it was")
        if kind == "inside":
            os.rmdir(f"{workspace}/.codex")
            time.sleep(SETTLE)
            shell.ask("mkdir .codex && echo evil > .codex/x")
            report.check(shell.status != 0, "names: one that was removed outside is held again", "it was made")
            shell.end()
            report.check(not left(workspace), "names: nothing of it is left at the end", left(workspace))
        else:
            report.check(os.path.exists(f"{workspace}/.codex/x"), "names: control: outside they can be made", "not made")
            shell.end()
    workspace = world.workspace("inside", "home")
    os.mkdir(f"{workspace}/.codex")
    write(f"{workspace}/.agents/mine")
    world.shell(workspace, "true")
    report.check(left(workspace) == [".codex", ".agents"] or sorted(left(workspace)) == [".agents", ".codex"],
                 "names: what a person had is there at the end, empty or not", left(workspace))


def pulled(world):
    """What the keeper put in the place of one that was taken away is not the next session's to remove."""
    workspace = world.workspace("inside", "home")
    name = f"{workspace}/.codex"
    shell = Shell(world, "inside", workspace)
    shell.ask("true")
    os.rmdir(name)
    found = wait_for(lambda: os.path.isdir(name), 3)
    time.sleep(SETTLE)
    before = found and os.stat(name)
    world.shell(workspace, "true")
    world.shell(workspace, "true")
    after = os.path.isdir(name) and os.stat(name)
    report.check(before and after and (after.st_ino, after.st_ctime_ns) == (before.st_ino, before.st_ctime_ns),
                 "names: one that was put back outlasts other sessions", "it was taken away and made again")
    shell.end()
    report.check(not left(workspace), "names: and is gone at the end", left(workspace))


def together(world):
    """Two sessions in one workspace share what holds the names; the last one removes it."""
    workspace = world.workspace("inside", "home")
    one, two = Shell(world, "inside", workspace), Shell(world, "inside", workspace)
    report.check(one.up and two.up, "names: two sessions in one workspace", "one did not open")
    one.end()
    two.ask("mkdir .codex/x")
    report.check(two.status != 0 and ".codex" in left(workspace), "names: when one ends the other's names are held",
                 left(workspace))
    two.end()
    report.check(not left(workspace), "names: when both have ended nothing is left", left(workspace))
    found = []
    for _ in range(15):
        world.shell(workspace, "true")
        found += left(workspace)
    report.check(not found, "names: short sessions, one after another, leave nothing", found)


CROWD = 5
SWEEP = "for n in .codex .agents .cordon; do mkdir $n && echo evil > $n/x; done 2>/dev/null; true"


def crowd(world):
    """Sessions that open and end in one workspace at the same time: none is in another's way, none lets go too early."""
    workspace = world.workspace("inside", "home")
    said, found = [], []
    for _ in range(12):
        several = [subprocess.Popen(world.command("inside", workspace, ["sh", "-c", SWEEP]), cwd=workspace,
                                    env=world.environment("inside"), stdin=subprocess.DEVNULL,
                                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for _ in range(CROWD)]
        said += [error for one in several if (error := one.communicate(timeout=30)[1]) or one.returncode]
        found += left(workspace)
    report.check(not said, "names: many sessions open in one workspace at once", said[:1])
    report.check(not found, "names: and hold what they hold, and leave nothing", found)


def crashes(world):
    """Killed at any moment, Cordon leaves nothing that the next start does not clean."""
    elsewhere = world.workspace("inside", "home")
    dirty = []
    for delay in (0, 0.002, 0.004, 0.006, 0.009, 0.013, 0.02, 0.05, 0.3):
        workspace = world.workspace("inside", "home")
        child = subprocess.Popen(world.command("inside", workspace, ["sleep", "5"]), env=world.environment("inside"),
                                 cwd=workspace, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        time.sleep(delay)
        child.send_signal(signal.SIGKILL)
        child.wait()
        time.sleep(0.05)
        dirty.append(bool(left(workspace)))
        world.shell(elsewhere, "true")
        report.check(not left(workspace), f"names: killed after {delay * 1000:g} ms, the next start elsewhere cleans up",
                     left(workspace))
    report.check(any(dirty), "names: control: a kill does leave something to clean", "nothing was left by any")
    workspace = world.workspace("inside", "home")
    child = subprocess.Popen(world.command("inside", workspace, ["sleep", "5"]), env=world.environment("inside"),
                             cwd=workspace, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: ".codex" in left(workspace), 5)
    time.sleep(0.1)
    write(f"{workspace}/.codex/mine")
    child.send_signal(signal.SIGKILL)
    child.wait()
    world.shell(elsewhere, "true")
    report.check(left(workspace) == [".codex"], "names: what a person put there meanwhile stays", left(workspace))


DEPTH = ("--protect", "**/.env", "--protect", "**/.git", "--protect", "deep/er")
ANY_DEPTH = [
    ("write below a name of any depth", "echo evil > a/.env/x", "a/.env/x"),
    ("make a name of any depth", "mkdir -p b && echo evil > b/.env", "b/.env"),
    ("make it at the top", "echo evil > .env", ".env"),
    ("move it away", "mv a/.env was", "was"),
    ("move a folder in that has it", "mkdir c && ln -s ../c c/x && mkdir c/d && mv c/d a/.env", "a/.env/d"),
    ("a repository below", "mkdir -p n/.git && echo evil > n/.git/config", "n/.git/config"),
    ("a missing name below the top", "mkdir -p deep/er && echo evil > deep/er/x", "deep/er/x"),
]


def any_depth(world):
    """Names at any depth, which the observer holds."""
    for name, script, made in ANY_DEPTH:
        there = {}
        for kind in ("bare", "inside"):
            workspace = world.workspace(kind, "home")
            write(f"{workspace}/a/.env/mine")
            world.run(kind, workspace, ["sh", "-c", script], DEPTH)
            there[kind] = os.path.lexists(f"{workspace}/{made}")
        if not there["bare"]:
            report.skip(f"names: {name}", "control made nothing")
        else:
            report.check(not there["inside"], f"names: {name} is refused", f"{made} is there")
    workspace = world.workspace("inside", "home")
    make_repository(workspace)
    done = world.shell(workspace, "echo x > new && git add new && git commit -qm new", flags=DEPTH)
    report.check(done.returncode == 0, "names: a commit in the workspace's own repository works beside it", done.stderr)


def names(world):
    for part in (any_depth, placeholders, pulled, together, crowd, crashes, keeper, goes_on, fails_closed):
        part(world)


SECTIONS = {"names": names}
