/*
 * machine: what the edges of cordon-setup share. Each kind of step has a look, a make and an undo in one of *_windows.c; look reads
 * the system itself, never what setup remembers, and says LOOK_UNKNOWN where it cannot.
 */
#ifndef CORDON_MACHINE_H
#define CORDON_MACHINE_H

#include "setup.h"
#include "../sandbox/win32.h"
#include "../sandbox/core/errors.h"
#include "../sandbox/credentials.h"

/* Calls of netapi32, which is not among the libraries that Windows maps before it looks into a program's own folder: it is loaded
 * from System32 by name, so that nobody plants another beside an unpacked cordon-setup. */
struct netapi {
    DWORD(WINAPI *user_add)(LPCWSTR, DWORD, BYTE *, DWORD *);
    DWORD(WINAPI *user_get)(LPCWSTR, LPCWSTR, DWORD, BYTE **);
    DWORD(WINAPI *user_set)(LPCWSTR, LPCWSTR, DWORD, BYTE *, DWORD *); /* raises an exception under Wine */
    DWORD(WINAPI *user_delete)(LPCWSTR, LPCWSTR);
    DWORD(WINAPI *group_add)(LPCWSTR, DWORD, BYTE *, DWORD *);
    DWORD(WINAPI *group_delete)(LPCWSTR, LPCWSTR);
    DWORD(WINAPI *members_get)(LPCWSTR, LPCWSTR, DWORD, BYTE **, DWORD, DWORD *, DWORD *, DWORD_PTR *);
    DWORD(WINAPI *member_add)(LPCWSTR, LPCWSTR, DWORD, BYTE *, DWORD);
    DWORD(WINAPI *member_delete)(LPCWSTR, LPCWSTR, DWORD, BYTE *, DWORD);
    DWORD(WINAPI *release)(void *);
};
bool netapi_find(struct netapi *out); /* all of them, or none */

struct machine {
    struct arena arena;
    struct netapi net;
    const struct setup_options *options;
    struct setup_facts facts;
    struct ledger ledger;
    bool ledger_spoilt;        /* there, and not understood */
    struct passwords passwords; /* only while accounts are being made; wiped */
    enum { PASSWORD_UNKNOWN, PASSWORD_NEW, PASSWORD_SET } password[2]; /* offline, online; new: the account does not have it yet */
    enum { KEPT_UNTRIED, KEPT_FIT, KEPT_REFUSED } kept; /* are the passwords that are kept those of the accounts? Tried once */
    struct str own[2];          /* their SIDs, as they were when setup began: of the ledger, else of the account */
    struct str ledger_path, credentials_path, person_dir;
    struct buf report;         /* what was said; kept for the shell that waits */
    struct str failed;         /* with --json: the error that ended it */
    struct texts left;         /* what uninstall could not take back */
    bool programs_later;       /* uninstall: those in use go at the next start of Windows */
    bool undoing;              /* uninstall: what Cordon never changed, and what stays for others, counts as gone */
};

/* Always false: fills e with code's row of errors.c. */
bool fail_at(struct err *e, DWORD code, enum error_stage stage, struct str subject, const char *format, ...) BASE_PRINTF(5, 6);

/* What is no step is said as a line (setup_windows.c); with --json it is not. */
void say_note(struct machine *m, const char *format, ...) BASE_PRINTF(2, 3);

/* ---- rights_windows.c: privileges, SIDs, descriptors ---- */

bool privilege_enable(const wchar_t *name); /* false also when the token does not hold it */
bool caller_sid_of(struct arena *a, struct str *sid);
bool token_elevated(void);
PSID sid_from(struct arena *a, struct str text); /* in the arena; NULL */
struct str sid_as_text(struct arena *a, PSID sid);
struct str name_of_sid(struct arena *a, struct str sid); /* without its domain; none */
bool sid_is_nobodys(struct arena *a, struct str sid);    /* Windows knows no account of it; false also where it cannot tell */
bool sid_of_name(struct arena *a, struct str name, struct str *sid, SID_NAME_USE *use); /* of this machine alone */
/* A self-relative descriptor as LocalAlloc'ed by the system; NULL with the last error. */
PSECURITY_DESCRIPTOR descriptor_from(struct str sddl);
/* Owner, group and DACL of an open object, decoded. */
bool descriptor_of(struct arena *a, HANDLE h, struct descriptor *out, DWORD *code);
/* Sets parts by handle, propagating nothing. */
bool descriptor_set(struct arena *a, HANDLE h, const struct descriptor *d, SECURITY_INFORMATION parts, DWORD *code);
bool acl_has(const struct acl *list, const struct ace *ace);
bool acl_remove(struct acl *list, const struct ace *ace);
/* The ACE of a step's text, with the group's SID where its name stands. */
bool step_ace(struct machine *m, const struct setup_step *s, struct ace *out, struct err *e);

/* ---- place_windows.c: folders, programs, ledger ---- */

enum setup_look folders_look(struct machine *m, const struct setup_step *s);
bool folders_make(struct machine *m, const struct setup_step *s, struct err *e);
bool folders_undo(struct machine *m, const struct setup_step *s, struct err *e);
enum setup_look programs_look(struct machine *m, const struct setup_step *s);
bool programs_make(struct machine *m, const struct setup_step *s, struct err *e);
bool programs_undo(struct machine *m, const struct setup_step *s, struct err *e);
enum setup_look ledger_look(struct machine *m, const struct setup_step *s);
bool ledger_make(struct machine *m, const struct setup_step *s, struct err *e);
bool ledger_undo(struct machine *m, const struct setup_step *s, struct err *e);
enum setup_look commit_look(struct machine *m, const struct setup_step *s);
bool commit_make(struct machine *m, const struct setup_step *s, struct err *e);
bool commit_undo(struct machine *m, const struct setup_step *s, struct err *e);
void ledger_load(struct machine *m);
bool ledger_save(struct machine *m, struct err *e); /* nothing while there is no ledger yet */
/* A new file of that name with that descriptor and those bytes, put in place in one step. */
bool file_write_as(struct str path, struct str sddl, struct str bytes, struct err *e);
bool file_read_whole(struct arena *a, struct str path, size_t ceiling, struct str *out, DWORD *code);
bool file_is_as(struct arena *a, struct str path, struct str sddl);
enum setup_look folder_look(struct str path, struct str sddl);
bool folder_empty(struct str path);
bool folder_make(struct str path, struct str sddl, struct err *e); /* one that is there is mended */
bool place_mend(struct str path, struct str sddl, struct err *e);  /* a folder or file that is there; it must be an administrator's */
/* The descriptor that a folder had before setup, into the ledger; and back, where it stays since others' things are in it. */
void folder_note(struct machine *m, enum setup_kind kind, struct str path, struct str sddl);
void folder_restore(struct machine *m, enum setup_kind kind, struct str path);

/* ---- account_windows.c, rights of accounts, profiles ---- */

enum setup_look account_look(struct machine *m, const struct setup_step *s);
bool account_make(struct machine *m, const struct setup_step *s, struct err *e);
bool account_undo(struct machine *m, const struct setup_step *s, struct err *e);
enum setup_look disabled_look(struct machine *m, const struct setup_step *s);
bool disabled_make(struct machine *m, const struct setup_step *s, struct err *e);
enum setup_look enabled_look(struct machine *m, const struct setup_step *s);
bool enabled_make(struct machine *m, const struct setup_step *s, struct err *e);
enum setup_look group_look(struct machine *m, const struct setup_step *s);
bool group_make(struct machine *m, const struct setup_step *s, struct err *e);
bool group_undo(struct machine *m, const struct setup_step *s, struct err *e);
enum setup_look member_look(struct machine *m, const struct setup_step *s);
bool member_make(struct machine *m, const struct setup_step *s, struct err *e);
bool member_undo(struct machine *m, const struct setup_step *s, struct err *e);
bool in_group(struct machine *m, struct str sid, struct str group);
bool group_change(struct machine *m, struct str group, struct str sid, bool add, struct err *e); /* any member of any local group */
/* The SID of Cordon's account of that name: as the ledger has it, whatever is called so now, and whether it is there or not. */
struct str own_sid(struct machine *m, struct str name);
void account_facts(struct machine *m, struct setup_account *u);
void group_facts(struct machine *m);

/* ---- logon_windows.c: denied rights, the sign-in screen, profiles, what runs as an account ---- */

enum setup_look right_look(struct machine *m, const struct setup_step *s);
bool right_make(struct machine *m, const struct setup_step *s, struct err *e);
bool right_undo(struct machine *m, const struct setup_step *s, struct err *e);
enum setup_look hidden_look(struct machine *m, const struct setup_step *s);
bool hidden_make(struct machine *m, const struct setup_step *s, struct err *e);
bool hidden_undo(struct machine *m, const struct setup_step *s, struct err *e);
enum setup_look profile_look(struct machine *m, const struct setup_step *s);
bool profile_make(struct machine *m, const struct setup_step *s, struct err *e);
bool profile_undo(struct machine *m, const struct setup_step *s, struct err *e);
enum setup_look ended_look(struct machine *m, const struct setup_step *s);
bool ended_make(struct machine *m, const struct setup_step *s, struct err *e);
unsigned rights_of(struct machine *m, struct str sid);
void account_remains(struct machine *m, struct str old, struct str now); /* of one that somebody removed: its rights and profile go too */
bool logon_is_denied(struct machine *m); /* does a policy keep local accounts out? */
struct str user_of_process(struct machine *m, DWORD id); /* SID; none. Needs an administrator for other users' */

/* ---- network_windows.c, firewall_windows.c ---- */

enum setup_look filters_look(struct machine *m, const struct setup_step *s);
bool filters_make(struct machine *m, const struct setup_step *s, struct err *e);
bool filters_undo(struct machine *m, const struct setup_step *s, struct err *e);
enum setup_look rule_look(struct machine *m, const struct setup_step *s);
bool rule_make(struct machine *m, const struct setup_step *s, struct err *e);
bool rule_undo(struct machine *m, const struct setup_step *s, struct err *e);
void firewall_facts(struct machine *m);

/* ---- entries_windows.c, audit_windows.c: entries in what is Windows' own ---- */

enum setup_look com_look(struct machine *m, const struct setup_step *s);
bool com_make(struct machine *m, const struct setup_step *s, struct err *e);
bool com_undo(struct machine *m, const struct setup_step *s, struct err *e);
enum setup_look execute_look(struct machine *m, const struct setup_step *s);
bool execute_make(struct machine *m, const struct setup_step *s, struct err *e);
bool execute_undo(struct machine *m, const struct setup_step *s, struct err *e);
void entries_facts(struct machine *m);
enum setup_look audit_look(struct machine *m, const struct setup_step *s);
bool audit_make(struct machine *m, const struct setup_step *s, struct err *e);
bool audit_undo(struct machine *m, const struct setup_step *s, struct err *e);
enum setup_look sacl_look(struct machine *m, const struct setup_step *s);
bool sacl_make(struct machine *m, const struct setup_step *s, struct err *e);
bool sacl_undo(struct machine *m, const struct setup_step *s, struct err *e);
void audit_facts(struct machine *m);

/* ---- give_windows.c ---- */

bool give(struct machine *m, struct str path, struct err *e); /* makes the person the owner of a folder and what is in it */

/* ---- service_windows.c ---- */

enum setup_service service_state(const wchar_t *name);
/* The account with this SID may subscribe to the filtering platform's events, or no longer (drops_windows.c). Read back. */
enum setup_look drops_look(struct machine *m, struct str sid); /* may it listen? UNKNOWN without elevation */
bool drops_let(struct machine *m, struct str sid, bool add, struct err *e);
enum setup_look witness_look(struct machine *m, const struct setup_step *s);
bool witness_make(struct machine *m, const struct setup_step *s, struct err *e);
bool witness_undo(struct machine *m, const struct setup_step *s, struct err *e);

/* ---- look_windows.c: all facts; passwords_windows.c: their step ---- */

void machine_look(struct machine *m);
enum setup_look passwords_look(struct machine *m, const struct setup_step *s);
bool passwords_make(struct machine *m, const struct setup_step *s, struct err *e);
bool passwords_undo(struct machine *m, const struct setup_step *s, struct err *e);
bool passwords_have(struct machine *m, struct err *e); /* into m->passwords */

/* The ledger's entry of a step. */
struct ledger_entry *entry_of(struct machine *m, const struct setup_step *s);
struct str account_sid(struct machine *m, struct str name); /* as it is now; none */

#endif
