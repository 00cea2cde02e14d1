/*
 * acls: the Windows plan put together: tier, what stands in the way of it, token, job, window station. Entries on files are
 * in acls_files.c and acls_grants.c.
 */
#include "acls_plan.h"
#include "text.h"

#define NOT_HELD "NOT ENFORCED: nothing at all would be held here"

/* ---- shared small change ---- */

bool acls_refuse(
    struct acls *s, enum err_kind kind, const char *what, struct str path, const char *reason, const char *remedy)
{
    err_set(s->p->e, kind, "%s", what);
    err_subject(s->p->e, path);
    err_reason(s->p->e, "%s", reason);
    return err_remedy(s->p->e, "%s", remedy);
}

bool acls_lacks(struct acls *s, const char *part, struct str path, const char *what)
{
    if (planner_accepts(s->p, part)) {
        planner_partial(s->p, "%s: %s%s%s", part, path.n ? planner_show(s->p, path).p : "", path.n ? " " : "", what);
        return true;
    }
    err_set(s->p->e, ERR_UNSUPPORTED, "a part of the boundary cannot be held here");
    err_subject(s->p->e, path.n ? path : str_from(part));
    err_reason(s->p->e, "%s", what);
    return err_remedy(s->p->e, "Mend that, or accept it: --accept %s, or \"partial\": [\"%s\"] in the policy.", part, part);
}

static struct op *acls_entry(
    struct acls *s, struct str path, bool allow, unsigned flags, uint32_t mask, struct str sid, const char *why)
{
    struct op *op = planner_op(s->p, OP_ACE, path, why);
    struct ace ace = {.type = allow ? ACE_ALLOW : ACE_DENY, .flags = (uint8_t)flags, .mask = mask};
    const struct acls_root *root = acls_root_of(s, path);

    /* What is no SID is no entry about nobody: it is refused where it is to be put. */
    op->text = sid_parse(sid, &ace.sid) ? sddl_ace_text(s->p->a, &ace) : sid;
    op->number = ACE_PUT;
    if (root)
        op->text2 = root->path;
    return op;
}

struct op *acls_entry_on(
    struct acls *s, const struct fact *fact, bool allow, unsigned flags, uint32_t mask, struct str sid, const char *why)
{
    struct op *op =
        acls_entry(s, fact->path, allow, fact->kind == FACT_FOLDER ? flags : 0, mask, sid, why);

    planner_identity(op, fact);
    return op;
}

bool acls_seen(struct acls *s, const struct fact *fact, struct descriptor *out)
{
    struct err ignored = {0};

    return fact->descriptor.n > 0 && descriptor_decode(s->p->a, fact->descriptor, out, &ignored);
}

const struct acls_root *acls_root_of(const struct acls *s, struct str path)
{
    const struct acls_root *best = NULL;

    for (size_t i = 0; i < s->roots.n; i++)
        if (path_is_under(s->p->env, s->roots.v[i].path, path) && (!best || s->roots.v[i].path.n > best->path.n))
            best = &s->roots.v[i];
    return best;
}

const struct volume_fact *acls_volume(const struct windows_host *w, const struct path_env *env, struct str path)
{
    const struct volume_fact *best = NULL;

    for (size_t i = 0; i < w->volume_count; i++) {
        const struct volume_fact *v = &w->volumes[i];
        if (path_is_under(env, v->root, path) && (!best || v->root.n > best->root.n))
            best = v;
    }
    return best;
}

bool acls_is_here(const struct windows_host *w, const struct path_env *env, struct str path)
{
    const struct volume_fact *v = w && path.n > 2 && path.p[1] == ':' ? acls_volume(w, env, path) : NULL;

    return v && !v->remote && !v->substituted;
}

/* ---- tokens ---- */

static void join_group(struct acls *s, struct token *t, size_t *cap, struct str sid)
{
    struct token_group group = {.flags = GROUP_ENABLED};

    if (sid_parse(sid, &group.sid))
        *(struct token_group *)arena_push(s->p->a, &t->groups, &t->group_count, cap, sizeof group) = group;
}

void acls_identity(struct acls *s, struct token *out)
{
    static const char *const all[] = {SID_EVERYONE, SID_AUTHENTICATED, SID_INTERACTIVE, "S-1-2-0", SID_USERS, SID_LOGON};
    struct token t = {.integrity = 0x2000};
    size_t cap = 0;

    if (!sid_parse(s->account ? s->account->sid : s->w->person_sid, &t.user)) /* nobody may anything */
        t.user = (struct sid){0};
    for (size_t i = 0; i < COUNT_OF(all); i++)
        join_group(s, &t, &cap, str_from(all[i]));
    if (s->account)
        join_group(s, &t, &cap, s->group);
    *out = t;
}

/* W1, in this order. The weak member stands last, behind one switch. */
static void list_restricting(struct acls *s, struct texts *out)
{
    for (size_t i = 0; i < s->roots.n; i++)
        *(struct str *)ARENA_PUSH(s->p->a, out) = s->roots.v[i].sid;
    if (s->account) /* of the person's own account it would open all that the person may write */
        *(struct str *)ARENA_PUSH(s->p->a, out) = s->account->sid;
    *(struct str *)ARENA_PUSH(s->p->a, out) = STR(SID_LOGON);
    if (s->w->weak == WEAK_EVERYONE)
        *(struct str *)ARENA_PUSH(s->p->a, out) = STR(SID_EVERYONE);
    else if (s->w->weak == WEAK_WRITE_RESTRICTED)
        *(struct str *)ARENA_PUSH(s->p->a, out) = STR(SID_WRITE_RESTRICTED);
}

void acls_token(struct acls *s, struct token *out)
{
    struct texts list = {0};
    struct token t;

    acls_identity(s, &t);
    list_restricting(s, &list);
    t.write_restricted = true;
    t.restricting = arena_alloc(s->p->a, list.n + 1, sizeof *t.restricting);
    for (size_t i = 0; i < list.n; i++)
        if (sid_parse(list.v[i], &t.restricting[t.restricting_count]))
            t.restricting_count++;
    *out = t;
}

static bool plan_token(struct acls *s)
{
    struct planner *p = s->p;
    struct texts list = {0};

    list_restricting(s, &list);
    if (list.n > ACLS_RESTRICT_MAX) {
        err_set(p->e, ERR_LIMIT, "there are more writable roots than one token can carry");
        err_reason(p->e, "%llu identifiers, of at most %d", (unsigned long long)list.n, ACLS_RESTRICT_MAX);
        return err_remedy(p->e, "Use fewer roots; one folder covers all that lies in it.");
    }
    planner_op(p, OP_TOKEN, (struct str){0}, "no privileges, not an administrator's, and what writes is asked for twice")->number =
        ACLS_TOKEN_FLAGS;
    for (size_t i = 0; i < list.n; i++) {
        const char *why = i < s->roots.n                                   ? "may write in its root"
                          : str_is(list.v[i], SID_LOGON)                   ? "this logon's own objects"
                          : s->account && str_eq(list.v[i], s->account->sid) ? "what the account owns: pipes, for one"
                                                                           : "what is open to anybody";
        planner_op(p, OP_RESTRICT, i < s->roots.n ? s->roots.v[i].path : (struct str){0}, why)->text = list.v[i];
    }
    /* OWNER RIGHTS: another session of the account owns what this one makes, too. */
    planner_op(p, OP_DEFAULT_DACL, (struct str){0}, "what commands make is theirs in this logon, and nobody else's")->text =
        arena_format(p->a, "D:(A;;0x10000000;;;%s)(A;;0x10000000;;;%s)(A;;0x10000000;;;%.*s)(A;;0x20000;;;%s)", SID_SYSTEM,
            SID_LOGON, (int)s->w->person_sid.n, s->w->person_sid.p, SID_OWNER_RIGHTS);
    return true;
}

/* ---- the runner's side ---- */

/* all: every right there is for that kind; open: what may be left (to see that it is there). */
static void close_object(struct acls *s, const char *name, uint32_t all, uint32_t open, const char *why)
{
    struct planner *p = s->p;
    struct str account = s->account ? s->account->sid : s->w->person_sid, person = {0};
    unsigned closed = all & ~(open | NT_READ_CONTROL);
    struct op *op = planner_op(p, OP_RUNNER_CLOSED, (struct str){0}, why);

    /* Where the account is the person's own, an entry for the person would let in what it is closed to. */
    if (s->account)
        person = arena_format(p->a, "(A;;0x%x;;;%.*s)", (unsigned)all, (int)s->w->person_sid.n, s->w->person_sid.p);
    op->text2 = str_from(name);
    op->text = arena_format(p->a, "D:P(D;;0x%x;;;%.*s)(D;;0x%x;;;%s)(D;;0x%x;;;%s)(A;;0x%x;;;%s)%s(A;;0x%x;;;%.*s)", closed,
        (int)account.n, account.p, closed, SID_LOGON, closed, SID_OWNER_RIGHTS, (unsigned)all, SID_SYSTEM,
        person.n ? person.p : "", (unsigned)(open | NT_READ_CONTROL), (int)account.n, account.p);
}

/* W2, before the first pseudoconsole is made: conhost gets its descriptor from the token's default. */
static void plan_runner(struct acls *s)
{
    struct planner *p = s->p;
    struct op *op = planner_op(p, OP_ACCOUNT, (struct str){0}, s->account ? "the runner is started as it" : "your own account");

    if (s->account) {
        op->text = s->account->name;
        op->text2 = s->account->sid;
        op->source = s->group;
    }
    close_object(s, CLOSED_PROCESS, 0x1fffff, 0x101000, "commands cannot open it, nor be made its children");
    close_object(s, CLOSED_THREAD, 0x1fffff, 0x100800, "nor its threads");
    close_object(s, CLOSED_TOKEN, 0xf01ff, 0x8, "nor copy its token");
    close_object(s, CLOSED_JOB, 0x1f003f, 0x100004, "nor leave or change its job");
    /* Generic, since it is for objects of any kind. */
    op = planner_op(p, OP_RUNNER_CLOSED, (struct str){0}, "nor open the console host");
    op->text2 = STR(CLOSED_DEFAULT);
    op->text = arena_format(p->a, "D:(A;;0x10000000;;;%s)%s(A;;0x20000;;;%s)", SID_SYSTEM,
        s->account ? arena_format(p->a, "(A;;0x10000000;;;%.*s)", (int)s->w->person_sid.n, s->w->person_sid.p).p : "",
        SID_OWNER_RIGHTS);
}

/* Runner and commands are one logon, and have one folder of drive letters: who makes a C: there says which file the runner's next
 * program is. In the person's own logon it is the person's. */
static void plan_devices(struct acls *s)
{
    struct op *op;

    if (!s->account)
        return;
    op = planner_op(s->p, OP_RUNNER_CLOSED, (struct str){0}, "nor say what C: is for the runner");
    op->text2 = STR(CLOSED_DEVICES);
    op->on_failure = FAIL_SKIP;
    op->text = arena_format(s->p->a, "D:P(A;;0xf000f;;;%s)(A;;0x20003;;;%.*s)(A;;0x20003;;;%s)(A;;0x20003;;;%s)(A;;0x20000;;;%s)", SID_SYSTEM,
        (int)s->account->sid.n, s->account->sid.p, SID_LOGON, SID_EVERYONE, SID_OWNER_RIGHTS);
}

/* W4. What is left out: to change descriptors, to end the session, to record or play input, to switch to it. */
static void plan_station(struct acls *s)
{
    struct op *op = planner_op(s->p, OP_STATION, (struct str){0}, "windows, clipboard and input of its own, which nobody sees");

    op->text = STR("D:P(A;;0xf037f;;;" SID_SYSTEM ")(A;;0x2033f;;;" SID_LOGON ")(A;;0x20000;;;" SID_OWNER_RIGHTS ")");
    op->text2 = STR("D:P(A;;0xf01ff;;;" SID_SYSTEM ")(A;;0x200cf;;;" SID_LOGON ")(A;;0x20000;;;" SID_OWNER_RIGHTS ")");
}

static void plan_limit(struct acls *s, const char *name, uint64_t number, const char *why)
{
    struct op *op = planner_op(s->p, OP_JOB, (struct str){0}, why);

    op->text = str_from(name);
    op->number = number;
}

/* W3. A breakaway flag would be a way out, and a limit on user interface keeps jobs from nesting: neither is ever set. */
static void plan_job(struct acls *s)
{
    const struct policy *policy = s->p->policy;

    plan_limit(s, JOB_KILL_ON_CLOSE, 1, "all of it ends with Cordon; nothing may break away");
    if (policy->memory_mb > 0)
        plan_limit(s, JOB_MEMORY, policy->memory_mb << 20, "limit, in bytes");
    if (policy->processes > 0)
        plan_limit(s, JOB_PROCESSES, policy->processes, "limit");
    if (policy->cpu_percent > 0)
        plan_limit(s, JOB_CPU, policy->cpu_percent, "limit, in hundredths of one processor");
}

/* ---- the tier ---- */

enum plan_tier acls_tier(const struct policy *policy, const struct windows_host *w, const char **why)
{
    const struct account_fact *account = policy->net == NET_ONLINE ? &w->online : &w->offline;

    *why = NULL;
    if (!w->canary || w->wine) {
        *why = w->wine ? "Wine gives every program every right that you have" : "restricted tokens have no effect here";
        return TIER_UNENFORCED;
    }
    if (!w->set_up)
        *why = "cordon setup has not been run";
    else if (w->group_sid.n == 0 || !account->there)
        *why = "an account that setup made is gone";
    else if (!account->enabled)
        *why = "the account is disabled";
    else if (!account->ready)
        *why = "the account's password is gone, or the programs that setup copied are of another version";
    else if (policy->net != NET_ONLINE && !w->network_verified)
        *why = "the network block of the offline account could not be read back";
    return *why ? TIER_UNELEVATED : TIER_SET_UP;
}

/* Whoever is judged and named by what is no SID would be nobody. */
static bool are_sids(struct acls *s)
{
    const struct str sids[] = {s->w->person_sid, s->account ? s->account->sid : s->w->person_sid, s->account ? s->group : s->w->person_sid};
    struct sid sid;

    for (size_t i = 0; i < COUNT_OF(sids); i++)
        if (!sid_parse(sids[i], &sid))
            return acls_refuse(s, ERR_SYSTEM, "an account has no SID", (struct str){0}, "what would be refused to it would be refused to nobody",
                "Run: cordon repair.");
    return true;
}

static bool plan_tier(struct acls *s)
{
    struct planner *p = s->p;
    const struct windows_host *w = s->w;
    const char *why;

    s->tier = p->plan->tier = acls_tier(p->policy, w, &why);
    if (s->tier == TIER_UNENFORCED) {
        if (!planner_accepts(p, PART_ENFORCEMENT))
            return acls_refuse(s, ERR_UNSUPPORTED, NOT_HELD, (struct str){0}, why,
                "Use Windows itself, or look around with --not-enforced: nothing would be held.");
        planner_partial(p, "NOT ENFORCED: %s", why);
    } else if (s->tier == TIER_UNELEVATED) {
        if (w->set_up && !planner_accepts(p, PART_UNELEVATED))
            return acls_refuse(s, ERR_UNSUPPORTED, "setup was done, and does not hold any more", (struct str){0}, why,
                "Run: cordon repair. To go on with less, accept it: --accept unelevated.");
        planner_partial(p, "network and desktop advisory, secrets readable");
        planner_partial(p, "what you may delete by a right on its folder can be deleted from inside, in any folder of yours");
        planner_partial(p, "a program of yours that is asked from inside (COM, a scheduled task, a share, by its token or thread) writes as you");
        planner_note(p, "%s: programs run as yourself, with a token that writes in fewer places", why);
        planner_note(p, "programs that talk to themselves by a named pipe that has no descriptor of its own (ninja is one) may fail");
    } else {
        s->account = p->policy->net == NET_ONLINE ? &w->online : &w->offline;
        s->group = w->group_sid;
    }
    if (w->elevated && !planner_accepts(p, PART_ELEVATED))
        return acls_refuse(s, ERR_REFUSED, "Cordon runs elevated", (struct str){0},
            "what it starts by mistake would be an administrator's", "Start it without \"Run as administrator\".");
    return s->tier == TIER_UNENFORCED || are_sids(s);
}

/* W5, and what nobody closed. */
static void plan_remarks(struct acls *s)
{
    struct planner *p = s->p;
    const struct windows_host *w = s->w;

    for (size_t i = 0; i < w->open_services.n && s->tier == TIER_SET_UP && p->plan->new_network; i++)
        planner_partial(p, "offline, but a service carries data out for whoever asks: %s",
            text_printable_once(p->a, w->open_services.v[i]).p);
    for (size_t i = 0; i < w->setup_without.n && s->tier == TIER_SET_UP; i++)
        planner_partial(p, "setup went on without %s", text_printable_once(p->a, w->setup_without.v[i]).p);
    for (size_t i = 0; i < w->everyone_writable.n; i++)
        if (w->weak == WEAK_EVERYONE && !acls_root_of(s, w->everyone_writable.v[i]))
            planner_partial(p, "anybody may write in %s, and so may what runs inside",
                planner_show(p, w->everyone_writable.v[i]).p);
    for (size_t i = 0; i < w->volume_count; i++) { /* a stick with FAT: no token is refused anything there */
        const struct volume_fact *v = &w->volumes[i];
        if (!v->acls && !v->remote && !v->substituted && v->type.n && !str_is(v->type, "CDFS"))
            planner_partial(p, "%s keeps no permissions (%s): what runs inside reads and writes all of it", planner_show(p, v->root).p,
                text_printable(p->a, v->type).p);
    }
    /* W1: the account's own SID is in every session's restricting list. */
    if (s->account)
        planner_partial(p, "what a program inside leaves in %s's own profile and registry, its later sessions obey, in other workspaces too",
            text_printable(p->a, s->account->name).p);
    if (w->everyone_incomplete && w->weak == WEAK_EVERYONE)
        planner_partial(p, "the search for folders that anybody may write was not finished");
    if (w->session_0)
        planner_partial(p, "this is session 0 (a service's, or a remote shell's), no desktop's: programs may not begin (0xC0000142)");
    for (size_t i = 0; i < w->store_shells.n; i++)
        planner_note(p, "%s comes from the Store and cannot be started inside", text_printable(p->a, w->store_shells.v[i]).p);
    if (p->policy->workspace.n == 0)
        planner_note(p, "there is no workspace: nothing of yours is writable");
    if (p->policy->hardlinks == HARDLINKS_RECORD)
        planner_note(p, "\"hardlinks\": \"record\" changes nothing on Windows: a file with two names keeps its own permissions");
    planner_note(p, "a link made in .git from inside is not refused: git outside would write through it");
}

void acls_questions(struct arena *a, const struct places *places, const struct path_env *env, const struct host *host,
    struct texts *out)
{
    for (size_t i = 0; i < places->n; i++) {
        struct str path = places->v[i].path;
        if (places->v[i].kind == PLACE_TEMP)
            *(struct str *)ARENA_PUSH(a, out) = path;
        /* Every folder above a root, or between it and what lies in it. */
        while ((places->v[i].kind == PLACE_ROOT || places->v[i].kind == PLACE_TEMP || places->v[i].root.n > 0) &&
               path_depth(env->system, path) > 1) {
            path = arena_str(a, path_parent(env->system, path));
            *(struct str *)ARENA_PUSH(a, out) = path;
        }
    }
    acls_grant_questions(a, env, host, out);
}

bool acls_plan(struct planner *p)
{
    struct acls s = {.p = p, .w = p->host->windows};

    if (!s.w)
        return err_set(p->e, ERR_BUG, "nothing is known of this Windows machine");
    if (!plan_tier(&s) || !acls_files(&s))
        return false;
    plan_runner(&s);
    plan_devices(&s);
    plan_station(&s);
    if (!plan_token(&s))
        return false;
    plan_job(&s);
    acls_environment(&s);
    plan_remarks(&s);
    return true;
}
