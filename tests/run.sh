#!/bin/sh
# run: every test, from a fresh clone. Installs what is missing, builds, runs, and ends with a plain line
# "N passed, N failed, N skipped"; exit status 1 when anything failed.
#
#   sh tests/run.sh [PART...]      parts: lint unit fuzz windows enforce integration; all by default
#
# A test is a program or a script that prints one line per check (tests/check.h) and ends with the line "done":
#
#   ok NAME        not ok NAME: why        skip NAME: what is lacking
#
# Scripts (tests/enforce/*.sh, tests/test_*.sh) are run by sh in an empty folder of their own, with CORDON, the program
# under test, TOP, the checkout, and TEST_TMP, that folder, in their environment. As root, those two parts run a second
# time in a copy of the checkout that belongs to an ordinary user; their names then end in " (user)".

set -u
unset CDPATH
top=$(cd "$(dirname "$0")/.." && pwd -P) || exit 125
. "$top/shell/packages.sh"

tree=linux # of out/, whose programs the scripts try
parts=${*:-lint unit fuzz windows enforce integration}
seconds=${CORDON_TEST_SECONDS:-120}
user_id=23456

wanted() {
    case " $parts " in *" $1 "*) true ;; *) false ;; esac
}

heading() {
    printf '%s\n' "== $*"
}

# ---- results: one line per check in $results, as the tests print them ----

scratch=
user_home=
wine_server=
cleanup() {
    [ -z "$user_home" ] || rm -rf "$user_home"
    [ -z "$wine_server" ] || wineserver -k >/dev/null 2>&1
    [ -z "$scratch" ] || rm -rf "$scratch"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Under /var/tmp: /tmp is what a sandbox replaces by a private one.
scratch=$(mktemp -d /var/tmp/cordon-test.XXXXXX) || stop "no scratch folder could be made in /var/tmp"
chmod 755 "$scratch"
results=$scratch/results
: >"$results"

result() { # LINE
    printf '%s\n' "$1" >>"$results"
    case $1 in "not ok "*) printf '  %s\n' "$1" ;; esac
}

# take NAME SUFFIX STATUS LOG: judges one program's output. What it printed beside its checks is shown when it failed.
take() {
    awk -v name="$1$2" -v status="$3" -v seconds="$seconds" '
        /^ok / { print "ok " name ": " substr($0, 4); checks++; next }
        /^skip / { print "skip " name ": " substr($0, 6); checks++; next }
        /^not ok / { print "not ok " name ": " substr($0, 8); checks++; failed++; next }
        { if ($0 != "") last = $0 }
        END {
            if (status == 124 || status == 137) print "not ok " name ": still running after " seconds " s"
            else if (last != "done") print "not ok " name ": ended early (status " status "), last words: " last
            else if (!checks) print "not ok " name ": checked nothing"
            else if (status != 0 && !failed) print "not ok " name ": status " status " without a failed check"
        }' "$4" >"$scratch/taken"
    cat "$scratch/taken" >>"$results"
    awk -v name="$1$2" '
        /^ok / { p++ } /^not ok / { f++ } /^skip / { s++ }
        END { printf "%s: %d passed%s%s\n", name, p, f ? ", " f " failed" : "", s ? ", " s " skipped" : "" }' \
        "$scratch/taken"
    if grep -q '^not ok ' "$scratch/taken"; then
        sed -n 's/^not ok /  not ok /p' "$scratch/taken"
        grep -vE '^(ok|skip|not ok|done)( |$)' "$4" | tail -n 40 | sed 's/^/  | /'
    fi
}

# run_one NAME SUFFIX COMMAND...: in the current folder, with a clock and nothing on standard input.
run_one() {
    name=$1 suffix=$2
    shift 2
    timeout -k 5 "$seconds" "$@" </dev/null >"$scratch/log" 2>&1
    take "$name" "$suffix" $? "$scratch/log"
}

# build NAME TARGET: one result; the compiler's words when it failed.
build() {
    if run_ninja -k 0 "$2" >"$scratch/build.log" 2>&1; then
        result "ok build: $1"
    else
        result "not ok build: $1"
        grep -vE '^\[[0-9]+/[0-9]+\]' "$scratch/build.log" | head -n 60 | sed 's/^/  | /'
    fi
}

# The files that a name of the build stands for.
built_by() {
    (cd "$top" && ninja -t query "$1" 2>/dev/null) | awk '/^  input:/ { on = 1; next } /^  outputs:/ { on = 0 }
        on { sub("^ *(\\| |\\|\\| )?", ""); print }'
}

# ---- the parts ----

lint() {
    heading "lint"
    run_one lint "" sh "$top/tests/lint.sh"
}

export ASAN_OPTIONS="${ASAN_OPTIONS:-abort_on_error=0:detect_stack_use_after_return=1}"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:-print_stacktrace=1}"

unit() {
    heading "unit tests, under the sanitizers"
    # A test that the build does not know would be one that never runs.
    for source in "$top"/tests/test_*.c; do
        name=${source##*/}
        name=${name%.c}
        [ -e "$source" ] || continue
        case $name in *_windows) continue ;; esac # below
        if [ ! -x "$top/out/asan/tests/$name" ]; then
            result "not ok $name: was not built (is it in tests/tests.ninja?)"
            continue
        fi
        mkdir "$scratch/$name"
        (cd "$scratch/$name" && TOP=$top TEST_TMP=$scratch/$name run_one "$name" "" "$top/out/asan/tests/$name")
    done
}

fuzz() {
    heading "fuzz, under the sanitizers"
    for source in "$top"/tests/fuzz_*.c; do
        name=${source##*/fuzz_}
        [ -e "$source" ] && run_one fuzz "" "$top/out/asan/tests/fuzz" "${name%.c}"
    done
}

windows() {
    heading "Windows: the portable parts, and the edges as far as wine can show them"
    if ! has x86_64-w64-mingw32-gcc; then
        result "skip windows: no x86_64-w64-mingw32-gcc"
        return
    fi
    if ! has_cjson_source; then
        result "skip windows: no source of cJSON to cross-build"
        return
    fi
    build windows windows
    run_one "windows programs" "" sh "$top/tests/windows_programs.sh"
    programs="$(built_by out/windows/tests/portable) $(built_by out/windows/tests/edges)"
    for source in "$top"/tests/test_*_windows.c; do
        name=${source##*/}
        [ ! -e "$source" ] || [ -e "$top/out/windows/tests/${name%.c}.exe" ] ||
            result "not ok windows ${name%.c}: was not built (is it in tests/edges_windows.ninja?)"
    done
    if ! has wine || ! has wineserver; then
        for program in $programs; do
            program=${program##*/}
            result "skip windows ${program%.exe}: wine is not installed (CORDON_TEST_WINE=1 installs it)"
        done
        return
    fi
    start_wine || {
        result "not ok windows: wine did not start: $(tail -n 1 "$scratch/wine.log")"
        return
    }
    for program in $programs; do
        name=${program##*/}
        name=${name%.exe}
        mkdir -p "$scratch/windows-$name"
        (cd "$scratch/windows-$name" && run_wine "windows $name" "$top/$program")
    done
    mkdir -p "$scratch/windows-cordon"
    if [ -f "$top/out/windows/cordon.exe" ]; then
        long=$seconds seconds=900 # a start of Wine each
        CORDON=$top/out/windows/cordon.exe TEST_TMP=$scratch/windows-cordon run_one "windows cordon" "" sh "$top/tests/wine.sh"
        seconds=$long
    else
        result "not ok windows cordon: cordon.exe was not built"
    fi
}

# Wine ends lines with CR LF, and its status is the low byte of the program's.
run_wine() {
    TOP=$top timeout -k 5 "$seconds" wine "$2" </dev/null >"$scratch/wine.out" 2>/dev/null
    status=$?
    tr -d '\r' <"$scratch/wine.out" >"$scratch/log"
    take "$1" "" "$status" "$scratch/log"
}

# A prefix of our own in out/, kept between runs; one per user, as wine refuses somebody else's.
start_wine() {
    export WINEPREFIX="$top/out/wine-$(id -u)" WINEDEBUG=-all
    export WINEDLLOVERRIDES='mscoree,mshtml=;winemenubuilder.exe=d;explorer.exe=d'
    unset DISPLAY WAYLAND_DISPLAY
    wine_server=yes
    mkdir -p "$WINEPREFIX" || return 1
    [ -d "$WINEPREFIX/drive_c" ] || say "preparing wine (about 10 s)"
    wineserver -p >"$scratch/wine.log" 2>&1 &&
        timeout 300 wineboot -i >>"$scratch/wine.log" 2>&1 </dev/null &&
        timeout 60 wine reg add 'HKCU\Software\Wine' /v Version /d win10 /f >>"$scratch/wine.log" 2>&1 </dev/null
}

has_cjson_source() {
    [ -f "$top/out/cjson/include/cjson/cJSON.h" ] ||
        run_ninja out/cjson/cJSON.c >"$scratch/cjson.log" 2>&1
}

# scripts SUFFIX CHECKOUT PREFIX PATTERN: PREFIX is how to become the user who runs them, or empty.
scripts() {
    suffix=$1 checkout=$2 become=$3
    shift 3
    for script in "$@"; do
        [ -e "$script" ] || continue
        name=${script##*/}
        name=${name%.sh}
        [ "$name" != run ] || name=enforce
        place=$(mktemp -d "$scratch/script.XXXXXX")
        [ -z "$become" ] || chown "$user_id:$user_id" "$place"
        # shellcheck disable=SC2086 # become is words or nothing
        (cd "$place" && TOP=$checkout CORDON=$checkout/out/$tree/cordon TEST_TMP=$place \
            run_one "$name" "$suffix" $become sh "$checkout/tests/${script#"$top/tests/"}")
        rm -rf "$place" 2>/dev/null
    done
}

# The second run's checkout: what is built, and the tests, owned by the user. In /home, as a person's would be.
make_user_checkout() {
    user_home=$(mktemp -d /home/cordon-test.XXXXXX 2>/dev/null || mktemp -d "$scratch/home.XXXXXX") || return 1
    user_top=$user_home/cordon
    chmod 755 "$user_home" && mkdir -p "$user_top/out" &&
        cp -R "$top"/build.ninja "$top"/README.md "$top"/sandbox "$top"/conpty "$top"/shell "$top"/tests "$top"/docs "$top"/.ci \
            "$user_top/" &&
        cp -R "$top/out/linux" "$user_top/out/" &&
        mkdir -p "$user_top/out/asan" &&
        cp "$top"/out/asan/cordon "$top"/out/asan/cordon-runner "$user_top/out/asan/" &&
        chown -R "$user_id:$user_id" "$user_home"
}

# both PATTERN...: as whoever we are and, as root, once more as an ordinary user.
both() {
    scripts "" "$top" "" "$@"
    [ "$(id -u)" = 0 ] || return 0
    if ! has setpriv; then
        result "skip ordinary user: no setpriv"
        return
    fi
    [ -n "$user_home" ] || make_user_checkout || {
        result "not ok ordinary user: the checkout could not be copied"
        return
    }
    scripts " (user)" "$user_top" "env -u XDG_RUNTIME_DIR -u XDG_CONFIG_HOME -u XDG_STATE_HOME -u XDG_CACHE_HOME \
        HOME=$user_home USER=cordon-test LOGNAME=cordon-test PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin \
        setpriv --reuid $user_id --regid $user_id --clear-groups --" "$@"
}

enforce() {
    heading "enforcement"
    # One script with some hundred attacks, each outside and inside.
    seconds=${CORDON_TEST_SECONDS:-900}
    both "$top"/tests/enforce/*.sh
}

integration() {
    heading "integration"
    seconds=${CORDON_TEST_SECONDS:-120}
    both "$top"/tests/test_*.sh
    heading "integration, under the sanitizers"
    seconds=${CORDON_TEST_SECONDS:-300}
    tree=asan
    scripts " (sanitizers)" "$top" "" "$top"/tests/test_*.sh
    tree=linux
}

# ---- set-up ----

[ "$(uname -s)" = Linux ] || stop "the tests run on Linux; this is $(uname -s)"
can_build || stop "$top is not writable by $(id -un 2>/dev/null || id -u); clone it to a place of your own"
missing=$(missing_to_test)
# shellcheck disable=SC2086 # the names are words
need_packages $missing
more=$(missing_to_test_more)
# shellcheck disable=SC2086
[ -z "$more" ] || install_packages $more || say "going on without: $(echo $more)"

heading "build"
[ -x "$top/out/asan/cordon" ] || say "building everything (first time, a minute or two)"
build linux linux
build "what the scripts run inside" linux-tests
build sanitizers asan
if has clang; then
    build clang clang
else
    result "skip build: clang is not installed"
fi
if ! has aarch64-linux-gnu-gcc; then
    result "skip build: aarch64: no aarch64-linux-gnu-gcc"
elif has_cjson_source; then
    build aarch64 aarch64
else
    build "aarch64 runner" aarch64-runner
    result "skip build: aarch64 cordon: no source of cJSON to cross-build"
fi

for part in lint unit fuzz windows enforce integration; do
    if wanted "$part"; then "$part"; fi
done

# ---- summary ----

heading "summary"
grep '^skip ' "$results" | sed 's/^skip /skipped: /' | sort | uniq
grep '^not ok ' "$results" | sed 's/^not ok /failed: /'
awk '/^ok / { p++ } /^not ok / { f++ } /^skip / { s++ }
    END { printf "%d passed, %d failed, %d skipped\n", p, f, s; exit f > 0 }' "$results"
