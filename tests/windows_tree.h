/*
 * windows_tree: a Windows machine made up for tests: a tree of objects with descriptors, accounts, a policy; the facts that an
 * edge would see of it, and what the plan's entries come to on it.
 */
#ifndef CORDON_WINDOWS_TREE_H
#define CORDON_WINDOWS_TREE_H

#include "../sandbox/core/acls.h"
#include "../sandbox/core/places.h"
#include "../sandbox/core/rules.h"

#define PERSON  "S-1-5-21-1-2-3-1001"
#define GROUP   "S-1-5-21-1-2-3-1010"
#define OFFLINE "S-1-5-21-1-2-3-1011"
#define ONLINE  "S-1-5-21-1-2-3-1012"
#define WRITE_W "S-1-5-21-9-9-9-1"
#define WRITE_T "S-1-5-21-9-9-9-2"
#define WRITE_X "S-1-5-21-9-9-9-3"

struct object {
    struct str path;
    enum fact_kind kind;
    struct descriptor d;
    uint64_t links;
    bool reparse;
    const char *twin; /* the path of another name of the same file: they share one descriptor */
    const char *real; /* what its handle says, where that is not the path */
    uint64_t dev;     /* 0: 1 */
    bool odd;         /* its permissions are of its own making */
    bool made;        /* by Cordon, to hold the name */
};

struct tree {
    struct arena arena;
    struct policy policy;
    struct path_env env;
    struct facts facts;
    struct windows_host windows;
    struct {
        struct object *v;
        size_t n, cap;
    } objects;
    struct write_sid sids[8];
    struct plan plan;
    struct err err;
    bool odd; /* objects with odd permissions are made */
    struct texts denied; /* what a walk named as not held */
};

static inline uint32_t tree_fold(const void *table, uint32_t scalar)
{
    (void)table;
    return scalar >= 'a' && scalar <= 'z' ? scalar - 32 : scalar;
}

static inline struct object *tree_at(struct tree *t, struct str path)
{
    for (size_t i = 0; i < t->objects.n; i++)
        if (path_same(&t->env, t->objects.v[i].path, path))
            return &t->objects.v[i];
    return NULL;
}

static inline struct sid tree_sid(const char *text)
{
    struct sid sid = {0};

    (void)!sid_parse(str_from(text), &sid);
    return sid;
}

/* sddl NULL: what the folder above hands down. Folders above are there already. owner NULL: the person. */
static inline struct object *tree_add(struct tree *t, const char *path, enum fact_kind kind, const char *owner, const char *sddl)
{
    struct str name = arena_str(&t->arena, str_from(path));
    struct object *above = tree_at(t, path_parent(PATH_WINDOWS, name)), object = {.path = name, .kind = kind, .links = 1};
    struct sid who = tree_sid(owner ? owner : PERSON);
    struct descriptor asked = {0};
    struct err e = {0};

    if (tree_at(t, name))
        return tree_at(t, name);
    if (sddl && !sddl_parse(&t->arena, str_from(sddl), &asked, &e))
        return NULL;
    if (above)
        descriptor_inherit(&t->arena, &above->d, sddl ? &asked : NULL, kind == FACT_FOLDER, &who, &who, NULL, &object.d);
    else
        object.d = asked;
    if (!object.d.has_owner) {
        object.d.has_owner = true;
        object.d.owner = who;
    }
    *(struct object *)ARENA_PUSH(&t->arena, &t->objects) = object;
    return &t->objects.v[t->objects.n - 1];
}

static inline void tree_folder(struct tree *t, const char *path)
{
    tree_add(t, path, FACT_FOLDER, NULL, NULL);
}

static inline void tree_file(struct tree *t, const char *path)
{
    tree_add(t, path, FACT_FILE, NULL, NULL);
}

static inline struct rule *tree_rule(struct tree *t, enum rule_kind kind, const char *path, enum layer layer)
{
    struct rule *rule = ARENA_PUSH(&t->arena, &t->policy.rules);

    rule->id = (int)t->policy.rules.n;
    rule->kind = kind;
    rule->text = rule->path = arena_str(&t->arena, str_from(path));
    rule->anchored = path[1] == ':';
    rule->origin.layer = layer;
    rule->folder_rule = layer != LAYER_BUILTIN;
    if (layer == LAYER_BUILTIN)
        rule->reason = "on the list";
    return rule;
}

/* An ordinary person in C:\src\w, set up; nothing of Cordon's on the disk yet. */
static inline void tree_begin(struct tree *t)
{
    static struct volume_fact volumes[] = {{{"C:\\", 3}, {"NTFS", 4}, true, false, false, false},
        {{"F:\\", 3}, {"FAT32", 5}, false, false, false, true}, {{"N:\\", 3}, {"NTFS", 4}, true, true, false, false},
        {{"S:\\", 3}, {"NTFS", 4}, true, false, true, false}};
    struct host *h = &t->facts.host;
    struct windows_host *w = &t->windows;

    *t = (struct tree){0};
    h->home = STR("C:\\Users\\p");
    h->user = STR("p");
    h->config_dir = STR("C:\\Users\\p\\AppData\\Roaming\\cordon");
    h->state_dir = STR("C:\\Users\\p\\AppData\\Local\\cordon");
    h->session_dir = STR("C:\\Users\\p\\AppData\\Local\\cordon\\sessions\\s1");
    h->program_dir = STR("C:\\Program Files\\Cordon");
    h->path = STR("C:\\Windows\\System32;C:\\Users\\p\\.cargo\\bin");
    h->windows = w;
    t->env = (struct path_env){.system = PATH_WINDOWS, .home = h->home, .fold = {tree_fold, NULL}};
    w->build = 19045;
    w->canary = w->set_up = w->network_verified = true;
    w->person_sid = STR(PERSON);
    w->group_sid = STR(GROUP);
    w->offline = (struct account_fact){STR("CordonOffline"), STR(OFFLINE), STR("C:\\Users\\CordonOffline"), true, true, true};
    w->online = (struct account_fact){STR("CordonOnline"), STR(ONLINE), STR("C:\\Users\\CordonOnline"), true, true, true};
    w->temp_dir = STR("C:\\Users\\p\\AppData\\Local\\cordon-temp\\s1");
    w->windows_dir = STR("C:\\Windows");
    w->system_dir = STR("C:\\Windows\\System32");
    w->program_files = STR("C:\\Program Files");
    w->program_files_x86 = STR("C:\\Program Files (x86)");
    w->program_data = STR("C:\\ProgramData");
    w->roaming = STR("C:\\Users\\p\\AppData\\Roaming");
    w->local = STR("C:\\Users\\p\\AppData\\Local");
    w->public_dir = STR("C:\\Users\\Public");
    w->volumes = volumes;
    w->volume_count = COUNT_OF(volumes);
    t->sids[0] = (struct write_sid){STR("C:\\src\\w"), STR(WRITE_W)};
    t->sids[1] = (struct write_sid){w->temp_dir, STR(WRITE_T)};
    w->write_sids = t->sids;
    w->write_sid_count = 2;
    /* As Windows 10 leaves them. */
    tree_add(t, "C:\\", FACT_FOLDER, "S-1-5-80-1-2-3-4-5",
        "D:PAI(A;OICI;FA;;;BA)(A;OICI;FA;;;SY)(A;OICI;0x1200a9;;;BU)(A;OICIIO;0x1301bf;;;AU)(A;;0x4;;;AU)");
    tree_add(t, "C:\\Windows", FACT_FOLDER, "BA", "D:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)");
    tree_add(t, "C:\\Windows\\System32", FACT_FOLDER, "BA", NULL);
    tree_add(t, "C:\\Program Files", FACT_FOLDER, "BA",
        "D:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)(A;OICIIO;GA;;;CO)");
    tree_add(t, "C:\\Program Files\\Cordon", FACT_FOLDER, "BA", NULL);
    tree_add(t, "C:\\Users", FACT_FOLDER, "SY", "D:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)");
    tree_add(t, "C:\\Users\\p", FACT_FOLDER, PERSON, "D:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;" PERSON ")");
    tree_folder(t, "C:\\Users\\p\\AppData");
    tree_folder(t, "C:\\Users\\p\\AppData\\Local");
    tree_folder(t, "C:\\Users\\p\\AppData\\Local\\cordon");
    tree_folder(t, "C:\\Users\\p\\AppData\\Local\\cordon-temp");
    tree_folder(t, "C:\\Users\\p\\AppData\\Local\\cordon-temp\\s1");
    tree_folder(t, "C:\\Users\\p\\.ssh");
    tree_file(t, "C:\\Users\\p\\.ssh\\id");
    tree_folder(t, "C:\\Users\\p\\.cargo");
    tree_folder(t, "C:\\Users\\p\\.cargo\\bin");
    tree_file(t, "C:\\Users\\p\\.cargo\\bin\\cargo.exe");
    tree_file(t, "C:\\Users\\p\\.cargo\\credentials.toml");
    tree_file(t, "C:\\Users\\p\\.gitconfig");
    tree_folder(t, "C:\\src");
    tree_folder(t, "C:\\src\\w");
    tree_folder(t, "C:\\src\\w\\.git");
    tree_folder(t, "C:\\src\\w\\.git\\hooks");
    tree_file(t, "C:\\src\\w\\.git\\hooks\\pre-commit");
    tree_file(t, "C:\\src\\w\\.git\\config");
    tree_file(t, "C:\\src\\w\\.git\\index");
    tree_folder(t, "C:\\src\\w\\.git\\objects");
    tree_folder(t, "C:\\src\\w\\.vscode");
    tree_file(t, "C:\\src\\w\\.vscode\\tasks.json");
    tree_folder(t, "C:\\src\\w\\a");
    tree_folder(t, "C:\\src\\w\\a\\b");
    tree_file(t, "C:\\src\\w\\a\\b\\f.c");
    tree_file(t, "C:\\src\\w\\f.c");
    tree_folder(t, "C:\\src\\other");
    tree_file(t, "C:\\src\\other\\f.c");
    t->policy.workspace = STR("C:\\src\\w");
    tree_rule(t, RULE_PROTECT, ".git", LAYER_BUILTIN);
    tree_rule(t, RULE_PROTECT, ".codex", LAYER_BUILTIN);
    tree_rule(t, RULE_PROTECT, ".vscode", LAYER_BUILTIN)->optional = true;
    tree_rule(t, RULE_PROTECT, ".idea", LAYER_BUILTIN)->optional = true;
    tree_rule(t, RULE_SECRET, "C:\\Users\\p\\.ssh", LAYER_BUILTIN)->optional = true;
    tree_rule(t, RULE_SECRET, "C:\\Users\\p\\.cargo\\credentials.toml", LAYER_BUILTIN)->optional = true;
}

static inline void tree_unelevated(struct tree *t)
{
    t->windows.set_up = false;
    t->windows.group_sid = (struct str){0};
    t->windows.offline = t->windows.online = (struct account_fact){0};
}

static inline void tree_look(struct tree *t)
{
    struct texts questions = {0};

    plan_questions(&t->arena, &t->policy, &t->env, &t->facts, &questions);
    t->facts.n = 0;
    for (size_t i = 0; i < questions.n; i++) {
        struct fact *f = ARENA_PUSH(&t->arena, &t->facts);
        struct object *o = tree_at(t, questions.v[i]);
        struct buf bytes = {0};
        *f = (struct fact){.path = questions.v[i], .kind = o ? o->kind : FACT_MISSING, .dev = 1};
        if (!o)
            continue;
        f->real = o->path;
        f->real_kind = o->kind;
        f->links = o->links;
        f->reparse = o->reparse;
        f->placeholder = o->made;
        f->ino = (uint64_t)(o - t->objects.v) + 1;
        descriptor_encode(&o->d, &bytes);
        f->descriptor = arena_str(&t->arena, buf_view(&bytes));
        buf_release(&bytes);
    }
}

static inline bool tree_plan(struct tree *t)
{
    t->err = (struct err){0};
    t->plan = (struct plan){0};
    tree_look(t);
    return plan_build(&t->arena, &t->policy, &t->env, &t->facts, &t->plan, &t->err);
}

/* What a system that propagates does after a change: every object has its own explicit entries and those of the folder above. */
static inline void tree_propagate(struct tree *t)
{
    for (size_t i = 0; i < t->objects.n; i++) {
        struct object *o = &t->objects.v[i], *above = tree_at(t, path_parent(PATH_WINDOWS, o->path));
        struct descriptor now, own = o->d;
        if (!above || above == o || o->d.dacl_protected || !o->d.has_dacl)
            continue;
        descriptor_inherit(&t->arena, &above->d, &own, o->kind == FACT_FOLDER, &o->d.owner, &o->d.owner, NULL, &now);
        o->d.dacl = now.dacl;
    }
}

/* Does the ops; false when one cannot be done. */
static inline bool tree_apply(struct tree *t)
{
    for (size_t i = 0; i < t->plan.n; i++) {
        const struct op *op = &t->plan.v[i];
        struct object *o = op->path.n > 0 ? tree_at(t, op->path) : NULL;
        struct err e = {0};
        if (op->kind == OP_OWNER && o && op->number == OWNER_BY_PERSON)
            o->d.owner = tree_sid(op->text.p);
        else if (op->kind == OP_GUARD_NAME && !tree_add(t, op->path.p, op->number ? FACT_FILE : FACT_FOLDER, NULL, op->text.p))
            return false;
        else if (op->kind == OP_ACE && (!o || acls_apply(&t->arena, op, o->kind == FACT_FOLDER, &o->d, &e) == EDIT_REFUSED))
            return false;
        tree_propagate(t);
    }
    return true;
}

/* The token that commands get by this plan: account, group, what every logon has, and the restricting list. */
static inline struct token tree_token(struct tree *t)
{
    static const char *const groups[] = {SID_EVERYONE, SID_AUTHENTICATED, SID_USERS, SID_INTERACTIVE, SID_LOGON};
    struct token token = {.integrity = 0x2000, .write_restricted = true};
    bool account = false;

    token.groups = arena_alloc(&t->arena, COUNT_OF(groups) + 1, sizeof *token.groups);
    token.restricting = arena_alloc(&t->arena, t->plan.n + 1, sizeof *token.restricting);
    for (size_t i = 0; i < COUNT_OF(groups); i++)
        token.groups[token.group_count++] = (struct token_group){tree_sid(groups[i]), GROUP_ENABLED};
    token.user = tree_sid(PERSON);
    for (size_t i = 0; i < t->plan.n; i++) {
        const struct op *op = &t->plan.v[i];
        if (op->kind == OP_ACCOUNT && op->text2.n > 0) {
            account = sid_parse(op->text2, &token.user);
            token.groups[token.group_count++] = (struct token_group){tree_sid(GROUP), GROUP_ENABLED};
        } else if (op->kind == OP_RESTRICT) {
            token.restricting_count += sid_parse(op->text, &token.restricting[token.restricting_count]);
        }
    }
    (void)account;
    return token;
}

static inline bool tree_may(const struct token *token, const struct object *o, uint32_t rights)
{
    struct access_result r;

    access_check(token, &o->d, &access_file, rights, &r);
    return r.granted;
}

/* As NTFS asks: a name is removed by a right on the object, or by one on the folder. */
static inline bool tree_may_delete(struct tree *t, const struct token *token, const struct object *o)
{
    struct object *above = tree_at(t, path_parent(PATH_WINDOWS, o->path));

    return tree_may(token, o, NT_DELETE) || (above && above != o && tree_may(token, above, NT_FILE_DELETE_CHILD));
}

static inline void tree_end(struct tree *t)
{
    arena_release(&t->arena);
}

#endif
