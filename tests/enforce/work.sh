#!/bin/sh
# Real work inside: what a developer does in a checkout goes on working. Each check runs one piece of it by
# `cordon run`; a tool that is not installed is a skip with its name.
#   CORDON=path sh tests/enforce/work.sh
set -u
here=$(cd "$(dirname "$0")" && pwd)
CORDON=${CORDON:-$here/../../out/linux/cordon}
export CORDON
if [ ! -x "$CORDON" ]; then
    echo "skip work: $CORDON is not there; build first"
    echo done
    exit 0
fi

# A home of our own, not below /tmp or /var/tmp, which are private inside.
base=
for folder in "${ENFORCE_BASE:-}" "$HOME/.cache" "$HOME" /srv /home /opt; do
    [ -n "$folder" ] || continue
    case $folder in /tmp/* | /var/tmp/*) continue ;; esac
    [ "$folder" != "$HOME/.cache" ] || mkdir -p "$folder" 2>/dev/null
    if [ -d "$folder" ] && [ -w "$folder" ]; then
        base=$(mktemp -d "$folder/work-XXXXXX") && break
    fi
done
if [ -z "$base" ]; then
    echo "work: no folder for the homes: HOME is a temporary folder and ENFORCE_BASE names no other" >&2
    exit 1
fi
trap 'chmod -R u+rwx "$base"; rm -rf "$base"' EXIT
trap 'exit 130' INT TERM HUP
failed=0
# Toolchains of the person that live below the real home (pyenv, rustup) go on being found there.
export CARGO_HOME="${CARGO_HOME:-$HOME/.cargo}" RUSTUP_HOME="${RUSTUP_HOME:-$HOME/.rustup}"
[ -d "$RUSTUP_HOME" ] || unset CARGO_HOME RUSTUP_HOME
export HOME="$base/home"
unset TMPDIR XDG_CONFIG_HOME XDG_CACHE_HOME XDG_STATE_HOME XDG_DATA_HOME XDG_RUNTIME_DIR
mkdir -p "$HOME"
[ -z "${WORK_STATE:-}" ] || export XDG_STATE_HOME="$WORK_STATE" # soak.sh looks at the denials afterwards
printf '[user]\n\tname = Decoy\n\temail = decoy@invalid\n[init]\n\tdefaultBranch = main\n' >"$HOME/.gitconfig"

# try NAME SCRIPT: runs SCRIPT by sh inside, in $workspace; it must succeed.
try() {
    output=$(cd "$workspace" && "$CORDON" run --workspace "$workspace" -- sh -ec "$2" 2>&1 </dev/null)
    status=$?
    if [ $status = 0 ]; then
        echo "ok $1"
        return 0
    fi
    told=$(printf '%s' "$output" | tail -n 3 | tr '\n' ' ' | cut -c1-250)
    # What does not work outside shows nothing. (Tried afterwards, as it leaves its traces in the workspace.)
    if ! (cd "$workspace" && sh -ec "$2" >/dev/null 2>&1 </dev/null); then
        echo "skip $1: does not work outside either; inside: exit $status: $told"
        return 1
    fi
    failed=1
    echo "not ok $1: exit $status: $told"
    return 1
}

# Is the tool there, and does it run outside? Otherwise NAME is skipped.
has() { # NAME TOOL
    if ! command -v "$2" >/dev/null 2>&1 || ! "$2" --version >/dev/null 2>&1; then
        echo "skip $1: no $2"
        return 1
    fi
}

new_workspace() {
    workspace=$base/home/src/$1
    mkdir -p "$workspace"
}

new_workspace shell
try "shell: tee, mktemp, mkfifo, here documents, pipes" '
    echo a | tee one two >/dev/null
    t=$(mktemp); echo b >"$t"; cmp -s "$t" - <<END
b
END
    d=$(mktemp -d); rmdir "$d"
    mkfifo pipe; { echo c >pipe & }; read -r got <pipe; [ "$got" = c ]; wait
    seq 100000 | sort -rn | head -n 1 | grep -qx 100000
    echo e >/dev/null; echo f >/dev/stderr; [ -r /dev/urandom ]; (: >/dev/tty) 2>/dev/null || true'
try "shell: archives, find, sed -i, cp -a, mv, ln" '
    mkdir -p tree/a/b; echo x >tree/a/b/c; ln -s c tree/a/b/d; cp -a tree copy; tar cf t.tar tree
    mkdir out; tar xf t.tar -C out; sed -i s/x/y/ out/tree/a/b/c; grep -q y out/tree/a/b/c
    ln one hard; mv tree away; [ "$(find copy -name c)" = copy/a/b/c ]; chmod -R u+w out; rm -rf out copy'
try "shell: background jobs, signals, time limits" '
    sleep 30 & kill $!; wait $! || [ $? = 143 ]
    timeout 0.1 sleep 5 || [ $? = 124 ]; nice true; id >/dev/null; hostname >/dev/null || true; ps >/dev/null || true'

if has "git" git; then
    origin=$base/home/origin
    git init -q "$origin" && echo one >"$origin/file" && git -C "$origin" add -A && git -C "$origin" commit -qm one
    new_workspace git
    try "git: clone a repository by its path" "git clone -q '$origin' clone; cat clone/file"
    # From outside, as a person does it before opening the terminal there.
    workspace=$base/home/src/repository
    git clone -q "$origin" "$workspace"
    try "git: status, log, diff" 'git status --porcelain; git log --oneline | grep -q one; echo two >>file; git diff --stat | grep -q file'
    try "git: add, commit, amend" 'git add -A; git commit -qm two; git commit -q --amend -m two-amended; git log -1 --format=%s | grep -qx two-amended'
    try "git: branch, checkout, merge" 'git checkout -q -b side; echo s >side; git add -A; git commit -qm side
        git checkout -q main; echo m >main; git add -A; git commit -qm main; git merge -q --no-edit side; [ -f side ]'
    try "git: rebase" 'git checkout -q -b topic HEAD~1; echo t >topic; git add -A; git commit -qm topic; git rebase -q main; [ -f main ]; git checkout -q main'
    try "git: stash, tag, notes, reset" 'echo dirty >>file; git stash -q; git stash pop -q; git checkout -q file; git tag v1
        git notes add -m n; git reset -q --hard HEAD'
    try "git: worktree, gc, fsck" "git worktree add -q tree2 -b other; git -C tree2 log -1 --format=%h; git worktree remove tree2; git gc -q; git fsck"
    try "git: fetch from a path outside" 'git fetch -q origin'
    try "git: no complaint about who owns it" '! git status 2>&1 | grep -i dubious'
    try "git: the configuration of the person is read" '[ "$(git config user.name)" = Decoy ]'
    git -C "$workspace" fsck >/dev/null 2>&1 && git -C "$workspace" status >/dev/null &&
        echo "ok git: outside the repository is whole afterwards" || { failed=1; echo "not ok git: outside the repository is whole afterwards: fsck"; }
fi

if has "C project" cc && has "C project" make; then
    new_workspace project
    mkdir -p "$workspace/src"
    for n in 1 2 3 4 5 6; do
        printf '#include <stdio.h>\nint f%s(int x);\nint f%s(int x) { return x + %s; }\n' $n $n $n >"$workspace/src/f$n.c"
    done
    printf 'int f1(int), f6(int);\nint main(void) { return f1(f6(0)) == 7 ? 0 : 1; }\n' >"$workspace/src/main.c"
    printf 'objects = $(patsubst %%.c,%%.o,$(wildcard src/*.c))\nall: prog\nprog: $(objects)\n\tcc -o $@ $^\n' >"$workspace/Makefile"
    printf '%%.o: %%.c\n\tcc -g -c -o $@ $<\ntest: prog\n\t./prog && echo passed\nclean:\n\trm -f prog src/*.o\n' >>"$workspace/Makefile"
    try "C: make -j, test, clean, make again" 'make -s -j4; make -s test | grep -qx passed; make -s clean; make -s -j2 all; ./prog'
    if has "gdb" gdb; then
        try "gdb: break, run, print" 'gdb -q -batch -ex "break f6" -ex run -ex "print x" -ex continue ./prog 2>&1 | grep -q "\$1 = 0"'
    fi
    if has "strace" strace; then
        try "strace: follow a build" 'strace -f -o log true; grep -q exit_group log'
    fi
fi

if has "cmake" cmake && has "cmake" ninja; then
    new_workspace cmake
    printf 'cmake_minimum_required(VERSION 3.5)\nproject(p C)\nadd_executable(p main.c)\nenable_testing()\nadd_test(p p)\n' >"$workspace/CMakeLists.txt"
    echo 'int main(void) { return 0; }' >"$workspace/main.c"
    try "cmake and ninja: configure, build, test" 'cmake -S . -B build -G Ninja >/dev/null; cmake --build build >/dev/null; cd build; ctest -Q'
fi

if has "python" python3; then
    new_workspace python
    try "python: files, processes, sockets on loopback, multiprocessing" 'python3 - <<END
import multiprocessing, os, socket, subprocess, tempfile, threading
assert subprocess.check_output(["echo", "x"]) == b"x\n"
with tempfile.TemporaryDirectory() as d: open(d + "/f", "w").write("x")
s = socket.create_server(("127.0.0.1", 0)); c = socket.create_connection(s.getsockname()); c.close(); s.close()
with multiprocessing.Pool(2) as p: assert p.map(abs, [-1, -2]) == [1, 2]
q = multiprocessing.Queue(); q.put(1); assert q.get(timeout=5) == 1
END'
    # A package with a build backend of its own, so that nothing has to be fetched to build it.
    mkdir -p "$workspace/package"
    printf '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n[project]\nname = "hello"\nversion = "1"\n' \
        >"$workspace/package/pyproject.toml"
    cat >"$workspace/package/backend.py" <<'END'
import zipfile

def build_wheel(directory, settings=None, metadata=None):
    name, info = "hello_decoy-1-py3-none-any.whl", "hello_decoy-1.dist-info/"
    with zipfile.ZipFile(f"{directory}/{name}", "w") as z:
        z.writestr("hello_decoy.py", "print('hello')\n")
        z.writestr(info + "METADATA", "Metadata-Version: 2.1\nName: hello-decoy\nVersion: 1\n")
        z.writestr(info + "WHEEL", "Wheel-Version: 1.0\nGenerator: decoy\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        z.writestr(info + "RECORD", "hello_decoy.py,,\n" + info + "METADATA,,\n" + info + "WHEEL,,\n" + info + "RECORD,,\n")
    return name
END
    if python3 -c 'import venv, ensurepip' 2>/dev/null; then
        try "python: venv, and pip install of a local package" 'python3 -m venv venv
            venv/bin/pip --disable-pip-version-check install -q --no-index ./package; venv/bin/python -m hello_decoy | grep -qx hello'
        try "python: the environment is still there in the next command" '. venv/bin/activate; python -m hello_decoy'
    else
        echo "skip python: venv and pip: venv or ensurepip is missing"
    fi
fi

if has "npm" npm; then
    new_workspace node
    mkdir -p "$workspace/dependency" "$workspace/app"
    echo '{"name": "decoy-dependency", "version": "1.0.0", "main": "index.js"}' >"$workspace/dependency/package.json"
    echo 'module.exports = 42' >"$workspace/dependency/index.js"
    printf '%s\n' '{"name": "decoy-app", "version": "1.0.0", "scripts": {"test": "node -e \"process.exit(require(\\\"decoy-dependency\\\") === 42 ? 0 : 1)\""}}' \
        >"$workspace/app/package.json"
    try "npm: install a local package, run a script" 'cd app; npm install --silent --offline --no-audit --no-fund ../dependency; npm test --silent'
    try "npm: pack" 'cd dependency; npm pack --silent --offline | grep -q tgz'
fi

if has "cargo" cargo; then
    new_workspace rust
    mkdir -p "$workspace/src"
    printf '[package]\nname = "decoy"\nversion = "0.1.0"\nedition = "2021"\n' >"$workspace/Cargo.toml"
    printf 'fn main() {\n    println!("hello");\n}\n#[test]\nfn adds() {\n    assert_eq!(1 + 1, 2);\n}\n' >"$workspace/src/main.rs"
    try "cargo: build and run offline" 'cargo build -q --offline; ./target/debug/decoy | grep -qx hello'
    try "cargo: test offline" 'cargo test -q --offline'
    # Where no repository exists `cargo new` starts one, which is a protected name.
    try "cargo: new, without a repository" 'cargo new -q --vcs none made && [ -f made/Cargo.toml ]'
fi

if has "go" go; then
    new_workspace go
    printf 'module decoy\n' >"$workspace/go.mod"
    printf 'package main\n\nfunc main() { println("hello") }\n' >"$workspace/main.go"
    try "go: build offline" 'GOFLAGS=-mod=mod GOPROXY=off go build -o prog . && ./prog'
fi

if has "perl" perl; then
    new_workspace perl
    try "perl: a script that forks and writes" 'perl -e "open F, q(>), q(f); print F 1; close F; system(q(true)) == 0 or die" && [ -s f ]'
fi

echo done
exit $failed
