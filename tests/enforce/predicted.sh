#!/bin/sh
# What `cordon why` predicts against what the kernel does, over thousands of generated paths and operations (predicted.py).
#   CORDON=path TRY=path sh tests/enforce/predicted.sh
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
CORDON=${CORDON:-$top/out/linux/cordon}
TRY=${TRY:-$top/out/linux/tests/try}
export CORDON TRY
for tool in "$CORDON" "$TRY"; do
    if [ ! -x "$tool" ]; then
        echo "skip predicted: $tool is not there; build first"
        echo done
        exit 0
    fi
done
ATTACK=${ATTACK:-$TRY}
export ATTACK
exec python3 -B "$here/predicted.py"
