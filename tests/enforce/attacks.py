"""
The tables of attacks that run as batches: files outside, devices and knobs, mounts and namespaces, secrets,
network, processes, the kernel's further parts, privileges; and what must go on working inside.
"""

import os
import socket
import subprocess

from harness import Batch, Fifo, Files, FilesAndPrey, Listener, Nothing, Prey, Row, as_root, marker, report, write

# The kernel says these where there is nothing to reach, which in a network of one's own is the refusal.
UNREACHED = ("denied", "missing", "failed")


def link_to(target, name):
    return lambda v: os.symlink(target.format(**v), name.format(**v))


FILES = [
    Row("append to a file", "append {victim}", Files, True),
    Row("create a file", "create {vdir}/new", Files, True),
    Row("create a nameless file", "tmpfile {vdir}", Files),
    Row("give a nameless file of the workspace a name outside", "tmpfile-link {work} {vdir}/new", Files, True),
    Row("truncate a file", "truncate {victim}", Files, True),
    Row("truncate by O_TRUNC", "open-trunc {victim}", Files, True),
    Row("truncate by O_TRUNC while opening for reading", "rdonly-trunc {victim}", Files, True),
    Row("write by openat2", "openat2-write {victim}", Files, True),
    Row("write by a shared mapping", "mmap-write {victim}", Files, True),
    Row("delete a file", "unlink {victim}", Files, True),
    Row("delete a folder", "rmdir {vdir}/empty", Files, True),
    Row("make a folder", "mkdir {vdir}/new", Files, True),
    Row("rename a file of the workspace out", "rename {work}/mine {vdir}/new", Files, True),
    Row("steal a file by renaming it in", "rename {victim} {work}/stolen", Files, True),
    Row("replace a file by renaming over it", "rename {work}/mine {victim}", Files, True),
    Row("rename a file beside itself", "rename {victim} {vdir}/new", Files, True),
    Row("exchange a file with one of the workspace", "exchange {victim} {work}/mine", Files, True),
    Row("chmod", "chmod {victim}", Files, True),
    Row("fchmod by a read-only descriptor", "fchmod {victim}", Files, True),
    Row("chmod by the link of an O_PATH descriptor", "path-chmod {victim}", Files, True),
    Row("fchmodat2", "fchmodat2 {victim}", Files, True),
    Row("chown", "chown {victim}", Files, True),
    Row("set times", "utimes {victim}", Files, True),
    Row("set times by a read-only descriptor", "futimens {victim}", Files, True),
    Row("set an attribute", "setxattr {victim}", Files, True),
    Row("set an attribute by a read-only descriptor", "fsetxattr {victim}", Files, True),
    Row("set inode flags", "setflags {victim}", Files, True),
    Row("hard link in, then write", "link-append {victim} {work}/linked", Files, True),
    Row("hard link in by a descriptor", "fd-link {victim} {work}/linked", Files, True),
    Row("hard link out", "link {work}/mine {vdir}/new", Files, True),
    Row("make a symbolic link", "symlink /nowhere {vdir}/new", Files, True),
    Row("write through a symbolic link in the workspace", "symlink-append {victim} {work}/link", Files, True),
    Row("create through a linked folder", "create {work}/out/new", Files, True, setup=link_to("{vdir}", "{work}/out")),
    Row("write by /proc/self/root", "append /proc/self/root{victim}", Files, True),
    Row("write by /proc/thread-self/root", "append /proc/thread-self/root{victim}", Files, True),
    Row("write by /proc/self/cwd", "via-cwd {vdir} file", Files, True),
    Row("write by the root of pid 1", "append /proc/{prey}/root{victim}", FilesAndPrey, True,
        inside="append /proc/1/root{victim}"),
    Row("write by the root of an outside process", "append /proc/{prey}/root{victim}", FilesAndPrey, True),
    Row("write by reopening a read-only descriptor", "reopen {victim}", Files, True),
    Row("write by reopening an O_PATH descriptor", "path-reopen {victim}", Files, True),
    Row("write into a FIFO", "fifo-write {victim}", Fifo, True),
    Row("open a FIFO both ways and write", "fifo-rdwr {victim}", Fifo, True),
    Row("make a FIFO", "mkfifo {vdir}/new", Files, True),
    Row("bind a socket", "bind-unix {vdir}/new", Files, True),
    Row("make a device node", "mknod {vdir}/new 1 3", Files, True),
    Row("make and open a device node in the workspace", "mknod {work}/device 1 3"),
    Row("open by a file handle", "by-handle {victim}", Files),
]

# Words of the outside's own temporary places; the decoy is a file that the driver makes there.
def shared_memory_row():
    name = f"/dev/shm/{marker}-decoy"
    return Row("write shared memory of the outside", f"append {name}", shm_file(name), True)


def shm_file(path):
    class Shared(Nothing):
        def __init__(self, world, kind, where):
            write(path, "decoy\n")
            self.words = {}

        def change(self):
            with open(path) as f:
                return "its content changed" if f.read() != "decoy\n" else None

        def close(self):
            os.unlink(path)

    return Shared


def files(world):
    Batch(world, "files", FILES).run()
    Batch(world, "files, workspace in the temporary folder", FILES, "tmp", "home").run()
    Batch(world, "files beside a workspace in the temporary folder", FILES, "tmp", "tmp").run()
    Batch(world, "files", [shared_memory_row()]).run()
    outer_folders(world)


class Beside(Nothing):
    """A name in the folder that holds the workspace. In the private temporary folder it may be made: seen from
    outside it must not be there."""

    def __init__(self, world, kind, where):
        world.count += 1
        # Workspaces lie in work/, next to outside/.
        self.path = os.path.join(os.path.dirname(world.outside(kind, where)), "work", f"beside{world.count}")
        self.words = {"beside": self.path}

    def change(self):
        return "it appeared" if os.path.lexists(self.path) else None


def outer_folders(world):
    for where in ("home", "tmp"):
        rows = [
            Row("create beside it", "create {beside}", Beside, True, accept="any"),
            Row("rename it away", "rename {workspace} {workspace}-away", control=False),
            Row("delete it", "rmdir {workspace}", accept=("denied", "missing", "failed"), control=False),
        ]
        if where == "home":
            rows.append(Row("rename the folder above it away", "rename {workspace}/.. {workspace}/../../away", control=False))
        Batch(world, f"the workspace's own folder ({where})", rows, where).run()


def root_device():
    """The path of the block device that / is on, or None."""
    st = os.stat("/")
    try:
        with open("/proc/partitions") as f:
            for line in f:
                words = line.split()
                if len(words) == 4 and words[0].isdigit() and os.makedev(int(words[0]), int(words[1])) == st.st_dev:
                    path = "/dev/" + words[3]
                    return path if os.path.exists(path) else None
    except OSError:
        pass
    return None


def first_of(*paths):
    return next((p for p in paths if os.path.exists(p)), None)


def cgroup_folder():
    for path in ("/sys/fs/cgroup/unified", "/sys/fs/cgroup", "/sys/fs/cgroup/pids"):
        if os.path.exists(f"{path}/cgroup.procs"):
            return path
    return None


class Cgroup(Nothing):
    """A cgroup that an attack may make; removed again."""

    def __init__(self, world, kind, where):
        self.path = f"{cgroup_folder()}/{marker}"
        self.words = {"cgroup": self.path}

    def change(self):
        return "a cgroup appeared" if os.path.isdir(self.path) else None

    def close(self):
        if os.path.isdir(self.path):
            os.rmdir(self.path)


def devices(world):
    """Only opened, never written; and none that does something when it is opened (watchdogs, tapes)."""
    rows = []
    for path in (root_device(), "/dev/mem", "/dev/port", "/dev/kmsg", "/dev/fuse", "/dev/kvm", "/dev/vsock", "/dev/net/tun",
                 "/dev/loop-control", "/dev/mapper/control", "/dev/tty0", "/dev/tty1", "/dev/console", "/dev/uinput"):
        if path and os.path.exists(path):
            rows.append(Row(f"open {path}", f"open-read {path}"))
    knobs = ["/proc/sys/kernel/hostname", "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe",
             "/proc/sys/vm/drop_caches", "/proc/sys/fs/file-max", "/proc/sys/net/ipv4/ip_forward",
             "/proc/sys/user/max_user_namespaces", "/proc/sysrq-trigger", "/proc/irq/default_smp_affinity",
             "/proc/acpi/wakeup", "/proc/mtrr", "/sys/kernel/uevent_helper", "/sys/power/state", "/sys/kernel/profiling",
             "/sys/kernel/mm/transparent_hugepage/enabled", "/sys/kernel/debug/clear_warn_once",
             "/sys/kernel/tracing/trace_marker", "/sys/module/printk/parameters/time"]
    rows += [Row(f"open {k} for writing", f"open-write {k}") for k in knobs if os.path.exists(k)]
    secrets = ["/proc/kcore", "/proc/kmsg", "/proc/kpagecount", "/proc/vmallocinfo", "/proc/timer_list"]
    rows += [Row(f"open {s}", f"open-read {s}") for s in secrets if os.path.exists(s)]
    for path in ("/sys/kernel/debug", "/sys/kernel/tracing", "/sys/kernel/security"):
        if os.path.isdir(path) and os.access(path, os.R_OK) and os.listdir(path):
            rows.append(Row(f"list {path}", f"list {path}"))
    if cgroup_folder():
        rows.append(Row("make a cgroup", "mkdir {cgroup}", Cgroup, True))
        rows.append(Row("open cgroup.procs for writing", f"open-write {cgroup_folder()}/cgroup.procs"))
    # The modes are the ones that they have: nothing changes should it work, and root's control is harmless.
    rows += [Row(f"change the mode of {d}", f"same-mode {d}") for d in ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/tty")]
    rows.append(Row("set the mode of the null device on standard input", "fd-same-mode 0"))
    Batch(world, "devices", rows).run()
    few_devices(world)


def few_devices(world):
    """/dev inside holds what programs need and no more."""
    known = set("null zero full random urandom tty console ptmx pts shm mqueue fd stdin stdout stderr core log".split())
    got = world.inside(world.workspace("inside", "home"), ["ls", "-A", "/dev"])
    names = set(got.stdout.decode(errors="replace").split())
    report.check(names and names <= known and {"null", "zero", "urandom", "tty"} <= names,
                 "devices: /dev holds the few and no others", f"{sorted(names - known)[:12]} (exit {got.returncode})")


NAMESPACES = [
    Row("mount a tmpfs", "mount-tmpfs {work}", control=False),
    Row("mount a tmpfs (shown below a namespace)", "below mount-tmpfs {work}", inside="mount-tmpfs {work}"),
    Row("mount a proc", "mount-proc {work}", control=False),
    Row("bind the root into the workspace", "below mount-bind / {work}", inside="mount-bind / {work}"),
    Row("bind a folder outside into the workspace", "below mount-bind {vdir} {work}", Files,
        inside="mount-bind {vdir} {work}"),
    Row("make a mount writable", "below-bound {vdir} mount-writable {vdir}", Files, inside="mount-writable /"),
    Row("make the parent of the workspace writable", "below-bound {vdir} mount-writable {vdir}", Files,
        inside="mount-writable {home}"),
    Row("clear read-only by mount_setattr", "below-bound {vdir} mount-setattr {vdir}", Files, inside="mount-setattr /"),
    Row("unmount the workspace", "below-bound {work} umount {work}", inside="umount {workspace}"),
    Row("unmount lazily", "below-bound {work} umount-lazy {work}", inside="umount-lazy {workspace}"),
    Row("unmount /proc", "below-bound {work} umount-lazy {work}", inside="umount-lazy /proc"),
    Row("unmount /tmp", "below-bound {work} umount-lazy {work}", inside="umount-lazy /tmp"),
    Row("move a mount", "below-bound {vdir} mount-move {vdir} {work}", Files, inside="mount-move {workspace} {work}"),
    Row("open_tree", "below open-tree {work}", inside="open-tree {work}"),
    Row("open_tree_attr", "below open-tree-attr {work}", inside="open-tree-attr {work}"),
    Row("fsopen", "below fsopen", inside="fsopen"),
    Row("move_mount", "below move-mount", inside="move-mount"),
    Row("pivot_root", "below pivot-root {work}", inside="pivot-root {work}"),
    Row("chroot", "below chroot {work}", inside="chroot {work}"),
    Row("a user namespace by unshare", "unshare user", accept=UNREACHED),
    Row("a user and mount namespace by unshare", "unshare user mnt", accept=UNREACHED),
    Row("a user namespace by clone", "clone user", accept=UNREACHED),
    Row("a user namespace by clone3", "clone3 user", accept=UNREACHED),
    Row("a nested sandbox that mounts", "nested {work}", accept=UNREACHED),
    Row("a mount namespace", "below unshare mnt", inside="unshare mnt"),
    Row("a network namespace", "below unshare net", inside="unshare net"),
    Row("a pid namespace", "below unshare pid", inside="unshare pid"),
    Row("setns at all", "setns-reached"),
    Row("enter the namespaces of an outside process", "setns {prey} net", Prey),
    Row("enter the namespaces of pid 1", "setns {prey} mnt", Prey, inside="setns 1 mnt"),
    Row("enter the user namespace of pid 1", "setns-reached", inside="setns 1 user"),
]


def namespaces(world):
    Batch(world, "namespaces", NAMESPACES).run()


# Folders and files of the default list, each with a file that must not be read.
SECRET_FILES = [".ssh/id_rsa", ".ssh/id_ed25519", ".gnupg/secring.gpg", ".aws/credentials", ".kube/config", ".docker/config.json",
                ".netrc", ".git-credentials", ".npmrc", ".pypirc", ".cargo/credentials.toml", ".cargo/credentials",
                ".config/gh/hosts.yml", ".config/gcloud/credentials.db", ".local/share/keyrings/login.keyring",
                ".mozilla/firefox/p/logins.json", ".config/google-chrome/Default/Cookies",
                ".config/chromium/Default/Cookies", ".Xauthority", ".ICEauthority", ".bash_history", ".zsh_history",
                ".python_history"]


def new_key(values):
    """A key that may be renamed away, and no authorized_keys yet."""
    write(f"{values['home']}/.ssh/id_rename", "decoy secret\n", 0o600)
    if os.path.exists(f"{values['home']}/.ssh/authorized_keys"):
        os.unlink(f"{values['home']}/.ssh/authorized_keys")


def secrets(world):
    for kind in ("bare", "inside"):
        for name in SECRET_FILES:
            write(f"{world.home(kind)}/{name}", "decoy secret\n", 0o600)
        os.chmod(f"{world.home(kind)}/.ssh", 0o700)
    rows = [Row(f"read ~/{n}", "read {home}/" + n) for n in SECRET_FILES]
    key = "{home}/.ssh/id_rsa"
    rows += [
        Row("list ~/.ssh", "list {home}/.ssh"),
        Row("list ~/.gnupg", "list {home}/.gnupg"),
        Row("list ~/.aws", "list {home}/.aws"),
        Row("read by a hard link", f"link-read {key} {{work}}/key"),
        Row("read by a hard link of a secret file", "link-read {home}/.netrc {work}/netrc"),
        Row("read by renaming it in", "rename-read {home}/.ssh/id_rename {work}/key", setup=new_key),
        Row("read by a symbolic link", f"symlink-read {key} {{work}}/key"),
        Row("read by /proc/self/root", f"read /proc/self/root{key}"),
        Row("read by the root of pid 1", "read /proc/{prey}/root" + key, Prey, inside=f"read /proc/1/root{key}"),
        Row("read by the root of an outside process", "read /proc/{prey}/root" + key, Prey),
        Row("read by the working directory of pid 1", "list /proc/1/cwd"),
        Row("read by reopening an O_PATH descriptor", f"path-read {key}"),
        Row("read a secret file by an O_PATH descriptor", "path-read {home}/.netrc"),
        Row("open a secret by a file handle", f"by-handle {key}"),
        Row("write a secret", f"append {key}"),
        Row("create in ~/.ssh", "create {home}/.ssh/authorized_keys", setup=new_key),
        Row("rename ~/.ssh away", "rename {home}/.ssh {home}/.ssh-away", control=False),
        Row("change the mode of ~/.ssh", "chmod {home}/.ssh", control=False),
        Row("unmount what covers it", "umount-lazy {home}/.ssh", control=False),
    ]
    if as_root:
        rows += [Row(f"read {p}", f"read {p}") for p in
                 ("/etc/shadow", "/etc/gshadow", "/etc/sudoers", "/etc/ssh/ssh_host_ed25519_key", "/etc/ssh/ssh_host_rsa_key")
                 if os.path.exists(p)]
        rows.append(Row("write /etc/shadow", "open-write /etc/shadow"))
    Batch(world, "secrets", rows).run()
    Batch(world, "secrets, workspace in the temporary folder", rows[:3] + rows[len(SECRET_FILES):], "tmp", "home").run()


def listener(what):
    return lambda world, kind, where: Listener(world, kind, where, what)


# Sockets of the outside that have a path: who listens decides, wherever the path is. The races are judged by the outside.
SOCKETS = [
    Row("a socket by its path", "unix-path {name}", listener("path"), True),
    Row("a socket by a link in the workspace", "unix-path {work}/link", listener("path"), True,
        setup=link_to("{name}", "{work}/link")),
    Row("a socket by a second name in the workspace", "unix-path {work}/second", listener("path"), True,
        setup=lambda v: os.link(v["name"], f"{v['work']}/second")),
    Row("a socket by /proc/self/root", "unix-path /proc/self/root{name}", listener("path"), True),
    Row("a datagram socket by its path", "unix-path-datagram {name}", listener("path-datagram"), True),
    Row("a datagram by a raw socket", "unix-raw {name}", listener("path-datagram"), True),
    Row("a datagram by one end of a pair", "unix-pair {name}", listener("path-datagram"), True),
    Row("a socket, its family flipped by a thread", "unix-flip-family {name}", listener("path"), True, accept="any"),
    Row("a socket, its path flipped by a thread", "unix-flip-path {name} {work}/decoy", listener("path"), True, accept="any"),
    Row("a socket, its descriptor replaced by a thread", "unix-swap-descriptor {name}", listener("path"), True, accept="any"),
    Row("a socket, a link to it flipped by a thread", "unix-flip-link {name} {work}/decoy {work}/link", listener("path"), True,
        accept="any"),
    Row("a socket inside, by path", "unix-inside {work}/own", expect="done"),
]
NETWORK = [
    Row("tcp", "tcp {host} {port}", listener("tcp"), True, accept=UNREACHED),
    Row("tcp over v6", "tcp {host} {port}", listener("tcp6"), True, accept=UNREACHED),
    Row("udp by sendto", "udp {host} {port}", listener("udp"), True, accept="any"),
    Row("udp by connect", "udp-connected {host} {port}", listener("udp"), True, accept="any"),
    Row("udp over v6", "udp {host} {port}", listener("udp6"), True, accept="any"),
    Row("the port of name servers", "udp {host} {port}", listener("dns"), True, accept="any"),
    Row("tcp fast open", "fast-open {host} {port}", listener("tcp"), True, accept=UNREACHED),
    Row("multipath tcp", "mptcp {host} {port}", listener("tcp"), True, accept=UNREACHED),
    Row("a v4 address in v6 clothes", "tcp ::ffff:127.0.0.1 {port}", listener("tcp"), True, accept=UNREACHED),
    Row("an abstract socket", "abstract {name}", listener("abstract"), True, accept=UNREACHED),
    Row("an abstract datagram socket", "abstract-datagram {name}", listener("abstract-datagram"), True, accept=UNREACHED),
    Row("a vsock socket", f"socket {getattr(socket, 'AF_VSOCK', 40)} 1 0"),
    Row("a packet socket", "socket 17 3 768"),
    Row("a raw socket", "socket 2 3 1"),
    Row("a kernel crypto socket", "socket 38 5 0"),
    Row("a bluetooth socket", "socket 31 3 1"),
    Row("change routes", "below-net route", inside="route"),
    Row("see other interfaces", "interfaces"),
]
# With the machine's own network the rest must stay closed.
ONLINE = [
    Row("tcp reaches a listener on loopback", "tcp {host} {port}", listener("tcp"), expect="done"),
    Row("an abstract socket", "abstract {name}", listener("abstract"), True, accept=UNREACHED),
    Row("an abstract datagram socket", "abstract-datagram {name}", listener("abstract-datagram"), True, accept=UNREACHED),
    Row("a vsock socket", f"socket {getattr(socket, 'AF_VSOCK', 40)} 1 0"),
    Row("a packet socket", "socket 17 3 768"),
    Row("a raw socket", "socket 2 3 1"),
    Row("a signal to an outside process", "signal {prey} 0", Prey),
    Row("append to a file", "append {victim}", Files, True),
]


def network(world):
    Batch(world, "network", NETWORK).run()
    Batch(world, "online", ONLINE, flags=("--net", "online")).run()
    Batch(world, "unix sockets", SOCKETS).run()
    Batch(world, "unix sockets, online", SOCKETS, flags=("--net", "online")).run()


PROCESSES = [
    Row("probe by signal 0", "signal {prey} 0", Prey),
    Row("kill", "signal {prey} 9", Prey, True),
    Row("stop", "signal {prey} 19", Prey, True),
    Row("signal by pidfd", "pidfd-signal {prey}", Prey),
    Row("trace", "trace {prey}", Prey),
    Row("read memory by /proc", "memory {prey}", Prey),
    Row("read memory by process_vm_readv", "vm-read {prey}", Prey),
    Row("write memory by process_vm_writev", "vm-write {prey}", Prey),
    Row("take a descriptor", "getfd {prey}", Prey),
    Row("change the priority", "nice {prey}", Prey, True),
    Row("read limits", "limit {prey}", Prey),
    Row("bind to a processor", "affinity {prey}", Prey),
    Row("change the scheduler", "scheduler {prey}", Prey),
    Row("change the io priority", "io-priority {prey}", Prey),
    Row("read the environment", "environment {prey}", Prey),
    Row("enter the root", "root-of {prey}", Prey),
    Row("enter the working directory", "cwd-of {prey}", Prey),
    Row("list descriptors", "descriptors-of {prey}", Prey),
    Row("be seen in /proc", "find-process {half} {other}", lambda *of: Marked(*of)),
]
# The same on the two that are Cordon's inside: pid 1, and whoever started the command.
OWN = [Row(f"{name} of {what}", f"{verb} {{prey}}", Prey, inside=f"{verb} {pid}")
       for what, pid in (("Cordon's own process inside", "1"), ("the command's parent", "parent"))
       for name, verb in (("trace", "trace"), ("memory", "memory"), ("process_vm_readv", "vm-read"),
                          ("process_vm_writev", "vm-write"), ("a descriptor", "getfd"), ("environment", "environment"),
                          ("address space", "maps"), ("root", "root-of"), ("working directory", "cwd-of"),
                          ("descriptors", "descriptors-of"), ("oom score", "oom"))]


class Marked(Nothing):
    """An outside process with a word of its own as its name; the attack is given the word in two halves, so that
    it does not find itself."""

    def __init__(self, world, kind, where):
        child = subprocess.Popen([marker + "-seen", "60"], executable="/bin/sleep", stdin=subprocess.DEVNULL)
        world.prey.append(child)
        self.words = {"half": marker[:9], "other": marker[9:] + "-seen"}


class Ipc(Nothing):
    """System V objects made outside."""
    key = 0x0C0DE000 + os.getpid() % 4096

    def __init__(self, world, kind, where):
        self.attack, Ipc.key = world.attack, Ipc.key + 1
        self.words = {"key": Ipc.key}
        self.own = Ipc.key
        subprocess.run([self.attack, "ipc-make", str(self.own)], stdout=subprocess.DEVNULL, check=False)

    def close(self):
        subprocess.run([self.attack, "ipc-remove", str(self.own)], stdout=subprocess.DEVNULL, check=False)


class Queue(Nothing):
    """A POSIX message queue made outside."""

    def __init__(self, world, kind, where):
        world.count += 1
        self.attack, self.name = world.attack, f"/{marker}-{world.count}"
        self.words = {"queue": self.name}
        subprocess.run([self.attack, "mq-make", self.name], stdout=subprocess.DEVNULL, check=False)

    def close(self):
        subprocess.run([self.attack, "mq-remove", self.name], stdout=subprocess.DEVNULL, check=False)


IPC = [
    Row("System V shared memory", "ipc-shm {key}", Ipc),
    Row("System V semaphore", "ipc-sem {key}", Ipc),
    Row("System V message queue", "ipc-msg {key}", Ipc),
    Row("POSIX message queue", "mq-send {queue}", Queue),
    Row("a key added", "key-add " + marker),
    Row("the user's keyring", "key-session"),
]


def processes(world):
    Batch(world, "processes: outside", PROCESSES).run()
    Batch(world, "processes", OWN).run()
    Batch(world, "ipc", IPC).run()
    key_held(world)


def key_held(world):
    """A key in the session keyring that Cordon itself was started with."""
    name = "ipc: a key of the session that Cordon was started in"
    answers = {}
    for kind in ("bare", "inside"):
        workspace = world.workspace(kind, "home")
        inner = world.command(kind, workspace, [world.attack, "key-find", marker])
        done = subprocess.run([world.attack, "key-hold", marker, *inner], env=world.environment(kind), cwd=workspace,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=False)
        answers[kind] = done.stdout.decode(errors="replace").strip() or "no answer"
    if answers["bare"] != "done":
        report.skip(name, f"control did not succeed ({answers['bare']})")
    else:
        report.check(answers["inside"].split()[0] in ("denied", "missing"), name, answers["inside"])


KERNEL = [Row(n, w) for n, w in (
    ("io_uring_setup", "io-uring"), ("io_uring_register", "io-uring-register"), ("bpf", "bpf"), ("perf_event_open", "perf"),
    ("userfaultfd", "userfaultfd"), ("open_by_handle_at", "handle-reached"), ("reboot", "reboot"), ("kexec_load", "kexec"),
    ("swapon", "swapon"), ("swapoff", "swapoff {work}/mine"), ("acct", "acct {work}"), ("quotactl", "quotactl"),
    ("clock_settime", "clock-settime"), ("settimeofday", "settimeofday"), ("clock_adjtime", "clock-adjtime"),
    ("sethostname", "sethostname"), ("init_module", "init-module"), ("finit_module", "finit-module"),
    ("delete_module", "delete-module"), ("i/o ports", "ports"), ("the kernel's log", "kernel-log"),
    ("fanotify", "fanotify"), ("the 32-bit entry", "compat"), ("32-bit keyctl", "compat-call 288"),
    ("32-bit ptrace", "compat-call 26"), ("the x32 entry", "x32"))]


def kernel(world):
    Batch(world, "kernel", KERNEL).run()


def privileges(world):
    state = [Row(f"{field} of a grandchild is {wanted}", f"status {field} 16 {wanted}", control=False) for field, wanted in
             (("CapInh", 0), ("CapPrm", 0), ("CapEff", 0), ("CapBnd", 0), ("CapAmb", 0), ("NoNewPrivs", 1), ("Seccomp", 2))]
    rows = [
        Row("take a capability", "raise"),
        Row("become another user", "become 12345", accept=UNREACHED),
        Row("drop groups", "drop-groups"),
        Row("give a file away", "give-away {work}/mine 12345", accept=UNREACHED),
        Row("no foreign group is held", "groups-held", control=False),
    ]
    if not as_root:
        rows.append(Row("become root", "become-root", accept=UNREACHED, control=False))
        rows.append(Row("a set-uid program gains", "setuid-program /usr/bin/su --help"))
    with open("/proc/sys/kernel/core_pattern") as f:
        if f.read().startswith("|"):
            rows.append(Row("dump a core into the handler", "core-limit"))
        else:
            report.skip("privileges: dump a core into the handler", "core_pattern is no pipe here")
    Batch(world, "privileges", state + rows).run()


# Not tried outside: they would leave their traces there.
WORKS = [Row(n, w, expect="done", control=False) for n, w in (
    ("create a file", "create {work}/new"), ("append", "append {work}/mine"), ("make a folder", "mkdir {work}/folder"),
    ("rename", "rename {work}/mine {work}/other"), ("hard link", "link {work}/mine {work}/second"),
    ("symbolic link", "symlink mine {work}/link"), ("chmod", "chmod {work}/mine"), ("chown to oneself", "chown {work}/mine"),
    ("set times", "utimes {work}/mine"), ("set an attribute", "setxattr {work}/mine"), ("delete", "unlink {work}/mine"),
    ("a nameless file", "tmpfile {work}"), ("a FIFO", "mkfifo {work}/fifo"), ("a unix socket", "unix-inside {work}/s"),
    ("a shared mapping", "mmap-write {work}/mine"), ("reopen by /proc/self/fd", "reopen {work}/mine"),
    ("read a file outside", "read {home}/.profile"), ("read /etc/passwd", "read /etc/passwd"),
    ("list /usr/bin", "list /usr/bin"), ("list /proc", "list /proc"), ("open the null device", "open-write /dev/null"),
    ("read random bytes", "read /dev/urandom"), ("create in /tmp", "create /tmp/one"),
    ("create in /var/tmp", "create /var/tmp/two"), ("create in /dev/shm", "create /dev/shm/new"),
    ("loopback", "loopback 127.0.0.1"), ("loopback over v6", "loopback ::1"), ("a message queue", "mq-make /own"),
    ("System V objects", "ipc-make 4711"), ("its own oom score", "oom self"))]


def works(world):
    Batch(world, "works in the workspace", WORKS).run()
    Batch(world, "works in a workspace in the temporary folder", WORKS, "tmp").run()


SECTIONS = {"works": works, "files": files, "devices": devices, "namespaces": namespaces, "secrets": secrets,
            "network": network, "processes": processes, "kernel": kernel, "privileges": privileges}
