/*
 * account: the two local accounts and their group. An account is Cordon's when the ledger has its SID, never because of its name;
 * it is made disabled, with the password that lies sealed already, so that a crash in between leaves nothing that cannot be used.
 */
#include "machine.h"

#include <lm.h>

#define NAME_ROOM 64

bool netapi_find(struct netapi *out)
{
    const struct {
        const char *name;
        void *place;
    } calls[] = {{"NetUserAdd", &out->user_add}, {"NetUserGetInfo", &out->user_get}, {"NetUserSetInfo", &out->user_set},
        {"NetUserDel", &out->user_delete}, {"NetLocalGroupAdd", &out->group_add}, {"NetLocalGroupDel", &out->group_delete},
        {"NetLocalGroupGetMembers", &out->members_get}, {"NetLocalGroupAddMembers", &out->member_add},
        {"NetLocalGroupDelMembers", &out->member_delete}, {"NetApiBufferFree", &out->release}};

    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        void *found = win_function(L"netapi32.dll", calls[i].name);
        if (!found)
            return false;
        CopyMemory(calls[i].place, &found, sizeof found);
    }
    return true;
}

struct wide_name {
    wchar_t v[NAME_ROOM];
};

static bool wide_name(struct str s, struct wide_name *out)
{
    int n = s.n && s.n < NAME_ROOM ? MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, s.p, (int)s.n, out->v, NAME_ROOM - 1) : 0;

    if (n > 0)
        out->v[n] = 0;
    return n > 0;
}

/* Under Wine these exports raise an exception instead of answering. */
static bool can_change(struct str subject, struct err *e)
{
    return !win_is_wine() || fail_at(e, 0x80000100, STAGE_ACCOUNT, subject, "an account cannot be changed");
}

/* ---- what is there ---- */

struct seen {
    bool there, known; /* known: could be looked at whole */
    bool must_change;  /* its password has expired, or is to be changed at the next logon */
    DWORD flags, expires;
    struct str sid;
};

static void see(struct machine *m, struct str name, struct seen *out)
{
    struct wide_name wide;
    USER_INFO_4 *info = NULL;
    BYTE *bytes = NULL;
    NET_API_STATUS status;

    *out = (struct seen){0};
    if (!wide_name(name, &wide))
        return;
    status = m->net.user_get(NULL, wide.v, 4, &bytes);
    out->known = status == NERR_Success || status == NERR_UserNotFound;
    info = (USER_INFO_4 *)(void *)bytes;
    if (status == NERR_Success && info) {
        out->there = true;
        out->flags = info->usri4_flags;
        out->expires = info->usri4_acct_expires;
        out->must_change = info->usri4_password_expired != 0 || (out->flags & UF_PASSWORD_EXPIRED);
        out->sid = sid_as_text(&m->arena, info->usri4_user_sid);
        out->known = out->sid.n > 0;
    }
    if (bytes)
        m->net.release(bytes);
}

struct str account_sid(struct machine *m, struct str name)
{
    struct seen seen;

    see(m, name, &seen);
    return seen.sid;
}

static size_t which(const struct machine *m, struct str name)
{
    return str_eq(name, m->facts.offline.name) ? 0 : 1;
}

static bool is_ours(const struct machine *m, enum setup_kind kind, struct str name, struct str sid)
{
    bool nameless;
    return ledger_owns(&m->ledger, kind, name, sid, &nameless);
}

static bool is_nameless(const struct machine *m, enum setup_kind kind, struct str name, struct str sid)
{
    bool nameless;
    return ledger_owns(&m->ledger, kind, name, sid, &nameless) && nameless;
}

struct str own_sid(struct machine *m, struct str name)
{
    struct str sid = ledger_sid(&m->ledger, SETUP_ACCOUNT, name), now;

    if (sid.n)
        return sid;
    now = account_sid(m, name);
    return is_ours(m, SETUP_ACCOUNT, name, now) ? now : m->undoing ? m->own[which(m, name)] : (struct str){0};
}


static bool is_admin(struct machine *m, struct str sid)
{
    struct str admins = name_of_sid(&m->arena, STR(SID_ADMINISTRATORS));
    return admins.n && in_group(m, sid, admins);
}

#define WANTED_FLAGS (UF_DONT_EXPIRE_PASSWD | UF_PASSWD_CANT_CHANGE | UF_NORMAL_ACCOUNT)

void account_facts(struct machine *m, struct setup_account *u)
{
    struct seen seen;
    struct setup_step step = {.subject = u->name};

    u->noted = ledger_find(&m->ledger, SETUP_ACCOUNT, u->name, (struct str){0}) != NULL;
    m->own[which(m, u->name)] = own_sid(m, u->name);
    see(m, u->name, &seen);
    u->there = seen.there;
    if (!seen.there)
        return;
    u->sid = seen.sid;
    u->ours = is_ours(m, SETUP_ACCOUNT, u->name, seen.sid);
    u->enabled = !(seen.flags & UF_ACCOUNTDISABLE);
    u->locked = (seen.flags & UF_LOCKOUT) != 0;
    u->expired = seen.expires != TIMEQ_FOREVER;
    u->flags_right = (seen.flags & WANTED_FLAGS) == WANTED_FLAGS && !seen.must_change;
    u->in_admins = is_admin(m, seen.sid);
    u->in_users = in_group(m, seen.sid, name_of_sid(&m->arena, STR(SID_USERS)));
    u->in_group = in_group(m, seen.sid, m->facts.group.name);
    u->rights = rights_of(m, seen.sid);
    u->hidden = hidden_look(m, &step);
    u->profile = profile_look(m, &step);
}

/* ---- the account ---- */

/* By its SID, under whatever name: it may have been renamed, or another made in its place. */
static enum setup_look look_for_removal(struct machine *m, struct str name)
{
    struct str sid = own_sid(m, name), called = name_of_sid(&m->arena, sid);
    struct seen seen;

    if (!sid.n || sid_is_nobodys(&m->arena, sid))
        return LOOK_MISSING;
    see(m, called, &seen); /* what translates names may remember one that is gone */
    return !called.n || !seen.known ? LOOK_UNKNOWN : seen.there && str_eq(seen.sid, sid) ? LOOK_WHOLE : LOOK_MISSING;
}

enum setup_look account_look(struct machine *m, const struct setup_step *s)
{
    size_t i = which(m, s->subject);
    struct seen seen;
    bool right;

    if (m->undoing)
        return look_for_removal(m, s->subject);
    see(m, s->subject, &seen);
    if (!seen.known)
        return LOOK_UNKNOWN;
    if (!seen.there)
        return LOOK_MISSING;
    if (!is_ours(m, SETUP_ACCOUNT, s->subject, seen.sid))
        return LOOK_UNKNOWN; /* a stranger's: nothing may follow */
    right = (seen.flags & WANTED_FLAGS) == WANTED_FLAGS && !(seen.flags & UF_LOCKOUT) && !seen.must_change && seen.expires == TIMEQ_FOREVER;
    /* One that was left disabled, or whose SID was not noted, is what a crash left: it gets the password that is kept. */
    if (m->password[i] == PASSWORD_NEW || (m->password[i] == PASSWORD_UNKNOWN && (seen.flags & UF_ACCOUNTDISABLE)) ||
        is_nameless(m, SETUP_ACCOUNT, s->subject, seen.sid))
        right = false;
    return right ? LOOK_WHOLE : LOOK_DIFFERS;
}

static const char *password_of(const struct machine *m, const struct setup_step *s)
{
    return which(m, s->subject) == 0 ? m->passwords.offline : m->passwords.online;
}

static void widen_password(const char *password, wchar_t out[SETUP_PASSWORD_LENGTH + 1])
{
    for (size_t i = 0; i <= SETUP_PASSWORD_LENGTH; i++)
        out[i] = (unsigned char)password[i];
}

static NET_API_STATUS set_level(struct machine *m, const wchar_t *name, DWORD level, void *value)
{
    return m->net.user_set(NULL, name, level, value, NULL);
}

/* Every flag again, not the password alone: what somebody switched off is what repair is for. */
static NET_API_STATUS mend(struct machine *m, const wchar_t *name, wchar_t *password, DWORD flags)
{
    USER_INFO_1003 secret = {password};
    USER_INFO_1008 bits = {flags};
    USER_INFO_1017 expires = {TIMEQ_FOREVER};
    NET_API_STATUS status = set_level(m, name, 1008, &bits); /* without UF_LOCKOUT it is unlocked */

    if (status == NERR_Success)
        status = set_level(m, name, 1017, &expires);
    if (status == NERR_Success)
        status = set_level(m, name, 1003, &secret);
    return status;
}

static NET_API_STATUS add(struct machine *m, wchar_t *name, wchar_t *password, DWORD flags)
{
    wchar_t comment[] = L"Cordon: what runs in a sandboxed terminal runs as this account";
    USER_INFO_1 info = {.usri1_name = name,
        .usri1_password = password,
        .usri1_priv = USER_PRIV_USER,
        .usri1_comment = comment,
        .usri1_flags = flags};

    return m->net.user_add(NULL, 1, (BYTE *)&info, NULL);
}

static bool note_sid(struct machine *m, const struct setup_step *s, struct str sid, struct err *e)
{
    struct ledger_entry entry = {.kind = s->kind, .subject = s->subject, .after = sid};

    if (!sid.n)
        return err_set(e, ERR_SYSTEM, "what was just made cannot be found");
    ledger_put(&m->arena, &m->ledger, &entry);
    return ledger_save(m, e);
}

bool account_make(struct machine *m, const struct setup_step *s, struct err *e)
{
    size_t i = which(m, s->subject);
    struct seen seen;
    struct wide_name name;
    wchar_t password[SETUP_PASSWORD_LENGTH + 1];
    NET_API_STATUS status;

    see(m, s->subject, &seen);
    if (!seen.known || (seen.there && !is_ours(m, SETUP_ACCOUNT, s->subject, seen.sid)))
        return fail_at(e, NERR_UserExists, STAGE_ACCOUNT, s->subject, "an account is not taken over");
    if (!wide_name(s->subject, &name) || !passwords_have(m, e))
        return err_set(e, ERR_SYSTEM, "there is no password for the account");
    if (seen.there && !can_change(s->subject, e))
        return false;
    widen_password(password_of(m, s), password);
    status = seen.there ? mend(m, name.v, password, s->number) : add(m, name.v, password, s->number);
    SecureZeroMemory(password, sizeof password);
    if (status != NERR_Success) {
        struct err unsaved = {0};
        if (!ledger_sid(&m->ledger, s->kind, s->subject).n) { /* it was not made, and nothing of that name is Cordon's */
            ledger_drop(&m->ledger, s->kind, s->subject, (struct str){0});
            ledger_save(m, &unsaved);
        }
        return fail_at(e, status, STAGE_ACCOUNT, s->subject, seen.there ? "an account cannot be mended" : "an account cannot be made");
    }
    account_remains(m, ledger_sid(&m->ledger, s->kind, s->subject), seen.sid);
    see(m, s->subject, &seen);
    if (!note_sid(m, s, seen.sid, e))
        return false;
    m->password[i] = PASSWORD_SET;
    if (i == 1)
        passwords_wipe(&m->passwords); /* the second of the two: nobody needs them any more */
    account_facts(m, i == 1 ? &m->facts.online : &m->facts.offline);
    return true;
}

bool account_undo(struct machine *m, const struct setup_step *s, struct err *e)
{
    struct str sid = own_sid(m, s->subject), called = name_of_sid(&m->arena, sid);
    struct wide_name name;
    NET_API_STATUS status;

    if (!sid.n || sid_is_nobodys(&m->arena, sid))
        return true;
    status = wide_name(called, &name) ? m->net.user_delete(NULL, name.v) : NERR_BadUsername;
    return status == NERR_Success || status == NERR_UserNotFound ||
           fail_at(e, status, STAGE_ACCOUNT, s->subject, "an account cannot be removed");
}

/* ---- disabled, enabled ---- */

static enum setup_look look_disabled(struct machine *m, struct str name, bool disabled)
{
    struct seen seen;

    see(m, name, &seen);
    if (!seen.known)
        return LOOK_UNKNOWN;
    if (!seen.there)
        return LOOK_MISSING;
    return ((seen.flags & UF_ACCOUNTDISABLE) != 0) == disabled ? LOOK_WHOLE : LOOK_MISSING;
}

static bool set_disabled(struct machine *m, struct str subject, bool disabled, struct err *e)
{
    struct seen seen;
    struct wide_name name;
    USER_INFO_1008 bits;
    NET_API_STATUS status;

    see(m, subject, &seen);
    if (!seen.there)
        return disabled || fail_at(e, NERR_UserNotFound, STAGE_ACCOUNT, subject, "an account cannot be enabled");
    if (!can_change(subject, e) || !wide_name(subject, &name))
        return false;
    seen.flags &= ~(DWORD)UF_PASSWORD_EXPIRED; /* told, not set */
    bits.usri1008_flags = disabled ? seen.flags | UF_ACCOUNTDISABLE : seen.flags & ~(DWORD)UF_ACCOUNTDISABLE;
    status = set_level(m, name.v, 1008, &bits);
    return status == NERR_Success || fail_at(e, status, STAGE_ACCOUNT, subject, disabled ? "an account cannot be disabled" : "an account cannot be enabled");
}

enum setup_look disabled_look(struct machine *m, const struct setup_step *s)
{
    enum setup_look look = look_disabled(m, s->subject, true);
    return look == LOOK_MISSING && !account_sid(m, s->subject).n ? LOOK_WHOLE : look;
}

bool disabled_make(struct machine *m, const struct setup_step *s, struct err *e)
{
    return set_disabled(m, s->subject, true, e);
}

enum setup_look enabled_look(struct machine *m, const struct setup_step *s)
{
    return look_disabled(m, s->subject, false);
}

bool enabled_make(struct machine *m, const struct setup_step *s, struct err *e)
{
    return set_disabled(m, s->subject, false, e);
}

/* ---- the group ---- */

void group_facts(struct machine *m)
{
    SID_NAME_USE use;

    m->facts.group.noted = ledger_find(&m->ledger, SETUP_GROUP, m->facts.group.name, (struct str){0}) != NULL;
    m->facts.group.there = sid_of_name(&m->arena, m->facts.group.name, &m->facts.group.sid, &use);
    m->facts.group.ours = m->facts.group.there && use == SidTypeAlias && is_ours(m, SETUP_GROUP, m->facts.group.name, m->facts.group.sid);
}

enum setup_look group_look(struct machine *m, const struct setup_step *s)
{
    group_facts(m);
    if (!m->facts.group.there)
        return LOOK_MISSING;
    if (!m->facts.group.ours)
        return m->undoing ? LOOK_MISSING : LOOK_UNKNOWN; /* a stranger's */
    return is_nameless(m, SETUP_GROUP, s->subject, m->facts.group.sid) ? LOOK_DIFFERS : LOOK_WHOLE;
}

bool group_make(struct machine *m, const struct setup_step *s, struct err *e)
{
    struct wide_name name;
    wchar_t comment[] = L"Cordon: the accounts of one person's sandboxed terminals";
    LOCALGROUP_INFO_1 info = {name.v, comment};
    NET_API_STATUS status = NERR_Success;

    if (!wide_name(s->subject, &name))
        return fail_at(e, NERR_BadUsername, STAGE_ACCOUNT, s->subject, "a group cannot be made");
    if (!m->facts.group.ours)
        status = m->net.group_add(NULL, 1, (BYTE *)&info, NULL);
    if (status != NERR_Success) {
        struct err unsaved = {0};
        if (!ledger_sid(&m->ledger, s->kind, s->subject).n) {
            ledger_drop(&m->ledger, s->kind, s->subject, (struct str){0});
            ledger_save(m, &unsaved);
        }
        return fail_at(e, status, STAGE_ACCOUNT, s->subject, "a group cannot be made");
    }
    group_facts(m);
    return note_sid(m, s, m->facts.group.sid, e);
}

bool group_undo(struct machine *m, const struct setup_step *s, struct err *e)
{
    struct wide_name name;
    NET_API_STATUS status;

    group_facts(m);
    if (!m->facts.group.ours)
        return true; /* gone, or a stranger's */
    status = wide_name(s->subject, &name) ? m->net.group_delete(NULL, name.v) : NERR_BadUsername;
    return status == NERR_Success || status == NERR_GroupNotFound || status == ERROR_NO_SUCH_ALIAS ||
           fail_at(e, status, STAGE_ACCOUNT, s->subject, "a group cannot be removed");
}

/* ---- members: by SID, since names are in the system's language ---- */

bool in_group(struct machine *m, struct str sid, struct str group)
{
    struct wide_name name;
    BYTE *bytes = NULL;
    DWORD n = 0, all = 0;
    bool found = false;

    if (!sid.n || !wide_name(group, &name) ||
        m->net.members_get(NULL, name.v, 0, &bytes, MAX_PREFERRED_LENGTH, &n, &all, NULL) != NERR_Success)
        return false;
    for (DWORD i = 0; bytes && i < n; i++)
        found = found || str_eq(sid_as_text(&m->arena, ((LOCALGROUP_MEMBERS_INFO_0 *)(void *)bytes)[i].lgrmi0_sid), sid);
    if (bytes)
        m->net.release(bytes);
    return found;
}

static struct str group_name(struct machine *m, const struct setup_step *s)
{
    return str_starts(s->text, STR("S-1-")) ? name_of_sid(&m->arena, s->text) : s->text;
}

enum setup_look member_look(struct machine *m, const struct setup_step *s)
{
    struct str sid = own_sid(m, s->subject);

    return sid.n && in_group(m, sid, group_name(m, s)) ? LOOK_WHOLE : LOOK_MISSING;
}

bool group_change(struct machine *m, struct str group, struct str sid, bool add_it, struct err *e)
{
    LOCALGROUP_MEMBERS_INFO_0 member = {sid_from(&m->arena, sid)};
    struct wide_name name;
    NET_API_STATUS status;

    if (!member.lgrmi0_sid || !wide_name(group, &name))
        return !add_it || fail_at(e, ERROR_NONE_MAPPED, STAGE_ACCOUNT, group, "an account or its group is not there");
    status = add_it ? m->net.member_add(NULL, name.v, 0, (BYTE *)&member, 1) : m->net.member_delete(NULL, name.v, 0, (BYTE *)&member, 1);
    if (status == NERR_Success || status == (add_it ? ERROR_MEMBER_IN_ALIAS : ERROR_MEMBER_NOT_IN_ALIAS))
        return true;
    if (!add_it && (status == NERR_GroupNotFound || status == ERROR_NO_SUCH_ALIAS || status == ERROR_NO_SUCH_MEMBER))
        return true;
    return fail_at(e, status, STAGE_ACCOUNT, group, "the members of a group cannot be changed");
}

bool member_make(struct machine *m, const struct setup_step *s, struct err *e)
{
    return group_change(m, group_name(m, s), own_sid(m, s->subject), true, e);
}

bool member_undo(struct machine *m, const struct setup_step *s, struct err *e)
{
    return group_change(m, group_name(m, s), own_sid(m, s->subject), false, e);
}
