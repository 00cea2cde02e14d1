/*
 * nt: the words of Windows' access control as plain data: SIDs, ACEs, DACLs, security descriptors, and both ways in which they
 * are written: SDDL, and the bytes of a self-relative descriptor.
 *
 * Pure. What decides whether a token may do something is in access.h; which entries Cordon writes is in acls.h. Bytes that come
 * from a disk are hostile: every length is checked, and what is not understood is refused rather than passed over.
 * Sources: MS-DTYP 2.4 (SID, ACE, ACL, SECURITY_DESCRIPTOR) and 2.5.1 (SDDL).
 */
#ifndef CORDON_NT_H
#define CORDON_NT_H

#include "core.h"

/* ---- SIDs ---- */

#define SID_SUB_MAX  15
#define SID_TEXT_MAX 192 /* "S-1-" and all its numbers */

struct sid {
    uint8_t count;      /* sub-authorities; at most SID_SUB_MAX */
    uint64_t authority; /* 48 bits */
    uint32_t sub[SID_SUB_MAX];
};

bool sid_parse(struct str text, struct sid *out); /* "S-1-5-32-544", or an alias of SDDL such as "BA"; all of the text */
struct str sid_text(struct arena *a, const struct sid *sid);
bool sid_same(const struct sid *x, const struct sid *y);
/* The SID at the start of bytes, as Windows lays it out; how many of them it takes, or 0. */
size_t sid_from_bytes(struct str bytes, struct sid *out);
/* A write SID: S-1-5-21-a-b-c-d from 16 random bytes of a CSPRNG. Below no machine's and no domain's own. */
struct sid sid_from_random(const unsigned char bytes[16]);

/* Well known. SID_LOGON stands, in a plan, for the logon SID of the session, which only the runner knows. */
#define SID_EVERYONE         "S-1-1-0"
#define SID_CREATOR_OWNER    "S-1-3-0"
#define SID_CREATOR_GROUP    "S-1-3-1"
#define SID_OWNER_RIGHTS     "S-1-3-4"
#define SID_LOGON            "S-1-5-5-0-0"
#define SID_AUTHENTICATED    "S-1-5-11"
#define SID_INTERACTIVE      "S-1-5-4"
#define SID_SYSTEM           "S-1-5-18"
#define SID_WRITE_RESTRICTED "S-1-5-33"
#define SID_ADMINISTRATORS   "S-1-5-32-544"
#define SID_USERS            "S-1-5-32-545"

/* ---- rights ---- */

#define NT_FILE_READ_DATA        0x00000001u /* of a folder: list */
#define NT_FILE_WRITE_DATA       0x00000002u /* of a folder: add a file */
#define NT_FILE_APPEND_DATA      0x00000004u /* of a folder: add a folder */
#define NT_FILE_READ_EA          0x00000008u
#define NT_FILE_WRITE_EA         0x00000010u
#define NT_FILE_EXECUTE          0x00000020u /* of a folder: traverse */
#define NT_FILE_DELETE_CHILD     0x00000040u
#define NT_FILE_READ_ATTRIBUTES  0x00000080u
#define NT_FILE_WRITE_ATTRIBUTES 0x00000100u
#define NT_DELETE                0x00010000u
#define NT_READ_CONTROL          0x00020000u
#define NT_WRITE_DAC             0x00040000u
#define NT_WRITE_OWNER           0x00080000u
#define NT_SYNCHRONIZE           0x00100000u
#define NT_ACCESS_SYSTEM_SECURITY 0x01000000u
#define NT_MAXIMUM_ALLOWED       0x02000000u
#define NT_GENERIC_ALL           0x10000000u
#define NT_GENERIC_EXECUTE       0x20000000u
#define NT_GENERIC_WRITE         0x40000000u
#define NT_GENERIC_READ          0x80000000u
#define NT_FILE_GENERIC_READ     0x00120089u
#define NT_FILE_GENERIC_WRITE    0x00120116u
#define NT_FILE_GENERIC_EXECUTE  0x001200a0u
#define NT_FILE_ALL_ACCESS       0x001f01ffu

/* ---- ACEs, ACLs, descriptors ---- */

enum ace_type { ACE_ALLOW = 0, ACE_DENY = 1, ACE_AUDIT = 2, ACE_LABEL = 0x11 };

enum ace_flags {
    ACE_OBJECT_INHERIT = 0x01,
    ACE_CONTAINER_INHERIT = 0x02,
    ACE_NO_PROPAGATE = 0x04,
    ACE_INHERIT_ONLY = 0x08,
    ACE_INHERITED = 0x10,
    ACE_AUDIT_SUCCESS = 0x40,
    ACE_AUDIT_FAILURE = 0x80,
};

struct ace {
    uint8_t type; /* enum ace_type, or one that is only carried along: see opaque */
    uint8_t flags;
    uint32_t mask;
    struct sid sid;    /* all zero where opaque is there */
    struct str opaque; /* an ACE of another type (object, callback, ...), whole, as its bytes; else none. It is kept where it
                          stands, and an access that it could decide is not claimed to be known. type, flags and mask are
                          then what its own bytes say: to change them, change those. */
};

struct acl {
    struct ace *v;
    size_t n, cap;
};

struct descriptor {
    bool has_owner, has_group;
    struct sid owner, group;
    bool has_dacl;       /* false: no DACL was asked for, or it is NULL: everything is granted (see null_dacl) */
    bool null_dacl;      /* there is one, and it is NULL; has_dacl is false then */
    bool dacl_protected; /* P */
    bool dacl_auto_inherited; /* AI */
    struct acl dacl;
    bool has_sacl, sacl_protected, sacl_auto_inherited;
    struct acl sacl;
};

#define ACL_BYTES_MAX        65535 /* what the size field of an ACL can say */
#define SDDL_BYTES_MAX       ((size_t)1 << 20)
#define DESCRIPTOR_BYTES_MAX ((size_t)256 << 10)

/* SDDL. The whole text must be understood; err names the place (column). An opaque ACE is written and read as "(#" and its
 * bytes in hex ")", which is for Cordon's own store: the system does not read it. */
bool sddl_parse(struct arena *a, struct str text, struct descriptor *out, struct err *e);
bool sddl_parse_ace(struct arena *a, struct str text, struct ace *out, struct err *e); /* "(A;OICI;FA;;;WD)" */
/* Numbers for masks and SIDs throughout ("0x1301bf", "S-1-1-0"), so that one text means one thing everywhere. */
struct str sddl_text(struct arena *a, const struct descriptor *d);
struct str sddl_ace_text(struct arena *a, const struct ace *ace);

/* Self-relative bytes, as GetSecurityInfo's descriptor has them. What only says how a part came about (defaulted, auto-inherit
 * requested, the resource manager's byte) is not kept. */
bool descriptor_decode(struct arena *a, struct str bytes, struct descriptor *out, struct err *e);
/* False when an ACL would be over ACL_BYTES_MAX. */
bool descriptor_encode(const struct descriptor *d, struct buf *out);

/* One ACE, whole: bytes.n is the size that it says of itself. The opaque one points into the bytes. */
bool ace_from_bytes(struct str bytes, struct ace *out);

bool ace_same(const struct ace *x, const struct ace *y); /* type, flags, mask, SID, or all bytes of an opaque one */
/* Explicit deny, explicit allow, then what was inherited as it stands: where a new explicit entry belongs (MS-DTYP; "canonical
 * order"). False, and nothing done, when the list is not in that order already. */
bool acl_insert(struct arena *a, struct acl *acl, const struct ace *ace);
bool acl_is_canonical(const struct acl *acl);

/* What a new child of a folder gets (inherit.c; MS-DTYP 2.5.3.4, CreateSecurityDescriptor): the parent's inheritable entries,
 * or, where there are none for such a child, default_dacl of the creator's token (NULL: no DACL). explicit_: what the creator
 * asked for, or NULL. */
void descriptor_inherit(struct arena *a, const struct descriptor *parent, const struct descriptor *explicit_, bool container,
    const struct sid *owner, const struct sid *group, const struct acl *default_dacl, struct descriptor *out);

#endif
