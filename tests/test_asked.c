/* asked: what a word that :why is asked about looks like. */
#include "check.h"
#include "../shell/asked.h"
#include "../shell/shell.h"

static const struct row {
    const char *word;
    enum asked_kind kind;
    const char *host;
    unsigned port;
} rows[] = {
    {"example.com", ASKED_MAYBE, "example.com", 443},
    {"docs.example.com", ASKED_MAYBE, "docs.example.com", 443},
    {"notes.txt", ASKED_MAYBE, "notes.txt", 443},
    {"git@example.com:me/x.git", ASKED_MAYBE, "example.com", 22},
    {"example.com:8080", ASKED_HOST, "example.com", 8080},
    {"db:5432", ASKED_HOST, "db", 5432},
    {"localhost", ASKED_HOST, "localhost", 443},
    {"8.8.8.8", ASKED_HOST, "8.8.8.8", 443},
    {"8.8.8.8:53", ASKED_HOST, "8.8.8.8", 53},
    {"::1", ASKED_HOST, "[::1]", 443},
    {"2001:db8::1", ASKED_HOST, "[2001:db8::1]", 443},
    {"[::1]:80", ASKED_HOST, "[::1]", 80},
    {"[::1]", ASKED_HOST, "[::1]", 443},
    {"https://example.com/x", ASKED_HOST, "example.com", 443},
    {"http://example.com", ASKED_HOST, "example.com", 80},
    {"http://me:pass@example.com:81/x?y#z", ASKED_HOST, NULL, 0},
    {"https://me@example.com:81/x", ASKED_HOST, "example.com", 81},
    {"https://[::1]:81/x", ASKED_HOST, "[::1]", 81},
    {"unix:/run/x.sock", ASKED_SOCKET, NULL, 0},
    {"unix:@x", ASKED_SOCKET, NULL, 0},
    {"unix datagram", ASKED_SOCKET, NULL, 0},
    {"", ASKED_NAME, NULL, 0},
    {"x", ASKED_NAME, NULL, 0},
    {"main.c", ASKED_NAME, NULL, 0},
    {".bashrc", ASKED_NAME, NULL, 0},
    {"..", ASKED_NAME, NULL, 0},
    {"./example.com", ASKED_NAME, NULL, 0},
    {"a/b.com", ASKED_NAME, NULL, 0},
    {"~/x.com", ASKED_NAME, NULL, 0},
    {"a..com", ASKED_NAME, NULL, 0},
    {"x:99999", ASKED_NAME, NULL, 0},
    {"x:0", ASKED_NAME, NULL, 0},
    {"file:///etc/passwd", ASKED_NAME, NULL, 0},
    {"://", ASKED_NAME, NULL, 0},
    {"https://", ASKED_NAME, NULL, 0},
    {"[::", ASKED_NAME, NULL, 0},
    {"\033[2J.com", ASKED_NAME, NULL, 0},
    {"unix:", ASKED_NAME, NULL, 0},
};

/* What a line's report says is where the person looks with Tab, :why, :open and :allow. */
static void test_place(struct arena *a)
{
    static struct volume_fact volumes[] = {{.root = {"C:\\", 3}, .acls = true}, {.root = {"Z:\\", 3}, .remote = true}, {.root = {"S:\\", 3}, .substituted = true}};
    static const struct windows_host windows = {.volumes = volumes, .volume_count = COUNT_OF(volumes)};
    static const struct {
        const char *place, *name;
        bool taken;
    } places[] = {{"C:\\src\\w", "place: a folder of this machine's disks is taken", true}, {"Z:\\x", "place: one of another machine's is not", false},
        {"S:\\x", "place: nor one of a drive that stands for who knows what", false}, {"Q:\\x", "place: nor one of a drive that nobody saw", false},
        {"\\\\evil\\share\\x", "place: nor a share", false}};
    struct session s = {.env = {.system = PATH_WINDOWS, .cwd = {"C:\\begun", 8}}, .host = {.windows = &windows}};
    struct err e;

    for (size_t i = 0; i < COUNT_OF(places); i++) {
        struct path_env env;
        struct str path;
        s.place = str_from(places[i].place);
        env = session_env(&s);
        e = (struct err){0};
        CHECK(path_canonical(a, &env, STR("x"), &path, &e) == places[i].taken &&
                  (!places[i].taken || path_same(&env, path, path_join(a, PATH_WINDOWS, s.place, STR("x")))),
            places[i].name);
    }
    s = (struct session){.env = {.system = PATH_POSIX, .cwd = {"/begun", 6}}, .place = {"/mnt/share", 10}};
    CHECK_STR(session_env(&s).cwd, s.place, "place: on Linux the kernel says where it is");
}

int main(void)
{
    struct arena a = {0};

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct asked got = asked_about(&a, str_from(rows[i].word));
        CHECK(got.kind == rows[i].kind &&
                  (!rows[i].host || (str_is(got.host, rows[i].host) && got.port == rows[i].port)),
            !rows[i].word[0] ? "nothing" : rows[i].word[0] == 27 ? "a control" : rows[i].word);
    }
    CHECK(asked_about(&a, (struct str){"a\0.com", 6}).kind == ASKED_NAME, "a zero byte");
    CHECK(str_is(asked_about(&a, STR("unix:/run/x")).name, "/run/x"), "a socket's path");
    test_place(&a);
    arena_release(&a);
    return CHECK_END();
}
