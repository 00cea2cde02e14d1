#!/bin/sh
# The demos: each refused beside its control, each NOT REFUSED where it is allowed, none larger than a screen, and
# nothing left of them.
#   CORDON=path sh tests/test_demo.sh
set -u
here=$(cd "$(dirname "$0")" && pwd)
CORDON=${CORDON:-$here/../out/linux/cordon}
TEST_TMP=${TEST_TMP:-$(mktemp -d /var/tmp/cordon-demo.XXXXXX)}
# The settings of the person who runs it must not decide it.
HOME=$TEST_TMP/home
XDG_CONFIG_HOME=$HOME/.config
XDG_STATE_HOME=$HOME/.local/state
XDG_CACHE_HOME=$HOME/.cache
export HOME XDG_CONFIG_HOME XDG_STATE_HOME XDG_CACHE_HOME
work=$HOME/work
mkdir -p "$work/.git/hooks" "$work/.vscode" "$HOME/.ssh" "$HOME/bin" "$HOME/documents" "$XDG_CONFIG_HOME"
for file in .ssh/id_ed25519 bin/ls documents/thesis.txt documents/diary.txt documents/letter.txt work/.git/config \
    work/.git/hooks/pre-commit work/.vscode/tasks.json; do
    echo mine >"$HOME/$file"
done
cd "$work" || exit 1
failed=0

ok() { printf 'ok %s\n' "$1"; }
not_ok() {
    failed=1
    printf 'not ok %s: %s\n' "$1" "$(printf '%s' "$2" | tr '\n' ' ' | cut -c1-400)"
}
# is NAME GOT WANTED
is() { if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "got '$2', wanted '$3'"; fi; }
# has NAME TEXT PART
has() { case $2 in *"$3"*) ok "$1" ;; *) not_ok "$1" "no '$3' in '$2'" ;; esac; }
listing() { find "$HOME" -path "$XDG_STATE_HOME" -prune -o -type f -print -exec cat {} \; | sort; }
decoys() { find "$XDG_STATE_HOME/cordon/sessions" -mindepth 2 -maxdepth 2 ! -name tmp ! -name 'spare[0-9]*'; }

if ! "$CORDON" run -- bash -c true </dev/null 2>"$TEST_TMP/why"; then
    printf 'skip the demos: %s\n' "$(tr '\n' ' ' <"$TEST_TMP/why" | cut -c1-200)"
    echo done
    exit 0
fi

listing >"$TEST_TMP/before"
names=$("$CORDON" demo --list | sed 's/ .*//')
wanted="delete-home read-key call-out raw-socket protected-config git-hook git-config path-program symbolic-link hard-link grandchild"
is "the list names them" "$(echo $names)" "$wanted"
count=$(echo $names | wc -w)

# ---- as it is: refused, each beside its control ----
"$CORDON" demo --json >"$TEST_TMP/all" </dev/null
is "all of them end with 0" "$?" "0"
verdicts() { # FILE: NAME VERDICT CONTROL, and the same of each that a grandchild tried
    python3 -B -c '
import json, sys
for text in open(sys.argv[1]):
    d = json.loads(text)
    print(d["name"], d["verdict"], d["control"], d["held"])
    for m in d.get("each", []):
        print("grandchild/" + m["name"], m["verdict"], m["control"], m["held"])' "$1"
}
verdicts "$TEST_TMP/all" >"$TEST_TMP/verdicts"
for name in $names $(printf 'grandchild/%s ' $names); do
    [ "$name" != grandchild/grandchild ] || continue
    is "$name is refused, and its control works" "$(grep "^$name " "$TEST_TMP/verdicts")" "$name refused True True"
done
is "each one that writes was refused by the kernel's words" \
    "$(python3 -B -c '
import json, sys
print(sum(any(w in json.loads(t).get("kernel", "") for w in ("Read-only file system", "Permission denied",
    "Operation not permitted", "cross-device", "Connection refused", "Network is unreachable")) for t in open(sys.argv[1])))' \
        "$TEST_TMP/all")" "$((count - 1))"

# Where one refusal of a path was seen as it happened, all were.
python3 -B - "$TEST_TMP/all" <<'PY' || failed=1
import json, sys
rows = [json.loads(t) for t in open(sys.argv[1])]
rows += [m for d in rows for m in d.get("each", [])]
rows = [d for d in rows if d.get("kernel") not in (None, "Connection refused", "Network is unreachable")]
if not any(d.get("record", {}).get("by") == "cover" for d in rows):  # no FUSE for this user
    rows = [d for d in rows if d["name"] != "read-key"]
without = [d["name"] for d in rows if d.get("record", {}).get("evidence") != "confirmed" or not d["record"]["rule"]]
if len(without) == len(rows) or all(d.get("record", {}).get("by") != "observer" for d in rows):
    print("skip each refusal is recorded with its rule: nothing observes here")
else:
    print("not ok" if without else "ok", "each refusal is recorded with its rule" + (f": not {without}" if without else ""))
sys.exit(bool(without) and len(without) < len(rows))
PY

# ---- where it is allowed: a demo that cannot fail shows nothing ----
"$CORDON" demo --weak --json >"$TEST_TMP/weak" </dev/null
is "where all is allowed they end with 1" "$?" "1"
verdicts "$TEST_TMP/weak" >"$TEST_TMP/verdicts"
for name in $names $(printf 'grandchild/%s ' $names); do
    [ "$name" != grandchild/grandchild ] || continue
    is "$name is NOT REFUSED where it is allowed" "$(grep "^$name " "$TEST_TMP/verdicts")" "$name NOT REFUSED True False"
done
"$CORDON" demo --weak read-key >"$TEST_TMP/screen" </dev/null
is "one alone ends with 1 too" "$?" "1"
has "its screen says so" "$(cat "$TEST_TMP/screen")" "verdict  NOT REFUSED"

# ---- made to be watched ----
for name in $names; do
    "$CORDON" demo "$name" >"$TEST_TMP/screen" </dev/null
    is "$name by its name ends with 0" "$?" "0"
    is "$name fits a screen" "$(awk 'length($0) > 80 { wide++ } END { print (NR <= 24 && NR > 8) ? "high" : NR, wide + 0 }' \
        "$TEST_TMP/screen")" "high 0"
    has "$name says what came of it" "$(cat "$TEST_TMP/screen")" "verdict  refused"
done
for part in "$ cat ~/.ssh/id_ed25519" "Permission denied" "unharmed" "control" "rule" "remedy"; do
    "$CORDON" demo read-key >"$TEST_TMP/screen" </dev/null
    has "a screen has: $part" "$(cat "$TEST_TMP/screen")" "$part"
done
"$CORDON" demo read-key >"$TEST_TMP/screen" </dev/null
has "the rule of a secret is the person's own" "$(cat "$TEST_TMP/screen")" "(built-in)"
case $(cat "$TEST_TMP/screen") in *--secret*) not_ok "and no flag that nobody gave" "--secret" ;; *) ok "and no flag that nobody gave" ;; esac
"$CORDON" demo git-config >"$TEST_TMP/screen" </dev/null
has "a recorded path keeps its file's name" "$(cat "$TEST_TMP/screen")" "write of ./.git/config by"
"$CORDON" demo path-program >"$TEST_TMP/screen" </dev/null
has "no folder of PATH is offered" "$(cat "$TEST_TMP/screen")" "remedy   none: "
printf ':demo git-hook\n' | "$CORDON" --no-rc >/dev/null 2>&1
is "a session ends well after a demo" "$?" "0"
has ":demo plays one" "$(printf ':demo git-hook\n' | "$CORDON" --no-rc 2>&1)" "verdict  refused"
has ":demo --list names them" "$(printf ':demo --list\n' | "$CORDON" --no-rc 2>&1)" "hard-link"
has ":demo --json is for machines" "$(printf ':demo read-key --json\n' | "$CORDON" --no-rc 2>&1)" '"held":true'
is "a shell goes on after :demo" "$(printf 'x=5\n:demo --list\necho $x\n' | "$CORDON" --no-rc 2>/dev/null | tail -n 1)" "5"
said=$("$CORDON" demo delete-hom 2>&1 </dev/null)
is "an unknown one is 125" "$?" "125"
has "the nearest is named" "$said" "delete-home"

# ---- nothing is left, and nothing real was touched ----
is "no decoy is left" "$(decoys)" ""
listing >"$TEST_TMP/after"
cmp -s "$TEST_TMP/before" "$TEST_TMP/after" && ok "what is no decoy is as it was" ||
    not_ok "what is no decoy is as it was" "$(diff "$TEST_TMP/before" "$TEST_TMP/after")"
python3 -B - "$CORDON" "$XDG_STATE_HOME/cordon/sessions" <<'PY'
import os, signal, subprocess, sys, time
cordon, sessions = sys.argv[1:]
p = subprocess.Popen([cordon, "demo"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
p.stdout.read(1)  # the first has been played: the decoys are there
p.send_signal(signal.SIGKILL)
p.wait()
print("ok" if any(os.path.exists(f"{sessions}/{s}/demo") for s in os.listdir(sessions)) else "not ok",
      "a demo that was killed leaves decoys: for now")
PY
"$CORDON" run -- true </dev/null
is "the next start has removed them" "$(decoys)" ""
echo done
exit "$failed"
