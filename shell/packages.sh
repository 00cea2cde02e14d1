# packages: what has to be on the machine to build and to test Cordon, and how it gets there. Read by shell/run.sh and
# tests/run.sh; run by the build as `sh shell/packages.sh cjson-source`. POSIX sh; needs $top, the checkout.
#
# Everything said goes to standard error: standard output belongs to the program that is started in the end.

say() {
    printf '%s\n' "cordon: $*" >&2
}

stop() {
    say "$@"
    exit 125
}

has() {
    command -v "$1" >/dev/null 2>&1
}

has_header() {
    has gcc && printf '#include <%s>\n' "$1" | gcc -E -x c - >/dev/null 2>&1
}

# The Python that has Samba's access check, with which the tests compare: the distribution's own, whatever is first in PATH.
samba_python() {
    for python in python3 /usr/bin/python3; do
        if "$python" -c 'import samba.security, samba.dcerpc.security' 2>/dev/null; then
            echo "$python"
            return
        fi
    done
    return 1
}

# The Debian names of what is missing. They are looked for by what they do, so that other ways to have them count.
missing_to_build() {
    has gcc || echo gcc
    has_header stdlib.h || echo libc6-dev
    has_header linux/landlock.h || echo linux-libc-dev
    has_header cjson/cJSON.h || echo libcjson-dev
    has ninja || echo ninja-build
    has bash || echo bash
}

# Tests cannot go without these,
missing_to_test() {
    missing_to_build
    has git || echo git
    has python3 || echo python3
    has tmux || echo tmux
    has setpriv || echo util-linux
}

# and these add checks that are otherwise skipped by name.
missing_to_test_more() {
    has clang || echo clang
    has x86_64-w64-mingw32-gcc || echo gcc-mingw-w64-x86-64
    has aarch64-linux-gnu-gcc || echo gcc-aarch64-linux-gnu
    [ -f /usr/aarch64-linux-gnu/include/stdlib.h ] || echo libc6-dev-arm64-cross
    has dpkg-source || echo dpkg-dev
    samba_python >/dev/null || echo python3-samba
    if [ -n "${CORDON_TEST_WINE:-}" ]; then
        has wine || echo wine wine64
    fi
}

# The same things as other systems call them.
name_elsewhere() {
    if has dnf; then
        echo "sudo dnf install gcc glibc-static ninja-build cjson-devel bash git"
    elif has pacman; then
        echo "sudo pacman -S gcc ninja cjson bash git"
    elif has zypper; then
        echo "sudo zypper install gcc glibc-devel-static ninja cJSON-devel bash git"
    elif has apk; then
        echo "sudo apk add build-base linux-headers samurai cjson-dev bash git"
    else
        echo "a C compiler named gcc, its C library and Linux headers, ninja, cJSON with its header, bash"
    fi
}

# With words for whoever must become root; empty when we are.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif [ -t 0 ]; then
        sudo "$@"
    else
        sudo -n "$@"
    fi
}

# install_packages PACKAGE...: false when it could not be done; the reason has been said.
install_packages() {
    command="apt-get install -y --no-install-recommends $*"
    if ! has apt-get; then
        say "missing: $*"
        say "on this system that is: $(name_elsewhere)"
        return 1
    fi
    if [ "$(id -u)" != 0 ] && ! has sudo; then
        say "missing: $*"
        say "as root, run: $command"
        return 1
    fi
    log=$(mktemp "${TMPDIR:-/tmp}/cordon-apt.XXXXXX") || return 1
    say "installing $* (up to a few minutes)"
    # The lists may be old or, in a container, not there at all; a mirror that cannot be reached shows below.
    as_root env LC_ALL=C apt-get -o DPkg::Lock::Timeout=120 update >"$log" 2>&1 || :
    # shellcheck disable=SC2086 # the names are words
    if ! as_root env LC_ALL=C DEBIAN_FRONTEND=noninteractive \
        apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends $* </dev/null >>"$log" 2>&1; then
        tail -n 5 "$log" >&2
        rm -f "$log"
        say "the packages could not be installed; as root, run: $command"
        return 1
    fi
    rm -f "$log"
}

# need_packages PACKAGE...: installs, or ends with 125.
need_packages() {
    [ $# -eq 0 ] || install_packages "$@" || exit 125
}

# May we build here? Not in somebody else's checkout, nor on a read-only file system.
can_build() {
    [ -w "$top" ] || [ -d "$top/out" ] || return 1
    [ ! -e "$top/out" ] || [ -w "$top/out" ] || return 1
    for made in "$top"/out/.ninja_log "$top"/out/.ninja_deps "$top"/out/linux "$top"/out/linux/cordon; do
        [ ! -e "$made" ] || [ -w "$made" ] || return 1
    done
}

# One build at a time in a checkout, when flock is there to see to it.
run_ninja() {
    mkdir -p "$top/out"
    if has flock; then
        (cd "$top" && flock out/.build-lock ninja "$@")
    else
        (cd "$top" && ninja "$@")
    fi
}

# cJSON's source for the cross builds: the distribution's source package, fetched with its own apt, whose settings,
# lists and keys stay as they are: the list used here is written from where libcjson-dev itself comes from.
fetch_cjson_source() {
    has apt-get && has apt-cache && has dpkg-source || {
        say "cJSON's source package needs apt-get and dpkg-source (package dpkg-dev)"
        return 1
    }
    work=$top/out/cjson
    rm -rf "$work/fetch"
    mkdir -p "$work/fetch/state/lists/partial" "$work/fetch/cache/archives/partial" "$work/include/cjson"
    keys=
    for key in debian ubuntu; do
        key=/usr/share/keyrings/$key-archive-keyring.gpg
        [ ! -f "$key" ] || keys="${keys:+$keys,}$key"
    done
    LC_ALL=C apt-cache policy libcjson-dev | awk -v keys="$keys" '
        $2 ~ "^[a-z+]*:/" && $5 == "Packages" {
            split($3, place, "/")
            print "deb-src " (keys ? "[signed-by=" keys "] " : "") $2, place[1], place[2]
        }' | sort -u >"$work/fetch/sources.list"
    if [ ! -s "$work/fetch/sources.list" ]; then
        say "apt knows no place that has the package libcjson-dev"
        return 1
    fi
    set -- -q -o Dir::Etc::sourcelist="$work/fetch/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::State="$work/fetch/state" -o Dir::State::status=/var/lib/dpkg/status \
        -o Dir::Cache="$work/fetch/cache" -o APT::Sandbox::User= -o Acquire::Languages=none
    say "fetching the source package of cJSON"
    (
        cd "$work/fetch" &&
            apt-get "$@" update &&
            apt-get "$@" --only-source --download-only source cjson &&
            dpkg-source --no-check -x cjson_*.dsc source
    ) >"$work/fetch.log" 2>&1 || {
        tail -n 5 "$work/fetch.log" >&2
        say "cJSON's source package could not be had"
        return 1
    }
    cp "$work/fetch/source/cJSON.h" "$work/include/cjson/cJSON.h" &&
        cp "$work/fetch/source/cJSON.h" "$work/fetch/source/cJSON.c" "$work/" && rm -rf "$work/fetch"
}

# Only as a command of its own, not when read by another script.
case ${0##*/}:${1:-} in
packages.sh:cjson-source)
    top=$(cd "$(dirname "$0")/.." && pwd -P)
    fetch_cjson_source
    ;;
esac
