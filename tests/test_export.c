/*
 * test_export: a policy in the words of Windows Sandbox and of Seatbelt, line by line, and what cannot be said there.
 */
#include "check.h"
#include "../sandbox/core/places.h"
#include "../sandbox/core/policy.h"

static const struct rule none = {.origin.layer = LAYER_BUILTIN};

struct made {
    struct arena a;
    struct buf out;
    struct policy policy;
    struct places places;
    struct err e;
};

static void place(struct made *m, enum place_kind kind, const char *path)
{
    *(struct place *)ARENA_PUSH(&m->a, &m->places) = (struct place){.kind = kind, .path = str_from(path), .rule = &none};
}

static bool run(struct made *m, enum path_system system, const char *format)
{
    struct path_env env = {.system = system};
    bool good = policy_export(&m->out, &m->a, &env, &m->policy, &m->places, str_from(format), &m->e);

    buf_add(&m->out, "", 1);
    return good;
}

static void end(struct made *m)
{
    buf_release(&m->out);
    arena_release(&m->a);
}

/* What follows the comments. */
static struct str rest(const struct made *m, const char *from)
{
    const char *at = strstr(m->out.p, from);
    return str_from(at ? at : "");
}

static void sbpl(void)
{
    struct made m = {0};

    place(&m, PLACE_TEMP, "/tmp");
    place(&m, PLACE_ROOT, "/home/p/w\\x");
    place(&m, PLACE_PIN, "/home/p/w\\x/.git");
    place(&m, PLACE_PROTECT, "/home/p/w\\x/.git/hooks");
    place(&m, PLACE_PROTECT, "/proc/sys");
    place(&m, PLACE_SECRET, "/home/p/.ssh");
    *(struct rule *)ARENA_PUSH(&m.a, &m.policy.rules) = (struct rule){.kind = RULE_PROTECT, .path = STR(".e+nv"), .any_depth = true};
    CHECK(run(&m, PATH_POSIX, "sbpl"), "a profile is made");
    CHECK_STR(rest(&m, "(version"), STR("(version 1)\n(allow default)\n(deny file-write*)\n"
                                        "(allow file-write* (subpath \"/dev/fd\") (literal \"/dev/null\") (literal \"/dev/zero\") (literal \"/dev/tty\"))\n"
                                        "(deny network*)\n"
                                        "(allow network-outbound (remote ip \"localhost:*\"))\n"
                                        "(allow network-bind network-inbound (local ip \"localhost:*\"))\n"
                                        "(allow file-write* (subpath \"/home/p/w\\\\x\"))\n"
                                        "(deny file-write-unlink (literal \"/home/p/w\\\\x/.git\"))\n"
                                        "(deny file-write* (subpath \"/home/p/w\\\\x/.git/hooks\"))\n"
                                        "(deny file-write* (regex #\"^/home/p/w\\\\x/(.*/)?\\.e\\+nv(/|$)\"))\n"
                                        "(deny file-read* file-write* (subpath \"/home/p/.ssh\"))\n"),
        "what refuses stands behind what allows, secrets last");
    end(&m);
    m = (struct made){.policy.net = NET_ONLINE};
    CHECK(run(&m, PATH_POSIX, "sbpl") && !strstr(m.out.p, "network"), "online refuses no network");
    end(&m);
}

static void wsb(void)
{
    struct made m = {0};

    place(&m, PLACE_ROOT, "C:\\a&b");
    place(&m, PLACE_PROTECT, "C:\\a&b\\--x");
    place(&m, PLACE_SECRET, "C:\\a&b\\key");
    place(&m, PLACE_SECRET, "C:\\Users\\p\\.ssh");
    m.policy.memory_mb = 2048;
    CHECK(run(&m, PATH_WINDOWS, "wsb"), "a configuration is made");
    CHECK_STR(rest(&m, "  <Networking"), STR("  <Networking>Disable</Networking>\n  <VGpu>Disable</VGpu>\n  <AudioInput>Disable</AudioInput>\n"
                                             "  <VideoInput>Disable</VideoInput>\n  <PrinterRedirection>Disable</PrinterRedirection>\n"
                                             "  <ClipboardRedirection>Disable</ClipboardRedirection>\n  <ProtectedClient>Enable</ProtectedClient>\n"
                                             "  <MemoryInMB>2048</MemoryInMB>\n  <MappedFolders>\n    <MappedFolder>\n"
                                             "      <HostFolder>C:\\a&amp;b</HostFolder>\n      <SandboxFolder>C:\\a&amp;b</SandboxFolder>\n"
                                             "      <ReadOnly>false</ReadOnly>\n    </MappedFolder>\n"
                                             "    <!-- NOT HELD, can be written there: C:\\a&b\\- - x -->\n"
                                             "    <!-- NOT HELD, can be read there: C:\\a&b\\key -->\n"
                                             "  </MappedFolders>\n</Configuration>\n"),
        "what it does not hold is named; what is not mapped is not there");
    end(&m);
}

static void refused(void)
{
    static const struct {
        const char *name, *path, *format;
        enum path_system system;
    } rows[] = {
        {"a quote ends no string", "/a\"b", "sbpl", PATH_POSIX},
        {"nor does a line's end", "/a\nb", "sbpl", PATH_POSIX},
        {"a control in a path of Windows", "C:\\a\x1b", "wsb", PATH_WINDOWS},
        {"wsb is for Windows", "/a", "wsb", PATH_POSIX},
        {"sbpl is not", "C:\\a", "sbpl", PATH_WINDOWS},
        {"nothing else is known", "/a", "toml", PATH_POSIX},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct made m = {0};
        place(&m, PLACE_ROOT, rows[i].path);
        CHECK(!run(&m, rows[i].system, rows[i].format) && m.e.kind, rows[i].name);
        end(&m);
    }
}

int main(void)
{
    sbpl();
    wsb();
    refused();
    return CHECK_END();
}
