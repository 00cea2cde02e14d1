"""
However a session ends, nothing of it is left: neither when the command ends by itself, nor when Cordon or any
process between it and the command is killed.
"""

import os
import signal
import subprocess

from harness import children_of, end_process, marker, processes_with, report, wait_for

HOWS = ("plain", "group", "session", "daemon", "stopped")


def death(world):
    """However a session ends, nothing of it is left two seconds later."""
    control = death_run(world, "bare", "daemon", "ends", lambda cordon: None, "-control")
    if not control:
        report.skip("death", "control did not succeed (a daemon does not outlive its parent even outside)")
        return
    for how in HOWS:
        left = death_run(world, "inside", how, "ends", lambda cordon: None, f"-{how}")
        report.check(left == [], f"death: a {how} child ends with the command", f"{left} left")
    killers = {"Cordon is killed": lambda p: os.kill(p, signal.SIGKILL),
               "Cordon is told to end": lambda p: os.kill(p, signal.SIGTERM),
               "Cordon's terminal hangs up": lambda p: os.kill(p, signal.SIGHUP)}
    for name, kill in killers.items():
        left = death_run(world, "inside", "daemon", "waits", kill, f"-{len(name)}")
        report.check(left == [], f"death: nothing is left when {name}", f"{left} left")
    each_below(world)
    storm(world)


def death_run(world, kind, how, then, act, suffix):
    """Starts a lingering child below a command that then ends or waits; acts; returns what is left, or None
    when it never came up. What is left is ended."""
    word = marker + suffix
    workspace = world.workspace(kind, "home")
    tail = "" if then == "ends" else f"; echo up > {workspace}/up; sleep 20"
    script = f"{world.attack} linger {word} {how} > /dev/null{tail}; exit 0"
    child = subprocess.Popen(world.command(kind, workspace, ["sh", "-c", script]), env=world.environment(kind), cwd=workspace,
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        if then != "ends":
            if not wait_for(lambda: os.path.exists(f"{workspace}/up") or child.poll() is not None, 10) or child.poll() is not None:
                return None
            act(child.pid)
        if not wait_for(lambda: child.poll() is not None, 10):
            return None
        wait_for(lambda: not processes_with(word), 2 if kind == "inside" else 0)
        return processes_with(word)
    finally:
        child.kill()
        child.wait()
        for pid in processes_with(word):
            end_process(pid)


def generations(pid):
    """The processes below pid as [(depth, pid)], nearest first."""
    found, todo = [], [(0, pid)]
    while todo:
        depth, parent = todo.pop(0)
        below = [(depth + 1, p) for p in children_of(parent)]
        found += below
        todo += below
    return found


def each_below(world):
    """Every process from Cordon down to the command is killed, each in a run of its own. Cordon must notice when
    what it started itself is gone; where it goes on (a mere child of the command), it is ended as well."""
    known = []

    def kill_number(n):
        def act(pid):
            members = [m for m in generations(pid) if m[0] <= 3]
            known.append(len(members))
            if n >= len(members):
                os.kill(pid, signal.SIGKILL)
                return
            depth, member = members[n]
            os.kill(member, signal.SIGKILL)
            if depth > 1 and not wait_for(lambda: not processes_with(f"{marker}-chain{n}"), 0.5):
                os.kill(pid, signal.SIGKILL)
        return act

    n = 0
    while n == 0 or (known and n < min(known[0], 6)):
        left = death_run(world, "inside", "daemon", "waits", kill_number(n), f"-chain{n}")
        report.check(left == [], f"death: nothing is left when process {n + 1} below Cordon is killed", f"{left} left")
        n += 1


def storm(world):
    """Families that fork on and on are ended too."""
    word = marker + "-storm"
    workspace = world.workspace("inside", "home")
    world.inside(workspace, [world.attack, "fork-storm", word, "3"])
    wait_for(lambda: not processes_with(word), 2)
    left = processes_with(word)
    report.check(not left, "death: families that fork on and on end with the command", f"{left} left")
    for pid in left:
        end_process(pid)


SECTIONS = {"death": death}
