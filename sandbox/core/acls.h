/*
 * acls: what a policy comes to on Windows: entries in access control lists, the token, the job, the window station.
 *
 * Pure: policy and facts in, ops out (plan_build asks here when env->system is PATH_WINDOWS). Rule numbers W1 to W10 are those
 * of docs/windows.md. An edge does the ops in order, those on one path together where it comes to the first (deny entries then
 * stand before allow entries all the same). Those of the person (OP_OWNER, OP_GUARD_NAME, OP_ACE) it enters in the ledger
 * (store.h) first, whose entries_back is the way back; an OP_ACE with inheritable flags it then carries down by walk.h, since nothing
 * else propagates (W10). Those of
 * the runner (OP_ACCOUNT to OP_JOB) go over as frames: OP_ACCOUNT says as whom it is started, and it looks whether it is.
 */
#ifndef CORDON_ACLS_H
#define CORDON_ACLS_H

#include "access.h"
#include "plan.h"

/* What a writable root is granted: read, write, run; and DELETE to what lies in it, never FILE_DELETE_CHILD, which would reach
 * past a deny entry on a child. */
#define ACLS_WRITE (NT_FILE_GENERIC_READ | NT_FILE_GENERIC_WRITE | NT_FILE_GENERIC_EXECUTE)
#define ACLS_READ  (NT_FILE_GENERIC_READ | NT_FILE_GENERIC_EXECUTE)
/* Of a folder on the way to one that is granted: its attributes, and to pass through. */
#define ACLS_PASS  NT_FILE_GENERIC_EXECUTE
/* W8: exactly these. Copying FILE_GENERIC_WRITE into a deny would take SYNCHRONIZE and READ_CONTROL with it, and reads fail. */
#define ACLS_DENY                                                                                                     \
    (NT_FILE_WRITE_DATA | NT_FILE_APPEND_DATA | NT_FILE_WRITE_EA | NT_FILE_WRITE_ATTRIBUTES | NT_FILE_DELETE_CHILD | \
        NT_DELETE | NT_WRITE_DAC | NT_WRITE_OWNER)
#define ACLS_SECRET (ACLS_DENY | NT_FILE_READ_DATA | NT_FILE_READ_EA | NT_FILE_EXECUTE)
/* Of a folder between a root and a protected path, and of the root: it stays where it is, and this entry with it. */
#define ACLS_HELD (NT_DELETE | NT_FILE_DELETE_CHILD | NT_WRITE_DAC | NT_WRITE_OWNER)

/* DISABLE_MAX_PRIVILEGE | LUA_TOKEN | WRITE_RESTRICTED */
#define ACLS_TOKEN_FLAGS      0x0du
#define ACLS_WRITE_RESTRICTED 0x08u
/* A token with hundreds of them is refused by the system (1344); each also costs every access check. */
#define ACLS_RESTRICT_MAX 64

/* OP_ACE: number. */
enum acls_ace {
    ACE_PUT,  /* the entry in text is there afterwards */
    ACE_TAKE, /* the entry in text is gone afterwards: no rule asks for it any more. Only while no other session of the person
                 has a root open that path lies in, or that lies in path: terminals do not take from one another. An entry that
                 is inherited goes by the same text, with its flag: what a folder elsewhere handed down */
};

/* OP_OWNER: number. */
enum acls_owner {
    OWNER_BY_PERSON, /* the person may take it */
    OWNER_BY_SETUP,  /* the person may not: `cordon repair` does it, elevated */
};

/* OP_RUNNER_CLOSED: text2 says whose descriptor text is. "default": the default DACL of the runner's token, for conhost. Handles
 * that the runner needs later (its own token, to copy) it opens before: it is closed to itself as well. */
#define CLOSED_PROCESS "process"
#define CLOSED_THREAD  "thread"
#define CLOSED_TOKEN   "token"
#define CLOSED_JOB     "job"
#define CLOSED_DEFAULT "default"
/* The logon's own drive letters, \?? of the object manager: they are looked up before the machine's, in the runner as well. A note and
 * a part of the tier where it cannot be closed. */
#define CLOSED_DEVICES "devices"

/* OP_JOB: text. No breakaway flag and no UI limits are ever set (W3). */
#define JOB_KILL_ON_CLOSE "kill-on-close" /* number 1 */
#define JOB_MEMORY        "memory"        /* number: bytes of the whole job */
#define JOB_PROCESSES     "processes"     /* number: active processes */
#define JOB_CPU           "cpu"           /* number: hundredths of one processor, as in the policy */

/* Parts that a policy's "partial" can accept on Windows. */
#define PART_ENFORCEMENT "enforcement" /* nothing is held: Wine, or a system that ignores restricted tokens */
#define PART_UNELEVATED  "unelevated"  /* setup was done and is broken; go on without it */
#define PART_ELEVATED    "elevated"    /* Cordon itself runs elevated */
#define PART_NAMES       "names"       /* a guard or a deny entry that cannot be put */
#define PART_HARDLINKS   "hardlinks"   /* a protected or secret file with a second name */

/* Which composition this machine carries, and why not more. Printable. */
enum plan_tier acls_tier(const struct policy *policy, const struct windows_host *w, const char **why);

/* The volume a path lies on, or NULL when nobody saw it. */
const struct volume_fact *acls_volume(const struct windows_host *w, const struct path_env *env, struct str path);
/* On a volume of this machine that was seen: a share, or a letter that stands for one or for who knows what, is not gone to by the person
 * for a path that may have been written inside: the server would get their answer to its challenge, and the path itself. */
bool acls_is_here(const struct windows_host *w, const struct path_env *env, struct str path);

/* What stands behind an op's path in a printed plan. */
void acls_print(struct buf *out, struct arena *a, const struct op *op);

/* The token that commands get by this plan, as far as it is known without asking Windows: for denial_evaluate. The logon SID in it is
 * SID_LOGON, which no entry on a disk is about. False: the plan is not one of Windows. */
bool acls_command_token(struct arena *a, const struct plan *plan, const struct host *host, struct token *out);

/* ---- for edges ---- */

enum acls_edit {
    EDIT_SAME,    /* d says it already: nothing is to be written */
    EDIT_CHANGED, /* d is as it must become */
    EDIT_REFUSED, /* d cannot be changed safely (its DACL is not in canonical order, is NULL, or holds more than fits) */
};
/* What an OP_ACE makes of an object's descriptor as it was read just now. folder: what is inherited by files and folders makes
 * no sense on a file, and those flags are left out. */
enum acls_edit acls_apply(struct arena *a, const struct op *op, bool folder, struct descriptor *d, struct err *e);

/* Does a step from one plan to another (plan_compare) open something up? For ops of Windows. */
bool acls_widens(const struct plan *before, const struct plan *after, const struct plan_change *c);

/* Is this entry one that Cordon writes for this person: about the account group or one of these write SIDs? What the walk may
 * replace, and what a lost ledger leaves to go by. (OWNER RIGHTS and the person's own entry anybody could have written.) */
struct acls_own {
    struct sid group; /* authority 0: none */
    const struct sid *write;
    size_t write_count;
};
bool acls_is_own(const struct acls_own *own, const struct ace *ace);

#endif
