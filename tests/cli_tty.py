"""A terminal around cordon: keys, sizes, signals, modes put back. Used by test_cli.sh."""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

cordon, work, other = sys.argv[1:4]
failed = False


def check(good, name, why=""):
    global failed
    failed = failed or not good
    text = " ".join(repr(why).split())[:300]
    print(f"ok {name}" if good else f"not ok {name}: {text}", flush=True)


class Terminal:
    def __init__(self, arguments, rows=33, columns=77, cwd=work, program=cordon):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.chdir(cwd)
            os.execv(program, [program] + arguments)
        self.said = b""

    def read(self, seconds):
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if not ready:
            return False
        try:
            got = os.read(self.fd, 65536)
        except OSError:
            return False
        self.said += got
        return bool(got)

    def until(self, text, seconds=8):
        end = time.monotonic() + seconds
        while text not in self.said and time.monotonic() < end:
            self.read(0.1)
        return text in self.said

    def keys(self, text):
        os.write(self.fd, text)

    def end(self, seconds=8):
        """The exit code as a shell has it, or a word."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.read(0.02)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                code = os.waitstatus_to_exitcode(status)
                return code if code >= 0 else 128 - code
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        return "still running"


t = Terminal(["run", "--", "sh", "-c", "stty size; read x; echo got:$x; exit 4"])
check(t.until(b"33 77"), "the size of the terminal inside", t.said)
t.keys(b"word\r")
check(t.until(b"got:word"), "keys reach the program", t.said)
check(t.end() == 4, "its code comes back", t.said)

t = Terminal(["run", "--", "sh", "-c", "tty; test -t 0 && test -t 1 && test -t 2 && echo all-three"])
check(t.until(b"all-three"), "all three are a terminal inside", t.said)
check(t.end() == 0, "and it ends", t.said)

if os.path.exists("/bin/bash"):
    t = Terminal(["--norc", "--noprofile", "-i"], program="/bin/bash")
    t.keys(b"PS1='rea''dy> '\r")
    t.until(b"ready> ")
    t.keys(f"'{cordon}' run -- sh -c 'read x; echo got:$x; exit 4' &\r".encode())
    time.sleep(1)
    t.said = b""
    t.keys(b"fg\r")
    time.sleep(0.5)
    t.keys(b"word\r")
    check(t.until(b"got:word"), "keys reach what was started in the background and brought to the foreground", t.said)
    time.sleep(1) # until the outer shell has its terminal again
    t.keys(b"echo its-''code-$?\r")
    check(t.until(b"its-code-4"), "and its code comes back", t.said)
    t.keys(b"exit\r")
    t.end()

# exec: an interrupt between its echo and its sleep is lost on a bare dash too.
t = Terminal(["run", "--", "sh", "-c", "echo ready; exec sleep 60"])
t.until(b"ready")
t.keys(b"\x03")
check(t.end() == 130, "Ctrl-C ends a program with 130", t.said)

t = Terminal(["run", "--", "sh", "-c", "trap 'stty size; exit 9' WINCH; echo ready; while :; do sleep 0.05; done"])
t.until(b"ready")
fcntl.ioctl(t.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 41, 99, 0, 0))
check(t.until(b"41 99"), "a change of size reaches the program", t.said)
check(t.end() == 9, "by a signal", t.said)

t = Terminal(["run", "--", "cat"])
t.keys(b"line\r")
t.until(b"line\r\nline")
t.keys(b"\x04")
check(t.end() == 0, "Ctrl-D is the end of the input", t.said)

t = Terminal(["run", "--", "sh", "-c", "printf 'title\\033]52;c;eA==\\007end'; echo"])
t.end()
check(b"end" in t.said and b"]52" not in t.said, "what a program must not send is taken out", t.said)


def outer(script):
    """A shell on the terminal that runs cordon in between, so that modes can be looked at afterwards."""
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(work)
        os.environ["CORDON"] = cordon
        os.execv("/bin/sh", ["sh", "-c", script])
    t = Terminal.__new__(Terminal)
    t.pid, t.fd, t.said = pid, fd, b""
    return t


t = outer('a=$(stty -g); "$CORDON" run -- sh -c "stty raw -echo; exit 5"; echo code:$?; '
          'b=$(stty -g); [ "$a" = "$b" ] && echo same-modes')
check(t.until(b"code:5") and t.until(b"same-modes"), "modes come back after a program that changed them", t.said)
t.end()

t = outer('a=$(stty -g); "$CORDON" run -- sh -c "kill -9 1; kill -9 \\$PPID; sleep 1; kill -SEGV \\$\\$"; '
          'echo code:$?; b=$(stty -g); [ "$a" = "$b" ] && echo same-modes')
check(t.until(b"same-modes"), "modes come back after a program that was killed", t.said)
t.end()

for name in ("TERM", "HUP", "SEGV"):
    t = outer('a=$(stty -g); sh -c \'echo $$ >outer.pid; exec "$CORDON" run -- sh -c "echo ready; sleep 60"\'; '
              'echo code:$?; b=$(stty -g); [ "$a" = "$b" ] && echo same-modes')
    t.until(b"ready")
    time.sleep(0.1)
    with open(os.path.join(work, "outer.pid")) as f:
        os.kill(int(f.read()), getattr(signal, "SIG" + name))
    wanted = 128 + getattr(signal, "SIG" + name)
    check(t.until(b"code:%d" % wanted), f"SIG{name} from outside gives {wanted}", t.said)
    check(t.until(b"same-modes"), f"modes come back after SIG{name}", t.said)
    t.end()

t = outer('set -m; "$CORDON" run -- sh -c "echo from-behind; sleep 0.2; exit 6" & wait $!; echo code:$?')
check(t.until(b"from-behind") and t.until(b"code:6"), "a job in the background is not stopped by its terminal", t.said)
t.end()

t = outer('"$CORDON" run -- sh -c "tty <&2 && test ! -t 1 && echo in-pipe" | cat; echo over')
check(t.until(b"in-pipe") and t.until(b"over"), "one of the three may be a pipe", t.said)
t.end()

t = outer('echo fed | "$CORDON" run -- sh -c "cat; test -t 1 && echo out-is-terminal"; echo over')
check(t.until(b"fed") and t.until(b"out-is-terminal"), "standard input may be a pipe", t.said)
check(b"\r\r\n" not in t.said, "lines end once where the terminal is not raw", t.said)
t.end()

t = outer('"$CORDON" run -- cat | tr a-z A-Z; echo over')
time.sleep(0.5)
t.keys(b"abc\r")
t.keys(b"\x04")
check(t.until(b"ABC") and t.until(b"over"), "keys are taken when a program waits for them", t.said)
t.end()

# ---- built-ins at the keyboard ----

def reply(t, text, wanted, seconds=8):
    t.said = b""
    t.keys(text + b"\r")
    return t.until(wanted, seconds)


# The mark behind a prompt. What is typed before it is there is typed ahead, and is no built-in.
PROMPT = b"\033]133;B\033\\"


def line(t, text, wanted, seconds=8):
    t.until(PROMPT, seconds)
    return reply(t, text, wanted, seconds)


def answer(t, text, key, wanted):
    if not line(t, text, b"[y/N]"):
        return False
    time.sleep(0.5)  # an answer before a person could have read the question is none
    return reply(t, key, wanted)


def start(arguments, cwd=work):
    t = Terminal(arguments, cwd=cwd)
    t.read(3)
    time.sleep(0.7)
    return t


os.makedirs(os.path.join(other, "below"), exist_ok=True)
try:
    os.symlink(other, os.path.join(work, "link"))
except FileExistsError:
    pass

t = start([])
check(line(t, b":status", b"workspace: ~/work"), ":status names the workspace", t.said)
check(line(t, b":stauts", b"did you mean :status?"), "the nearest built-in is named", t.said)
check(line(t, b":net limited", b"does not exist yet"), ":net limited is refused by name", t.said)
check(line(t, b":allow /etc", b"system folder"), ":allow of a system folder is refused", t.said)
check(line(t, b":allow link", b"leads to"), ":allow shows where a link leads", t.said)
time.sleep(0.5)
check(reply(t, b"n", b"nothing was changed"), "no is an answer", t.said)
check(answer(t, b":allow link", b"y", b"writable now"), ":allow makes a folder writable", t.said)
check(line(t, b"echo x >" + other.encode() + b"/allowed && echo al''lowed", b"allowed\r\n") and
      os.path.exists(os.path.join(other, "allowed")), "a program can write there now", t.said)
check(line(t, b":revoke " + other.encode(), b"read-only now"), ":revoke takes it back", t.said)
line(t, b"echo x >" + other.encode() + b"/revoked; echo re''voked", b"revoked\r\n")
check(not os.path.exists(os.path.join(other, "revoked")), "and nothing can write there any more", t.said)
check(answer(t, b":net online", b"y", b"online now"), ":net online after a fresh yes", t.said)
check(line(t, b":net", b"network: online"), ":net shows it", t.said)
check(line(t, b":net offline", b"offline now"), ":net offline needs no answer", t.said)
t.until(PROMPT)
t.said = b""
t.keys(b":net online\ry\ry\r")
t.until(b"[y/N]")
time.sleep(1)
t.keys(b"\r")
time.sleep(0.5)
t.keys(b"\x15")
check(line(t, b":net", b"network: offline"), "an answer typed ahead is none", t.said)
check(line(t, b":net online", b"[y/N]"), "a question again", t.said)
time.sleep(0.5)
t.keys(b"\033[200~y\r\033[201~")
time.sleep(0.7)
t.keys(b"\x15")
check(line(t, b":net", b"network: offline"), "a pasted answer is none", t.said)
os.makedirs(os.path.join(work, ".claude"), exist_ok=True)
check(line(t, b":reapply", b"in force now"), ":reapply protects what appeared", t.said)
line(t, b"echo x >.claude/x; echo af''ter", b"after\r\n")
check(not os.path.exists(os.path.join(work, ".claude", "x")), "and it is read-only now", t.said)
check(line(t, b":reapply", b"nothing has changed"), ":reapply says when nothing changed", t.said)
line(t, b"sleep 100 & job=$!; echo sta''rted", b"started\r\n")
with open(os.path.expanduser("~/.npmrc"), "w") as f:
    f.write("secret\n")
check(line(t, b"cat ~/.npmrc; echo ca''t", b"cat\r\n") and b"secret" not in t.said, "a secret that appeared is covered", t.said)
check(line(t, b":reapply", b"in force now, for what runs too") and b".npmrc" in t.said, ":reapply names it", t.said)
os.rename(os.path.join(work, ".claude"), os.path.join(work, "was"))
os.makedirs(os.path.join(work, ".claude"))
line(t, b"echo x >.claude/x; echo af''ter", b"after\r\n")
check(not os.path.exists(os.path.join(work, ".claude", "x")), "another folder of a protected name is read-only too", t.said)
check(line(t, b":reapply", b"in force now, for what runs too"), ":reapply takes it in", t.said)
check(line(t, b"kill -0 $job && echo st''ill", b"still\r\n"), "and what ran before runs on", t.said)
line(t, b"kill $job; echo en''ded", b"ended\r\n")
check(line(t, b":why " + other.encode() + b" write", b"refused"), ":why", t.said)
check(line(t, b":help", b"history.") and b"\n  :status" in t.said and
      max(len(l.rstrip(b"\r")) for l in t.said.split(b"\n") if l.startswith(b" ")) <= 77, ":help is broken between words", t.said)
line(t, b"lost_one=1; set -o noclobber; echo se''t", b"set\r\n")
check(line(t, b":open " + other.encode(), b"working in"), ":open moves the workspace", t.said)
check(b"not carried over: variable" in t.said and b"lost_one" in t.said and b"not carried over: options of the shell" in t.said,
      "what is lost is named", t.said)
check(line(t, b"pwd; echo y >opened; echo mo''ved", b"moved\r\n") and b"/other" in t.said and
      os.path.exists(os.path.join(other, "opened")), "the shell begins there, and can write", t.said)
check(line(t, b":doctor", b"tier:") and b"BROKEN" not in t.said, ":doctor finds everything held", t.said)
t.until(PROMPT)
t.keys(b":quit 5\r")
check(t.end() == 5, ":quit gives its code", t.said)

nested = os.path.join(work, "up", "root")
os.makedirs(nested)
os.makedirs(os.path.join(work, "lib", "one", ".git"))
t = start(["--write", nested, "--protect", "**/.git"])
line(t, b"mv up up2 && echo x >up2/root/f; echo mo''ved", b"moved\r\n")
check(os.path.exists(os.path.join(work, "up2", "root", "f")), "a folder above a writable root is renamed inside", t.said)
check(line(t, b":revoke up/root", b"read-only now"), ":revoke closes it where it is", t.said)
line(t, b"echo x >up2/root/g; echo re''voked", b"revoked\r\n")
check(not os.path.exists(os.path.join(work, "up2", "root", "g")), "and it is closed", t.said)
line(t, b"sleep 100 & job=$!; mkdir -p lib/two/.git; echo ma''de", b"made\r\n")
check(not os.path.exists(os.path.join(work, "lib", "two", ".git")), "a name of any depth cannot be made", t.said)
os.makedirs(os.path.join(work, "lib", "two", ".git"), exist_ok=True)
check(line(t, b":reapply", b"in force now, for what runs too") and b"lib/one/.git" in t.said and b"lib/two/.git" in t.said,
      ":reapply finds what has a name of any depth", t.said)
check(line(t, b"kill $job && { wait $job 2>/dev/null; echo st''ill; }", b"still\r\n"), "and what ran runs on", t.said)
check(line(t, b":reapply", b"nothing has changed"), "a second one finds nothing", t.said)
t.until(PROMPT)
t.keys(b":quit\r")
check(t.end() == 0, "it ends after that", t.said)

t = start(["--agent"])
for words in (b":net online", b":allow " + other.encode(), b":open " + other.encode()):
    check(line(t, words, b"--agent, which locks"), "--agent locks " + words.split()[0].decode(), t.said)
check(line(t, b":demo", b"--agent locks"), "--agent locks :demo", t.said)
t.until(PROMPT)
t.keys(b":quit\r")
check(t.end() == 0, "and ends", t.said)

t = start([], cwd=os.path.dirname(work))
check(line(t, b":status", b"workspace: none"), "in HOME it opens without a workspace", t.said)
line(t, b"echo x >new-file; echo af''ter", b"after\r\n")
check(not os.path.exists(os.path.join(os.path.dirname(work), "new-file")), "where nothing is writable", t.said)
check(line(t, b":open work", b"working in"), "and :open leads to one", t.said)
t.until(PROMPT)
check(b"not carried over" not in t.said, "nothing is called lost where nothing was", t.said)
t.keys(b":quit\r")
check(t.end() == 0, "it ends after :open", t.said)

sys.exit(failed)
