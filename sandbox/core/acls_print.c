/*
 * acls_print: an op of Windows for people: the entry itself, to be read line by line, and what it says in words.
 */
#include "acls.h"
#include "text.h"

static const char *reach_of(const struct ace *ace)
{
    bool below = ace->flags & (ACE_OBJECT_INHERIT | ACE_CONTAINER_INHERIT);

    return ace->flags & ACE_INHERIT_ONLY ? "below" : below ? "here and below" : "here";
}

static const char *words_of(const struct ace *ace)
{
    switch (ace->mask) {
    case ACLS_WRITE:
        return "read, write, run";
    case ACLS_READ:
        return "read, run";
    case NT_FILE_GENERIC_READ:
        return "read";
    case ACLS_PASS:
        return "pass through";
    case ACLS_DENY:
        return "write";
    case ACLS_SECRET:
        return "read, write, run";
    case ACLS_HELD:
        return "delete, rename, change permissions";
    case NT_DELETE:
        return "delete";
    case NT_FILE_DELETE_CHILD:
        return "delete by the folder's right";
    case NT_READ_CONTROL:
        return "see permissions";
    case NT_FILE_ALL_ACCESS:
        return "everything";
    default:
        return NULL;
    }
}

static void print_ace(struct buf *out, struct arena *a, const struct op *op)
{
    struct err ignored = {0};
    struct ace ace;
    const char *words;

    buf_format(out, "%s%s", op->number == ACE_TAKE ? "take away " : "", text_printable(a, op->text).p);
    if (!sddl_parse_ace(a, op->text, &ace, &ignored))
        return;
    words = words_of(&ace);
    buf_format(out, " %s", ace.type == ACE_DENY ? "never" : "may");
    if (words)
        buf_format(out, " %s", words);
    else
        buf_format(out, " %s", access_rights_text(a, ace.mask).p);
    buf_format(out, ", %s", reach_of(&ace));
}

void acls_print(struct buf *out, struct arena *a, const struct op *op)
{
    const char *lead = op->path.n > 0 ? " " : "";

    buf_format(out, "%s", lead);
    switch (op->kind) {
    case OP_ACE:
        print_ace(out, a, op);
        break;
    case OP_OWNER:
        buf_format(out, "%s%s", text_printable(a, op->text).p, op->number == OWNER_BY_SETUP ? " (by setup)" : "");
        break;
    case OP_GUARD_NAME:
        buf_format(out, "%s %s", op->number ? "file" : "folder", text_printable(a, op->text).p);
        if (op->text2.n > 0)
            buf_format(out, " holding \"%s\"", text_printable(a, op->text2).p);
        break;
    case OP_ACCOUNT:
        buf_format(out, "%s%s%s", op->text.n ? text_printable(a, op->text).p : "your own", op->text2.n ? " " : "",
            text_printable(a, op->text2).p);
        break;
    case OP_RUNNER_CLOSED:
        buf_format(out, "%s %s", text_printable(a, op->text2).p, text_printable(a, op->text).p);
        break;
    case OP_STATION:
        buf_format(out, "%s, its desktop %s", text_printable(a, op->text).p, text_printable(a, op->text2).p);
        break;
    case OP_TOKEN:
        buf_format(out, "flags 0x%llx", (unsigned long long)op->number);
        break;
    case OP_RESTRICT:
    case OP_DEFAULT_DACL:
        buf_str(out, text_printable(a, op->text));
        break;
    case OP_JOB:
        buf_format(out, "%s = %llu", text_printable(a, op->text).p, (unsigned long long)op->number);
        break;
    default:
        break;
    }
}
