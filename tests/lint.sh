#!/bin/sh
# lint: what a compiler does not see: that a plain file name means portable, that includes point the right way, that
# the runner links nothing that decides, and a few words and calls that have no place here.
#
#   sh tests/lint.sh            prints one line per rule, as every test does
#
# Each rule is first tried on a sample that breaks it: a rule that finds nothing there is broken itself.

set -u
unset CDPATH
export LC_ALL=C
top=$(cd "$(dirname "$0")/.." && pwd -P) || exit 1

# The words are taken apart so that this file does not trip over itself.
unfinished='TO''DO|FIX''ME|XX''X|not imple''mented|st''ub'
resolver='st''ub-resolv\.conf' # systemd's name for a file
banned='strcpy|strcat|sprintf|vsprintf|strtok|gets|atoi|atol|alloca|system|wcscpy|wcscat|TerminateThread'
standard='assert|ctype|errno|float|inttypes|limits|math|stdarg|stdbool|stddef|stdint|stdio|stdlib|string|time'

c_files() { # every C file below the folders given that exist
    for folder in "$@"; do
        [ ! -d "$folder" ] || find "$folder" -name '*.[ch]' -type f
    done | sort
}

# Not those whose name makes no promise: edges, what speaks to one directly, and what only tests share (that the
# portable ones among them are portable is shown by the cross build).
plain_files() {
    c_files sandbox conpty shell setup tests | grep -vE '(_linux|_windows)\.[ch]$|/(linux|win32|observe)\.h$|^tests/enforce/|^tests/bench_|^tests/.*\.h$' |
        grep -vE '^sandbox/runner\.c$'
}

# Each rule prints the lines that break it, as file:line: text, and is silent otherwise. They run in the tree's top.

rule_plain_includes() {
    plain_files | while read -r file; do
        grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]*<' "$file" |
            grep -vE "<($standard)\.h>" |
            grep -vE "$(allowed_include "$file")" | sed "s|^|$file:|"
    done
}

# The strict JSON reader alone has cJSON.
allowed_include() {
    case $1 in
    sandbox/core/policy.c | sandbox/core/json.c) echo '<cjson/cJSON\.h>' ;;
    *) echo '^never$' ;;
    esac
}

rule_plain_conditions() {
    plain_files | grep -vE '^(sandbox/core/base\.h|tests/fuzz\.c)$' | while read -r file; do
        grep -nE '^[[:space:]]*#[[:space:]]*(if|ifdef|ifndef|elif|else)' "$file" |
            grep -vE '#ifndef CORDON_[A-Z0-9_]+_H$' | sed "s|^|$file:|"
    done
}

# core uses core; conpty uses base; the edges use core and their seam, the runner conpty too; only shell uses all.
rule_include_direction() {
    c_files sandbox conpty shell setup | while read -r file; do
        case $file in
        sandbox/core/*) allowed='"[a-z_0-9]+\.h"' ;;
        conpty/*) allowed='"([a-z_0-9]+\.h|\.\./sandbox/core/(base|text)\.h)"' ;;
        sandbox/runner.c | sandbox/runner_windows.c | sandbox/command_windows.c | sandbox/terminal_windows.c) allowed='"((core|observe)/)?[a-z_0-9]+\.h"|"\.\./conpty/(conpty|queries)\.h"' ;;
        sandbox/observe/*) allowed='"(\.\./(core/)?)?[a-z_0-9]+\.h"' ;;
        sandbox/*) allowed='"((core|observe)/)?[a-z_0-9]+\.h"' ;;
        setup/*) allowed='"(\.\./sandbox/(core/)?)?[a-z_0-9]+\.h"' ;;
        shell/*) allowed='"(\.\./(sandbox/(core/)?|conpty/))?[a-z_0-9]+\.h"' ;;
        esac
        grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' "$file" | grep -vE "include[[:space:]]*($allowed)" |
            sed "s|^|$file:|"
    done
}

rule_banned_calls() {
    c_files sandbox conpty shell setup tests | while read -r file; do
        grep -nE "(^|[^A-Za-z0-9_])($banned)[[:space:]]*\(" "$file" | grep -vE '^[0-9]+:[[:space:]]*(/?\*|//)' | sed "s|^|$file:|"
    done
}

rule_unfinished() {
    find . -path ./out -prune -o -path ./.git -prune -o -type f \( -name '*.[ch]' -o -name '*.sh' -o -name '*.ninja' -o -name '*.md' \) \
        -print | sort | while read -r file; do
        grep -nwE "$unfinished" "$file" | grep -v "$resolver" | sed "s|^|$file:|"
    done
}

rule_file_length() {
    c_files sandbox conpty shell setup tests | while read -r file; do
        lines=$(wc -l <"$file")
        [ "$lines" -le 700 ] || echo "$file:$lines: over 700 lines"
    done
}

# The place of this very checkout, and of the person's home, belong in no file.
rule_machine_paths() {
    for path in "$top" "${HOME:-/}"; do
        case $path in
        / | /root | "") continue ;;
        esac
        grep -rnIF --exclude-dir=.git --exclude-dir=out -e "$path/" -e "$path\"" . | sed 's|^\./||'
    done
}

rule_opening_comment() {
    c_files sandbox conpty shell setup tests | while read -r file; do
        head -c 2 "$file" | grep -q '^/\*' || echo "$file:1: does not say what it is for"
    done
}

# Every key of the policy, verb, option and built-in has its place in the manual pages.
rule_manual_pages() {
    manual_needs shell/verbs.c 's/^    {"\(-*\)\([a-z-]*\)", .*/\1\2/p' | while read -r word; do
        case $word in
        --*) line="^\.It Fl -${word#--}" ;;
        -*) line="^\.It Fl ${word#-}" ;;
        *) line="^\.It Cm $word" ;;
        esac
        grep -qE "$line( |\$)" docs/cordon.1 2>/dev/null || echo "docs/cordon.1:1: does not have $word"
    done
    manual_needs shell/builtins.c 's/^    {"\([a-z]*\)", .*/\1/p' | while read -r word; do
        grep -qE "^\.It Ic :$word( |\$)" docs/cordon.1 2>/dev/null || echo "docs/cordon.1:1: does not have :$word"
    done
    manual_needs sandbox/core/keys.c 's/.*\.path = "\([^"]*\)".*/\1/p' | while read -r key; do
        grep -q "^\.It Ic $key\$" docs/policy.5 2>/dev/null || echo "docs/policy.5:1: does not have the key $key"
    done
}

# Every source file has its place in the map.
rule_map() {
    c_files sandbox conpty shell setup | grep '\.c$' | while read -r file; do
        name=$(basename "$file" .c)
        case $name in
        editor* | unfinished*) name=${name%%_*}'*' ;;
        esac
        grep -qF "\`$name\`" docs/architecture.md 2>/dev/null || echo "docs/architecture.md:1: does not have $file"
    done
}

manual_needs() { # FILE SED-SCRIPT
    [ ! -f "$1" ] || sed -n "$2" "$1" | grep .
}

rules='plain_includes plain_conditions include_direction banned_calls unfinished file_length machine_paths opening_comment manual_pages map'

# A tree that breaks every rule once.
make_bad_tree() {
    mkdir -p "$1/sandbox/core" "$1/conpty"
    {
        printf '#include <unistd.h>\n#include "../sandbox.h"\n#ifdef __linux__\n#endif\n'
        printf 'void f(char *p) { str''cpy(p, "%s/x"); } /* TO''DO */\n' "$top"
        i=0
        while [ $i -lt 700 ]; do
            echo
            i=$((i + 1))
        done
    } >"$1/sandbox/core/bad.c"
    echo '/* */ .path = "no.such.key",' >"$1/sandbox/core/keys.c"
}

judge() { # NAME FOUND
    if [ -z "$2" ]; then
        echo "ok $1"
    else
        printf '%s\n' "$2" | sed 's/^/found: /'
        echo "not ok $1: $(printf '%s\n' "$2" | head -n 1)"
        failed=1
    fi
}

failed=0
sample=$(mktemp -d "${TMPDIR:-/tmp}/cordon-lint.XXXXXX") || exit 1
trap 'rm -rf "$sample"' EXIT
make_bad_tree "$sample"

for rule in $rules; do
    name=$(echo "$rule" | tr _ ' ')
    if [ -z "$(cd "$sample" && rule_"$rule")" ]; then
        echo "not ok $name: it finds nothing in a sample that breaks it"
        failed=1
        continue
    fi
    judge "$name" "$(cd "$top" && rule_"$rule")"
done

# What the runner decides with must not be in it.
runner=$top/out/linux/cordon-runner
if [ -f "$runner" ] && command -v nm >/dev/null 2>&1; then
    judge "runner links no policy, rules or plan building" \
        "$(nm "$runner" | grep -E ' [Tt] (policy_|rules_|plan_build|cJSON_|json_)')"
else
    echo "skip runner links no policy, rules or plan building: there is no cordon-runner, or no nm"
fi

# Windows maps these itself; any other would be looked for in the folder that cordon-setup was unpacked in, and run elevated.
setup=$top/out/windows/cordon-setup.exe
if [ -f "$setup" ] && command -v x86_64-w64-mingw32-objdump >/dev/null 2>&1; then
    judge "cordon-setup links none but KnownDLLs" "$(x86_64-w64-mingw32-objdump -p "$setup" | sed -n 's/.*DLL Name: //p' |
        grep -iavE '^(advapi32|combase|kernel32|msvcrt|ntdll|ole32|oleaut32|rpcrt4|sechost|shell32|shlwapi|user32)\.dll$')"
else
    echo "skip cordon-setup links none but KnownDLLs: there is no cordon-setup.exe, or no objdump"
fi

echo done
exit $failed
