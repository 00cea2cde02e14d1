/*
 * keys: the table of the policy file's keys. See keys.h.
 */
#include "keys.h"
#include "text.h"

#include <string.h>

const char *const key_net_modes[3] = {"offline", "limited", "online"};
const char *const key_switches[3] = {"allow", "ask", "locked"};
const char *const key_git_modes[2] = {"commit", "locked"};
const char *const key_hardlinks[2] = {"refuse", "record"};
const char *const key_datagrams[2] = {"refuse", "allow"};
const char *const key_reads[2] = {"record", "refuse"};

/* What a system may lack without the boundary being worthless: the names that ops have as `part`. */
static const char *const parts[] = {"landlock", "procfs", "overlay", "names", "hardlinks", "unelevated", "elevated"};

#define WORDS(list) .words = list, .word_count = COUNT_OF(list)

static const struct key_row rows[KEY_COUNT] = {
    [KEY_VERSION] = {.name = "version",
        .path = "version",
        .type = TYPE_INTEGER,
        .least = 1,
        .most = 1,
        .help = "The version of this format: 1."},
    [KEY_WRITE] = {.name = "write",
        .path = "write",
        .type = TYPE_PATHS,
        .bounded = true,
        .standard = "[]",
        .also = "--write, :allow",
        .example = "[\"~/.cache/pip\"]",
        .help =
            "Folders that may be written besides the workspace and the private temporary folder."},
    [KEY_PROTECT] = {.name = "protect",
        .path = "protect",
        .type = TYPE_PATHS,
        .bounded = true,
        .standard = "[]",
        .also = "--protect",
        .example = "[\".git/hooks\", \"~/src/done\"]",
        .help =
            "Paths that stay read-only inside a writable folder; a bare name holds in every one."},
    [KEY_SECRET] = {.name = "secret",
        .path = "secret",
        .type = TYPE_PATHS,
        .bounded = true,
        .standard = "[]",
        .also = "--secret",
        .example = "[\"~/private\"]",
        .help = "Paths that may not even be read; added to the built-in list."},
    [KEY_READS] = {.name = "secret_reads",
        .path = "secret_reads",
        .type = TYPE_WORD,
        WORDS(key_reads),
        .bounded = true,
        .standard = "\"record\"",
        .help = "Whether refused reads of secret paths are recorded, or only refused."},
    [KEY_GIT] = {.name = "git",
        .path = "git",
        .type = TYPE_WORD,
        WORDS(key_git_modes),
        .bounded = true,
        .standard = "\"commit\"",
        .also = "--agent",
        .help = "commit: commits are possible, what git would run is not writable; locked: .git is "
                "read-only."},
    [KEY_HARDLINKS] = {.name = "hardlinks",
        .path = "hardlinks",
        .type = TYPE_WORD,
        WORDS(key_hardlinks),
        .bounded = true,
        .standard = "\"refuse\"",
        .help = "What is done about writing a file that has a second name outside."},
    [KEY_DATAGRAMS] = {.name = "unix_datagrams",
        .path = "unix_datagrams",
        .type = TYPE_WORD,
        WORDS(key_datagrams),
        .bounded = true,
        .standard = "\"refuse\"",
        .help = "Whether datagram sockets of the unix family may be had, which reach programs outside."},
    [KEY_NETWORK] = {.name = "network",
        .path = "network",
        .type = TYPE_GROUP,
        .standard = "{}",
        .example = "{ \"mode\": \"offline\" }",
        .help = "What may be reached over the network."},
    [KEY_NET_MODE] = {.parent = KEY_NETWORK,
        .name = "mode",
        .path = "network.mode",
        .type = TYPE_WORD,
        WORDS(key_net_modes),
        .bounded = true,
        .standard = "\"offline\"",
        .also = "--net, :net",
        .help = "offline: none; limited: only what network.allow lists; online: all of it."},
    [KEY_NET_ALLOW] = {.parent = KEY_NETWORK,
        .name = "allow",
        .path = "network.allow",
        .type = TYPE_ADDRESSES,
        .bounded = true,
        .standard = "[]",
        .example = "[\"packages.example.org:443\"]",
        .help = "Hosts and ports for limited, as \"host:port\"."},
    [KEY_NET_SWITCH] = {.parent = KEY_NETWORK,
        .name = "switch",
        .path = "network.switch",
        .type = TYPE_WORD,
        WORDS(key_switches),
        .bounded = true,
        .standard = "\"ask\"",
        .also = "--agent",
        .help = "Whether :net may widen the network: at once, after a question, or never."},
    [KEY_ENV] = {.name = "env",
        .path = "env",
        .type = TYPE_GROUP,
        .standard = "{}",
        .example = "{ \"drop\": [\"MY_*\"] }",
        .help = "The environment of what runs inside."},
    [KEY_ENV_PASS] = {.parent = KEY_ENV,
        .name = "pass",
        .path = "env.pass",
        .type = TYPE_PATTERNS,
        .bounded = true,
        .standard = "[\"*\"]",
        .example = "[\"PATH\", \"LC_*\"]",
        .help = "Variables that are handed on, with *; the first list given stands in place of "
                "[\"*\"]."},
    [KEY_ENV_DROP] = {.parent = KEY_ENV,
        .name = "drop",
        .path = "env.drop",
        .type = TYPE_PATTERNS,
        .standard = "[]",
        .example = "[\"MY_*\"]",
        .help = "Variables that are left out, with *; added to the built-in list. A full name in "
                "pass is stronger."},
    [KEY_ENV_SET] = {.parent = KEY_ENV,
        .name = "set",
        .path = "env.set",
        .type = TYPE_SETTINGS,
        .bounded = true,
        .standard = "{}",
        .example = "{ \"EDITOR\": \"vi\" }",
        .help = "Variables that are put in."},
    [KEY_LIMITS] = {.name = "limits",
        .path = "limits",
        .type = TYPE_GROUP,
        .standard = "{}",
        .example = "{ \"memory_mb\": 4096 }",
        .help = "How much of the machine everything inside may use together."},
    [KEY_MEMORY] = {.parent = KEY_LIMITS,
        .name = "memory_mb",
        .path = "limits.memory_mb",
        .type = TYPE_INTEGER,
        .most = 16777216,
        .bounded = true,
        .standard = "0",
        .help = "Memory in MiB; 0 is no limit."},
    [KEY_PROCESSES] = {.parent = KEY_LIMITS,
        .name = "processes",
        .path = "limits.processes",
        .type = TYPE_INTEGER,
        .most = 4194304,
        .bounded = true,
        .standard = "0",
        .help = "Processes and threads; 0 is no limit."},
    [KEY_CPU] = {.parent = KEY_LIMITS,
        .name = "cpu_percent",
        .path = "limits.cpu_percent",
        .type = TYPE_INTEGER,
        .most = 102400,
        .bounded = true,
        .standard = "0",
        .help = "Processor time, 100 being one processor; 0 is no limit."},
    [KEY_SHELL] = {.name = "shell",
        .path = "shell",
        .type = TYPE_SHELL,
        .standard = "\"auto\"",
        .help = "The command shell: auto (bash, or sh), a program's name or its full path. bash lives on from line to line; a plain sh "
                "is a process for each."},
    [KEY_PARTIAL] = {.name = "partial",
        .path = "partial",
        .type = TYPE_WORDS,
        WORDS(parts),
        .bounded = true,
        .standard = "[]",
        .also = "--accept",
        .example = "[\"landlock\"]",
        .help = "Parts that may be missing where the system lacks them; it then says partial."},
};

const struct key_row *key_row(enum key_id id)
{
    return &rows[id];
}

enum key_id key_find(enum key_id parent, struct str name)
{
    for (int id = KEY_TOP + 1; id < KEY_COUNT; id++)
        if (rows[id].parent == parent && str_is(name, rows[id].name))
            return (enum key_id)id;
    return KEY_TOP;
}

static size_t names_of(enum key_id parent, const char *names[KEY_COUNT])
{
    size_t count = 0;

    for (int id = KEY_TOP + 1; id < KEY_COUNT; id++)
        if (rows[id].parent == parent)
            names[count++] = rows[id].name;
    return count;
}

struct str key_nearest(enum key_id parent, struct str name)
{
    const char *names[KEY_COUNT];
    size_t count = names_of(parent, names);

    return text_nearest(name, names, count);
}

struct str key_names(struct arena *a, enum key_id parent)
{
    const char *names[KEY_COUNT];
    size_t count = names_of(parent, names);
    struct str all = STR("");

    for (size_t i = 0; i < count; i++)
        all = arena_format(a, "%s%s\"%s\"", all.p, i ? ", " : "", names[i]);
    return all;
}

const char *key_type_text(enum key_type type)
{
    switch (type) {
    case TYPE_GROUP:
        return "an object";
    case TYPE_INTEGER:
        return "a whole number";
    case TYPE_WORD:
        return "a word";
    case TYPE_PATHS:
        return "a list of paths";
    case TYPE_PATTERNS:
        return "a list of names of variables, in which * stands for any text";
    case TYPE_ADDRESSES:
        return "a list of \"host:port\"";
    case TYPE_WORDS:
        return "a list of words";
    case TYPE_SETTINGS:
        return "an object of variables and their values";
    case TYPE_SHELL:
        return "\"auto\", a program's name or its full path";
    }
    return "";
}

/* ---- what one text may be ---- */

bool key_is_program(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && (i == 0 || !memchr("._+-", c, 4)))
            return false;
    }
    return s.n > 0;
}

const char *key_name_fault(struct str name)
{
    if (name.n == 0)
        return "a variable's name is not empty";
    if (str_find(name, 0, '=') < name.n)
        return "a variable's name has no \"=\"";
    return NULL;
}

static bool is_port(struct str s)
{
    unsigned long port = 0;

    for (size_t i = 0; i < s.n && i < 6; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        port = port * 10 + (unsigned long)(s.p[i] - '0');
    }
    return s.n > 0 && s.n < 6 && s.p[0] != '0' && port <= 65535;
}

static bool is_host(struct str s)
{
    size_t label = 0;

    if (s.n > 2 && s.p[0] == '[' && s.p[s.n - 1] == ']') {
        for (size_t i = 1; i + 1 < s.n; i++)
            if (!memchr("0123456789abcdefABCDEF:.", s.p[i], 24))
                return false;
        return true;
    }
    if (str_starts(s, STR("*.")))
        s = str_slice(s, 2, s.n);
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (c == '.' ? label == 0 : !letter && c != '-' && c != '_')
            return false;
        label = c == '.' ? 0 : label + 1;
    }
    return label > 0 && s.n <= 253;
}

const char *key_address_fault(struct str s)
{
    size_t colon = s.n;

    while (colon > 0 && s.p[colon - 1] != ':')
        colon--;
    for (size_t at = 0; at + 2 < s.n; at++)
        if (memcmp(s.p + at, "://", 3) == 0)
            return "an address has no \"scheme://\"";
    if (colon == 0 || (s.p[s.n - 1] == ']'))
        return "an address needs a port";
    if (!is_host(str_slice(s, 0, colon - 1)))
        return "an address begins with a host's name, its number, or [IPv6]";
    return is_port(str_slice(s, colon, s.n)) ? NULL : "a port is a number from 1 to 65535";
}
