#!/bin/sh
# What a person needs to use Cordon without a compiler: a zip for Windows and a tarball for Linux, with documents and checksums, in
# out/dist. The same checkout built by the same compilers gives the same bytes: names sorted, times from the last commit, nothing of
# this machine. Started by `ninja dist`, which has built the programs.
#   sh shell/dist.sh [FOLDER]
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
dist=${1:-$top/out/dist}
version=$(sed -n 's/^#define CORDON_VERSION "\(.*\)"$/\1/p' "$top/shell/shell.h")
documents="README.md docs/architecture.md docs/building.md docs/denials.md docs/git.md docs/policy.5 docs/cordon.1 docs/terminal.md docs/windows.md"
linux="cordon cordon-runner"
windows="cordon.exe cordon-runner.exe cordon-shim.exe cordon-setup.exe cordon-witness.exe refusing/ssh.exe refusing/scp.exe"

if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
    SOURCE_DATE_EPOCH=$(git -C "$top" log -1 --format=%ct 2>/dev/null || echo 0)
fi
export SOURCE_DATE_EPOCH LC_ALL=C TZ=UTC

say() { printf 'dist: %s\n' "$*"; }

# put FOLDER FILES...: what is there of them, as it is in the checkout.
put() {
    folder=$1
    shift
    for file in "$@"; do
        if [ -f "$top/$file" ]; then
            mkdir -p "$folder/$(dirname "$file")"
            cp "$top/$file" "$folder/$file"
        fi
    done
}

# programs FOLDER TREE STRIP NAMES...: without what tells where they were built.
programs() {
    folder=$1 tree=$2 strip=$3
    shift 3
    for name in "$@"; do
        if [ ! -f "$top/$tree/$name" ]; then
            say "not in it, as it is not built: $name"
            continue
        fi
        mkdir -p "$(dirname "$folder/$name")"
        "$strip" -R .note.gnu.build-id -o "$folder/$name" "$top/$tree/$name" 2>/dev/null || "$strip" -o "$folder/$name" "$top/$tree/$name"
        chmod 755 "$folder/$name"
    done
}

sums() {
    (cd "$1" && find . -type f ! -name SHA256SUMS | sed 's|^\./||' | sort | xargs sha256sum >SHA256SUMS)
}

# The licence of what is linked in, which asks to be told along.
licence() {
    [ -f "$top/out/cjson/cJSON.c" ] || return 0
    mkdir -p "$1/licences"
    sed -n '1,/\*\//p' "$top/out/cjson/cJSON.c" >"$1/licences/cJSON.txt"
}

rm -rf "$dist"
mkdir -p "$dist"

package=cordon-$version-linux-$(uname -m)
mkdir "$dist/$package"
# shellcheck disable=SC2086 # lists of names
programs "$dist/$package" out/linux strip $linux
# shellcheck disable=SC2086
put "$dist/$package" $documents
sums "$dist/$package"
(cd "$dist" && tar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode=u+rwX,go+rX,go-w -cf - "$package") |
    gzip -9n >"$dist/$package.tar.gz"
rm -r "${dist:?}/$package"

if [ -f "$top/out/windows/cordon.exe" ]; then
    package=cordon-$version-windows-x86_64
    mkdir "$dist/$package"
    # shellcheck disable=SC2086
    programs "$dist/$package" out/windows x86_64-w64-mingw32-strip $windows
    # shellcheck disable=SC2086
    put "$dist/$package" $documents tests/windows.ps1
    licence "$dist/$package"
    sums "$dist/$package"
    python3 - "$dist" "$package" <<'PY'
import os, sys, time, zipfile
dist, name = sys.argv[1:]
when = time.gmtime(max(int(os.environ["SOURCE_DATE_EPOCH"]), 315532800))[:6]
files = sorted(os.path.relpath(os.path.join(folder, f), dist) for folder, _, found in os.walk(os.path.join(dist, name)) for f in found)
with zipfile.ZipFile(os.path.join(dist, name + ".zip"), "w", zipfile.ZIP_DEFLATED) as out:
    for file in files:
        entry = zipfile.ZipInfo(file, when)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.create_system = 0
        entry.external_attr = 0
        with open(os.path.join(dist, file), "rb") as data:
            out.writestr(entry, data.read())
PY
    rm -r "${dist:?}/$package"
else
    say "no zip for Windows: cordon.exe is not built (ninja windows)"
fi
(cd "$dist" && find . -type f ! -name SHA256SUMS | sed 's|^\./||' | sort | xargs sha256sum >SHA256SUMS)
say "in ${dist#"$top"/}:"
cat "$dist/SHA256SUMS"
