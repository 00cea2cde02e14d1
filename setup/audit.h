/*
 * audit: what Windows logged about refusals, as records of denials: events of the Security log (EvtRenderEventXml), and drops of
 * the Windows Filtering Platform. The witness's edge hands both over; everything is decided here, without a system.
 *
 * Events hold what a sandboxed program chose (names of files, its own path): parsed strictly, bounded, and never taken for more
 * than they say. What they do not say:
 *  - the network's events of the Security log name a process and no account: they count only where the filter that dropped is one
 *    of Cordon's, which match nobody but the sandbox's accounts; drops of the platform's own subscription name an account and an
 *    image, and no process;
 *  - a creation that is refused names the folder alone (DENIAL_IN_FOLDER);
 *  - a handle that was asked for with MAXIMUM_ALLOWED is not refused while anything is granted: what the program then lacked is
 *    not logged (DENIAL_MAXIMUM, where the whole was refused);
 *  - the log can be rolled over by a flood of events: AUDIT_LOST, and what came before may be missing.
 *
 * Sources: the Win32 and Windows security documentation's pages of the events by number, "Audit File System", "Audit Handle
 * Manipulation", "Auditing and Logging" of the Filtering Platform. 4663 and 4690 are logged for successes alone, 5154, 5156 and
 * 5158 for what was permitted: they are read and are no denials.
 */
#ifndef CORDON_AUDIT_H
#define CORDON_AUDIT_H

#include "../sandbox/core/access.h"
#include "../sandbox/core/denial.h"

enum audit_kind {
    AUDIT_OTHER,   /* not about a refusal, or of an event that is not known here */
    AUDIT_OBJECT,  /* 4656: a handle to an object was refused */
    AUDIT_PACKET,  /* 5152 */
    AUDIT_LISTEN,  /* 5155 */
    AUDIT_CONNECT, /* 5157 */
    AUDIT_BIND,    /* 5159 */
    AUDIT_LOST,    /* 1101, 1102, 1104, 1105: events were dropped, the log was cleared, or it is full */
};

struct audit_event {
    enum audit_kind kind;
    unsigned id;
    uint64_t time_ms, record; /* record: EventRecordID */
    uint64_t pid;             /* 0: it does not say */
    struct str program;       /* as it stands there: a path, perhaps of a device; none */
    /* an object: */
    bool has_subject;
    struct sid subject;
    uint64_t logon;
    struct str type, object; /* "File", and its name */
    uint32_t mask;           /* what was asked for */
    uint32_t refused;        /* those of them that the event says were refused; all where it does not say */
    unsigned restricting;    /* RestrictedSidCount */
    /* the network: */
    bool inbound;
    struct str source, destination; /* addresses, no brackets; none where there is none */
    unsigned source_port, destination_port, protocol;
    uint64_t filter; /* run-time id; 0: it does not say */
};

/* False: it is no event, or one that is known and damaged. Texts may point into xml. */
bool audit_parse(struct arena *a, struct str xml, struct audit_event *out, struct err *e);

/* A drop that the platform's own subscription told of (FWPM_NET_EVENT_HEADER1, FWPM_NET_EVENT_CLASSIFY_DROP1). */
enum audit_drop_flags { /* FWPM_NET_EVENT_FLAG_*_SET */
    DROP_PROTOCOL = 0x01,
    DROP_LOCAL = 0x02,
    DROP_REMOTE = 0x04,
    DROP_LOCAL_PORT = 0x08,
    DROP_REMOTE_PORT = 0x10,
    DROP_APP = 0x20,
    DROP_USER = 0x40,
    DROP_VERSION = 0x100,
};
struct audit_drop {
    uint64_t filetime; /* 100 ns since 1601 */
    uint32_t flags;
    bool v6, inbound;
    uint32_t local4, remote4; /* in the order of the host, as they are told */
    unsigned char local6[16], remote6[16];
    unsigned local_port, remote_port, protocol;
    struct str app; /* path of a device */
    struct sid user;
    uint64_t filter;
};
/* False: it does not say whose it is, or where to. */
bool audit_from_drop(struct arena *a, const struct audit_drop *drop, struct audit_event *out);

/* "\Device\HarddiskVolume3" is "C:". */
struct audit_device {
    struct str device, drive;
};

/* What the witness knows of the machine and of the session that it tells about. */
struct audit_view {
    const struct sid *accounts; /* the sandbox's */
    size_t account_count;
    const uint64_t *logons; /* SubjectLogonId of the sessions; none: every logon of those accounts */
    size_t logon_count;
    const uint64_t *filters; /* run-time ids of Cordon's filters */
    size_t filter_count;
    const struct audit_device *devices;
    size_t device_count;
};

bool audit_is_ours(const struct audit_view *view, const struct audit_event *e);

enum audit_folder { AUDIT_FOLDER_UNKNOWN, AUDIT_IS_FOLDER, AUDIT_IS_FILE };

/* False: no denial of ours. folder: whether the object is one, as far as the caller could tell. rule and remedy stay empty:
 * they come from the policy. */
bool audit_denial(struct arena *a, const struct audit_view *view, const struct audit_event *e, enum audit_folder folder,
    struct denial *out);

/* The query for EvtSubscribe: failures of these accounts, and drops of these filters. False: too many for one query. */
#define AUDIT_QUERY_TERMS_MAX 20
bool audit_query(struct buf *out, const struct audit_view *view);

/* How many records a second are passed on; what is above is counted. Zeroed is ready. */
#define AUDIT_BURST      500
#define AUDIT_PER_SECOND 100
struct audit_pace {
    uint64_t since_ms, tokens, lost;
    bool begun;
};
bool audit_pace(struct audit_pace *p, uint64_t now_ms);

#endif
