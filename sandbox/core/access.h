/*
 * access: Windows' access check as plain C: may this token do that to an object with this descriptor, and if not, which pass
 * failed, which entry decided, and what would change it.
 *
 * Pure. The write-restricted second pass is the first pass run again over the restricting SIDs, for the rights that write.
 * Sources: MS-DTYP 2.5.3.2 (access check), "Restricted Tokens" and CreateRestrictedToken of the Win32 documentation. What no
 * independent implementation could be asked is listed in docs/windows.md as unproven until doctor ran on a real machine.
 */
#ifndef CORDON_ACCESS_H
#define CORDON_ACCESS_H

#include "nt.h"

enum group_flags {
    GROUP_ENABLED = 1,
    GROUP_DENY_ONLY = 2, /* matches deny entries alone */
    GROUP_OWNER = 4,
    GROUP_LOGON = 8,
};

struct token_group {
    struct sid sid;
    unsigned flags; /* enum group_flags */
};

struct token {
    struct sid user;
    bool user_deny_only;
    struct token_group *groups;
    size_t group_count;
    struct sid *restricting;
    size_t restricting_count;
    bool write_restricted; /* the second pass is for rights that write alone; else for all */
    uint32_t integrity;    /* the last number of S-1-16-N: 0x2000 is medium; 0: not looked at */
    bool security, take_ownership; /* privileges that are enabled */
    bool backup, restore;          /* the same, and the access asks for them (FILE_FLAG_BACKUP_SEMANTICS) */
};

/* What the four generic rights mean for a kind of object. */
struct access_mapping {
    uint32_t read, write, execute, all;
};
extern const struct access_mapping access_file, access_registry_key, access_process;
uint32_t access_map(const struct access_mapping *mapping, uint32_t rights); /* generic rights replaced by what they mean */

/*
 * The rights for which the second pass of a write-restricted token is made: those that write to every kind of object, and
 * what GENERIC_WRITE means for this kind and neither GENERIC_READ nor GENERIC_EXECUTE does.
 *
 * The documentation says "when evaluating write access" (CreateRestrictedToken, WRITE_RESTRICTED) and not which rights those
 * are. This set is what public observation agrees with: that GENERIC_WRITE's mapping is looked at (Forshaw, Windows Security
 * Internals, listing 7-21), that DELETE needs a restricting SID (openai/codex pull requests 10897 and 31138), and that
 * FILE_DELETE_CHILD of a folder does not (openai/codex issue 32915): whoever has that right on a folder by the first pass
 * alone deletes what is in it. Not proven until doctor has answered right by right on a real machine.
 */
#define ACCESS_WRITES_ANYWHERE (NT_DELETE | NT_WRITE_DAC | NT_WRITE_OWNER | NT_ACCESS_SYSTEM_SECURITY)
uint32_t access_writes(const struct access_mapping *mapping);

enum access_pass {
    PASS_NONE,
    PASS_LABEL,      /* the mandatory label */
    PASS_PRIVILEGE,  /* a right that no entry can grant */
    PASS_IDENTITY,   /* the first pass: user and groups */
    PASS_RESTRICTED, /* the second: the restricting SIDs */
};

/* What a verdict stands on that no other implementation could be asked about, a bit each: unproven on Windows until the system
 * itself was asked there (access_compare, which doctor tells of). */
enum access_unproven {
    UNPROVEN_SCOPE = 1,  /* which rights of a write-restricted token have a second pass */
    UNPROVEN_OWNER = 2,  /* what the owner may whatever the list says, in the second pass */
    UNPROVEN_NULL = 4,   /* no list at all, in the second pass */
    UNPROVEN_LABEL = 8,  /* what a label refuses */
    UNPROVEN_INTENT = 16 /* what backup and restore intent give */
};

struct access_result {
    bool granted;           /* all that was asked for, and something was; of MAXIMUM_ALLOWED: anything at all */
    bool known;             /* false: an entry of a kind that is only carried along could have decided */
    uint32_t rights;        /* what was asked for, mapped; or all that is allowed, for MAXIMUM_ALLOWED */
    uint32_t missing;       /* which of them are refused */
    unsigned unproven;      /* enum access_unproven: it would be another if that were otherwise */
    enum access_pass pass;  /* the first pass that refused */
    const struct ace *ace;  /* the deny entry that decided; NULL: no entry grants it */
    size_t ace_number;      /* its place in the DACL, from 0 */
};

/* desired may hold generic rights and MAXIMUM_ALLOWED. */
void access_check(const struct token *t, const struct descriptor *d, const struct access_mapping *mapping, uint32_t desired,
    struct access_result *out);
/* For people, printable: "refused: no entry grants WRITE_DATA to a restricting SID (the write SID of ...)", and the smallest
 * change that would turn it; what of it is unproven is said at the end. name: what a SID is called here, or NULL. */
void access_explain(struct buf *out, struct arena *a, const struct token *t, const struct descriptor *d,
    const struct access_result *r, struct str (*name)(const void *context, const struct sid *sid), const void *context);
/* "WRITE_DATA | DELETE". */
struct str access_rights_text(struct arena *a, uint32_t rights);

#endif
