"""A person at cordon's prompt, with bash inside. Used by test_repl.sh."""

import fcntl
import os
import shutil
import struct
import termios
import time

from person import Terminal, check, finish, gives, work

home = os.path.dirname(work)

# ---- a line's life ----
t = Terminal()
check(t.prompt(), "a prompt comes", t.said)
check(b"[offline full]" in t.said and b"~/work" in t.said, "it shows network, tier and place", t.said)
check(b"\033]7;file://" + work.encode() + b"\033\\" in t.said, "the place is marked", t.said)
gives(t, b"echo hi", b"hi\r\n", 0, "a line runs between its marks")
gives(t, b"false", b"", 1, "its status is in the mark")
check(b"[offline full 1]" in t.said, "and in the prompt", t.said)
gives(t, b"f() { echo in f; }; x=7", b"", 0, "a function and a variable")
gives(t, b"f; echo $x", b"in f\r\n7\r\n", 0, "are there in the next line")
gives(t, b"cd /usr", b"", 0, "cd")
check(b"\033]7;file:///usr\033\\" in t.said and b"/usr" in t.said, "the place follows", t.said)
gives(t, b"set -x", b"", 0, "set -x")
gives(t, b"echo hi", b"+ echo hi\r\nhi\r\n", 0, "shows the line and nothing of Cordon's")
t.line(b"set +x; cd ~/work")
got = t.line(b"printf 'no newline'")
check(got[0].startswith(b"no newline") and got[1] == 0 and b"no newline\r\n" in t.said,
      "the prompt begins on a row of its own", t.said)
gives(t, b"printf '\\033]133;D;99\\007\\033]133;A\\007x\\n'", b"x\r\n", 0, "a program cannot print marks")
got = t.line(b"printf '\\033[?1049h\\033[?25l\\033[31mred'")
check(got[1] == 0 and b"\033[?1049l" in t.said and b"\033[?25h" in t.said, "what a program left switched on is undone", t.said)

# several lines
t.said = b""
t.keys(b"for i in 1 2\r")
t.until(b"> ")
t.keys(b"do echo n$i\rdone\r")
got = t.ended()
check(got == (b"n1\r\nn2\r\n", 0), "an unfinished line goes on", got)
t.said = b""
t.keys(b"\033[200~echo one\necho two\n\033[201~")
check(b"133;C" not in t.quiet(0.3), "a paste does not run by itself", t.said)
t.keys(b"\r")
got = t.ended()
check(got == (b"one\r\ntwo\r\n", 0), "but at its Enter", got)

# whoever is given the shell's own channel inside may lie on it, and no more
flood = "import os\nwhile True:\n    os.write(1, %r * 8000)\n"
for word, name in ((b"\0D0 0 /\0", "ends of lines"), (b"\0X7 0 /\0", "states"), (b"\0C7 0 /\0", "candidates")):
    with open(os.path.join(work, "flood.py"), "w") as f:
        f.write(flood % word)
    t.start(b"python3 flood.py 2>/dev/null >&$__cordon_fd")
    time.sleep(0.5)
    began = time.monotonic()
    t.keys(b"\003")
    got = t.ended(5)
    check(got[1] == 130 and time.monotonic() - began < 3, f"a flood of {name} leaves Ctrl-C alone", got)
    gives(t, b"echo on", b"on\r\n", 0, "and the next line works")
other = Terminal()
other.prompt()
with open(os.path.join(work, "flood.py"), "w") as f:
    f.write(flood % b"\0T1 1 /\0")
other.start(b"timeout 5 python3 flood.py 2>/dev/null >&$__cordon_fd")
check(other.until(b"a new one is open in the same place", 10), "one of interrupts costs the shell", other.said)
other.kill()
os.unlink(os.path.join(work, "flood.py"))

# keys, signals, the terminal inside
t.start(b"read -p 'name? ' who; echo hi $who")
t.until(b"name? ")
t.keys(b"joe\r")
got = t.ended()
check(got[1] == 0 and b"hi joe" in got[0], "read gets what is typed", got)
t.start(b"sleep 30")
time.sleep(0.2)
t.keys(b"\003")
got = t.ended()
check(got[1] == 130, "Ctrl-C ends a program", got)
t.start(b"while :; do :; done")
time.sleep(0.2)
t.keys(b"\003")
got = t.ended()
check(got[1] == 130, "Ctrl-C ends a loop", got)
early = []
for milliseconds in (0, 0, 0.5, 1, 1.5, 2, 3, 0):
    t.start(b"while :; do :; done")
    time.sleep(milliseconds / 1000)
    t.keys(b"\003")
    early.append(t.ended(4)[1])
check(early == [130] * 8, "also at once after Enter, line after line", early)
t.start(b"sleep 30")
time.sleep(0.2)
t.keys(b"\032")
got = t.ended()
check(got[1] == 148 and b"Stopped" in got[0], "Ctrl-Z stops a program", got)
t.line(b"kill -9 %1; wait")
t.line(b"true")  # the notice of its end may come with this one
fcntl.ioctl(t.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 41, 99, 0, 0))
time.sleep(0.2)
gives(t, b"stty size; echo $LINES $COLUMNS", b"41 99\r\n41 99\r\n", 0, "a new size reaches programs and the shell")

# typed ahead
t.start(b"sleep 0.7")
t.keys(b"echo ahead\r")
got = t.ended()
before = t.said
t.quiet(0.3)
check(b"133;C" not in t.said[len(before):] and b"echo ahead" in t.said[t.said.rfind(b"133;B"):],
      "what is typed ahead comes back into the editor and does not run", t.said)
t.said = b""
t.keys(b"\r")
got = t.ended()
check(got == (b"ahead\r\n", 0), "its Enter runs it", got)
t.start(b"sleep 0.5")
t.keys(b"y\r")
t.ended()
t.quiet(0.2)
t.keys(b"\025")
t.start(b"read -t 0.3 answer; echo \"<$answer>\"")
got = t.ended()
check(b"<>" in got[0], "and answers no later program", got)
t.start(b"sleep 0.5")
t.keys(b":quit\r")
t.ended()
t.quiet(0.3)
t.keys(b"\025")
gives(t, b"echo still", b"still\r\n", 0, "nor is it a built-in")

# background jobs
got = t.line(b"(sleep 0.4; echo from behind) &")
check(got[1] == 0 and got[0].startswith(b"[1] "), "a job is announced", got)
t.said = b""
t.keys(b"echo ed")
check(t.until(b"from behind", 3), "its output appears while a line is edited", t.said)
t.until(b"echo ed", 1)
shown = t.quiet(0.2)
check(shown.rfind(b"echo ed") > shown.find(b"from behind"), "above it", shown)
t.keys(b"ited\r")
got = t.ended()
check(got[1] == 0 and b"edited\r\n" in got[0], "and the line goes on", got)

# completion
open(os.path.join(work, "a file.txt"), "w").close()
t.said = b""
t.keys(b"ls a\t")
t.quiet(0.5)
t.keys(b"\r")
got = t.ended()
check(got == (b"'a file.txt'\r\n", 0) or got == (b"a file.txt\r\n", 0), "Tab completes a file's name", (got, t.said))
t.line(b"completed_function() { echo comp; }")
t.said = b""
t.keys(b"completed_f\t")
t.quiet(0.5)
t.keys(b"\r")
got = t.ended()
check(got == (b"comp\r\n", 0), "and a function's", (got, t.said))

# ways to break it
got = t.line(b"unset PROMPT_COMMAND")
check(got[1] == 0, "an unset PROMPT_COMMAND is noticed", got)
gives(t, b"echo back", b"back\r\n", 0, "and put back")
t.line(b"PROMPT_COMMAND=(true)")
gives(t, b"echo back", b"back\r\n", 0, "another one too")
t.start(b"kill -STOP $$")
time.sleep(0.3)
t.keys(b"\003")
time.sleep(0.1)
t.keys(b"\003")
time.sleep(0.1)
t.keys(b"\003")
got = t.ended()
check(got[1] is not None, "three Ctrl-C wake a shell that was stopped", t.said)
gives(t, b"echo on", b"on\r\n", 0, "and the next line works")
t.line(b"export CARRIED=yes; cd /usr/bin")
t.quiet(1.2)  # idle: the shell is asked for its exports
t.said = b""
t.keys(b"kill -9 $$\r")
check(t.until(b"ended by signal 9", 5) and t.prompt(8), "a shell that is killed is replaced, and the person told", t.said)
gives(t, b"echo $CARRIED; pwd", b"yes\r\n/usr/bin\r\n", 0, "with its exports, where it was")
t.start(b"trap '' INT QUIT; sleep 30")
time.sleep(0.3)
for _ in range(3):
    t.keys(b"\034")
    time.sleep(0.1)
check(t.until(b"ending the command shell", 5) and t.until(b"a new one is open", 8), "three Ctrl-\\ end one that hangs", t.said)
t.prompt()
gives(t, b"echo on", b"on\r\n", 0, "and the next line works after it")
t.said = b""
t.keys(b"set -e\r")
t.prompt()
t.said = b""
t.keys(b"false\r")
check(t.until(b"ended with status 1", 5) and t.prompt(8), "set -e and a failing line: the person is told", t.said)
t.said = b""
t.keys(b"exec sleep 0.3\r")
check(t.until(b"ended with status 0", 5) and t.prompt(8), "exec: a new shell follows that program's end", t.said)

# built-ins that move the shell
t.line(b"export MOVED=1; cd /usr; lost_function() { :; }")
t.said = b""
t.keys(b":net online\r")
if t.until(b"[y/N]", 5):
    time.sleep(0.5)
    t.keys(b"y\r")
check(t.until(b"network is online now", 15), ":net online moves the shell", t.said)
check(b"function lost_function" in t.said, "and names what is lost", t.said)
t.prompt()
gives(t, b"echo $MOVED; pwd", b"1\r\n/usr\r\n", 0, "exports and folder came along")

# the end
t.line(b"sleep 60 &")
t.said = b""
t.keys(b"exit 5\r")
check(t.until(b"background jobs", 5) and t.prompt(5), "exit tells of jobs", t.said)
t.keys(b"exit 5\r")
check(t.end() == 5, "and the second one leaves with its code", t.said)

t = Terminal()
t.prompt()
t.keys(b"\004")
check(t.end() == 0, "Ctrl-D leaves", t.said)

t = Terminal()
t.prompt()
before = t.said
t.keys(b"sleep 60 & sleep 0; kill -STOP $!\r")
time.sleep(0.5)
t.quiet(0.3)
t.keys(b"\004")
t.until(b"background jobs", 5)
time.sleep(0.3)
t.keys(b"\004")
check(t.end() == 0, "Ctrl-D twice leaves a stopped job behind", t.said)

t = Terminal()
t.prompt()
t.keys(b"exit")
t.keys(b"\r")
check(t.end() == 0, "exit leaves", t.said)

# history
t = Terminal()
t.prompt()
t.said = b""
t.keys(b"\033[A")
check(t.until(b"exit", 2), "lines of earlier terminals are there", t.said)
t.keys(b"\025")
t.line(b"echo remembered")
t.keys(b"exit\r")
t.end()


# ---- start files ----
def bashrc(text):
    with open(os.path.join(home, ".bashrc"), "w") as f:
        f.write(text)


bashrc('[ -z "$PS1" ] && return\nalias greet="echo hello"\nPROMPT_COMMAND="seen=\\$((seen+1))"\necho started\n')
t = Terminal(())
check(t.prompt() and b"started\r\n" in t.said, "the start file's output is shown", t.said)
gives(t, b"greet", b"hello\r\n", 0, "its aliases are there")
gives(t, b"[ $seen -ge 1 ] && echo yes", b"yes\r\n", 0, "its PROMPT_COMMAND runs")
t.keys(b"exit\r")
t.end()

bashrc('read -p "secret? " s\n')
t = Terminal(())
check(t.until(b"secret? ", 5), "a start file may ask", t.said)
t.keys(b"word\r")
check(t.prompt(), "and is answered", t.said)
gives(t, b"echo $s", b"word\r\n", 0, "by the person")
t.keys(b"exit\r")
t.end()

bashrc("sleep 60\necho not reached\n")
t = Terminal(())
check(t.until(b"still running", 8), "a start file that hangs is named", t.said)
t.keys(b"\003")
check(t.prompt(5) and b"not reached" not in t.said, "Ctrl-C goes on without it", t.said)
gives(t, b"echo on", b"on\r\n", 0, "with a working shell")
t.keys(b"exit\r")
t.end()

bashrc("exec sh\n")
t = Terminal(())
check(t.prompt(25), "a start file that is replaced by another shell is left out", t.said)
gives(t, b"echo $BASH_VERSION | grep -c .", b"1\r\n", 0, "and bash is there")
t.keys(b"exit\r")
t.end()

bashrc("exit 3\n")
t = Terminal(())
check(t.prompt(15) and b"left out" in t.said, "a start file that exits is left out", t.said)
t.keys(b"exit\r")
t.end()
os.unlink(os.path.join(home, ".bashrc"))

# ---- who is used to another shell ----
for found, name in ((1, "zsh is told once that bash runs inside"), (0, "and not again")):
    t = Terminal(environment={"SHELL": "/usr/bin/zsh"})
    t.prompt()
    check(t.said.count(b"bash runs inside, and not your zsh") == found, name, t.said)
    t.keys(b"exit\r")
    t.end()

# ---- a history file that has grown ----
history = os.path.expanduser("~/.local/state/cordon/history")
with open(history, "w") as f:
    for i in range(200000):
        f.write(f"echo of long ago, with a number and some more words behind it: {i}\n")
size = os.path.getsize(history)
t = Terminal()
t.prompt()
cut = os.path.getsize(history)
check(cut < size / 2, "a history that is too long is cut", (size, cut))
t.keys(b"\033[A")
time.sleep(0.5)
t.read(0.5)
check(b"behind it: 199999" in t.said, "and the newest of it is there", t.said[-200:])
t.keys(b"\003exit\r")
t.end()
check(os.stat(history).st_mode & 0o777 == 0o600 and not [n for n in os.listdir(os.path.dirname(history)) if n.startswith("history.")],
      "nobody else can read it, and nothing lies beside it", os.listdir(os.path.dirname(history)))

# ---- programs of the whole screen ----
if shutil.which("vim"):
    t = Terminal()
    t.prompt()
    t.start(b"vim -u NONE -i NONE new.txt")
    time.sleep(0.7)
    t.keys(b"ihello from vim\033:wq\r")
    got = t.ended()
    check(got[1] == 0 and open(os.path.join(work, "new.txt")).read() == "hello from vim\n", "vim edits a file", got)
    gives(t, b"echo on", b"on\r\n", 0, "and the terminal is as before")
    t.keys(b"exit\r")
    t.end()
else:
    print("skip vim edits a file: there is no vim", flush=True)

finish()
