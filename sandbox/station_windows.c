/*
 * station: a window station and a desktop of the sandbox's own (rule W4).
 *
 * On the person's own (WinSta0\Default) a program inside could send keys to the person's windows and read the clipboard. Only
 * members of Administrators may name a station ("CreateWindowStationW"): ours gets the name that the system makes from the logon
 * session. user32 is loaded here and not before: the runner is started on no desktop, and a program that imports it could not start.
 */
#include "win32.h"

#include <stdio.h>
#include <string.h>

/* WINSTA_ALL_ACCESS and DESKTOP_ALL of winuser.h with READ_CONTROL and WRITE_DAC, for the handles that the runner itself keeps. */
#define STATION_ALL (0x37fu | READ_CONTROL | WRITE_DAC)
#define DESKTOP_ALL (0x1ffu | READ_CONTROL | WRITE_DAC)

struct user32 {
    HWINSTA(WINAPI *make_station)(LPCWSTR, DWORD, ACCESS_MASK, LPSECURITY_ATTRIBUTES);
    BOOL(WINAPI *use_station)(HWINSTA);
    HWINSTA(WINAPI *own_station)(void);
    HDESK(WINAPI *make_desktop)(LPCWSTR, LPCWSTR, DEVMODEW *, DWORD, ACCESS_MASK, LPSECURITY_ATTRIBUTES);
    BOOL(WINAPI *information)(HANDLE, int, PVOID, DWORD, LPDWORD);
};

static bool get_user32(struct user32 *u)
{
    void *f[] = {win_function(L"user32.dll", "CreateWindowStationW"), win_function(L"user32.dll", "SetProcessWindowStation"),
        win_function(L"user32.dll", "CreateDesktopW"), win_function(L"user32.dll", "GetUserObjectInformationW"),
        win_function(L"user32.dll", "GetProcessWindowStation")};

    memcpy(&u->make_station, &f[0], sizeof f[0]);
    memcpy(&u->use_station, &f[1], sizeof f[1]);
    memcpy(&u->make_desktop, &f[2], sizeof f[2]);
    memcpy(&u->information, &f[3], sizeof f[3]);
    memcpy(&u->own_station, &f[4], sizeof f[4]);
    return f[0] && f[1] && f[2] && f[3] && f[4];
}

/* What is left to one's own logon where another runner of it has closed the station already. */
#define STATION_LESS (0x33fu | READ_CONTROL)

struct made {
    HWINSTA station;
    HDESK desktop;
};

static bool make(const struct user32 *u, SECURITY_ATTRIBUTES *station, SECURITY_ATTRIBUTES *desktop, struct made *m, wchar_t *out,
    size_t size)
{
    wchar_t name[32];
    DWORD n = 0;
    size_t at, length;

    swprintf(name, COUNT_OF(name), L"cordon-%lu", (unsigned long)GetCurrentProcessId());
    length = wcslen(name) + 1;
    m->station = u->make_station(NULL, 0, STATION_ALL, station);
    if (!m->station && GetLastError() == ERROR_ACCESS_DENIED)
        m->station = u->make_station(NULL, 0, STATION_LESS, station);
    if (!m->station || !u->use_station(m->station))
        return false;
    m->desktop = u->make_desktop(name, NULL, NULL, 0, DESKTOP_ALL, desktop);
    if (!m->desktop || !u->information(m->station, UOI_NAME, out, (DWORD)(size * sizeof *out), &n))
        return false; /* the handles stay: they live as long as the runner, and with it */
    at = wcsnlen(out, size);
    if (at + 1 + length > size) {
        SetLastError(ERROR_INSUFFICIENT_BUFFER);
        return false;
    }
    out[at] = L'\\';
    memcpy(out + at + 1, name, length * sizeof *name);
    return true;
}

bool station_make(
    struct str station_sddl, struct str desktop_sddl, wchar_t *out, size_t size, bool *verified, struct err *e)
{
    PSECURITY_DESCRIPTOR d[2] = {win_descriptor(station_sddl), win_descriptor(desktop_sddl)};
    SECURITY_ATTRIBUTES station = {sizeof station, d[0], FALSE}, desktop = {sizeof desktop, d[1], FALSE};
    struct user32 u;
    struct made m = {0};
    struct err unput = {0};
    bool good = d[0] && d[1], put[2] = {0};
    DWORD code = GetLastError();

    out[0] = 0;
    if (!good)
        win_fail_at(e, STAGE_TOKEN, code, d[0] ? desktop_sddl : station_sddl, "cannot read a descriptor of the window station");
    else if (!get_user32(&u) || !make(&u, &station, &desktop, &m, out, size))
        good = win_fail_at(e, STAGE_TOKEN, GetLastError(), (struct str){0}, "cannot make a window station of the sandbox's own");
    if (!good)
        out[0] = 0;
    /* One of that name may have been there, made for this logon when user32 was loaded, or by another terminal of the person's: its
     * descriptor is put as well, or is that already. */
    *verified = good && (win_dacl_is(m.station, station_sddl) || (win_dacl_put(m.station, station_sddl, &put[0], &unput) && put[0])) &&
                (win_dacl_is(m.desktop, desktop_sddl) || (win_dacl_put(m.desktop, desktop_sddl, &put[1], &unput) && put[1]));
    for (int i = 0; i < 2; i++)
        if (d[i])
            LocalFree(d[i]);
    return good;
}

/* A desktop is made on the station that the process has: this one goes back to its own. The handles stay: they live as long as it. */
static bool lend(const struct user32 *u, SECURITY_ATTRIBUTES *station, SECURITY_ATTRIBUTES *desktop, wchar_t *out, size_t size)
{
    static const wchar_t name[] = L"\\cordon";
    HWINSTA before = u->own_station(), s = before ? u->make_station(NULL, 0, STATION_ALL, station) : NULL;
    DWORD n = 0;
    size_t at;
    bool good = s && u->use_station(s);

    if (good) {
        good = u->make_desktop(name + 1, NULL, NULL, 0, DESKTOP_ALL, desktop) != NULL;
        good = u->use_station(before) && good;
    }
    if (!good || !u->information(s, UOI_NAME, out, (DWORD)(size * sizeof *out), &n))
        return false;
    at = wcsnlen(out, size);
    if (at + COUNT_OF(name) > size) {
        SetLastError(ERROR_INSUFFICIENT_BUFFER);
        return false;
    }
    memcpy(out + at, name, sizeof name);
    return true;
}

/* To be on it, and no more: no clipboard, no hooks, no input. It is the group that may, which is in no restricting list: what writes is
 * refused to commands by the second pass. Our logon has one station of that name, so that every terminal's is the same. */
bool station_lend(struct str group, wchar_t *out, size_t size, struct err *e)
{
    struct arena a = {0};
    PSECURITY_DESCRIPTOR d[2] = {
        win_descriptor(arena_format(&a, "D:P(A;;0xf037f;;;SY)(A;;0xf037f;;;OW)(A;;0x20122;;;%.*s)", (int)group.n, group.p ? group.p : "")),
        win_descriptor(arena_format(&a, "D:P(A;;0xf01ff;;;SY)(A;;0xf01ff;;;OW)(A;;0x200c3;;;%.*s)", (int)group.n, group.p ? group.p : ""))};
    SECURITY_ATTRIBUTES station = {sizeof station, d[0], FALSE}, desktop = {sizeof desktop, d[1], FALSE};
    struct user32 u;
    bool good = d[0] && d[1] && get_user32(&u) && lend(&u, &station, &desktop, out, size);

    if (!good) {
        win_fail_at(e, STAGE_LOGON, GetLastError(), group, "cannot make a window station for the runner to begin on");
        out[0] = 0;
    }
    for (int i = 0; i < 2; i++)
        if (d[i])
            LocalFree(d[i]);
    arena_release(&a);
    return good;
}
