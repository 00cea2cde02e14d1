/*
 * sys: the system's small change on Windows: text, errors, time, places, the environment. Files are in files_windows.c, what is
 * waited on in stream_windows.c. Used by both sides of the boundary.
 */
#include "win32.h"

#include <stdio.h>
#include <string.h>

/* ---- text ---- */

_Static_assert(sizeof(wchar_t) == sizeof(uint16_t), "a wchar_t of Windows is a unit of UTF-16");

wchar_t *wide_from(struct arena *a, struct str s)
{
    struct wide out;

    if (!wide_from_text(a, s, &out)) {
        SetLastError(ERROR_NO_UNICODE_TRANSLATION);
        return NULL;
    }
    return (wchar_t *)out.p;
}

struct str utf8_from(struct arena *a, const wchar_t *s, size_t n)
{
    return wide_to_text(a, (const uint16_t *)s, n);
}

struct str utf8_from_z(struct arena *a, const wchar_t *s)
{
    return utf8_from(a, s, wcslen(s));
}

struct str utf8_from_path(struct arena *a, const wchar_t *s, size_t n)
{
    if (n >= 8 && wcsncmp(s, L"\\\\?\\UNC\\", 8) == 0) {
        struct str rest = utf8_from(a, s + 8, n - 8);
        return rest.p ? arena_format(a, "\\\\%.*s", (int)rest.n, rest.p) : rest;
    }
    if (n >= 4 && wcsncmp(s, L"\\\\?\\", 4) == 0)
        return utf8_from(a, s + 4, n - 4);
    return utf8_from(a, s, n);
}

static bool is_drive(struct str s)
{
    return s.n >= 3 && s.p[1] == ':' && (s.p[2] == '\\' || s.p[2] == '/') &&
           ((s.p[0] >= 'A' && s.p[0] <= 'Z') || (s.p[0] >= 'a' && s.p[0] <= 'z'));
}

/* "Naming Files, Paths, and Namespaces": behind \\?\ nothing is parsed any more, so / must have become \ before. */
bool wide_path(struct str path, struct wide_path *out)
{
    const wchar_t *prefix = L"";
    struct str rest = path;
    struct arena a = {0};
    const wchar_t *text;
    size_t at, n;

    if (is_drive(path)) {
        prefix = L"\\\\?\\";
    } else if (path.n > 2 && (str_starts(path, STR("\\\\")) || str_starts(path, STR("//"))) && path.p[2] != '?' &&
               path.p[2] != '.') {
        prefix = L"\\\\?\\UNC\\";
        rest = str_slice(path, 2, path.n);
    }
    at = wcslen(prefix);
    text = path.n > 0 && path.n < PATH_BYTES_MAX ? wide_from(&a, rest) : NULL;
    n = text ? wcslen(text) : 0;
    if (n > 0) {
        memcpy(out->v, prefix, at * sizeof *prefix);
        memcpy(out->v + at, text, (n + 1) * sizeof *text);
    }
    arena_release(&a);
    if (n == 0) {
        SetLastError(ERROR_INVALID_NAME);
        return false;
    }
    for (size_t i = at; i < at + n; i++)
        if (out->v[i] == L'/')
            out->v[i] = L'\\';
    return true;
}

/* ---- errors ---- */

void sys_reason(struct err *e, long code)
{
    wchar_t text[200];
    struct arena a = {0};
    struct str shown;
    /* In English where that is there: the words are searched for, and go into reports. */
    DWORD n = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS | FORMAT_MESSAGE_MAX_WIDTH_MASK, NULL,
        (DWORD)code, MAKELANGID(LANG_ENGLISH, SUBLANG_ENGLISH_US), text, COUNT_OF(text), NULL);

    if (n == 0)
        n = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS | FORMAT_MESSAGE_MAX_WIDTH_MASK, NULL,
            (DWORD)code, 0, text, COUNT_OF(text), NULL);
    while (n > 0 && (text[n - 1] <= L' ' || text[n - 1] == L'.'))
        n--;
    shown = utf8_from(&a, text, n);
    e->code = code;
    if (code == 0) /* Wine's CreateProcessWithLogonW fails without a reason */
        err_reason(e, "the system gave no reason");
    else if (shown.n)
        err_reason(e, "%.*s (%lu)", (int)shown.n, shown.p, (unsigned long)code);
    else
        err_reason(e, "error %lu (0x%08lx)", (unsigned long)code, (unsigned long)code);
    arena_release(&a);
}

static bool is_missing(DWORD code)
{
    return code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND;
}

bool win_fail(struct err *e, DWORD code, struct str subject, const char *format, ...)
{
    char what[sizeof e->what];
    va_list list;

    va_start(list, format);
    vsnprintf(what, sizeof what, format, list);
    va_end(list);
    err_set(e, is_missing(code) ? ERR_MISSING : ERR_SYSTEM, "%s", what);
    if (subject.n)
        err_subject(e, subject);
    sys_reason(e, (long)code);
    return false;
}

bool win_fail_at(struct err *e, enum error_stage stage, DWORD code, struct str subject, const char *format, ...)
{
    char what[sizeof e->what];
    va_list list;

    va_start(list, format);
    vsnprintf(what, sizeof what, format, list);
    va_end(list);
    if (!error_find(code, stage)) /* the system's own words are all there is */
        return win_fail(e, code, subject, "%s", what);
    err_set(e, is_missing(code) ? ERR_MISSING : ERR_SYSTEM, "%s", what);
    if (subject.n)
        err_subject(e, subject);
    return err_windows(e, code, stage);
}

/* ---- what else the edges share ---- */

/* RtlGenRandom of "ntsecapi.h", exported by that name; it cannot fail since Windows 7, and is checked all the same. */
bool win_random(void *out, size_t n)
{
    BOOLEAN(WINAPI * generate)(PVOID, ULONG);
    void *found = win_function(L"advapi32.dll", "SystemFunction036");

    memcpy(&generate, &found, sizeof generate);
    return found && n <= ULONG_MAX && generate(out, (ULONG)n);
}

void *win_function(const wchar_t *module, const char *name)
{
    HMODULE library = GetModuleHandleW(module);
    FARPROC found;
    void *out;

    if (!library)
        library = LoadLibraryExW(module, NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
    found = library ? GetProcAddress(library, name) : NULL;
    memcpy(&out, &found, sizeof out);
    return out;
}

bool win_is_wine(void)
{
    return win_function(L"ntdll.dll", "wine_get_version") != NULL;
}

bool win_beside(const wchar_t *name, struct wide_path *out)
{
    DWORD n = GetModuleFileNameW(NULL, out->v, WIDE_PATH_MAX);
    size_t at = n < WIDE_PATH_MAX ? n : 0, more = wcslen(name);

    while (at > 0 && out->v[at - 1] != L'\\')
        at--;
    if (at == 0 || at + more >= WIDE_PATH_MAX)
        return false;
    memcpy(out->v + at, name, (more + 1) * sizeof *name);
    return true;
}

bool win_has(const struct texts *list, struct str text)
{
    for (size_t i = 0; i < list->n; i++)
        if (str_eq(list->v[i], text))
            return true;
    return false;
}

void win_close(HANDLE *h)
{
    if (*h && *h != INVALID_HANDLE_VALUE)
        CloseHandle(*h);
    *h = NULL;
}

/* ---- environment ---- */

/* The environment as it was when first asked for: callers keep what they are given. A mutable global for that. */
static struct {
    struct arena arena;
    struct texts v;
    bool read;
} variables;

static const struct texts *environment(void)
{
    wchar_t *block = variables.read ? NULL : GetEnvironmentStringsW();

    variables.read = true;
    for (const wchar_t *at = block; at && *at; at += wcslen(at) + 1) {
        struct str entry = utf8_from_z(&variables.arena, at);
        /* "=C:=C:\x" is where cmd was on a drive. */
        if (entry.n && entry.p[0] != '=')
            *(struct str *)ARENA_PUSH(&variables.arena, &variables.v) = entry;
    }
    if (block)
        FreeEnvironmentStringsW(block);
    return &variables.v;
}

static bool same_name(struct str entry, struct str name)
{
    if (entry.n <= name.n || entry.p[name.n] != '=')
        return false;
    for (size_t i = 0; i < name.n; i++) {
        char x = entry.p[i], y = name.p[i];
        x = x >= 'a' && x <= 'z' ? (char)(x - 'a' + 'A') : x;
        y = y >= 'a' && y <= 'z' ? (char)(y - 'a' + 'A') : y;
        if (x != y)
            return false;
    }
    return true;
}

struct str sys_variable(const void *unused, struct str name)
{
    const struct texts *all = environment();

    (void)unused;
    for (size_t i = 0; i < all->n; i++)
        if (same_name(all->v[i], name))
            return str_slice(all->v[i], name.n + 1, all->v[i].n);
    return (struct str){0};
}

void sys_environment(struct arena *a, struct texts *out)
{
    const struct texts *all = environment();

    for (size_t i = 0; i < all->n; i++)
        *(struct str *)ARENA_PUSH(a, out) = arena_str(a, all->v[i]);
}

/* ---- time ---- */

uint64_t sys_milliseconds(void)
{
    LARGE_INTEGER now = {0}, frequency = {0};

    QueryPerformanceCounter(&now);
    QueryPerformanceFrequency(&frequency);
    if (frequency.QuadPart <= 0)
        return GetTickCount64();
    return (uint64_t)(now.QuadPart / frequency.QuadPart) * 1000 +
           (uint64_t)(now.QuadPart % frequency.QuadPart) * 1000 / (uint64_t)frequency.QuadPart;
}

uint64_t sys_clock_ms(void)
{
    FILETIME now;

    GetSystemTimeAsFileTime(&now);
    return ((((uint64_t)now.dwHighDateTime << 32) | now.dwLowDateTime) - 116444736000000000u) / 10000;
}

uint64_t sys_boot_ms(void)
{
    return GetTickCount64();
}

/* ---- places ---- */

struct str sys_cwd(struct arena *a)
{
    struct wide_path path;
    DWORD n = GetCurrentDirectoryW(WIDE_PATH_MAX, path.v);

    return n > 0 && n < WIDE_PATH_MAX ? utf8_from_path(a, path.v, n) : (struct str){0};
}

bool sys_real_path(struct arena *a, struct str path, struct str *out, struct err *e)
{
    struct wide_path wide, real;
    struct str found;
    HANDLE h = INVALID_HANDLE_VALUE;
    DWORD n;

    /* FILE_FLAG_BACKUP_SEMANTICS: a folder can be opened by it, too ("CreateFileW"). */
    if (wide_path(path, &wide))
        h = CreateFileW(wide.v, FILE_READ_ATTRIBUTES, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
            FILE_FLAG_BACKUP_SEMANTICS, NULL);
    if (h == INVALID_HANDLE_VALUE)
        return win_fail(e, GetLastError(), path, "cannot find a path");
    n = GetFinalPathNameByHandleW(h, real.v, WIDE_PATH_MAX, FILE_NAME_NORMALIZED | VOLUME_NAME_DOS);
    CloseHandle(h);
    found = n > 0 && n < WIDE_PATH_MAX ? utf8_from_path(a, real.v, n) : (struct str){0};
    if (!found.n || found.n >= PATH_BYTES_MAX)
        return win_fail(e, n ? ERROR_FILENAME_EXCED_RANGE : GetLastError(), path, "cannot tell where a path leads");
    *out = found;
    return true;
}
