/*
 * acls_plan: what the files behind acls.h share. Private to acls.c, acls_files.c, acls_old.c and acls_grants.c.
 */
#ifndef CORDON_ACLS_PLAN_H
#define CORDON_ACLS_PLAN_H

#include "acls.h"
#include "mounts.h"

/* A writable root that gets its entries. */
struct acls_root {
    const struct place *place;
    struct str path, sid; /* its write SID */
};

struct acls {
    struct planner *p;
    const struct windows_host *w;
    enum plan_tier tier;
    const struct account_fact *account; /* as whom the runner is started; NULL: the person's own */
    struct str group;                   /* the account group's SID; none where there is no account */
    struct {
        struct acls_root *v;
        size_t n, cap;
    } roots;
    struct path_table held; /* folders that were given their entries already */
};

/* An entry on what was seen there, its identity checked; without inheritance where it is a file. The SID and the mask make the text. */
struct op *acls_entry_on(struct acls *s, const struct fact *fact, bool allow, unsigned flags, uint32_t mask, struct str sid,
    const char *why);
/* A part is lacking: partial where the policy accepts it, else refused. */
bool acls_lacks(struct acls *s, const char *part, struct str path, const char *what);
bool acls_refuse(
    struct acls *s, enum err_kind kind, const char *what, struct str path, const char *reason, const char *remedy);
/* What was seen of the permissions there; false: nothing that can be judged. */
bool acls_seen(struct acls *s, const struct fact *fact, struct descriptor *out);
/* The account's own token without any restriction (or the person's, where there is no account), as far as it is known. */
void acls_identity(struct acls *s, struct token *out);
/* The token that commands get, with the write SIDs of these roots alone. */
void acls_token(struct acls *s, struct token *out);
const struct acls_root *acls_root_of(const struct acls *s, struct str path);

struct str acls_write_sid(const struct acls *s, struct str path); /* of that root; none */

bool acls_files(struct acls *s);      /* acls_files.c: roots, protected and secret paths */
void acls_take_old(struct acls *s);   /* acls_old.c: entries of before that nothing asks for */
void acls_grants(struct acls *s);     /* acls_grants.c: what the account must read besides */
void acls_environment(struct acls *s); /* acls_grants.c */
void acls_grant_questions(struct arena *a, const struct path_env *env, const struct host *host, struct texts *out);

#endif
