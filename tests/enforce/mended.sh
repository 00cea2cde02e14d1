#!/bin/sh
# mended: ways out that a reviewer found once. Each is tried as it was shown then, beside its control.
set -u
place=$(mktemp -d "$HOME/cordon-mended.XXXXXX") || exit 1
trap 'chmod -R u+rwx "$place" 2>/dev/null; rm -rf "$place"' EXIT
W=$place/w
mkdir "$W"
good() { # NAME CONDITION...
    name=$1
    shift
    if "$@"; then echo "ok $name"; else echo "not ok $name: $*"; fi
}
inside() { "$CORDON" run --workspace "$W" -- "$@"; }

# A pipe on standard input can be opened again for writing: the outer shell then read what inside wrote.
cat >"$W/inject.sh" <<X
exec 8>/proc/self/fd/0 || exit 3
echo 'echo pwned >$place/pwned' >&8
X
printf '%s\n' "sh $W/inject.sh" 'echo goes-on >/dev/null' | sh 2>/dev/null
good "control: outside, a script's own pipe can be written by what it runs" test -e "$place/pwned"
rm -f "$place/pwned"
printf '%s\n' "'$CORDON' run --workspace '$W' -- sh '$W/inject.sh'" "echo on >'$place/on'" | sh >/dev/null 2>&1
good "a pipe on standard input cannot be written from inside" test ! -e "$place/pwned"

# prlimit(2) on pid 1 took the runner's descriptors away.
if command -v prlimit >/dev/null; then
    sleep 20 & victim=$!
    good "control: a limit of a process of one's own can be set outside" prlimit --pid $victim --nofile=64:64
    kill $victim
    inside prlimit --pid 1 --nofile=64:64 2>/dev/null
    good "no limit of pid 1 can be set inside" test $? -ne 0
    good "one's own limits can be" inside prlimit --nofile=64:64 true
else
    echo "skip limits of pid 1: no prlimit"
fi
# What the kernel keeps of the server behind covers, in its folder in /proc.
good "control: outside, a process of one's own can be given up first" sh -c 'echo 900 >/proc/$$/oom_score_adj'
good "nothing of Cordon's own processes is read or changed in /proc" test "$(inside sh -c 'for p in 1 2; do
    [ $p = $$ ] || ! (echo 900 >/proc/$p/oom_score_adj) || echo changed $p; cat /proc/$p/comm; done' 2>/dev/null |
    grep -e changed -e cordon)" = ""
# A thread has a folder in /proc by its number, though it is not listed.
good "nor of the runner's threads, by their numbers" test "$(inside sh -c 'n=0; for p in 2 3 4 5 6 7 8 9 10 11 12; do
    [ "$(sed -n "s/^Tgid:.//p" /proc/$p/status 2>/dev/null)" = 1 ] || continue
    n=1
    (echo 900 >/proc/$p/oom_score_adj) && echo changed $p
    (cd /proc/$p && echo 900 >oom_score_adj) && echo changed $p by name
    (ln -s /proc/$p there; echo 900 >there/task/$p/oom_score_adj; r=$?; rm there; exit $r) && echo changed $p by a link
    done; [ $n = 1 ] || echo no threads' 2>/dev/null)" = ""
"$CORDON" denied >"$place/said" 2>/dev/null
good "and that is recorded" grep -q "Cordon's own processes" "$place/said"
core() { awk '/core file/ { print $5 }'; }
good "control: outside the core limit can be lowered" test "$(sh -c 'ulimit -c 0; cat /proc/self/limits' | core)" = 0
good "the core limit stays inside" test "$(inside sh -c 'ulimit -c 0 2>/dev/null; cat /proc/self/limits' | core)" = 1

# A folder that an earlier session replaced by a link became the workspace of whoever went there.
mkdir "$place/precious"
ln -s "$place/precious" "$W/sub"
(cd "$W/sub" && "$CORDON" run -- sh -c 'echo x >evil') >/dev/null 2>&1
good "the current folder by a link is no workspace" test ! -e "$place/precious/evil"
(cd -P "$W/sub" && "$CORDON" run -- sh -c 'echo x >fine') >/dev/null 2>&1
good "control: by its own name it is" test -e "$place/precious/fine"
rm "$W/sub"

# A policy in the workspace that protects itself vouched for itself.
printf '{"version":1,"protect":["%s/p.json"],"write":["%s/precious"]}' "$W" "$place" >"$W/p.json"
(cd "$W" && "$CORDON" run --policy "$W/p.json" -- true) >/dev/null 2>&1
good "a policy in the workspace does not count, whatever it says of itself" test $? -eq 125
mv "$W/p.json" "$place/p.json"
(cd "$W" && "$CORDON" run --policy "$place/p.json" -- true) >/dev/null 2>&1
good "control: outside it does" test $? -eq 0
ln -s "$place/p.json" "$W/p.json"
(cd "$W" && "$CORDON" run --policy "$W/p.json" -- true) >/dev/null 2>&1
good "nor a link in the workspace to one outside" test $? -eq 125
rm "$W/p.json"

# Set-uid files outlive the session.
inside sh -c 'cp /bin/true s && chmod 4755 s' 2>/dev/null
good "no set-uid file is left behind" test ! -u "$W/s"
cp /bin/true "$W/c" && chmod 4755 "$W/c"
good "control: outside one can be made" test -u "$W/c"
rm -f "$W/s" "$W/c"

# One session stopped all later ones.
inside chmod 000 /tmp
good "a closed /tmp stops no later session" inside true
good "and the next one can write there" inside sh -c 'echo x >/tmp/x'
if command -v python3 >/dev/null; then
    inside python3 -c 'import os
os.chdir("/tmp")
for i in range(6000):
    os.mkdir("d"); os.chdir("d")'
    good "nor do six thousand folders in one another" inside true
else
    echo "skip folders in one another: no python3"
fi

# Submodules' and worktrees' configuration, obeyed by git outside.
if command -v git >/dev/null; then
    git init -q "$W" && mkdir -p "$W/.git/modules/lib" && echo '[core]' >"$W/.git/modules/lib/config"
    inside sh -c 'echo x >>.git/modules/lib/config' 2>/dev/null
    good "a submodule's configuration stays" test "$(cat "$W/.git/modules/lib/config")" = '[core]'
    good "control: objects can be written" inside sh -c 'echo x >.git/objects/x'
else
    echo "skip submodules: no git"
fi

# Names that no mount holds, and files with another name outside, spelled in every way that was a way out.
mkdir "$place/v" "$place/v/s"
echo outside >"$place/hl"
ln "$place/hl" "$place/v/hl"
ln -s /proc/self/cwd "$place/v/here"
cat >"$place/v/spelled.sh" <<'X'
chain=l0
ln -s "$PWD/HEAD" l0
for n in 1 2 3 4 5 6 7 8 9 10 11 12; do ln -s "$chain" l$n && chain=l$n; done
for to in HEAD s/.env $chain /proc/$$/cwd/HEAD /proc/$$/root$PWD/HEAD /proc/$$/cwd/s/.env /proc/self/cwd/HEAD \
    /proc//self/cwd/HEAD /proc/./self/cwd/HEAD /./proc/self/cwd/HEAD /tmp/../proc/self/cwd/HEAD \
    /dev/./fd/../cwd/HEAD here/HEAD here/s/.env /proc/thread-self/cwd/HEAD /proc/$$/task/$$/cwd/s/.env; do
    (echo x >"$to") 2>/dev/null && echo "made by $to"
    [ ! -e HEAD ] && [ ! -e s/.env ] || echo "there by $to"
    rm -f HEAD s/.env 2>/dev/null
done
for to in hl /proc/$$/cwd/hl /proc/self/cwd/hl here/hl /proc/./self/cwd/hl; do
    (echo x >>"$to") 2>/dev/null && echo "written by $to"
done
truncate -s 3 /proc/$$/cwd/hl 2>/dev/null && echo "cut"
exec 3<hl
(echo x >>/proc/$$/fd/3) 2>/dev/null && echo "written by its descriptor"
echo 1 >a
mv a /proc/$$/cwd/HEAD 2>/dev/null && echo "moved"
ln a /proc/$$/cwd/HEAD 2>/dev/null && echo "linked"
echo fine >control && mkdir -p d && echo fine >/proc/self/cwd/d/control && echo control
X
good "guarded names and shared files, however they are spelled" test "$(cd "$place/v" &&
    "$CORDON" run --protect '**/.env' -- sh spelled.sh 2>/dev/null)" = control
good "the shared file is as it was" test "$(cat "$place/hl")" = outside
if command -v python3 >/dev/null; then
    long() { "$CORDON" run --workspace "$place/v" -- python3 -c "open('./' * 2040 + '$1', 'w')" 2>/dev/null; }
    long HEAD
    good "nor in words as long as they may be" test $? -ne 0
    good "control: other words may be that long" long other
    deep() { # NAME FLAGS...: a file of that name below folders whose path is longer than paths may be
        name=$1
        shift
        "$CORDON" run --workspace "$place/v" "$@" -- python3 -c "
import os
for n in range(24):
    os.makedirs('d' * 200, exist_ok=True)
    os.chdir('d' * 200)
open('$name', 'w')" 2>/dev/null
    }
    good "control: a file can be made deeper than a path is long" deep .env
    rm -rf "$place/v/dddd"*
    deep .env --protect '**/.env'
    good "but none where a name is guarded at any depth" test $? -ne 0
    rm -rf "$place/v/dddd"*
else
    echo "skip long words: no python3"
fi

# While one look-up of a program took its time, what its other threads did was weighed by the words alone.
if command -v python3 >/dev/null; then
    mkdir "$place/k" "$place/k/s" "$place/k/a"
    cat >"$place/k/slow.py" <<'X'
import os, sys, threading, time
last = "nothing"
for i in range(36):
    os.symlink("a/../" * ((4090 - len(last)) // 5) + last, f"L{i}")
    last = f"L{i}"
os.symlink(sys.argv[1], "to")
def slow():
    try:
        os.open("/proc//self/cwd/" + last, os.O_WRONLY)
    except OSError:
        pass
thread = threading.Thread(target=slow)
thread.start()
time.sleep(0.15)
try:
    os.close(os.open("to", os.O_WRONLY | os.O_CREAT))
except OSError as e:
    print(e.errno)
thread.join()
for i in range(36):
    os.unlink(f"L{i}")
os.unlink("to")
X
    slow() { (cd "$place/k" && timeout 20 "$CORDON" run --protect '**/.env' -- python3 slow.py "$1"); }
    good "a slow look-up makes no way for a guarded name" test "$(slow s/.env)" = 13
    good "control: another name is made beside one" test "$(slow s/other)" = ""
    good "and only that is there" test "$(ls -A "$place/k/s")" = other
else
    echo "skip slow look-ups: no python3"
fi

# The memory of a program that may be run and not read, and is another's, cannot be looked at: it could not even start.
if [ "$(id -u)" = 0 ]; then
    cp "$(command -v cat)" "$place/cat" && cp "$(command -v touch)" "$place/touch" && chown 65534 "$place/cat" "$place/touch"
    chmod 711 "$place/cat" "$place/touch" && chmod 755 "$place" && echo text >"$W/text"
    good "a program that may be run and not read can read" test "$(inside "$place/cat" "$W/text")" = text
    inside "$place/touch" "$W/touched" 2>/dev/null
    good "what it wants to change is refused" test ! -e "$W/touched"
    chmod 755 "$place/touch" && inside "$place/touch" "$W/touched"
    good "control: what may be read changes it" test -e "$W/touched"
    rm -f "$W/text" "$W/touched"
else
    echo "skip programs that cannot be read: only root can give one to another"
fi

# A program that asked to be traced, by whoever started it, was told to have ended with the first signal that it got.
if command -v python3 >/dev/null; then
    cat >"$W/traced.py" <<'X'
import ctypes, os, signal, sys, time
if len(sys.argv) > 2:
    ctypes.CDLL(None).ptrace(0, 0, 0, 0)
os.kill(os.getpid(), getattr(signal, sys.argv[1]))
time.sleep(0.2)
sys.exit(5)
X
    inside python3 "$W/traced.py" SIGWINCH
    good "control: a signal of no account leaves a program its status" test $? = 5
    inside python3 "$W/traced.py" SIGWINCH traced
    good "so it does one that is traced" test $? = 5
    inside python3 "$W/traced.py" SIGTERM traced
    good "and one that ends it ends it" test $? = 143
    rm -f "$W/traced.py"
else
    echo "skip programs that ask to be traced: no python3"
fi

# Started with SIGCHLD ignored, a run never ended.
good "a run ends where ends of processes are ignored" timeout 20 sh -c 'trap "" CHLD; exec "$0" "$@"' "$CORDON" run --workspace "$W" -- true

# What is written at the end arrives, however slow the reader.
good "a slow reader gets all" test "$(inside seq 200000 | (sleep 3; tail -n 1))" = 200000
# A secret file that has another name in the workspace could be read by that, without a word.
mkdir "$place/secret" "$place/secret/keys"
echo key >"$place/secret/keys/key"
echo key >"$place/secret/alone"
ln "$place/secret/keys/key" "$W/copy"
"$CORDON" run --workspace "$W" --secret "$place/secret" -- true 2>"$place/said"
good "a secret file's other name at the top of the workspace is a warning" grep -q "/w/copy is the same file as .*/secret/keys/key" "$place/said"
"$CORDON" policy show --plan --workspace "$W" --secret "$place/secret" >"$place/said" 2>/dev/null
good "and a note of the plan" grep -q "secret/keys/key has another name somewhere" "$place/said"
good "control: a file of one name is none" sh -c "! grep -q secret/alone '$place/said'"
rm -rf "$W/copy" "$place/secret"

# A link in a folder whose content is obeyed (~/.config/fish/conf.d/x.fish, kept with the dotfiles) led into the workspace.
mkdir -p "$place/h/.config/fish/conf.d" "$place/h/.local/bin" "$place/h/.ssh" "$place/dots"
touch "$place/dots/x.fish" "$place/dots/tool" "$place/dots/sshconfig"
ln -s "$place/dots/tool" "$place/h/.local/bin/tool"
opens() { HOME=$place/h "$CORDON" run --workspace "$place/dots" -- true 2>/dev/null; }
good "control: a program in it that has a name outside is no matter" opens
ln -s "$place/dots/x.fish" "$place/h/.config/fish/conf.d/x.fish"
opens
good "nothing that a shell's start-up folder leads to is writable" test $? -eq 125
rm "$place/h/.config/fish/conf.d/x.fish"
ln -s "$place/dots/sshconfig" "$place/h/.ssh/config"
opens
good "nor what ssh's leads to" test $? -eq 125

# A name that was made and removed inside made room for one outside.
mkdir "$place/n"
cat >"$place/n/names.sh" <<'X'
echo one >f
ln f f2; rm f2
touch ready
i=0; while [ ! -e go ] && [ $i -lt 200 ]; do sleep 0.05; i=$((i + 1)); done
echo evil >>f
echo fine >g; ln g g2; echo fine >>g
X
"$CORDON" run --workspace "$place/n" -- sh names.sh 2>/dev/null & waits=$!
i=0; while [ ! -e "$place/n/ready" ] && [ $i -lt 200 ]; do sleep 0.05; i=$((i + 1)); done
ln "$place/n/f" "$place/f-outside"
touch "$place/n/go"
wait $waits
good "a name made and removed inside makes no room for one outside" test "$(cat "$place/f-outside")" = one
good "control: names made inside count" test "$(cat "$place/n/g2")" = "fine
fine"

# While git outside replaced its configuration, whoever wrote in a loop wrote the new one.
if command -v git >/dev/null; then
    git init -q "$place/r"
    inside_r() { timeout 20 "$CORDON" run --workspace "$place/r" -- timeout 2 "$@" >/dev/null 2>&1; }
    inside_r sh -c 'while :; do echo "# evil" >>.git/config; echo fine >.git/fine; done' & waits=$!
    for i in 1 2 3 4 5 6 7 8; do
        sleep 0.2
        (cd "$place/r" && git config "branch.b$i.remote" origin)
    done
    wait $waits
    good "what git outside writes anew is not written inside meanwhile" sh -c "! grep -q evil '$place/r/.git/config'"
    good "control: git wrote it, and inside wrote beside it" sh -c "grep -q b8 '$place/r/.git/config' && test -e '$place/r/.git/fine'"
    "$CORDON" denied >"$place/said" 2>/dev/null
    good "and the record says what may have been" grep -q "may have been changed from inside until then" "$place/said"
else
    echo "skip a configuration that is replaced: no git"
fi

# A refused set-uid mode left no record.
inside sh -c 'cp /bin/true s && chmod 4755 s' 2>/dev/null
"$CORDON" denied >"$place/said" 2>/dev/null
good "a set-uid mode that was refused is recorded" grep -q "lend its owner's rights" "$place/said"
rm -f "$W/s"

echo done
