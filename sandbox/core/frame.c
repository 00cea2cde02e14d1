/*
 * frame: one of the three parsers that meet bytes from inside the sandbox. It takes (bytes, length),
 * allocates nothing, compares lengths by subtraction so that nothing wraps, and copies nothing before
 * it has been checked. See frame.h for the layout.
 */
#include "frame.h"
#include "text.h"

#include <string.h>

static void put_little(char *out, uint64_t n, int bytes)
{
    for (int i = 0; i < bytes; i++)
        out[i] = (char)(unsigned char)(n >> (8 * i));
}

static uint64_t get_little(const char *in, int bytes)
{
    uint64_t n = 0;
    for (int i = 0; i < bytes; i++)
        n |= (uint64_t)(unsigned char)in[i] << (8 * i);
    return n;
}

size_t frame_begin(struct buf *out, enum frame_type type, uint32_t id)
{
    char header[FRAME_HEADER] = {0};
    size_t mark = out->n;

    header[4] = FRAME_VERSION;
    header[5] = (char)(unsigned char)type;
    put_little(header + 6, id, 4);
    buf_add(out, header, sizeof header);
    return mark;
}

void frame_bytes(struct buf *out, struct str s)
{
    char head[5] = {'b'};
    put_little(head + 1, s.n > UINT32_MAX ? UINT32_MAX : s.n, 4);
    buf_add(out, head, sizeof head);
    buf_str(out, s);
}

void frame_number(struct buf *out, uint64_t n)
{
    char field[9] = {'n'};
    put_little(field + 1, n, 8);
    buf_add(out, field, sizeof field);
}

bool frame_end(struct buf *out, size_t mark)
{
    if (out->overflowed || out->n < mark + FRAME_HEADER ||
        out->n - mark - FRAME_HEADER > FRAME_BYTES_MAX) {
        out->n = mark < out->n ? mark : out->n;
        return false;
    }
    put_little(out->p + mark, out->n - mark - FRAME_HEADER, 4);
    return true;
}

static bool is_known(unsigned type)
{
    return (type >= FRAME_OP && type <= FRAME_END) ||
           (type >= FRAME_READY && type <= FRAME_FOREGROUND_IS);
}

int frame_take(struct str bytes, struct frame *out, size_t *used, struct err *e)
{
    uint64_t length;
    unsigned type;

    if (bytes.n < FRAME_HEADER)
        return 0;
    length = get_little(bytes.p, 4);
    type = (unsigned char)bytes.p[5];
    if (length > FRAME_BYTES_MAX || (unsigned char)bytes.p[4] != FRAME_VERSION || !is_known(type)) {
        err_set(e, ERR_PROTOCOL, "the other side of the boundary sent something that is no frame");
        err_reason(e, "length %llu, version %u, type %u", (unsigned long long)length,
            (unsigned)(unsigned char)bytes.p[4], type);
        return -1;
    }
    if (bytes.n - FRAME_HEADER < length)
        return 0;
    out->type = (enum frame_type)type;
    out->id = (uint32_t)get_little(bytes.p + 6, 4);
    out->body = (struct str){bytes.p + FRAME_HEADER, (size_t)length};
    *used = FRAME_HEADER + (size_t)length;
    return 1;
}

void frame_read(struct frame_reader *r, const struct frame *f)
{
    *r = (struct frame_reader){.body = f->body};
}

struct str frame_get_bytes(struct frame_reader *r)
{
    size_t left = r->body.n - r->at;
    uint64_t length;
    struct str s;

    if (r->bad || left < 5 || r->body.p[r->at] != 'b') {
        r->bad = true;
        return STR("");
    }
    length = get_little(r->body.p + r->at + 1, 4);
    if (length > left - 5) {
        r->bad = true;
        return STR("");
    }
    s = (struct str){r->body.p + r->at + 5, (size_t)length};
    r->at += 5 + (size_t)length;
    return s;
}

uint64_t frame_get_number(struct frame_reader *r)
{
    uint64_t n;

    if (r->bad || r->body.n - r->at < 9 || r->body.p[r->at] != 'n') {
        r->bad = true;
        return 0;
    }
    n = get_little(r->body.p + r->at + 1, 8);
    r->at += 9;
    return n;
}

bool frame_more(const struct frame_reader *r)
{
    return !r->bad && r->at < r->body.n;
}

bool frame_done(const struct frame_reader *r)
{
    return !r->bad && r->at == r->body.n;
}

void frame_put_op(struct buf *out, uint32_t id, const struct op *op)
{
    size_t mark = frame_begin(out, FRAME_OP, id);

    frame_number(out, op->kind);
    frame_number(out, op->number);
    frame_number(out, op->on_failure);
    frame_number(out, op->check_identity);
    frame_number(out, op->dev);
    frame_number(out, op->ino);
    frame_bytes(out, op->path);
    frame_bytes(out, op->source);
    frame_bytes(out, op->text);
    frame_bytes(out, op->text2);
    frame_bytes(out, op->part);
    frame_end(out, mark);
}

/* Paths and texts go to system calls as they are: a NUL inside would cut them. */
static struct str get_text(struct frame_reader *r, struct arena *a)
{
    struct str s = frame_get_bytes(r);

    if (str_find(s, 0, '\0') != s.n)
        r->bad = true;
    return s.n ? arena_str(a, s) : (struct str){0};
}

bool frame_get_op(const struct frame *f, struct arena *a, struct op *op, struct err *e)
{
    struct frame_reader r;
    struct op got = {0};
    uint64_t kind, on_failure;

    frame_read(&r, f);
    kind = frame_get_number(&r);
    got.number = frame_get_number(&r);
    on_failure = frame_get_number(&r);
    got.check_identity = frame_get_number(&r) != 0;
    got.dev = frame_get_number(&r);
    got.ino = frame_get_number(&r);
    got.path = get_text(&r, a);
    got.source = get_text(&r, a);
    got.text = get_text(&r, a);
    got.text2 = get_text(&r, a);
    got.part = get_text(&r, a);
    if (!frame_done(&r) || kind >= OP_KIND_COUNT || on_failure > FAIL_SKIP)
        return err_set(e, ERR_PROTOCOL, "an op of the plan did not arrive as it was sent");
    got.kind = (enum op_kind)kind;
    got.on_failure = (enum on_failure)on_failure;
    *op = got;
    return true;
}

void frame_put_failed(struct buf *out, uint32_t id, const struct err *e)
{
    size_t mark = frame_begin(out, FRAME_FAILED, id);

    frame_number(out, e->kind);
    frame_number(out, (uint64_t)(uint32_t)e->code);
    frame_bytes(out, str_from(e->what));
    frame_bytes(out, str_from(e->subject));
    frame_bytes(out, str_from(e->reason));
    frame_bytes(out, str_from(e->remedy));
    frame_end(out, mark);
}

bool frame_get_failed(const struct frame *f, struct err *e)
{
    struct frame_reader fields;
    uint64_t kind;
    struct str what, subject, reason, remedy;
    long code;

    frame_read(&fields, f);
    kind = frame_get_number(&fields);
    code = (long)(uint32_t)frame_get_number(&fields); /* an errno, or all 32 bits of a Win32 code */
    what = frame_get_bytes(&fields);
    subject = frame_get_bytes(&fields);
    reason = frame_get_bytes(&fields);
    remedy = frame_get_bytes(&fields);
    if (!frame_done(&fields) || kind == ERR_NONE || kind > ERR_BUG)
        return err_set(e, ERR_PROTOCOL, "the runner's complaint did not arrive as it was sent");
    err_set(e, (enum err_kind)kind, "%s", "");
    e->code = code;
    text_printable_into(e->what, sizeof e->what, what);
    text_printable_into(e->subject, sizeof e->subject, subject);
    text_printable_into(e->reason, sizeof e->reason, reason);
    text_printable_into(e->remedy, sizeof e->remedy, remedy);
    return false;
}
