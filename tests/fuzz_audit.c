/* fuzz_audit: events of the Security log hold what hostile programs chose. Whatever is taken is within its bounds, and what is
 * made of it travels as a record. */
#include "fuzz.h"

#include "../sandbox/core/frame.h"
#include "../setup/audit.h"

#include <stdlib.h>

static void make_record(struct arena *a, const struct audit_view *view, const struct audit_event *event, enum audit_folder folder)
{
    struct denial d, again;
    struct buf b = {0};
    struct frame f;
    struct err e = {0};
    uint64_t lost = 0;
    size_t used;

    if (!audit_denial(a, view, event, folder, &d))
        return;
    if (d.operation > OPERATION_MOUNT || d.cause >= DENIAL_CAUSE_COUNT || d.program.n > DENIAL_PROGRAM_MAX || !d.path.n)
        abort();
    denial_put(&b, &d, 0);
    if (frame_take(buf_view(&b), &f, &used, &e) == 1 && !denial_get(&f, &again, &lost) && str_find(d.path, 0, '\0') == d.path.n &&
        str_find(d.program, 0, '\0') == d.program.n)
        abort();
    buf_release(&b);
}

int fuzz_audit(const unsigned char *bytes, size_t n)
{
    static const uint64_t filters[] = {110398};
    static const struct audit_device devices[] = {{STR("\\Device\\HarddiskVolume3"), STR("C:")}};
    struct arena a = {0};
    struct audit_event event;
    struct err e = {0};

    if (audit_parse(&a, (struct str){(const char *)bytes, n}, &event, &e)) {
        struct sid account = event.subject;
        struct audit_view view = {&account, 1, NULL, 0, filters, 1, devices, 1};
        if (event.refused & ~event.mask)
            abort();
        make_record(&a, &view, &event, AUDIT_IS_FOLDER);
        make_record(&a, &view, &event, AUDIT_IS_FILE);
    }
    arena_release(&a);
    return 0;
}
