/*
 * calls: the table of system calls that an untrusted tree has no use for, and the seccomp filter made of it.
 *
 * Numbers are data, for both architectures, so that the table can be read and tested anywhere; calls from
 * 424 on have one number everywhere. What the filter lets through is still held by the other walls: mounts,
 * Landlock, namespaces, no capabilities.
 */
#include "observe/observe.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>

/* Highest call known when this was written (Linux 6.17: file_setattr). A number above it is unknown here, so
 * nobody has thought about what it does: ENOSYS, as on a kernel that does not have it. */
#define HIGHEST_KNOWN 469
#define CALLS_MAX     160 /* of both tables together */

/* read(2) is 0 on x86-64 and 63 on aarch64: this tells which column is ours without a compiler macro. */
enum { IS_X86_64 = SYS_read == 0 };
#define ARCHITECTURE ((uint32_t)(IS_X86_64 ? AUDIT_ARCH_X86_64 : AUDIT_ARCH_AARCH64))

enum call_rule {
    REFUSE,     /* EPERM */
    ABSENT,     /* ENOSYS, so that programs fall back */
    NAMESPACES, /* EPERM when the flags in argument 0 ask for a namespace */
    FAMILY,     /* EAFNOSUPPORT but for UNIX, INET, INET6, NETLINK in argument 0 */
    TERMINAL,   /* EPERM for requests in argument 1 that feed or steer a terminal */
    MODE_1,     /* EPERM when the mode in argument 1 makes a file that lends its owner's rights; MODE_2: argument 2 */
    MODE_2,
    PLAIN,      /* nothing is said of it, but that it is watched */
    LIMIT_OWN,  /* setrlimit: the core limit in argument 0 is left as it is, and success is said */
    LIMIT_ANY,  /* prlimit64: EPERM when another process's limit is set; the core limit as above */
    LEASE,      /* EPERM for F_SETLEASE in argument 1: it holds up whoever opens the file outside */
    OPEN_2,     /* the same, where the flags in argument 1 make a file; OPEN_3: one argument further on */
    OPEN_3,
};

struct call {
    const char *name;
    int x86_64, aarch64; /* -1: does not exist there */
    enum call_rule rule;
};

static const struct call calls[] = {
    /* another way to make the calls below without being seen by this filter */
    {"io_uring_setup", 425, 425, REFUSE},
    {"io_uring_enter", 426, 426, REFUSE},
    {"io_uring_register", 427, 427, REFUSE},
    /* the kernel's own inside */
    {"bpf", 321, 280, REFUSE},
    {"perf_event_open", 298, 241, REFUSE},
    {"userfaultfd", 323, 282, REFUSE},
    /* memory that nobody can read from outside it, paths for instance */
    {"memfd_secret", 447, 447, ABSENT},
    {"kexec_load", 246, 104, REFUSE},
    {"kexec_file_load", 320, 294, REFUSE},
    {"create_module", 174, -1, REFUSE},
    {"init_module", 175, 105, REFUSE},
    {"finit_module", 313, 273, REFUSE},
    {"delete_module", 176, 106, REFUSE},
    {"syslog", 103, 116, REFUSE},
    {"lookup_dcookie", 212, 18, REFUSE},
    {"fanotify_init", 300, 262, REFUSE},
    {"iopl", 172, -1, REFUSE},
    {"ioperm", 173, -1, REFUSE},
    {"uselib", 134, -1, REFUSE},
    /* around the mounts */
    {"open_by_handle_at", 304, 265, REFUSE},
    {"mount", 165, 40, REFUSE},
    {"umount2", 166, 39, REFUSE},
    {"pivot_root", 155, 41, REFUSE},
    {"chroot", 161, 51, REFUSE},
    {"setns", 308, 268, REFUSE},
    {"open_tree_attr", 467, 467, REFUSE},
    {"open_tree", 428, 428, ABSENT},
    {"move_mount", 429, 429, ABSENT},
    {"fsopen", 430, 430, ABSENT},
    {"fsconfig", 431, 431, ABSENT},
    {"fsmount", 432, 432, ABSENT},
    {"fspick", 433, 433, ABSENT},
    {"mount_setattr", 442, 442, ABSENT},
    /* the machine */
    {"quotactl", 179, 60, REFUSE},
    {"quotactl_fd", 443, 443, REFUSE},
    {"swapon", 167, 224, REFUSE},
    {"swapoff", 168, 225, REFUSE},
    {"reboot", 169, 142, REFUSE},
    {"acct", 163, 89, REFUSE},
    {"clock_settime", 227, 112, REFUSE},
    {"clock_adjtime", 305, 266, REFUSE},
    {"settimeofday", 164, 170, REFUSE},
    {"vhangup", 153, 58, REFUSE},
    /* other processes' descriptors; keys of the person */
    {"pidfd_getfd", 438, 438, REFUSE},
    {"keyctl", 250, 219, ABSENT},
    {"add_key", 248, 217, ABSENT},
    {"request_key", 249, 218, ABSENT},
    /* flags behind a pointer, which a filter cannot read: programs fall back to clone */
    {"clone3", 435, 435, ABSENT},
    {"setrlimit", 160, 164, LIMIT_OWN},
    {"prlimit64", 302, 261, LIMIT_ANY},
    {"fcntl", 72, 25, LEASE},
    {"openat2", 437, 437, ABSENT},
    /* A set-uid file in the workspace would lend the person's rights, or root's, to whoever runs it outside. */
    {"chmod", 90, -1, MODE_1},
    {"fchmod", 91, 52, MODE_1},
    {"fchmodat", 268, 53, MODE_2},
    {"fchmodat2", 452, 452, MODE_2},
    {"creat", 85, -1, MODE_1},
    {"mknod", 133, -1, MODE_1},
    {"mknodat", 259, 33, MODE_2},
    {"open", 2, -1, OPEN_2},
    {"openat", 257, 56, OPEN_3},
    {"clone", 56, 220, NAMESPACES},
    {"unshare", 272, 97, NAMESPACES},
    {"socket", 41, 198, FAMILY},
    {"socketpair", 53, 199, FAMILY},
    {"ioctl", 16, 29, TERMINAL},
};

/* CLONE_NEWUSER, NEWNS, NEWPID, NEWNET, NEWIPC, NEWUTS, NEWCGROUP. (NEWTIME is 0x80, which clone(2) reads as
 * part of the exit signal; a time namespace without a user namespace needs a capability that nobody has.) */
#define NAMESPACE_FLAGS 0x7E020000u

static const uint32_t families[] = {1 /* UNIX */, 2 /* INET */, 10 /* INET6 */, 16 /* NETLINK */};

/* What programs ask of the kernel: routes and addresses, sockets' states, devices' news, generic. The rest leads to other
 * programs outside where the network is shared (USERSOCK), or is nobody's business inside. */
static const uint32_t netlinks[] = {0 /* ROUTE */, 4 /* SOCK_DIAG */, 15 /* KOBJECT_UEVENT */, 16 /* GENERIC */};

/* TIOCSTI types into a terminal, TIOCLINUX pastes into one, TIOCCONS takes the console's output over, TIOCSETD
 * loads line disciplines. The kernel looks at the low 32 bits of the request only, and so do we. */
static const uint32_t terminal_requests[] = {0x5412, 0x541C, 0x541D, 0x5423};

#define SET_UID 04000u
#define SET_GID 02000u /* means something else on folders, which share it between people: refused to root alone */
#define MAKES_A_FILE 0x400040u /* O_CREAT, __O_TMPFILE: without them the mode is whatever the register held */

struct writer {
    struct sock_filter *out;
    size_t n, capacity;
    uint32_t lending; /* mode bits that no file may be given */
    unsigned what;
};

static void put(struct writer *w, uint16_t code, uint32_t k, uint8_t yes, uint8_t no)
{
    if (w->n < w->capacity)
        w->out[w->n] = (struct sock_filter){code, yes, no, k};
    w->n++;
}

static void put_return(struct writer *w, uint32_t error)
{
    put(w, BPF_RET | BPF_K, error ? SECCOMP_RET_ERRNO | error : SECCOMP_RET_ALLOW, 0, 0);
}

/* Little-endian on both architectures: the low half of an argument comes first. */
static void put_load_argument(struct writer *w, unsigned index)
{
    put(w, BPF_LD | BPF_W | BPF_ABS, (uint32_t)(offsetof(struct seccomp_data, args) + 8 * index), 0, 0);
}


/* RLIMIT_CORE stays at the 1 that command_linux.c sets: 0 would let a core_pattern that is a pipe start its handler
 * again, as root, outside. ssh and others set it to 0 for their own sake and must not fail. */
#define CORE_LIMIT 4

/* The family is in the accumulator. */
static void put_netlink(struct writer *w)
{
    put(w, BPF_JMP | BPF_JEQ | BPF_K, 16 /* NETLINK */, 0, (uint8_t)(COUNT_OF(netlinks) + 2));
    put_load_argument(w, 2);
    for (size_t i = 0; i < COUNT_OF(netlinks); i++)
        put(w, BPF_JMP | BPF_JEQ | BPF_K, netlinks[i], (uint8_t)(COUNT_OF(netlinks) - i), 0);
    put_return(w, EPROTONOSUPPORT);
}

static void put_limit(struct writer *w, bool any)
{
    if (any) {
        /* No new limit (a null pointer in both halves of argument 2): only asked. */
        put(w, BPF_LD | BPF_W | BPF_ABS, (uint32_t)(offsetof(struct seccomp_data, args) + 16), 0, 0);
        put(w, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 3);
        put(w, BPF_LD | BPF_W | BPF_ABS, (uint32_t)(offsetof(struct seccomp_data, args) + 20), 0, 0);
        put(w, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1);
        put_return(w, 0);
        put_load_argument(w, 0);
        put(w, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
        put_return(w, EPERM);
    }
    put_load_argument(w, any ? 1 : 0);
    put(w, BPF_JMP | BPF_JEQ | BPF_K, CORE_LIMIT, 0, 1);
    put(w, BPF_RET | BPF_K, SECCOMP_RET_ERRNO, 0, 0);
}

#define NOTIFY 0x7fc00000u /* SECCOMP_RET_USER_NOTIF */
#define PATH_ALONE 010000000u /* O_PATH: reads nothing */
#define WRITES 021001103u  /* O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, __O_TMPFILE */

/* FS_IOC_SETFLAGS, FS_IOC32_SETFLAGS, FS_IOC_FSSETXATTR: the attributes of an inode. */
static const uint32_t flag_requests[] = {0x40086602, 0x40046602, 0x401c5820};

/* Refused by who is asked, who records it (act_linux.c), or at once. */
static void put_mode(struct writer *w, unsigned argument, const struct watched *watched)
{
    put_load_argument(w, argument);
    put(w, BPF_JMP | BPF_JSET | BPF_K, w->lending, 0, 1);
    put(w, BPF_RET | BPF_K, watched ? NOTIFY : SECCOMP_RET_ERRNO | EPERM, 0, 0);
}

/* How a call ends that nothing above refused. */
static void put_end(struct writer *w, const struct watched *watched)
{
    if (watched && watched->when == WHEN_WRITING) {
        put_load_argument(w, (unsigned)watched->flags);
        put(w, BPF_JMP | BPF_JSET | BPF_K, WRITES, w->what & CALLS_READING ? 1 : 0, w->what & CALLS_READING ? 0 : 1);
        if (w->what & CALLS_READING)
            put(w, BPF_JMP | BPF_JSET | BPF_K, PATH_ALONE, 1, 0);
    } else if (watched && watched->when == WHEN_SETTING_FLAGS) {
        put_load_argument(w, 1);
        for (size_t i = 0; i < COUNT_OF(flag_requests); i++) {
            bool last = i + 1 == COUNT_OF(flag_requests);
            put(w, BPF_JMP | BPF_JEQ | BPF_K, flag_requests[i], (uint8_t)(COUNT_OF(flag_requests) - 1 - i), last);
        }
    } else if (watched && watched->when == WHEN_DATAGRAM) {
        put_load_argument(w, 0);
        put(w, BPF_JMP | BPF_JEQ | BPF_K, 1 /* AF_UNIX */, 0, 4);
        put_load_argument(w, 1);
        put(w, BPF_JMP | BPF_JSET | BPF_K, 0xc, 2, 0); /* a type of 2 or 3: SOCK_DGRAM, SOCK_RAW */
        put(w, BPF_JMP | BPF_JSET | BPF_K, 2, 0, 1);
    } else if (watched && watched->when == WHEN_ADDRESSED) {
        put_load_argument(w, 4);
        put(w, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2);
        put(w, BPF_LD | BPF_W | BPF_ABS, (uint32_t)(offsetof(struct seccomp_data, args) + 8 * 4 + 4), 0, 0);
        put(w, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
    }
    if (watched)
        put(w, BPF_RET | BPF_K, NOTIFY, 0, 0);
    if (!watched || (watched->when != WHEN_ALWAYS && watched->when != WHEN_HIDING && watched->when != WHEN_GATED))
        put_return(w, 0);
}

static void put_checked(struct writer *w, enum call_rule rule, const struct watched *watched)
{
    if (rule == PLAIN) {
        ;
    } else if (rule == LIMIT_OWN || rule == LIMIT_ANY) {
        put_limit(w, rule == LIMIT_ANY);
    } else if (rule == LEASE) {
        put_load_argument(w, 1);
        put(w, BPF_JMP | BPF_JEQ | BPF_K, 1024 /* F_SETLEASE */, 0, 1);
        put_return(w, EPERM);
    } else if (rule == MODE_1 || rule == MODE_2) {
        put_mode(w, rule == MODE_1 ? 1 : 2, watched);
    } else if (rule == OPEN_2 || rule == OPEN_3) {
        put_load_argument(w, rule == OPEN_2 ? 1 : 2);
        put(w, BPF_JMP | BPF_JSET | BPF_K, MAKES_A_FILE, 0, 3);
        put_mode(w, rule == OPEN_2 ? 2 : 3, watched);
    } else if (rule == NAMESPACES) {
        put_load_argument(w, 0);
        put(w, BPF_JMP | BPF_JSET | BPF_K, NAMESPACE_FLAGS, 0, 1);
        put_return(w, EPERM);
    } else if (rule == FAMILY) {
        put_load_argument(w, 0);
        for (size_t i = 0; i < COUNT_OF(families); i++)
            put(w, BPF_JMP | BPF_JEQ | BPF_K, families[i], (uint8_t)(COUNT_OF(families) - i), 0);
        put_return(w, EAFNOSUPPORT);
        put_netlink(w);
    } else {
        put_load_argument(w, 1);
        for (size_t i = 0; i < COUNT_OF(terminal_requests); i++) {
            put(w, BPF_JMP | BPF_JEQ | BPF_K, terminal_requests[i], 0, 1);
            put_return(w, EPERM);
        }
    }
    put_end(w, watched);
}

struct numbered {
    uint32_t number;
    enum call_rule rule;
    const struct watched *watched; /* NULL: nobody is asked */
};

static void put_call(struct writer *w, const struct numbered *c)
{
    struct writer measure = {NULL, 0, 0, w->lending, w->what};

    if (c->rule == REFUSE || c->rule == ABSENT) {
        put(w, BPF_JMP | BPF_JEQ | BPF_K, c->number, 0, 1);
        if (c->watched)
            put_end(w, c->watched); /* refused by who is asked, who records it */
        else
            put_return(w, c->rule == REFUSE ? EPERM : ENOSYS);
        return;
    }
    put_checked(&measure, c->rule, c->watched);
    put(w, BPF_JMP | BPF_JEQ | BPF_K, c->number, 0, (uint8_t)measure.n);
    put_checked(w, c->rule, c->watched);
}

/* A tree by halves: when a filter is loaded the kernel walks it once for every call there is, and a plain list of
 * comparisons made that the most expensive step of starting a program. */
static void put_tree(struct writer *w, const struct numbered *sorted, size_t count)
{
    struct writer measure = {NULL, 0, 0, w->lending, w->what};
    size_t half = count / 2;

    if (count <= 3) {
        for (size_t i = 0; i < count; i++)
            put_call(w, &sorted[i]);
        put_return(w, 0);
        return;
    }
    put_tree(&measure, sorted, half);
    if (measure.n > 255) { /* a conditional jump reaches no further */
        put(w, BPF_JMP | BPF_JGE | BPF_K, sorted[half].number, 0, 1);
        put(w, BPF_JMP | BPF_JA, (uint32_t)measure.n, 0, 0);
    } else {
        put(w, BPF_JMP | BPF_JGE | BPF_K, sorted[half].number, (uint8_t)measure.n, 0);
    }
    put_tree(w, sorted, half);
    put_tree(w, sorted + half, count - half);
}

static size_t insert(struct numbered *sorted, size_t count, struct numbered call)
{
    size_t at = count;

    for (; at > 0 && sorted[at - 1].number > call.number; at--)
        sorted[at] = sorted[at - 1];
    sorted[at] = call;
    return count + 1;
}

static bool is_of_modes(enum call_rule rule)
{
    return rule == MODE_1 || rule == MODE_2 || rule == OPEN_2 || rule == OPEN_3;
}

static uint32_t lending_bits(bool root)
{
    return root ? SET_UID | SET_GID : SET_UID;
}

bool calls_lend(long number, const uint64_t arguments[6], bool root)
{
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        enum call_rule rule = calls[i].rule;
        bool opens = rule == OPEN_2 || rule == OPEN_3;
        int flags = rule == OPEN_2 ? 1 : 2, mode = opens ? flags + 1 : rule == MODE_1 ? 1 : 2;
        if (number != (IS_X86_64 ? calls[i].x86_64 : calls[i].aarch64) || !is_of_modes(rule))
            continue;
        return (!opens || (arguments[flags] & MAKES_A_FILE)) && (arguments[mode] & lending_bits(root));
    }
    return false;
}

static size_t sort_calls(struct numbered *sorted, unsigned what)
{
    const struct watched *watched;
    size_t count = 0;

    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        int number = IS_X86_64 ? calls[i].x86_64 : calls[i].aarch64;
        bool asks = watched_find(number), modes = asks && is_of_modes(calls[i].rule);
        bool later = asks && (modes || calls[i].rule == REFUSE);
        if (number >= 0 && !((what & CALLS_FIRST) && later) && (!(what & CALLS_SECOND) || modes))
            count = insert(sorted, count, (struct numbered){(uint32_t)number, calls[i].rule, NULL});
    }
    for (size_t i = 0; (watched = watched_at(i)) != NULL; i++) {
        uint32_t number = (uint32_t)watched_number(watched);
        size_t at = 0;
        if (!watched_wanted(watched, what))
            continue;
        while (at < count && sorted[at].number != number)
            at++;
        if (at < count)
            sorted[at].watched = watched;
        else if (count < CALLS_MAX)
            count = insert(sorted, count, (struct numbered){number, PLAIN, watched});
    }
    return count;
}

size_t calls_filter(struct sock_filter *out, size_t capacity, bool root, unsigned what)
{
    struct numbered sorted[CALLS_MAX];
    struct writer w = {out, 0, capacity, lending_bits(root), what};

    put(&w, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
    put(&w, BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
    put_return(&w, ENOSYS); /* i386 by int 0x80, 32-bit arm */
    put(&w, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
    put(&w, BPF_JMP | BPF_JGT | BPF_K, HIGHEST_KNOWN, 0, 1); /* x32 has bit 30 set: above it too */
    put_return(&w, ENOSYS);
    put_tree(&w, sorted, sort_calls(sorted, what));
    return w.n <= capacity ? w.n : 0;
}
