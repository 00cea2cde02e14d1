"""A person at cordon.exe's prompt, under Wine, in a terminal of the test's own. Used by wine.sh.

Wine draws what is written into its console as cells of text: escape sequences come through among them, and its own come between.
So what is looked at is what is left without sequences, and lines are short.
"""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

cordon, work = sys.argv[1:3]
failed = False
SEQUENCE = re.compile(rb"\033(?:\[[0-9;?<>=!]*[ -/]*[@-~]|\][^\007\033]*(?:\007|\033\\)|[()][A-Z0-9]|[=>78MDEH])")
PROMPT = re.compile(rb"\[NOT ENFORCED (offline|online)(?: (-?\d+))?\] +(\S+) +[$#] *$")


def check(good, name, why=""):
    global failed
    failed = failed or not good
    text = " ".join(repr(why).split())[-500:]
    print(f"ok {name}" if good else f"not ok {name}: {text}", flush=True)


class Terminal:
    def __init__(self, arguments, output=None):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 200, 0, 0))
            os.chdir(work)
            os.environ["TERM"] = "dumb"
            if output:
                os.dup2(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 1)
            os.execvp("wine", ["wine", cordon, *arguments])
        self.raw = b""

    def read(self, seconds):
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if not ready:
            return False
        try:
            got = os.read(self.fd, 65536)
        except OSError:
            return False
        self.raw += got
        return bool(got)

    def said(self):
        return SEQUENCE.sub(b"", self.raw).replace(b"\r", b"").replace(b"\0", b"")

    def prompt(self, seconds=30):
        """The match of a prompt at the end of what was said, or None."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = PROMPT.search(self.said().rstrip(b"\n"))
            if found and not self.read(0.3):
                return PROMPT.search(self.said().rstrip(b"\n"))
            self.read(0.1)
        return None

    def until(self, text, seconds=30):
        end = time.monotonic() + seconds
        while text not in self.said() and time.monotonic() < end:
            self.read(0.1)
        time.sleep(0.3)

    def line(self, text, seconds=30):
        """What was said from the line on, and the prompt behind it."""
        self.raw = b""
        os.write(self.fd, text + b"\r")
        time.sleep(0.2)
        found = self.prompt(seconds)
        return self.said(), found

    def end(self, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.read(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                os.close(self.fd)
                return os.waitstatus_to_exitcode(status)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        return "still running"


def status(found):
    return int(found[2] or 0) if found else None


t = Terminal(["--not-enforced", "--no-rc"])
found = t.prompt(60)
check(found, "a prompt comes, and says NOT ENFORCED", t.said())
if not found:
    os.kill(t.pid, signal.SIGKILL)
    sys.exit(1)
check(b"NOT ENFORCED" in t.said().split(b"[NOT ENFORCED")[0], "it is said before the prompt, too", t.said())
check(found and found[3].lower().endswith(b"work"), "the prompt shows the place", found)

said, found = t.line(b"echo hi there")
check(b"\nhi there" in said and status(found) == 0, "a line runs in cmd", said)
said, found = t.line(b"cmd /c exit 7")
check(status(found) == 7, "its exit code is in the prompt", said)
said, found = t.line(b"echo [%ErrorLevel%]")
check(b"[7]" in said, "%errorlevel% is the code of the line before", said)
said, found = t.line(b"cmd /c exit 3")
said, found = t.line(b"if errorlevel 3 echo three")
check(b"\nthree" in said, "and so it is for if errorlevel", said)
said, found = t.line(b"cd ..")
check(found and not found[3].lower().endswith(b"work") and status(found) == 0, "cd", said)
said, found = t.line(b"cd")
check(found and b"cordon-test" in said.lower(), "is there in the next line", said)
said, found = t.line(b"set CRD=one two")
check(status(found) == 0, "set", said)
said, found = t.line(b"echo [%CRD%]")
check(b"[one two]" in said, "is there in the next line, without a blank more", said)
said, found = t.line(b"if defined CRD echo there")
check(b"\nthere" in said and found, "a line whose body reaches to its end tells all the same", said)
said, found = t.line(b"cd work")
check(found and found[3].lower().endswith(b"work"), "and is told after it", said)
said, found = t.line(b"set CRD=x& exit 5")
check(status(found) == 5 and b"ended its shell" in said, "an exit within a line ends the line, and that is said", said)
said, found = t.line(b"echo [%CRD%]")
check(b"[one two]" in said, "what it would have left is not there", said)
said, found = t.line(b"for /l %i in (1,1,4200) do @set VV%i=1", 60)
check(b"was not told" in said, "a line that leaves more than is carried is named", said)
said, found = t.line(b"echo [%CRD%]")
check(b"[one two]" in said, "and what was before it stays", said)
t.raw = b""
os.write(t.fd, b"set /p CRN=name?\r")
t.until(b"name?")
os.write(t.fd, b"joe\r")
found = t.prompt()
said, found = t.line(b"echo [%CRN%]")
check(b"[joe]" in said, "what is typed reaches a program, and what it set is kept", said)
t.raw = b""
os.write(t.fd, b"cmd /c pause\r")
t.until(b"ress")
os.write(t.fd, b"\003")
found = t.prompt()
check(found and b"boundary ended" not in t.said(), "Ctrl-C ends what waits, and nothing else", t.said())
said, found = t.line(b"echo [%CRN%]")
check(b"[joe]" in said, "what was set before it is still there", said)
os.write(t.fd, b"echo nev\003")
time.sleep(0.5)
said, found = t.line(b"echo after")
check(b"\nafter" in said and b"\nnev" not in said, "Ctrl-C drops a line that is being written", said)
said, found = t.line(b"nosuchprogram")
check(found and status(found) not in (0, None), "a program that is not there", said)
said, found = t.line(b":status")
check(b"NOT ENFORCED" in said, ":status says NOT ENFORCED", said)
said, found = t.line(b":why C:\\windows\\x write")
check(b"refused" in said, ":why", said)
said, found = t.line(b":why wsl.exe")
check(b"cannot do its work" in said, ":why of a program of Windows", said)
said, found = t.line(b":why example.org:443")
check(b"nothing is enforced here" in said, ":why of a host does not claim a wall", said)
said, found = t.line(b":why XCOPY")
check(b"works inside" in said, ":why of a program that PATH has", said)
os.makedirs(os.path.join(work, "deeper"), exist_ok=True)
said, found = t.line(b":open deeper")
check(b"working in C:\\cordon-test\\work\\deeper now" in said, ":open, and a path as it is typed", said)
check(b"not carried over" not in said, "nothing is called lost where nothing was", said)
said, found = t.line(b"echo [%CRN%]")
check(b"[joe]" in said, "what was set is carried over", said)
said, found = t.line(b":doctor")
check(b"nothing is promised here" in said and b"cordon doctor" in said, ":doctor promises nothing where nothing holds", said)
said, found = t.line(b":policy")
check(b"workspace" in said, ":policy", said)
os.write(t.fd, b":quit\r")
code = t.end()
check(code == 0, ":quit ends it", (code, t.said()))

t = Terminal(["--not-enforced", "--no-rc"])
t.prompt(60)
os.write(t.fd, b"exit 9\r")
code = t.end()
check(code == 9, "exit at the prompt leaves with its number", (code, t.said()))

caught = os.path.join(work, "caught.txt")
open(caught, "wb").close()
t = Terminal(["--not-enforced", "-c", "set /p CRN=name?& call echo [%^CRN%]"], caught)
end = time.monotonic() + 60
while b"name?" not in open(caught, "rb").read() and time.monotonic() < end:
    t.read(0.2)
os.write(t.fd, b"joe\r")
code = t.end()
check(code == 0 and b"[joe]" in open(caught, "rb").read(), "with its output in a file a program gets keys", (code, open(caught, "rb").read()))
sys.exit(1 if failed else 0)
