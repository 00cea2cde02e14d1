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

# bubblewrap told to cover, protect and replace what Cordon's plan does where it opens here, as far as it can be told. (It has
# no Landlock, no proof, no held names and no caches of its own all the same.)
plan_for_bwrap() {
    "$cordon" policy show --plan --workspace "$work" |
        awk -v home="$HOME" '
            { path = $1 == "protect" ? $2 : $3; sub(/^~/, home, path) }
            path ~ /^\/(proc|sys)/ { next }
            /^cover folder / { print "--tmpfs"; print path }
            /^cover file /   { print "--ro-bind"; print "/dev/null"; print path }
            /^protect /      { print "--ro-bind"; print path; print path }'
}

if has bwrap; then
    ratio "opening, as a ratio to bubblewrap with its full options" "aim: at most 1" \
        "$tool" spawn "$rounds" \
        bwrap --unshare-all --die-with-parent --new-session --ro-bind / / --dev /dev --proc /proc --tmpfs /tmp \
        --bind "$work" "$work" --chdir "$work" -- /bin/true --- \
        "$cordon" run --workspace "$work" -- /bin/true
    # shellcheck disable=SC2046 # one word a line; a path with a blank in it would be two, and bubblewrap then refuses
    ratio "the same, bubblewrap covering the same paths too" "no aim" \
        "$tool" spawn "$rounds" \
        bwrap --unshare-all --die-with-parent --new-session --cap-drop ALL --ro-bind / / --dev /dev --proc /proc \
        --tmpfs /tmp --tmpfs /run $(plan_for_bwrap) --tmpfs /var/tmp --bind "$work" "$work" --chdir "$work" -- /bin/true --- \
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

# Work of many processes and small files, all refusals watched, against the same outside. Long enough that opening
# does not count.
mkdir -p project/src
for n in 1 2 3 4 5 6 7 8 9 10 11 12; do
    printf '#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\nint f%s(int x) { char b[64]; snprintf(b, sizeof b, "%%d", x); return (int)strlen(b); }\n' \
        "$n" >"project/src/f$n.c"
done
printf 'int main(void) { return 0; }\n' >project/src/main.c
cat >project/Makefile <<'END'
objects = $(patsubst %.c,%.o,$(wildcard src/*.c))
prog: $(objects)
	cc -o $@ $^
END
cat >build.sh <<'END'
cd project && for i in 1 2 3; do make -s -B prog; done
END
cat >git.sh <<'END'
rm -rf repository && git init -q repository && cd repository || exit 1
for i in 1 2 3 4 5 6; do
    for n in 1 2 3 4 5 6 7 8 9 10; do echo "$i $n" >"file$n"; done
    git add -A && git -c user.name=n -c user.email=e commit -qm "$i" && git status --porcelain && git log --oneline
done
END
cat >files.sh <<'END'
mkdir -p many && cd many || exit 1
python3 -c '
import os
for i in range(4000):
    open("f%d" % i, "w").close(); os.rename("f%d" % i, "g%d" % i); os.unlink("g%d" % i)'
END
inside() { # NAME AIM SCRIPT
    ratio "$1" "$2" "$tool" spawn "$((rounds / 4 + 3))" sh "$3" --- "$cordon" run --workspace "$work" -- sh "$3"
}
if has cc && has make; then
    inside "building a small C project inside, to outside" "aim: at most 1.08" build.sh
fi
if has git; then
    inside "git on small files" "aim: at most 1.3" git.sh
fi
if has python3; then
    inside "12,000 creates, renames and removals" "no aim" files.sh
fi

awk 'BEGIN { for (i = 0; i < 400000; i++) print "the quick brown fox jumps over the lazy dog, line", i }' >text
# shellcheck disable=SC2086
time=$("$tool" type 7 "cat text; printf '%s%s\\n' bench mark" benchmark 'bare-ready ' "$mark" \
    $bare --- "$cordon" --no-rc --quiet) &&
    awk -v t="$time" 'BEGIN { printf "%-58s %.2f  (%s)\n", "terminal throughput, to a bare terminal", 1 / t, "aim: at least 0.9" }'
