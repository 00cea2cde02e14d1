"""
Runs the attack tests: all sections, or those named. Prints one line per check and `done` at the end.
Wants CORDON (the program), ATTACK (the helper), HOME and TMPDIR; see run.sh.
"""

import os
import sys
import time

import attacks
import death
import keeping
import mixed
import names
import recorded
import refused
import sessions
import starts
from harness import World, report, who

SECTIONS = {**attacks.SECTIONS, **sessions.SECTIONS, **starts.SECTIONS, **names.SECTIONS, **mixed.SECTIONS, **death.SECTIONS,
            **recorded.SECTIONS, **refused.SECTIONS, **keeping.SECTIONS}


def alive(world):
    """Is there anything to test? A Cordon that refuses to start is one failure, not four hundred."""
    workspace = world.workspace("inside", "home")
    done = world.inside(workspace, ["sh", "-c", "echo alive > alive; exit 3"])
    good = done.returncode == 3 and os.path.exists(f"{workspace}/alive")
    return report.check(good, "harness: a command runs inside, writes the workspace and gives its code",
                        f"exit {done.returncode}: {done.stderr[-400:]!r}")


def main():
    wanted = sys.argv[1:] or list(SECTIONS)
    unknown = [w for w in wanted if w not in SECTIONS]
    if unknown:
        sys.exit(f"enforce: no such section: {' '.join(unknown)}; there are {' '.join(SECTIONS)}")
    world = World()
    try:
        if alive(world):
            for name in wanted:
                start = time.monotonic()
                SECTIONS[name](world)
                if os.environ.get("ENFORCE_TIMES"):
                    report.line(f"# {name}: {time.monotonic() - start:.1f} s as {who}")
    finally:
        world.close()
    print("done")
    sys.exit(1 if report.failed else 0)


main()
