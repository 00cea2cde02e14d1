"""What is refused inside, as `cordon denied` and the terminal show it. Used by test_denied.sh."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time

cordon, work = sys.argv[1:3]
home = os.path.dirname(work)
FIELDS = {"version", "time", "operation", "pid", "program", "line", "rule", "remedy", "evidence", "errno", "count", "by"}
failed = False


def check(good, name, why=""):
    global failed
    failed = failed or not good
    text = " ".join(repr(why).split())[-400:]
    print(f"ok {name}" if good else f"not ok {name}: {text}", flush=True)
    return good


def run(*argv, **options):
    options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run([cordon, *argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=100, check=False, **options)


def denied(*flags):
    return [json.loads(line) for line in run("denied", "--json", *flags).stdout.decode().splitlines()]


def one(records, **wanted):
    found = [r for r in records if all(r.get(k) == v for k, v in wanted.items())]
    return found[0] if len(found) == 1 else None


# ---- one program ----

def program():
    script = f"touch {home}/other/new; cat {home}/vault/key; rm -f {home}/other/new; mv a {home}/other/a; ln -s x {home}/other/l; true"
    open("a", "w", encoding="utf-8").close()
    done = run("run", "--secret", f"{home}/vault", "--", "sh", "-c", script)
    check(done.returncode == 0 and b"cordon:" not in done.stderr, "a pipe gets no word of ours", done.stderr)
    records = denied()
    create = one(records, path=f"{home}/other/new", operation="create")
    if not check(create is not None, "a refused creation is recorded, once", records):
        return
    check(FIELDS <= set(create), "with every field", create)
    check(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", create["time"]) and create["evidence"] == "confirmed" and
          create["errno"] == "EROFS" and create["line"] == 0 and create["count"] == 1 and create["pid"] > 1 and
          create["program"].endswith("touch") and create["by"] == "observer", "each as it was", create)
    check(create["rule"] == "no writable root contains it (built-in)" and create["remedy"] == ":allow ~/other",
          "the rule, and the remedy", create)
    moved = [{r["path"], r["path2"]} for r in records if r["operation"] == "rename"]
    check(moved and {f"{work}/a", f"{home}/other/a"} == moved[0], "a rename has both its paths", moved)
    check(one(records, path=f"{home}/other/l"), "a link is recorded", records)
    read = one(records, operation="read")
    check(read and read["path"] == f"{home}/vault/key" and read["rule"] == "secret: ~/vault (--secret)" and
          read["remedy"].startswith("start without --secret"), "a read of a secret is recorded", records)
    shown = run("denied").stdout.decode()
    check("create ~/other/new\n" in shown and "remedy: :allow ~/other" in shown and "touch (pid" in shown,
          "people read it too", shown)


def connections():
    code = "import socket\nfor a in (('203.0.113.7', 443),):\n s = socket.socket()\n try: s.connect(a)\n except OSError: pass"
    run("run", "--", sys.executable, "-c", code)
    records = denied()
    found = one(records, address="203.0.113.7:443")
    check(found and found["operation"] == "connect" and found["remedy"] == ":net online" and "offline" in found["rule"],
          "a refused connection is recorded", records)


def listeners():
    import socket
    port, name, spaced = socket.socket(), socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
    port.bind(("127.0.0.1", 0))
    port.listen()
    name.bind(f"\0cordon-test-{os.getpid()}")
    name.listen()
    spaced.bind(f"\0cordon test {os.getpid()}")
    spaced.listen()
    address = port.getsockname()
    code = ("import socket\nfor f, a in ((socket.AF_INET, ('127.0.0.1', %d)), (socket.AF_UNIX, '\\0cordon-test-%d'),"
            "(socket.AF_UNIX, '\\0cordon test %d'),"
            "(socket.AF_INET, ('127.0.0.1', 1)), (socket.AF_UNIX, '\\0nobody')):\n s = socket.socket(f)\n"
            " try: s.connect(a)\n except OSError: pass" % (address[1], os.getpid(), os.getpid()))
    run("run", "--", sys.executable, "-c", code)
    seen = {r.get("address") for r in denied()}
    check(seen == {f"127.0.0.1:{address[1]}", f"unix:@cordon-test-{os.getpid()}", f"unix:@cordon test {os.getpid()}"},
          "what listens outside and is not to be had inside is recorded, what nobody listens at is not", seen)
    code = ("import socket, time\nfor a in [*range(1, 400), %d]:\n s = socket.socket()\n try: s.connect(('127.0.0.1', a))\n"
            " except OSError: pass\n s.close()\n"
            " time.sleep(.003)" % address[1])
    run("run", "--", sys.executable, "-c", code)
    records = denied()
    check(one(records, address=f"127.0.0.1:{address[1]}"),
          "who tries one port after the other is heard to the end", records[-3:])


def nothing():
    script = "echo x >f && mv f g && ln g h && cp g i && chmod 600 i && touch i && rm -r g h i; mkdir -p d/e && rm -r d; sort /etc/passwd >/tmp/s"
    run("run", "--", "sh", "-c", script + "; git init -q r 2>/dev/null; cat ~/.none /etc/none; kill -0 1; ls / >/dev/null; true")
    check(denied() == [], "what is allowed, or not there, leaves no record", denied())
    done = subprocess.run([cordon, "--no-rc", "--secret", f"{home}/vault"], input=b"echo up\n:doctor\n", stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=100, check=False)
    check(denied() == [] and len(done.stdout) > 200, "nor do the attempts of a proof", (denied(), done.stdout))


def hostile():
    run("run", "--", "sh", "-c", "touch \"$(printf '/srv/\\033[31m\\342\\200\\256')\" \"$(printf '/srv/\\377')\"")
    raw = run("denied", "--json").stdout
    check(b"\x1b" not in raw and b"\xe2\x80\xae" not in raw and b"\\u001B[31m\\u202E\"" in raw and b"/srv/\\\\xFF\"" in raw,
          "what comes from inside is escaped", raw)
    shown = run("denied").stdout
    check(b"\x1b" not in shown and b"/srv/\\x1B[31m\\u{202E}\n" in shown and b"/srv/\\xFF\n" in shown, "for people as well", shown)


# ---- lines ----

def lines():
    # Starts of processes are known to a hundredth of a second, so the lines are kept apart.
    script = b"touch /srv/first; sleep 0.05\n(sleep 0.6; touch /srv/job) & sleep 0.05\ntouch /srv/third\nsleep 1.2\ntouch /srv/fifth\n"
    done = subprocess.run([cordon, "--no-rc"], input=script, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=100, check=False)
    records = {r["path"]: r["line"] for r in denied()}
    check(records == {"/srv/first": 1, "/srv/job": 2, "/srv/third": 3, "/srv/fifth": 5},
          "each belongs to its line, a background job's to the one that started it", (records, done.stderr))
    script = b": 2>/dev/null >/dev/tcp/203.0.113.7/443\n: 2>/dev/null >/srv/shell\n"
    subprocess.run([cordon, "--no-rc"], input=script, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=100, check=False)
    records = denied()
    check([r["program"] for r in records if "program" in r] == ["bash"] * len(records) and len(records) == 2,
          "what the shell itself does is bash's, be it a file or a connection", records)


# ---- while it lives, when it is killed, when it is too much ----

def elsewhere():
    child = subprocess.Popen([cordon, "run", "--", "sh", "-c", "touch /srv/live; sleep 30"], stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end, records = time.monotonic() + 10, []
    while not records and time.monotonic() < end:
        time.sleep(0.3)
        records = [r for r in denied() if r.get("path") == "/srv/live"]
    check(records, "another terminal sees it while the session lives")
    check("and still open" in run("denied").stdout.decode(), "and that it lives")
    follower = subprocess.Popen([cordon, "denied", "--json", "--follow"], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    time.sleep(0.5)
    child.send_signal(signal.SIGKILL)
    child.wait()
    said, _ = follower.communicate(timeout=20)
    check(b"/srv/live" in said and follower.returncode == 0, "who follows is let go when the session ends", said)
    check([r for r in denied() if r.get("path") == "/srv/live"], "a log of a Cordon that was killed can be read")
    check("ended without a word" in run("denied").stdout.decode(), "and says so")


def flood():
    code = "import os\nfor i in range(40000):\n try: os.mkdir('/srv/f%d' % i)\n except OSError: pass"
    began = time.monotonic()
    done = run("run", "--", sys.executable, "-c", code)
    spent = time.monotonic() - began
    records = denied()
    kept = [r for r in records if "path" in r]
    lost = sum(r.get("lost", 0) for r in records)
    check(done.returncode == 0 and spent < 60, "who is refused all the time comes to an end", (done.returncode, spent))
    # On a machine that has no time, a call that waited too long is left to the kernel, which refuses without telling.
    check(len(kept) <= 10000 and 39600 <= sum(r["count"] for r in kept) + lost <= 40000,
          "so many are kept, and the others counted", (len(kept), lost))
    code = "import os\nfor i in range(3000):\n try: os.mkdir('/srv/same')\n except OSError: pass"
    run("run", "--", sys.executable, "-c", code)
    records = denied()
    counted = sum(r.get("count", 0) for r in records) + sum(r.get("lost", 0) for r in records)
    check(2970 <= counted <= 3000 and len(records) < 300,
          "what one program repeats is one entry with its count", len(records))


# ---- the terminal ----

def plain(said):
    return re.sub(rb"\x1b(\][^\x1b\x07]*(\x1b\\|\x07)|\[[0-9;?<>=]*[A-Za-z]|[=>()][A-Z0-9]?)", b"", said).decode(errors="replace")


class Terminal:
    def __init__(self, *flags):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execv(cordon, [cordon, "--no-rc", *flags])
        self.said = b""

    def until(self, text, seconds=15):
        end = time.monotonic() + seconds
        while text not in plain(self.said) and time.monotonic() < end:
            if select.select([self.fd], [], [], 0.05)[0]:
                try:
                    self.said += os.read(self.fd, 65536)
                except OSError:
                    break
        return text in plain(self.said)

    def prompt(self):
        return self.until("~/work $ ") or self.until("~/work # ", 1)

    def line(self, text):
        self.said = b""
        os.write(self.fd, text.encode() + b"\r")
        self.until("\n")
        good = self.until("] ~/work")
        time.sleep(0.1)
        return plain(self.said) if good else plain(self.said) + "(no prompt)"

    def end(self):
        os.write(self.fd, b"\x04")
        time.sleep(0.3)
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def terminal():
    t = Terminal()
    t.until("] ~/work")
    said = t.line("touch /srv/x /srv/y")
    check(said.count("cordon: 2 denied (:denied)") == 1, "a line that was refused something says so, once", said)
    check("denied" not in t.line("echo fine"), "another line does not")
    said = t.line(":denied")
    check("create /srv/x" in said and "line 1" in said and "rule: no writable root" in said, ":denied shows it", said)
    said = t.line(":denied -n 1 --json")
    check(said.count('"operation"') == 1 and "/srv/y" in said, ":denied --json -n 1", said)
    said = t.line(":denied --what")
    check("no such word" in said, ":denied refuses what it does not know", said)
    t.line("(sleep 1; touch /srv/late) &")
    t.said = b""
    os.write(t.fd, b":denied --follow\r")
    check(t.until("/srv/late"), ":denied --follow shows what comes", t.said)
    t.said = b""
    os.write(t.fd, b"q")
    check(t.until("] ~/work"), "and ends by a key", t.said)
    t.end()
    said = b""
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(cordon, [cordon, "run", "--", "touch", "/srv/x", "/srv/y"])
    while True:
        try:
            got = os.read(fd, 65536)
        except OSError:
            break
        said += got
        if not got:
            break
    os.waitpid(pid, 0)
    os.close(fd)
    check(b"cordon: 2 denied (cordon denied)" in said, "run at a terminal says where to look", said)
    t = Terminal("--quiet")
    t.until("] ~/work")
    check("denied" not in t.line("touch /srv/x").replace("Permission denied", ""), "--quiet: no word above the prompt")
    t.end()


for part in (program, connections, listeners, nothing, hostile, lines, elsewhere, flood, terminal):
    part()
print("done")
sys.exit(1 if failed else 0)
