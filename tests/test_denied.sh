#!/bin/sh
# What is refused inside is seen, with its line, rule and remedy, while the session lives and after it.
#   CORDON=path sh tests/test_denied.sh
set -u
here=$(cd "$(dirname "$0")" && pwd)
CORDON=${CORDON:-$here/../out/linux/cordon}
TEST_TMP=${TEST_TMP:-$(mktemp -d /var/tmp/cordon-denied.XXXXXX)}
if ! command -v python3 >/dev/null 2>&1; then
    echo "skip denied: no python3"
    echo done
    exit 0
fi
# The settings of the person who runs it must not decide it.
HOME=$TEST_TMP/home
XDG_CONFIG_HOME=$HOME/.config
XDG_STATE_HOME=$HOME/.local/state
XDG_CACHE_HOME=$HOME/.cache
TERM=xterm-256color
LC_ALL=C.UTF-8
unset PROMPT_COMMAND
export HOME XDG_CONFIG_HOME XDG_STATE_HOME XDG_CACHE_HOME TERM LC_ALL
mkdir -p "$HOME/work" "$HOME/other" "$HOME/vault" "$XDG_CONFIG_HOME"
echo key >"$HOME/vault/key"
cd "$HOME/work" || exit 1
if ! "$CORDON" run -- true </dev/null 2>"$TEST_TMP/why"; then
    printf 'skip denied: %s\n' "$(tr '\n' ' ' <"$TEST_TMP/why" | cut -c1-200)"
    echo done
    exit 0
fi
exec python3 -B "$here/denied.py" "$CORDON" "$HOME/work"
