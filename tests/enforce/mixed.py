"""
What was let through once: hard links that are there already, set-uid files, names that do not exist yet, and files of git's
that are made where there were none (all of git's ways are in git_ways.py).
"""

import os
import shutil

from harness import Batch, Files, Nothing, Row, difference, report, snapshot, write
from sessions import make_repository


class Shared(Nothing):
    """A file outside with a second name in the workspace."""

    def __init__(self, world, kind, where):
        self.aim = Files(world, kind, where)
        self.words = self.aim.words

    def change(self):
        with open(self.words["victim"], encoding="utf-8") as f:
            return "its content changed" if f.read() != "decoy\n" else None


LINKS = [
    Row("write by a hard link that was there", "append {work}/linked", Shared, True,
        setup=lambda v: os.link(v["victim"], f"{v['work']}/linked")),
]

# Owned by whoever opened the terminal, it would run as them, outside, for anybody who can reach the workspace.
SET_USER = ("leave a set-uid program in the workspace", "cp /bin/true own && chmod 4755 own")

# Name, script in a workspace without any of the names; what must not have appeared.
MISSING = [(f"create {n}", f"mkdir {n} && echo evil > {n}/x", f"{n}/x") for n in (".codex", ".agents", ".cordon")]
MISSING.append(("start a repository", "git init -q . && git config core.fsmonitor ./evil", ".git/config"))
FURTHER = [
    ("redirect by commondir", "echo ../evil > .git/commondir", ".git/commondir"),
    ("per-worktree configuration", "echo evil > .git/config.worktree", ".git/config.worktree"),
    ("a submodule's configuration", "echo evil >> .git/modules/m/config", ".git/modules/m/config"),
    ("a submodule's hooks", "echo evil > .git/modules/m/hooks/post-checkout", ".git/modules/m/hooks"),
    ("a worktree's commondir", "echo evil > .git/worktrees/w/commondir", ".git/worktrees/w/commondir"),
]


def mixed(world):
    Batch(world, "mixed", LINKS).run()
    folder = world.workspace("inside", "home")
    world.shell(folder, SET_USER[1])
    left = os.path.exists(f"{folder}/own") and os.stat(f"{folder}/own").st_mode & 0o4000
    report.check(not left, f"mixed: {SET_USER[0]}", "its set-uid bit stays")
    for rows, repository in ((MISSING, False), (FURTHER, True)):
        for name, script, kept in rows:
            result = {}
            for kind in ("bare", "inside"):
                folder = world.workspace(kind, "home")
                if repository:
                    make_repository(folder)
                    shutil.rmtree(f"{folder}/.codex")
                    os.makedirs(f"{folder}/.git/modules/m/hooks"), write(f"{folder}/.git/modules/m/config")
                    write(f"{folder}/.git/worktrees/w/gitdir")
                before = snapshot(f"{folder}/{kept}")
                world.run(kind, folder, ["sh", "-c", script])
                result[kind] = difference(before, snapshot(f"{folder}/{kept}"))
            if not result["bare"]:
                report.skip(f"mixed: {name}", "control changed nothing")
            else:
                report.check(not result["inside"], f"mixed: {name}", result["inside"])
            if not repository: # an empty folder that stays is no way in, and a defect of another kind
                left = os.listdir(folder)
                report.check(not left, f"mixed: {name}: nothing is left of what held the name", left)


SECTIONS = {"mixed": mixed}
