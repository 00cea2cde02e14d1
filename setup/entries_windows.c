/*
 * entries: one entry each in descriptors that are Windows' own: what COM lets the group start and call, and programs that it may not
 * run. The descriptor as it was goes into the ledger, in our own words; it comes back only over what Cordon wrote last.
 */
#include "machine.h"

#define OLE_KEY L"SOFTWARE\\Microsoft\\Ole"

struct ledger_entry *entry_of(struct machine *m, const struct setup_step *s)
{
    return ledger_find(&m->ledger, s->kind, s->subject, (struct str){0});
}

static enum setup_look look_in(struct machine *m, const struct setup_step *s, const struct descriptor *d)
{
    struct ace ace;
    struct err e = {0};

    if (!step_ace(m, s, &ace, &e))
        return m->facts.group.there ? LOOK_UNKNOWN : LOOK_MISSING;
    return d->has_dacl && acl_has(&d->dacl, &ace) ? LOOK_WHOLE : LOOK_MISSING;
}

/* What is to be written: with the entry, or the way back. identity: of a file. */
static bool with_entry(struct machine *m, const struct setup_step *s, struct descriptor *d, struct str identity, struct err *e)
{
    struct ace ace;
    struct ledger_entry entry = {.kind = s->kind, .subject = s->subject, .existed = true, .before = sddl_text(&m->arena, d), .identity = identity};

    if (!step_ace(m, s, &ace, e))
        return false;
    if (!d->has_dacl || d->null_dacl || !acl_insert(&m->arena, &d->dacl, &ace)) {
        err_set(e, ERR_REFUSED, "the entries there are not in Windows' own order, and are left as they are");
        return err_subject(e, s->subject);
    }
    entry.after = sddl_text(&m->arena, d);
    ledger_put(&m->arena, &m->ledger, &entry);
    return ledger_save(m, e);
}

/* BACK_NOTHING: there is nothing to write. */
static enum ledger_back without_entry(struct machine *m, const struct setup_step *s, struct descriptor *d)
{
    struct ledger_entry *entry = entry_of(m, s);
    enum ledger_back back = entry ? ledger_way_back(entry, sddl_text(&m->arena, d)) : BACK_ENTRY;
    struct descriptor before;
    struct err unread = {0};
    struct ace ace;

    if (back == BACK_BEFORE && sddl_parse(&m->arena, entry->before, &before, &unread)) {
        *d = before;
        return BACK_BEFORE;
    }
    if (back == BACK_NOTHING || !step_ace(m, s, &ace, &unread))
        return BACK_NOTHING;
    return acl_remove(&d->dacl, &ace) ? BACK_ENTRY : BACK_NOTHING;
}

/* ---- COM ---- */

static HKEY ole_key(REGSAM access, LSTATUS *status)
{
    HKEY key = NULL;
    *status = RegOpenKeyExW(HKEY_LOCAL_MACHINE, OLE_KEY, 0, access | KEY_WOW64_64KEY, &key);
    return key;
}

/* False where there is no such value: Windows' default is then in force, and is not guessed. absent: there is none. */
static bool com_read(struct machine *m, const struct setup_step *s, struct descriptor *out, bool *absent)
{
    LSTATUS status;
    HKEY key = ole_key(KEY_QUERY_VALUE, &status);
    wchar_t *name = wide_from(&m->arena, s->subject);
    DWORD type = 0, n = 0;
    char *bytes = NULL;
    struct err e = {0};

    *absent = false;
    if (!key)
        return false;
    status = name ? RegQueryValueExW(key, name, NULL, &type, NULL, &n) : ERROR_INVALID_NAME;
    *absent = status == ERROR_FILE_NOT_FOUND;
    if (status == ERROR_SUCCESS && type == REG_BINARY && n > 0 && n <= ACL_BYTES_MAX) {
        bytes = arena_alloc(&m->arena, n, 1);
        status = RegQueryValueExW(key, name, NULL, &type, (BYTE *)bytes, &n);
    }
    RegCloseKey(key);
    return status == ERROR_SUCCESS && bytes && descriptor_decode(&m->arena, (struct str){bytes, n}, out, &e);
}

static bool com_write(struct machine *m, const struct setup_step *s, const struct descriptor *d, struct err *e)
{
    struct buf bytes = {0};
    LSTATUS status = ERROR_INVALID_SECURITY_DESCR;
    HKEY key = descriptor_encode(d, &bytes) ? ole_key(KEY_SET_VALUE, &status) : NULL;
    wchar_t *name = wide_from(&m->arena, s->subject);

    if (key) {
        status = name ? RegSetValueExW(key, name, 0, REG_BINARY, (const BYTE *)bytes.p, (DWORD)bytes.n) : ERROR_INVALID_NAME;
        RegCloseKey(key);
    }
    buf_release(&bytes);
    return status == ERROR_SUCCESS || fail_at(e, (DWORD)status, STAGE_ACL, s->subject, "what COM allows cannot be changed");
}

enum setup_look com_look(struct machine *m, const struct setup_step *s)
{
    struct descriptor d;
    bool absent;

    if (com_read(m, s, &d, &absent))
        return look_in(m, s, &d);
    return absent && m->undoing ? LOOK_MISSING : LOOK_UNKNOWN;
}

bool com_make(struct machine *m, const struct setup_step *s, struct err *e)
{
    struct descriptor d;
    bool absent;

    if (!com_read(m, s, &d, &absent)) {
        err_set(e, ERR_UNSUPPORTED, "Windows has no such value here, and its default is not guessed");
        return err_subject(e, s->subject);
    }
    return with_entry(m, s, &d, (struct str){0}, e) && com_write(m, s, &d, e);
}

bool com_undo(struct machine *m, const struct setup_step *s, struct err *e)
{
    struct descriptor d;
    bool absent;

    return !com_read(m, s, &d, &absent) || without_entry(m, s, &d) == BACK_NOTHING || com_write(m, s, &d, e);
}

/* ---- programs that may not be run ---- */

/* They belong to the system's installer: the privileges to back up and restore open them for an administrator. The component
 * store holds a second name of each, which is the same program and shares the entry. */
static HANDLE program_open(struct str path, DWORD access)
{
    struct wide_path wide;
    HANDLE h;

    privilege_enable(SE_BACKUP_NAME);
    privilege_enable(SE_RESTORE_NAME);
    if (!wide_path(path, &wide))
        return NULL;
    h = CreateFileW(wide.v, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
        FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    return h == INVALID_HANDLE_VALUE ? NULL : h;
}

/* "volume:file", as the ledger has it: a program that an update put in its place has another. */
static struct str identity_of(struct machine *m, HANDLE h)
{
    uint64_t volume, file;
    return win_identity(h, &volume, &file)
               ? arena_format(&m->arena, "%016llx:%016llx", (unsigned long long)volume, (unsigned long long)file) : (struct str){0};
}

static bool is_absent(DWORD code)
{
    return code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND;
}

enum setup_look execute_look(struct machine *m, const struct setup_step *s)
{
    struct descriptor d;
    DWORD code;
    HANDLE h = program_open(s->subject, READ_CONTROL);
    enum setup_look look;

    if (!h)
        return m->undoing && is_absent(GetLastError()) ? LOOK_MISSING : LOOK_UNKNOWN;
    look = descriptor_of(&m->arena, h, &d, &code) ? look_in(m, s, &d) : LOOK_UNKNOWN;
    win_close(&h);
    return look;
}

static bool execute_write(struct machine *m, const struct setup_step *s, bool add, struct err *e)
{
    struct descriptor d;
    struct ledger_entry *entry;
    DWORD code = 0;
    HANDLE h = program_open(s->subject, READ_CONTROL | WRITE_DAC);
    bool good;

    if (!h && !add && is_absent(GetLastError()))
        return true;
    good = h && descriptor_of(&m->arena, h, &d, &code);
    if (!good) {
        fail_at(e, h ? code : GetLastError(), STAGE_ACL, s->subject, "the descriptor of a program cannot be read");
        win_close(&h);
        return false;
    }
    good = !add || with_entry(m, s, &d, identity_of(m, h), e);
    entry = entry_of(m, s);
    if (!add && entry && entry->identity.n && !str_eq(entry->identity, identity_of(m, h)))
        entry->after = (struct str){0}; /* another file: its own entry alone may be taken out, and nothing is written over it */
    if (good && (add || without_entry(m, s, &d) != BACK_NOTHING) && !descriptor_set(&m->arena, h, &d, DACL_SECURITY_INFORMATION, &code))
        good = fail_at(e, code, STAGE_ACL, s->subject, "the descriptor of a program cannot be changed");
    /* As it is read back: only over that does the one before come back. */
    if (good && add && descriptor_of(&m->arena, h, &d, &code) && entry) {
        entry->after = sddl_text(&m->arena, &d);
        good = ledger_save(m, e);
    }
    win_close(&h);
    return good;
}

bool execute_make(struct machine *m, const struct setup_step *s, struct err *e)
{
    return execute_write(m, s, true, e);
}

bool execute_undo(struct machine *m, const struct setup_step *s, struct err *e)
{
    return execute_write(m, s, false, e);
}

/* ---- facts ---- */

static void add_program(struct machine *m, struct str folder, const wchar_t *name)
{
    struct str path = arena_format(&m->arena, "%.*s\\%s", (int)folder.n, folder.p, utf8_from_z(&m->arena, name).p);
    struct setup_step step = {.subject = path, .text = STR("(D;;0x20;;;group)")};
    struct wide_path wide;

    if (folder.n && wide_path(path, &wide) && GetFileAttributesW(wide.v) != INVALID_FILE_ATTRIBUTES)
        m->facts.wsl[m->facts.wsl_count++] = (struct setup_path){path, execute_look(m, &step)};
}

/* wsl.exe and what starts the same service, in Windows and in the package's folder beside Cordon's. That below WindowsApps is not
 * walked: COM is shut to the group, by which its programs reach the service. */
void entries_facts(struct machine *m)
{
    static const wchar_t *const names[] = {L"wsl.exe", L"wslg.exe", L"bash.exe", L"wslconfig.exe"};
    wchar_t folder[MAX_PATH];
    UINT n = GetSystemDirectoryW(folder, COUNT_OF(folder));
    struct str programs = path_parent(PATH_WINDOWS, m->facts.program_dir), package;
    struct setup_step step = {.subject = STR("MachineLaunchRestriction"), .text = STR("(D;;0x1f;;;group)")};

    m->facts.com_launch = com_look(m, &step);
    step = (struct setup_step){.subject = STR("MachineAccessRestriction"), .text = STR("(D;;0x7;;;group)")};
    m->facts.com_access = com_look(m, &step);
    m->facts.wsl = arena_alloc(&m->arena, 2 * COUNT_OF(names), sizeof *m->facts.wsl);
    package = arena_format(&m->arena, "%.*s\\WSL", (int)programs.n, programs.p ? programs.p : "");
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        add_program(m, n && n < COUNT_OF(folder) ? utf8_from_z(&m->arena, folder) : (struct str){0}, names[i]);
        add_program(m, programs.n ? package : (struct str){0}, names[i]);
    }
}
