"""
What touches a secret path is refused, and a record of it arrives: which path, by which program, which rule. Each beside
the same thing done bare, which must work, and beside a touch of what is not secret, which must leave no record.
"""

import json
import os
import subprocess
import time

from harness import Listener, report, write

KEY = ".ssh/id_recorded"
TOKEN = ".netrc"


def has_cover_server():
    return os.access("/dev/fuse", os.R_OK | os.W_OK)


def records(world):
    done = subprocess.run([world.cordon, "denied", "--json"], env=world.environment("inside"), cwd=world.base, timeout=20,
                          stdin=subprocess.DEVNULL, capture_output=True, check=False)
    lines = done.stdout.decode(errors="replace").splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


# Name, program, what it is told ({home}), whether it goes for the key in ~/.ssh, ~/.ssh itself, or the file.
TOUCHES = [
    ("cat of a key", "cat", ["cat", "{home}/" + KEY], KEY),
    ("cat of a file", "cat", ["cat", "{home}/" + TOKEN], TOKEN),
    ("ls of the folder", "ls", ["ls", "{home}/.ssh"], ".ssh"),
    ("find through the home", "find", ["find", "{home}/.ssh", "-type", "f"], ".ssh"),
    ("python's open", "python", ["python3", "-c", "import sys; sys.stdout.write(open(sys.argv[1]).read())", "{home}/" + KEY], KEY),
    ("a program of our own", "attack", ["{attack}", "read", "{home}/" + TOKEN], TOKEN),
    ("an O_PATH descriptor opened anew", "attack", ["{attack}", "path-read", "{home}/" + TOKEN], TOKEN),
    ("a symbolic link", "cat", ["sh", "-c", "ln -s \"$1\" link && exec cat link", "sh", "{home}/" + KEY], KEY),
    ("a relative path", "cat", ["sh", "-c", "cd \"$1\" && exec cat .ssh/../.ssh/id_recorded", "sh", "{home}"], KEY),
    ("/proc/self/root", "cat", ["cat", "/proc/self/root{home}/" + KEY], KEY),
]


def is_done(argv, done):
    if argv[0].endswith("attack"):
        return done.stdout.startswith(b"done")
    return done.returncode == 0


def touch(world, kind, argv):
    workspace = world.workspace(kind, "home")
    words = {"home": world.home(kind), "attack": world.attack}
    filled = [w.format(**words) if "{" in w else w for w in argv]
    return is_done(filled, world.run(kind, workspace, filled))


def is_of(record, world, path, program):
    own = os.path.basename(record["program"])
    return record["operation"] == "read" and record["path"] == f"{world.home('inside')}/{path}" and own.startswith(program)


def connections(world):
    """What a refused connection leaves: the address as a person would write it, who tried, the errno that the program got."""
    tries = [
        ("to a socket that somebody outside listens on", "path", "unix-path {name}", "unix:{name}", "EACCES"),
        ("by a datagram to such a one", "path-datagram", "unix-path-datagram {name}", "unix datagram", "EACCES"),
        ("to the network", None, "tcp 192.0.2.1 80", "192.0.2.1:80", "ENETUNREACH"),
        ("to the network, over v6", None, "tcp ::ffff:192.0.2.1 80", "[::ffff:192.0.2.1]:80", "ENETUNREACH"),
        ("by a datagram to the network", None, "udp-connected 192.0.2.1 53", "192.0.2.1:53", "ENETUNREACH"),
    ]
    for name, what, words, address, code in tries:
        outside = Listener(world, "inside", "home", what) if what else None
        values = outside.words if outside else {}
        argv = [world.attack, *[w.format(**values) for w in words.split()]]
        done = world.run("inside", world.workspace("inside", "home"), argv)
        seen = [r for r in records(world) if r["operation"] == "connect" and r["address"] == address.format(**values)]
        good = len(seen) == 1 and seen[0]["errno"] == code and seen[0]["program"] == world.attack and seen[0]["remedy"]
        report.check(done.returncode == 1 and good and not (outside and outside.change()),
                     f"recorded: a connection {name} is refused, and a record arrives",
                     f"{done.stdout!r}; records: {records(world)}")
        if outside:
            outside.close()
    for name, argv in (("over loopback", ["loopback", "127.0.0.1"]), ("to a socket inside", ["unix-inside", "own"]),
                       ("to nobody", ["unix-path", "missing"])):
        done = world.run("inside", world.workspace("inside", "home"), [world.attack, *argv])
        report.check(done.returncode == (1 if argv[1] == "missing" else 0) and not records(world),
                     f"recorded: a connection {name} leaves no record", f"{done.stdout!r}; records: {records(world)}")


def recorded(world):
    connections(world)
    for kind in ("bare", "inside"):
        for name in (KEY, TOKEN, "plain"):
            write(f"{world.home(kind)}/{name}", "decoy\n", 0o600)
        os.chmod(f"{world.home(kind)}/.ssh", 0o700)
    for name, program, argv, path in TOUCHES:
        if not touch(world, "bare", argv):
            report.skip(f"recorded: {name}", "control did not succeed")
            continue
        done = touch(world, "inside", argv)
        seen = records(world)
        report.check(not done and any(is_of(r, world, path, program) for r in seen),
                     f"recorded: {name} is refused, and a record arrives", f"done: {done}; records: {seen}")
    report.check(touch(world, "inside", ["cat", "{home}/plain"]) and not records(world),
                 "recorded: what is not secret is read, and leaves no record", records(world))
    silent(world)
    listing(world)
    if has_cover_server():
        killed(world)
    else:
        report.skip("recorded: a kill of the server behind covers", "/dev/fuse cannot be opened here")
        links(world)


def silent(world):
    """The policy can do without records; what is secret stays so."""
    workspace = world.workspace("inside", "home")
    policy = write(f"{world.base}/silent.json", '{"version": 1, "secret_reads": "refuse"}\n') or f"{world.base}/silent.json"
    done = world.inside(workspace, ["cat", f"{world.home('inside')}/{KEY}"], flags=["--policy", policy])
    report.check(done.returncode == 1 and not done.stdout and not records(world),
                 "recorded: not where the policy does without, and refused all the same", f"{done} {records(world)}")


def listing(world):
    workspace = world.workspace("inside", "home")
    start = time.monotonic()
    done = world.shell(workspace, "i=0; while [ $i -lt 50 ]; do ls -la ~ >list || exit 3; i=$((i+1)); done; cat list")
    took = time.monotonic() - start
    report.check(done.returncode == 0 and b".ssh" in done.stdout and took < 10, "recorded: a listing of the home is answered at once",
                 f"exit {done.returncode}, {took:.1f} s, {done.stderr[-200:]!r}")
    report.check(not records(world), "recorded: and leaves no record", records(world))


def links(world):
    """Where opens are weighed: ways that go through links, and what is no cover though it cannot be read."""
    workspace = world.workspace("inside", "home")
    home = world.home("inside")
    ways = [f"ln -s {home}/.ssh dir && cat dir/id_recorded", "ln -s dir again && cat again/id_recorded",
            "ln -s ../../.ssh/id_recorded up && cat up", f"cd {home} && cat .ssh//./id_recorded"]
    done = world.shell(workspace, "; ".join(f"({w})" for w in ways))
    seen = [r for r in records(world) if r["path"] == f"{home}/{KEY}"]
    report.check(not done.stdout and sum(r["count"] for r in seen) == len(ways), "recorded: every way through links to a key",
                 f"{done.stdout!r} {done.stderr!r} {seen}")
    done = world.shell(workspace, "mkdir shut && echo x >shut/file && chmod 000 shut && cat shut/file; ln -s loop loop; cat loop nothing; "
                                  "cat shut/file/x; chmod 700 shut; cat shut/file")
    report.check(done.stdout == b"x\n" and not records(world), "recorded: what is refused for another reason leaves no record",
                 f"{done.stdout!r} {records(world)}")


def killed(world):
    """Nothing inside ends the server: where Landlock scopes signals it is not reached, and elsewhere covers refuse without it."""
    workspace = world.workspace("inside", "home")
    server = "for p in /proc/[0-9]*; do read -r n <$p/comm && [ \"$n\" = cordon-covers ] && kill -KILL ${p#/proc/}; done; sleep 0.2"
    done = world.shell(workspace, f"{server}; cat ~/{TOKEN}; cat ~/{KEY}; exit 0", timeout=20)
    report.check(done.returncode == 0 and not done.stdout, "recorded: a kill of the server opens nothing, and nothing hangs",
                 f"exit {done.returncode}: {done.stdout[-200:]!r} {done.stderr[-200:]!r}")


SECTIONS = {"recorded": recorded}
