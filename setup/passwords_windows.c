/*
 * passwords: the step that makes both and seals them, before there is an account that could have them.
 */
#include "machine.h"

/* Is the user of this token the person? Then only the person opens the seal; else the shell wraps it again at first use. */
static bool for_person(const struct machine *m)
{
    return str_eq(m->facts.caller_sid, m->facts.person_sid);
}

static bool needs_password(const struct setup_account *u)
{
    return !u->there || !u->ours || !u->flags_right || u->locked || u->expired || !u->enabled;
}

/* Somebody gave the account another password, or the one that it has has run out: the kept ones are worth nothing (1326). Asked of an
 * account that is as it should be otherwise, and once, since it counts; any other answer says nothing about the password. */
static bool is_refused(struct machine *m, const struct setup_account *u, const char *password)
{
    wchar_t wide[SETUP_PASSWORD_LENGTH + 1], *name = wide_from(&m->arena, u->name);
    HANDLE token = NULL;
    DWORD code = ERROR_SUCCESS;

    if (needs_password(u) || !name)
        return false;
    for (size_t i = 0; i <= SETUP_PASSWORD_LENGTH; i++)
        wide[i] = (unsigned char)password[i];
    if (!LogonUserW(name, L".", wide, LOGON32_LOGON_INTERACTIVE, LOGON32_PROVIDER_DEFAULT, &token))
        code = GetLastError();
    SecureZeroMemory(wide, sizeof wide);
    win_close(&token);
    return code == ERROR_LOGON_FAILURE || code == ERROR_PASSWORD_EXPIRED || code == ERROR_PASSWORD_MUST_CHANGE;
}

static bool may_try(const struct machine *m)
{
    return m->facts.elevated && !m->options->plan && !m->options->give.p && (m->options->verb == VERB_INSTALL || m->options->verb == VERB_REPAIR);
}

/* Whether it can be opened is told only to those who may read it: not to an administrator other than the person. */
enum setup_look passwords_look(struct machine *m, const struct setup_step *s)
{
    struct arena a = {0};
    struct str bytes;
    struct sealed sealed;
    struct err e = {0};
    DWORD code = 0;
    enum setup_look look = LOOK_WHOLE;

    privilege_enable(SE_BACKUP_NAME);
    if (!file_read_whole(&a, s->subject, SEALED_FILE_MAX, &bytes, &code))
        look = code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND ? LOOK_MISSING : LOOK_UNKNOWN;
    else if (!sealed_parse(&a, bytes, &sealed, &e) || !file_is_as(&a, s->subject, s->text))
        look = LOOK_DIFFERS;
    else if (!sealed.for_person || for_person(m)) {
        struct passwords p = {0};
        bool theirs;
        look = passwords_unseal(bytes, m->facts.person_sid, &p, &theirs, &e) ? LOOK_WHOLE : LOOK_DIFFERS;
        if (look == LOOK_WHOLE && m->kept == KEPT_UNTRIED && may_try(m))
            m->kept = is_refused(m, &m->facts.offline, p.offline) || is_refused(m, &m->facts.online, p.online) ? KEPT_REFUSED : KEPT_FIT;
        if (m->kept == KEPT_REFUSED)
            look = LOOK_DIFFERS;
        passwords_wipe(&p);
    } else if (needs_password(&m->facts.offline) || needs_password(&m->facts.online) ||
               (m->options->verb == VERB_REPAIR && m->kept == KEPT_UNTRIED && may_try(m))) {
        look = LOOK_DIFFERS; /* the person alone could open it, and an account wants one, or may: both get new ones */
    }
    arena_release(&a);
    return look;
}

bool passwords_make(struct machine *m, const struct setup_step *s, struct err *e)
{
    struct buf out = {0};
    bool good = passwords_new(&m->passwords, e) &&
                passwords_seal(&m->arena, &m->passwords, m->facts.person_sid, for_person(m), &out, e) &&
                file_write_as(s->subject, s->text, buf_view(&out), e);

    if (good) {
        m->password[0] = m->password[1] = PASSWORD_NEW;
        m->kept = KEPT_FIT; /* once both have them, which the accounts' steps see to */
    } else {
        passwords_wipe(&m->passwords);
    }
    buf_release(&out);
    return good;
}

/* Zeroes before the name goes, for what a disk keeps of a removed file. */
bool passwords_undo(struct machine *m, const struct setup_step *s, struct err *e)
{
    static const char zeroes[4096];
    struct wide_path wide;
    LARGE_INTEGER size = {0};
    HANDLE h;
    DWORD n;

    passwords_wipe(&m->passwords);
    privilege_enable(SE_RESTORE_NAME); /* administrators have no entry on it */
    if (!wide_path(s->subject, &wide))
        return true;
    h = CreateFileW(wide.v, GENERIC_WRITE, 0, NULL, OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS, NULL);
    if (h != INVALID_HANDLE_VALUE) {
        if (GetFileSizeEx(h, &size))
            for (LONGLONG at = 0; at < size.QuadPart && WriteFile(h, zeroes, (DWORD)(size.QuadPart - at < 4096 ? size.QuadPart - at : 4096), &n, NULL) && n; at += n)
                ;
        FlushFileBuffers(h);
        CloseHandle(h);
    }
    if (DeleteFileW(wide.v) || GetLastError() == ERROR_FILE_NOT_FOUND || GetLastError() == ERROR_PATH_NOT_FOUND)
        return true;
    return fail_at(e, GetLastError(), STAGE_CREDENTIAL, s->subject, "the kept passwords cannot be removed");
}

bool passwords_have(struct machine *m, struct err *e)
{
    struct str bytes;
    DWORD code = 0;
    bool theirs;

    if (m->passwords.there)
        return true;
    if (!file_read_whole(&m->arena, m->credentials_path, SEALED_FILE_MAX, &bytes, &code))
        return fail_at(e, code, STAGE_CREDENTIAL, m->credentials_path, "the kept passwords cannot be read");
    return passwords_unseal(bytes, m->facts.person_sid, &m->passwords, &theirs, e);
}
