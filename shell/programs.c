/*
 * programs: what is known of programs by their names. See programs.h. One row per reason; a program is named once.
 */
#include "programs.h"
#include "../sandbox/core/text.h"

#define OUTSIDE "run it outside, in another terminal"

enum needs {
    NEEDS_NOTHING, /* it works */
    NEEDS_MORE,    /* what no session has */
    NEEDS_NETWORK, /* only online, and then with what `online` says */
};

struct row {
    const char *names; /* parted by spaces */
    enum needs needs;
    const char *why, *change;
    const char *online; /* NEEDS_NETWORK: what is left to say online; NULL: it works then */
};

static const struct row rows[] = {
    {"docker docker-compose nerdctl ctr crictl", NEEDS_MORE,
        "its daemon runs outside, as root, and would do anything for whoever asks it", OUTSIDE, NULL},
    {"podman buildah skopeo lxc incus distrobox toolbox", NEEDS_MORE,
        "containers want namespaces and mounts of their own, which nothing inside may make", OUTSIDE, NULL},
    {"bwrap bubblewrap unshare nsenter firejail nsjail runc crun systemd-nspawn", NEEDS_MORE,
        "namespaces within the sandbox are closed: they open more of the kernel than they hold",
        "leave it out: what it would run is in a sandbox already", NULL},
    {"flatpak snap", NEEDS_MORE, "it starts programs by services outside and in namespaces of its own", OUTSIDE, NULL},
    {"sudo su doas pkexec run0 passwd chsh chfn newgrp sg gpasswd crontab at fusermount fusermount3", NEEDS_MORE,
        "nothing inside gains privileges: a setuid program runs as whoever started it", OUTSIDE, NULL},
    {"mount umount losetup cryptsetup mkfs fdisk parted chroot pivot_root swapon", NEEDS_MORE,
        "mounts stay as they are for as long as the session lives, and nothing inside has a capability",
        "mount it outside, then :reapply", NULL},
    {"systemctl systemd-run loginctl busctl service machinectl homectl resolvectl", NEEDS_MORE,
        "the service manager is outside, and would start programs there for whoever asks it", OUTSIDE, NULL},
    {"rr perf bpftrace bpftool trace-cmd sysdig", NEEDS_MORE,
        "performance events and bpf show the whole machine, and are closed", "strace, gdb and valgrind work inside; or " OUTSIDE,
        NULL},
    {"strace ltrace gdb lldb valgrind", NEEDS_NOTHING, "what runs inside may be traced from inside", "", NULL},
    {"chromium chromium-browser google-chrome google-chrome-stable brave-browser microsoft-edge vivaldi opera electron",
        NEEDS_MORE, "its own sandbox wants namespaces, which nothing inside may make",
        "start it with --no-sandbox: Cordon is its sandbox then", NULL},
    {"ssh scp sftp sshfs mosh autossh ssh-copy-id", NEEDS_NETWORK, "the network is offline", ":net online",
        "its keys and the agent are not readable inside: push and log in from outside, or use HTTPS with a token"},
    {"ssh-add ssh-agent gpg gpg2 gpg-agent pass", NEEDS_MORE, "keys are secret inside, and agents listen outside",
        "sign and decrypt outside", NULL},
    {"ping ping6 traceroute mtr nmap", NEEDS_NETWORK, "the network is offline: there is nobody but itself to reach",
        ":net online", "raw sockets stay closed: what works without privileges works"},
    {"curl wget nc ncat socat telnet dig nslookup host rsync http", NEEDS_NETWORK,
        "the network is offline: only what runs inside is in reach", ":net online", NULL},
    {"tcpdump wireshark tshark iptables nft ip6tables ethtool hping3", NEEDS_MORE,
        "raw sockets and the network's settings want capabilities, which nothing inside has", OUTSIDE, NULL},
    {"gh glab aws gcloud az kubectl helm heroku doctl", NEEDS_NETWORK,
        "the network is offline", ":net online",
        "its credentials are secret inside: run it outside, or give a token of its own by env.set in the policy"},
    {"apt apt-get dpkg aptitude dnf yum rpm pacman zypper apk emerge", NEEDS_MORE,
        "system folders are read-only inside", "install outside: it is there inside at once", NULL},
    {"nix nix-build nix-shell nix-env guix", NEEDS_MORE,
        "its store is read-only inside, and its daemon is outside", OUTSIDE, NULL},
    {"xdg-open xclip xsel wl-copy wl-paste notify-send xterm gnome-terminal gio code", NEEDS_MORE,
        "display, clipboard and desktop belong to the outside", OUTSIDE, NULL},
    {"explorer.exe powershell.exe cmd.exe clip.exe wsl.exe wslview", NEEDS_MORE,
        "Windows programs run outside of every Linux sandbox", OUTSIDE, NULL},
    {"virtualbox VBoxManage vagrant virsh multipass", NEEDS_MORE, "virtual machines want devices and services of the outside",
        OUTSIDE, NULL},
    {"dmesg insmod modprobe rmmod sysctl reboot shutdown kexec hwclock", NEEDS_MORE,
        "it concerns the whole machine, and nothing inside has a capability", OUTSIDE, NULL},
    {"cordon", NEEDS_MORE, "a sandbox within the sandbox cannot be made, and Cordon's state is not readable inside",
        "open another one outside", NULL},
};

#define TERMINAL_OUTSIDE "open it outside, from another window"

static const struct row windows_rows[] = {
    {"wsl wslconfig wslg", NEEDS_MORE, "its machine runs outside of the sandbox, for whoever asks, and has a network of its own",
        TERMINAL_OUTSIDE, NULL},
    {"docker docker-compose podman nerdctl minikube vagrant multipass", NEEDS_MORE,
        "its service runs outside, with more rights, and would do anything for whoever asks it", TERMINAL_OUTSIDE, NULL},
    {"runas psexec gsudo sudo", NEEDS_MORE, "nothing inside gets another account's rights", TERMINAL_OUTSIDE, NULL},
    {"schtasks at sc net net1 bcdedit diskpart dism sfc bcdboot manage-bde shutdown logoff powercfg netsh", NEEDS_MORE,
        "it concerns the whole machine, and what is inside has no administrator's rights", TERMINAL_OUTSIDE, NULL},
    {"winget choco msiexec", NEEDS_MORE, "what it would install belongs to the machine or to your own profile",
        "install outside: it is there inside at once", NULL},
    {"explorer notepad clip code devenv mspaint calc mmc taskmgr control", NEEDS_MORE,
        "windows and the clipboard belong to the outside: nobody would see it", TERMINAL_OUTSIDE, NULL},
    {"ssh scp sftp ssh-copy-id", NEEDS_NETWORK, "the network is offline", ":net online",
        "its keys and the agent are not readable inside: push and log in from outside, or use HTTPS with a token"},
    {"ping tracert pathping nslookup curl wget telnet ftp bitsadmin certutil", NEEDS_NETWORK,
        "the network is offline: only what runs inside is in reach", ":net online", NULL},
    {"gh glab aws gcloud az kubectl helm", NEEDS_NETWORK, "the network is offline", ":net online",
        "its credentials are secret inside: run it outside, or give a token of its own by env.set in the policy"},
    {"cordon cordon-setup", NEEDS_MORE, "a sandbox within the sandbox cannot be made, and Cordon's state is not readable inside",
        "open another one outside", NULL},
};

const struct program_word program_setuid = {false,
    "nothing inside gains privileges: a setuid program runs as whoever started it", OUTSIDE};

static bool names_it(const char *names, struct str name, bool windows)
{
    struct str all = str_from(names);

    if (windows && name.n > 4 && text_same(str_slice(name, name.n - 4, name.n), STR(".exe")))
        name = str_slice(name, 0, name.n - 4);
    for (size_t at = 0; at < all.n;) {
        size_t end = str_find(all, at, ' ');
        if (windows ? text_same(str_slice(all, at, end), name) : str_eq(str_slice(all, at, end), name))
            return true;
        at = end + 1;
    }
    return false;
}

bool program_known(const struct policy *policy, enum path_system system, struct str name, struct program_word *out)
{
    bool windows = system == PATH_WINDOWS;

    for (size_t i = 0; i < (windows ? COUNT_OF(windows_rows) : COUNT_OF(rows)); i++) {
        const struct row *row = windows ? &windows_rows[i] : &rows[i];
        if (!names_it(row->names, name, windows))
            continue;
        if (row->needs == NEEDS_NETWORK && policy->net == NET_ONLINE)
            *out = (struct program_word){!row->online, row->online ? row->online : "the network is online", ""};
        else
            *out = (struct program_word){row->needs == NEEDS_NOTHING, row->why, row->change};
        return true;
    }
    return false;
}
