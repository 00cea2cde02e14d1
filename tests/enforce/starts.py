"""
How Cordon is started must not matter: from a folder that is secret, with a controlling terminal that is on none of
0, 1, 2, in a process group with others, with signals ignored or descriptors closed.
"""

import os
import signal
import subprocess

from harness import Terminal, marker, report, write


def starts(world):
    process_group(world)
    terminal_elsewhere(world)
    secret_place(world)
    odd_conditions(world)


def process_group(world):
    """A signal or a priority for one's own process group must not reach who started Cordon in the same one."""
    for name, script in (("kill by the process group", "kill -9 0"), ("stop by the process group", "kill -STOP 0"),
                         ("renice the process group", "renice -n 7 -g 0 > /dev/null")):
        survived = {}
        for kind in ("bare", "inside"):
            workspace = world.workspace(kind, "home")
            inner = " ".join(f"'{w}'" for w in world.command(kind, workspace, ["sh", "-c", script]))
            outer = f"{inner}; nice > {workspace}/after"
            child = subprocess.Popen(["sh", "-c", outer], env=world.environment(kind), cwd=workspace, start_new_session=True,
                                     stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                child.wait(1.5)
            except subprocess.TimeoutExpired:
                # A group that has stopped itself, outside; inside, Cordon whose command has.
                os.killpg(child.pid, signal.SIGKILL) if kind == "bare" else end_stopped(child)
                child.wait()
            path = f"{workspace}/after"
            survived[kind] = open(path, encoding="utf-8").read().strip() if os.path.exists(path) else "ended"
        own = str(os.nice(0))
        full = f"starts: {name} does not reach who started Cordon"
        if survived["bare"] == own:
            report.skip(full, "control did not succeed")
        else:
            report.check(survived["inside"] == own, full, f"{survived['inside']} (outside: {survived['bare']})")


def end_stopped(child):
    """Cordon waits for a command that stopped itself. Ending Cordon alone shows whether its starter goes on."""
    with open(f"/proc/{child.pid}/task/{child.pid}/children", encoding="utf-8") as f:
        for pid in f.read().split():
            os.kill(int(pid), signal.SIGKILL)


def terminal_elsewhere(world):
    """The person's terminal is the controlling one, but none of 0, 1, 2: /dev/tty must not lead to it."""
    for name, script in (("write to it", f"echo {marker}-tty > /dev/tty"), ("push a key into it", f"{world.attack} push-key /dev/tty")):
        worked = {}
        for kind in ("bare", "inside"):
            workspace, own = world.workspace(kind, "home"), Terminal()
            code = own.run(world.command(kind, workspace, ["sh", "-c", script]), world.environment(kind), workspace,
                           (False, False, False))
            own.drain(0.05)
            worked[kind] = code == 0 if "push" in script else f"{marker}-tty".encode() in own.output
            own.close()
        full = f"starts: a controlling terminal on none of 0, 1, 2: {name} by /dev/tty"
        if not worked["bare"]:
            report.skip(full, "control did not succeed")
        else:
            report.check(not worked["inside"], full, "it worked inside")


def secret_place(world):
    """Started in a secret folder, or with a secret folder that is a link, nothing of it is readable."""
    home, workspace = world.home("inside"), world.workspace("inside", "home")
    write(f"{home}/.gnupg/key", "decoy secret\n", 0o600)
    write(f"{home}/elsewhere/azure/key", "decoy secret\n", 0o600)
    if not os.path.lexists(f"{home}/.azure"):
        os.symlink("elsewhere/azure", f"{home}/.azure")
    for name, place, script in (("the working directory Cordon was started in", f"{home}/.gnupg", "cat key || cat ./key || cat ../.gnupg/key"),
                                ("a secret folder that is a link", workspace, f"cat {home}/.azure/key || cat {home}/elsewhere/azure/key")):
        done = world.shell(workspace, script + " || echo refused", cwd=place)
        report.check(b"decoy" not in done.stdout and (b"refused" in done.stdout or done.returncode == 125),
                     f"starts: a secret is not read by {name}", f"exit {done.returncode}: {done.stdout!r} {done.stderr[-100:]!r}")


ODD = (("SIGCHLD ignored", "signal.signal(signal.SIGCHLD, signal.SIG_IGN)"),
       ("SIGPIPE ignored", "signal.signal(signal.SIGPIPE, signal.SIG_IGN)"),
       ("every signal blocked", "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))"),
       ("an umask of 077", "os.umask(0o077)"), ("few descriptors allowed", "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))"),
       ("an unknown environment", "os.environ.clear(); os.environ['HOME'] = os.path.dirname(os.path.dirname(os.getcwd()))"))


def odd_conditions(world):
    for name, odd in ODD:
        workspace = world.workspace("inside", "home")
        argv = world.command("inside", workspace, [world.attack, "status", "SigIgn", "16", "0"])
        script = f"import os, resource, signal, sys\n{odd}\nos.execv(sys.argv[1], sys.argv[1:])"
        try:
            done = subprocess.run(["python3", "-B", "-c", script, *argv], env=world.environment("inside"), cwd=workspace, timeout=10,
                                  stdin=subprocess.DEVNULL, capture_output=True, restore_signals=False, check=False)
            report.check(done.returncode in (0, 1), f"starts: with {name}", f"exit {done.returncode}: {done.stderr[-200:]!r}")
        except subprocess.TimeoutExpired:
            report.bad(f"starts: with {name}", "still running after 10 s")
    workspace = world.workspace("inside", "home")
    for fds in ("0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"):
        inner = " ".join(f"'{w}'" for w in world.command("inside", workspace, [world.attack, "fd-left"]))
        code = subprocess.run(["sh", "-c", f"{inner} {fds}"], env=world.environment("inside"), cwd=workspace, timeout=30,
                              stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode
        report.check(code in (1, 125), f"starts: with {fds} nothing else takes the place", f"exit {code}")


SECTIONS = {"starts": starts}
