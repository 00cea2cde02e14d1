/*
 * access_tool: asks the access check about lines from standard input, for tests that hold it against another
 * implementation. A line has four fields with tabs between them: a token (token_text.h), a descriptor as SDDL, the same as hex
 * of its bytes or "-", and the desired access in hex. One line is printed for each:
 *
 *   granted|refused RIGHTS MISSING PASS known|unknown same|different|-
 *
 * "same": the bytes say what the text says. A line whose first field is "inherit" asks what a new child gets instead: the folder's
 * descriptor, "folder OWNER GROUP" or "file OWNER GROUP", and 0; the child's is printed. A line that cannot be read ends the program
 * with status 1.
 */
#include <stdio.h>
#include <string.h>

#include "token_text.h"

#define FIELDS   4
#define LINE_MAX_BYTES 65536

static int hex_value(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static struct str bytes_of(struct arena *a, struct str hex)
{
    char *bytes = arena_alloc(a, hex.n / 2 + 1, 1);

    for (size_t i = 0; i + 1 < hex.n; i += 2) {
        int high = hex_value(hex.p[i]), low = hex_value(hex.p[i + 1]);
        if (high < 0 || low < 0)
            return (struct str){0};
        bytes[i / 2] = (char)(high << 4 | low);
    }
    return (struct str){bytes, hex.n / 2};
}

static const char *compare(struct arena *a, const struct descriptor *d, struct str hex)
{
    struct descriptor other;
    struct err e = {0};

    if (str_is(hex, "-"))
        return "-";
    if (!descriptor_decode(a, bytes_of(a, hex), &other, &e))
        return "different";
    return str_eq(sddl_text(a, d), sddl_text(a, &other)) ? "same" : "different";
}

static bool inherited(struct arena *a, const struct str field[FIELDS])
{
    struct descriptor parent, child;
    struct sid owner, group;
    struct err e = {0};
    size_t first = str_find(field[2], 0, ' '), second = str_find(field[2], first + 1, ' ');

    if (!sddl_parse(a, field[1], &parent, &e) || !sid_parse(str_slice(field[2], first + 1, second), &owner) ||
        !sid_parse(str_slice(field[2], second + 1, field[2].n), &group))
        return false;
    descriptor_inherit(a, &parent, NULL, str_is(str_slice(field[2], 0, first), "folder"), &owner, &group, NULL, &child);
    printf("%s\n", sddl_text(a, &child).p);
    return true;
}

static bool answer(struct arena *a, struct str line)
{
    static const char *const passes[] = {"none", "label", "privilege", "identity", "restricted"};
    struct str field[FIELDS];
    struct token t;
    struct descriptor d;
    struct err e = {0};
    struct access_result r;
    size_t at = 0;

    for (size_t i = 0; i < FIELDS; i++) {
        size_t end = str_find(line, at, '\t');
        field[i] = arena_str(a, str_slice(line, at, end));
        at = end + 1;
    }
    if (at > line.n && str_is(field[0], "inherit"))
        return inherited(a, field);
    if (at <= line.n || !token_from_text(a, field[0], &t) || !sddl_parse(a, field[1], &d, &e))
        return false;
    access_check(&t, &d, &access_file, (uint32_t)strtoul(field[3].p, NULL, 16), &r);
    printf("%s %lx %lx %s %s %s\n", r.granted ? "granted" : "refused", (unsigned long)r.rights, (unsigned long)r.missing,
        passes[r.pass], r.known ? "known" : "unknown", compare(a, &d, field[2]));
    return true;
}

int main(void)
{
    static char line[LINE_MAX_BYTES];

    while (fgets(line, sizeof line, stdin)) {
        struct arena a = {0};
        size_t n = strlen(line);
        bool good = n && line[n - 1] == '\n' && answer(&a, (struct str){line, n - 1});
        arena_release(&a);
        if (!good) {
            fprintf(stderr, "access_tool: this line cannot be read: %s", line);
            return 1;
        }
    }
    return 0;
}
