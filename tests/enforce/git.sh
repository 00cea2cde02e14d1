#!/bin/sh
# What git would run or obey outside cannot be prepared from inside, and git works inside (git_ways.py).
#   CORDON=path sh tests/enforce/git.sh [PART OF A NAME]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
CORDON=${CORDON:-$here/../../out/linux/cordon}
export CORDON
for tool in git python3; do
    if ! command -v "$tool" >/dev/null 2>&1; then
        echo "skip git: no $tool"
        echo done
        exit 0
    fi
done
if [ ! -x "$CORDON" ]; then
    echo "skip git: $CORDON is not there; build first"
    echo done
    exit 0
fi
exec python3 -B "$here/git_ways.py" "$@"
