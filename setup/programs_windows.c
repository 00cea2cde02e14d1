/*
 * programs: Cordon's own, copied from where they were unpacked to a folder below Program Files that administrators alone write. What
 * the accounts start is started from there.
 */
#include "machine.h"
#include "../sandbox/core/text.h"

#define PROGRAM_BYTES_MAX ((size_t)64 << 20)

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

bool programs_make(struct machine *m, const struct setup_step *s, struct err *e)
{
    bool good = folder_make(s->subject, s->text, e);

    for (size_t i = 0; good && i < COUNT_OF(programs); i++) {
        struct arena a = {0};
        struct str bytes, from = in_folder(m, s->source, programs[i]);
        DWORD code;
        if (in_place(s))
            good = same_file(from, from, s->text) == LOOK_WHOLE || place_mend(from, s->text, e);
        else if (file_read_whole(&a, from, PROGRAM_BYTES_MAX, &bytes, &code))
            good = file_write_as(in_folder(m, s->subject, programs[i]), s->text, bytes, e);
        else if (code != ERROR_FILE_NOT_FOUND)
            good = fail_at(e, code, STAGE_FILE, from, "a program of Cordon's cannot be read");
        arena_release(&a);
    }
    return good;
}

/* The one that runs, cordon-setup itself, cannot be removed while it does: it goes at the next start of Windows. */
bool programs_undo(struct machine *m, const struct setup_step *s, struct err *e)
{
    struct wide_path wide;
    DWORD code = 0;
    bool later = false;

    for (size_t i = 0; !m->facts.others && i < COUNT_OF(programs); i++) {
        struct str path = in_folder(m, s->subject, programs[i]);
        if (!wide_path(path, &wide) || DeleteFileW(wide.v))
            continue;
        code = GetLastError();
        if (code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND)
            continue;
        if (!MoveFileExW(wide.v, NULL, MOVEFILE_DELAY_UNTIL_REBOOT))
            return fail_at(e, code, STAGE_FILE, path, "a program of Cordon's cannot be removed");
        later = true;
    }
    if (m->facts.others || !wide_path(s->subject, &wide) || RemoveDirectoryW(wide.v))
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
        say_note(m, "note: what else lies in %s is not Cordon's, and stays", s->subject.p);
        return true;
    }
    return fail_at(e, code, STAGE_FILE, s->subject, "the folder of the programs cannot be removed");
}
