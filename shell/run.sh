#!/bin/sh
# run: from a fresh clone to an open terminal. Installs what is missing, builds, and starts cordon in the folder it is
# called from, with the arguments it is given. Nothing is fetched or built that is already there.
#
#   sh shell/run.sh [ARGUMENT...]

set -u
unset CDPATH
top=$(cd "$(dirname "$0")/.." && pwd -P) || exit 125
cordon=$top/out/linux/cordon

. "$top/shell/packages.sh"

[ "$(uname -s)" = Linux ] || stop "Cordon runs on Linux (and in WSL2); this is $(uname -s)"

# A checkout that is not ours to build in serves what was built in it.
if ! can_build; then
    [ -x "$cordon" ] && [ -x "$cordon-runner" ] ||
        stop "$top is not writable and nothing is built in it; run its owner's 'sh shell/run.sh' first, or clone it"
    newer=$(cd "$top" && find build.ninja sandbox conpty shell -name '*.[ch]' -newer "$cordon" 2>/dev/null | head -n 1)
    [ -z "$newer" ] || say "the build in $top is older than its sources and is not ours to renew"
    exec "$cordon" "$@"
fi

# The usual case: all is there and nothing has changed.
up_to_date() {
    [ -x "$cordon" ] && [ -x "$cordon-runner" ] && has ninja && run_ninja -n linux 2>/dev/null | grep -q 'no work to do'
}
up_to_date && exec "$cordon" "$@"

missing=$(missing_to_build)
# shellcheck disable=SC2086 # the names are words
need_packages $missing

if [ -x "$cordon" ]; then
    say "building cordon (its sources changed)"
else
    say "building cordon (first time, about 10 s)"
fi
log=$top/out/build.log
mkdir -p "$top/out" || stop "$top/out could not be made"
if ! run_ninja linux >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    stop "the build failed; all of it is in out/build.log"
fi

exec "$cordon" "$@"
