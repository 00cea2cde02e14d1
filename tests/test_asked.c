/* asked: what a word that :why is asked about looks like. */
#include "check.h"
#include "../shell/asked.h"

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
    arena_release(&a);
    return CHECK_END();
}
