/*
 * core: the words that everything in Cordon speaks: policy, rule, fact, op, plan, verdict.
 *
 * Plain data, no system header. A policy and the facts go in, a plan comes out; edges only obey it.
 * Everything here lives in the arena that the function that made it was given.
 */
#ifndef CORDON_CORE_H
#define CORDON_CORE_H

#include "base.h"

/* Ceilings: every buffer and count that input can grow has its number here. */
#define POLICY_BYTES_MAX  ((size_t)1 << 20)
#define POLICY_DEPTH_MAX  16
#define POLICY_RULES_MAX  4096
#define PATH_BYTES_MAX    4096
#define LINE_BYTES_MAX    ((size_t)1 << 20) /* one line of a person or a script */
#define FRAME_BYTES_MAX   ((size_t)4 << 20)
#define PLAN_OPS_MAX      16384
#define ARGV_MAX          4096
#define ENV_MAX           4096

/* ---- where a rule comes from ---- */

enum layer { LAYER_BUILTIN, LAYER_MACHINE, LAYER_USER, LAYER_FILE, LAYER_FLAG, LAYER_SESSION };

struct origin {
    enum layer layer;
    struct str file; /* of a policy file, or the flag as typed; none for built-in */
    int line, column; /* 1-based; 0 when there is none */
};

/* ---- the policy ---- */

enum rule_kind {
    RULE_WRITE,   /* a writable root */
    RULE_PROTECT, /* stays read-only inside a writable root */
    RULE_SECRET,  /* may not even be read */
};

/*
 * One rule about paths. `path` is canonical (path.h) and absolute, except for a RULE_PROTECT given as a
 * bare relative name (".git", ".git/hooks"): then `anchored` is false and it stands for that path inside
 * every writable root.
 */
struct rule {
    int id; /* 1-based, unique in one policy; stable order: built-in first, then layer by layer */
    enum rule_kind kind;
    struct str text; /* as the person wrote it */
    struct str path;
    bool anchored;
    bool any_depth;    /* "**" before the name: path is the name, and it holds at any depth of every writable root */
    bool folder_rule;  /* false: the default list, whose missing entries are no warning */
    bool optional;     /* holds only where it exists; a missing one is neither placeholder nor warning */
    bool revoked;      /* :revoke took it back; kept so that a verdict can name it */
    struct origin origin;
    const char *reason; /* for built-in rules: one clause, "git would run it outside" */
};

struct rules {
    struct rule *v;
    size_t n, cap;
};

struct texts {
    struct str *v;
    size_t n, cap;
};

enum net_mode { NET_OFFLINE, NET_LIMITED, NET_ONLINE };
enum net_switch { SWITCH_ALLOW, SWITCH_ASK, SWITCH_LOCKED };
enum git_mode { GIT_COMMIT, GIT_LOCKED };
enum hardlinks { HARDLINKS_REFUSE, HARDLINKS_RECORD };
enum unix_datagrams { DATAGRAMS_REFUSE, DATAGRAMS_ALLOW };
enum secret_reads { SECRET_READS_RECORD, SECRET_READS_REFUSE }; /* refused in any case */

struct env_set {
    struct str name, value;
};
struct env_sets {
    struct env_set *v;
    size_t n, cap;
};

/* Scalars carry the origin of the layer that set them. */
struct policy {
    unsigned generation; /* grows with every change in a session */
    struct str workspace; /* canonical, or none: opened without a writable workspace */
    struct rules rules;
    enum net_mode net;
    struct texts net_allow; /* "host:port" */
    enum net_switch net_switch;
    enum git_mode git;
    enum hardlinks hardlinks;
    enum unix_datagrams unix_datagrams;
    enum secret_reads secret_reads;
    struct texts env_pass, env_drop; /* patterns with * */
    struct env_sets env_set;
    uint64_t memory_mb, processes, cpu_percent; /* 0: no limit */
    struct str shell; /* "auto" or an absolute path or a name */
    struct texts partial; /* named parts that the person accepts as missing: "landlock", "procfs", ... */
    struct origin net_origin, switch_origin, git_origin, hardlinks_origin, datagrams_origin, reads_origin,
        limits_origin, shell_origin;
    struct texts warnings; /* a rule that matches nothing, and the like; printable */
    struct texts nested; /* what was found for rules of any depth, canonical: by :reapply, on Windows by each plan */
    bool nested_partly;  /* not all was looked through */
    const struct git_found *git_found; /* git.h: what was seen in the roots; NULL: nobody has looked */
    const struct policy_layers *layers; /* policy.c's own: which layer set what, what the machine bounds */
};

/* ---- facts: what an edge saw on the disk and in the kernel; read once, by held descriptors ---- */

enum fact_kind {
    FACT_UNKNOWN, /* could not be looked at; code says why */
    FACT_MISSING,
    FACT_FOLDER,
    FACT_FILE,
    FACT_SYMLINK,
    FACT_OTHER, /* FIFO, socket, device */
};

struct fact {
    struct str path;   /* the question, canonical */
    struct str real;   /* the object's own path, every symbolic link resolved; none when missing */
    enum fact_kind kind; /* of the last component itself: a link is FACT_SYMLINK */
    enum fact_kind real_kind; /* of what it leads to */
    uint64_t dev, ino; /* identity of what `real` names */
    uint32_t uid, mode;
    uint64_t links;
    bool on_readonly_mount;
    bool placeholder; /* what Cordon itself made there to hold the name (OP_PLACEHOLDER); as good as missing */
    struct str descriptor; /* Windows: owner and DACL as self-relative bytes; none when it could not be read */
    bool reparse;          /* Windows: the object itself is a reparse point (junction, link, cloud placeholder) */
    long code;
};

/* Windows: a volume, as far as entries on it can hold. */
struct volume_fact {
    struct str root;  /* "C:\\" or "\\\\server\\share" */
    struct str type;  /* "NTFS", "ReFS", "FAT32", "exFAT" */
    bool acls;        /* FILE_PERSISTENT_ACLS */
    bool remote, substituted, removable;
};

/* Windows: a synthetic SID that is granted write on one root and on nothing else. */
struct write_sid {
    struct str root; /* canonical */
    struct str sid;
};

/* Windows: one of the two local accounts that setup made. */
struct account_fact {
    struct str name, sid;
    struct str profile; /* its profile folder: "C:\\Users\\CordonOffline"; none: not known */
    bool there, enabled, ready; /* ready: its credentials can be had, its profile is whole */
};

/* The weak member of the restricting list (rule W1): of every plan, by this one switch. */
enum weak_member { WEAK_EVERYONE, WEAK_WRITE_RESTRICTED, WEAK_NONE };

/* The Windows machine and its person, as far as a plan depends on them. */
struct windows_host {
    uint32_t build;       /* 17763 is 1809 */
    bool wine;            /* to name the reason with; that nothing is enforced is told by the canary */
    bool canary;          /* a restricted token that was made just now says that it is one */
    bool elevated, session_0;
    enum weak_member weak;
    struct str temp_dir;  /* made for this session by the edge, outside state_dir; a root like any other, with a write SID */
    struct str person_sid, group_sid; /* the token's user; the group that setup made, or none */
    struct account_fact offline, online;
    bool set_up;          /* setup's commit record is whole and of this version */
    struct str installed_dir; /* setup's copies of Cordon's programs, which the accounts can read; none: there are none */
    bool network_verified; /* the block of the offline account was read back just now */
    struct texts open_services; /* what would carry data out for the offline account (rule W5), by name */
    struct texts setup_without; /* what setup could not do here, and went on without */
    struct str windows_dir, system_dir, program_files, program_files_x86, program_data, roaming, local, public_dir;
    struct volume_fact *volumes;
    size_t volume_count;
    struct write_sid *write_sids; /* of every root of the policy */
    size_t write_sid_count;
    struct write_sid *all_roots; /* and of every other that was ever one: no such SID has anything to do elsewhere */
    size_t all_root_count;
    struct texts orphans; /* SIDs that no root has any more (store.h): their entries are taken away where they are seen */
    struct texts everyone_writable; /* folders found outside the roots that Everyone may write; search bounded */
    bool everyone_incomplete;
    struct str powershell, pwsh, cmd, bash; /* command shells that can be run inside; none: not there, or a Store one */
    struct texts store_shells;              /* those that cannot: Store packages and execution aliases */
    struct str script_policy; /* what this person has said of PowerShell's scripts (CurrentUser); none: nothing */
};

/* One mount point, from the table of mounts. */
struct mount_fact {
    struct str path, type, source;
    bool readonly;
    struct str device, root; /* "8:1", and what of that file system is mounted here; none where nobody asked */
};

/* The machine and the person, as far as a plan depends on them. */
struct host {
    struct str home, user;
    struct str config_dir; /* where Cordon's policy is: .../cordon */
    struct str state_dir;  /* where Cordon keeps history, caches, sessions: .../cordon */
    struct str session_dir; /* this session's own folder below state_dir */
    struct str program_dir; /* where cordon and cordon-runner are */
    struct str checkout;    /* Cordon's own checkout, when program_dir lies in one; else none */
    struct str runtime_dir; /* XDG_RUNTIME_DIR of the person, or none */
    struct str path;        /* $PATH */
    struct str resolv_real; /* where /etc/resolv.conf leads, or none */
    uint32_t uid, gid;
    bool root;
    int landlock_abi; /* 0: none */
    int kernel_major, kernel_minor;
    bool in_container, wsl;
    bool fuse;              /* /dev/fuse can be opened: covers tell of each touch */
    struct str caches_dir; /* where this session's cache layer is kept, held by nobody else; none: in session_dir */
    struct str cgroup; /* a delegated cgroup v2 folder that we may make children in, or none */
    bool cgroup_memory, cgroup_pids, cgroup_cpu;
    struct texts obeyed_links; /* links in the folders that rules_obeyed names */
    struct texts risky_groups; /* docker, disk, lxd ... that the person is in */
    struct mount_fact *mounts;
    size_t mount_count;
    const struct windows_host *windows; /* NULL on Linux */
};

/* A secret file that has another name somewhere: covering the one leaves the other. */
struct second_name {
    struct str folder; /* the secret place it lies in, resolved; or the file itself */
    struct str path;
    struct str other;  /* the other name, if it is at the top of a writable root */
};

struct facts {
    const struct places *places; /* what the rules come to, from plan_questions; NULL: plan_build makes it */
    struct host host;
    struct fact *v;
    size_t n, cap;
    struct {
        struct second_name *v;
        size_t n, cap;
    } second;
    struct texts second_more; /* secret folders of which not all was looked at for those */
};

/* ---- operations a program can try, and what the rules say of them ---- */

enum operation {
    OPERATION_READ,
    OPERATION_WRITE,
    OPERATION_CREATE,
    OPERATION_DELETE,
    OPERATION_RENAME,
    OPERATION_LINK,
    OPERATION_MODE, /* chmod, chown, xattr */
    OPERATION_TIME,
    OPERATION_CONNECT,
    OPERATION_MOUNT, /* mount, unmount, change the root */
};

enum wall { WALL_NONE, WALL_MOUNT, WALL_LANDLOCK, WALL_NAMESPACE, WALL_OBSERVER, WALL_COVER, WALL_GATE, WALL_ACL, WALL_FILTER };

struct verdict {
    bool allowed;
    const struct rule *rule; /* the deciding rule; NULL: the default (reads allowed, writes refused) */
    enum wall wall;          /* what holds it when refused */
    bool own;                /* what is there inside is the sandbox's own (its /tmp, a private cache), and the
                                object of that name outside is not reached */
    struct str why;          /* one clause: "no writable root contains it" */
    struct str change;       /* the smallest change that would turn it: ":allow ~/x", "none: ..." */
};

/* ---- the plan: what an edge does, in this order, and nothing else ---- */

enum op_kind {
    OP_PRIVATE,        /* mount propagation of the whole tree: private */
    OP_READONLY_ALL,   /* the whole tree: read-only, nosuid, nodev */
    OP_TMPFS,          /* path, text = options "size=..,mode=.." */
    OP_PROC,           /* path: a new procfs */
    OP_DEVPTS,         /* path: a new devpts */
    OP_MQUEUE,         /* path: a new mqueue */
    OP_FOLDER,         /* path: make a folder (in a tmpfs of ours); number = mode */
    OP_SYMLINK,        /* path -> text (in a tmpfs of ours) */
    OP_DEVICE,         /* path: bind that device node of the outer /dev, usable */
    OP_BIND,           /* source -> path; number 1 = writable, 0 = read-only */
    OP_WRITABLE,       /* path bound on itself, read-only cleared where it was not set outside */
    OP_OVERLAY,        /* path: what a layer over source, a folder above it, shows there; text = upper, text2 = work.
                          Ops with the same three share one layer */
    OP_PROTECT,        /* path bound on itself, read-only; number PROTECT_HELD: should it go, its name is held all the same */
    OP_COVER_FOLDER,   /* path covered by an empty folder of mode 000, read-only; number 1: each touch is recorded, where
                          the server behind covers can be had */
    OP_COVER_FILE,     /* path covered by an empty file of mode 000, read-only; number as above */
    OP_SYSCTL,         /* path = file below /proc/sys, text = value */
    OP_LOOPBACK,       /* lo up */
    OP_REMOUNT_READONLY, /* path: an existing mount made read-only (:revoke) */
    OP_LANDLOCK,       /* path: what the tree may do beneath; number = enum landlock_class */
    OP_LANDLOCK_SCOPE, /* abstract sockets and signals scoped */
    OP_RLIMIT,         /* text = name, number = value */
    OP_PLACEHOLDER,    /* path: a protected name that is not there. Outside, Cordon makes an empty folder (number 0), or a file
                          with the bytes of text (number 1), and enters it in the ledger; inside it is bound read-only */
    OP_BIRTHPLACE,     /* path: a placeholder folder; source, a folder of this session's, is bound over it, writable: what
                          is born there (a repository) stays there until Cordon has looked at it. number 1: an empty folder of
                          the person's is there already, and no placeholder */
    OP_LATER_SECRET,   /* path: not there now; covered as soon as it is */
    OP_LATER_PROTECT,  /* path: not there now; made read-only as soon as it is */
    OP_GUARD,          /* below path, writable, the relative name text is refused by the observer alone; number = enum
                          guard_depth; text2 GUARD_ASIDE: what is there all the same is given another name at once */
    OP_HARDLINKS,      /* number = enum hardlinks: what the observer does with writes to files of several names */
    OP_DATAGRAMS,      /* datagram sockets of the unix family may be had; without it they are refused */
    OP_CGROUP,         /* path = new child of source; text = file, text2 = value */
    /* Windows (acls.h). SIDs and ACEs are texts as nt.h writes them; SID_LOGON in them is the session's own logon SID. */
    OP_ACE,            /* path: its DACL gets the ACE in text, in canonical order, and nothing is propagated by the system;
                          text2: the root it is about. number = enum acls_ace; its inverse takes that very ACE away again */
    OP_OWNER,          /* path: owned by the SID in text; number = enum acls_owner */
    OP_GUARD_NAME,     /* path: a protected name that is not there is made, with the descriptor in text (SDDL), so that nobody
                          inside can make and own it; number 0: a folder, 1: a file with the bytes of text2 */
    OP_ACCOUNT,        /* text: the account that the runner is started as, text2 its SID, source its group's; none: the person's own */
    OP_RUNNER_CLOSED,  /* text: SDDL of the runner's own object that text2 names: process, thread, token, job, devices, and
                          default, which is what conhost gets */
    OP_STATION,        /* text: SDDL of the private window station, text2 of its desktop */
    OP_TOKEN,          /* number: the flags of CreateRestrictedToken */
    OP_RESTRICT,       /* text: one SID of the restricting list; in order */
    OP_DEFAULT_DACL,   /* text: SDDL of what commands make without a descriptor */
    OP_JOB,            /* text: "kill-on-close", "memory", "processes", "cpu"; number */
    OP_KIND_COUNT
};

enum landlock_class { LANDLOCK_TREE, LANDLOCK_DEVICE, LANDLOCK_PROC };

#define PROTECT_HELD 1

/* OP_GUARD: where the name is refused; LINKS: no name, but below path no symbolic link is made. */
enum guard_depth { GUARD_TOP, GUARD_ANY, GUARD_LINKS, GUARD_BELOW };
#define GUARD_ASIDE "aside"

enum on_failure {
    FAIL_REFUSE,  /* the boundary does not open */
    FAIL_PARTIAL, /* opens as partial, naming `part`, if the policy accepts that part; else refuse */
    FAIL_SKIP,    /* not needed for a promise (a device that is not there) */
};

struct op {
    enum op_kind kind;
    struct str path, source, text, text2;
    uint64_t number;
    bool check_identity; /* what path (or source, if set) names must have this dev and ino */
    uint64_t dev, ino;
    enum on_failure on_failure;
    struct str part; /* for FAIL_PARTIAL: the name that `partial` in the policy accepts */
    int rule;        /* id of the rule behind it; 0: built in */
    struct str why;  /* one clause for the printed plan */
};

/* A note of a plan whose covers have no server; the runner finds out at the latest. */
#define NOTE_PLAIN_COVERS                                                                                        \
    "every file that is opened is looked at first, to record reads of secret paths: /dev/fuse cannot be used, " \
    "which would make that free"

/* Windows: which composition a plan is made for. On Linux there is one: TIER_SET_UP is what a plan begins as. */
enum plan_tier {
    TIER_SET_UP,     /* the accounts that setup made */
    TIER_UNELEVATED, /* a restricted token of the person's own account: network and desktop advisory, secrets readable */
    TIER_UNENFORCED, /* nothing is enforced here, and the person said to go on */
};

struct plan {
    struct op *v;
    size_t n, cap;
    enum plan_tier tier;
    bool new_network;       /* offline: a network namespace of its own */
    struct texts partial;   /* what is not held, one printable line each; empty: full */
    struct texts notes;     /* what the person should know but no promise depends on */
    struct env_sets env;    /* additions to the environment (private caches, temp) */
};

#endif
