#!/bin/sh
# test_access_oracle: the access check of Windows, held against Samba's over thousands of generated questions.

set -u
top=$TOP
. "$top/shell/packages.sh"

python=$(samba_python) || {
    echo "skip the access check against Samba's: python3-samba is not installed"
    echo done
    exit 0
}
"$python" "$top/tests/access_oracle.py" "$(dirname "$CORDON")/tests/access_tool" "${CORDON_TEST_ORACLE_CASES:-20000}"
