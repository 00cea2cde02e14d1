/*
 * access_text: an access check's verdict in words: which pass refused which rights, which entry decided, and the smallest
 * change that would turn it. See access.h.
 *
 * All output is printable: names come from the caller, who has them from the system, and are escaped here.
 */
#include "access.h"
#include "text.h"

struct right_name {
    uint32_t bit;
    const char *name;
};

static const struct right_name right_names[] = {
    {NT_FILE_READ_DATA, "READ_DATA"},
    {NT_FILE_WRITE_DATA, "WRITE_DATA"},
    {NT_FILE_APPEND_DATA, "APPEND_DATA"},
    {NT_FILE_READ_EA, "READ_EA"},
    {NT_FILE_WRITE_EA, "WRITE_EA"},
    {NT_FILE_EXECUTE, "EXECUTE"},
    {NT_FILE_DELETE_CHILD, "DELETE_CHILD"},
    {NT_FILE_READ_ATTRIBUTES, "READ_ATTRIBUTES"},
    {NT_FILE_WRITE_ATTRIBUTES, "WRITE_ATTRIBUTES"},
    {NT_DELETE, "DELETE"},
    {NT_READ_CONTROL, "READ_CONTROL"},
    {NT_WRITE_DAC, "WRITE_DAC"},
    {NT_WRITE_OWNER, "WRITE_OWNER"},
    {NT_SYNCHRONIZE, "SYNCHRONIZE"},
    {NT_ACCESS_SYSTEM_SECURITY, "ACCESS_SYSTEM_SECURITY"},
    {NT_MAXIMUM_ALLOWED, "MAXIMUM_ALLOWED"},
    {NT_GENERIC_ALL, "GENERIC_ALL"},
    {NT_GENERIC_EXECUTE, "GENERIC_EXECUTE"},
    {NT_GENERIC_WRITE, "GENERIC_WRITE"},
    {NT_GENERIC_READ, "GENERIC_READ"},
};

struct str access_rights_text(struct arena *a, uint32_t rights)
{
    struct buf b = {0};
    struct str text;

    for (size_t i = 0; i < COUNT_OF(right_names); i++) {
        if (!(rights & right_names[i].bit))
            continue;
        buf_format(&b, "%s%s", b.n ? " | " : "", right_names[i].name);
        rights &= ~right_names[i].bit;
    }
    if (rights)
        buf_format(&b, "%s0x%lx", b.n ? " | " : "", (unsigned long)rights);
    text = b.n ? arena_str(a, buf_view(&b)) : STR("nothing");
    buf_release(&b);
    return text;
}

struct words {
    struct buf *out;
    struct arena *a;
    struct str (*name)(const void *context, const struct sid *sid);
    const void *context;
};

static void add_sid(const struct words *w, const struct sid *sid)
{
    struct str name = w->name ? w->name(w->context, sid) : (struct str){0};

    if (name.p) {
        buf_str(w->out, text_printable_once(w->a, name));
        buf_str(w->out, STR(" ("));
    }
    buf_str(w->out, sid_text(w->a, sid));
    if (name.p)
        buf_str(w->out, STR(")"));
}

/* "a restricting SID (one of S-1-..., ...)": few enough to be listed, as a token's list is short. */
static void add_restricting(const struct words *w, const struct token *t)
{
    buf_str(w->out, STR("a restricting SID ("));
    for (size_t i = 0; i < t->restricting_count && i < 8; i++) {
        if (i)
            buf_str(w->out, STR(", "));
        add_sid(w, &t->restricting[i]);
    }
    buf_str(w->out, t->restricting_count > 8 ? STR(", ...)") : STR(")"));
}

static void add_who(const struct words *w, const struct token *t, enum access_pass pass)
{
    if (pass == PASS_RESTRICTED) {
        add_restricting(w, t);
        return;
    }
    add_sid(w, &t->user);
    buf_str(w->out, STR(" or a group of it"));
}

static void add_reason(const struct words *w, const struct token *t, const struct access_result *r)
{
    struct str missing = access_rights_text(w->a, r->missing);

    if (r->pass == PASS_LABEL) {
        buf_format(w->out, "the integrity label of the object refuses %s", missing.p);
    } else if (r->pass == PASS_PRIVILEGE) {
        buf_format(w->out, "%s is given by the privilege SeSecurityPrivilege alone", missing.p);
    } else if (r->ace) {
        buf_format(w->out, "entry %lu refuses %s to ", (unsigned long)r->ace_number + 1, missing.p);
        add_sid(w, &r->ace->sid);
    } else {
        buf_format(w->out, "no entry grants %s to ", missing.p);
        add_who(w, t, r->pass);
    }
}

static void add_change(const struct words *w, const struct token *t, const struct access_result *r)
{
    if (r->pass == PASS_LABEL) {
        buf_str(w->out, STR("a token of that integrity, or a lower label on the object"));
    } else if (r->pass == PASS_PRIVILEGE) {
        buf_str(w->out, STR("none: a sandbox is not given that privilege"));
    } else if (r->ace) {
        buf_str(w->out, STR("take the entry away: "));
        buf_str(w->out, sddl_ace_text(w->a, r->ace));
    } else {
        struct ace ace = {.type = ACE_ALLOW, .mask = r->missing};
        ace.sid = r->pass == PASS_RESTRICTED && t->restricting_count ? t->restricting[0] : t->user;
        buf_str(w->out, STR("add an entry: "));
        buf_str(w->out, sddl_ace_text(w->a, &ace));
    }
}

/* What no entry granted to anybody, in the middle of MAXIMUM_ALLOWED. */
static bool is_refusal_of_nothing(const struct access_result *r)
{
    return !r->granted && !r->missing;
}

static void add_unproven(const struct words *w, unsigned unproven)
{
    static const struct {
        unsigned bit;
        const char *words;
    } parts[] = {
        {UNPROVEN_SCOPE, "which rights a write-restricted token needs twice"},
        {UNPROVEN_OWNER, "what an owner has in the second pass"},
        {UNPROVEN_NULL, "an object without a DACL in the second pass"},
        {UNPROVEN_LABEL, "what an integrity label refuses"},
        {UNPROVEN_INTENT, "what backup and restore intent give"},
    };
    bool first = true;

    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        if (!(unproven & parts[i].bit))
            continue;
        buf_format(w->out, "%s%s", first ? " (unproven on Windows: " : ", ", parts[i].words);
        first = false;
    }
    if (!first)
        buf_str(w->out, STR("; cordon doctor asks the system)"));
}

void access_explain(struct buf *out, struct arena *a, const struct token *t, const struct descriptor *d,
    const struct access_result *r, struct str (*name)(const void *context, const struct sid *sid), const void *context)
{
    struct words w = {out, a, name, context};

    if (r->granted) {
        buf_format(out, "granted: %s", access_rights_text(a, r->rights).p);
        if (!d->has_dacl)
            buf_str(out, STR(": the object has no DACL, so that everything is granted to everyone"));
    } else if (is_refusal_of_nothing(r)) {
        buf_str(out, STR("refused: nothing is granted at all"));
    } else {
        buf_str(out, STR("refused: "));
        add_reason(&w, t, r);
        buf_str(out, STR("; what would change it: "));
        add_change(&w, t, r);
    }
    if (!r->known)
        buf_str(out, STR(" (not certain: there is an entry of a kind that is not evaluated here)"));
    add_unproven(&w, r->unproven);
}
