"""
What is refused when something is written, changed, renamed or removed outside of the workspace leaves a record, exactly
one, with the operation, the path that was reached, the program and the errno that the program got; by whatever way it
was reached. What is let through, and what is an error outside as well, leaves none.
"""

import os
import subprocess

from harness import Files, report
from recorded import records

# Name, words for the attack program, operation, path, errno.
WRITES = [
    ("append", "append {victim}", "write", "{victim}", "EROFS"),
    ("truncate", "truncate {victim}", "write", "{victim}", "EROFS"),
    ("create", "create {vdir}/new", "create", "{vdir}/new", "EROFS"),
    ("a nameless file", "tmpfile {vdir}", "create", "{vdir}", "EROFS"),
    ("delete", "unlink {victim}", "delete", "{victim}", "EROFS"),
    ("remove a folder", "rmdir {vdir}/empty", "delete", "{vdir}/empty", "EROFS"),
    ("make a folder", "mkdir {vdir}/new", "create", "{vdir}/new", "EROFS"),
    ("rename beside itself", "rename {victim} {vdir}/new", "rename", "{victim}", "EROFS"),
    ("steal by rename", "rename {victim} {work}/stolen", "rename", "{victim}", "EXDEV"),
    ("a hard link in", "link {victim} {work}/linked", "link", "{victim}", "EXDEV"),
    ("a symbolic link", "symlink /nowhere {vdir}/new", "create", "{vdir}/new", "EROFS"),
    ("write through a symbolic link", "symlink-append {victim} {work}/link", "write", "{victim}", "EROFS"),
    ("chmod", "chmod {victim}", "mode", "{victim}", "EROFS"),
    ("fchmod by a read-only descriptor", "fchmod {victim}", "mode", "{victim}", "EROFS"),
    ("chmod by the link of a descriptor", "path-chmod {victim}", "mode", "{victim}", "EROFS"),
    ("fchmodat2", "fchmodat2 {victim}", "mode", "{victim}", "EROFS"),
    ("chown", "chown {victim}", "mode", "{victim}", "EROFS"),
    ("set times", "utimes {victim}", "time", "{victim}", "EROFS"),
    ("set times by a read-only descriptor", "futimens {victim}", "time", "{victim}", "EROFS"),
    ("set an attribute", "setxattr {victim}", "mode", "{victim}", "EROFS"),
    ("set an attribute by a read-only descriptor", "fsetxattr {victim}", "mode", "{victim}", "EROFS"),
    ("set inode flags", "setflags {victim}", "mode", "{victim}", "EROFS"),
    ("by /proc/self/root", "append /proc/self/root{victim}", "write", "{victim}", "EROFS"),
    ("by /proc/thread-self/root", "append /proc/thread-self/root{victim}", "write", "{victim}", "EROFS"),
    ("by /proc/self/cwd", "via-cwd {vdir} file", "write", "{victim}", "EROFS"),
    ("by reopening a descriptor", "reopen {victim}", "write", "{victim}", "EROFS"),
    ("by reopening an O_PATH descriptor", "path-reopen {victim}", "write", "{victim}", "EROFS"),
    ("make a FIFO", "mkfifo {vdir}/new", "create", "{vdir}/new", "EROFS"),
    ("bind a socket", "bind-unix {vdir}/new", "create", "{vdir}/new", "EROFS"),
    ("a device node in the workspace", "mknod {work}/device 1 3", "create", "{work}/device", "EPERM"),
]

# Name, script. Nothing of it is refused by Cordon, whatever it answers.
QUIET = [
    ("work in the workspace", "echo a >a; mkdir d; mv a d/b; ln d/b c; echo b >>c; chmod 600 c; touch c; rm -r c d"),
    ("mkdir -p of what is there", "mkdir -p /usr/bin {vdir}/empty"),
    ("the null device and standard error", "echo a >/dev/null; echo b >/dev/stderr; echo c >>/dev/stdout"),
    ("reading, and asking what may be written", "cat {victim}; test -w {victim}; ls {vdir}"),
    ("what is not there", "cat {vdir}/none; : <{vdir}/none; chmod 600 {vdir}/none; touch -c {vdir}/none"),
    ("temporary files", "f=$(mktemp) && echo a >$f && rm $f"),
    ("a pipe of our own", "mkfifo p; (cat p &) ; echo a >p; rm p"),
]


def refused(world):
    for name, words, operation, path, code in WRITES:
        victim = Files(world, "inside", "home")
        workspace = world.workspace("inside", "home")
        values = {**victim.words, "work": workspace}
        done = world.run("inside", workspace, [world.attack, *[w.format(**values) for w in words.split()]])
        seen = records(world)
        wanted = (operation, path.format(**values), code, world.attack)
        good = [(r["operation"], r["path"], r["errno"], r["program"]) for r in seen] == [wanted] and seen[0]["count"] == 1
        report.check(done.returncode == 1 and good and not victim.change(), f"refused: {name}, recorded exactly once",
                     f"{done.stdout!r}; wanted {wanted}; records: {seen}")
    for name, script in QUIET:
        victim = Files(world, "inside", "home")
        workspace = world.workspace("inside", "home")
        done = world.shell(workspace, script.format(**{**victim.words, "work": workspace}))
        report.check(not records(world), f"refused: {name} leaves no record", f"{done.stderr[-300:]!r}; {records(world)}")
    shared(world)
    flipping(world)
    flood(world)


def shared(world):
    """A file with a second name outside is not written through its name in the workspace; one linked inside is."""
    workspace = world.workspace("inside", "home")
    victim = Files(world, "inside", "home")
    os.link(victim.words["victim"], f"{workspace}/linked")
    done = world.shell(workspace, "echo evil >>linked; chmod 600 linked; cat linked")
    seen = [(r["operation"], r["path"], r["errno"]) for r in records(world)]
    with open(victim.words["victim"], encoding="utf-8") as f:
        unchanged = f.read() == "decoy\n"
    report.check(unchanged and done.stdout == b"decoy\n" and seen == [(o, f"{workspace}/linked", "EACCES") for o in ("write", "mode")],
                 "refused: a write to a file with a name outside", f"{done.stdout!r} {seen}")
    os.unlink(f"{workspace}/linked")
    done = world.shell(workspace, "echo a >own; ln own other; echo b >>other; cp -l other third; echo c >>third; cat own")
    report.check(done.stdout == b"a\nb\nc\n" and not records(world), "refused: a file linked inside is written as before",
                 f"{done.stdout!r} {done.stderr[-200:]!r} {records(world)}")


def flipping(world):
    """A path that changes between the look and the act ends in the kernel's refusal."""
    workspace = world.workspace("inside", "home")
    victim = Files(world, "inside", "home")
    script = ("ln -s {victim} a; echo x >b; (while :; do ln -sf {victim} link; ln -sf b link; done) & "
              "i=0; while [ $i -lt 1500 ]; do echo evil >>link; i=$((i+1)); done 2>/dev/null; kill $!")
    world.shell(workspace, script.format(**victim.words))
    report.check(not victim.change(), "refused: a link that flips while it is written through", victim.change())


def flood(world):
    workspace = world.workspace("inside", "home")
    script = "import os\nfor i in range(20000):\n try: os.mkdir('/usr/flood%d' % (i % 7))\n except OSError: pass\n"
    done = world.inside(workspace, ["python3", "-B", "-c", script], timeout=60)
    told = subprocess.run([world.cordon, "denied"], env=world.environment("inside"), cwd=world.base, timeout=20,
                          stdin=subprocess.DEVNULL, capture_output=True, check=False)
    report.check(done.returncode == 0 and b"/usr/flood3" in told.stdout, "refused: a flood of refusals ends, and is told of",
                 f"exit {done.returncode}; {told.stdout[-300:]!r}")


SECTIONS = {"refused": refused}
