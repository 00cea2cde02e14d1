/*
 * credential: DPAPI around the two passwords. Wine takes a tampered seal for whole, so that each carries a check of its own: the
 * person's SID and the account's part are inside, and must be what was asked for.
 */
#include "win32.h"
#include "credentials.h"
#include "core/errors.h"

#include <dpapi.h>
#include <string.h>

#define ENTROPY "Cordon passwords 1 "

void passwords_wipe(struct passwords *p)
{
    SecureZeroMemory(p, sizeof *p);
}

bool passwords_new(struct passwords *out, struct err *e)
{
    char *const places[] = {out->offline, out->online};
    unsigned char random[4 * SETUP_PASSWORD_LENGTH];
    size_t done = 0;

    /* A handful of rounds: a draw lacks a class about once in two thousand times. */
    for (int round = 0; done < COUNT_OF(places) && round < 64; round++) {
        if (!win_random(random, sizeof random))
            break;
        done += setup_password(random, sizeof random, places[done]);
    }
    SecureZeroMemory(random, sizeof random);
    out->there = done == COUNT_OF(places);
    if (out->there)
        return true;
    passwords_wipe(out);
    return err_set(e, ERR_SYSTEM, "the system gives no random bytes for passwords");
}

/* crypt32 is loaded by name, from System32: whoever plants one beside an unpacked program gets nothing by it. */
static BOOL protect(DATA_BLOB *in, const DATA_BLOB *entropy, DWORD flags, DATA_BLOB *out)
{
    BOOL(WINAPI * call)(DATA_BLOB *, LPCWSTR, DATA_BLOB *, PVOID, CRYPTPROTECT_PROMPTSTRUCT *, DWORD, DATA_BLOB *);
    DATA_BLOB with = *entropy;
    void *found = win_function(L"crypt32.dll", "CryptProtectData");

    memcpy(&call, &found, sizeof call);
    return found && call(in, L"Cordon", &with, NULL, NULL, flags, out);
}

static BOOL unprotect(DATA_BLOB *in, const DATA_BLOB *entropy, DATA_BLOB *out)
{
    BOOL(WINAPI * call)(DATA_BLOB *, LPWSTR *, DATA_BLOB *, PVOID, CRYPTPROTECT_PROMPTSTRUCT *, DWORD, DATA_BLOB *);
    DATA_BLOB with = *entropy;
    void *found = win_function(L"crypt32.dll", "CryptUnprotectData");

    memcpy(&call, &found, sizeof call);
    return found && call(in, NULL, &with, NULL, NULL, CRYPTPROTECT_UI_FORBIDDEN, out);
}

static DATA_BLOB blob_of(struct str s)
{
    return (DATA_BLOB){.cbData = (DWORD)s.n, .pbData = (BYTE *)(uintptr_t)s.p};
}

/* What is sealed: part, tab, SID, tab, password. */
static bool seal_one(struct arena *a, const char *part, const char *password, struct str person, bool for_person, struct str *out, struct err *e)
{
    struct str entropy_text = arena_format(a, ENTROPY "%.*s", (int)person.n, person.p);
    struct arena secret = {0};
    struct str plain = arena_format(&secret, "%s\t%.*s\t%s", part, (int)person.n, person.p, password);
    DATA_BLOB in = blob_of(plain), entropy = blob_of(entropy_text), sealed = {0};
    DWORD flags = CRYPTPROTECT_UI_FORBIDDEN | (for_person ? 0u : (DWORD)CRYPTPROTECT_LOCAL_MACHINE);
    bool good;

    SetLastError(ERROR_SUCCESS);
    good = protect(&in, &entropy, flags, &sealed) && sealed.cbData <= SEALED_BYTES_MAX;
    if (!good) {
        DWORD code = GetLastError();
        err_set(e, ERR_SYSTEM, "the passwords cannot be sealed");
        err_windows(e, code, STAGE_CREDENTIAL);
    } else {
        *out = arena_str(a, (struct str){(const char *)sealed.pbData, sealed.cbData});
    }
    if (sealed.pbData)
        LocalFree(sealed.pbData);
    SecureZeroMemory((void *)(uintptr_t)plain.p, plain.n);
    arena_release(&secret);
    return good;
}

bool passwords_seal(struct arena *a, const struct passwords *p, struct str person, bool for_person, struct buf *out, struct err *e)
{
    struct sealed s = {.for_person = for_person};

    if (!seal_one(a, "offline", p->offline, person, for_person, &s.offline, e) ||
        !seal_one(a, "online", p->online, person, for_person, &s.online, e))
        return false;
    sealed_print(out, &s);
    return true;
}

static bool unseal_one(const char *part, struct str sealed, struct str person, char out[SETUP_PASSWORD_LENGTH + 1], struct err *e)
{
    struct arena a = {0};
    struct str entropy_text = arena_format(&a, ENTROPY "%.*s", (int)person.n, person.p);
    struct str before = arena_format(&a, "%s\t%.*s\t", part, (int)person.n, person.p), plain;
    DATA_BLOB in = blob_of(sealed), entropy = blob_of(entropy_text), open = {0};
    bool good;

    SetLastError(ERROR_SUCCESS);
    good = unprotect(&in, &entropy, &open);
    if (!good) {
        DWORD code = GetLastError();
        err_set(e, ERR_SYSTEM, "the kept passwords cannot be opened");
        err_remedy(e, "cordon repair makes new ones; nothing else depends on the old ones");
        err_windows(e, code, STAGE_CREDENTIAL);
    }
    plain = (struct str){(const char *)open.pbData, open.cbData};
    if (good && (plain.n != before.n + SETUP_PASSWORD_LENGTH || !str_starts(plain, before))) {
        err_set(e, ERR_PROTOCOL, "the kept passwords are not what they should be");
        err_remedy(e, "cordon repair makes new ones; nothing else depends on the old ones");
        good = false;
    }
    if (good) {
        memcpy(out, plain.p + before.n, SETUP_PASSWORD_LENGTH);
        out[SETUP_PASSWORD_LENGTH] = '\0';
    }
    if (open.pbData) {
        SecureZeroMemory(open.pbData, open.cbData);
        LocalFree(open.pbData);
    }
    arena_release(&a);
    return good;
}

bool passwords_unseal(struct str bytes, struct str person, struct passwords *out, bool *for_person, struct err *e)
{
    struct arena a = {0};
    struct sealed s;
    bool good = sealed_parse(&a, bytes, &s, e) && unseal_one("offline", s.offline, person, out->offline, e) &&
                unseal_one("online", s.online, person, out->online, e);

    if (good)
        *for_person = s.for_person;
    else
        passwords_wipe(out);
    out->there = good;
    arena_release(&a);
    return good;
}

/* Over the same file, since the person may write it and nothing in its folder: zeroes first, then the new seal. */
static bool overwrite(HANDLE h, struct str old, struct str bytes)
{
    static const char zeroes[512];
    DWORD n;

    SetFilePointer(h, 0, NULL, FILE_BEGIN);
    for (size_t at = 0; at < old.n; at += n) {
        DWORD size = (DWORD)(old.n - at < sizeof zeroes ? old.n - at : sizeof zeroes);
        if (!WriteFile(h, zeroes, size, &n, NULL) || n == 0)
            return false;
    }
    FlushFileBuffers(h);
    SetFilePointer(h, 0, NULL, FILE_BEGIN);
    return WriteFile(h, bytes.p, (DWORD)bytes.n, &n, NULL) && n == bytes.n && SetEndOfFile(h) && FlushFileBuffers(h);
}

static bool read_all(HANDLE h, struct buf *out)
{
    char piece[4096];
    DWORD n;

    out->ceiling = SEALED_FILE_MAX;
    while (ReadFile(h, piece, sizeof piece, &n, NULL) && n > 0)
        buf_add(out, piece, n);
    return !out->overflowed && out->n > 0;
}

static bool cannot_read(struct err *e, DWORD code, struct str path)
{
    err_set(e, code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND ? ERR_MISSING : ERR_SYSTEM, "the kept passwords cannot be read");
    err_subject(e, path);
    err_windows(e, code, STAGE_CREDENTIAL);
    return false;
}

bool passwords_open(struct str data_dir, struct str person, struct passwords *out, struct err *e)
{
    struct arena a = {0};
    struct str path = ledger_place(&a, data_dir, person, "passwords");
    wchar_t *wide = wide_from(&a, path);
    struct buf old = {0}, sealed = {0};
    struct err unwritten = {0};
    bool for_person = false, good = false;
    HANDLE h = INVALID_HANDLE_VALUE;

    /* Another terminal of the same person may be at it: a moment is enough. */
    for (int tries = 0; wide && h == INVALID_HANDLE_VALUE && tries < 40; tries++) {
        if (tries && GetLastError() != ERROR_SHARING_VIOLATION)
            break;
        if (tries)
            Sleep(50);
        h = CreateFileW(wide, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    }
    if (h == INVALID_HANDLE_VALUE) {
        cannot_read(e, GetLastError(), path);
        goto out;
    }
    if (!read_all(h, &old)) {
        cannot_read(e, ERROR_INVALID_DATA, path);
        goto out;
    }
    good = passwords_unseal(buf_view(&old), person, out, &for_person, e);
    /* One that stays for the machine still works: its file's descriptor is then what keeps it. */
    if (good && !for_person && passwords_seal(&a, out, person, true, &sealed, &unwritten))
        overwrite(h, buf_view(&old), buf_view(&sealed));
out:
    if (h != INVALID_HANDLE_VALUE)
        CloseHandle(h);
    buf_release(&old);
    buf_release(&sealed);
    arena_release(&a);
    return good;
}
