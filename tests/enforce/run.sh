#!/bin/sh
# The attack tests: every promise about what runs inside, tried (harness.py says how they count).
#   CORDON=path ATTACK=path sh tests/enforce/run.sh [SECTION...]
# As root it runs them as root; run it as an ordinary user for that half.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
CORDON=${CORDON:-$top/out/linux/cordon}
ATTACK=${ATTACK:-$top/out/linux/tests/attack}
export CORDON ATTACK
for tool in "$CORDON" "$ATTACK"; do
    if [ ! -x "$tool" ]; then
        echo "skip enforce: $tool is not there; build first"
        echo done
        exit 0
    fi
done
# Compiled python files must not appear in the checkout.
exec python3 -B "$here/enforce.py" "$@"
