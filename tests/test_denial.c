/* test_denial: a record arrives as it was sent, within bounds, or not at all. */
#include "check.h"
#include "../sandbox/core/denial.h"
#include "../sandbox/core/frame.h"

static const struct denial sample = {.time_ms = 1790000000123,
    .by = DENIAL_COVER,
    .cause = DENIAL_HARDLINK,
    .operation = OPERATION_RENAME,
    .path = STR("/home/p/.ssh/id_rsa"),
    .path2 = STR("/tmp/\xff\x1b[31m"),
    .pid = 4711,
    .group = 4710,
    .program = STR("cat"),
    .code = 13,
    .count = 3};

static bool send(const struct denial *d, uint64_t lost, struct buf *out, struct denial *got, uint64_t *got_lost)
{
    struct frame f;
    struct err e = {0};
    size_t used;

    buf_clear(out);
    denial_put(out, d, lost);
    return frame_take(buf_view(out), &f, &used, &e) == 1 && used == out->n && denial_get(&f, got, got_lost);
}

static void travels(void)
{
    struct buf out = {0};
    struct denial got = {0}, odd = sample;
    uint64_t lost = 0;

    CHECK(send(&sample, 7, &out, &got, &lost), "a record arrives");
    CHECK(got.time_ms == sample.time_ms && got.by == sample.by && got.cause == sample.cause && got.operation == sample.operation &&
              got.pid == 4711 && got.group == 4710 && got.code == 13 && got.count == 3 && lost == 7,
        "its numbers as they were");
    CHECK_STR(got.path, sample.path, "its path");
    CHECK_STR(got.path2, sample.path2, "its other path, whatever its bytes");
    CHECK_STR(got.program, sample.program, "its program");
    odd.path2 = (struct str){0};
    CHECK(send(&odd, 0, &out, &got, &lost) && got.path2.p == NULL, "no other path is none");
    odd.count = 0;
    odd.pid = -1;
    odd.code = -1;
    CHECK(send(&odd, 0, &out, &got, &lost) && got.count == 1 && got.pid == 0 && got.code == 0,
        "numbers that say nothing are mended by the sender");
    buf_release(&out);
}

static void bounded(void)
{
    static char bytes[3 * PATH_BYTES_MAX];
    struct buf out = {0};
    struct denial got = {0}, d = sample;
    uint64_t lost = 0;

    memset(bytes, 'a', sizeof bytes);
    d.path = d.path2 = d.program = (struct str){bytes, sizeof bytes};
    CHECK(send(&d, UINT64_MAX, &out, &got, &lost) && got.path.n == DENIAL_PATH_MAX &&
              got.path2.n == DENIAL_PATH_MAX && got.program.n == DENIAL_PROGRAM_MAX,
        "texts that are too long are cut by the sender");
    CHECK(out.n <= DENIAL_BYTES_MAX, "and the longest record fits the reader's buffer");
    buf_release(&out);
}

/* The fields as denial_put writes them, with one of them wrong. */
static bool taken_with(size_t wrong, uint64_t value)
{
    uint64_t numbers[9] = {1, 0, 0, 1, 1, 1, 13, 1, 0};
    struct str texts[3] = {STR("/x"), STR(""), STR("sh")};
    static char bytes[DENIAL_PATH_MAX + 1];
    struct buf out = {0};
    struct denial got;
    struct frame f;
    struct err e = {0};
    uint64_t lost;
    size_t used, mark = frame_begin(&out, wrong == 12 ? FRAME_NOTE : FRAME_DENIED, 0);
    bool taken;

    if (wrong < 9)
        numbers[wrong] = value;
    else if (wrong < 12)
        texts[wrong - 9] = (struct str){bytes, (size_t)value};
    for (size_t i = 0; i < 9; i++)
        frame_number(&out, numbers[i]);
    for (size_t i = 0; i < (wrong == 13 ? 2 : 3); i++)
        frame_bytes(&out, texts[i]);
    if (wrong == 14)
        frame_number(&out, 0);
    frame_end(&out, mark);
    taken = frame_take(buf_view(&out), &f, &used, &e) == 1 && denial_get(&f, &got, &lost);
    buf_release(&out);
    return taken;
}

static void refused(void)
{
    static const struct {
        const char *name;
        size_t wrong;
        uint64_t value;
    } rows[] = {{"a date past 9999 is refused", 0, 253402300800000ull},
        {"an unknown witness is refused", 1, DENIAL_KEEPER + 1}, {"an unknown cause is refused", 2, DENIAL_CAUSE_COUNT},
        {"an unknown operation is refused", 3, OPERATION_MOUNT + 1}, {"so is one that wraps", 3, UINT64_MAX},
        {"a pid that is none is refused", 4, (uint64_t)INT32_MAX + 1}, {"a group that is none is refused", 5, UINT64_MAX},
        {"an errno that is none is refused", 6, 4096}, {"a count of nothing is refused", 7, 0},
        {"a path that is too long is refused", 9, DENIAL_PATH_MAX + 1}, {"a path with a NUL in it is refused", 9, 2},
        {"a program's name that is too long is refused", 11, DENIAL_PROGRAM_MAX + 1},
        {"another frame is no record", 12, 0}, {"a field too few is refused", 13, 0},
        {"a field too many is refused", 14, 0}};

    CHECK(taken_with(15, 0), "the record that these are made from is taken");
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK(!taken_with(rows[i].wrong, rows[i].value), rows[i].name);
}

int main(void)
{
    travels();
    bounded();
    refused();
    return CHECK_END();
}
