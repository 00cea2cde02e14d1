/* fuzz_descriptor: security descriptors as bytes and as text. What is taken comes back the same from both, and can be asked
 * about. Input that begins as text does is text, all else bytes. */
#include "fuzz.h"

#include "../sandbox/core/access.h"

#include <stdlib.h>

static void ask(struct arena *a, const struct descriptor *d)
{
    struct token_group group = {.flags = GROUP_ENABLED};
    struct sid write = {0};
    struct token t = {.groups = &group, .group_count = 1, .restricting = &write, .restricting_count = 1, .write_restricted = true};
    struct access_result r;
    struct descriptor child;
    struct buf words = {0};

    (void)sid_parse(STR("WD"), &t.user);
    (void)sid_parse(STR("BU"), &group.sid);
    (void)sid_parse(STR("SY"), &write);
    access_check(&t, d, &access_file, NT_GENERIC_ALL, &r);
    if (r.granted && r.missing)
        abort();
    access_explain(&words, a, &t, d, &r, NULL, NULL);
    access_check(&t, d, &access_file, NT_MAXIMUM_ALLOWED, &r);
    if (r.missing)
        abort();
    buf_release(&words);
    descriptor_inherit(a, d, NULL, true, &t.user, &t.user, NULL, &child);
    descriptor_inherit(a, d, d, false, &t.user, &t.user, NULL, &child);
}

static void must_come_back(struct arena *a, const struct descriptor *d)
{
    struct str text = sddl_text(a, d);
    struct descriptor again;
    struct err e = {0};
    struct buf bytes = {0};

    if (text.n <= SDDL_BYTES_MAX && (!sddl_parse(a, text, &again, &e) || !str_eq(sddl_text(a, &again), text)))
        abort();
    if (descriptor_encode(d, &bytes) &&
        (!descriptor_decode(a, buf_view(&bytes), &again, &e) || !str_eq(sddl_text(a, &again), text)))
        abort();
    buf_release(&bytes);
}

int fuzz_descriptor(const unsigned char *bytes, size_t n)
{
    struct arena a = {0};
    struct str input = {(const char *)bytes, n};
    struct descriptor d;
    struct err e = {0};
    bool good = n && bytes[0] >= 'A' ? sddl_parse(&a, input, &d, &e) : descriptor_decode(&a, input, &d, &e);

    if (good) {
        must_come_back(&a, &d);
        ask(&a, &d);
    }
    arena_release(&a);
    return 0;
}
