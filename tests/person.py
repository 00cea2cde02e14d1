"""A person at cordon's prompt, in a terminal of the test's own: for repl_tty.py and plain_tty.py."""

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


def check(good, name, why=""):
    global failed
    failed = failed or not good
    text = " ".join(repr(why).split())[-400:]
    print(f"ok {name}" if good else f"not ok {name}: {text}", flush=True)


class Terminal:
    """Output is kept whole in `said`; `line` gives what came between the marks C and D, and the status."""

    def __init__(self, arguments=("--no-rc",), rows=30, columns=90, environment=None):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.chdir(work)
            os.environ.update(environment or {})
            os.execv(cordon, [cordon, *arguments])
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

    def until(self, text, seconds=10):
        end = time.monotonic() + seconds
        while text not in self.said and time.monotonic() < end:
            self.read(0.05)
        return text in self.said

    def quiet(self, seconds):
        while self.read(seconds):
            pass
        return self.said

    def prompt(self, seconds=10):
        return self.until(b"\033]133;B", seconds)

    def keys(self, text):
        os.write(self.fd, text)

    def start(self, text):
        self.said = b""
        self.keys(text + b"\r")
        return self.until(b"\033]133;C\033\\", 5)

    def line(self, text, seconds=10):
        self.start(text)
        return self.ended(seconds)

    def ended(self, seconds=10):
        """(output, status) of the line that runs; (what came, None) when it does not end."""
        self.until(b"\033]133;B", seconds)
        found = re.search(rb"\033\]133;C\033\\(.*?)\033\]133;D;(\d+)\033\\", self.said, re.S)
        return (found[1], int(found[2])) if found else (self.said, None)

    def end(self, seconds=8):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.read(0.02)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                os.close(self.fd)
                code = os.waitstatus_to_exitcode(status)
                return code if code >= 0 else 128 - code
        self.kill()
        return "still running"

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


def gives(t, text, output, status, name):
    got = t.line(text)
    check(got == (output, status), name, got)


def finish():
    sys.exit(1 if failed else 0)
