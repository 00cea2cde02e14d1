/*
 * give: a folder that the person may not change is made the person's: its owner, and that of what lies in it, by handles that follow
 * nothing. Only where the plain rule of setup_trust.c allows it, object by object; permissions stay as they are, since an owner may
 * change them: the shell does the rest.
 */
#include "machine.h"

#define DEPTH_MAX   100
#define OBJECTS_MAX 500000u

#ifndef FILE_OPEN_FOR_BACKUP_INTENT
#define FILE_OPEN_FOR_BACKUP_INTENT 0x4000
#endif

struct giving {
    struct machine *m;
    struct setup_places places;
    PSID person;
    unsigned seen, given, left;
};

static bool find_places(struct machine *m, struct setup_places *p)
{
    static const wchar_t list[] = L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList";
    wchar_t text[MAX_PATH * 2], *key;
    DWORD n = sizeof text;
    UINT length = GetSystemWindowsDirectoryW(text, COUNT_OF(text));

    p->windows = length && length < COUNT_OF(text) ? utf8_from_z(&m->arena, text) : (struct str){0};
    if (RegGetValueW(HKEY_LOCAL_MACHINE, list, L"ProfilesDirectory", RRF_RT_REG_SZ | RRF_SUBKEY_WOW6464KEY, NULL, text, &n) == ERROR_SUCCESS)
        p->profiles = utf8_from_z(&m->arena, text);
    key = wide_from(&m->arena, arena_format(&m->arena, "%s\\%s", utf8_from_z(&m->arena, list).p, m->facts.person_sid.p));
    n = sizeof text;
    if (key && RegGetValueW(HKEY_LOCAL_MACHINE, key, L"ProfileImagePath", RRF_RT_REG_SZ | RRF_SUBKEY_WOW6464KEY, NULL, text, &n) ==
                   ERROR_SUCCESS)
        p->profile = utf8_from_z(&m->arena, text);
    p->programs = str_slice(m->facts.program_dir, 0, m->facts.program_dir.n - sizeof "\\Cordon" + 1);
    p->data = str_slice(m->facts.data_dir, 0, m->facts.data_dir.n - sizeof "\\Cordon" + 1);
    p->programs_x86 = arena_format(&m->arena, "%.*s (x86)", (int)p->programs.n, p->programs.p);
    return p->windows.n && p->profiles.n && p->profile.n && p->programs.n > 3 && p->data.n > 3;
}

/* NULL: given. */
static const char *give_one(struct giving *g, HANDLE h)
{
    struct arena a = {0};
    BY_HANDLE_FILE_INFORMATION info;
    wchar_t real[WIDE_PATH_MAX];
    DWORD n = GetFinalPathNameByHandleW(h, real, COUNT_OF(real), FILE_NAME_NORMALIZED | VOLUME_NAME_DOS), code = 0;
    struct descriptor d, owner = {.has_owner = true};
    struct str path = n && n < COUNT_OF(real) ? utf8_from_path(&a, real, n) : (struct str){0}, sid;
    const char *why = "it cannot be looked at";
    bool ours, theirs;

    if (path.n && GetFileInformationByHandle(h, &info) && descriptor_of(&a, h, &d, &code) && d.has_owner) {
        sid = sid_text(&a, &d.owner);
        theirs = str_eq(sid, g->m->facts.person_sid);
        ours = str_eq(sid, g->m->facts.offline.sid) || str_eq(sid, g->m->facts.online.sid);
        why = info.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT                              ? "it is a link"
              : !(info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) && info.nNumberOfLinks > 1 ? "it has other names"
              : setup_may_give(&g->places, path, sid, !sid_is_nobodys(&a, sid), ours || theirs);
        if (!why && !theirs) {
            sid_parse(g->m->facts.person_sid, &owner.owner);
            why = descriptor_set(&a, h, &owner, OWNER_SECURITY_INFORMATION, &code) ? NULL : "its owner cannot be set";
            g->given += why == NULL;
        }
    }
    arena_release(&a);
    return why;
}

static void give_below(struct giving *g, HANDLE folder, int depth)
{
    struct win_list *l = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof *l); /* its batch is too big for the stack */

    if (!l)
        return;
    l->folder = folder;
    while (g->seen < OBJECTS_MAX && win_list_next(l)) {
        bool down = (l->attributes & FILE_ATTRIBUTE_DIRECTORY) && !(l->attributes & FILE_ATTRIBUTE_REPARSE_POINT);
        HANDLE h = win_open_beneath(folder, l->name, l->n, READ_CONTROL | WRITE_OWNER | FILE_READ_ATTRIBUTES | (down ? FILE_LIST_DIRECTORY : 0), FILE_OPEN,
            FILE_OPEN_FOR_BACKUP_INTENT);
        g->seen++;
        if (!h || give_one(g, h))
            g->left++;
        else if (down && depth < DEPTH_MAX)
            give_below(g, h, depth + 1);
        win_close(&h);
    }
    HeapFree(GetProcessHeap(), 0, l);
}

/* The handle is the last name itself; what a name before it leads through would hand over another folder than was asked for. */
static bool is_asked(struct arena *a, HANDLE h, struct str path, struct err *e)
{
    const struct path_env env = {.system = PATH_WINDOWS, .fold = sys_case()};
    wchar_t real[WIDE_PATH_MAX];
    DWORD n = GetFinalPathNameByHandleW(h, real, COUNT_OF(real), FILE_NAME_NORMALIZED | VOLUME_NAME_DOS);
    struct str is = n && n < COUNT_OF(real) ? utf8_from_path(a, real, n) : (struct str){0}, asked;

    if (!path_canonical(a, &env, path, &asked, e))
        return false;
    if (is.n && path_same(&env, is, asked))
        return true;
    err_set(e, ERR_REFUSED, "a folder is not handed over");
    err_subject(e, path);
    if (is.n)
        err_remedy(e, "name it as %s if that is meant", path_text(a, PATH_WINDOWS, is).p);
    return err_reason(e, "a junction, a link or a drive's letter on the way leads elsewhere");
}

bool give(struct machine *m, struct str path, struct err *e)
{
    struct giving g = {.m = m, .person = sid_from(&m->arena, m->facts.person_sid)};
    struct wide_path wide;
    const char *why = NULL;
    HANDLE h = INVALID_HANDLE_VALUE;

    privilege_enable(SE_BACKUP_NAME);
    privilege_enable(SE_RESTORE_NAME);
    privilege_enable(SE_TAKE_OWNERSHIP_NAME);
    if (wide_path(path, &wide))
        h = CreateFileW(wide.v, READ_CONTROL | WRITE_OWNER | FILE_READ_ATTRIBUTES | FILE_LIST_DIRECTORY, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
            NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    if (h == INVALID_HANDLE_VALUE)
        return fail_at(e, GetLastError(), STAGE_ACL, path, "a folder cannot be opened");
    if (!is_asked(&m->arena, h, path, e)) {
        CloseHandle(h);
        return false;
    }
    if (!g.person || !find_places(m, &g.places))
        why = "what must not be handed over cannot be told here";
    else
        why = give_one(&g, h);
    if (!why)
        give_below(&g, h, 0);
    CloseHandle(h);
    if (why) {
        err_set(e, ERR_REFUSED, "a folder is not handed over");
        err_subject(e, path);
        return err_reason(e, "%s", why);
    }
    say_note(m, "given      %u objects are yours now; %u stay as they are%s", g.given, g.left, g.seen >= OBJECTS_MAX ? "; there are more than were looked at" : "");
    return true;
}
