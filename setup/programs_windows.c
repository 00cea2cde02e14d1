/*
 * programs: Cordon's own, copied from where they were unpacked to a folder below Program Files that administrators alone write. What
 * the accounts start is started from there.
 */
#include "machine.h"
#include "../sandbox/core/text.h"

#define PROGRAM_BYTES_MAX ((size_t)64 << 20)
#define ASIDE             ".old-" /* behind the name of one that was replaced while it ran */

static const char *const programs[] = {"cordon.exe", "cordon-runner.exe", "cordon-shim.exe", "cordon-setup.exe", "cordon-witness.exe"};

static struct str in_folder(struct machine *m, struct str folder, const char *name)
{
    return arena_format(&m->arena, "%.*s\\%s", (int)folder.n, folder.p, name);
}

/* Missing is fine for a program that this release does not have. */
static enum setup_look same_file(struct str from, struct str to, struct str sddl)
{
    struct arena a = {0};
    struct str x, y;
    DWORD code = 0;
    enum setup_look look = LOOK_WHOLE;

    if (!file_read_whole(&a, from, PROGRAM_BYTES_MAX, &x, &code))
        look = code == ERROR_FILE_NOT_FOUND ? LOOK_WHOLE : LOOK_UNKNOWN;
    else if (!file_read_whole(&a, to, PROGRAM_BYTES_MAX, &y, &code))
        look = code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND ? LOOK_MISSING : LOOK_UNKNOWN;
    else if (!str_eq(x, y) || !file_is_as(&a, to, sddl))
        look = LOOK_DIFFERS;
    arena_release(&a);
    return look;
}

/* Setup that was started from there already has nothing to copy from elsewhere. */
static bool in_place(const struct setup_step *s)
{
    return text_same(s->source, s->subject);
}

/* Any of them, or the empty folder: an uninstall may have been interrupted. */
static enum setup_look look_for_removal(struct machine *m, const struct setup_step *s)
{
    struct wide_path wide;

    if (m->facts.others || m->programs_later)
        return LOOK_MISSING;
    for (size_t i = 0; i < COUNT_OF(programs); i++)
        if (!wide_path(in_folder(m, s->subject, programs[i]), &wide) || GetFileAttributesW(wide.v) != INVALID_FILE_ATTRIBUTES)
            return LOOK_WHOLE;
    return folder_empty(s->subject) ? LOOK_DIFFERS : LOOK_MISSING;
}

enum setup_look programs_look(struct machine *m, const struct setup_step *s)
{
    enum setup_look worst = folder_look(s->subject, s->text);

    if (m->undoing)
        return look_for_removal(m, s);
    for (size_t i = 0; i < COUNT_OF(programs); i++) {
        enum setup_look look = same_file(in_folder(m, s->source, programs[i]), in_folder(m, s->subject, programs[i]), s->text);
        if (look == LOOK_MISSING || (look != LOOK_WHOLE && worst != LOOK_MISSING))
            worst = look;
    }
    return worst;
}

/* One that runs, in a terminal or as the witness, cannot be replaced or removed, but called otherwise, and that name goes at the next
 * start of Windows: the old one could be a new program's by then. */
static bool put_aside(struct str path, struct wide_path *from, struct wide_path *aside)
{
    struct arena a = {0};
    bool good = wide_path(path, from) && wide_path(arena_format(&a, "%s" ASIDE "%llu", path.p, (unsigned long long)sys_clock_ms()), aside) &&
                MoveFileExW(from->v, aside->v, 0);

    arena_release(&a);
    return good;
}

static bool write_program(struct str path, struct str sddl, struct str bytes, struct err *e)
{
    struct wide_path from, aside;
    struct err first = {0};
    bool good = file_write_as(path, sddl, bytes, &first);

    if (!good && put_aside(path, &from, &aside)) {
        good = file_write_as(path, sddl, bytes, e);
        if (good)
            MoveFileExW(aside.v, NULL, MOVEFILE_DELAY_UNTIL_REBOOT);
        else
            MoveFileExW(aside.v, from.v, 0);
    } else if (!good) {
        *e = first;
    }
    return good;
}

/* Those of an earlier run that can be removed by now. */
static void remove_aside(struct machine *m, struct str folder, bool *later)
{
    struct wide_path pattern;
    WIN32_FIND_DATAW found;
    HANDLE list = INVALID_HANDLE_VALUE;

    if (wide_path(in_folder(m, folder, "cordon*.exe" ASIDE "*"), &pattern))
        list = FindFirstFileW(pattern.v, &found);
    if (list == INVALID_HANDLE_VALUE)
        return;
    do {
        struct wide_path wide;
        if (wide_path(in_folder(m, folder, utf8_from_z(&m->arena, found.cFileName).p), &wide) && !DeleteFileW(wide.v))
            *later = MoveFileExW(wide.v, NULL, MOVEFILE_DELAY_UNTIL_REBOOT) || *later;
    } while (FindNextFileW(list, &found));
    FindClose(list);
}

bool programs_make(struct machine *m, const struct setup_step *s, struct err *e)
{
    bool good, later = false;

    folder_note(m, s->kind, s->subject, s->text);
    good = ledger_save(m, e) && folder_make(s->subject, s->text, e);
    if (good)
        remove_aside(m, s->subject, &later);
    for (size_t i = 0; good && i < COUNT_OF(programs); i++) {
        struct arena a = {0};
        struct str bytes, from = in_folder(m, s->source, programs[i]);
        DWORD code;
        if (in_place(s))
            good = same_file(from, from, s->text) == LOOK_WHOLE || place_mend(from, s->text, e);
        else if (file_read_whole(&a, from, PROGRAM_BYTES_MAX, &bytes, &code))
            good = write_program(in_folder(m, s->subject, programs[i]), s->text, bytes, e);
        else if (code != ERROR_FILE_NOT_FOUND)
            good = fail_at(e, code, STAGE_FILE, from, "a program of Cordon's cannot be read");
        arena_release(&a);
    }
    return good;
}

static bool remove_program(struct str path, bool *later, struct err *e)
{
    struct wide_path wide, aside;
    DWORD code;

    if (!wide_path(path, &wide) || DeleteFileW(wide.v))
        return true;
    code = GetLastError();
    if (code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND)
        return true;
    if (!put_aside(path, &wide, &aside))
        return fail_at(e, code, STAGE_FILE, path, "a program of Cordon's cannot be removed");
    if (!MoveFileExW(aside.v, NULL, MOVEFILE_DELAY_UNTIL_REBOOT))
        return fail_at(e, GetLastError(), STAGE_FILE, path, "a program of Cordon's that runs cannot be left to the next start to remove");
    *later = true;
    return true;
}

bool programs_undo(struct machine *m, const struct setup_step *s, struct err *e)
{
    struct wide_path wide;
    DWORD code;
    bool later = false;

    if (m->facts.others)
        return true;
    for (size_t i = 0; i < COUNT_OF(programs); i++)
        if (!remove_program(in_folder(m, s->subject, programs[i]), &later, e))
            return false;
    remove_aside(m, s->subject, &later);
    if (!wide_path(s->subject, &wide) || RemoveDirectoryW(wide.v))
        return true;
    code = GetLastError();
    if (code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND)
        return true;
    m->programs_later = later && MoveFileExW(wide.v, NULL, MOVEFILE_DELAY_UNTIL_REBOOT);
    if (m->programs_later) {
        say_note(m, "note: programs that are in use, cordon-setup among them, go at the next start of Windows");
        return true;
    }
    if (code == ERROR_DIR_NOT_EMPTY && look_for_removal(m, s) == LOOK_MISSING) {
        folder_restore(m, s->kind, s->subject);
        say_note(m, "note: what else lies in %s is not Cordon's, and stays", s->subject.p);
        return true;
    }
    return fail_at(e, code, STAGE_FILE, s->subject, "the folder of the programs cannot be removed");
}
