"""
What the keeper of covers holds on to while names change outside and inside: its descriptors, its watches, and a repository
that somebody outside puts in the place of another.
"""

import os
import time

from harness import as_root, children_of, report, wait_for
from names import Shell, SETTLE
from sessions import make_repository

ROUNDS = 12


def runner_of(shell):
    """The process that is pid 1 inside. None: not to be found."""
    waiting = [shell.child.pid]
    while waiting:
        for child in children_of(waiting.pop()):
            with open(f"/proc/{child}/comm", encoding="utf-8") as f:
                if f.read().strip() == "cordon-runner":
                    return child
            waiting.append(child)
    return None


def watches_of(runner):
    """How many folders it watches."""
    count = 0
    for name in os.listdir(f"/proc/{runner}/fdinfo"):
        with open(f"/proc/{runner}/fdinfo/{name}", encoding="utf-8") as f:
            count += sum(line.startswith("inotify wd:") for line in f)
    return count


def replaced(world):
    """Another repository takes the place of the first, again and again: a pin is put on each, and nothing is left of the last."""
    for where in ("home", "tmp"):
        workspace = world.workspace("inside", where)
        make_repository(workspace)
        shell = Shell(world, "inside", workspace)
        runner = runner_of(shell) if as_root else None
        before = 0
        for i in range(ROUNDS):
            if runner and i == 2: # what is held again by a lock of the keeper's own is so from the first time on
                before = len(os.listdir(f"/proc/{runner}/fd"))
            os.rename(f"{workspace}/.git", f"{workspace}/was{i}")
            make_repository(workspace)
            held = wait_for(lambda: f"{workspace}/.git " in shell.ask("cat /proc/self/mountinfo"), 3)
            said = shell.ask("mv .git gone")
            if not held or shell.status == 0:
                break
        report.check(held and shell.status not in (0, -1) and os.path.isdir(f"{workspace}/.git"),
                     f"keeping: a repository put in the place of another is held in place ({where})",
                     f"round {i}: held {held}, {shell.status}: {said[-300:]}")
        if runner and shell.status != -1:
            after = len(os.listdir(f"/proc/{runner}/fd"))
            # Locks on held names may come late, one for each; a leak is one for each round.
            report.check(after <= before + 5, f"keeping: nothing stays open of those that were replaced ({where})",
                         f"{before} descriptors, then {after}")
        shell.end()


def renamed(world):
    """Folders on the way to a name that does not exist yet, made and renamed inside."""
    workspace = world.workspace("inside", "home")
    shell = Shell(world, "inside", workspace, ("--secret", f"{workspace}/conf/secret.key"))
    runner = runner_of(shell) if as_root else None
    if not runner:
        report.skip("keeping: watches", "only root may count them")
    else:
        shell.ask("mkdir conf; mv conf c0")
        time.sleep(SETTLE)
        before = watches_of(runner)
        shell.ask("i=0; while [ $i -lt 200 ]; do i=$((i + 1)); mkdir conf; sleep 0.002; mv conf c$i; done")
        time.sleep(SETTLE)
        after = watches_of(runner)
        report.check(after <= before + 2, "keeping: renaming inside uses up no watches", f"{before}, then {after}")
        shell.ask("mkdir conf")
        time.sleep(SETTLE)
        with open(f"{workspace}/conf/secret.key", "w", encoding="utf-8") as f:
            f.write("secret\n")
        time.sleep(SETTLE)
        said = shell.ask("cat conf/secret.key")
        report.check("secret\n" not in said + "\n" and shell.status not in (0, -1),
                     "keeping: and the name is still waited for", said)
    shell.end()


def keeping(world):
    for part in (replaced, renamed):
        part(world)


SECTIONS = {"keeping": keeping}
