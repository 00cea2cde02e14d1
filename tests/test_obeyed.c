/* obeyed: the table of names, the comparison of two looks, and how it is printed. */
#include "check.h"
#include "../sandbox/core/obeyed.h"
#include "../sandbox/core/text.h"

#include <stdlib.h>

static struct obeyed_item *put(struct arena *a, struct obeyed_list *list, const char *path)
{
    struct obeyed_item *item = ARENA_PUSH(a, list);

    *item = (struct obeyed_item){
        .path = str_from(path), .who = "somebody runs it", .dev = 1, .ino = 7, .size = 3, .changed_ns = 5, .mode = 0100644};
    return item;
}

static bool has(const struct obeyed_notes *notes, enum obeyed_change change, const char *path)
{
    for (size_t i = 0; i < notes->n; i++)
        if (notes->v[i].change == change && str_is(notes->v[i].path, path))
            return true;
    return false;
}

static void test_table(void)
{
    size_t rows, folders;
    const struct obeyed_row *row = obeyed_rows(&rows);
    const char *const *folder = obeyed_folders(&folders);
    bool named = true, parents = folder[0][0] == '\0';

    for (size_t i = 0; i < rows; i++) {
        bool found = false;
        for (size_t j = 0; j < folders; j++)
            found = found || strcmp(row[i].folder, folder[j]) == 0;
        named = named && found;
    }
    for (size_t i = 1; i < folders; i++)
        for (size_t j = i + 1; j < folders; j++)
            parents = parents && strcmp(folder[i], folder[j]) != 0;
    CHECK(named, "every folder of a row is looked into");
    CHECK(parents, "each folder is there once, the root first");
    CHECK(folders <= 64, "an edge has room for the folders");
    CHECK(obeyed_who(STR(""), STR("package.json")) != NULL, "package.json is obeyed");
    CHECK(obeyed_who(STR(""), STR("x.code-workspace")) != NULL, "a pattern matches");
    CHECK(obeyed_who(STR(".git/hooks"), STR("pre-commit")) != NULL, "a hook is obeyed");
    CHECK(obeyed_who(STR(".git/hooks"), STR("pre-commit.sample")) == NULL, "a sample of a hook is not");
    CHECK(obeyed_who(STR(""), STR("main.c")) == NULL, "a source file is not in the table");
    CHECK(obeyed_who(STR(".vscode"), STR("package.json")) == NULL, "a name counts in its own folder only");
}

/* Of what cmd and Explorer obey every name is of the root itself: no further folder is looked into for them. */
static void test_windows(void)
{
    static const char *const names[] = {"cordon.exe", "git.cmd", "node.bat", "x.com", "a.lnk", "a.url", "a.scf", "Desktop.INI", "x.vcxproj", "x.targets", "nuget.config"};
    size_t n;
    const struct obeyed_row *row = obeyed_windows(&n);
    bool top = true;

    for (size_t i = 0; i < n; i++)
        top = top && row[i].folder[0] == '\0' && row[i].who;
    CHECK(top, "windows: every row is of the root itself");
    for (size_t k = 0; k < COUNT_OF(names); k++) {
        bool found = false;
        for (size_t i = 0; i < n; i++)
            found = found || text_matches(str_from(row[i].pattern), str_from(names[k]), true);
        CHECK(found, names[k]);
        CHECK(obeyed_who(STR(""), str_from(names[k])) == NULL, "windows: and elsewhere it is a file like any other");
    }
}

static void test_compare(void)
{
    struct arena a = {0};
    struct obeyed_list before = {0}, after = {0};
    struct obeyed_notes notes = {0};
    struct obeyed_item *item;

    put(&a, &before, "/w/same");
    put(&a, &after, "/w/same");
    obeyed_compare(&a, &before, &after, &notes);
    CHECK(notes.n == 0, "nothing changed, nothing said");
    put(&a, &before, "/w/gone");
    put(&a, &after, "/w/new");
    put(&a, &before, "/w/size");
    put(&a, &after, "/w/size")->size = 4;
    put(&a, &before, "/w/time");
    put(&a, &after, "/w/time")->changed_ns = 6;
    put(&a, &before, "/w/written");
    put(&a, &after, "/w/written")->written_ns = 6;
    put(&a, &before, "/w/replaced");
    put(&a, &after, "/w/replaced")->ino = 8;
    put(&a, &before, "/w/link");
    item = put(&a, &after, "/w/link");
    item->mode = 0120777;
    obeyed_compare(&a, &before, &after, &notes);
    CHECK(has(&notes, OBEYED_GONE, "/w/gone"), "what is gone");
    CHECK(has(&notes, OBEYED_NEW, "/w/new"), "what is new");
    CHECK(has(&notes, OBEYED_CHANGED, "/w/size"), "another size");
    CHECK(has(&notes, OBEYED_CHANGED, "/w/time"), "another time of change alone");
    CHECK(has(&notes, OBEYED_CHANGED, "/w/written"), "another time of writing alone");
    CHECK(has(&notes, OBEYED_CHANGED, "/w/replaced"), "another file of that name");
    CHECK(has(&notes, OBEYED_CHANGED, "/w/link"), "a link in its place");
    CHECK(notes.n == 7, "and nothing else");
    CHECK_STR(notes.v[0].path, STR("/w/gone"), "in the order of paths");
    obeyed_add(&a, &notes, OBEYED_NEW, STR("/w/gone"), "twice");
    CHECK(notes.n == 7, "a path is noted once");
    arena_release(&a);
}

static void test_repository(void)
{
    struct arena a = {0};
    struct obeyed_list before = {0}, after = {0};
    struct obeyed_notes notes = {0};

    put(&a, &after, "/w/.git/config");
    put(&a, &after, "/w/.git");
    put(&a, &after, "/w/.git/hooks/pre-commit");
    put(&a, &after, "/w/.gitattributes");
    obeyed_compare(&a, &before, &after, &notes);
    CHECK(has(&notes, OBEYED_NEW, "/w/.git") && has(&notes, OBEYED_NEW, "/w/.gitattributes") && notes.n == 2,
        "of a repository that is new, nothing beneath is named");
    {
        struct obeyed_list windows = {0}, none = {0};
        struct obeyed_notes told = {0};
        put(&a, &windows, "C:\\w\\.git\\config");
        put(&a, &windows, "C:\\w\\.git");
        obeyed_compare(&a, &none, &windows, &told);
        CHECK(told.n == 1 && has(&told, OBEYED_NEW, "C:\\w\\.git"), "nor with Windows' separators");
    }
    notes.n = 0;
    put(&a, &before, "/w/.git");
    obeyed_compare(&a, &before, &after, &notes);
    CHECK(has(&notes, OBEYED_NEW, "/w/.git/config") && has(&notes, OBEYED_NEW, "/w/.git/hooks/pre-commit"),
        "of one that was there, what is new in it");
    arena_release(&a);
}

static void test_words(void)
{
    struct arena a = {0};
    struct obeyed_notes notes = {0};
    struct path_env env = {.system = PATH_POSIX, .home = STR("/home/p")};
    struct buf out = {0};

    obeyed_add(&a, &notes, OBEYED_NEW, STR("/w/.github/workflows/a\033[2J\n.yml"), "the build service runs it");
    obeyed_add(&a, &notes, OBEYED_GONE, STR("/home/p/x/Makefile"), "make runs it");
    obeyed_add(&a, &notes, OBEYED_CHANGED, STR("/w/package.json"), "npm runs its scripts");
    obeyed_print(&out, &a, &env, STR("/w"), &notes, 2);
    CHECK_STR(buf_view(&out),
        STR("  new      .github/workflows/a\\x1B[2J\\n.yml (the build service runs it)\n"
            "  gone     ~/x/Makefile (make runs it)\n"
            "  and 1 more\n"),
        "names are escaped, relative to the workspace, and have an end");
    buf_clear(&out);
    notes.n = 1;
    obeyed_json(&out, &notes);
    CHECK_STR(buf_view(&out),
        STR("[{\"change\":\"new\",\"path\":\"/w/.github/workflows/a\\u001B[2J\\n.yml\","
            "\"who\":\"the build service runs it\"}]"),
        "as JSON");
    buf_release(&out);
    arena_release(&a);
}

int main(void)
{
    test_table();
    test_windows();
    test_compare();
    test_repository();
    test_words();
    return CHECK_END();
}
