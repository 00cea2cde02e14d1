"""
The attacks that need a `cordon run` of their own: protected paths, terminals, standard descriptors, roots that
must not be one, Cordon's own checkout, what the trusted side must not obey, mounts.
"""

import os
import re
import select
import shutil
import socket
import subprocess
import termios

from harness import Terminal, World, as_root, difference, fcntl, marker, report, snapshot, write

# ---- protected paths ----

# Name, script (run by sh in the workspace; status 0: it worked). A is the helper, W the workspace.
PROTECTED = [
    ("create a hook", "echo evil > .git/hooks/post-commit"),
    ("create a hook with a nameless file", "$A tmpfile-link $W $W/.git/hooks/post-commit"),
    ("create a folder among the hooks", "mkdir .git/hooks/new"),
    ("rename a hook in", "echo evil > h; mv h .git/hooks/post-checkout"),
    ("link a hook in", "echo evil > h; ln h .git/hooks/post-checkout"),
    ("make a hook executable", "chmod +x .git/hooks/pre-commit.sample"),
    ("delete a hook", "rm -f .git/hooks/pre-commit.sample"),
    ("set the time of a hook", "touch -d 2001-01-01 .git/hooks/pre-commit.sample"),
    ("write a hook by a hard link", "ln .git/hooks/pre-commit.sample h && echo evil >> h"),
    ("rename the hooks away", "mv .git/hooks .git/hooks-away"),
    ("rename the hooks away, others in their place", "mkdir new; mv .git/hooks old && mv new .git/hooks"),
    ("exchange the hooks", "mkdir new; $A exchange $W/new $W/.git/hooks"),
    ("remove the hooks", "rm -rf .git/hooks; test ! -e .git/hooks"),
    ("append to the configuration", "echo '[alias] x = !evil' >> .git/config"),
    ("truncate the configuration", "$A truncate $W/.git/config"),
    ("truncate the configuration while opening it for reading", "$A rdonly-trunc $W/.git/config"),
    ("rename over the configuration", "cp .git/config c; echo '[core]' >> c; mv -f c .git/config"),
    ("rename over it with git's own lock file", "echo x > .git/config.lock && mv -f .git/config.lock .git/config"),
    ("exchange the configuration", "echo '[core]' > c; $A exchange $W/c $W/.git/config"),
    ("delete the configuration", "rm -f .git/config; test ! -e .git/config"),
    ("hard link the configuration, then write", "ln .git/config c && echo evil >> c"),
    ("rename the configuration away", "mv .git/config .git/config-old"),
    ("chmod the configuration", "chmod 777 .git/config"),
    ("chmod it by a read-only descriptor", "$A fchmod $W/.git/config"),
    ("set an attribute of it by a descriptor", "$A fsetxattr $W/.git/config"),
    ("reopen the configuration by /proc/self/fd", "$A reopen $W/.git/config"),
    ("reopen it by an O_PATH descriptor", "$A path-reopen $W/.git/config"),
    ("write it by /proc/self/root", "echo evil >> /proc/self/root$W/.git/config"),
    ("write it by /proc/self/cwd", "cd .git && echo evil >> /proc/self/cwd/config"),
    ("write it by a symbolic link", "ln -s .git/config c; echo evil >> c"),
    ("create a hook by a linked folder", "ln -s .git/hooks h; echo evil > h/post-merge"),
    ("map it shared and write", "$A mmap-write $W/.git/config"),
    ("git config", "git config user.name evil"),
    ("git config core.fsmonitor", "git config core.fsmonitor ./evil"),
    ("git remote add", "git remote add evil ../evil"),
    ("rename .git away", "mv .git git-away"),
    ("rename .git away and start another", "mv .git git-away && git init -q ."),
    ("remove .git", "rm -rf .git; test ! -e .git"),
    ("exchange .git", "mkdir new; $A exchange $W/new $W/.git"),
    ("replace .git by a symbolic link", "mv .git g && ln -s g .git"),
    ("write .vscode", "echo evil >> .vscode/tasks.json"),
    ("create in .vscode", "echo evil > .vscode/settings.json"),
    ("rename .vscode away", "mv .vscode v"),
    ("remove .vscode", "rm -rf .vscode; test ! -e .vscode"),
    ("write .mcp.json", "echo evil >> .mcp.json"),
    ("replace .mcp.json", "echo evil > m; mv -f m .mcp.json"),
    ("delete .envrc", "rm -f .envrc; test ! -e .envrc"),
    ("write .envrc", "echo evil >> .envrc"),
    ("write .claude", "echo evil > .claude/settings.json"),
    ("write .husky", "echo evil > .husky/pre-commit"),
    ("write .idea", "echo evil > .idea/workspace.xml"),
    ("delete .codex", "rm -rf .codex; test ! -e .codex"),
    ("create in .codex", "echo evil > .codex/config.toml"),
    ("rename .codex away", "mv .codex c"),
    ("write .agents", "echo evil > .agents/x"),
    ("write .cordon", "echo evil > .cordon/policy.json"),
]
PROTECTED_PATHS = [".git/hooks", ".git/config", ".vscode", ".idea", ".claude", ".husky", ".codex", ".agents", ".cordon",
                   ".mcp.json", ".envrc"]
# With capabilities of its own the control would need a namespace; they are shown to be refused in "namespaces".
UNMOUNTS = [
    ("unmount the configuration", "$A umount-lazy $W/.git/config"),
    ("unmount the hooks", "$A umount-lazy $W/.git/hooks"),
    ("unmount .git", "$A umount-lazy $W/.git"),
    ("mount over the hooks", "$A mount-tmpfs $W/.git/hooks"),
    ("make the configuration's mount writable", "$A mount-writable $W/.git/config"),
    ("in a namespace of one's own, unmount it", "$A below umount-lazy $W/.git/config"),
]


def make_repository(folder):
    env = dict(os.environ, GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_SYSTEM="/dev/null")
    run = lambda *words: subprocess.run(["git", "-C", folder, "-c", "user.name=d", "-c", "user.email=d@invalid", *words],
                                        env=env, check=True, stdout=subprocess.DEVNULL)
    run("init", "-q", "-b", "main")
    write(f"{folder}/README", "decoy\n")
    run("add", "-A")
    run("commit", "-q", "-m", "first")
    write(f"{folder}/.git/hooks/pre-commit.sample", "#!/bin/sh\n")
    for name in (".vscode/tasks.json", ".idea/x.xml", ".claude/x.json", ".husky/x", ".codex/x", ".agents/y", ".cordon/z", ".mcp.json",
                 ".envrc"):
        write(f"{folder}/{name}")


def protected_state(folder):
    state = snapshot(*(os.path.join(folder, p) for p in PROTECTED_PATHS))
    # Its folders may be written in (objects, index): only that it is the same folder counts.
    st = os.lstat(f"{folder}/.git") if os.path.lexists(f"{folder}/.git") else None
    state["itself"] = st and (st.st_ino, st.st_mode)
    return state


def protected_change(before, folder):
    after = protected_state(folder)
    if before.pop("itself") != after.pop("itself"):
        return ".git is another"
    return difference(before, after)


def protected(world):
    template = world.workspace("bare", "home")
    make_repository(template)
    for where in ("home", "tmp"):
        title = "protected" if where == "home" else "protected, in the temporary folder"
        rows = [(n, s, True) for n, s in PROTECTED] + [(n, s, False) for n, s in UNMOUNTS]
        for name, script, control in rows:
            protected_row(world, f"{title}: {name}", script, where, template, control)


def protected_row(world, name, script, where, template, has_control):
    result, seen, told = {}, {}, ""
    for kind in ("bare", "inside") if has_control else ("inside",):
        folder = world.workspace(kind, where)
        shutil.copytree(template, folder, symlinks=True, dirs_exist_ok=True)
        before = protected_state(folder)
        done = world.run(kind, folder, ["sh", "-c", f"A={world.attack} W={folder}; {script}"])
        result[kind], told = done.returncode, done.stderr[-150:]
        seen[kind] = protected_change(before, folder)
    if seen["inside"]:
        report.bad(name, f"{seen['inside']} (exit {result['inside']})")
    elif result["inside"] in (0, 124, 125):
        report.bad(name, f"exit {result['inside']} inside: {told!r}")
    elif has_control and (result["bare"] != 0 or not seen["bare"]):
        report.skip(name, f"control did not succeed (exit {result['bare']}, {seen['bare'] or 'nothing changed'})")
    else:
        report.ok(name)


def policies(world):
    """What a policy file protects, hides and opens."""
    template, extra = world.workspace("inside", "home"), f"{world.home('inside')}/extra"
    make_repository(template)
    write(f"{template}/kept/file"), write(f"{template}/.env"), os.makedirs(extra)
    text = '{"version": 1, "git": "locked", "protect": ["kept"], "secret": ["%s/.env"], "write": ["%s"]}\n' % (template, extra)
    flags = ("--policy", write(f"{world.base}/locked.json", text, 0o600))
    works = [("git status under git: locked", "git status --porcelain && git log --oneline | grep -q first"),
             ("write in a root of the policy", f"echo x > {extra}/new"),
             ("write elsewhere in the workspace", "echo x > new && mkdir .git-not")]
    refused = [("commit under git: locked", "git commit -q --allow-empty -m evil"),
               ("create in .git under git: locked", "echo x > .git/new"), ("create a branch", "git branch evil"),
               ("write objects", "echo x | git hash-object -w --stdin"), ("rename .git", "mv .git g"),
               ("write a path of the policy's own", "echo x >> kept/file"), ("create in it", "echo x > kept/new"),
               ("rename it away", "mv kept k"), ("remove it", "rm -rf kept; test ! -e kept"),
               ("read a secret of the policy's own", "grep -q decoy .env"), ("rename the secret and read it", "mv .env e && grep -q decoy e"),
               ("link the secret and read it", "ln .env e && grep -q decoy e"), ("write the secret", "echo x >> .env"),
               ("replace the secret", "echo x > e; mv -f e .env")]
    for name, script in works:
        done = world.shell(template, script, flags=flags)
        report.check(done.returncode == 0, f"policy: {name} works", f"exit {done.returncode}: {done.stderr[-200:]!r}")
    before = snapshot(f"{template}/.git", f"{template}/kept", f"{template}/.env")
    for name, script in refused:
        done = world.shell(template, script, flags=flags)
        change = difference(before, snapshot(f"{template}/.git", f"{template}/kept", f"{template}/.env"))
        report.check(done.returncode not in (0, 124, 125) and change is None, f"policy: {name} is refused",
                     f"exit {done.returncode}: {change}: {done.stderr[-150:]!r}")
        if change:
            return
    refused_policies(world)


def refused_policies(world):
    """What the sandbox could write decides nothing; what cannot be protected is not opened."""
    workspace = world.workspace("inside", "home")
    own = write(f"{workspace}/policy.json", '{"version": 1}\n')
    done = world.inside(workspace, ["true"], flags=("--policy", own))
    report.check(done.returncode == 125 and b"policy.json" in done.stderr, "policy: a file in the workspace is refused",
                 f"exit {done.returncode}: {done.stderr!r}")
    linked = world.workspace("inside", "home")
    outside = f"{world.outside('inside', 'home')}/tasks"
    os.makedirs(outside)
    os.symlink(outside, f"{linked}/.vscode")
    before = snapshot(outside, f"{linked}/.vscode")
    world.shell(linked, "echo evil > .vscode/x; rm .vscode; ln -s /nowhere .vscode")
    change = difference(before, snapshot(outside, f"{linked}/.vscode"))
    report.check(change is None, "policy: a protected path that is a link stays as it is", change)
    pointing = world.workspace("inside", "home")
    write(f"{pointing}/.git", "gitdir: ../elsewhere\n")
    before = snapshot(f"{pointing}/.git")
    world.shell(pointing, "echo gitdir: evil > .git; rm -f .git; mv .git g; echo gitdir: evil > h; mv -f h .git")
    change = difference(before, snapshot(f"{pointing}/.git"))
    report.check(change is None, "policy: a .git that is a file stays as it is", change)


# ---- terminals ----

def terminal_rows(path, other):
    return [
        ("push a key into standard input", "push-key 0"),
        ("push a key, upper bits of the request set", "push-key-high 0"),
        ("push a key into /dev/tty", "push-key /dev/tty"),
        ("push a key into the person's terminal", f"push-key {path}"),
        ("console request", "console 0"),
        ("console request, upper bits set", "console-high 0"),
    ], [
        ("write to the person's terminal by its name", f"terminal-write {path} {marker}-a"),
        ("write to another terminal of the outside", f"terminal-write {other} {marker}-b"),
        ("change the size of the person's terminal", f"terminal-size {path}"),
        ("change the modes of the person's terminal", f"terminal-modes {path}"),
    ]


def terminals(world):
    answers = {}
    for kind in ("bare", "inside"):
        workspace = world.workspace(kind, "home")
        # Names that the inside does not have itself: its own are counted from 0.
        padding = [Terminal() for _ in range(4)]
        own, other = Terminal(), Terminal()
        pushes, reaches = terminal_rows(own.path, other.path)
        rows = pushes + reaches
        path = write(f"{workspace}/attacks", "".join(f"{i}\t" + w.replace(" ", "\t") + "\n" for i, (_, w) in enumerate(rows)))
        out = f"{workspace}/answers"
        script = f"{world.attack} batch {path} > {out}"
        code = own.run(world.command(kind, workspace, ["sh", "-c", script]), world.environment(kind), workspace)
        other.drain(0.05)
        text = open(out, encoding="utf-8").read() if os.path.exists(out) else f"exit {code}"
        told = dict(line.split("\t", 1) for line in text.splitlines() if "\t" in line)
        size = fcntl.ioctl(own.slave, termios.TIOCGWINSZ, b"\0" * 8)
        effects = {len(pushes) + 0: f"{marker}-a".encode() in own.output and "its text was shown",
                   len(pushes) + 1: f"{marker}-b".encode() in other.output and "its text was shown",
                   len(pushes) + 2: size[:2] != b"\x28\0" and "the size changed",
                   len(pushes) + 3: termios.tcgetattr(own.slave)[:4] != own.modes[:4] and "the modes are others now"}
        answers[kind] = (told, effects)
        for terminal in (own, other, *padding):
            terminal.close()
    for i, (name, _) in enumerate(rows):
        judge_terminal(f"terminals: {name}", i, i < len(pushes), answers)
    each_standard_terminal(world)
    sequences(world)


def judge_terminal(name, i, by_answer, answers):
    control, inside = (answers[k][0].get(str(i), "no answer") for k in ("bare", "inside"))
    effect = answers["inside"][1].get(i)
    if effect or (by_answer and inside.split()[0] not in ("denied", "missing", "killed")) or inside == "no answer":
        report.bad(name, f"{effect or ''} {inside} inside")
    elif not control.startswith("done") or (not by_answer and not answers["bare"][1].get(i)):
        report.skip(name, f"control did not succeed ({control})")
    else:
        report.ok(name)


def each_standard_terminal(world):
    """A terminal on one, or all, of 0, 1, 2: inside there must be a terminal, and another."""
    for std in ((True, True, True), (True, False, False), (False, True, False), (False, False, True), (True, True, False)):
        label = ", ".join(str(i) for i in range(3) if std[i])
        workspace, own = world.workspace("inside", "home"), Terminal()
        out = f"{workspace}/identities"
        code = own.run(world.command("inside", workspace, [world.attack, "fd-identities", out]), world.environment("inside"),
                       workspace, std)
        lines = [line.split() for line in open(out, encoding="utf-8")] if os.path.exists(out) else []
        outer = tuple(str(n) for n in own.identity())
        same = [w[0] for w in lines if tuple(w[1:3]) == outer]
        missing = [str(i) for i in range(3) if std[i] and (len(lines) != 3 or lines[i][-1] != "1")]
        report.check(len(lines) == 3 and not same and not missing,
                     f"terminals: one on {label} is replaced by the session's own",
                     f"the person's own on {same}; no terminal on {missing} (exit {code})")
        own.close()


def sequences(world):
    """What a terminal would obey must not come through, wherever the terminal is attached."""
    evil = {"a clipboard write": (rb"\033]52;c;ZXZpbA==\007", b"]52;"),
            "a prompt mark": (rb"\033]133;D;0\007", b"]133;D;0"),
            "a title report": (rb"\033[21t", b"\x1b[21t"),
            "an answerback": (rb"\033P+q544e\033\\", b"\x1bP+q")}
    for fd in (1, 2):
        std = tuple(i == fd for i in range(3))
        text = "".join(e[0].decode() for e in evil.values())
        shown = {}
        for kind in ("bare", "inside"):
            workspace, own = world.workspace(kind, "home"), Terminal()
            own.run(world.command(kind, workspace, ["sh", "-c", f"printf '{text}shown' >&{fd}"]), world.environment(kind),
                    workspace, std)
            own.drain(0.1)
            shown[kind] = own.output
            own.close()
        for name, (_, sign) in evil.items():
            full = f"terminals: {name} on {fd} does not reach the person's"
            if sign not in shown["bare"] or b"shown" not in shown["inside"]:
                report.skip(full, f"control did not succeed ({shown['bare'][-80:]!r}, {shown['inside'][-80:]!r})")
            else:
                report.check(sign not in shown["inside"], full, f"{shown['inside']!r}")


# ---- descriptors ----

def descriptors(world):
    inherited(world)
    for fd in (0, 1, 2):
        standard_file(world, fd)
    standard_fifo(world)
    for kind in ("terminal", "pipe", "file"):
        own_names(world, kind)
    refused_standard(world)
    content(world)


def inherited(world):
    """Cordon is started with descriptors that lead out; inside must not have them."""
    words = {}
    for kind in ("bare", "inside"):
        workspace, outside = world.workspace(kind, "home"), world.outside(kind, "home")
        left, right = socket.socketpair()
        fds = [os.open(outside, os.O_RDONLY), os.open(write(f"{outside}/held"), os.O_RDWR), left.fileno()]
        for verb, argument in (("fd-left", []), ("fd-create", [str(fds[0]), f"{marker}-new"]), ("fd-write", [str(fds[1])]),
                               ("fd-write", [str(fds[2])])):
            key = f"{verb}{len([k for k in words if k[0] == kind])}"
            done = world.run(kind, workspace, [world.attack, verb, *argument], pass_fds=fds)
            words[kind, key] = done.stdout.decode().strip() or f"exit {done.returncode}"
        changed = os.path.exists(f"{outside}/{marker}-new") or open(f"{outside}/held").read() != "decoy\n"
        words[kind, "arrived"] = bool(select.select([right], [], [], 0)[0]) or changed
        for fd in fds[:2]:
            os.close(fd)
        left.close(), right.close()
    names = {"fd-left0": "any is left open", "fd-create1": "create below an inherited folder",
             "fd-write2": "write an inherited file", "fd-write3": "write an inherited socket"}
    for key, name in names.items():
        full = f"descriptors: {name}"
        if words["bare", key] != "done":
            report.skip(full, f"control did not succeed ({words['bare', key]})")
        else:
            inside = words["inside", key]
            report.check(inside.split()[0] in ("denied", "missing", "failed"), full, inside)
    report.check(words["bare", "arrived"] and not words["inside", "arrived"], "descriptors: nothing outside was changed by them",
                 f"bare {words['bare', 'arrived']}, inside {words['inside', 'arrived']}")


def standard_file(world, fd):
    """A regular file of the outside on 0, 1 or 2: its mode, times and attributes stay; and where it is the
    input, its content."""
    changed, answers = {}, {}
    for kind in ("bare", "inside"):
        workspace = world.workspace(kind, "home")
        path = write(f"{world.outside(kind, 'home')}/std{fd}", "kept\n", 0o644)
        flags = os.O_RDONLY if fd == 0 else os.O_WRONLY | os.O_APPEND
        handle = os.open(path, flags)
        verbs = ["fd-chmod", "fd-utimes", "fd-setxattr"] + (["fd-reopen", "fd-write"] if fd == 0 else ["fd-truncate"])
        # The helper answers on 1, so it gets the descriptor in question as 3.
        script = "; ".join(f"{world.attack} {v} 3 3>&{fd} >> {workspace}/answers" for v in verbs)
        options = {0: "stdin", 1: "stdout", 2: "stderr"}
        world.run(kind, workspace, ["sh", "-c", script], **{options[fd]: handle})
        os.close(handle)
        st = os.stat(path)
        text = open(path, encoding="utf-8").read()
        changed[kind] = [n for n, bad in (("mode", st.st_mode & 0o777 != 0o644), ("times", int(st.st_mtime) == 1000000000),
                         ("attributes", bool(os.listxattr(path))), ("content", not text.startswith("kept\n")),
                         ("input's content", fd == 0 and text != "kept\n")) if bad]
        answers[kind] = open(f"{workspace}/answers").read().split("\n") if os.path.exists(f"{workspace}/answers") else []
    name = f"descriptors: a file of the outside on {fd} keeps its mode, times, attributes and content"
    if not changed["bare"]:
        report.skip(name, "control did not succeed (nothing changed)")
    elif not answers["inside"]:
        report.bad(name, "nothing ran inside")
    else:
        report.check(not changed["inside"], name, f"changed: {changed['inside']} {answers['inside']}")


def standard_fifo(world):
    """A named FIFO of the outside as standard input."""
    modes = {}
    for kind in ("bare", "inside"):
        workspace, path = world.workspace(kind, "home"), f"{world.outside(kind, 'home')}/stdfifo"
        os.mkfifo(path, 0o600)
        handle = os.open(path, os.O_RDWR)
        world.run(kind, workspace, [world.attack, "fd-chmod", "0"], stdin=handle)
        os.close(handle)
        modes[kind] = os.stat(path).st_mode & 0o777
    name = "descriptors: a named FIFO of the outside on 0 keeps its mode"
    if modes["bare"] == 0o600:
        report.skip(name, "control did not succeed")
    else:
        report.check(modes["inside"] == 0o600, name, f"mode {modes['inside']:o}")


def own_names(world, kind):
    """/dev/stdout, /dev/stderr and /proc/self/fd work, whatever is attached."""
    script = ("set -e; echo one > /dev/stdout; echo two > /dev/stderr; echo three | tee /dev/stderr > /dev/null; "
              "echo four >> /dev/stderr; echo five > /proc/self/fd/1; echo six > /dev/fd/2")
    workspace = world.workspace("inside", "home")
    argv = world.command("inside", workspace, ["sh", "-c", script])
    env = world.environment("inside")
    if kind == "terminal":
        own = Terminal()
        code = own.run(argv, env, workspace)
        text = own.output
        own.close()
    elif kind == "pipe":
        done = subprocess.run(argv, env=env, cwd=workspace, stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=False)
        code, text = done.returncode, done.stdout + done.stderr
    else:
        path = f"{world.outside('inside', 'home')}/names"
        with open(path, "ab") as f:
            code = subprocess.run(argv, env=env, cwd=workspace, stdin=subprocess.DEVNULL, stdout=f, stderr=f, timeout=30,
                                  check=False).returncode
        text = open(path, "rb").read()
    # Opening a file again may truncate it, as it does without a sandbox; so only the last word must be there.
    wanted = (b"six",) if kind == "file" else (b"one", b"two", b"three", b"four", b"five", b"six")
    report.check(code == 0 and all(w in text for w in wanted), f"descriptors: /dev/stdout and /dev/stderr work on a {kind}",
                 f"exit {code}: {text[-200:]!r}")


def refused_standard(world):
    workspace = world.workspace("inside", "home")
    folder = os.open(world.outside("inside", "home"), os.O_RDONLY)
    left, right = socket.socketpair()
    listener = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(listener.getsockname())
    for name, handle in (("a folder", folder), ("a network socket", client.fileno())):
        done = world.inside(workspace, ["true"], stdin=handle)
        report.check(done.returncode == 125 and done.stderr, f"descriptors: {name} on 0 is refused with a message",
                     f"exit {done.returncode}, {done.stderr!r}")
    # Some programs start others with a nameless pair: what flows may be passed on, the socket may not.
    out = f"{workspace}/identities"
    left.shutdown(socket.SHUT_WR)
    done = world.inside(workspace, [world.attack, "fd-identities", out], stdin=right.fileno())
    inode = str(os.fstat(right.fileno()).st_ino)
    shown = open(out, encoding="utf-8").readline().split() if os.path.exists(out) else []
    report.check((shown and shown[2] != inode) or done.returncode == 125,
                 "descriptors: a nameless socket on 0 is not handed on", f"exit {done.returncode}: {shown}")
    os.close(folder)
    for s in (left, right, client, listener):
        s.close()


def content(world):
    """What goes through files and pipes arrives whole, in order, and where the outside left off."""
    workspace, path = world.workspace("inside", "home"), f"{world.outside('inside', 'home')}/whole"
    data = os.urandom(700_000)
    with open(path + ".in", "wb") as f:
        f.write(data)
    with open(path + ".in", "rb") as source, open(path, "wb") as target:
        target.write(b"before")
        target.flush()
        done = world.inside(workspace, ["cat"], stdin=source, stdout=target)
        target.seek(0, os.SEEK_END)
        target.write(b"after")
    got = open(path, "rb").read()
    report.check(done.returncode == 0 and got == b"before" + data + b"after", "descriptors: files on 0 and 1 pass bytes whole",
                 f"exit {done.returncode}, {len(got)} bytes")
    done = world.inside(workspace, ["cat"], stdin=None, input=data)
    report.check(done.stdout == data, "descriptors: pipes on 0 and 1 pass bytes whole", f"{len(done.stdout)} bytes")
    codes = [world.shell(workspace, f"exit {n}").returncode for n in (0, 7, 255)]
    codes.append(world.inside(workspace, [f"{workspace}/nothing-there"]).returncode)
    codes.append(world.inside(workspace, [write(f"{workspace}/not-executable")]).returncode)
    codes.append(world.shell(workspace, "kill -9 $$").returncode)
    report.check(codes == [0, 7, 255, 127, 126, 137], "descriptors: exit codes are the command's own, 127, 126, 128 + signal", codes)


# ---- roots that must not be one ----

def roots(world):
    home = world.home("inside")
    # Dotfiles kept in a checkout: the start-up file that is obeyed outside lies in it.
    dotted = f"{home}/dotfiles"
    write(f"{dotted}/zshrc")
    os.symlink("dotfiles/zshrc", f"{home}/.zshrc")
    linked = f"{home}/link-to-home"
    os.symlink(home, linked)
    os.makedirs(f"{home}/.config/autostart", exist_ok=True)
    world.inside(world.workspace("inside", "home"), ["true"])  # so that Cordon has a state folder
    candidates = [("/", "the root"), (home, "HOME"), (os.path.dirname(home), "what contains HOME"), ("/usr", "a system folder"),
                  ("/usr/bin", "a folder of PATH"), ("/etc", "the system's configuration"), ("/proc", "/proc"), ("/dev", "/dev"),
                  (f"{home}/.local/bin", "a folder of PATH below HOME"), (f"{home}/.local", "what contains a folder of PATH"),
                  (dotted, "a folder that a start-up file is linked into"), (f"{home}/.config", "the configuration folder"),
                  (f"{home}/.config/git", "git's user configuration"), (f"{home}/.config/autostart", "an autostart folder"),
                  (f"{home}/.config/cordon", "Cordon's configuration"), (f"{home}/.local/state", "what contains Cordon's state"),
                  (f"{home}/.local/state/cordon", "Cordon's state"), (linked, "a link to HOME"),
                  (f"{home}/detour/..", "HOME with a detour")]
    for path, name in candidates:
        if not os.path.isdir(path):
            os.makedirs(path, exist_ok=True)
        done = world.inside(path, ["true"], cwd="/")
        text = done.stderr.decode(errors="replace")
        shown = {path, os.path.realpath(path), path.replace(home, "~"), os.path.realpath(path).replace(home, "~")}
        report.check(done.returncode == 125 and any(s in text for s in shown), f"roots: {name} is refused by name",
                     f"{path}: exit {done.returncode}: {text[-200:]}")
    replaced_root(world)
    hostile_names(world)


def replaced_root(world):
    """A configured root, or a workspace, that an earlier session replaced by a link to a folder outside."""
    outside = f"{world.outside('inside', 'home')}/replaced"
    workspace = world.workspace("inside", "home")
    os.makedirs(outside)
    os.makedirs(f"{workspace}/root")
    policy = write(f"{world.base}/policy.json", '{"version": 1, "write": ["%s/root"]}\n' % workspace, 0o600)
    flags = ("--policy", policy)
    other = world.workspace("inside", "home")
    first = world.shell(other, f"echo x > {workspace}/root/in", flags=flags)
    if first.returncode != 0:
        report.bad("roots: a configured root is writable", f"exit {first.returncode}: {first.stderr[-200:]!r}")
    swapped = world.shell(workspace, f"rm -rf root && ln -s {outside} root")
    if swapped.returncode != 0:
        report.skip("roots: a configured root that became a link", f"the link could not be made: {swapped.stderr[-100:]!r}")
        return
    before = snapshot(outside)
    for name, run in (("a configured root", lambda: world.shell(other, f"echo x > {workspace}/root/new; echo x > {outside}/new",
                                                                flags=flags)),
                      ("a workspace", lambda: world.shell(f"{workspace}/root", f"echo x > {outside}/new", cwd="/"))):
        done = run()
        change = difference(before, snapshot(outside))
        report.check(change is None, f"roots: {name} that became a link does not open what it leads to",
                     f"{change} (exit {done.returncode}: {done.stderr[-100:]!r})")


def hostile_names(world):
    """Names of files are the sandbox's text: no control character of theirs reaches the person's terminal."""
    folder = world.workspace("inside", "home") + "/a\x1b]52;c;ZXZpbA==\x07b"
    done = world.inside(folder, ["true"], cwd="/")
    text = done.stdout + done.stderr
    report.check(done.returncode == 125 and text and b"\x1b" not in text and b"\x07" not in text,
                 "roots: a hostile name of a missing folder is shown escaped", f"exit {done.returncode} {text!r}")


# ---- Cordon's own checkout ----

def checkout(world):
    """Opened in its own clone Cordon keeps its programs, start scripts and build files."""
    programs = os.path.dirname(os.path.realpath(world.cordon))
    source = os.path.dirname(os.path.dirname(programs))
    clone = world.workspace("inside", "home")
    for path in ("build.ninja", "shell", "sandbox", "conpty", "tests", "setup", ".ci", "docs"):
        if os.path.isdir(f"{source}/{path}"):
            shutil.copytree(f"{source}/{path}", f"{clone}/{path}")
        elif os.path.exists(f"{source}/{path}"):
            shutil.copy(f"{source}/{path}", clone)
    os.makedirs(f"{clone}/out/linux")
    for name in ("cordon", "cordon-runner"):
        if os.path.exists(f"{programs}/{name}"):
            shutil.copy(f"{programs}/{name}", f"{clone}/out/linux/{name}")
    if not os.path.exists(f"{clone}/build.ninja") or not os.path.exists(f"{clone}/out/linux/cordon"):
        report.skip("checkout: Cordon keeps its own programs", "cordon does not lie in a checkout")
        return
    write(f"{clone}/.ci/run", "#!/bin/sh\n", 0o755)
    rows = [("its program", "echo evil >> out/linux/cordon"), ("its runner", "echo evil >> out/linux/cordon-runner"),
            ("a new file among its programs", "echo evil > out/linux/new"), ("its programs' folder", "mv out/linux out/l"),
            ("the output folder", "mv out o"), ("the start script", "echo evil >> shell/run.sh"),
            ("the start script, replaced", "echo evil > r; mv -f r shell/run.sh"), ("its folder", "mv shell s"),
            ("the build file", "echo evil >> build.ninja"), ("the build file, replaced", "echo > b; mv -f b build.ninja"),
            ("a build fragment", "echo evil >> sandbox/sandbox.ninja"), ("the source of the sandbox", "echo evil >> sandbox/runner.c"),
            ("the tests' start script", "echo evil >> tests/run.sh"), ("the script of continuous integration", "echo evil >> .ci/run")]
    kept = ["out", "shell", "build.ninja", "sandbox", "tests/run.sh", ".ci"]
    before = snapshot(*(f"{clone}/{k}" for k in kept))
    own = World.__new__(World)
    own.__dict__.update(world.__dict__, cordon=f"{clone}/out/linux/cordon")
    for name, script in rows:
        if not os.path.exists(f"{clone}/{script.split()[-1]}") and ">>" in script:
            report.skip(f"checkout: {name}", "not in this checkout")
            continue
        done = own.shell(clone, script)
        change = difference(before, snapshot(*(f"{clone}/{k}" for k in kept)))
        report.check(done.returncode not in (0, 124, 125) and change is None, f"checkout: {name} cannot be changed",
                     f"exit {done.returncode}: {change} {done.stderr[-150:]!r}")
        if change:
            before = snapshot(*(f"{clone}/{k}" for k in kept))
    done = own.shell(clone, "echo x > docs/new && echo x > notes && mkdir new && mv notes new/")
    report.check(done.returncode == 0, "checkout: elsewhere in it one can work", f"exit {done.returncode}: {done.stderr[-200:]!r}")


# ---- the trusted side obeys nothing of the workspace ----

def trusted(world):
    """Programs, libraries, start files and git settings of the workspace that would run outside."""
    proof = f"{world.outside('inside', 'home')}/pwned"
    workspace = world.workspace("inside", "home")
    make_repository(workspace)
    evil = f"#!/bin/sh\necho evil >> {proof}\n"
    for name in ("sh", "bash", "git", "cordon-runner", "cordon", "newuidmap", "mount", "id", "tput", "stty"):
        write(f"{workspace}/bin/{name}", evil, 0o755)
    write(f"{workspace}/start", f"echo evil >> {proof}\n")
    with open(f"{workspace}/.git/config", "a", encoding="utf-8") as f:
        f.write(f"[core]\n\tfsmonitor = \"{workspace}/bin/id\"\n\tpager = {workspace}/bin/id\n[alias]\n\tst = !{workspace}/bin/id\n")
    subprocess.run(["git", "status"], cwd=workspace, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    control = os.path.exists(proof)
    if control:
        os.unlink(proof)
    env = world.environment("inside", BASH_ENV=f"{workspace}/start", ENV=f"{workspace}/start", TERMINFO=f"{workspace}/bin",
                            INPUTRC=f"{workspace}/start")
    env["PATH"] = f"{workspace}/bin:.:{env['PATH']}"
    done = world.inside(workspace, ["/bin/true"], env=env)
    name = "trusted: Cordon starts no program and obeys no file of the workspace"
    if not control:
        report.skip(name, "control did not succeed (git outside did not run fsmonitor)")
    else:
        report.check(not os.path.exists(proof), name, f"the decoy ran (exit {done.returncode})")


def environment(world):
    """What would lead out of the sandbox is not handed on; what a person needs is."""
    workspace = world.workspace("inside", "home")
    dropped = ["SSH_AUTH_SOCK", "GPG_AGENT_INFO", "DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "XAUTHORITY", "WAYLAND_DISPLAY", "PULSE_SERVER",
               "TMUX", "STY", "VSCODE_IPC_HOOK_CLI", "WSL_INTEROP", "DOCKER_HOST", "NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID",
               "AWS_SECRET_ACCESS_KEY", "DECOY_TOKEN", "DECOY_SECRET_KEY"]
    values = {n: f"{marker}" for n in dropped}
    env = world.environment("inside", KEPT_ONE="kept value", MAKEFLAGS="-j2 --jobserver-auth=7,8", **values)
    env["XDG_RUNTIME_DIR"] = f"{world.outside('inside', 'home')}/run"
    got = world.inside(workspace, ["env"], env=env)
    text = got.stdout.decode(errors="replace")
    names = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    for name in dropped:
        if name.startswith("LISTEN") and name not in names:
            report.ok(f"environment: {name} is not handed on")
            continue
        report.check(names.get(name) != marker and bool(names), f"environment: {name} is not handed on", f"exit {got.returncode}")
    report.check(names.get("KEPT_ONE") == "kept value", "environment: other variables are", names.get("KEPT_ONE"))
    report.check("jobserver" not in names.get("MAKEFLAGS", "") and names, "environment: MAKEFLAGS loses its jobserver",
                 names.get("MAKEFLAGS"))
    report.check(names.get("HOME") == world.home("inside"), "environment: HOME is the person's", names.get("HOME"))
    report.check(names.get("XDG_RUNTIME_DIR") != env["XDG_RUNTIME_DIR"], "environment: the runtime folder is private",
                 names.get("XDG_RUNTIME_DIR"))
    done = world.shell(workspace, 'f=$(mktemp) && echo x > "$f" && test -d "${TMPDIR:-/tmp}" && id -u && pwd')
    report.check(done.stdout.decode().split() == [str(os.getuid()), workspace], "environment: mktemp, the user and the place are as outside",
                 f"{done.stdout!r} {done.stderr[-100:]!r}")
    one, two = (world.shell(workspace, "echo left > /tmp/left-over; ls -A /tmp /var/tmp").stdout for _ in range(2))
    report.check(b"left-over" in one and one == two and not os.path.exists("/tmp/left-over"), "environment: /tmp is the session's own",
                 f"{one!r} {two!r}")
    done = world.shell(workspace, "find /run /tmp /var/tmp -type s 2>/dev/null | head -3")
    report.check(done.returncode == 0 and not done.stdout.strip(), "environment: no socket of the outside is to be seen", done.stdout)


# ---- mounts made around a session (root only: nobody else may) ----

def mounts(world):
    late = "mounts: one made outside during a session is not writable inside"
    kept = "mounts: a read-only mount in the workspace stays read-only"
    if not as_root or subprocess.run(["unshare", "-m", "true"], check=False, stderr=subprocess.DEVNULL).returncode != 0:
        report.skip(late, "needs the right to mount outside")
        report.skip(kept, "needs the right to mount outside")
        return
    # In a mount namespace of the test's own, so that the machine's table of mounts stays as it is.
    workspace, outside = world.workspace("inside", "home"), world.outside("inside", "home")
    os.makedirs(f"{outside}/late"), os.makedirs(f"{workspace}/ro"), os.makedirs(f"{workspace}/rw")
    inner = (f"echo up > {workspace}/up; n=0; while [ ! -e {workspace}/go ] && [ $n -lt 100 ]; do sleep 0.05; n=$((n+1)); done; "
             f"echo evil > {outside}/late/new; echo evil > {workspace}/ro/new; echo x > {workspace}/rw/new; true")
    cordon = " ".join(f"'{w}'" for w in world.command("inside", workspace, ["sh", "-c", inner]))
    script = (f"mount --make-rshared / && mount -t tmpfs -o ro none {workspace}/ro && mount -t tmpfs none {workspace}/rw && "
              f"{{ {cordon} & n=0; while [ ! -e {workspace}/up ] && [ $n -lt 200 ]; do sleep 0.05; n=$((n+1)); done; "
              f"mount -t tmpfs none {outside}/late && echo mounted; echo > {workspace}/go; wait; "
              f"echo late: $(ls {outside}/late); echo ro: $(ls {workspace}/ro); echo rw: $(ls {workspace}/rw); }}")
    script = script.replace("mount --make-rshared /", "mount --make-rprivate / && mount --make-rshared /")
    done = subprocess.run(["unshare", "-m", "sh", "-c", script], env=world.environment("inside"), cwd=workspace, timeout=60,
                          stdin=subprocess.DEVNULL, capture_output=True, check=False)
    text = done.stdout.decode(errors="replace")
    if "mounted" not in text:
        report.skip(late, f"control did not succeed ({done.stderr[-150:]!r})")
        report.skip(kept, "control did not succeed")
        return
    report.check(os.path.exists(f"{workspace}/up") and re.search(r"^late:\s*$", text, re.M), late, text)
    report.check(os.path.exists(f"{workspace}/up") and re.search(r"^ro:\s*$", text, re.M), kept, text)
    report.check(re.search(r"^rw: new$", text, re.M), "mounts: a writable mount in the workspace stays writable", text)



SECTIONS = {"protected": protected, "policies": policies, "terminals": terminals, "descriptors": descriptors, "roots": roots,
            "checkout": checkout, "trusted": trusted, "environment": environment, "mounts": mounts}
