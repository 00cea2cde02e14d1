/*
 * test_gitconf: git's configuration syntax as git reads it, and what is harmless in it.
 */
#include "../sandbox/core/gitconf.h"
#include "../sandbox/core/text.h"
#include "check.h"

#include <string.h>

static struct gitconf parse(struct arena *a, const char *text)
{
    struct gitconf out;

    gitconf_parse(a, str_from(text), &out);
    return out;
}

struct row {
    const char *name, *text;
    const char *wanted[4]; /* "section.subsection.key=value" */
    bool damaged;
};

static const struct row rows[] = {
    {"an entry", "[core]\n\tbare = false\n", {"core.bare=false"}, false},
    {"case of section and key, not of the subsection", "[Branch \"Main\"]\nREMOTE = Origin", {"branch.Main.remote=Origin"}, false},
    {"a dotted subsection is lower case", "[branch.Main]\nremote=x", {"branch.main.remote=x"}, false},
    {"a dotted section with a subsection", "[URL.A \"B.c\"]insteadOf=x", {"url.a.B.c.insteadof=x"}, false},
    {"a quote and a backslash in a subsection", "[a \"b\\\"c\\\\d\\e\"]k=1", {"a.b\"c\\de.k=1"}, false},
    {"no value", "[a]\nk\n[b]\nl", {"a.k", "b.l"}, false},
    {"an empty value", "[a]\nk =\nl = \"\"", {"a.k=", "a.l="}, false},
    {"on the header's line", "[a] k = v", {"a.k=v"}, false},
    {"comments", "# x\n[a] ; y\nk = v # z\nl = v;z\nm = \"v#;z\"", {"a.k=v", "a.l=v", "a.m=v#;z"}, false},
    {"blanks at the ends go, within they stay", "[a]\nk =  v  w \t\nl = \" v \" ", {"a.k=v  w", "a.l= v "}, false},
    {"quotes in the middle", "[a]\nk = a\"b c\"d", {"a.k=ab cd"}, false},
    {"escapes", "[a]\nk = \\t\\n\\\\\\\"x", {"a.k=\t\n\\\"x"}, false},
    {"a line that goes on", "[a]\nk = v\\\n w\nl = 1", {"a.k=v w", "a.l=1"}, false},
    {"a comment does not go on", "[a]\nk = v # c \\\nl = 1", {"a.k=v", "a.l=1"}, false},
    {"CR before LF", "[a]\r\nk = v\\\r\nw\r\n", {"a.k=vw"}, false},
    {"a byte order mark", "\xef\xbb\xbf[a]\nk=v", {"a.k=v"}, false},
    {"quoted over a line's end by a backslash", "[a]\nk = \"v\\\nw\"", {"a.k=vw"}, false},
    {"an open quote", "[a]\nk = \"v\nl = 1", {"a.l=1"}, true},
    {"an unknown escape", "[a]\nk = \\q\nl = 1", {"a.l=1"}, true},
    {"a key before any section", "k = v\n[a]\nl=1", {"a.l=1"}, true},
    {"a header that is not closed", "[a\nk = v\n[b]\nl=1", {"b.l=1"}, true},
    {"a subsection over the line's end", "[a \"b\n\"]\n[c]\nl=1", {"c.l=1"}, true},
    {"something after the subsection", "[a \"b\" ]\n[c]\nl=1", {"c.l=1"}, true},
    {"a name with an underscore", "[a]\nk_k = v\nl=1", {"a.l=1"}, true},
    {"a name that begins with a digit", "[a]\n1k = v\nl=1", {"a.l=1"}, true},
    {"nothing", "", {NULL}, false},
};

static void test_syntax(struct arena *a)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct row *row = &rows[i];
        struct gitconf conf = parse(a, row->text);
        bool good = conf.damaged == row->damaged;
        size_t n = 0;
        /* A damaged header leaves no section to enter into. */
        for (; n < COUNT_OF(row->wanted) && row->wanted[n] && good; n++) {
            const struct gitconf_entry *e = &conf.v[n];
            struct str name;
            if (n >= conf.n) {
                good = false;
                break;
            }
            name = e->subsection.p ? arena_format(a, "%s.%s.%s", e->section.p, e->subsection.p, e->key.p)
                                   : arena_format(a, "%s.%s", e->section.p, e->key.p);
            if (e->value.p)
                name = arena_format(a, "%s=%s", name.p, e->value.p);
            good = str_is(name, row->wanted[n]);
        }
        CHECK(good && conf.n == n, row->name);
    }
}

static void test_limits(struct arena *a)
{
    struct buf text = {0};
    struct gitconf conf;

    gitconf_parse(a, STR("[a]\nk = v\0w\nl=1"), &conf);
    CHECK(conf.damaged, "a NUL is damage");
    buf_str(&text, STR("[a]\n"));
    for (int i = 0; i < GITCONF_ENTRIES_MAX + 5; i++)
        buf_str(&text, STR("k\n"));
    gitconf_parse(a, buf_view(&text), &conf);
    CHECK(conf.damaged && conf.n == GITCONF_ENTRIES_MAX, "entries are bounded");
    buf_clear(&text);
    while (text.n <= GITCONF_BYTES_MAX)
        buf_str(&text, STR("# 345678901234567890123456789012345678901234567890\n"));
    gitconf_parse(a, buf_view(&text), &conf);
    CHECK(conf.damaged && conf.n == 0, "bytes are bounded");
    buf_release(&text);
}

static const char *const innocent[] = {
    "[core]\nrepositoryformatversion = 0\nfilemode = true\nbare = false\nlogallrefupdates = true\n",
    "[remote \"origin\"]\nurl = https://example.org/x.git\nfetch = +refs/heads/*:refs/remotes/origin/*\n",
    "[remote \"o\"]\nurl = git@example.org:team/x.git", "[remote \"o\"]\nurl = ssh://git@example.org:22/x",
    "[remote \"o\"]\nurl = /home/p/x", "[remote \"o\"]\nurl = file:///home/p/x", "[remote \"o\"]\nurl = https://[::1]:80/x",
    "[branch \"main\"]\nremote = origin\nmerge = refs/heads/main\nrebase = true", "[user]\nname = A B\nemail = a@b",
    "[submodule \"lib\"]\nactive = true\nurl = https://example.org/lib\nupdate = rebase", "[submodule]\nactive = .",
    "[extensions]\nobjectformat = sha256\npartialclone = origin", "[branch \"m\"]\nremote = .",
};

static const char *const harmful[] = {
    "[core]\nfsmonitor = ./x", "[core]\nhooksPath = x", "[core]\nworktree = /x", "[core]\neditor = x", "[core]\nsshCommand = x",
    "[core]\npager = x", "[core \"x\"]\nbare = true", "[alias]\nst = !x", "[filter \"x\"]\nclean = x", "[diff \"x\"]\ntextconv = x",
    "[include]\npath = x", "[includeIf \"gitdir:/\"]\npath = x", "[remote \"o\"]\nurl = ext::sh -c x", "[remote \"o\"]\nurl = fd::7",
    "[remote \"o\"]\nurl = --upload-pack=x", "[remote \"o\"]\nurl = -oProxyCommand=x:y", "[remote \"o\"]\nurl = ssh://-oProxyCommand=x/y",
    "[remote \"o\"]\nurl = ssh://a@-x/y", "[remote \"o\"]\nurl = a@-x:y", "[remote \"o\"]\nurl = evil://x", "[remote \"o\"]\nurl = x/y",
    "[remote \"o\"]\nuploadpack = x", "[remote \"o\"]\nvcs = x", "[remote \"o\"]\nurl", "[branch \"m\"]\nremote = ext::sh -c x",
    "[branch \"m\"]\nremote = ../x", "[submodule \"l\"]\nupdate = !x", "[url \"ext::sh\"]\ninsteadOf = https://", "[protocol]\nallow = always",
    "[credential]\nhelper = x", "[gpg]\nprogram = x", "[safe]\ndirectory = *", "[lfs \"customtransfer.x\"]\npath = x",
    "[unheard]\nof = x", "[user]\nname = \"a\\bb\"", "[remote \"o\\\nx\"]\nurl = /x",
};

static void test_harm(struct arena *a)
{
    for (size_t i = 0; i < COUNT_OF(innocent); i++) {
        struct gitconf conf = parse(a, innocent[i]);
        CHECK(!conf.damaged && conf.n > 0 && !gitconf_harm(&conf), text_printable(a, str_from(innocent[i])).p);
    }
    for (size_t i = 0; i < COUNT_OF(harmful); i++) {
        struct gitconf conf = parse(a, harmful[i]);
        CHECK(conf.damaged || gitconf_harm(&conf), text_printable(a, str_from(harmful[i])).p);
    }
}

static enum gitconf_obeys obeys(struct arena *a, const char *text)
{
    struct gitconf conf = parse(a, text);

    return conf.n == 1 ? gitconf_obeys(&conf.v[0]) : GITCONF_PLAIN;
}

static void test_obeys(struct arena *a)
{
    static const char *const runs[] = {"[core]fsmonitor=x", "[core]sshCommand=x", "[alias]a=!x", "[filter \"x\"]process=x",
        "[diff]external=x", "[diff \"x\"]command=x", "[merge \"x\"]driver=x", "[credential \"https://x\"]helper=x",
        "[gpg \"ssh\"]program=x", "[uploadpack]packObjectsHook=x", "[trailer \"x\"]command=x", "[mergetool \"x\"]cmd=x",
        "[sequence]editor=x", "[submodule \"x\"]update=!x", "[remote \"x\"]receivepack=x", "[pager]log=x"};

    for (size_t i = 0; i < COUNT_OF(runs); i++)
        CHECK(obeys(a, runs[i]) == GITCONF_RUNS, runs[i]);
    CHECK(obeys(a, "[alias]a=log") == GITCONF_PLAIN, "an alias of git's own");
    CHECK(obeys(a, "[include]path=x") == GITCONF_INCLUDE, "include.path");
    CHECK(obeys(a, "[includeIf \"onbranch:x\"]path=x") == GITCONF_INCLUDE, "includeIf.*.path");
    CHECK(obeys(a, "[core]hooksPath=x") == GITCONF_HOOKS, "core.hooksPath");
    CHECK(obeys(a, "[core]attributesFile=x") == GITCONF_FILE, "core.attributesFile");
    CHECK(obeys(a, "[url \"x\"]insteadOf=y") == GITCONF_REACHES, "url.*.insteadOf");
    CHECK(obeys(a, "[core]bare=true") == GITCONF_PLAIN, "core.bare");
}

int main(void)
{
    struct arena a = {0};

    test_syntax(&a);
    test_limits(&a);
    test_harm(&a);
    test_obeys(&a);
    arena_release(&a);
    return CHECK_END();
}
