#!/bin/sh
# cordon.exe under Wine, as far as that can show it: that the programs start, parse, refuse, and carry lines, codes and state. Nothing
# here shows that anything is enforced: Wine enforces nothing, and Cordon has to say so. Started by run.sh, with Wine prepared.
#   CORDON=path\to\cordon.exe sh tests/wine.sh
set -u
here=$(cd "$(dirname "$0")" && pwd)
CORDON=${CORDON:-$here/../out/windows/cordon.exe}
TEST_TMP=${TEST_TMP:-$(mktemp -d /var/tmp/cordon-wine.XXXXXX)}
place=$WINEPREFIX/drive_c/cordon-test
rm -rf "$place"
mkdir -p "$place/work"
cd "$place/work" || exit 1
failed=0

ok() { printf 'ok %s\n' "$1"; }
not_ok() {
    failed=1
    printf 'not ok %s: %s\n' "$1" "$(printf '%s' "$2" | tr '\n' ' ' | cut -c1-700)"
}
skip() { printf 'skip %s: %s\n' "$1" "$2"; }
# cordon ARGUMENTS...: into $said (both outputs) and $code.
cordon() {
    timeout -k 5 60 wine "$CORDON" "$@" </dev/null >"$TEST_TMP/out" 2>"$TEST_TMP/errors"
    code=$?
    said=$(cat "$TEST_TMP/out" "$TEST_TMP/errors" | tr -d '\r' | grep -v '^wine: ')
}
# says NAME CODE PATTERN
says() {
    if [ "$code" -eq "$2" ] && printf '%s' "$said" | grep -q -- "$3"; then
        ok "$1"
    else
        not_ok "$1" "code $code, said: $said"
    fi
}

cordon --version
says "--version" 0 '^cordon [0-9]'
cordon --help
says "--help" 0 '^usage: cordon'
cp "$TEST_TMP/out" "$TEST_TMP/help"
cordon --nosuch
says "an option that is not there" 125 'no such option'
cordon policy check
says "policy check" 0 'is good'
cordon policy check 'C:\not\there.json'
says "a path in an error is as it is typed" 125 'C:.not.there.json: '
cordon policy show
says "policy show" 0 '^workspace  *C:.cordon-test.work'
cordon policy show --plan
says "policy show --plan" 0 '^partial: NOT ENFORCED'
cordon why 'C:\cordon-test\work\a' write
says "why: in the workspace" 0 'allowed'
cordon why 'C:\windows\a' write
says "why: outside" 0 'refused'
cordon status
says "status" 0 '^tier: *none; NOT ENFORCED'
says "status: the canary" 0 '^canary: .*NOT ENFORCED'
cordon status --json
says "status --json" 0 '"not_enforced":true'

cordon setup --plan
says "setup --plan" 0 'the local account, disabled: CordonOffline'
cordon doctor
says "doctor finds nothing enforced" 125 'NOT ENFORCED'
says "doctor: what it would have tried is told all the same" 125 '^windows: 0 observed'
# Every attempt is made where nothing holds it: each has to come out as what it is worth here.
timeout -k 5 300 wine "$CORDON" doctor --not-enforced --json </dev/null >"$TEST_TMP/doctor" 2>/dev/null
code=$?
said=$(tr -d '\r' <"$TEST_TMP/doctor" | sed 's/{"name"/\n&/g')
says "doctor --json: where nothing is enforced it is a finding" 1 '"trials":\['
rows=$(printf '%s\n' "$said" | grep -c '"rule":')
if [ "$rows" -ge 80 ]; then ok "doctor --json: $rows rows"; else not_ok "doctor --json: rows" "$rows"; fi
passed=$(printf '%s\n' "$said" | grep '"expected":"denied"' | grep '"state":"observed"')
if [ -z "$passed" ]; then ok "doctor: no refusal counts under Wine"; else not_ok "doctor: no refusal counts under Wine" "$passed"; fi
broken=$(printf '%s\n' "$said" | grep '"rule":' | grep -c '"state":"BROKEN"')
if [ "$broken" -ge 5 ]; then ok "doctor: what gets through is BROKEN"; else not_ok "doctor: what gets through is BROKEN" "$broken rows: $said"; fi
hung=$(printf '%s\n' "$said" | grep 'took too long' | grep -v '"rule":"W5"') # Wine may be half a minute at starting a service for COM
if [ -z "$hung" ]; then ok "doctor: each attempt comes to its end"; else not_ok "doctor: each attempt comes to its end" "$hung"; fi
if command -v python3 >/dev/null 2>&1; then
    if tr -d '\r' <"$TEST_TMP/doctor" | python3 -c 'import json, sys; json.load(sys.stdin)'; then ok "doctor --json is JSON"; else not_ok "doctor --json is JSON" "it is not"; fi
else
    skip "doctor --json is JSON" "no python3"
fi
cordon run -- cmd /c exit 7
says "run is refused" 125 'NOT ENFORCED'
cordon -c 'exit 7'
says "-c is refused" 125 'NOT ENFORCED'
cordon run --accept enforcement -- cmd /c exit 7
says "no other word opens it" 125 .

cordon run --not-enforced -- cmd /c exit 7
says "--not-enforced: run gives the program's code, and says what it is worth" 7 'NOT ENFORCED'
cordon run --not-enforced -- cmd /c exit -1073741502
says "a number of the system's own is said in words" 66 '0xc0000142: .*desktop session'
cordon demo git-hook
says "demo: nothing is enforced, and nothing is played" 125 'NOT ENFORCED'
cordon demo --not-enforced rename-away
says "demo: a screen says that nothing is held" 1 'nothing is enforced here'
says "demo: and what was tried, where" 1 'on a decoy: \..\.git$'
timeout -k 5 200 wine "$CORDON" demo --not-enforced --json </dev/null >"$TEST_TMP/demo" 2>/dev/null
said=$(tr -d '\r' <"$TEST_TMP/demo")
held=$(printf '%s\n' "$said" | grep -v '"held":false')
if [ -z "$held" ]; then ok "demo: nothing is held under Wine"; else not_ok "demo: nothing is held under Wine" "$held"; fi
passed=$(printf '%s\n' "$said" | grep '"verdict":"NOT REFUSED"' | grep -c '"control":true')
if [ "$passed" -ge 15 ]; then ok "demo: what gets through is NOT REFUSED"; else not_ok "demo: what gets through is NOT REFUSED" "$passed: $said"; fi
left=$(find "$WINEPREFIX/drive_c/users" -path '*cordon/sessions/*' -name demo)
if [ -z "$left" ]; then ok "demo: no decoy stays"; else not_ok "demo: no decoy stays" "$left"; fi
if command -v python3 >/dev/null 2>&1; then
    cordon doctor --json
    python3 -B "$here/windows_report.py" "$here/.." "$TEST_TMP/help" "$TEST_TMP/doctor" "$TEST_TMP/out" "$TEST_TMP/demo" || failed=1
else
    skip "windows.ps1" "no python3"
fi
# What windows.ps1 gives a tool to do, as it does: a file of commands, which ends with the code of the first that fails.
printf '@echo off\r\necho one>a.txt\r\nif not "%%errorlevel%%"=="0" exit /b %%errorlevel%%\r\ncmd /c exit 6\r\nif not "%%errorlevel%%"=="0" exit /b %%errorlevel%%\r\necho not-here\r\n' >task.cmd
cordon run --not-enforced -- cmd.exe /d /c '.\task.cmd'
says "windows.ps1: a task ends with the code of what fails" 6 .
if printf '%s' "$said" | grep -q not-here; then not_ok "windows.ps1: and no later" "$said"; else ok "windows.ps1: and no later"; fi
printf 'one\ntwo\n' | timeout -k 5 60 wine "$CORDON" run --not-enforced -- cmd /d /c more >"$TEST_TMP/out" 2>"$TEST_TMP/errors"
code=$?
said=$(tr -d '\r' <"$TEST_TMP/out" | tr '\n' ' ')
says "what comes on a pipe reaches a program, and its end too" 0 '^one two'
cordon run --not-enforced -- nosuchprogram
says "a program that is not there" 127 .
printf '@exit /b 5\r\n' >"$place/work/here.bat"
cordon run --not-enforced -- here.bat
says "one of this folder is told of, and not taken" 127 'in this folder is .*here.bat'
cordon run --not-enforced -- '.\here.bat'
says "unless it is said where it is" 5 .
cordon --not-enforced -c 'echo one two& exit 3'
says "-c: a line of cmd" 3 '^one two'
cordon --not-enforced -c 'if 1==1 (echo "a b" c) else echo d'
says "-c: quotes and parentheses" 0 '^"a b" c'

printf 'for %%i in (a b) do (\r\n echo %%i\r\n)\r\nif 1==1 (\r\nset CRD=1\r\n)\r\necho [%%CRD%%]\r\ncmd /c exit 6\r\necho %%errorlevel%%\r\n' >"$TEST_TMP/script"
said=$(timeout -k 5 120 wine "$CORDON" --not-enforced --no-rc <"$TEST_TMP/script" 2>"$TEST_TMP/errors" | tr -d '\r' | tr '\n' '|')
code=$?
says "a script: lines that are one, without a blank too much" 0 '^a|b|\[1\]|6|$'

# What git outside would obey in a .git that git inside writes, is told at the end: an index that names a hook, a rebase that waits.
mkdir -p .git/objects .git/refs .git/rebase-merge
printf 'ref: refs/heads/main\n' >.git/HEAD
printf '[core]\n\tbare = false\n' >.git/config
cordon run --not-enforced -- cmd /c 'echo pick 1>.git\rebase-merge\git-rebase-todo'
if printf '%s' "$said" | grep -q 'git here'; then not_ok "git: what does no harm is not told" "$said"; else ok "git: what does no harm is not told"; fi
zeros='\000\000\000\000\000\000\000\000\000\000\000\000' hash=hhhhhhhhhhhhhhhhhhhh
printf "DIRC\\000\\000\\000\\002\\000\\000\\000\\001$zeros$zeros\\000\\000\\201\\355$zeros$hash\\000\\030.git/hooks/post-checkout\\000\\000$hash" >made
cordon run --not-enforced -- cmd /c 'copy made .git\index >nul & echo exec calc>.git\rebase-merge\git-rebase-todo'
says "git: an index that names a hook is told at the end" 0 'warning: .*index, which could be written inside, names files outside'
says "git: so is a rebase that runs something" 0 'runs programs when it is continued here: exec calc'
rm -rf .git made

printf 'set CRD=1 2\r\ncd ..\r\necho [%%CRD%%] %%CD%%\r\ncmd /c exit 4\r\n' >"$TEST_TMP/script"
timeout -k 5 120 wine "$CORDON" --not-enforced --no-rc <"$TEST_TMP/script" >"$TEST_TMP/out" 2>"$TEST_TMP/errors"
code=$?
said=$(cat "$TEST_TMP/out" "$TEST_TMP/errors" | tr -d '\r')
says "a script: what a line leaves is there in the next" 4 '\[1 2\] C:.cordon-test$'

if command -v python3 >/dev/null 2>&1; then
    timeout -k 5 400 python3 "$here/wine_tty.py" "$CORDON" "$place/work" || failed=1
else
    skip "the terminal" "no python3"
fi
skip "Ctrl-C as a byte" "wine: an event all the same, and the byte is never read"
skip "Ctrl-Break" "wine: cannot be sent on a pty"
skip "a new size" "wine: tells no event, and resizes no pseudoconsole"
skip "an exit code above 255" "wine: a caller outside sees the low byte"
skip "the cursor's place at the start of a line" "wine: its console host does not ask"
rm -rf "$place"
echo "done"
exit $failed
