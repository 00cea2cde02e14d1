#!/bin/sh
# Each Windows program: has its manifest (nothing asks for elevation) and version, is 64-bit, moves in memory and runs no data, and
# imports nothing that Windows 10 1809 lacks. Reads the files alone. Started by run.sh.
#   sh tests/windows_programs.sh [FOLDER]
set -u
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-$here/../out/windows}
dump=x86_64-w64-mingw32-objdump
failed=0

ok() { printf 'ok %s\n' "$1"; }
not_ok() {
    failed=1
    printf 'not ok %s: %s\n' "$1" "$2"
}
if ! command -v "$dump" >/dev/null 2>&1; then
    echo "skip the programs: no $dump"
    echo "done"
    exit 0
fi
known=$(mktemp)
trap 'rm -f "$known"' EXIT
grep -v '^#' "$here/data/windows_imports.txt" >"$known"

for name in cordon cordon-runner cordon-shim cordon-setup cordon-witness refusing/ssh refusing/scp; do
    program=$folder/$name.exe
    grep -qs "/$name.exe: link" "$here"/../*/edges_windows.ninja || continue # no program of this checkout
    if [ ! -f "$program" ]; then
        not_ok "$name: is there" "it was not built"
        continue
    fi
    said=$("$dump" -p "$program" 2>/dev/null)
    imports=$(printf '%s\n' "$said" | awk '/DLL Name:/ { dll = tolower($3) } /^\t[0-9a-f]+\t +[0-9]+ / { print dll, $3 }')
    if [ -z "$imports" ]; then
        not_ok "$name: its imports" "none could be read"
    else
        new=$(printf '%s\n' "$imports" | grep -vxF -f "$known" | tr '\n' ';')
        if [ -z "$new" ]; then
            ok "$name: imports what Windows 10 1809 has"
        else
            not_ok "$name: imports what Windows 10 1809 has" "not in tests/data/windows_imports.txt, whose head says what to do: $new"
        fi
    fi
    # Others are looked for in the program's own folder first ("Dynamic-Link Library Search Order"): whoever may write there is it.
    planted=$(printf '%s\n' "$imports" | awk '{ print $1 }' | sort -u | grep -vxE '(advapi32|kernel32|msvcrt|ntdll|ole32|oleaut32|shell32|ws2_32)[.]dll' | tr '\n' ' ')
    if [ -z "$planted" ]; then ok "$name: libraries of the system's own list alone"; else not_ok "$name: libraries of the system's own list alone" "$planted"; fi
    narrow=$(printf '%s\n' "$imports" | awk '$1 != "msvcrt.dll" && $2 ~ /[a-z]A$/ && $2 != "GetStartupInfoA" { print $2 }' | tr '\n' ' ')
    if [ -z "$narrow" ]; then ok "$name: no function of the code page's"; else not_ok "$name: no function of the code page's" "$narrow"; fi
    for words in 'requestedExecutionLevel level="asInvoker" uiAccess="false"' 'longPathAware xmlns=.*>true<' 'activeCodePage xmlns=.*>UTF-8<' \
        'supportedOS Id="{8e0f7a12-bfb3-4fe8-b9a5-48fd50a15a9a}"'; do
        if grep -aq "$words" "$program"; then ok "$name: its manifest has ${words%% *}"; else not_ok "$name: its manifest has ${words%% *}" "it has not"; fi
    done
    if [ "$(grep -ac '<assembly ' "$program")" = 1 ]; then ok "$name: one manifest"; else not_ok "$name: one manifest" "none, or several"; fi
    # UTF-16 of the name as the version's OriginalFilename
    if tr -d '\000' <"$program" | grep -aq "OriginalFilename.*${name##*/}.exe"; then ok "$name: its version"; else not_ok "$name: its version" "it does not name the file"; fi
    case $said in *pei-x86-64*) ok "$name: 64-bit" ;; *) not_ok "$name: 64-bit" "it is not" ;; esac
    for flag in DYNAMIC_BASE NX_COMPAT HIGH_ENTROPY_VA; do
        case $said in *"$flag"*) ok "$name: $flag" ;; *) not_ok "$name: $flag" "not set" ;; esac
    done
done
echo "done"
exit $failed
