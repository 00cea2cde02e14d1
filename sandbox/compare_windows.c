/*
 * compare: core's access check beside the system's, question by question: what doctor tells on a real machine, and the tests hold.
 *
 * Four tokens are asked about: our own; one for which Everyone only denies; and two write-restricted ones with a single restricting
 * SID, a synthetic one and our own user's. For the first of those every right to a file is also asked about by itself, because no page
 * says for which of them the second pass is made (access_writes). What a new child of a folder is given (inherit.c) is asked by
 * CreatePrivateObjectSecurityEx.
 */
#include "win32.h"

#include <stdio.h>

#define STRANGER "S-1-5-21-7-7-7-1009"
#define WRITE    "S-1-5-21-9-9-9-9"

/* ME stands for our own user. */
struct question {
    const char *name, *sddl;
    uint32_t desired;
    bool windows_alone; /* wine answers it, and not as Windows is documented to */
    unsigned about;     /* enum access_unproven: settled by this answer, if it is ours */
};

static const struct question own_questions[] = {
    {"allow", "O:" STRANGER "G:" STRANGER "D:(A;;0x3;;;ME)", 0x3, false, 0},
    {"deny before allow for the same right", "O:" STRANGER "G:" STRANGER "D:(D;;0x2;;;ME)(A;;0x3;;;ME)", 0x3, false, 0},
    {"deny of another right", "O:" STRANGER "G:" STRANGER "D:(D;;0x2;;;ME)(A;;0x3;;;ME)", 0x1, false, 0},
    {"a right that is missing", "O:" STRANGER "G:" STRANGER "D:(A;;0x1;;;ME)", 0x3, false, 0},
    {"a SID that is not held", "O:" STRANGER "G:" STRANGER "D:(A;;0x3;;;" STRANGER ")", 0x3, false, 0},
    {"an empty DACL", "O:" STRANGER "G:" STRANGER "D:", 0x1, false, 0},
    {"an inherit-only entry", "O:" STRANGER "G:" STRANGER "D:(A;OICIIO;FA;;;ME)", 0x1, false, 0},
    {"all that is allowed", "O:" STRANGER "G:" STRANGER "D:(A;;FA;;;ME)", NT_MAXIMUM_ALLOWED, false, 0},
    {"the owner's READ_CONTROL", "O:MEG:" STRANGER "D:", NT_READ_CONTROL, false, 0},
    {"a NULL DACL", "O:" STRANGER "G:" STRANGER "D:NO_ACCESS_CONTROL", NT_FILE_ALL_ACCESS, false, 0},
    {"generic rights that are asked for", "O:" STRANGER "G:" STRANGER "D:(A;;FR;;;ME)", NT_GENERIC_READ, false, 0},
    {"an entry for Everyone", "O:" STRANGER "G:" STRANGER "D:(A;;0x3;;;WD)", 0x3, false, 0},
    {"an OWNER RIGHTS entry that limits the owner", "O:MEG:" STRANGER "D:(A;;RC;;;OW)", NT_WRITE_DAC, true, 0},
    {"a label above us", "O:" STRANGER "G:" STRANGER "D:(A;;FA;;;ME)S:(ML;;NW;;;SI)", 0x2, true, UNPROVEN_LABEL},
    {"a label above us, and reading", "O:" STRANGER "G:" STRANGER "D:(A;;FA;;;ME)S:(ML;;NW;;;SI)", 0x1, true, UNPROVEN_LABEL},
};

static const struct question disabled_questions[] = {
    {"disabled: an entry for the group does not grant", "O:" STRANGER "G:" STRANGER "D:(A;;0x3;;;WD)", 0x3, false, 0},
    {"disabled: and refuses", "O:" STRANGER "G:" STRANGER "D:(D;;0x2;;;WD)(A;;0x3;;;ME)", 0x3, true, 0},
};

static const struct question restricted_questions[] = {
    {"restricted: the DACL has Everyone alone", "O:" STRANGER "G:" STRANGER "D:(A;;FA;;;WD)", 0x2, true, 0},
    {"restricted: reading by the first pass alone", "O:" STRANGER "G:" STRANGER "D:(A;;FA;;;ME)", NT_GENERIC_READ, true, 0},
    {"restricted: writing by the first pass alone", "O:" STRANGER "G:" STRANGER "D:(A;;FA;;;ME)", 0x2, true, 0},
    {"restricted: both", "O:" STRANGER "G:" STRANGER "D:(A;;FA;;;ME)(A;;0x1301bf;;;" WRITE ")", NT_GENERIC_WRITE | NT_DELETE, true, 0},
    {"restricted: a deny entry for the restricting SID", "O:" STRANGER "G:" STRANGER "D:(D;;0x2;;;" WRITE ")(A;;FA;;;ME)(A;;FA;;;" WRITE ")", 0x2,
        true, 0},
    {"restricted: the same, and reading", "O:" STRANGER "G:" STRANGER "D:(D;;FR;;;" WRITE ")(A;;FA;;;ME)(A;;FA;;;" WRITE ")", 0x1, true, 0},
    {"restricted: all that is allowed", "O:" STRANGER "G:" STRANGER "D:(A;;FA;;;ME)(A;;0x2;;;" WRITE ")", NT_MAXIMUM_ALLOWED, true, 0},
    {"restricted: the owner's WRITE_DAC", "O:MEG:" STRANGER "D:", NT_WRITE_DAC, true, UNPROVEN_OWNER},
    {"restricted: the owner's READ_CONTROL", "O:MEG:" STRANGER "D:", NT_READ_CONTROL, true, UNPROVEN_OWNER | UNPROVEN_SCOPE},
    {"restricted: FILE_DELETE_CHILD by the first pass alone", "O:" STRANGER "G:" STRANGER "D:(A;;FA;;;ME)", NT_FILE_DELETE_CHILD, true,
        UNPROVEN_SCOPE},
    {"restricted: DELETE by the first pass alone", "O:" STRANGER "G:" STRANGER "D:(A;;FA;;;ME)", NT_DELETE, true, UNPROVEN_SCOPE},
    {"restricted: a NULL DACL", "O:" STRANGER "G:" STRANGER "D:NO_ACCESS_CONTROL", NT_FILE_WRITE_DATA | NT_WRITE_DAC, true, UNPROVEN_NULL},
};

/* The one restricting SID is our own user. */
static const struct question own_restricted_questions[] = {
    {"restricted to its user: the owner's WRITE_DAC", "O:MEG:" STRANGER "D:", NT_WRITE_DAC, true, UNPROVEN_OWNER},
    {"restricted to its user: an OWNER RIGHTS entry that limits the owner", "O:MEG:" STRANGER "D:(A;;RC;;;OW)", NT_WRITE_DAC, true, UNPROVEN_OWNER},
    {"restricted to its user: an OWNER RIGHTS entry that grants", "O:MEG:" STRANGER "D:(A;;FA;;;OW)", NT_FILE_WRITE_DATA, true, UNPROVEN_OWNER},
};

static struct str with_me(struct arena *a, const char *sddl, const struct token *t)
{
    struct str text = str_from(sddl), me = sid_text(a, &t->user);
    struct buf b = {0};

    for (size_t i = 0; i < text.n; i++) {
        bool here = text.p[i] == 'M' && i + 1 < text.n && text.p[i + 1] == 'E';
        buf_add(&b, here ? me.p : text.p + i, here ? me.n : 1);
        i += here;
    }
    text = arena_str(a, buf_view(&b));
    buf_release(&b);
    return text;
}


static HANDLE for_asking(HANDLE token)
{
    HANDLE copy = NULL;

    if (token && !DuplicateTokenEx(token, TOKEN_QUERY | TOKEN_IMPERSONATE, NULL, SecurityImpersonation, TokenImpersonation, &copy))
        copy = NULL;
    return copy;
}

static HANDLE own_token(void)
{
    HANDLE own = NULL, copy;

    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_DUPLICATE | TOKEN_QUERY, &own))
        return NULL;
    copy = for_asking(own);
    win_close(&own);
    return copy;
}

/* Everyone for denying only. */
static HANDLE disabled_token(void)
{
    HANDLE own = NULL, less = NULL, copy = NULL;
    char sid[SECURITY_MAX_SID_SIZE];
    DWORD n = sizeof sid;
    SID_AND_ATTRIBUTES one = {.Sid = sid};

    if (CreateWellKnownSid(WinWorldSid, NULL, sid, &n) && OpenProcessToken(GetCurrentProcess(), TOKEN_DUPLICATE | TOKEN_QUERY, &own) &&
        CreateRestrictedToken(own, 0, 1, &one, 0, NULL, 0, NULL, &less))
        copy = for_asking(less);
    win_close(&own);
    win_close(&less);
    return copy;
}

struct asking {
    struct arena *a;
    struct access_compared *out;
    size_t cap;
    unsigned asked, other; /* enum access_unproven: of questions that the system answered; and not as we do, or not at all */
};

static void settle(struct asking *x, unsigned about, enum access_agreement state)
{
    if (state == AGREEMENT_SAME)
        x->asked |= about;
    else if (state != AGREEMENT_NOT_ASKED)
        x->other |= about;
}

static struct access_question *add(struct asking *x, const char *name, enum access_agreement state)
{
    struct access_question *q = arena_push(x->a, &x->out->v, &x->out->n, &x->cap, sizeof *q);

    q->name = str_from(name);
    q->state = state;
    return q;
}

static void ask(struct asking *x, HANDLE token, const struct token *t, const struct question *q)
{
    struct descriptor d;
    struct access_result ours;
    struct err e = {0};
    bool granted = false, same;
    uint32_t rights = 0;

    if (!sddl_parse(x->a, with_me(x->a, q->sddl, t), &d, &e) ||
        !win_access_check(token, &d, &access_file, q->desired, &granted, &rights, &e)) {
        add(x, q->name, AGREEMENT_UNKNOWN)->detail = err_text(&e, x->a);
        settle(x, q->about, AGREEMENT_UNKNOWN);
        return;
    }
    access_check(t, &d, &access_file, q->desired, &ours);
    same = ours.granted == granted && (!granted || ours.rights == rights);
    settle(x, q->about, same ? AGREEMENT_SAME : AGREEMENT_OTHER);
    add(x, q->name, same ? AGREEMENT_SAME : AGREEMENT_OTHER)->detail = arena_format(x->a, "here: %s %s; the system: %s %s",
        ours.granted ? "granted" : "refused", access_rights_text(x->a, ours.rights).p, granted ? "granted" : "refused",
        access_rights_text(x->a, rights).p);
}

static bool ask_all(struct asking *x, HANDLE token, const struct question *questions, size_t count, bool real, struct token *t)
{
    struct err e = {0};

    if (!token || !win_token_read(x->a, token, t, &e)) {
        add(x, "a token is read", AGREEMENT_UNKNOWN)->detail = err_text(&e, x->a);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (questions[i].windows_alone && !real)
            add(x, questions[i].name, AGREEMENT_NOT_ASKED)->detail = STR("wine: its access check does not do this as Windows is documented to");
        else
            ask(x, token, t, &questions[i]);
    }
    return true;
}

/* ---- questions that nobody thought of ---- */

#define GENERATED 400 /* for each token; the same ones each time */

/* A generator of no quality: what it gives is the same everywhere. */
static uint32_t next(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static uint32_t some_rights(uint32_t *state)
{
    static const uint32_t sets[] = {NT_FILE_GENERIC_READ, NT_FILE_GENERIC_WRITE, NT_GENERIC_ALL, NT_GENERIC_WRITE, NT_FILE_ALL_ACCESS, 0x1301bf, 0xd0156};
    uint32_t rights = 0;

    if (next(state) % 3 == 0)
        return sets[next(state) % COUNT_OF(sets)];
    do {
        rights |= 1u << next(state) % 21;
    } while (next(state) % 3);
    rights &= NT_FILE_ALL_ACCESS;
    return rights ? rights : NT_DELETE;
}

/* Whom an entry is about: our own, what the token's two lists have, and strangers. Wine knows nothing of OWNER RIGHTS. */
static struct sid somebody(uint32_t *state, const struct token *t, bool real)
{
    static const char *const fixed[] = {SID_EVERYONE, STRANGER, WRITE, SID_OWNER_RIGHTS};
    struct sid sid = {0};
    uint32_t which = next(state) % 8;

    if (which < 2)
        return t->user;
    if (which == 2 && t->group_count)
        return t->groups[next(state) % t->group_count].sid;
    if (which == 3 && t->restricting_count)
        return t->restricting[next(state) % t->restricting_count];
    sid_parse(str_from(fixed[next(state) % (real ? 4 : 3)]), &sid);
    return sid;
}

static void generate(struct arena *a, uint32_t *state, const struct token *t, bool real, struct descriptor *out)
{
    static const uint8_t flags[] = {0, 0, 0, ACE_OBJECT_INHERIT | ACE_CONTAINER_INHERIT, ACE_OBJECT_INHERIT | ACE_CONTAINER_INHERIT | ACE_INHERIT_ONLY};

    *out = (struct descriptor){.has_owner = true, .has_group = true, .has_dacl = true};
    sid_parse(STR(STRANGER), &out->group);
    out->owner = real ? somebody(state, t, false) : out->group; /* wine gives an owner all the standard rights */
    for (uint32_t n = next(state) % 6; n; n--)
        *(struct ace *)ARENA_PUSH(a, &out->dacl) = (struct ace){.type = next(state) % 3 ? ACE_ALLOW : ACE_DENY,
            .flags = flags[next(state) % COUNT_OF(flags)], .mask = some_rights(state), .sid = somebody(state, t, real)};
}

/* One answer for all of them: how many are the same, and the first that is not. */
static void ask_generated(struct asking *x, const char *name, HANDLE token, bool real)
{
    struct token t;
    struct err e = {0};
    uint32_t state = 20261122;
    size_t same = 0;
    struct str first = {0};

    if (!token || !win_token_read(x->a, token, &t, &e)) {
        add(x, name, AGREEMENT_UNKNOWN)->detail = err_text(&e, x->a);
        return;
    }
    for (size_t i = 0; i < GENERATED; i++) {
        uint32_t desired, rights = 0;
        struct access_result ours;
        struct arena a = {0};
        struct descriptor d;
        bool granted = false, asked;
        generate(&a, &state, &t, real, &d);
        /* wine takes from MAXIMUM_ALLOWED what an entry refuses behind one that granted it, and Samba and the pages do not */
        desired = next(&state) % 4 || !real ? some_rights(&state) : NT_MAXIMUM_ALLOWED;
        access_check(&t, &d, &access_file, desired, &ours);
        asked = win_access_check(token, &d, &access_file, desired, &granted, &rights, &e);
        if (asked && ours.granted == granted && (!granted || ours.rights == rights))
            same++;
        else if (!first.n)
            first = arena_format(x->a, "%s asked for %s; here: %s %s; the system: %s %s", sddl_text(&a, &d).p, access_rights_text(&a, desired).p,
                ours.granted ? "granted" : "refused", access_rights_text(&a, ours.rights).p,
                !asked ? "could not be asked" : granted ? "granted" : "refused", access_rights_text(&a, rights).p);
        arena_release(&a);
    }
    settle(x, ~0u, same == GENERATED ? AGREEMENT_NOT_ASKED : AGREEMENT_OTHER);
    add(x, name, same == GENERATED ? AGREEMENT_SAME : AGREEMENT_OTHER)->detail =
        arena_format(x->a, "%lu of %lu are the same%s%s", (unsigned long)same, (unsigned long)GENERATED, first.n ? "; first: " : "", first.n ? first.p : "");
}

/* The set of access_writes, as the system has it. */
static void ask_rights(struct asking *x, HANDLE token, const struct token *t)
{
    const char *name = "the rights that have a second pass, one by one";
    uint32_t wanted = access_writes(&access_file) & NT_FILE_ALL_ACCESS, found = 0;
    struct err e = {0};

    if (t->restricting_count != 1) {
        add(x, name, AGREEMENT_NOT_ASKED)->detail = STR("tokens are not restricted here");
        return;
    }
    if (!win_access_writes(x->a, token, &found, &e)) {
        add(x, name, AGREEMENT_UNKNOWN)->detail = err_text(&e, x->a);
        return;
    }
    x->out->second_pass = found;
    settle(x, UNPROVEN_SCOPE, found == wanted ? AGREEMENT_SAME : AGREEMENT_OTHER);
    add(x, name, found == wanted ? AGREEMENT_SAME : AGREEMENT_OTHER)->detail = arena_format(
        x->a, "here: %s; the system: %s", access_rights_text(x->a, wanted).p, access_rights_text(x->a, found).p);
}

/* ---- what a new child gets ---- */

struct made {
    const char *name, *parent; /* its list */
    bool folder;
};

static const struct made children[] = {
    {"inherits: entries for all, in a folder", "D:AI(A;OICI;0x1301bf;;;WD)(D;OICI;0xd0156;;;" WRITE ")(A;;FA;;;" STRANGER ")", true},
    {"inherits: the same, in a file", "D:AI(A;OICI;0x1301bf;;;WD)(D;OICI;0xd0156;;;" WRITE ")(A;;FA;;;" STRANGER ")", false},
    {"inherits: an entry for files alone, in a folder", "D:AI(A;OI;0x3;;;WD)(A;CI;0x1;;;" STRANGER ")", true},
    {"inherits: an entry that goes no further", "D:AI(A;OICINP;0x3;;;WD)(A;OICI;0x1;;;" STRANGER ")", true},
    {"inherits: an inherit-only entry", "D:AI(A;OICIIO;0x10000;;;WD)(A;OICI;0x1;;;" STRANGER ")", false},
    {"inherits: CREATOR OWNER, in a folder", "D:AI(A;OICIIO;0x1f01ff;;;CO)(A;OICI;0x1;;;" STRANGER ")", true},
    {"inherits: OWNER RIGHTS", "D:AI(A;OICI;0x20000;;;OW)(A;OICI;0x1;;;" STRANGER ")", false},
    {"inherits: generic rights", "D:AI(A;OICI;GA;;;WD)", true},
};

/* The list alone: whose the child is depends on the token. */
static struct str list_of(struct arena *a, const struct descriptor *d)
{
    struct descriptor list = *d;

    list.has_owner = list.has_group = list.has_sacl = false;
    return sddl_text(a, &list);
}

static bool child_of_system(struct arena *a, HANDLE token, const struct descriptor *parent, bool folder, struct descriptor *out, struct err *e)
{
    GENERIC_MAPPING generic = {access_file.read, access_file.write, access_file.execute, access_file.all};
    PSECURITY_DESCRIPTOR made = NULL;
    struct buf bytes = {0};
    bool good = descriptor_encode(parent, &bytes) &&
                CreatePrivateObjectSecurityEx(bytes.p, NULL, &made, NULL, folder, SEF_DACL_AUTO_INHERIT, token, &generic);

    buf_release(&bytes);
    if (!good)
        return win_fail(e, GetLastError(), (struct str){0}, "cannot ask what a child gets");
    good = descriptor_decode(a, (struct str){made, GetSecurityDescriptorLength(made)}, out, e);
    DestroyPrivateObjectSecurity(&made);
    return good;
}

static void ask_child(struct asking *x, HANDLE token, const struct made *q)
{
    struct descriptor parent, ours, theirs;
    struct err e = {0};
    bool same;

    if (!sddl_parse(x->a, str_from(q->parent), &parent, &e) || !sid_parse(STR(STRANGER), &parent.owner)) {
        add(x, q->name, AGREEMENT_UNKNOWN)->detail = err_text(&e, x->a);
        return;
    }
    parent.group = parent.owner;
    parent.has_owner = parent.has_group = true;
    if (!child_of_system(x->a, token, &parent, q->folder, &theirs, &e)) {
        add(x, q->name, AGREEMENT_UNKNOWN)->detail = err_text(&e, x->a);
        return;
    }
    descriptor_inherit(x->a, &parent, NULL, q->folder, &theirs.owner, &theirs.group, NULL, &ours);
    same = str_eq(list_of(x->a, &ours), list_of(x->a, &theirs));
    add(x, q->name, same ? AGREEMENT_SAME : AGREEMENT_OTHER)->detail =
        arena_format(x->a, "here: %s; the system: %s", list_of(x->a, &ours).p, list_of(x->a, &theirs).p);
}

static void ask_children(struct asking *x, bool real)
{
    HANDLE own = NULL;

    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &own))
        own = NULL;
    for (size_t i = 0; i < COUNT_OF(children); i++) {
        if (real && own)
            ask_child(x, own, &children[i]);
        else
            add(x, children[i].name, real ? AGREEMENT_UNKNOWN : AGREEMENT_NOT_ASKED)->detail =
                real ? STR("our token cannot be opened") : STR("wine: what it makes has nothing to do with the folder's");
    }
    win_close(&own);
}

bool access_compare(struct arena *a, bool whole, struct access_compared *out)
{
    struct asking x = {.a = a, .out = out};
    bool real = !win_is_wine(), restricted;
    struct token t = {0};
    struct sid write;
    struct err e = {0};
    HANDLE token = own_token();

    *out = (struct access_compared){0};
    ask_all(&x, token, own_questions, COUNT_OF(own_questions), real, &t);
    if (whole)
        ask_generated(&x, "generated questions", token, real);
    win_close(&token);
    token = disabled_token();
    ask_all(&x, token, disabled_questions, COUNT_OF(disabled_questions), real, &t);
    win_close(&token);
    token = sid_parse(STR(WRITE), &write) ? win_token_restricted(&write, 1, &e) : NULL;
    restricted = token && win_token_read(a, token, &t, &e) && t.restricting_count == 1;
    if (ask_all(&x, token, restricted_questions, COUNT_OF(restricted_questions), restricted, &t))
        ask_rights(&x, token, &t);
    if (restricted && whole)
        ask_generated(&x, "restricted: generated questions", token, true);
    win_close(&token);
    token = t.user.count ? win_token_restricted(&t.user, 1, &e) : NULL;
    restricted = token && win_token_read(a, token, &t, &e) && t.restricting_count == 1;
    ask_all(&x, token, own_restricted_questions, COUNT_OF(own_restricted_questions), restricted, &t);
    if (restricted && whole)
        ask_generated(&x, "restricted to its user: generated questions", token, true);
    win_close(&token);
    if (whole)
        ask_children(&x, real);
    out->settled = x.asked & ~x.other;
    return true;
}
