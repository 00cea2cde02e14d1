/*
 * fuzz_store: any bytes as either of the two files. What is read is written, and reads the same again.
 */
#include "../sandbox/core/store.h"
#include "fuzz.h"

#include <stdlib.h>

static void must(bool good)
{
    if (!good)
        abort();
}

int fuzz_store(const unsigned char *bytes, size_t n)
{
    struct arena a = {0};
    struct str text = {(const char *)bytes, n};
    struct store s = {0}, again = {0};
    struct entries l = {0}, back = {0};
    struct buf one = {0}, two = {0};
    struct err e = {0}, none = {0};

    if (store_parse(&a, text, &s, &e)) {
        store_print(&one, &s);
        must(store_parse(&a, arena_str(&a, buf_view(&one)), &again, &none));
        store_print(&two, &again);
        must(str_eq(buf_view(&one), buf_view(&two)));
        buf_clear(&one);
        buf_clear(&two);
    }
    err_clear(&e);
    if (entries_parse(&a, text, &l, &e)) {
        entries_print(&one, &l);
        must(entries_parse(&a, arena_str(&a, buf_view(&one)), &back, &none));
        entries_print(&two, &back);
        must(str_eq(buf_view(&one), buf_view(&two)));
        store_find_orphans(&a, &s, &l, (struct str){0});
        for (size_t i = 0; i < l.n; i++) {
            struct descriptor now = {.has_dacl = true}, out;
            entries_back(&a, &l.v[i], &now, l.v[i].dev, l.v[i].ino, &out);
        }
    }
    buf_release(&one);
    buf_release(&two);
    arena_release(&a);
    return 0;
}
