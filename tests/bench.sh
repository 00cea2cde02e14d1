#!/bin/sh
# bench: what Cordon costs, as ratios of medians taken turn about in one run on this machine. No absolute times: they
# say more about the machine. The aims are in brackets; nothing here passes or fails.
#
#   sh tests/bench.sh [ROUNDS]

set -u
unset CDPATH
top=$(cd "$(dirname "$0")/.." && pwd -P) || exit 125
. "$top/shell/packages.sh"

rounds=${1:-40}
cordon=$top/out/linux/cordon
tool=$top/out/linux/tests/bench_tool
mkdir -p "$top/out"
run_ninja linux out/linux/tests/bench_tool >"$top/out/build.log" 2>&1 || {
    tail -n 30 "$top/out/build.log" >&2
    stop "the build failed"
}

# Not below /tmp, which the sandboxes replace.
work=$(mktemp -d /var/tmp/cordon-bench.XXXXXX) || exit 125
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cd "$work" || exit 125
export LC_ALL=C.UTF-8

ratio() { # NAME AIM COMMAND...
    name=$1 aim=$2
    shift 2
    if value=$("$@"); then
        printf '%-58s %s  (%s)\n' "$name" "$value" "$aim"
    else
        printf '%-58s %s\n' "$name" "could not be measured"
    fi
}

if has bwrap; then
    ratio "opening, as a ratio to bubblewrap with its full options" "aim: at most 1" \
        "$tool" spawn "$rounds" \
        bwrap --unshare-all --die-with-parent --new-session --ro-bind / / --dev /dev --proc /proc --tmpfs /tmp \
        --bind "$work" "$work" --chdir "$work" -- /bin/true --- \
        "$cordon" run --workspace "$work" -- /bin/true
else
    echo "opening: bubblewrap is not installed to compare with"
fi

# What ends a prompt: cordon's mark of it, and what bare is told to print.
mark=$(printf '\033]133;B')

# The same line, typed into a bare bash and into an open session, each on a terminal of its own.
bare="bash --noprofile --norc -i"
export PS1='bare-ready '
# shellcheck disable=SC2086 # bare is words
ratio "a command in an open session, to one in a bare shell" "aim: at most 1.3" \
    "$tool" type "$rounds" "/usr/bin/printf '%s%s\\n' bench mark" benchmark 'bare-ready ' "$mark" \
    $bare --- "$cordon" --no-rc --quiet

awk 'BEGIN { for (i = 0; i < 400000; i++) print "the quick brown fox jumps over the lazy dog, line", i }' >text
# shellcheck disable=SC2086
time=$("$tool" type 7 "cat text; printf '%s%s\\n' bench mark" benchmark 'bare-ready ' "$mark" \
    $bare --- "$cordon" --no-rc --quiet) &&
    awk -v t="$time" 'BEGIN { printf "%-58s %.2f  (%s)\n", "terminal throughput, to a bare terminal", 1 / t, "aim: at least 0.9" }'
