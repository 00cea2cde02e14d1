/*
 * place: the folders below ProgramData, the ledger, and the programs below Program Files. Whatever is opened is opened once, itself
 * and not what it leads to, and used by its handle; what a stranger prepared there is refused by its owner.
 */
#include "machine.h"

#include <wchar.h>

#define OPEN_ITSELF (FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT)

/* NULL, with the last error; ERROR_CANT_ACCESS_FILE for a reparse point. */
static HANDLE open_itself(struct str path, DWORD access)
{
    struct wide_path wide;
    BY_HANDLE_FILE_INFORMATION info;
    HANDLE h;

    if (!wide_path(path, &wide))
        return NULL;
    h = CreateFileW(wide.v, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING, OPEN_ITSELF, NULL);
    if (h == INVALID_HANDLE_VALUE)
        return NULL;
    if (!GetFileInformationByHandle(h, &info) || (info.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT)) {
        CloseHandle(h);
        SetLastError(ERROR_CANT_ACCESS_FILE);
        return NULL;
    }
    return h;
}

static enum setup_look look_as(struct str path, struct str sddl, bool folder)
{
    struct arena a = {0};
    struct descriptor d;
    enum setup_look look = LOOK_UNKNOWN;
    DWORD code;
    HANDLE h = open_itself(path, READ_CONTROL | FILE_READ_ATTRIBUTES);

    if (!h) {
        code = GetLastError();
        return code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND ? LOOK_MISSING : LOOK_UNKNOWN;
    }
    if (descriptor_of(&a, h, &d, &code))
        look = setup_descriptor_is(&a, &d, sddl, folder) ? LOOK_WHOLE : LOOK_DIFFERS;
    CloseHandle(h);
    arena_release(&a);
    return look;
}

bool file_is_as(struct arena *a, struct str path, struct str sddl)
{
    (void)a;
    return look_as(path, sddl, false) == LOOK_WHOLE;
}

enum setup_look folder_look(struct str path, struct str sddl)
{
    return look_as(path, sddl, true);
}

/* ---- folders ---- */

bool folder_empty(struct str path)
{
    struct arena a = {0};
    struct wide_path pattern;
    WIN32_FIND_DATAW found;
    HANDLE list = INVALID_HANDLE_VALUE;
    bool empty = true;

    if (wide_path(arena_format(&a, "%.*s\\*", (int)path.n, path.p), &pattern))
        list = FindFirstFileW(pattern.v, &found);
    if (list == INVALID_HANDLE_VALUE)
        empty = false;
    else
        do
            empty = wcscmp(found.cFileName, L".") == 0 || wcscmp(found.cFileName, L"..") == 0;
        while (empty && FindNextFileW(list, &found));
    if (list != INVALID_HANDLE_VALUE)
        FindClose(list);
    arena_release(&a);
    return empty;
}

/* Whoever made it first may hold it open, and chose what lies in it: a ledger is obeyed, elevated, and a policy bounds everybody. */
static bool is_administrators(const struct descriptor *d)
{
    struct sid administrators, system;

    return sid_parse(STR(SID_ADMINISTRATORS), &administrators) && sid_parse(STR(SID_SYSTEM), &system) && d->has_owner &&
           (sid_same(&d->owner, &administrators) || sid_same(&d->owner, &system));
}

bool place_mend(struct str path, struct str sddl, struct err *e)
{
    struct arena a = {0};
    struct descriptor want, is;
    DWORD code = 0;
    HANDLE h = open_itself(path, READ_CONTROL | WRITE_DAC | WRITE_OWNER);
    bool good = h != NULL;

    if (!good)
        fail_at(e, GetLastError(), STAGE_FILE, path, "what is to be Cordon's cannot be opened");
    if (good && (!descriptor_of(&a, h, &is, &code) || !is_administrators(&is))) {
        err_set(e, ERR_REFUSED, "what is to be Cordon's was made by somebody who is no administrator");
        err_subject(e, path);
        good = err_remedy(e, "look at what lies in it, remove it as an administrator, and run setup again");
    }
    good = good && sddl_parse(&a, sddl, &want, e);
    if (good && !descriptor_set(&a, h, &want, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION, &code))
        good = fail_at(e, code, STAGE_ACL, path, "the descriptor of what is to be Cordon's cannot be set");
    win_close(&h);
    arena_release(&a);
    return good;
}

/* Born with its descriptor; one that is there already gets it, and with it its owner. */
bool folder_make(struct str path, struct str sddl, struct err *e)
{
    SECURITY_ATTRIBUTES as = {sizeof as, descriptor_from(sddl), FALSE};
    struct wide_path wide;
    bool good = as.lpSecurityDescriptor && wide_path(path, &wide);
    DWORD code;

    if (good && CreateDirectoryW(wide.v, &as)) {
        LocalFree(as.lpSecurityDescriptor);
        return true;
    }
    code = GetLastError();
    if (as.lpSecurityDescriptor)
        LocalFree(as.lpSecurityDescriptor);
    if (code == ERROR_ALREADY_EXISTS)
        return place_mend(path, sddl, e);
    return fail_at(e, code, STAGE_FILE, path, "a folder of Cordon's cannot be made");
}

void folder_note(struct machine *m, enum setup_kind kind, struct str path, struct str sddl)
{
    struct ledger_entry entry = {.kind = kind, .subject = path, .existed = true};
    struct descriptor is, want;
    struct err e = {0};
    DWORD code;
    HANDLE h = open_itself(path, READ_CONTROL);

    if (h && descriptor_of(&m->arena, h, &is, &code) && !setup_descriptor_is(&m->arena, &is, sddl, true) && sddl_parse(&m->arena, sddl, &want, &e)) {
        entry.before = sddl_text(&m->arena, &is);
        entry.after = sddl_text(&m->arena, &want);
        ledger_put(&m->arena, &m->ledger, &entry); /* saved with the next step: the ledger itself comes after the first folder */
    }
    win_close(&h);
}

void folder_restore(struct machine *m, enum setup_kind kind, struct str path)
{
    struct ledger_entry *entry = ledger_find(&m->ledger, kind, path, (struct str){0});
    struct descriptor is, before;
    struct err e = {0};
    DWORD code;
    HANDLE h = entry && entry->before.n && !m->facts.others ? open_itself(path, READ_CONTROL | WRITE_DAC | WRITE_OWNER) : NULL;

    /* Only over what setup wrote. */
    if (h && descriptor_of(&m->arena, h, &is, &code) && setup_descriptor_is(&m->arena, &is, entry->after, true) &&
        sddl_parse(&m->arena, entry->before, &before, &e))
        descriptor_set(&m->arena, h, &before, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, &code);
    win_close(&h);
}

static struct str people_dir(struct machine *m)
{
    return arena_format(&m->arena, "%s\\people", m->facts.data_dir.p);
}

enum setup_look folders_look(struct machine *m, const struct setup_step *s)
{
    enum setup_look data = look_as(s->subject, s->text, true), people = look_as(people_dir(m), s->text, true);
    enum setup_look person = look_as(m->person_dir, s->text2, true);

    if (m->undoing && person == LOOK_MISSING && people != LOOK_MISSING) /* another's, or what an interrupted uninstall left */
        return folder_empty(people_dir(m)) ? LOOK_DIFFERS : LOOK_MISSING;
    if (data == LOOK_MISSING || people == LOOK_MISSING || person == LOOK_MISSING)
        return LOOK_MISSING;
    if (data == LOOK_UNKNOWN || people == LOOK_UNKNOWN || person == LOOK_UNKNOWN)
        return LOOK_UNKNOWN;
    return data == LOOK_WHOLE && people == LOOK_WHOLE && person == LOOK_WHOLE ? LOOK_WHOLE : LOOK_DIFFERS;
}

bool folders_make(struct machine *m, const struct setup_step *s, struct err *e)
{
    folder_note(m, s->kind, s->subject, s->text);
    return folder_make(s->subject, s->text, e) && folder_make(people_dir(m), s->text, e) && folder_make(m->person_dir, s->text2, e);
}

/* What another person's Cordon, or the machine's policy, still lies in stays. */
bool folders_undo(struct machine *m, const struct setup_step *s, struct err *e)
{
    struct str folders[] = {m->person_dir, people_dir(m), s->subject};

    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        struct wide_path wide;
        DWORD code;
        if (!wide_path(folders[i], &wide) || RemoveDirectoryW(wide.v))
            continue;
        code = GetLastError();
        if (code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND)
            continue;
        if (code == ERROR_DIR_NOT_EMPTY && i > 0) {
            folder_restore(m, s->kind, s->subject);
            return true;
        }
        return fail_at(e, code, STAGE_FILE, folders[i], "a folder of Cordon's cannot be removed");
    }
    return true;
}

/* ---- files ---- */

bool file_read_whole(struct arena *a, struct str path, size_t ceiling, struct str *out, DWORD *code)
{
    HANDLE h = open_itself(path, GENERIC_READ);
    LARGE_INTEGER size;
    DWORD n = 0;
    bool good;
    char *bytes;

    *code = GetLastError();
    if (!h)
        return false;
    good = GetFileSizeEx(h, &size) && size.QuadPart >= 0 && (uint64_t)size.QuadPart <= ceiling && ceiling < UINT32_MAX;
    *code = ERROR_FILE_TOO_LARGE;
    if (good) {
        bytes = arena_alloc(a, (size_t)size.QuadPart + 1, 1);
        good = ReadFile(h, bytes, (DWORD)size.QuadPart, &n, NULL) && n == size.QuadPart;
        *code = GetLastError();
        if (good)
            *out = (struct str){bytes, n};
    }
    CloseHandle(h);
    return good;
}

bool file_write_as(struct str path, struct str sddl, struct str bytes, struct err *e)
{
    struct arena a = {0};
    struct str beside = arena_format(&a, "%.*s.new", (int)path.n, path.p);
    struct wide_path from, to;
    SECURITY_ATTRIBUTES as = {sizeof as, descriptor_from(sddl), FALSE};
    HANDLE h = INVALID_HANDLE_VALUE;
    DWORD n = 0, code;
    bool good = as.lpSecurityDescriptor && wide_path(beside, &from) && wide_path(path, &to);

    if (good) {
        DeleteFileW(from.v); /* what a crash left; made anew, so that the descriptor is ours */
        h = CreateFileW(from.v, GENERIC_WRITE, 0, &as, CREATE_NEW, FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_WRITE_THROUGH, NULL);
    }
    good = h != INVALID_HANDLE_VALUE && bytes.n <= UINT32_MAX && WriteFile(h, bytes.p, (DWORD)bytes.n, &n, NULL) && n == bytes.n &&
           FlushFileBuffers(h);
    code = GetLastError();
    if (h != INVALID_HANDLE_VALUE)
        CloseHandle(h);
    if (good && !MoveFileExW(from.v, to.v, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH)) {
        good = false;
        code = GetLastError();
    }
    if (!good && h != INVALID_HANDLE_VALUE)
        DeleteFileW(from.v);
    if (as.lpSecurityDescriptor)
        LocalFree(as.lpSecurityDescriptor);
    if (!good)
        fail_at(e, code, STAGE_FILE, path, "a file of Cordon's cannot be written");
    arena_release(&a);
    return good;
}

/* ---- the ledger ---- */

void ledger_load(struct machine *m)
{
    struct str bytes;
    struct err e = {0};
    DWORD code;

    m->ledger = (struct ledger){.person = m->facts.person_sid};
    m->facts.ledger = LOOK_MISSING;
    if (!file_read_whole(&m->arena, m->ledger_path, LEDGER_BYTES_MAX, &bytes, &code)) {
        if (code != ERROR_FILE_NOT_FOUND && code != ERROR_PATH_NOT_FOUND)
            m->facts.ledger = LOOK_UNKNOWN;
        return;
    }
    /* What comes back from it is written by an administrator: one that anybody else could have written is as good as spoilt. */
    m->ledger_spoilt = !file_is_as(&m->arena, m->ledger_path, setup_sddl_ledger(&m->arena, m->facts.person_sid)) ||
                       !ledger_parse(&m->arena, bytes, &m->ledger, &e) || !str_eq(m->ledger.person, m->facts.person_sid);
    m->facts.ledger = m->ledger_spoilt ? LOOK_DIFFERS : LOOK_WHOLE;
    if (m->ledger_spoilt)
        m->ledger = (struct ledger){.person = m->facts.person_sid};
    m->facts.committed = m->ledger.committed;
}

bool ledger_save(struct machine *m, struct err *e)
{
    struct buf out = {0};
    bool good;

    if (m->facts.ledger != LOOK_WHOLE)
        return true;
    ledger_print(&out, &m->ledger);
    good = file_write_as(m->ledger_path, setup_sddl_ledger(&m->arena, m->facts.person_sid), buf_view(&out), e);
    buf_release(&out);
    return good;
}

enum setup_look ledger_look(struct machine *m, const struct setup_step *s)
{
    struct arena a = {0};
    struct ledger got;
    struct str bytes;
    struct err e = {0};
    DWORD code;
    enum setup_look as = look_as(s->subject, s->text, false);
    bool parsed = as == LOOK_WHOLE && file_read_whole(&a, s->subject, LEDGER_BYTES_MAX, &bytes, &code) && ledger_parse(&a, bytes, &got, &e) &&
                  str_eq(got.person, m->facts.person_sid);

    arena_release(&a);
    return as == LOOK_WHOLE && !parsed ? LOOK_DIFFERS : as;
}

/* One that is not understood is kept beside: it may be all that still knows what was before. */
bool ledger_make(struct machine *m, const struct setup_step *s, struct err *e)
{
    struct wide_path from, to;

    if (m->ledger_spoilt && wide_path(m->ledger_path, &from) &&
        wide_path(arena_format(&m->arena, "%s.unreadable", m->ledger_path.p), &to))
        MoveFileExW(from.v, to.v, MOVEFILE_REPLACE_EXISTING);
    m->ledger_spoilt = false;
    m->facts.ledger = LOOK_WHOLE;
    (void)s;
    return ledger_save(m, e);
}

bool ledger_undo(struct machine *m, const struct setup_step *s, struct err *e)
{
    struct wide_path wide;

    m->facts.ledger = LOOK_MISSING;
    if (!wide_path(s->subject, &wide) || DeleteFileW(wide.v) || GetLastError() == ERROR_FILE_NOT_FOUND || GetLastError() == ERROR_PATH_NOT_FOUND)
        return true;
    return fail_at(e, GetLastError(), STAGE_FILE, s->subject, "the ledger cannot be removed");
}

enum setup_look commit_look(struct machine *m, const struct setup_step *s)
{
    struct arena a = {0};
    struct ledger got;
    struct str bytes;
    struct err e = {0};
    DWORD code;
    bool there = file_read_whole(&a, m->ledger_path, LEDGER_BYTES_MAX, &bytes, &code);
    bool committed = there && ledger_parse(&a, bytes, &got, &e) && got.committed;

    (void)s;
    arena_release(&a);
    return committed ? LOOK_WHOLE : LOOK_MISSING;
}

bool commit_make(struct machine *m, const struct setup_step *s, struct err *e)
{
    (void)s;
    m->ledger.committed = true;
    m->ledger.time_ms = sys_clock_ms();
    return ledger_save(m, e);
}

bool commit_undo(struct machine *m, const struct setup_step *s, struct err *e)
{
    (void)s;
    m->ledger.committed = false;
    return ledger_save(m, e);
}
