/*
 * setup_plan: what cordon-setup does to a Windows machine, as data: from what is there to ordered steps, each with its inverse;
 * the filters and firewall rules in full; the same backwards for uninstall; printed before anybody is asked to elevate.
 *
 * Pure. The order never leaves an open moment: an account exists disabled until the block of its network was read back, and an
 * enabled one whose block is not whole is disabled first. What is as wanted already is a step that is done. The commit record
 * comes last, so that a setup that was interrupted is seen as such and is taken up where it stopped.
 */
#ifndef CORDON_SETUP_PLAN_H
#define CORDON_SETUP_PLAN_H

#include "nt.h"

#define SETUP_NAME_MAX  20 /* of a local account, by the SAM */
#define SETUP_BUILD_MIN 17763
#define SETUP_GUID_TEXT 39 /* "{8-4-4-4-12}" and its NUL */

/* Ports of loopback that the offline account may use: the system's dynamic range, and Cordon's own proxy (rule W6). */
#define SETUP_PROXY_LOW    48620u
#define SETUP_PROXY_HIGH   48635u
#define SETUP_DYNAMIC_LOW  49152u
#define SETUP_DYNAMIC_HIGH 65535u

/* ---- what there is to do ---- */

enum setup_kind {
    SETUP_DISABLE,      /* subject: an account that is enabled although its block is not whole */
    SETUP_FOLDERS,      /* subject: ProgramData\Cordon; text: SDDL; text2: SDDL of the person's own folder in it */
    SETUP_LEDGER,       /* subject: the ledger; text: SDDL */
    SETUP_PROGRAMS,     /* subject: Program Files\Cordon; text: SDDL; source: from where */
    SETUP_GROUP,        /* subject: name */
    SETUP_CREDENTIALS,  /* subject: their file; text: SDDL */
    SETUP_ACCOUNT,      /* subject: name; number: its flags, disabled among them */
    SETUP_MEMBER,       /* subject: account; text: name or SID of a group */
    SETUP_RIGHT,        /* subject: account; text: the right that denies */
    SETUP_HIDDEN,       /* subject: account */
    SETUP_PROFILE,      /* subject: account */
    SETUP_FILTERS,      /* all of setup_plan.filters, in one transaction; subject: the account */
    SETUP_RULE,         /* subject: a rule's name; number: its place in setup_plan.rules */
    SETUP_COM,          /* subject: a value below HKLM\SOFTWARE\Microsoft\Ole; text: ACE */
    SETUP_EXECUTE,      /* subject: a program's path; text: ACE */
    SETUP_AUDIT_POLICY, /* subject: GUID of a subcategory */
    SETUP_AUDIT_SACL,   /* subject: "File"; text: ACE of the global SACL */
    SETUP_WITNESS,      /* subject: the service */
    SETUP_VERIFY,       /* everything above read back; subject: what of it */
    SETUP_ENABLE,       /* subject: account */
    SETUP_COMMIT,       /* subject: the ledger */
    SETUP_END,          /* uninstall only: what runs as the account is ended */
    SETUP_RESIDUE,      /* uninstall only: looks for what is left, and says it */
    SETUP_KIND_COUNT
};

/* ---- facts ---- */

enum setup_look {
    LOOK_UNKNOWN, /* cannot be seen without elevation, or at all */
    LOOK_MISSING,
    LOOK_DIFFERS, /* there, and not as wanted */
    LOOK_WHOLE,
};

enum setup_service { SERVICE_IS_UNKNOWN, SERVICE_IS_ABSENT, SERVICE_IS_DISABLED, SERVICE_IS_STOPPED, SERVICE_IS_RUNNING };

/* The logon rights that an account of Cordon's is denied; a bit each, in this order. */
#define SETUP_RIGHTS 4
extern const char *const setup_rights[SETUP_RIGHTS];

struct setup_account {
    struct str name, sid;  /* sid: none while it is not there */
    bool there;
    bool ours;             /* the ledger says that Cordon made it, for this person */
    bool noted;            /* the ledger names it: what goes with it may be left, although it is gone itself */
    bool enabled, locked, expired, flags_right;
    bool in_users, in_group, in_admins;
    unsigned rights;       /* bits of setup_rights that are denied to it */
    enum setup_look hidden, profile;
};

struct setup_path {
    struct str path;
    enum setup_look look; /* LOOK_MISSING: the entry is; what is not there at all is not in the list */
};

/* A line of the ledger, as what takes it back is told of it. */
struct setup_noted {
    enum setup_kind kind;
    struct str subject, text;
};

struct setup_facts {
    uint32_t build;
    bool wine, elevated, domain_controller;
    struct str person_sid; /* whose Cordon it is */
    struct str caller_sid; /* of the token that setup runs with; another when an administrator typed the password */
    struct setup_account offline, online;
    struct {
        struct str name, sid;
        bool there, ours, noted;
    } group;
    enum setup_look credentials; /* DIFFERS: there, and cannot be decrypted */
    enum setup_service seclogon, firewall, filtering; /* seclogon, MpsSvc, BFE */
    bool firewall_looked;
    unsigned firewall_off;       /* bits: profiles that are switched off: 1 domain, 2 private, 4 public */
    bool firewall_merges;        /* local rules count; a domain policy can say that they do not */
    bool logon_denied;           /* a policy keeps local accounts from logging on */
    enum setup_look filters, rules;
    bool audit_wanted, witness_wanted;
    bool crash_on_audit_fail, log_overwrites, audit_looked;
    enum setup_look audit_policy, audit_sacl, witness; /* witness: the person's own */
    struct str witness_other; /* there is one, and it tells somebody else: who; a machine has one, and it is let be */
    enum setup_look com_launch, com_access; /* UNKNOWN also where Windows has no such value: its default is not guessed */
    struct setup_path *wsl;
    size_t wsl_count;
    struct str program_source, program_dir, data_dir; /* data_dir: ProgramData\Cordon */
    bool source_writable;        /* the programs lie where sandboxed programs may write */
    enum setup_look programs, folders;
    enum setup_look ledger;      /* DIFFERS: cannot be read, or of another version */
    bool committed;
    struct setup_noted *noted;   /* all of the ledger */
    size_t noted_count;
    bool numbered;               /* the names have a number, since others have those without one */
    bool others;                 /* another person's Cordon is on this machine: what both use stays */
    struct volume_fact *volumes; /* of the system, ProgramData and the person's roots */
    size_t volume_count;
};

/* ---- steps ---- */

enum setup_state {
    STEP_MAKE, /* is to be made */
    STEP_MEND, /* is there, and not as wanted */
    STEP_LOOK, /* cannot be seen from here: setup looks, and makes or mends it */
    STEP_DONE, /* is as wanted */
};

enum setup_fail {
    SETUP_STOP,    /* setup ends, takes back what this run did, and nothing is enabled */
    SETUP_DEGRADE, /* goes on; part names what is then missing in the tier */
};

struct setup_step {
    enum setup_kind kind;
    enum setup_state state;
    enum setup_fail fail;
    const char *part;
    struct str subject, text, text2, source;
    uint32_t number;
    const char *why;
};

/* What takes a step back, in words: never NULL. */
const char *setup_inverse(enum setup_kind kind);
const char *setup_kind_name(enum setup_kind kind); /* "account" */
bool setup_changes(enum setup_kind kind);          /* it does something to the machine */
/* "make the local group", as a line of the plan begins before its subject; undo: of the way back. */
const char *setup_words(enum setup_kind kind, bool undo);
const char *setup_right_words(struct str right); /* "over the network" */

/* ---- the network's block (setup_network.c) ---- */

enum setup_layer {
    LAYER_CONNECT_V4, LAYER_CONNECT_V6, LAYER_LISTEN_V4, LAYER_LISTEN_V6, LAYER_ACCEPT_V4, LAYER_ACCEPT_V6,
    LAYER_ASSIGN_V4, LAYER_ASSIGN_V6, LAYER_COUNT
};

enum setup_field {
    FIELD_USER,        /* text: SDDL; an access check of the connecting token for FWP_ACTRL_MATCH_FILTER */
    FIELD_LOOPBACK,    /* the flag that both ends are this machine's */
    FIELD_PROTOCOL,    /* low..high */
    FIELD_LOCAL_PORT,  /* low..high */
    FIELD_REMOTE_PORT, /* low..high */
    FIELD_LOCAL_LOOP,  /* the local address is 127.0.0.0/8, or ::1 */
    FIELD_REMOTE_LOOP,
    FIELD_COUNT
};

/* Conditions of one field are alternatives, those of different fields must all hold (the filter engine's own rule). */
struct setup_condition {
    enum setup_field field;
    uint32_t low, high;
    struct str text;
};

#define SETUP_CONDITIONS_MAX 6
#define SETUP_FILTERS_MAX    16

struct setup_filter {
    char key[SETUP_GUID_TEXT];
    enum setup_layer layer;
    bool permit;
    uint64_t weight;    /* explicit; higher is asked first */
    bool clear_right;   /* of a block: no other sublayer turns it into a permit */
    const char *name;
    struct setup_condition conditions[SETUP_CONDITIONS_MAX];
    size_t condition_count;
};

struct setup_rule {
    struct str name;       /* unique: has the account's SID in it */
    bool inbound;
    int protocol;          /* 256: any; set before the ports */
    const char *addresses; /* remote, as the firewall takes them */
    struct str ports;      /* remote (local where inbound); none: all */
    struct str user;       /* SDDL */
    const char *what;
};

#define SETUP_RULES 4

/* Fixed keys of Cordon's own; the filters' hold the account's RID besides, so that two people's do not collide. */
extern const char setup_provider[], setup_sublayer[];
#define SETUP_SUBLAYER_WEIGHT 0xF000u

extern const char *const setup_layer_names[LAYER_COUNT], *const setup_layer_keys[LAYER_COUNT], *const setup_field_keys[FIELD_COUNT];
/* "{8-4-4-4-12}" as a GUID lies in memory: the first three numbers little-endian. */
bool setup_guid(struct str text, unsigned char out[16]);

/* account: its SID. Returns how many; 0 when it is no SID of a local account. */
size_t setup_filters(struct arena *a, struct str account, struct setup_filter out[SETUP_FILTERS_MAX]);
bool setup_rules(struct arena *a, struct str account, struct setup_rule out[SETUP_RULES]);

/* Would the filters let this through? For tests, and for what :why says about a port of loopback. */
struct setup_flow {
    enum setup_layer layer;
    bool loopback;
    uint32_t protocol, local_port, remote_port;
};
bool setup_filters_permit(const struct setup_filter *v, size_t n, const struct setup_flow *flow);

/* ---- the plan ---- */

struct setup_plan {
    struct setup_step *v;
    size_t n, cap;
    struct texts blocked; /* why it cannot be done here, with what would help; empty: it can */
    struct texts notes;
    struct texts legend;  /* "S-1-5-18 is SYSTEM": who is meant by what is printed */
    struct setup_filter filters[SETUP_FILTERS_MAX];
    size_t filter_count;  /* 0 while the account has no SID */
    struct setup_rule rules[SETUP_RULES];
    size_t rule_count;
};

/* Never fails: what stands against it is in out->blocked. */
void setup_plan_build(struct arena *a, const struct setup_facts *facts, struct setup_plan *out);
/* The way back, for what is there. */
void setup_plan_undo(struct arena *a, const struct setup_facts *facts, struct setup_plan *out);
/* Is there anything to do? */
bool setup_plan_whole(const struct setup_plan *plan);

void setup_plan_print(struct buf *out, const struct setup_plan *plan, bool undo);
void setup_plan_json(struct buf *out, const struct setup_plan *plan, bool undo);

/* Which account a name is for one more person of this machine: nth 1 is the name itself, 2 "name-2"; cut to fit. */
struct str setup_name(struct arena *a, struct str name, unsigned nth);
bool setup_name_good(struct str name, struct err *e);
/* One whose Cordon this can be: a user of this machine or a domain, not a system's account. */
bool setup_person_good(struct str sid);

/* setup_trust.c: could a sandboxed program write what has this descriptor? Yes also where it cannot be told. group: SID, or none. */
bool setup_writable_inside(const struct descriptor *d, struct str group);
/* Is it as the text wants: owner, protection, and entry by entry? Inheritance flags count for folders alone. */
bool setup_descriptor_is(struct arena *a, const struct descriptor *d, struct str sddl, bool folder);

/* setup_tier.c: does the list refuse this to the SID, before anything is granted to anybody? */
bool setup_denies(const struct descriptor *d, struct str sid, uint32_t mask);
/* What a start says of what setup left: what carries data out for the offline account (rule W5), and what there is not. missing: as
 * the ledger has it; com, wsl: as they are now. */
void setup_tier(struct arena *a, const struct texts *missing, enum setup_look com, enum setup_look wsl, struct texts *open, struct texts *without);

/* May `repair PATH` make the person its owner? NULL: yes; else why not. path: by its handle. known: an account has the owner's SID;
 * ours: it is one of this person's sandbox accounts. */
struct setup_places {
    struct str windows, programs, programs_x86, data, profiles, profile; /* none: cannot be told, which refuses */
};
const char *setup_may_give(const struct setup_places *p, struct str path, struct str owner, bool known, bool ours);

/* SDDL of what setup makes. */
struct str setup_sddl_programs(struct arena *a);
struct str setup_sddl_data(struct arena *a);
struct str setup_sddl_person(struct arena *a, struct str person);
struct str setup_sddl_ledger(struct arena *a, struct str person);
struct str setup_sddl_credentials(struct arena *a, struct str person);
struct str setup_sddl_user(struct arena *a, struct str account); /* for FIELD_USER */

/* ---- passwords (setup_password.c) ---- */

#define SETUP_PASSWORD_LENGTH 48
/* From bytes of a CSPRNG, without favouring a character and with all four classes. False: the bytes did not suffice (ask for
 * others); out is then empty. out has SETUP_PASSWORD_LENGTH characters and a NUL. */
bool setup_password(const unsigned char *random, size_t n, char out[SETUP_PASSWORD_LENGTH + 1]);

#endif
