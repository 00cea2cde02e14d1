"""
Runs the attack tests: all sections, or those named. Prints one line per check and `done` at the end.
Wants CORDON (the program), ATTACK (the helper), HOME and TMPDIR; see run.sh.
"""

import os
import sys
import time

import attacks
import death
import later
import names
import recorded
import sessions
import starts
from harness import World, report, who

SECTIONS = {**attacks.SECTIONS, **sessions.SECTIONS, **starts.SECTIONS, **names.SECTIONS, **death.SECTIONS,
            **recorded.SECTIONS}
ASKED_FOR = later.SECTIONS


def alive(world):
    """Is there anything to test? A Cordon that refuses to start is one failure, not four hundred."""
    workspace = world.workspace("inside", "home")
    done = world.inside(workspace, ["sh", "-c", "echo alive > alive; exit 3"])
    good = done.returncode == 3 and os.path.exists(f"{workspace}/alive")
    return report.check(good, "harness: a command runs inside, writes the workspace and gives its code",
                        f"exit {done.returncode}: {done.stderr[-400:]!r}")


def main():
    wanted = sys.argv[1:] or list(SECTIONS)
    every = {**SECTIONS, **ASKED_FOR}
    unknown = [w for w in wanted if w not in every]
    if unknown:
        sys.exit(f"enforce: no such section: {' '.join(unknown)}; there are {' '.join(every)}")
    world = World()
    try:
        if alive(world):
            for name in wanted:
                start = time.monotonic()
                every[name](world)
                if os.environ.get("ENFORCE_TIMES"):
                    report.line(f"# {name}: {time.monotonic() - start:.1f} s as {who}")
    finally:
        world.close()
    print("done")
    sys.exit(1 if report.failed else 0)


main()
