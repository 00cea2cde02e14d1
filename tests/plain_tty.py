"""A person at cordon's prompt where the command shell is a plain sh. Used by test_repl.sh."""

import os
import time

from person import Terminal, check, finish, gives, work

home = os.path.dirname(work)
config = os.path.join(home, ".config", "cordon")
os.makedirs(config, exist_ok=True)
with open(os.path.join(config, "policy.json"), "w") as f:
    f.write('{"version": 1, "shell": "/bin/sh"}\n')

# ---- what stays, and what does not ----
t = Terminal()
check(t.prompt(), "sh: a prompt comes", t.said)
check(t.said.count(b"no bash here") == 1, "sh: and it is said what a plain sh does not keep", t.said)
gives(t, b"echo hi", b"hi\r\n", 0, "sh: a line runs between its marks")
gives(t, b"false", b"", 1, "sh: its status is in the mark")
gives(t, b"echo $?", b"1\r\n", 0, "sh: and in $? of the next line")
gives(t, b"export X='a b'; y=5; f() { :; }", b"", 0, "sh: a variable is exported")
gives(t, b"echo \"$X$y\"", b"a b\r\n", 0, "sh: and stays; what is not exported goes")
gives(t, b"unset X; export N='one\ntwo'", b"", 0, "sh: one is unset")
gives(t, b"echo \"[$X]$N\"", b"[]one\r\ntwo\r\n", 0, "sh: and stays away; a value may have two lines")
gives(t, b"cd /usr", b"", 0, "sh: cd")
check(b"\033]7;file:///usr\033\\" in t.said, "sh: the place follows", t.said)
gives(t, b"pwd; cd - >/dev/null", b"/usr\r\n", 0, "sh: into the next line")
gives(t, b"pwd", work.encode() + b"\r\n", 0, "sh: cd - knows the one before")
gives(t, b"echo $# $0; set -- a; echo $1", b"0 sh\r\na\r\n", 0, "sh: a line has no words of ours")
gives(t, b"set -x; echo hi", b"+ echo hi\r\nhi\r\n", 0, "sh: set -x shows nothing of Cordon's")
gives(t, b"echo $(ls /proc/self/fd)", b"0 1 2 3\r\n", 0, "sh: a program gets three descriptors, and opens one")
gives(t, b"tty | cut -c1-9; ps -o tty= -p $$ >/dev/null; echo ok >/dev/tty", b"/dev/pts/\r\nok\r\n", 0, "sh: and a terminal of its own")

# ---- what goes wrong in a line ----
got = t.line(b"echo )")
check(got[1] == 2 and b"yntax error" in got[0], "sh: wrong syntax is its line's failure", got)
gives(t, b"cd /usr; set -e; false; echo not", b"", 1, "sh: set -e ends the line")
gives(t, b"pwd; cd ~/work", b"/usr\r\n", 0, "sh: which tells its folder nevertheless")
gives(t, b"kill -9 $$", b"", 137, "sh: a shell that is killed is the line's end")
gives(t, b"PATH=/nowhere; export PATH", b"", 0, "sh: a PATH with nothing in it")
gives(t, b"PATH=/usr/bin:/bin; echo back", b"back\r\n", 0, "sh: is carried, and mended")
gives(t, b"printf 'B=1\\0=\\0F\\0/etc\\n\\0=\\0' >&9", b"sh: 1: eval: 9: Bad file descriptor\r\n", 2, "sh: a line does not have the socket")
gives(t, b"mkdir gone; cd gone; rmdir ../gone; export G=5", b"", 0, "sh: a folder that is removed in its line")
gives(t, b"echo $G; pwd", b"5\r\n" + work.encode() + b"\r\n", 0, "sh: is left, as the prompt shows, and the variables stay")
gives(t, b"mkdir gone; cd gone", b"", 0, "sh: a folder that is removed")
os.rmdir(os.path.join(work, "gone"))
t.said = b""
t.keys(b"echo on\r")
t.until(b"133;B")
t.quiet(0.3)
check(b"cannot enter the folder" in t.said and b"\r\non\r\n" not in t.said, "sh: is not left for another one unsaid", t.said)
gives(t, b"pwd", work.encode() + b"\r\n", 0, "sh: after which the workspace is the place")

# ---- keys ----
t.start(b"cd /usr; sleep 30")
time.sleep(0.4)
t.keys(b"\003")
got = t.ended(5)
check(got == (b"^C\r\n", 130) or got == (b"^C", 130), "sh: Ctrl-C ends the line with 130", got)
gives(t, b"pwd; cd ~/work", b"/usr\r\n", 0, "sh: and its folder stays")
t.start(b"while :; do :; done")
time.sleep(0.3)
t.keys(b"\003")
check(t.ended(5)[1] == 130, "sh: Ctrl-C ends a loop", t.said)
t.start(b"sleep 1; echo over")
time.sleep(0.3)
t.keys(b"\032")
got = t.ended(5)
check(got[1] == 0 and b"over" in got[0], "sh: Ctrl-Z stops nothing", got)
t.start(b"read a; echo \"got $a\"")
time.sleep(0.3)
t.keys(b"word\r")
got = t.ended(5)
check(got == (b"word\r\ngot word\r\n", 0), "sh: a program reads the terminal", got)
t.start(b"sleep 0.7")
time.sleep(0.2)
t.keys(b"echo ahead")
t.ended(5)
check(b"echo ahead" in t.said.split(b"133;B")[-1], "sh: what was typed ahead comes back", t.said)
t.said = b"\033]133;C\033\\" * 0
t.keys(b"\r")
got = t.ended(5)
check(got == (b"ahead\r\n", 0), "sh: and runs at its Enter", got)
t.start(b"trap '' INT QUIT; while :; do sleep 0.1; done")
time.sleep(0.3)
for _ in range(3):
    t.keys(b"\034")
    time.sleep(0.1)
check(t.ended(5)[1] == 137, "sh: three Ctrl-\\ end what does not listen", t.said)

# ---- in the background ----
gives(t, b"(sleep 0.6; echo late; sleep 60) & echo $! >id", b"", 0, "sh: a job in the background")
check(t.until(b"late\r\n", 4), "sh: lives on, and is heard", t.said)
gives(t, b"test -d /proc/$(cat id) && echo lives", b"lives\r\n", 0, "sh: after the next line too")
gives(t, b"T=$(tty) setsid sh -c 'sleep 0.2; exec 3<>$T; echo taken >taken; sleep 3' &", b"", 0, "sh: somebody takes the terminal for its own")
time.sleep(0.6)
check(os.path.exists(os.path.join(work, "taken")), "sh: between two lines")
gives(t, b"echo next", b"next\r\n", 0, "sh: and the next line has one nevertheless")
gives(t, b"stty -echo; stty size", b"30 90\r\n", 0, "sh: it has the size")

# ---- moves ----
t.line(b"export KEPT=yes; cd /usr")
t.said = b""
t.keys(b":allow %s/other\r" % home.encode())
os.makedirs(os.path.join(home, "other"), exist_ok=True)
t.until(b"133;B", 10)
t.quiet(0.3)
t.said = b""
t.keys(b":net offline\r")
t.until(b"133;B", 10)
gives(t, b"echo $KEPT; pwd", b"yes\r\n/usr\r\n", 0, "sh: folder and variables come along")

# ---- completion ----
os.makedirs(os.path.join(work, "folder"), exist_ok=True)
open(os.path.join(work, "folder", "a file"), "w").close()
t.line(b"cd ~/work")
t.said = b""
t.keys(b"ls fold\t")
check(t.until(b"folder/", 3), "sh: a folder is completed", t.said)
t.keys(b"\t")
check(t.until(b"a\\ file", 3), "sh: and a file in it", t.said)
t.keys(b"\003")
t.quiet(0.2)
t.said = b""
t.keys(b"echo $KEP\t")
check(t.until(b"$KEPT", 3), "sh: and a variable", t.said)
t.keys(b"\003")
t.quiet(0.2)

# ---- the end ----
gives(t, b"(exit 3)", b"", 3, "sh: exit in a subshell stays")
t.keys(b"exit\r")
check(t.end() == 3, "sh: exit leaves, with the status before")
t = Terminal()
t.prompt()
t.keys(b"if true; then exit 7; fi\r")
check(t.end() == 7, "sh: exit N leaves with N")
t = Terminal()
t.prompt()
t.keys(b"\004")
check(t.end() == 0, "sh: Ctrl-D leaves")

os.unlink(os.path.join(config, "policy.json"))
finish()
