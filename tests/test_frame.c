/* frame: what is put in comes out; what is torn, oversized or lies about its lengths does not. */
#include "check.h"
#include "../sandbox/core/frame.h"

#include <string.h>

static void round_trip(void)
{
    struct buf out = {0};
    struct frame f;
    struct frame_reader r;
    struct err e = {0};
    size_t used = 0, mark = frame_begin(&out, FRAME_PLACE, 77);

    frame_bytes(&out, STR("a\0b"));
    frame_number(&out, UINT64_MAX);
    frame_bytes(&out, STR(""));
    CHECK(frame_end(&out, mark), "a frame is finished");
    CHECK(frame_take(buf_view(&out), &f, &used, &e) == 1, "a whole frame is taken");
    CHECK(used == out.n && f.type == FRAME_PLACE && f.id == 77, "its length, type and id are kept");
    frame_read(&r, &f);
    CHECK_STR(frame_get_bytes(&r), STR("a\0b"), "bytes come out as they went in, a NUL too");
    CHECK(frame_get_number(&r) == UINT64_MAX, "the largest number comes out");
    CHECK(frame_get_bytes(&r).n == 0 && frame_done(&r), "empty bytes are a field");
    CHECK(frame_get_number(&r) == 0 && r.bad, "a field past the last is bad");
    buf_release(&out);
}

static void torn(void)
{
    struct buf out = {0};
    struct frame f;
    struct err e = {0};
    size_t used, mark = frame_begin(&out, FRAME_NOTE, 1);
    bool early = false;

    frame_bytes(&out, STR("landlock"));
    frame_number(&out, 38);
    frame_end(&out, mark);
    for (size_t n = 0; n < out.n; n++)
        early = early || frame_take(str_slice(buf_view(&out), 0, n), &f, &used, &e) != 0;
    CHECK(!early && e.kind == ERR_NONE, "a frame that is not all there yet is waited for");
    buf_release(&out);
}

static void lies(void)
{
    struct row {
        const char *name;
        struct str bytes;
    };
    static const struct row rows[] = {
        {"a length over the ceiling", {"\x01\x00\x40\x00\x01\x20\x00\x00\x00\x00", 10}},
        {"the largest length", {"\xff\xff\xff\xff\x01\x20\x00\x00\x00\x00", 10}},
        {"another version", {"\x00\x00\x00\x00\x02\x20\x00\x00\x00\x00", 10}},
        {"type 0", {"\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00", 10}},
        {"a type between the two directions", {"\x00\x00\x00\x00\x01\x1f\x00\x00\x00\x00", 10}},
        {"a type past the last", {"\x00\x00\x00\x00\x01\xff\x00\x00\x00\x00", 10}},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct frame f;
        struct err e = {0};
        size_t used = 0;
        CHECK(frame_take(rows[i].bytes, &f, &used, &e) == -1 && e.kind == ERR_PROTOCOL, rows[i].name);
    }
}

static void field_lies(void)
{
    struct row {
        const char *name;
        struct str body;
    };
    static const struct row rows[] = {
        {"bytes longer than the body", {"b\x05\x00\x00\x00" "1234", 9}},
        {"bytes of the largest length", {"b\xff\xff\xff\xff" "1234", 9}},
        {"a torn length", {"b\x05\x00", 3}},
        {"an unknown tag", {"x\x00\x00\x00\x00", 5}},
        {"a number where bytes are wanted", {"n12345678", 9}},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct frame f = {FRAME_PLACE, 1, rows[i].body};
        struct frame_reader r;
        frame_read(&r, &f);
        CHECK(frame_get_bytes(&r).n == 0 && r.bad && !frame_done(&r), rows[i].name);
    }
}

static void ceiling(void)
{
    struct buf out = {.ceiling = 3 * FRAME_BYTES_MAX};
    struct arena a = {0};
    size_t mark = frame_begin(&out, FRAME_SPAWN, 1);

    frame_bytes(&out, (struct str){arena_alloc(&a, FRAME_BYTES_MAX, 1), FRAME_BYTES_MAX});
    CHECK(!frame_end(&out, mark) && out.n == 0, "a frame over the ceiling is not sent at all");
    buf_release(&out);
    arena_release(&a);
}

static void ops(void)
{
    struct arena a = {0};
    struct buf out = {0};
    struct err e = {0};
    struct frame f;
    size_t used;
    struct op got = {0}, op = {.kind = OP_OVERLAY,
                            .path = STR("/home/p/.cache"),
                            .source = STR("/home/p/.cache"),
                            .text = STR("/s/upper"),
                            .text2 = STR("/s/work"),
                            .number = 7,
                            .check_identity = true,
                            .dev = 3,
                            .ino = UINT64_MAX,
                            .on_failure = FAIL_PARTIAL,
                            .part = STR("overlay")};

    frame_put_op(&out, 9, &op);
    frame_take(buf_view(&out), &f, &used, &e);
    CHECK(frame_get_op(&f, &a, &got, &e), "an op arrives");
    CHECK(got.kind == op.kind && got.number == 7 && got.check_identity && got.dev == 3 &&
              got.ino == UINT64_MAX && got.on_failure == FAIL_PARTIAL && str_eq(got.path, op.path) &&
              str_eq(got.source, op.source) && str_eq(got.text, op.text) && str_eq(got.text2, op.text2) &&
              str_eq(got.part, op.part),
        "every part of it as it was");
    buf_clear(&out);
    op.path = STR("/home\0/p");
    frame_put_op(&out, 9, &op);
    frame_take(buf_view(&out), &f, &used, &e);
    CHECK(!frame_get_op(&f, &a, &got, &e) && e.kind == ERR_PROTOCOL, "a path with a NUL in it is refused");
    buf_release(&out);
    arena_release(&a);
}

/* A complaint of that kind with that many texts, read into e. */
static bool complaint(uint64_t kind, size_t texts, struct err *e)
{
    struct buf out = {0};
    struct frame f;
    struct err none = {0};
    size_t used, mark = frame_begin(&out, FRAME_FAILED, 1);
    bool answer;

    frame_number(&out, kind);
    frame_number(&out, 0xc0000142u);
    for (size_t i = 0; i < texts; i++)
        frame_bytes(&out, STR("a\033[2Jb"));
    frame_end(&out, mark);
    frame_take(buf_view(&out), &f, &used, &none);
    answer = frame_get_failed(&f, e);
    buf_release(&out);
    return answer;
}

static void complaints(void)
{
    struct err e = {0};

    CHECK(!complaint(ERR_REFUSED, 4, &e) && e.kind == ERR_REFUSED, "a complaint is a failure of its kind");
    CHECK(e.code == (long)(uint32_t)0xc0000142u, "with its code, all 32 bits of it");
    CHECK(!memchr(e.what, 033, sizeof e.what) && !memchr(e.remedy, 033, sizeof e.remedy), "and its texts made printable");
    err_clear(&e);
    CHECK(!complaint(ERR_REFUSED, 3, &e) && e.kind == ERR_PROTOCOL, "one with a text too few is none");
    err_clear(&e);
    CHECK(!complaint(ERR_NONE, 4, &e) && e.kind == ERR_PROTOCOL, "nor is one of no kind");
    err_clear(&e);
    CHECK(!complaint(ERR_BUG + 1, 4, &e) && e.kind == ERR_PROTOCOL, "nor one of a kind that is not known");
}

int main(void)
{
    complaints();
    round_trip();
    torn();
    lies();
    field_lies();
    ceiling();
    ops();
    return CHECK_END();
}
