#!/bin/sh
# The command line: exit codes, descriptors, signals, refusals by name, the verbs that look, and a terminal.
#   CORDON=path sh tests/test_cli.sh
set -u
here=$(cd "$(dirname "$0")" && pwd)
CORDON=${CORDON:-$here/../out/linux/cordon}
TEST_TMP=${TEST_TMP:-$(mktemp -d /var/tmp/cordon-cli.XXXXXX)}
# The settings of the person who runs it must not decide it.
HOME=$TEST_TMP/home
XDG_CONFIG_HOME=$HOME/.config
XDG_STATE_HOME=$HOME/.local/state
XDG_CACHE_HOME=$HOME/.cache
export HOME XDG_CONFIG_HOME XDG_STATE_HOME XDG_CACHE_HOME
work=$HOME/work
mkdir -p "$work" "$HOME/other" "$HOME/.ssh" "$XDG_CONFIG_HOME"
echo key >"$HOME/.ssh/id_test"
cd "$work" || exit 1
failed=0

ok() { printf 'ok %s\n' "$1"; }
not_ok() {
    failed=1
    printf 'not ok %s: %s\n' "$1" "$(printf '%s' "$2" | tr '\n' ' ' | cut -c1-300)"
}
# is NAME GOT WANTED
is() { if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "got '$2', wanted '$3'"; fi; }
# has NAME TEXT PART
has() { case $2 in *"$3"*) ok "$1" ;; *) not_ok "$1" "no '$3' in '$2'" ;; esac; }
lacks() { case $2 in *"$3"*) not_ok "$1" "'$3' in '$2'" ;; *) ok "$1" ;; esac; }
# code WANTED NAME COMMAND...: the exit code; what was said goes to $said
code() {
    wanted=$1 name=$2
    shift 2
    said=$("$@" 2>&1 </dev/null)
    is "$name" "$?" "$wanted"
}

if ! "$CORDON" run -- true </dev/null 2>"$TEST_TMP/why"; then
    not_ok "a program runs inside" "$(cat "$TEST_TMP/why")"
    echo done
    exit 1
fi

# ---- exit codes ----
code 0 "true gives 0" "$CORDON" run -- true
code 7 "a command's own code" "$CORDON" run -- sh -c 'exit 7'
code 255 "255 passes" "$CORDON" run -- sh -c 'exit 255'
code 137 "128 + n of a signal" "$CORDON" run -- sh -c 'kill -9 $$'
code 127 "not found is 127" "$CORDON" run -- no-such-program-here
echo text >plain
code 126 "not executable is 126" "$CORDON" run -- ./plain
code 3 "-c gives the line's code" "$CORDON" -c 'exit 3'
is "-c hands arguments on" "$("$CORDON" -c 'echo $0-$1' a b)" "a-b"
is "what follows run's program is the program's" "$("$CORDON" run -- echo --net -c)" "--net -c"
is "-- is not needed" "$("$CORDON" run echo --net)" "--net"

# ---- words that are not known ----
code 125 "an unknown verb is 125" "$CORDON" dcotor
has "the nearest verb is named" "$said" "doctor"
code 125 "a folder is no verb" "$CORDON" "$HOME/other"
has "how a folder is named is said" "$said" "--workspace DIR"
code 125 "an unknown option is 125" "$CORDON" run --wirte x -- true
has "the nearest option is named" "$said" "--write"
code 125 "an option of another verb is 125" "$CORDON" run --session x -- true
has "and whose it is is said" "$said" "it belongs to: denied"
code 125 "what shapes a sandbox is no option of what opens none" "$CORDON" denied --net online
code 125 "an option of the terminal is none of run" "$CORDON" run --no-rc -- true
code 125 "run without a program is 125" "$CORDON" run
code 125 "an option without its value is 125" "$CORDON" run --net
code 125 "an option given twice is 125" "$CORDON" run --net offline --net offline -- true
code 125 "a flag takes no value" "$CORDON" run --agent=yes -- true
code 0 "--help gives 0" "$CORDON" --help
has "--help names the verbs" "$said" "doctor"
is "--help fits 80 columns" "$("$CORDON" --help | awk 'length($0) > 80' | wc -l)" 0
code 0 "--help of a verb" "$CORDON" denied --help
has "has its options" "$said" "--follow"
lacks "and no other's" "$said" "--stdin"
lacks "nor those that shape a boundary, where none is opened" "$said" "--write"
code 125 "help of what is no verb is 125" "$CORDON" help statsu
has "with the nearest one" "$said" "cordon help status"
has ":help NAME says more than the list" "$(printf ':help allow\n' | "$CORDON" --no-rc 2>&1)" "example: :allow"
code 0 "--help of setup" "$CORDON" setup --help
has "shows --plan without the verbs it belongs to" "$said" "--plan                what"
code 125 "an argument too many is 125" "$CORDON" policy show it
has "with the usage" "$said" "usage: cordon policy show"
has "a built-in refuses a flag that it has not" "$(printf ':status --jsn\n' | "$CORDON" --no-rc 2>&1)" "no such word: --jsn; usage: :status"
code 125 "a root that is not there is 125" "$CORDON" run --write "$HOME/not-there" -- true
has "what would help is the end of one line" "$said" "it does not exist; make it first, outside"
has "the command shell goes by its own name" "$(printf 'cat /proc/$$/comm\n' | "$CORDON" --no-rc 2>&1)" bash
if [ "$(id -u)" = 0 ]; then
    echo "skip a folder that one may not write is no workspace: root may write in any"
else
    mkdir -p "$HOME/shut" && chmod 555 "$HOME/shut"
    code 125 "a folder that one may not write is no workspace" "$CORDON" run --workspace "$HOME/shut" -- true
    has "it is said before anything is tried" "$said" "you may not write in this folder"
    has "questions are answered there all the same" "$(cd "$HOME/shut" && "$CORDON" why ./x write 2>&1)" refused
fi
code 0 "--version gives 0" "$CORDON" --version
has "--version says what it is" "$said" "cordon "

# ---- the three descriptors ----
is "a pipe on standard input" "$(echo through | "$CORDON" run -- cat)" "through"
echo from-file >in
is "a file on standard input" "$("$CORDON" run -- cat <in)" "from-file"
"$CORDON" run -- sh -c 'echo one; echo two >&2; echo three' >both 2>&1
is "one file behind both keeps the order" "$(tr '\n' ' ' <both)" "one two three "
"$CORDON" run -- sh -c 'echo out; echo err >&2' >out 2>err
is "standard output to a file" "$(cat out)" "out"
is "standard error to a file" "$(cat err)" "err"
echo old >appended
"$CORDON" run -- echo new >>appended
is "a file is appended to" "$(tr '\n' ' ' <appended)" "old new "
is "/dev/stderr can be opened when it is a file" \
    "$("$CORDON" run -- sh -c 'echo x >/dev/stderr' 2>err; cat err)" "x"
is "/dev/stdout can be opened when it is a pipe" "$("$CORDON" run -- sh -c 'echo x >/dev/stdout' | cat)" "x"
echo mine >"$HOME/other/file"
chmod 600 "$HOME/other/file"
"$CORDON" run -- sh -c 'chmod 777 /proc/self/fd/0; chmod 777 /dev/stdin' <"$HOME/other/file" >/dev/null 2>&1
is "a redirected file keeps its mode" "$(stat -c %a "$HOME/other/file")" "600"
"$CORDON" run -- true <&- >&- 2>&-
is "closed descriptors are null ones" "$?" "0"
is "a closed standard input reads as empty" "$("$CORDON" run -- cat <&-)" ""
code 125 "a folder on standard input is refused" sh -c '"$1" run -- true <.' sh "$CORDON"
has "the folder is named as such" "$said" "a folder"
mkfifo pipe
(echo named >pipe &)
is "a named FIFO is relayed" "$("$CORDON" run -- cat <pipe)" "named"
"$CORDON" run -- yes 2>/dev/null | head -n 1 >first
is "a reader that goes away ends the writer" "$(cat first)" "y"
head -c 3000000 /dev/urandom >big
"$CORDON" run -- cat <big >big.out
cmp -s big big.out && ok "3 MB from file to file, byte for byte" || not_ok "3 MB from file to file, byte for byte" differs
"$CORDON" run -- cat <big | (sleep 0.3; cat) | cmp -s - big && ok "a slow reader loses nothing" ||
    not_ok "a slow reader loses nothing" differs
is "a program that reads nothing ends" "$("$CORDON" run -- true <big; echo $?)" "0"
is "nothing is left open" "$("$CORDON" run -- sh -c 'ls /proc/self/fd | tr "\n" " "' 3<in 4<in)" "0 1 2 3 "

# ---- signals to cordon ----
for signal in TERM:143 HUP:129 INT:130; do
    # A background job of sh ignores INT from birth; python gives it a default again.
    python3 -B - "$CORDON" "${signal%:*}" "${signal#*:}" <<'PY'
import os, signal, subprocess, sys, time
cordon, name, wanted = sys.argv[1:]
number = getattr(signal, "SIG" + name)
p = subprocess.Popen([cordon, "run", "--", "sh", "-c", "echo ready; exec sleep 60"], stdin=subprocess.DEVNULL,
                     stdout=subprocess.PIPE, preexec_fn=lambda: signal.signal(number, signal.SIG_DFL))
p.stdout.readline()
p.send_signal(number)
try:
    got = p.wait(8)
except subprocess.TimeoutExpired:
    p.kill()
    got = "still running"
print(("ok" if str(got) == wanted else "not ok") + f" SIG{name} ends the command" +
      ("" if str(got) == wanted else f": {got}"))
sys.exit(str(got) != wanted)
PY
    [ $? = 0 ] || failed=1
done
"$CORDON" run -- sh -c 'sleep 987 & exit 0'
is "nothing that ran inside is left" "$(ps -eo args 2>/dev/null | grep -c '^sleep 987')" "0"

# ---- where and what ----
is "it starts in the current folder" "$("$CORDON" run -- pwd)" "$work"
is "with --workspace it starts there" "$("$CORDON" run --workspace "$HOME/other" -- pwd)" "$HOME/other"
mkdir -p sub
is "a folder below the workspace stays where it is" \
    "$(cd sub && "$CORDON" run --workspace "$work" -- pwd)" "$work/sub"
(cd "$HOME" && "$CORDON" run -- true) >/dev/null 2>"$TEST_TMP/why" </dev/null
is "HOME is refused" "$?" "125"
has "HOME is refused by name" "$(cat "$TEST_TMP/why")" "home folder"
(cd / && "$CORDON" -c true) >/dev/null 2>"$TEST_TMP/why" </dev/null
is "/ is refused" "$?" "125"
code 125 "a system folder is refused" "$CORDON" run --workspace /etc -- true
code 125 "a missing workspace is refused" "$CORDON" run --workspace "$HOME/nowhere" -- true
code 2 "another folder is read-only" "$CORDON" run -- sh -c "echo x >$HOME/other/new"
code 0 "--write makes it writable" "$CORDON" run --write "$HOME/other" -- sh -c "echo x >$HOME/other/new"
code 125 "--write of HOME is refused" "$CORDON" run --write "$HOME" -- true
code 1 "a secret path cannot be read" "$CORDON" run -- cat "$HOME/.ssh/id_test"
echo private >hidden
code 1 "--secret hides a file" "$CORDON" run --secret "$work/hidden" -- cat hidden
mkdir -p kept
code 2 "--protect keeps a folder" "$CORDON" run --protect kept -- sh -c 'echo x >kept/x'
code 125 "--net limited is refused by name" "$CORDON" run --net limited -- true
has "the reason is said" "$said" "limited needs Cordon's proxy, which does not exist yet"
code 125 "an unknown network mode is refused" "$CORDON" run --net onlin -- true
code 0 "--net online opens" "$CORDON" run --net online -- true
code 125 "--require knows one value" "$CORDON" run --require most -- true

# ---- policy files ----
cat >"$HOME/policy.json" <<'JSON'
{
  "version": 1,
  "wirte": []
}
JSON
code 1 "policy check finds an error" "$CORDON" policy check "$HOME/policy.json"
has "file, line and column are named" "$said" "policy.json:3:3"
has "the nearest key is named" "$said" "\"write\""
code 125 "a bad policy opens nothing" "$CORDON" run --policy "$HOME/policy.json" -- true
printf '{"version":1,"write":["%s"]}' "$HOME/other" >"$HOME/policy.json"
code 0 "policy check passes a good file" "$CORDON" policy check "$HOME/policy.json"
code 0 "--policy is obeyed" "$CORDON" run --policy "$HOME/policy.json" -- sh -c "echo x >$HOME/other/y"
cp "$HOME/policy.json" "$work/policy.json"
code 125 "a policy file in the workspace is refused" "$CORDON" run --policy policy.json -- true
has "the reason is where it lies" "$said" "rewrite"
"$CORDON" policy show --json >"$HOME/shown.json"
code 0 "what policy show prints can be read again" "$CORDON" policy check "$HOME/shown.json"
printf '{"version": 1, "write": ["~/not-there"]}' >"$HOME/missing.json"
code 0 "a configured folder that is not there does not keep Cordon from opening" "$CORDON" --policy "$HOME/missing.json" -c true
has "and is told of" "$said" '~/not-there does not exist'
code 0 "policy check warns of it" "$CORDON" policy check "$HOME/missing.json"
has "by its name" "$said" 'warning: "write": ~/not-there does not exist'
code 0 "status shows it" "$CORDON" --policy "$HOME/missing.json" status
has "as not there" "$said" 'it does not now'
code 125 "one that was typed must be there" "$CORDON" --write "$HOME/not-there" -c true
code 0 "policy show --plan" "$CORDON" policy show --plan
has "the plan names the workspace" "$said" "work"
code 0 "policy explain" "$CORDON" policy explain network.mode
has "a key's words are named" "$said" "offline"
code 0 "policy export sbpl" "$CORDON" policy export sbpl
has "a profile of Seatbelt" "$said" "(deny network"
code 125 "policy export wsb on Linux" "$CORDON" policy export wsb
code 125 "an unknown key" "$CORDON" policy explain network.mod
has "the nearest key to explain" "$said" "network.mode"

# ---- why, denied, status, doctor ----
code 0 "why of a path" "$CORDON" why "$HOME/other" write
has "refused, with what would change it" "$said" ":allow"
ln -s "$HOME/other" way
code 0 "why of a link" "$CORDON" why way
has "the link's end is shown" "$said" "leads to"
code 0 "why of an address" "$CORDON" why example.org:443
has "an address is refused offline" "$said" "refused"
code 125 "why with an operation that is none" "$CORDON" why . wirte
bad=$(printf 'a\033]52;c;x\007b')
code 0 "why of a name with controls" "$CORDON" why "./$bad"
case $said in *"$(printf '\033')"*) not_ok "controls are shown escaped" "an escape came out" ;;
*) ok "controls are shown escaped" ;; esac

code 0 "why of a host" "$CORDON" why example.com
has "a host is no file of the workspace" "$said" "connect  refused: the network is offline"
has "a scheme makes a host" "$("$CORDON" why https://example.com/x)" "example.com, port 443"
has "an address is one" "$("$CORDON" why 8.8.8.8)" "connect  refused"
has "a flag is named as it was typed" "$("$CORDON" why --net online example.com:443)" "the network is online (--net)"
touch example.com
has "a file here wins over a host" "$("$CORDON" why example.com)" "$work/example.com"
rm example.com
code 125 "why of what is nothing" "$CORDON" why nosuch
has "is said to be nothing" "$said" "no file here, and no program"
code 0 "why of a socket" "$CORDON" why unix:/run/docker.sock
has "as denied prints it" "$said" "connect"
has "an abstract one" "$("$CORDON" why unix:@x)" "held by: the gate"
has "why connect of a path" "$("$CORDON" why "$HOME/other" connect)" "connect  refused: what listens there is outside"
has "a secret is held by a cover" "$("$CORDON" why "$HOME/.ssh/id_test" read)" "held by: a cover over it"
mkdir -p repository/.git/hooks
has "a key of the policy has no second quotes" "$("$CORDON" why --workspace "$PWD/repository" repository/.git write; "$CORDON" why --agent --workspace "$PWD/repository" repository/.git/x write)" 'rule: protect "git" ('
rm -r repository
has "a folder that may be writable is offered itself" "$("$CORDON" why "$HOME/other" write)" ":allow ~/other"
touch "$HOME/letter"
lacks "a file is not" "$("$CORDON" why "$HOME/letter" write)" ":allow"
rm "$HOME/letter"

code 0 "why docker" "$CORDON" why docker
has "why docker says it in one line" "$said" "docker cannot do its work inside: its daemon runs outside"
is "in one line indeed" "$(printf '%s\n' "$said" | wc -l)" 1
has "why ssh offline" "$("$CORDON" why ssh)" ":net online"
has "why ssh online" "$("$CORDON" why --net online ssh)" "keys and the agent are not readable"
has "why strace" "$("$CORDON" why strace)" "strace works inside"
has "why of a setuid program that no list has" "$("$CORDON" why "$(basename "$(find /usr/bin -perm -4000 -user root | grep -vE '/(su|sudo|mount|umount|passwd)$' | head -n 1)")" | head -n 1)" "setuid"
touch docker
has "a file here wins over a program" "$("$CORDON" why docker)" "$work/docker"
rm docker
has "a slash makes it a path" "$("$CORDON" why ./docker)" "$work/docker (does not exist)"
ln -s /etc/passwd lead
mkdir "$HOME/real"
ln -s "$HOME/real" "$HOME/outside"
has "a write through a link is one to what it leads to" "$("$CORDON" why --json lead write)" '"subject":"/etc/passwd","operation":"write","allowed":false'
has "a link itself can be removed" "$("$CORDON" why --json lead delete)" '"subject":"'"$work"'/lead","operation":"delete","allowed":true'
has "what is not there lies where its folder leads" "$("$CORDON" why --json "$HOME/outside/new" create)" "\"subject\":\"$HOME/real/new\""
rm lead "$HOME/outside"
rmdir "$HOME/real"
is "many questions, an answer each" "$(printf 'write /etc/x\nread %s/.ssh/k\ncreate %s/n\nexample.org:443\nwrite a\0b\ndocker' "$HOME" "$work" | "$CORDON" why --json --stdin | sed 's/.*"allowed":\([a-z]*\).*/\1/; s/.*"error".*/error/' | tr '\n' ' ')" "false false true false error false "
code 125 "--stdin takes no argument" "$CORDON" why --stdin x
code 125 "why of nothing" "$CORDON" why

# ---- denied: logs as a session, a crash and a stranger leave them ----
logs=$XDG_STATE_HOME/cordon/denials
code 0 "a program that is refused nothing" "$CORDON" run -- true
code 0 "denied answers for the newest session" "$CORDON" denied
has "denied says that nothing was refused" "$said" "nothing was refused"
has "denied names the session and its folder" "$said" "in ~/work, from 20"
code 0 "denied --json answers" "$CORDON" denied --json
is "denied --json of no refusals is no record" "$said" ""
is "the logs are the person's alone" "$(stat -c %a "$logs") $(stat -c %a "$logs"/*.jsonl | sort -u)" "700 600"
{
    echo '{"version":1,"session":"x","start":"2026-11-21T16:51:54.123Z","workspace":"'"$work"'","network":"offline","process":4}'
    for n in 1 2; do
        printf '{"version":1,"time":"2026-11-21T16:51:5%d.123Z","operation":"write","path":"%s","pid":12,"program":"s\\u001Bh","line":3,' \
            $n "$HOME/x\\\\u0007y"
        printf '"rule":"no writable root contains it (built-in)","remedy":":allow ~/x","evidence":"confirmed","errno":"EROFS",'
        printf '"count":2,"by":"observer"}\n'
    done
    printf '{"version":1,"time":"2026-11-21T16:51:55.123Z","operation":"conn'
} >"$logs/20261121T165154.123Z-4.jsonl"
code 0 "denied shows another session" "$CORDON" denied --session 20261121T165154.123Z-4
has "denied says that its end is missing" "$said" "and ended without a word"
has "denied groups repeats" "$said" "(4 times)"
has "denied escapes what comes from inside" "$said" 'by s\x1Bh (pid 12), line 3'
has "denied shows the rule" "$said" "rule: no writable root contains it (built-in)"
has "denied shows the remedy" "$said" "remedy: :allow ~/x"
code 0 "denied shows as JSON" "$CORDON" denied --json --session 20261121T165154.123Z-4
is "denied shows each record, and nothing of half a line" "$(printf '%s\n' "$said" | grep -c '"operation":"write"')" 2
code 0 "denied -n" "$CORDON" denied --json -n 1 --session 20261121T165154.123Z-4
is "denied -n 1 shows one" "$(printf '%s\n' "$said" | grep -c version)" 1
code 0 "denied shows all sessions" "$CORDON" denied --all
has "denied --all has the newest" "$said" "nothing was refused"
has "denied --all has the older" "$said" "(4 times)"
code 125 "denied of a session that is not there" "$CORDON" denied --session y
code 125 "denied -n 0" "$CORDON" denied -n 0
rm "$logs/20261121T165154.123Z-4.jsonl"
code 0 "status answers" "$CORDON" status
has "status does not claim what was not tried" "$said" "not tried"
code 0 "doctor finds everything held" "$CORDON" doctor
has "doctor shows expected and observed" "$said" "expected denied"
has "doctor shows the control" "$said" "control done"
case $said in *BROKEN* | *"??"*) not_ok "no promise is broken or unknown" "$said" ;;
*) ok "no promise is broken or unknown" ;; esac
"$CORDON" doctor --json 2>/dev/null | python3 -B -c '
import json, sys
d = json.load(sys.stdin)
assert d["tier"] in ("full", "partial") and len(d["checks"]) > 6, d
assert all(c["observed"] == c["expected"] for c in d["checks"]), d' && ok "doctor --json is JSON" ||
    not_ok "doctor --json is JSON" "see above"
"$CORDON" run -- sh -c 'echo left >/tmp/left; mkdir -p /tmp/deep/er; echo left >/tmp/deep/er/left'
is "nothing of a session's temp is on the disk after it" \
    "$(find "$XDG_STATE_HOME/cordon/sessions" -name left 2>/dev/null)" ""
is "and nothing of it is in the next one" "$("$CORDON" run -- find /tmp -name left)" ""

# ---- a script never widens; --agent locks ----
said=$(printf ':net online\n:allow %s\n' "$HOME/other" | timeout 20 "$CORDON" 2>&1)
has "a script on standard input never widens" "$said" "a script never widens"
code 2 "--agent locks .git" sh -c 'mkdir -p .git && "$1" run --agent -- sh -c "echo x >.git/x"' sh "$CORDON"

# ---- a terminal ----
if python3 -B -c 'import pty' 2>/dev/null; then
    python3 -B "$here/cli_tty.py" "$CORDON" "$work" "$HOME/other" || failed=1
else
    echo "skip a terminal: no python3"
fi
echo done
exit "$failed"
