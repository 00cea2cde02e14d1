"""
Each way in which a program in the workspace could make git run something outside, tried three times: without Cordon as
control, under `git: commit`, and under `git: locked`. A try is the attack inside, then ordinary git outside; it got through
when its program left a mark outside the workspace. Then what must go on working inside.
"""

import ctypes
import os
import shutil
import subprocess
import sys
import tempfile

CORDON = os.path.abspath(os.environ["CORDON"])
only = sys.argv[1] if len(sys.argv) > 1 else ""
failed = False


def base_folder():
    for folder in (os.environ.get("ENFORCE_BASE"), os.path.expanduser("~"), "/srv", "/home", "/opt"):
        if folder and not folder.startswith(("/tmp", "/var/tmp")) and os.access(folder, os.W_OK):
            return tempfile.mkdtemp(prefix="cordon-git-", dir=folder)
    sys.exit("git: no folder outside of /tmp to work in")


BASE = base_folder()
HOME = f"{BASE}/home"
ENV = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "XDG_"))}
ENV.update(HOME=HOME, LC_ALL="C", GIT_TERMINAL_PROMPT="0")
CONFIG = "[user]\n name = Decoy\n email = decoy@invalid\n[init]\n defaultBranch = main\n[protocol \"file\"]\n allow = always\n"


def say(line):
    global failed
    failed = failed or line.startswith("not ok")
    print(line, flush=True)


def sh(script, folder, check=True, prefix=(), **more):
    env = dict(ENV, **more)
    done = subprocess.run([*prefix, "sh", "-ec", script], cwd=folder, env=env, stdin=subprocess.DEVNULL, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    if check and done.returncode != 0:
        raise RuntimeError(f"{script!r} in {folder}: {done.stdout[-300:]}")
    return done


def cordon(mode, workspace):
    flags = ["--agent"] if mode == "locked" else []
    return [CORDON, "run", *flags, "--workspace", workspace, "--"]


# ---- repositories to attack; W is the workspace, $P the folder that it lies in ----

PLAIN = "git init -q w && cd w && echo 1 >file && git add -A && git commit -qm one"
SUBMODULE = PLAIN + """; cd ..; git init -q lib; echo l >lib/l; git -C lib add -A; git -C lib commit -qm l
    cd w; git submodule --quiet add "$P/lib" lib; git commit -qm lib"""
NESTED = PLAIN + """; cd ..; git init -q a; git -C a commit -q --allow-empty -m a; git init -q b; echo b >b/b; git -C b add -A
    git -C b commit -qm b; git -C b submodule --quiet add "$P/a" in/a; git -C b commit -qm a
    cd w; git submodule --quiet add "$P/b" deps/b; git submodule --quiet update --init --recursive; git commit -qm b"""
DEEP = SUBMODULE.replace('"$P/lib" lib', '"$P/lib" libs/foo')
NEITHER = SUBMODULE + "; git submodule --quiet deinit -f lib; rm -rf .git/modules/lib; rmdir lib; mkdir lib"
INNER = PLAIN + "; git init -q in; git -C in commit -q --allow-empty -m i; git add in 2>/dev/null; git commit -qm in"
APART = "mkdir w; " + PLAIN.replace("init -q w", "init -q --separate-git-dir=w/store w")
LINKED = PLAIN + "; git worktree add -q ../linked -b linked; git worktree add -q inner -b inner"
NONE = "mkdir w && echo 1 >w/file"

# Outside of quotes for the shell that sets it up: %s is the command as configuration has it.
FILTER = PLAIN + """; mkdir tools; printf '#!/bin/sh\\ncat\\n' >tools/clean; chmod +x tools/clean
    cat >>.git/config <<'END'
[filter "f"]
clean = COMMAND
END
    echo 'file filter=f' >.gitattributes"""
FILTER_TEXT = FILTER.replace("mkdir tools", "mkdir 'tools'").replace(">tools/clean", ">'tools/clean'").replace("+x tools/clean", "+x 'tools/clean'")


def filtered(command, folder="tools"):
    quoted = command.replace("\\", "\\\\").replace('"', '\\"')
    return FILTER_TEXT.replace("tools/clean", folder + "/clean").replace("'tools'", f"'{folder}'").replace("COMMAND", f'"{quoted}"')


# What the evil program is; X runs it, whatever git passes to it.
EVIL = """X="$P/w/evil"; printf '#!/bin/sh\\ntouch "%s"\\ncat\\n' "$MARK" >evil; chmod +x evil; """
# A folder that is a complete git folder, with configuration that runs it.
GITDIR = "git init -q --bare evildir; git -C evildir config core.bare false; git -C evildir config core.fsmonitor \"$X\"; "
# An index by hand: of what stands behind it as path=mode=sum.
INDEX = """cat >"$P/w/ix.py" <<'END'
import hashlib, struct, sys
rows = sorted(row.split("=") for row in sys.argv[1:])
out = b"DIRC" + struct.pack(">II", 2, len(rows))
for path, mode, sum in rows:
    row = struct.pack(">10I", *[0] * 6, int(mode, 8), 0, 0, 0) + bytes.fromhex(sum) + struct.pack(">H", len(path)) + path.encode()
    out += row + bytes(8 - len(row) % 8)
open(".git/index", "wb").write(out + hashlib.sha1(out).digest())
END
o=$(git hash-object -w evil); """
USE = "git status; git diff; git log -1; git branch; echo 2 >>file; git add -A; git commit -qm outside; git checkout -q -b side"

# name, repository, attack in the workspace, use outside (each command on its own), where
WAYS = [
    ("a hook", PLAIN, 'cp evil .git/hooks/pre-commit', USE, "w"),
    ("a hook that is a link into the tree", PLAIN + "; mkdir dev; printf '#!/bin/sh\\n' >dev/hook; chmod +x dev/hook; ln -s ../../dev/hook .git/hooks/pre-commit", 'cp evil dev/hook', USE, "w"),
    ("the same, its folder renamed", PLAIN + "; mkdir dev; printf '#!/bin/sh\\n' >dev/hook; chmod +x dev/hook; ln -s ../../dev/hook .git/hooks/pre-commit", 'mv dev d; mkdir dev; cp evil dev/hook', USE, "w"),
    ("the same, with nothing there", PLAIN + "; ln -s ../../dev/hook .git/hooks/pre-commit", 'mkdir dev; cp evil dev/hook', USE, "w"),
    ("a hook that is a link, in a folder of hooks that configuration names", PLAIN + "; mkdir h dev; printf '#!/bin/sh\\n' >dev/hook; chmod +x dev/hook; ln -s ../dev/hook h/pre-commit; git config core.hooksPath h", 'cp evil dev/hook', USE, "w"),
    ("a hook where there was no folder of hooks", PLAIN + "; rm -rf .git/hooks", 'mkdir .git/hooks; cp evil .git/hooks/pre-commit', USE, "w"),
    ("the folder of hooks exchanged", PLAIN, 'mv .git/hooks h; mkdir .git/hooks; cp evil .git/hooks/pre-commit', USE, "w"),
    ("the configuration by git", PLAIN, 'git config core.fsmonitor "$X"', USE, "w"),
    ("the configuration appended to", PLAIN, 'printf "[core]\\nfsmonitor = %s\\n" "$X" >>.git/config', USE, "w"),
    ("the configuration renamed over", PLAIN, 'cp .git/config c; printf "[core]\\nfsmonitor = %s\\n" "$X" >>c; mv -f c .git/config', USE, "w"),
    ("an alias of what is typed daily", PLAIN, 'printf "[alias]\\nst = !%s\\n" "$X" >>.git/config', "git st", "w"),
    (".git renamed away, another in its place", PLAIN, GITDIR + 'mv .git old; mv evildir .git', USE, "w"),
    (".git as a file that leads elsewhere", PLAIN, GITDIR + 'mv .git old; echo "gitdir: $P/w/evildir" >.git', USE, "w"),
    ("commondir", PLAIN, GITDIR + 'echo "$P/w/evildir" >.git/commondir', USE, "w"),
    ("commondir by a link", PLAIN, GITDIR + 'echo "$P/w/evildir" >c; ln -s ../c .git/commondir', USE, "w"),
    ("commondir renamed in", PLAIN, GITDIR + 'echo "$P/w/evildir" >c; mv -f c .git/commondir', USE, "w"),
    ("configuration of the worktree", PLAIN + "; git config extensions.worktreeConfig true",
     'printf "[core]\\nfsmonitor = %s\\n" "$X" >.git/config.worktree', USE, "w"),
    ("configuration of the worktree that is there", PLAIN + "; git config extensions.worktreeConfig true; git config --worktree a.b c",
     'printf "[core]\\nfsmonitor = %s\\n" "$X" >>.git/config.worktree', USE, "w"),
    ("a file that configuration includes", PLAIN + "; echo '[a]' >inc; git config include.path ../inc",
     'printf "[core]\\nfsmonitor = %s\\n" "$X" >>inc', USE, "w"),
    ("the same, renamed over", PLAIN + "; mkdir conf; echo '[a]' >conf/inc; git config include.path ../conf/inc",
     'mv conf c2; mkdir conf; printf "[core]\\nfsmonitor = %s\\n" "$X" >conf/inc', USE, "w"),
    ("a file that it includes and that is not there", PLAIN + "; git config include.path ../inc",
     'printf "[core]\\nfsmonitor = %s\\n" "$X" >inc', USE, "w"),
    ("the same, in a folder that is not there", PLAIN + "; git config include.path ../no/inc",
     'mkdir no; printf "[core]\\nfsmonitor = %s\\n" "$X" >no/inc', USE, "w"),
    ("an included file that includes another", PLAIN + "; printf '[include]\\npath = two\\n' >one; echo '[a]' >two; git config include.path ../one",
     'printf "[core]\\nfsmonitor = %s\\n" "$X" >>two', USE, "w"),
    ("a file that is included on a branch", PLAIN + "; git config includeIf.onbranch:side.path ../inc",
     'printf "[core]\\nhooksPath = %s\\n" "$P/w/h" >inc; mkdir h; cp evil h/pre-commit', USE + "; git commit -q --allow-empty -m x", "w"),
    ("hooks in the tree", PLAIN + "; mkdir hooks; git config core.hooksPath hooks", 'cp evil hooks/pre-commit', USE, "w"),
    ("hooks in the tree that are not there", PLAIN + "; git config core.hooksPath .githooks", 'mkdir .githooks; cp evil .githooks/pre-commit', USE, "w"),
    ("hooks in the tree of a linked worktree in the workspace", PLAIN + "; git config core.hooksPath .githooks; git worktree add -q in", 'mkdir -p in/.githooks; cp evil in/.githooks/pre-commit', "git commit -q --allow-empty -m x", "w/in"),
    ("hooks that a linked worktree's own configuration names", PLAIN + "; git config extensions.worktreeConfig true; git worktree add -q in; git -C in config --worktree core.hooksPath h; mkdir in/h",
     'cp evil in/h/pre-commit', "git commit -q --allow-empty -m x", "w/in"),
    ("hooks in the tree of a submodule, by the person's own configuration", SUBMODULE + "; git config --global core.hooksPath .githooks", 'mkdir -p lib/.githooks; cp evil lib/.githooks/pre-commit',
     "git commit -q --allow-empty -m x", "w/lib"),
    ("hooks of husky, below the top", PLAIN + "; mkdir -p ui/.husky/_; printf '#!/bin/sh\\nsh ui/.husky/pre-commit\\n' >ui/.husky/_/pre-commit; chmod +x ui/.husky/_/pre-commit; git config core.hooksPath ui/.husky/_",
     'cp evil ui/.husky/pre-commit', USE, "w"),
    ("hooks deep in the tree", PLAIN + "; mkdir -p a/b/hooks; git config core.hooksPath a/b/hooks",
     'mv a a2; mkdir -p a/b/hooks; cp evil a/b/hooks/pre-commit', USE, "w"),
    ("hooks in the tree by the person's own configuration", PLAIN + '; git config --global core.hooksPath .githooks',
     'mkdir -p .githooks; cp evil .githooks/pre-commit', USE, "w"),
    ("a file of the tree that the person's own configuration includes", PLAIN + '; git config --global include.path "$P/w/inc"',
     'printf "[core]\\nfsmonitor = %s\\n" "$X" >inc', USE, "w"),
    ("a filter's program", PLAIN + """; mkdir tools; printf '#!/bin/sh\\ncat\\n' >tools/clean; chmod +x tools/clean
        git config filter.f.clean tools/clean; echo 'file filter=f' >.gitattributes""", 'cp evil tools/clean', USE, "w"),
    ("a filter's program, renamed over by its folder", PLAIN + """; mkdir tools; printf '#!/bin/sh\\ncat\\n' >tools/clean; chmod +x tools/clean
        git config filter.f.clean tools/clean; echo 'file filter=f' >.gitattributes""", 'mv tools t; mkdir tools; cp evil tools/clean', USE, "w"),
    ("a script that a filter gives to sh", PLAIN + """; echo cat >clean.sh; git config filter.f.clean 'sh clean.sh %f'
        echo 'file filter=f' >.gitattributes""", 'cp evil clean.sh', USE, "w"),
    ("the program that watches files", PLAIN + "; printf '#!/bin/sh\\n' >mon; chmod +x mon; git config core.fsmonitor ./mon", 'cp evil mon', USE, "w"),
    ("the same, not there yet", PLAIN + "; git config core.fsmonitor ./mon", 'cp evil mon', USE, "w"),
    ("remotes as they were before configuration", PLAIN, GITDIR + """git -C evildir config core.bare true; cp evil evildir/hooks/pre-receive
        mkdir -p .git/remotes; echo "URL: $P/w/evildir" >.git/remotes/origin""", "git push origin HEAD:refs/heads/x", "w"),
    ("branches as they were before configuration", PLAIN + "; rm -rf .git/branches", GITDIR + """git -C evildir config core.bare true
        cp evil evildir/hooks/pre-receive; mkdir -p .git/branches; echo "$P/w/evildir#x" >.git/branches/origin""", "git push origin HEAD:refs/heads/x", "w"),
    ("a submodule's configuration", SUBMODULE, 'printf "[core]\\nfsmonitor = %s\\n" "$X" >>.git/modules/lib/config', USE, "w"),
    ("a submodule's hooks", SUBMODULE, 'cp evil .git/modules/lib/hooks/pre-commit', "git commit -q --allow-empty -m x", "w/lib"),
    ("a submodule's commondir", SUBMODULE, GITDIR + 'echo "$P/w/evildir" >.git/modules/lib/commondir', "git status", "w/lib"),
    ("a submodule's folder renamed away", SUBMODULE, GITDIR + 'mv .git/modules/lib x; mv evildir .git/modules/lib', USE, "w"),
    ("all submodules' folders renamed away", SUBMODULE, GITDIR + 'mv .git/modules x; mkdir .git/modules; mv evildir .git/modules/lib', USE, "w"),
    ("a submodule's .git file", SUBMODULE, GITDIR + 'echo "gitdir: $P/w/evildir" >lib/.git', USE, "w"),
    ("a submodule renamed away, a repository in its place", SUBMODULE, GITDIR + 'mv lib l2; mkdir lib; mv evildir lib/.git', USE, "w"),
    ("a submodule of a submodule: configuration", NESTED, 'printf "[core]\\nfsmonitor = %s\\n" "$X" >>.git/modules/deps/b/modules/in/a/config',
     "git status", "w/deps/b/in/a"),
    ("a submodule of a submodule: commondir", NESTED, GITDIR + 'echo "$P/w/evildir" >.git/modules/deps/b/modules/in/a/commondir', "git status", "w/deps/b/in/a"),
    ("a folder above submodules' folders renamed", NESTED, GITDIR + 'mv .git/modules/deps x; mkdir .git/modules/deps; mv evildir .git/modules/deps/b', USE, "w"),
    ("a linked worktree's commondir", LINKED, GITDIR + 'echo "$P/w/evildir" >.git/worktrees/linked/commondir', "git status", "linked"),
    ("a linked worktree's folder renamed away", LINKED, GITDIR + """mv .git/worktrees/linked x; mkdir .git/worktrees/linked; cp -r x/* .git/worktrees/linked
        echo "$P/w/evildir" >.git/worktrees/linked/commondir""", "git status", "linked"),
    ("a linked worktree's configuration", LINKED + "; git config extensions.worktreeConfig true",
     'printf "[core]\\nfsmonitor = %s\\n" "$X" >.git/worktrees/linked/config.worktree', "git status", "linked"),
    ("the .git file of a linked worktree in the tree", LINKED, GITDIR + 'echo "gitdir: $P/w/evildir" >inner/.git', "git status", "w/inner"),
    ("a message that git writes through a link", PLAIN, 'rm -f .git/COMMIT_EDITMSG; ln -s "$MARK" .git/COMMIT_EDITMSG', USE, "w"),
    ("a log that git writes through a link", PLAIN, 'rm -f .git/logs/HEAD; ln -s "$MARK" .git/logs/HEAD', USE, "w"),
    ("a link made elsewhere and renamed in", PLAIN, 'rm -f .git/logs/HEAD; ln -s "$MARK" l; mv -T l .git/logs/HEAD', USE, "w"),
    ("a folder with a link in it renamed in", PLAIN, 'mv .git/logs old; mkdir l; ln -s "$MARK" l/HEAD; mv -T l .git/logs', USE, "w"),
    ("a log of a submodule that git writes through a link", SUBMODULE,
     'rm -f .git/modules/lib/logs/HEAD; ln -s "$MARK" .git/modules/lib/logs/HEAD', "git commit -q --allow-empty -m x", "w/lib"),
    ("a repository where there was none", NONE, 'git init -q; git config core.fsmonitor "$X"', USE, "w"),
    ("a repository by hand where there was none", NONE, GITDIR + 'mv evildir/* .git/ || mv evildir .git', USE, "w"),
    ("a hook in a repository where there was none", NONE, 'git init -q; cp evil .git/hooks/pre-commit', "git init -q; " + USE, "w"),
    ("a .git file where there was none", NONE, GITDIR + 'echo "gitdir: $P/w/evildir" >.git', USE, "w"),
    ("commondir where it must not be held", PLAIN + "; git config core.worktree \"$P/w\"", GITDIR + 'git -C evildir config core.worktree "$P/w"; echo "$P/w/evildir" >.git/commondir', USE, "w"),
    ("hooks in the tree of a linked worktree alone", PLAIN.replace("w", "main", 2) + "; git config core.hooksPath hooks; git worktree add -q ../w -b w",
     'mkdir hooks; cp evil hooks/pre-commit', "git commit -q --allow-empty -m x", "w"),
    ("hooks in the tree, from a folder of it", "mkdir w; git init -q; git config core.hooksPath w/hooks; git commit -q --allow-empty -m one",
     'mkdir hooks; cp evil hooks/pre-commit', "git commit -q --allow-empty -m x", "w"),
    ("a hook that is a link, from a folder of the tree", "mkdir -p w/dev; printf '#!/bin/sh\\n' >w/dev/hook; chmod +x w/dev/hook; git init -q; ln -s ../../w/dev/hook .git/hooks/pre-commit",
     'cp evil dev/hook', "git commit -q --allow-empty -m x", "w"),
    ("a .git that is none any more, and the workspace a git folder", PLAIN, GITDIR + 'rm .git/HEAD; mv evildir/* .; git config -f config core.worktree .', USE, "w"),
    ("the same, with .git/objects gone", PLAIN, GITDIR + 'mv .git/objects o; mv evildir/* .; git config -f config core.worktree .', USE, "w"),
    ("the same, with .git/refs gone", PLAIN, GITDIR + 'mv .git/refs r; mv evildir/* .; git config -f config core.worktree .', USE, "w"),
    ("the same, where a file HEAD is there", PLAIN + "; echo 'ref: refs/heads/main' >HEAD", GITDIR + 'rm .git/HEAD; mv evildir/* .; git config -f config core.worktree .', USE, "w"),
    ("hooks in folders of which the first is there, renamed away", PLAIN + "; mkdir dev; echo 1 >dev/one; git config core.hooksPath dev/hooks/git",
     'mkdir -p d3/hooks/git; cp evil d3/hooks/git/pre-commit; mv dev d2; mv d3 dev; sleep 0.2', USE + "; git commit -q --allow-empty -m x", "w"),
    ("an include in folders of which the first is there, renamed away", PLAIN + "; mkdir dev; echo 1 >dev/one; git config include.path ../dev/conf/inc",
     'mkdir -p d3/conf; printf "[core]\\nfsmonitor = %s\\n" "$X" >d3/conf/inc; mv dev d2; mv d3 dev; sleep 0.2', USE, "w"),
    ("a submodule below a folder that looks like a repository", DEEP + "; mkdir .git/modules/libs/hooks",
     'printf "[core]\\nfsmonitor = %s\\n" "$X" >>.git/modules/libs/foo/config', USE, "w"),
    ("a submodule below a folder that is a repository", DEEP + "; git init -q --bare x; mv x/* .git/modules/libs/",
     'printf "[core]\\nfsmonitor = %s\\n" "$X" >>.git/modules/libs/foo/config', USE, "w"),
    ("a submodule that was spoilt before", SUBMODULE + "; mv .git/modules/lib/HEAD h", 'printf "[core]\\nfsmonitor = %s\\n" "$X" >>.git/modules/lib/config; mv h .git/modules/lib/HEAD', USE, "w"),
    ("a submodule that is not initialised", NEITHER, GITDIR + 'git init -q g; git -C g commit -q --allow-empty -m g; git -C g config core.fsmonitor "$X"; mv g/.git lib/.git', USE, "w"),
    ("a submodule whose folder is not there", NEITHER + "; rmdir lib", 'git init -q lib; git -C lib commit -q --allow-empty -m g; git -C lib config core.fsmonitor "$X"', USE, "w"),
    ("a submodule's place with other files in it", NEITHER + "; echo x >lib/x", 'git init -q lib; git -C lib commit -q --allow-empty -m g; git -C lib config core.fsmonitor "$X"', USE, "w"),
    ("the same, by a folder that is made elsewhere", NEITHER + "; echo x >lib/x", 'git init -q g; git -C g commit -q --allow-empty -m g; git -C g config core.fsmonitor "$X"; mv g/.git lib/.git || { mv lib l2; mv g lib; }', USE, "w"),
    ("a submodule with a repository of its own", PLAIN + """; git init -q lib; git -C lib commit -q --allow-empty -m g; git add lib; git commit -qm lib
        printf '[submodule "lib"]\\npath = lib\\nurl = ./x\\n' >.gitmodules; git add -A; git commit -qm m""", 'printf "[core]\\nfsmonitor = %s\\n" "$X" >>lib/.git/config', USE, "w"),
    ("a filter's program in a variable", filtered("$PWD/tools/clean"), 'cp evil tools/clean', USE, "w"),
    ("a filter's program in quotes", filtered("'./my tools/clean'", "my tools"), 'cp evil "my tools/clean"', USE, "w"),
    ("a filter's program from the top", filtered('"$(git rev-parse --show-toplevel)"/tools/clean'), 'cp evil tools/clean', USE, "w"),
    ("a filter's program after cd", filtered("cd tools && ./clean"), 'cp evil tools/clean', USE, "w"),
    ("a filter's program within a script", filtered("sh -c 'exec ./tools/clean'"), 'cp evil tools/clean', USE, "w"),
    ("an index that names a hook", PLAIN, INDEX + 'python3 ix.py .git/hooks/pre-commit=100755=$o', "git checkout -- .; git commit -q --allow-empty -m x", "w"),
    ("an index that names what lies outside", PLAIN, INDEX + 'python3 ix.py ../../"${MARK##*/}"=100644=$o', "git restore .", "w"),
    ("an index that names the configuration by capitals too", PLAIN, INDEX + 'python3 ix.py .GIT/x=100644=$o .git/hooks/post-checkout=100755=$o', "git checkout -- .; git checkout -q -b side", "w"),
    ("a repository under another name, to which .git leads", APART, 'cp evil store/hooks/pre-commit; printf "[core]\\nfsmonitor = %s\\n" "$X" >>store/config', USE, "w"),
    ("a message that git writes there through a link", APART, 'rm -f store/COMMIT_EDITMSG; ln -s "$MARK" store/COMMIT_EDITMSG', USE, "w"),
    ("a bare repository to which .git leads", PLAIN + "; mv .git .bare; git -C .bare config core.bare true; echo 'gitdir: ./.bare' >.git; git worktree add -q one",
     'cp evil .bare/hooks/pre-commit', "git commit -q --allow-empty -m x", "w/one"),
    ("a submodule whose .git file leads to a repository in the tree", SUBMODULE + "; mv .git/modules/lib own; git config -f own/config core.worktree ../lib; echo 'gitdir: ../own' >lib/.git; git -C lib status",
     'printf "[core]\\nfsmonitor = %s\\n" "$X" >>own/config', USE, "w"),
    ("hooks by the name of a link outside", PLAIN + '; mkdir hooks; ln -s "$P/w/hooks" "$HOME/hooks"; git config --global core.hooksPath "~/hooks"', 'cp evil hooks/pre-commit', USE, "w"),
    ("hooks that are not there, by the name of a link outside", PLAIN + '; ln -s "$P/w/hooks" "$HOME/hooks"; git config --global core.hooksPath "~/hooks"', 'mkdir hooks; cp evil hooks/pre-commit', USE, "w"),
    ("a filter's program by a link above the workspace", filtered("$HOME/p/w/tools/clean") + '; ln -s "$P" "$HOME/p"', 'cp evil tools/clean', USE, "w"),
    ("a file that configuration includes by a link above the workspace", PLAIN + '; ln -s "$P" "$HOME/p"; git config include.path "~/p/w/inc"',
     'printf "[core]\\nfsmonitor = %s\\n" "$X" >inc', USE, "w"),
    ("hooks of a remote in the tree", PLAIN + "; git init -q --bare store.git; git remote add o ./store", 'cp evil store.git/hooks/pre-receive', "git push o HEAD:refs/heads/x", "w"),
    ("the same by its full path, replaced", PLAIN + '; git init -q --bare store.git; git remote add o "file://$P/w/store.git"',
     'mv store.git s; cp -a s store.git; cp evil store.git/hooks/pre-receive', "git push o HEAD:refs/heads/x", "w"),
    ("the same, not there yet", PLAIN + '; git remote add o ./store', 'git init -q --bare store; cp evil store/hooks/pre-receive', "git push o HEAD:refs/heads/x", "w"),
    ("a repository that the index names", INNER, 'printf "[core]\\nfsmonitor = %s\\n" "$X" >>in/.git/config', USE, "w"),
    ("the same, that is not there yet", INNER + "; rm -rf in/.git", 'git init -q in; git -C in commit -q --allow-empty -m i; git -C in config core.fsmonitor "$X"', USE, "w"),
    ("a submodule's git folder, made before git makes it", NEITHER, """git clone -q --bare "$P/lib" m; printf '[core]\nrepositoryformatversion = 0\nworktree = ../../../lib\nfsmonitor = %s\n' "$X" >m/config
        mkdir -p .git/modules; mv m .git/modules/lib""", "git submodule update --init", "w"),
    ("hooks in a submodule's git folder, made before git makes it", NEITHER, """git clone -q --bare "$P/lib" m; git -C m config core.bare false; git -C m config core.worktree ../../../lib
        mkdir -p m/hooks .git/modules; cp evil m/hooks/post-checkout; mv m .git/modules/lib""", "git submodule update --init", "w"),
    ("a worktree that is made inside, with another's configuration", PLAIN, GITDIR + """git worktree add -q wt; cp -a .git/objects .git/refs evildir/
        echo ../../../evildir >.git/worktrees/wt/commondir""", "git status", "w/wt"),
    ("the workspace itself made a git folder", NONE, GITDIR + 'git -C evildir config core.worktree "$P/w"; mv evildir/* .', "git status", "w"),
]


def one_try(mode, number, repository, attack, use, where):
    place = f"{BASE}/{number}-{mode}"
    mark = f"{BASE}/mark-{number}-{mode}"
    shutil.rmtree(HOME, ignore_errors=True)
    os.makedirs(HOME)
    with open(f"{HOME}/.gitconfig", "w", encoding="utf-8") as f:
        f.write(CONFIG)
    os.makedirs(place)
    sh(repository, place, P=place)
    workspace = f"{place}/w"
    prefix = [] if mode == "bare" else cordon(mode, workspace)
    # The marks lie outside of the workspace: inside, the program itself cannot leave one.
    inside = sh(f"P='{place}'; MARK='{mark}'; {EVIL} {attack}", workspace, check=False, prefix=prefix)
    if os.path.exists(mark):
        os.remove(mark)
    folder = f"{place}/{where}"
    for command in use.split("; ") if os.path.isdir(folder) else ():
        sh(command, folder, check=False)
    return os.path.exists(mark), inside


def ways():
    for number, (name, repository, attack, use, where) in enumerate(WAYS):
        if only not in name:
            continue
        ran = {}
        for mode in ("bare", "commit", "locked"):
            ran[mode], inside = one_try(mode, number, repository, attack, use, where)
            if mode != "bare" and inside.returncode == 125:
                say(f"not ok git {mode}: {name}: Cordon does not open: {inside.stdout[-200:]!r}")
                ran[mode] = None
        for mode in ("commit", "locked"):
            if ran[mode]:
                say(f"not ok git {mode}: {name}: git outside ran it")
            elif not ran["bare"]:
                say(f"skip git {mode}: {name}: without Cordon it does not run either")
            elif ran[mode] is False:
                say(f"ok git {mode}: {name}")


# ---- what must go on working ----

WORK = [
    ("add, commit, amend", PLAIN, "echo 2 >>file; git add -A; git commit -qm two; git commit -q --amend -m three; git log -1 --format=%s | grep -qx three"),
    ("branch, tag, stash, notes", PLAIN, "git branch b; git tag t; echo 2 >>file; git stash -q; git stash pop -q; git notes add -m n; git checkout -q file"),
    ("merge and rebase", PLAIN, """git checkout -q -b side; echo s >s; git add -A; git commit -qm s; git checkout -q main; echo m >m; git add -A
        git commit -qm m; git merge -q --no-edit side; git checkout -q -b topic HEAD~1; echo t >t; git add -A; git commit -qm t; git rebase -q main; [ -f s ]"""),
    ("gc, repack, fsck, reset", PLAIN, "git gc -q; git repack -adq; git fsck; git reset -q --hard HEAD; git config --list >/dev/null"),
    ("worktree add, commit in it, remove", LINKED, """git worktree add -q new -b new; echo n >new/n; git -C new add -A; git -C new commit -qm n
        git worktree remove new; git worktree list >/dev/null; git worktree prune"""),
    ("commit in a worktree that was there", LINKED, "echo n >inner/n; git -C inner add -A; git -C inner commit -qm n"),
    ("commit in a submodule", SUBMODULE, """git -C lib checkout -q -b side; echo x >lib/x; git -C lib add -A; git -C lib commit -qm x; git add lib; git commit -qm lib
        git -C lib gc -q; git submodule status"""),
    ("submodule update", SUBMODULE + '; echo 2 >>"$P/lib/l"; git -C "$P/lib" commit -qam two; git -C lib fetch -q; git update-index --cacheinfo "160000,$(git -C "$P/lib" rev-parse HEAD),lib"',
     "git submodule update; grep -q 2 lib/l"),
    ("fetch from a path outside", PLAIN + '; git init -q "$P/other"; git -C "$P/other" commit -q --allow-empty -m o', 'git fetch -q ../other main; git log -1 FETCH_HEAD'),
    ("clone into a folder", PLAIN, "git clone -q . sub; git -C sub log -1; git -C sub config a.b c; git -C sub commit -q --allow-empty -m c"),
    ("a repository started in a folder", NONE, "mkdir sub; git -C sub init -q; git -C sub commit -q --allow-empty -m c"),
    ("a repository started where there was none", NONE, "git init -q; git add -A; git commit -qm one; git log -1; git worktree add -q wt; git status --short"),
    ("clone into an empty workspace", 'git init -q other; git -C other commit -q --allow-empty -m o; mkdir w', "git clone -q ../other .; git log -1; git commit -q --allow-empty -m c"),
    ("gc, pack-refs, prune and a detour over the objects", PLAIN, """git branch b; git tag -a t -m t; git pack-refs --all; git gc -q --prune=now; git repack -adfq; git prune
        git commit -q --allow-empty -m x; git branch -D b; git branch -m main trunk; git reflog expire --expire=now --all; git fsck; git update-ref refs/x/y HEAD; git update-ref -d refs/x/y"""),
    ("commit beside a submodule that is not initialised", NEITHER, "git status --short; git add -A; echo 2 >>file; git commit -qam two; git submodule status; git ls-files -s lib | grep -q ^160000; ! git submodule update --init 2>/dev/null; git checkout -q HEAD~1; git checkout -q main"),
    ("update of submodules where one is not initialised", NEITHER + '; git submodule --quiet add "$P/lib" two; git commit -qm two; (cd two; git checkout -q --detach; git commit -q --allow-empty -m x)',
     "git submodule update; git submodule status; git -C two log -1 --format=%s | grep -qx l"),
    ("ordinary branches know what they follow", PLAIN, "git checkout -q -b two; git branch -D main"),
]
AFTER = {"a repository started where there was none": "git log -1 --format=%s | grep -qx one && git fsck && git worktree list | grep -q wt",
         "clone into an empty workspace": "git log -1 --format=%s | grep -qx c && git config remote.origin.url"}


def work():
    for number, (name, repository, script) in enumerate(WORK):
        if only not in name:
            continue
        place = f"{BASE}/work-{number}"
        os.makedirs(place)
        os.makedirs(HOME, exist_ok=True)
        with open(f"{HOME}/.gitconfig", "w", encoding="utf-8") as f:
            f.write(CONFIG)
        sh(repository, place, P=place)
        done = sh(script, f"{place}/w", check=False, prefix=cordon("commit", f"{place}/w"))
        if done.returncode == 0:
            after = sh(f"git status >/dev/null; {AFTER.get(name, ':')}; ! ls .git/commondir .git/remotes/ 2>/dev/null", f"{place}/w", check=False)
            good = after.returncode == 0 or (repository == NONE and name not in AFTER)
            say(f"ok git works: {name}" if good else f"not ok git works: {name}: outside, afterwards: {after.stdout[-200:]!r}")
        else:
            say(f"not ok git works: {name}: {done.stdout[-300:]!r}")
    place = f"{BASE}/work-0"
    if os.path.isdir(place):
        done = sh("git log -1 >/dev/null; echo 2 >>file; git add -A", f"{place}/w", check=False, prefix=cordon("locked", f"{place}/w"))
        say("ok git locked: nothing can be staged" if done.returncode else "not ok git locked: nothing can be staged: it was")


def fresh(name, repository=NONE):
    place = f"{BASE}/{name}"
    shutil.rmtree(HOME, ignore_errors=True)
    os.makedirs(HOME)
    os.makedirs(place)
    with open(f"{HOME}/.gitconfig", "w", encoding="utf-8") as f:
        f.write(CONFIG)
    sh(repository, place, P=place)
    return f"{place}/w"


def told(condition, name, output):
    say(f"ok git {name}" if condition else f"not ok git {name}: {output[-300:]!r}")


def births():
    """Repositories made inside where there was none."""
    w = fresh("birth")
    born = f"{HOME}/.local/state/cordon/born"
    done = sh("true", w, prefix=cordon("commit", w))
    told("cordon:" not in done.stdout and not os.path.lexists(f"{w}/.git") and not os.path.exists(f"{born}/kept"), "birth: an empty one goes without a word", done.stdout)
    done = sh("git init -q; git config core.fsmonitor ./x", w, prefix=cordon("commit", w))
    told("core.fsmonitor" in done.stdout and "mv " in done.stdout and not os.path.lexists(f"{w}/.git"), "birth: one with a program stays apart, and that is said", done.stdout)
    sh(done.stdout[done.stdout.index("mv "):], w)
    told(sh("git config core.fsmonitor", w).stdout == "./x\n", "birth: what is said to do takes it", done.stdout)
    shutil.rmtree(f"{w}/.git")
    done = sh("git init -q; ln -s /etc .git/etc", w, prefix=cordon("commit", w))
    told(not os.path.lexists(f"{w}/.git") and ".git/etc" in done.stdout, "birth: one with a link in it stays apart", done.stdout)
    done = sh("""git init -q; git commit -q --allow-empty -m x; mkdir .git/modules; git init -q --bare .git/modules/a; git init -q --bare .git/modules/a/b
        git -C .git/modules/a/b config core.fsmonitor ./x""", w, prefix=cordon("commit", w))
    told(not os.path.lexists(f"{w}/.git") and "core.fsmonitor" in done.stdout, "birth: one within a submodule's folder is looked at too", done.stdout)
    done = sh("git init -q; git commit -q --allow-empty -m x; for b in config hooks/a x/commondir; do git branch $b; done", w, prefix=cordon("commit", w))
    told(os.path.exists(f"{w}/.git/HEAD"), "birth: branches may have any name", done.stdout)
    shutil.rmtree(f"{w}/.git")
    nested = "git init -q; git init -q sub; git -C sub commit -q --allow-empty -m s; git add sub 2>/dev/null; git commit -qm s; "
    for name, script, why in (
            ("a remote in the workspace", 'git init -q; git init -q --bare store; git remote add o "$PWD/store"', "remote.o.url"),
            ("an index that names a repository with a program", nested + "git -C sub config core.fsmonitor ./x", "sub is a repository"),
            ("the same in version 4", nested + "git update-index --index-version 4; git -C sub config core.fsmonitor ./x", "sub is a repository"),
            ("the same with long sums", nested.replace("init -q", "init -q --object-format=sha256") + "git -C sub config core.fsmonitor ./x", "sub is a repository"),
            ("the same with a hook", nested + "touch sub/.git/hooks/pre-commit", "sub is a repository"),
            ("the same, deeper", nested.replace("-m s;", "-m s; git init -q sub/in; git -C sub/in commit -q --allow-empty -m i; git -C sub add in 2>/dev/null; git -C sub/in config core.fsmonitor x;", 1), "in is a repository"),
            ("a repository whose .git file leads elsewhere", nested + 'mv sub/.git x; git -C sub init -q --separate-git-dir="$PWD/y"', "leads git elsewhere"),
            ("a split index", "git init -q; touch f; git add f; git update-index --split-index", "split")):
        w = fresh("birth-" + str(abs(hash(name))))
        done = sh(script, w, check=False, prefix=cordon("commit", w))
        told(done.returncode == 0 and why in done.stdout and not os.path.lexists(f"{w}/.git"), f"birth: {name} stays apart", done.stdout)
    w = fresh("birth-nested")
    done = sh(nested, w, check=False, prefix=cordon("commit", w))
    told(os.path.exists(f"{w}/.git/HEAD") and sh("git status --short", w).stdout == "?? file\n", "birth: with a repository that has none it is put into place", done.stdout)
    w = fresh("birth-modes")
    done = sh("git init -q; chmod 1777 .git; chmod 777 .git/refs; chmod 0 .git/objects", w, check=False, prefix=cordon("commit", w))
    told(os.path.exists(f"{w}/.git/HEAD") and all(os.stat(f"{w}/.git/{n}").st_mode & 0o7777 in (0o755, 0o700) for n in ("", "refs", "objects")), "birth: modes are as git makes them", done.stdout)
    w = fresh("birth-lists")
    done = sh("""git init -q; python3 -c 'import os
os.setxattr(".git", "system.posix_acl_default", bytes.fromhex("02000000" + "01000700ffffffff" + "04000700ffffffff" + "20000700ffffffff"))'""",
              w, check=False, prefix=cordon("commit", w))
    told(os.path.exists(f"{w}/.git/HEAD") and not [x for x in os.listxattr(f"{w}/.git") if "acl" in x], "birth: lists of who may do what are gone", done.stdout)
    if os.access("/dev/shm", os.W_OK) and os.stat("/dev/shm").st_dev != os.stat(BASE).st_dev:
        state = tempfile.mkdtemp(prefix="cordon-git-", dir="/dev/shm")
        w = fresh("birth-copied")
        done = sh("git init -q; truncate -s 3G .git/holes; echo end >>.git/holes", w, check=False, prefix=cordon("commit", w), XDG_STATE_HOME=state)
        there = os.stat(f"{w}/.git/holes") if os.path.exists(f"{w}/.git/holes") else None
        told(there and there.st_size == (3 << 30) + 4 and there.st_blocks < 1000, "birth: from another file system holes stay holes", done.stdout)
        w = fresh("birth-large")
        done = sh("git init -q; truncate -s 100T .git/holes || truncate -s 15T .git/holes", w, check=False, prefix=cordon("commit", w), XDG_STATE_HOME=state)
        told(not os.path.lexists(f"{w}/.git.cordon-new") and ("put into" in done.stdout or "is in place" in done.stdout),
             "birth: what cannot be copied leaves nothing half", done.stdout)
        shutil.rmtree(state, ignore_errors=True)
    else:
        say("skip git birth: from another file system: there is none")
    w = fresh("birth-crash")
    # A crash leaves one behind: the next session finds it.
    crash = subprocess.Popen([*cordon("commit", w), "sh", "-c", "git init -q; git commit -q --allow-empty -m crash; echo; sleep 60"],
                             cwd=w, env=ENV, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    crash.stdout.readline()
    second = sh("git init -q", w, check=False, prefix=cordon("commit", w))
    told(not os.path.exists(f"{w}/.git/HEAD") and "another session" in second.stdout, "birth: not into a workspace where another session is", second.stdout)
    crash.kill()
    crash.wait()
    done = sh("git log -1 --format=%s", w, check=False, prefix=cordon("commit", w))
    told("crash" in done.stdout and done.returncode == 0, "birth: what a crash left is found by the next session", done.stdout)
    w = fresh("birth-there", NONE + "; mkdir w/.git")
    sh("git init -q", w, prefix=cordon("commit", w))
    told(os.path.exists(f"{w}/.git/HEAD"), "birth: an empty .git that was there gives way", "")
    w = fresh("birth-agent")
    done = sh("git init -q", w, check=False, prefix=cordon("locked", w))
    told(done.returncode != 0 and not os.path.lexists(f"{w}/.git"), "birth: none under locked", done.stdout)


def a_line(p):
    """Not by readline(), which may take more than the line, and communicate() does not see that."""
    while os.read(p.stdout.fileno(), 1) not in (b"\n", b""):
        pass


def meanwhile(w, outside, inside="true"):
    """A session in w; when it runs, `outside` is done outside, then `inside` inside. The process, and what it will print."""
    script = f"echo; read go; {inside}; echo"
    p = subprocess.Popen([*cordon("commit", w), "sh", "-c", script], cwd=w, env=ENV, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True, errors="replace")
    a_line(p)
    sh(outside, w)
    p.stdin.write("go\n")
    p.stdin.flush()
    a_line(p)
    return p


def leftovers():
    """What came while a session ran where the observer alone holds: made outside here, as who wins a race against it would."""
    w = fresh("left", PLAIN + "; ln -s /etc .git/logs/old")
    p = meanwhile(w, "ln -s ../../file .git/hooks/pre-commit; ln -s /etc .git/mine; ln -s /etc .git/objects/etc; ln -s /etc .git/logs/objects"
                     "; rm -f .git/logs/HEAD; ln -s /etc/x .git/logs/HEAD", "chmod 300 .git/logs .git")
    said = p.communicate(timeout=60)[0]
    sh("chmod 755 .git; chmod 755 .git/logs", w)
    told(os.path.islink(f"{w}/.git/hooks/pre-commit") and os.path.islink(f"{w}/.git/logs/old"),
         "left: a link in what was read-only inside, and one of before, stay", said)
    told(not any(os.path.lexists(f"{w}/.git/{n}") for n in ("mine", "logs/HEAD", "logs/objects", "objects/etc")), "left: links that came are not left, in folders that nobody can list too", said)
    told(said.count("moved aside") == 4 and len(os.listdir(f"{w}/.git/cordon-aside-1")) == 4, "left: they are moved aside, and that is said", said)
    sh([l for l in said.splitlines() if "/.git/mine ->" in l][0].split("yours: ")[1], w)
    told(os.path.islink(f"{w}/.git/mine"), "left: what is said to do puts it back", said)
    w = fresh("left-head", PLAIN)
    p = meanwhile(w, "rm -f .git/COMMIT_EDITMSG; ln -s /etc/x .git/COMMIT_EDITMSG; touch HEAD; rm .git/HEAD")
    said = p.communicate(timeout=60)[0]
    told(os.path.lexists(f"{w}/HEAD.cordon-aside-1") and not os.path.lexists(f"{w}/HEAD"), "left: a HEAD at the top, where .git is no repository any more", said)
    secret = f"{HOME}/.ssh/id_rsa"
    sum = "1" * 40
    remember = f"mkdir -p .git/rr-cache/{sum}; cp file .git/rr-cache/{sum}/preimage; "
    for name, names, gets in (("by its path", f"printf '{sum}\\t{secret}\\0' >.git/MERGE_RR", True), ("by a link", f"ln -sf {secret} l; printf '{sum}\\tl\\0' >.git/MERGE_RR", True),
                              ("that is the workspace's own", f"printf '{sum}\\tfile\\0' >.git/MERGE_RR", False)):
        for prefix in ("bare", "commit"):
            w = fresh(f"left-conflict-{name[-1]}-{prefix}", PLAIN + '; mkdir "$HOME/.ssh"; echo SECRET >"$HOME/.ssh/id_rsa"')
            done = sh(remember + names, w, prefix=[] if prefix == "bare" else cordon("commit", w))
            sh("git commit -q --allow-empty -m x", w, check=False)
            copy = sh(f"cat .git/rr-cache/{sum}/postimage", w, check=False).stdout
            if prefix == "bare" and gets:
                told("SECRET" in copy, f"control: git outside copies a file {name} into .git", copy)
            else:
                told("SECRET" not in copy and (copy == "1\n" or "moved aside" in done.stdout), f"left: a conflict to remember in a file {name}", done.stdout)
    w = fresh("left-rebase", PLAIN + "; echo 2 >file; git commit -qam two; git tag two; GIT_SEQUENCE_EDITOR='sed -i s/pick/edit/' git rebase -q -i HEAD~1")
    done = sh("true", w, prefix=cordon("commit", w))
    told("cordon:" not in done.stdout, "left: a rebase that waits, without a word", done.stdout)
    done = sh("echo 'x make evil' >>.git/rebase-merge/git-rebase-todo", w, prefix=cordon("commit", w))
    told("exec make evil" in done.stdout, "left: a program in a rebase's list is told", done.stdout)
    nested = PLAIN + "; git init -q sub; git -C sub commit -q --allow-empty -m s; git add sub 2>/dev/null; git commit -qm s"
    w = fresh("left-nested", nested)
    done = sh("git -C sub commit -q --allow-empty -m t", w, prefix=cordon("commit", w))
    told("cordon:" not in done.stdout, "left: a repository that the index names, with nothing in it", done.stdout)
    w = fresh("left-apart", PLAIN)
    apart = 'git init -q --separate-git-dir="$PWD/q" n; git -C n commit -q --allow-empty -m n; git add n 2>/dev/null; '
    done = sh(apart, w, prefix=cordon("commit", w))
    told("cordon:" not in done.stdout, "left: one that its .git file leads to, with nothing in it", done.stdout)
    w = fresh("left-apart-2", PLAIN)
    done = sh(apart + "git -C n config core.fsmonitor ./x", w, prefix=cordon("commit", w))
    told("core.fsmonitor" in done.stdout, "left: one with a program, that its .git file leads to, is told", done.stdout)
    w = fresh("left-planted", nested + '; rm sub/.git/config; ln -s /etc/passwd sub/.git/config')
    done = sh("true", w, check=False, prefix=cordon("commit", w))
    told(done.returncode == 0 and "is not held" in done.stdout, "left: one that cannot be held keeps no session from opening", done.stdout)
    w = fresh("left-names", PLAIN)
    evil = "; touch pwned #$(touch pwned)'\n"
    os.makedirs(f"{w}/.git/logs/{evil}")
    said = meanwhile(w, "for d in .git/logs/*touch*; do ln -s /etc \"$d/x\"; done").communicate(timeout=60)[0]
    done = subprocess.run(["bash", "-c", said[said.index("mv "):].split("\n")[0]], cwd=w, check=False)
    told(done.returncode == 0 and os.path.islink(f"{w}/.git/logs/{evil}/x") and not os.path.exists(f"{w}/pwned"),
         "left: what is said to do is one command, whatever the name is", said)
    w = fresh("left-many", PLAIN)
    done = sh("for i in $(seq 200); do mkdir -p .git/modules/$i; echo '[alias] x = !y' >.git/modules/$i/config; done", w, prefix=cordon("commit", w))
    told(done.stdout.count("moved aside") == 20 and "180 more" in done.stdout and not sh("ls .git/modules/*/config", w, check=False).stdout.startswith(".git"),
         "left: of many the first are told", done.stdout)
    w = fresh("left-index", PLAIN)
    done = sh("for v in 2 3 4; do git update-index --index-version $v; done; touch n; git add -N n; git update-index --split-index", w, prefix=cordon("commit", w))
    told("cordon:" not in done.stdout and os.path.exists(f"{w}/.git/index"), "left: an index of any kind stays", done.stdout)
    w = fresh("left-made", NEITHER)
    p = meanwhile(w, "git submodule --quiet update --init")
    said = p.communicate(timeout=60)[0]
    told("cordon:" not in said and sh("git -C lib status --short", w).stdout == "", "left: a submodule that is initialised outside meanwhile", said)
    w = fresh("left-worktree", PLAIN)
    done = sh("git worktree add -q wt", w, prefix=cordon("commit", w))
    told("cordon:" not in done.stdout and sh("git status --short", f"{w}/wt").stdout == "", "left: a worktree that is made inside", done.stdout)
    w = fresh("left-killed", PLAIN)
    p = subprocess.Popen([*cordon("commit", w), "sh", "-c", "echo; sleep 60"], cwd=w, env=ENV, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    p.stdout.readline()
    sh("rm -f .git/COMMIT_EDITMSG; ln -s /etc/x .git/COMMIT_EDITMSG", w)
    p.kill()
    p.wait()
    os.makedirs(f"{BASE}/left-other")
    done = sh("true", f"{BASE}/left-other", prefix=cordon("commit", f"{BASE}/left-other"))
    told("moved aside" in done.stdout and not os.path.lexists(f"{w}/.git/COMMIT_EDITMSG"), "left: what a crash left is found by the next session, wherever that is", done.stdout)
    done = sh("true", w, prefix=cordon("commit", w))
    told("cordon:" not in done.stdout, "left: that is said once", done.stdout)
    w = fresh("left-none")
    said = meanwhile(w, "ln -s refs/heads/none HEAD").communicate(timeout=60)[0]
    told(not os.path.lexists(f"{w}/HEAD") and os.path.islink(f"{w}/HEAD.cordon-aside-1"), "left: a HEAD that leads nowhere, where there is no repository", said)


def same_again():
    """Configuration that is written anew as it is."""
    w = fresh("same", PLAIN)
    done = sh("git config core.bare false; test ! -e .git/config.lock", w, check=False, prefix=cordon("commit", w))
    told(done.returncode == 0, "same: a value set to what it is", done.stdout)
    before = open(f"{w}/.git/config", encoding="utf-8").read()
    done = sh("git config core.bare true", w, check=False, prefix=cordon("commit", w))
    told(done.returncode != 0, "same: not to another", done.stdout)
    sh("cp .git/config .git/config.lock; echo '[a]' >>.git/config.lock; mv -f .git/config.lock .git/config", w, check=False, prefix=cordon("commit", w))
    sh("rm -f .git/config.lock; ln -s config .git/config.lock; mv -f .git/config.lock .git/config", w, check=False, prefix=cordon("commit", w))
    sh("rm -f .git/config.lock; cp .git/config x; mv -f x .git/config", w, check=False, prefix=cordon("commit", w))
    told(open(f"{w}/.git/config", encoding="utf-8").read() == before and not os.path.islink(f"{w}/.git/config"), "same: nothing else is taken for it", "")


def turned_up():
    """What comes to stand where nothing may be is given another name, and that is recorded."""
    w = fresh("turned", PLAIN + "; mkdir dev; git config core.hooksPath hooks")
    inside = subprocess.Popen([*cordon("commit", w), "sh", "-c", "echo in; read x; ls -A hooks; echo over"], cwd=w, env=ENV, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    inside.stdout.readline()
    sh("echo 'ref: refs/heads/main' >HEAD; mkdir h; cp file h/pre-commit", w)
    # Exchanged: the name is gone and there again, with something in it.
    ctypes.CDLL(None, use_errno=True).renameat2(-100, f"{w}/h".encode(), -100, f"{w}/hooks".encode(), 2)
    sh("n=0; until [ ! -e HEAD ] && [ -e hooks.cordon-aside-1 ]; do n=$((n + 1)); [ $n -lt 50 ]; sleep 0.1; done", w, check=False)
    told(os.path.exists(f"{w}/HEAD.cordon-aside-1") and not os.path.lexists(f"{w}/HEAD"), "turned up: a HEAD at the top is given another name", "")
    told(os.listdir(f"{w}/hooks") == [] and os.listdir(f"{w}/hooks.cordon-aside-1") == ["pre-commit"], "turned up: a held folder with something in it", "")
    out = inside.communicate("x\n", timeout=30)[0]
    told(out == "over\n", "turned up: inside there is the empty one", out)
    done = subprocess.run([CORDON, "denied"], env=ENV, stdout=subprocess.PIPE, text=True, timeout=30).stdout
    told("HEAD.cordon-aside-1" in done and "hooks.cordon-aside-1" in done, "turned up: that is recorded", done)
    w = fresh("often", PLAIN)
    inside = subprocess.Popen([*cordon("commit", w), "sh", "-c", "echo in; sleep 30"], cwd=w, env=ENV, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    inside.stdout.readline()
    sh("for i in 1 2 3 4; do ln -s nowhere HEAD; n=0; until [ ! -L HEAD ]; do n=$((n + 1)); [ $n -lt 20 ] || exit 0; sleep 0.1; done; done", w, check=False)
    try:
        code = inside.wait(timeout=10)
    except subprocess.TimeoutExpired:
        code = 0
        inside.kill()
    told(code != 0 and os.path.islink(f"{w}/HEAD.cordon-aside-3"), "turned up: at the fourth time the tree ends", str(code))
    # Renamed over it in one step, it is the person's.
    w = fresh("over", PLAIN + "; git config extensions.worktreeConfig true")
    inside = subprocess.Popen([*cordon("commit", w), "sh", "-c", "echo in; read x; cat .git/config.worktree; echo y 2>/dev/null >>.git/config.worktree || echo held"],
                              cwd=w, env=ENV, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    inside.stdout.readline()
    sh("git config --worktree a.b c; sleep 0.5", w)
    out = inside.communicate("x\n", timeout=30)[0]
    told("b = c" in out and "held" in out and sh("git config a.b", w).stdout == "c\n", "turned up: what git outside renames over a held name stays, read-only inside", out)


def elsewhere():
    """A linked worktree alone: its repository lies outside."""
    w = fresh("elsewhere", PLAIN + "; cd ..; mv w main; git -C main worktree repair; git -C main worktree add -q ../w -b w")
    done = sh("git status --short; git log -1 --format=%s; git commit --allow-empty -qm x", w, check=False, prefix=cordon("commit", w))
    told("one" in done.stdout and done.returncode != 0 and "not writable" in done.stdout, "a linked worktree: read, not committed to, and that is said", done.stdout)
    main = f"{os.path.dirname(w)}/main"
    done = sh("git commit --allow-empty -qm x", w, check=False, prefix=[CORDON, "run", "--workspace", w, "--write", main, "--"])
    told(done.returncode == 0, "a linked worktree: committed to when its repository's tree is writable", done.stdout)
    bare = fresh("elsewhere-bare", PLAIN + "; cd ..; mv w/.git store; rm -r w; git -C store config core.bare true; git -C store worktree add -q ../w -b w")
    store = f"{os.path.dirname(bare)}/store"
    opened = [CORDON, "run", "--workspace", bare, "--write", store, "--"]
    done = sh("git commit --allow-empty -qm x", bare, check=False, prefix=opened)
    told(done.returncode == 0, "a bare repository that is writable: committed to from its worktree", done.stdout)
    for attack in ("rm -f worktrees/w/COMMIT_EDITMSG; ln -s /etc/x worktrees/w/COMMIT_EDITMSG", "echo x >hooks/pre-commit", "echo x >>config"):
        done = sh(f"cd ../store; {attack}", bare, check=False, prefix=opened)
        told(done.returncode != 0, f"a bare repository that is writable: not {attack.split('; ')[-1]}", done.stdout)
    done = sh(f"echo 'gitdir: /nowhere' >.git", w, check=False, prefix=cordon("commit", w))
    told(done.returncode != 0, "a linked worktree: its .git file stays", done.stdout)


try:
    ways()
    work()
    if not only or only == "births":
        births()
        leftovers()
        same_again()
        turned_up()
        elsewhere()
finally:
    subprocess.run(["chmod", "-R", "u+rwX", BASE], check=False)
    shutil.rmtree(BASE, ignore_errors=True)
print("done")
sys.exit(1 if failed else 0)
