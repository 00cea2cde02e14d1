/*
 * look: everything that the plan depends on, read from the system. Nothing here changes anything, and most of it is seen without an
 * administrator; what is not comes out as unknown.
 */
#include "machine.h"

#include <shlobj.h>

static struct str folder_of(struct machine *m, const KNOWNFOLDERID *id)
{
    HRESULT(WINAPI * find)(const KNOWNFOLDERID *, DWORD, HANDLE, PWSTR *);
    void *found = win_function(L"shell32.dll", "SHGetKnownFolderPath");
    PWSTR wide = NULL;
    struct str out = {0};

    if (!found)
        return out;
    CopyMemory(&find, &found, sizeof find);
    if (SUCCEEDED(find(id, 0, NULL, &wide)))
        out = utf8_from_z(&m->arena, wide);
    CoTaskMemFree(wide);
    return out;
}

static struct str below(struct machine *m, struct str folder, const char *name)
{
    return arena_format(&m->arena, "%.*s\\%s", (int)folder.n, folder.p ? folder.p : "", name);
}

static struct str own_folder(struct machine *m)
{
    wchar_t path[WIDE_PATH_MAX];
    DWORD n = GetModuleFileNameW(NULL, path, COUNT_OF(path));

    while (n && path[n - 1] != L'\\')
        n--;
    return n ? utf8_from_path(&m->arena, path, n - 1) : (struct str){0};
}

/* The user of the process that started us: Windows keeps the asking process as the parent of an elevated one. The system is asked: an
 * administrator other than that user may not open the process, or not its token. */
static struct str parent_user(struct machine *m)
{
    LONG(WINAPI * query)(HANDLE, ULONG, void *, ULONG, ULONG *);
    void *found = win_function(L"ntdll.dll", "NtQueryInformationProcess");
    struct {
        LONG status;
        void *peb;
        ULONG_PTR affinity;
        LONG priority;
        ULONG_PTR id, parent;
    } basic = {0};

    if (!found)
        return (struct str){0};
    CopyMemory(&query, &found, sizeof query);
    return query(GetCurrentProcess(), 0, &basic, sizeof basic, NULL) == 0 ? user_of_process(m, (DWORD)basic.parent) : (struct str){0};
}

/* Who an administrator sets Cordon up for: the one who asked for it, and nobody that a word on the command line names. */
static void look_person(struct machine *m)
{
    m->facts.person_sid = m->facts.caller_sid;
    if (!m->options->person.n || str_eq(m->options->person, m->facts.caller_sid))
        return;
    m->facts.person_sid = str_eq(parent_user(m), m->options->person) ? m->options->person : (struct str){0};
}

static void look_places(struct machine *m)
{
    static const KNOWNFOLDERID programs = {0x905e63b6, 0xc1bf, 0x494e, {0xb2, 0x9c, 0x65, 0xb7, 0x32, 0xd3, 0xd2, 0x1a}};
    static const KNOWNFOLDERID data = {0x62ab5d82, 0xfdc1, 0x4dc3, {0xa9, 0xdd, 0x07, 0x0d, 0x1d, 0x49, 0x5d, 0x97}};

    m->facts.program_source = own_folder(m);
    m->facts.program_dir = below(m, folder_of(m, &programs), "Cordon");
    m->facts.data_dir = below(m, folder_of(m, &data), "Cordon");
    m->person_dir = below(m, below(m, m->facts.data_dir, "people"), m->facts.person_sid.p ? m->facts.person_sid.p : "?");
    m->ledger_path = below(m, m->person_dir, "ledger");
    m->credentials_path = below(m, m->person_dir, "passwords");
}

static void look_system(struct machine *m)
{
    LONG(WINAPI * version)(OSVERSIONINFOEXW *);
    void *found = win_function(L"ntdll.dll", "RtlGetVersion");
    OSVERSIONINFOEXW info = {.dwOSVersionInfoSize = sizeof info};

    if (found) {
        CopyMemory(&version, &found, sizeof version);
        if (version(&info) == 0)
            m->facts.build = info.dwMajorVersion >= 10 ? info.dwBuildNumber : 0;
    }
    m->facts.domain_controller = info.wProductType == VER_NT_DOMAIN_CONTROLLER;
    m->facts.wine = win_is_wine();
    m->facts.elevated = token_elevated();
    m->facts.seclogon = service_state(L"seclogon");
    m->facts.firewall = service_state(L"MpsSvc");
    m->facts.filtering = service_state(L"BFE");
}

/* Whether a sandboxed program could replace what is being elevated: the folder, and each program in it. */
static bool writable_inside(struct machine *m, struct str path)
{
    struct wide_path wide;
    struct descriptor d;
    DWORD code;
    HANDLE h = INVALID_HANDLE_VALUE;
    bool writable = true;

    if (wide_path(path, &wide))
        h = CreateFileW(wide.v, READ_CONTROL, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
            FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    if (h == INVALID_HANDLE_VALUE)
        return GetLastError() != ERROR_FILE_NOT_FOUND;
    if (descriptor_of(&m->arena, h, &d, &code))
        writable = setup_writable_inside(&d, m->facts.group.sid);
    CloseHandle(h);
    return writable;
}

static void look_source(struct machine *m)
{
    static const char *const names[] = {"cordon.exe", "cordon-runner.exe", "cordon-shim.exe", "cordon-setup.exe", "cordon-witness.exe"};
    bool writable = writable_inside(m, m->facts.program_source);

    for (size_t i = 0; !writable && i < COUNT_OF(names); i++)
        writable = writable_inside(m, below(m, m->facts.program_source, names[i]));
    m->facts.source_writable = writable;
}

static void look_volume(struct machine *m)
{
    struct volume_fact *v = arena_alloc(&m->arena, 1, sizeof *v);
    wchar_t *path = wide_from(&m->arena, m->facts.data_dir), root[MAX_PATH], type[64];
    DWORD flags = 0;

    m->facts.volumes = v;
    if (!path || !GetVolumePathNameW(path, root, COUNT_OF(root)) || !GetVolumeInformationW(root, NULL, 0, NULL, NULL, &flags, type, COUNT_OF(type)))
        return;
    v->root = utf8_from_z(&m->arena, root);
    v->type = utf8_from_z(&m->arena, type);
    v->acls = (flags & FILE_PERSISTENT_ACLS) != 0;
    m->facts.volume_count = 1;
}

/* The names: of this person's ledger where there is one; else as asked for, with a number where other people's Cordons have them. */
static void look_names(struct machine *m)
{
    struct str name, sid;

    m->facts.offline.name = m->options->offline;
    m->facts.online.name = m->options->online;
    m->facts.group.name = m->options->group;
    if (ledger_account(&m->ledger, 0, &name, &sid))
        m->facts.offline.name = name;
    if (ledger_account(&m->ledger, 1, &name, &sid))
        m->facts.online.name = name;
    for (size_t i = 0; i < m->ledger.n; i++)
        if (m->ledger.v[i].kind == SETUP_GROUP)
            m->facts.group.name = m->ledger.v[i].subject;
}

/* Somebody else's ledger says that a name is theirs: the next number is tried. A stranger's account is no reason to. */
static bool others_name(struct machine *m, struct str name)
{
    struct wide_path pattern;
    WIN32_FIND_DATAW found;
    HANDLE list;
    bool theirs = false;

    if (!wide_path(arena_format(&m->arena, "%s\\people\\*", m->facts.data_dir.p), &pattern))
        return false;
    list = FindFirstFileW(pattern.v, &found);
    if (list == INVALID_HANDLE_VALUE)
        return false;
    do {
        struct str sid = utf8_from_z(&m->arena, found.cFileName), bytes;
        struct ledger other;
        struct err e = {0};
        DWORD code;
        if (!setup_person_good(sid) || str_eq(sid, m->facts.person_sid) ||
            !file_read_whole(&m->arena, ledger_place(&m->arena, m->facts.data_dir, sid, "ledger"), LEDGER_BYTES_MAX, &bytes, &code) ||
            !ledger_parse(&m->arena, bytes, &other, &e))
            continue;
        for (size_t i = 0; i < other.n; i++)
            theirs = theirs || ((other.v[i].kind == SETUP_ACCOUNT || other.v[i].kind == SETUP_GROUP) && str_eq(other.v[i].subject, name));
    } while (!theirs && FindNextFileW(list, &found));
    FindClose(list);
    return theirs;
}

/* Does anybody else's Cordon have a ledger here? */
static bool others_there(struct machine *m)
{
    struct wide_path pattern, ledger;
    WIN32_FIND_DATAW found;
    HANDLE list = INVALID_HANDLE_VALUE;
    bool there = false;

    if (wide_path(arena_format(&m->arena, "%s\\people\\*", m->facts.data_dir.p), &pattern))
        list = FindFirstFileW(pattern.v, &found);
    if (list == INVALID_HANDLE_VALUE)
        return false;
    do {
        struct str sid = utf8_from_z(&m->arena, found.cFileName);
        there = setup_person_good(sid) && !str_eq(sid, m->facts.person_sid) &&
                wide_path(ledger_place(&m->arena, m->facts.data_dir, sid, "ledger"), &ledger) && GetFileAttributesW(ledger.v) != INVALID_FILE_ATTRIBUTES;
    } while (!there && FindNextFileW(list, &found));
    FindClose(list);
    return there;
}

static void look_noted(struct machine *m)
{
    m->facts.noted = arena_alloc(&m->arena, m->ledger.n + 1, sizeof *m->facts.noted);
    for (size_t i = 0; i < m->ledger.n; i++)
        m->facts.noted[m->facts.noted_count++] = (struct setup_noted){m->ledger.v[i].kind, m->ledger.v[i].subject, m->ledger.v[i].text};
}

/* Whose it is only an administrator sees: until then it may be another person's Cordon's. */
static bool is_taken(struct machine *m, struct str name)
{
    struct str sid;
    SID_NAME_USE use;

    return m->facts.elevated ? others_name(m, name) : sid_of_name(&m->arena, name, &sid, &use);
}

static void look_others(struct machine *m)
{
    for (unsigned nth = 2; nth < 100 && !m->ledger.n; nth++) {
        if (!is_taken(m, m->facts.offline.name) && !is_taken(m, m->facts.online.name) && !is_taken(m, m->facts.group.name))
            return;
        m->facts.numbered = true;
        m->facts.offline.name = setup_name(&m->arena, m->options->offline, nth);
        m->facts.online.name = setup_name(&m->arena, m->options->online, nth);
        m->facts.group.name = setup_name(&m->arena, m->options->group, nth);
    }
}

static void look_steps(struct machine *m)
{
    struct setup_facts *f = &m->facts;
    struct setup_step s = {.subject = f->data_dir, .text = setup_sddl_data(&m->arena), .text2 = setup_sddl_person(&m->arena, f->person_sid)};

    f->folders = folders_look(m, &s);
    s = (struct setup_step){.subject = f->program_dir, .source = f->program_source, .text = setup_sddl_programs(&m->arena)};
    f->programs = programs_look(m, &s);
    s = (struct setup_step){.subject = m->credentials_path, .text = setup_sddl_credentials(&m->arena, f->person_sid)};
    f->credentials = passwords_look(m, &s);
    s = (struct setup_step){.subject = f->offline.name};
    f->filters = filters_look(m, &s);
    f->rules = LOOK_WHOLE;
    for (uint32_t i = 0; i < SETUP_RULES && f->rules == LOOK_WHOLE; i++) {
        s.number = i;
        f->rules = rule_look(m, &s);
    }
    f->witness = witness_look(m, &s);
}

void machine_look(struct machine *m)
{
    m->facts = (struct setup_facts){.audit_wanted = !m->options->no_audit, .witness_wanted = m->options->witness};
    caller_sid_of(&m->arena, &m->facts.caller_sid);
    look_person(m);
    look_places(m);
    look_system(m);
    ledger_load(m);
    look_noted(m);
    m->facts.others = others_there(m);
    look_names(m);
    look_others(m);
    group_facts(m);
    account_facts(m, &m->facts.offline);
    account_facts(m, &m->facts.online);
    m->facts.logon_denied = logon_is_denied(m);
    firewall_facts(m);
    entries_facts(m);
    audit_facts(m);
    look_source(m);
    look_volume(m);
    look_steps(m);
}
