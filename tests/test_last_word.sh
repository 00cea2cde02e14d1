#!/bin/sh
# The last word: what changed in files that tools outside obey, said at a terminal when a session ends, and in :status.
#   CORDON=path sh tests/test_last_word.sh
set -u
here=$(cd "$(dirname "$0")" && pwd)
CORDON=${CORDON:-$here/../out/linux/cordon}
TEST_TMP=${TEST_TMP:-$(mktemp -d /var/tmp/cordon-word.XXXXXX)}
# The settings of the person who runs it must not decide it.
HOME=$TEST_TMP/home
XDG_CONFIG_HOME=$HOME/.config
XDG_STATE_HOME=$HOME/.local/state
XDG_CACHE_HOME=$HOME/.cache
TERM=dumb
export HOME XDG_CONFIG_HOME XDG_STATE_HOME XDG_CACHE_HOME TERM
work=$HOME/work
mkdir -p "$work" "$HOME/other" "$XDG_CONFIG_HOME"
cd "$work" || exit 1
failed=0

ok() { printf 'ok %s\n' "$1"; }
not_ok() {
    failed=1
    printf 'not ok %s: %s\n' "$1" "$(printf '%s' "$2" | tr '\n' ' ' | cut -c1-400)"
}
# is NAME GOT WANTED
is() { if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "got '$2', wanted '$3'"; fi; }
has() { case $2 in *"$3"*) ok "$1" ;; *) not_ok "$1" "no '$3' in '$2'" ;; esac; }
lacks() { case $2 in *"$3"*) not_ok "$1" "'$3' in '$2'" ;; *) ok "$1" ;; esac; }
# at_terminal PROGRAM ARG...: what a terminal shows of it
at_terminal() {
    timeout 30 python3 -B - "$@" <<'PY'
import os, pty, select, sys
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
shown = b""
typed = os.environ.get("TYPED", "").encode()
while True:
    if not select.select([fd], [], [], 0.7 if typed else 20)[0]:
        if not typed:
            break
        os.write(fd, typed + b"\r") # it waits for keys
        typed = b""
        continue
    try:
        part = os.read(fd, 65536)
    except OSError:
        break
    if not part:
        break
    shown += part
os.waitpid(pid, 0)
sys.stdout.buffer.write(shown.replace(b"\r", b""))
PY
}
inside() { at_terminal "$CORDON" run "$@"; }
said="obeyed outside"

if ! "$CORDON" run -- bash -c true </dev/null 2>"$TEST_TMP/why" || ! python3 -B -c 'import pty' 2>/dev/null; then
    printf 'skip the last word: %s\n' "no sandbox or no python3 here $(tr '\n' ' ' <"$TEST_TMP/why" | cut -c1-200)"
    echo done
    exit 0
fi

echo '{}' >package.json
echo all: >Makefile
mkdir -p .vscode vendor/lib/.git/hooks vendor/lib/.git/objects vendor/lib/.git/refs
echo '{}' >.vscode/tasks.json
echo 'ref: refs/heads/main' >vendor/lib/.git/HEAD
echo '[core]' >vendor/lib/.git/config
sleep 0.1 # the clock of files has ticks

lacks "nothing changed, nothing said" "$(inside -- true)" "$said"
lacks "other files are not its business" "$(inside -- sh -c 'echo x >main.c; mkdir sub; echo x >sub/notes.txt')" "$said"
got=$(inside -- sh -c 'echo "{ }" >package.json; rm Makefile; echo x >.envrc.new; mv .envrc.new .envrc')
has "it says so when something changed" "$got" "$said"
has "what changed, and who obeys it" "$got" "changed  package.json (npm runs its scripts)"
has "what is gone" "$got" "gone     Makefile (make runs it)"
has "what is new" "$got" "new      .envrc (direnv runs it)"
lacks "and is silent the next time" "$(inside -- true)" "$said"
got=$(inside -- touch -d '2001-01-01' package.json)
has "a time that was set back" "$got" "changed  package.json"
got=$(inside -- sh -c 'cp -p package.json new && mv new package.json')
has "the same text in another file" "$got" "changed  package.json"
rm -f .envrc
lacks "--quiet says nothing" "$(inside --quiet -- sh -c 'echo >>package.json')" "$said"
got=$("$CORDON" run -- sh -c 'echo >>package.json' 2>&1 </dev/null)
lacks "no terminal, no words" "$got" "$said"

# ---- names from inside, links, floods ----
got=$(inside -- sh -c 'mkdir -p .github/workflows; echo x >".github/workflows/$(printf "a\033]52;c;eA==\007\nb").yml"')
has "a name with controls is escaped" "$got" '.github/workflows/a\x1B]52;c;eA==\x07\nb.yml'
lacks "and no control came out" "$got" "$(printf '\033')"
got=$(inside -- sh -c 'rm -rf .github; ln -s /usr .cargo; ln -s / .github; ln -s /etc/passwd .npmrc')
has "a folder that became a link" "$got" ".cargo (what reads it is led elsewhere)"
has "a file that is a link" "$got" "new      .npmrc (npm obeys it)"
lacks "a link is not followed" "$got" ".cargo/"
rm -f .cargo .github .npmrc
got=$(inside -- sh -c 'mkdir -p .circleci; i=0; while [ $i -lt 400 ]; do : >.circleci/$i; i=$((i + 1)); done')
has "a flood has an end" "$got" "more"
is "and is one short block" "$([ "$(printf '%s\n' "$got" | grep -c '^  ')" -le 22 ] && echo short)" "short"
rm -rf .circleci
got=$(inside -- sh -c 'mkfifo tox.ini; mkdir Justfile')
has "a FIFO holds nobody up" "$got" "tox.ini"
rm -rf tox.ini Justfile

# ---- below the top ----
mkdir -p packages/app/.vscode packages/old
echo '{}' >packages/old/package.json
echo '{}' >packages/app/.vscode/tasks.json
sleep 0.1
lacks "what is below and stays is not named" "$(inside -- true)" "$said"
got=$(inside -- sh -c 'echo "{ }" >packages/app/package.json; echo x >>packages/app/.vscode/tasks.json
    mkdir packages/app/.claude; echo x >packages/app/.claude/tasks.json
    mkdir -p packages/app/node_modules/x; echo x >packages/app/node_modules/x/package.json')
has "a new name below the top" "$got" "new      packages/app/package.json (npm runs its scripts)"
has "one in a folder of the table" "$got" "changed  packages/app/.vscode/tasks.json (the editor"
lacks "not a name that counts elsewhere" "$got" ".claude/tasks.json"
lacks "nor what is installed" "$got" "node_modules"
lacks "nor what stayed" "$got" "packages/old"
got=$(inside -- touch -d '2001-01-01' packages/old/package.json)
has "a time that was set back below the top" "$got" "changed  packages/old/package.json"
rm -rf packages
got=$(inside -- sh -c 'mkdir -p f/a; i=0; while [ $i -lt 300 ]; do mkdir f/$i; : >f/$i/Makefile; i=$((i + 1)); done')
has "a flood below has an end" "$got" "more below than was looked through"
rm -rf f

# ---- repositories ----
make='mkdir -p $1/objects $1/refs && echo "ref: refs/heads/main" >$1/HEAD && echo "[core]" >$1/config'
got=$(inside -- sh -c "$make" sh a/b/.git)
# A sandbox that refuses such a thing has nothing to say of it.
appeared() { if [ -e "$3" ]; then has "$1" "$got" "$2"; else echo "skip $1: it cannot be made inside"; fi; }
appeared "a repository that appeared below" "new      a/b/.git" a/b/.git/config
got=$(inside -- sh -c "$make" sh bare)
appeared "a bare one" "new      bare (git" bare/config
lacks "not the ones from before" "$got" "a/b/.git"
got=$(inside -- sh -c 'echo x >>vendor/lib/.git/index; echo x >vendor/lib/.git/objects/x')
lacks "what git writes all the time is not named" "$got" "$said"
if inside -- sh -c 'echo x >>a/b/.git/config' >"$TEST_TMP/got" && grep -q x a/b/.git/config; then
    has "the configuration of one that was there" "$(cat "$TEST_TMP/got")" "changed  a/b/.git/config"
else
    echo "skip the configuration of one that was there: it cannot be written inside"
fi
got=$(inside -- sh -c 'i=0; d=.; while [ $i -lt 40 ]; do d=$d/d; i=$((i + 1)); done; mkdir -p $d; ln -s . self; echo >>package.json')
has "deep folders and circles end" "$got" "changed  package.json"

# ---- the terminal itself, :status, another root ----
got=$(printf ':status\necho >>package.json\n:status\n:status --json\n' | "$CORDON" --no-rc 2>&1)
is ":status says it from when it changed" "$(printf '%s\n' "$got" | grep -c 'changed:')" "1"
has ":status names it" "$got" "changed  package.json (npm runs its scripts)"
printf '%s\n' "$got" | tail -n 1 | python3 -B -c '
import json, sys
got = json.load(sys.stdin)["obeyed_changed"]
assert [g["change"] for g in got] == ["changed"] and got[0]["path"].endswith("/package.json") and got[0]["who"], got' &&
    ok ":status --json names it" || not_ok ":status --json names it" "see above"
got=$(inside --write "$HOME/other" -- sh -c "echo x >$HOME/other/setup.py")
has "another writable root" "$got" "~/other/setup.py (Python's tools run it)"
echo 'echo >>package.json' >"$HOME/line"
got=$(at_terminal /bin/sh -c 'exec "$1" --no-rc <"$2"' sh "$CORDON" "$HOME/line")
has "a script at a terminal" "$got" "changed  package.json"
got=$(TYPED='echo >>Justfile; exit' at_terminal "$CORDON" --no-rc)
has "an interactive session, at its end" "$got" "new      Justfile (just runs it)"
rm -f Justfile
got=$(TYPED=exit at_terminal "$CORDON" --no-rc)
lacks "and nothing where nothing changed" "$got" "$said"
echo done
exit "$failed"
