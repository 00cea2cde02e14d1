#!/bin/sh
# The terminal itself: a line's life, the shell's life, start files, and a script on standard input.
#   CORDON=path sh tests/test_repl.sh
set -u
here=$(cd "$(dirname "$0")" && pwd)
CORDON=${CORDON:-$here/../out/linux/cordon}
TEST_TMP=${TEST_TMP:-$(mktemp -d /var/tmp/cordon-repl.XXXXXX)}
# The settings of the person who runs it must not decide it.
HOME=$TEST_TMP/home
XDG_CONFIG_HOME=$HOME/.config
XDG_STATE_HOME=$HOME/.local/state
XDG_CACHE_HOME=$HOME/.cache
TERM=xterm-256color
LC_ALL=C.UTF-8
unset PROMPT_COMMAND
export HOME XDG_CONFIG_HOME XDG_STATE_HOME XDG_CACHE_HOME TERM LC_ALL
work=$HOME/work
mkdir -p "$work" "$XDG_CONFIG_HOME"
cd "$work" || exit 1
failed=0

ok() { printf 'ok %s\n' "$1"; }
not_ok() {
    failed=1
    printf 'not ok %s: %s\n' "$1" "$(printf '%s' "$2" | tr '\n' ' ' | cut -c1-300)"
}
# is NAME GOT WANTED
is() { if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "got '$2', wanted '$3'"; fi; }
# script NAME TEXT OUTPUT CODE
script() {
    got=$(printf '%b' "$2" | "$CORDON" --no-rc 2>"$TEST_TMP/errors")
    is "script: $1: its code" "$?" "$4"
    is "script: $1" "$got" "$3"
}

if ! "$CORDON" run -- bash -c true </dev/null 2>"$TEST_TMP/why"; then
    printf 'skip the terminal: %s\n' "$(tr '\n' ' ' <"$TEST_TMP/why" | cut -c1-200)"
    echo done
    exit 0
fi

# ---- a script on standard input ----
script "lines, one after another" 'echo a\nx=5\necho $x\n' "a
5" 0
script "a function, an alias, a folder" 'f() { echo F; }\nalias q="echo Q"\ncd /usr\nf\nq\npwd\n' "F
Q
/usr" 0
script "the last line's code" 'true\n(exit 9)\n' "" 9
script "exit ends it" 'echo a\nexit 4\necho b\n' "a" 4
is "script: bash does not say exit to nobody" "$(printf 'echo exit\nif true; then echo b >&2; exit 5; fi\n' | "$CORDON" --no-rc 2>&1)" "exit
b"
is "script: what only says exit is heard" "$(printf 'echo exit || exit 1\necho after\n' | "$CORDON" --no-rc 2>&1)" "exit
after"
script "a loop over several lines" 'for i in 1 2\ndo\n  echo $i\ndone\n' "1
2" 0
script "a here-document" 'cat <<E\none\ntwo\nE\n' "one
two" 0
script "no newline at its end" 'echo a\necho b' "a
b" 0
script "$? of the line before" 'false\necho $?\n' "1" 0
script "wrong syntax is a line's failure" 'echo )\necho $?\n' "2" 0
script "an unfinished line at its end is an error" 'echo a\necho "open\n' "a" 2
script "an empty one" '' "" 0
script "comments and blanks" '# nothing\n\n   \necho a\n' "a" 0
script "outputs are no terminal" 'test -t 1 || echo none\ntest -t 2 || echo none\n' "none
none" 0
is "script: standard error is its own" "$(printf 'echo out; echo err >&2\n' | "$CORDON" --no-rc 2>&1 >/dev/null)" "err"
printf 'echo to-file\n' | "$CORDON" --no-rc >out.txt 2>&1
is "script: its output may be a file" "$(cat out.txt)" "to-file"
is "script: it never widens" "$(printf ':net online\n' | "$CORDON" --no-rc 2>&1 | grep -c 'a script never widens')" "1"
printf 'echo x >%s/outside && echo wrote\n' "$HOME" | "$CORDON" --no-rc >out.txt 2>/dev/null
is "script: it runs inside" "$(cat out.txt)" ""
is "script: a large output is whole" "$(printf 'seq 1 200000\n' | "$CORDON" --no-rc | tail -1)" "200000"
i=0
while [ $i -lt 300 ]; do
    echo "echo line $i"
    i=$((i + 1))
done >many
is "script: 300 lines, in order" "$("$CORDON" --no-rc <many | cksum)" "$(sed 's/^echo //' many | cksum)"

# ---- a plain sh, with a process for each line ----
mkdir -p "$XDG_CONFIG_HOME/cordon"
printf '{"version": 1, "shell": "/bin/sh"}\n' >"$XDG_CONFIG_HOME/cordon/policy.json"
script "sh: folder and exported variables stay" 'export X=1\ny=2\ncd /usr\necho "$X$y"\npwd\n' "1
/usr" 0
script "sh: several lines that are one" 'for i in 1 2\ndo\n  echo $i\ndone\ncat <<E\none\nE\n' "1
2
one" 0
script "sh: the last line's code, and $?" 'false\necho $?\n(exit 9)\n' "1" 9
script "sh: exit ends it" 'echo a\nexit 4\necho b\n' "a" 4
script "sh: wrong syntax is a line's failure" 'echo )\necho $?\n' "2" 0
script "sh: an unfinished line at its end is an error" 'echo a\necho "open\n' "a" 2
script "sh: nobody types" 'cat\nread a\necho "end $?"\n' "end 1" 0
is "sh: standard error is its own" "$(printf 'echo out; echo err >&2\n' | "$CORDON" --no-rc 2>&1 >/dev/null)" "err"
is "sh: a large output is whole" "$(printf 'seq 1 200000\n' | "$CORDON" --no-rc | tail -1)" "200000"
is "sh: a large environment" "$(printf 'export A=$(printf %%099999d 1) B=$(printf %%099999d 2)\necho ${#A} ${#B}\n' | "$CORDON" --no-rc)" "99999 99999"
is "sh: it never widens" "$(printf ':net online\n' | "$CORDON" --no-rc 2>&1 | grep -c 'a script never widens')" "1"
rm "$XDG_CONFIG_HOME/cordon/policy.json"

# ---- a person's ----
if command -v python3 >/dev/null 2>&1; then
    python3 -B "$here/repl_tty.py" "$CORDON" "$work" || failed=1
    python3 -B "$here/plain_tty.py" "$CORDON" "$work" || failed=1
else
    printf 'skip the terminal: no python3 to drive it\n'
fi
cd / && rm -rf "$TEST_TMP"
echo done
exit $failed
