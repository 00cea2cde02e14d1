/*
 * walk_order: which walks a plan asks for, and what each of them has to know of it.
 */
#include "walk.h"

struct str walk_top(const struct op *op)
{
    struct arena a = {0};
    struct err ignored = {0};
    struct ace ace;
    bool down = op->kind == OP_ACE && sddl_parse_ace(&a, op->text, &ace, &ignored) &&
                ace.flags & (ACE_OBJECT_INHERIT | ACE_CONTAINER_INHERIT);

    arena_release(&a);
    return !down ? (struct str){0} : op->text2.n ? op->text2 : op->path;
}

static bool is_grant(const struct op *op)
{
    struct arena a = {0};
    struct err ignored = {0};
    struct ace ace;
    bool good = op->number == ACE_PUT && sddl_parse_ace(&a, op->text, &ace, &ignored) && ace.type == ACE_ALLOW;

    arena_release(&a);
    return good;
}

bool walk_may_wait(const struct op *ops, size_t count, struct str top)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(walk_top(&ops[i]), top) && (ops[i].on_failure != FAIL_SKIP || ops[i].text2.n || !is_grant(&ops[i])))
            return false;
    return true;
}

struct sids {
    struct sid *v;
    size_t n, cap;
};

static bool has(const struct sids *list, const struct sid *sid)
{
    for (size_t i = 0; i < list->n; i++)
        if (sid_same(&list->v[i], sid))
            return true;
    return false;
}

static void add_once(struct arena *a, struct sids *list, const struct sid *sid)
{
    if (!has(list, sid))
        *(struct sid *)ARENA_PUSH(a, list) = *sid;
}

/* Of lists that were lost, of accounts that are gone, and of roots that lie elsewhere. */
static void find_strangers(struct arena *a, const struct walk_asked *asked, const struct sids *known, struct sids *out)
{
    for (size_t i = 0; asked->strangers && i < asked->strangers->n; i++) {
        struct sid sid;
        if (sid_parse(asked->strangers->v[i], &sid) && !has(known, &sid))
            add_once(a, out, &sid);
    }
    for (size_t i = 0; i < asked->count; i++) {
        const struct op *op = &asked->ops[i];
        struct err ignored = {0};
        struct ace ace;
        /* An account's or one like it: nothing else is ever Cordon's. */
        if (op->kind == OP_ACE && op->number == ACE_TAKE && sddl_parse_ace(a, op->text, &ace, &ignored) && ace.sid.authority == 5 &&
            ace.sid.count > 0 && ace.sid.sub[0] == 21 && !has(known, &ace.sid))
            add_once(a, out, &ace.sid);
    }
}

bool walk_order_of(struct arena *a, const struct path_env *env, const struct walk_asked *asked, struct str top, uint64_t dev,
    struct walk_order *out)
{
    struct texts *kept = arena_alloc(a, 1, sizeof *kept);
    struct ace *also = arena_alloc(a, 3, sizeof *also);
    struct sids own = {0}, known = {0}, trusted = {0}, strangers = {0};
    struct sid person, owner_rights, sid;

    *out = (struct walk_order){.env = env, .top = top, .dev = dev, .take_old = asked->alone && !asked->behind};
    if (!sid_parse(asked->person, &person) || !sid_parse(STR(SID_OWNER_RIGHTS), &owner_rights))
        return false;
    add_once(a, &known, &person);
    for (size_t i = 0; i < asked->count; i++) {
        const struct op *op = &asked->ops[i];
        if (op->kind == OP_ACE || op->kind == OP_GUARD_NAME)
            *(struct str *)ARENA_PUSH(a, kept) = op->path;
        if (op->kind == OP_RESTRICT && op->path.n && sid_parse(op->text, &sid))
            add_once(a, &own, &sid);
        if (op->kind == OP_ACCOUNT && op->source.n && sid_parse(op->source, &sid)) {
            out->own.group = sid;
            add_once(a, &known, &sid);
        }
        if (op->kind == OP_ACCOUNT && op->text2.n && sid_parse(op->text2, &sid))
            add_once(a, &known, &sid);
    }
    for (size_t i = 0; i < own.n; i++)
        add_once(a, &known, &own.v[i]);
    find_strangers(a, asked, &known, &strangers);
    also[0] = (struct ace){.type = ACE_ALLOW, .mask = NT_READ_CONTROL, .sid = owner_rights};
    also[1] = (struct ace){.type = ACE_ALLOW, .mask = NT_FILE_ALL_ACCESS, .sid = person};
    also[2] = (struct ace){.type = ACE_DENY, .mask = NT_FILE_DELETE_CHILD, .sid = person};
    add_once(a, &trusted, &person);
    if (sid_parse(STR(SID_SYSTEM), &sid))
        add_once(a, &trusted, &sid);
    if (sid_parse(STR(SID_ADMINISTRATORS), &sid))
        add_once(a, &trusted, &sid);
    out->own.write = own.v;
    out->own.write_count = own.n;
    out->strangers = strangers.v;
    out->stranger_count = strangers.n;
    out->also = also;
    out->also_count = 3;
    out->trusted = trusted.v;
    out->trusted_count = trusted.n;
    out->kept = kept;
    return true;
}
