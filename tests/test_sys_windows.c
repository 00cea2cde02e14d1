/*
 * The small change of the system on Windows: streams and waiting, files, folders of hostile depth, logs, the session's folder.
 */
#include "../sandbox/win32.h"
#include "check.h"

#include <stdio.h>
#include <string.h>

static struct arena arena;
static struct str top;

static struct str here(const char *name)
{
    return arena_format(&arena, "%s\\%s", top.p, name);
}

/* ---- streams ---- */

static void pipe_ends(void)
{
    sys_handle in = SYS_NONE, out = SYS_NONE;
    struct err e = {0};
    char bytes[64];
    long code = 0;

    CHECK(sys_pipe(&in, &out, &e), "a pipe is made");
    sys_nonblocking(in, true);
    CHECK(sys_read(in, bytes, sizeof bytes, &code) == -1, "an empty one has nothing now");
    CHECK(sys_write(out, "abc", 3, &code) == 3 && sys_wait(&(struct sys_wait){in, SYS_READ, 0}, 1, 5000) == 1 &&
            sys_read(in, bytes, sizeof bytes, &code) == 3 && memcmp(bytes, "abc", 3) == 0, "what is written is readable");
    CHECK(sys_wait(&(struct sys_wait){in, SYS_READ, 0}, 1, 50) == 0, "waiting ends in time");
    sys_close(&out);
    struct sys_wait item = {in, SYS_READ, 0};
    CHECK(sys_wait(&item, 1, 5000) == 1 && (item.got & SYS_HANGUP), "the end wakes");
    CHECK(sys_read(in, bytes, sizeof bytes, &code) == 0 && sys_read(in, bytes, sizeof bytes, &code) == 0 && sys_over(in), "the end is 0 bytes, and stays so");
    sys_close(&in);
    CHECK(in == SYS_NONE && out == SYS_NONE, "a closed one is none");
}

static void bounded_both_ways(void)
{
    static char chunk[65536];
    sys_handle in = SYS_NONE, out = SYS_NONE;
    struct err e = {0};
    uint64_t written = 0, got = 0;
    long code = 0, n;
    bool same = true;

    for (size_t i = 0; i < sizeof chunk; i++)
        chunk[i] = (char)(i * 7);
    CHECK(sys_pipe(&in, &out, &e), "another pipe");
    sys_nonblocking(in, true);
    sys_nonblocking(out, true);
    for (int full = 0; full < 5 && written < 1000000; Sleep(10)) {
        n = sys_write(out, chunk, 60000, &code);
        full = n == -1 ? full + 1 : 0;
        written += n > 0 ? (uint64_t)n : 0;
        for (size_t i = 0; i < sizeof chunk; i++)
            chunk[i] = (char)((written + i) * 7);
    }
    CHECK(written > 0 && written < 1000000, "a writer that nobody reads is told that it is full");
    struct sys_wait item = {out, SYS_WRITE, 0};
    CHECK(sys_wait(&item, 1, 50) == 0, "and waits");
    sys_close(&out); /* what is on its way arrives all the same */
    while (sys_wait(&(struct sys_wait){in, SYS_READ, 0}, 1, 5000) == 1 && (n = sys_read(in, chunk, 1000, &code)) > 0)
        for (long i = 0; i < n; i++)
            same = (unsigned char)chunk[i] == (unsigned char)(got++ * 7) && same;
    CHECK(same, "all of it arrives, in order");
    CHECK(got == written, "so many bytes");
    sys_close(&in);
}

static void closing_a_reader_that_waits(void)
{
    sys_handle a = SYS_NONE, b = SYS_NONE;
    struct err e = {0};
    uint64_t began;
    long code = 0;

    CHECK(sys_socketpair(&a, &b, &e), "a pair");
    sys_nonblocking(a, true);
    sys_wait(&(struct sys_wait){a, SYS_READ, 0}, 1, 20); /* its thread is in ReadFile now */
    began = sys_milliseconds();
    sys_close(&a);
    CHECK(sys_milliseconds() - began < 1500, "closing does not wait for bytes");
    CHECK(sys_write(b, "x", 1, &code) == -2, "and the other end sees it");
    sys_close(&b);
}

static void events_and_processes(void)
{
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    sys_handle h = sys_from_event(event);

    struct sys_wait twice[2] = {{h, SYS_READ, 0}, {h, SYS_READ, 0}};
    uint64_t began = sys_milliseconds();

    CHECK(sys_wait(&(struct sys_wait){h, SYS_READ, 0}, 1, 20) == 0, "an event is not ready");
    CHECK(sys_wait(twice, 2, 50) == 0 && sys_milliseconds() - began >= 60, "nor when it is waited on twice");
    SetEvent(event);
    CHECK(sys_wait(&(struct sys_wait){h, SYS_READ, 0}, 1, 1000) == 1, "until it is set");
    sys_close(&h);
}

static DWORD WINAPI set_soon(LPVOID event)
{
    Sleep(100);
    SetEvent(event);
    return 0;
}

/* What a wait has come back for is not set any more where it resets itself: it is told all the same, and once. */
static void events_that_reset_themselves(void)
{
    HANDLE event = CreateEventW(NULL, FALSE, FALSE, NULL), beside = CreateEventW(NULL, FALSE, FALSE, NULL);
    HANDLE threads[2] = {CreateThread(NULL, 0, set_soon, event, 0, NULL), NULL};
    sys_handle h = sys_from_event(event), in = SYS_NONE, out = SYS_NONE;
    struct sys_wait item = {h, SYS_READ, 0};
    struct err e = {0};

    CHECK(sys_wait(&item, 1, 3000) == 1 && item.got == SYS_READ, "one that resets itself wakes whoever waits");
    CHECK(sys_wait(&item, 1, 50) == 0, "once");
    sys_pipe(&in, &out, &e);
    sys_also(in, beside);
    threads[1] = CreateThread(NULL, 0, set_soon, beside, 0, NULL);
    CHECK(sys_wait(&(struct sys_wait){in, SYS_READ, 0}, 1, 3000) == 1, "also one beside a stream");
    WaitForMultipleObjects(2, threads, TRUE, 5000);
    sys_close(&h);
    sys_close(&in);
    sys_close(&out);
    win_close(&beside);
    win_close(&threads[0]);
    win_close(&threads[1]);
}

/* Both threads of a stream sleep: the one that reads ahead, for room, and the one that writes behind, for bytes. Room wakes the first. */
static void both_directions(void)
{
    static char chunk[65536];
    sys_handle a = SYS_NONE, b = SYS_NONE;
    struct err e = {0};
    uint64_t sent = 0, got = 0;
    long code = 0, n;
    bool stuck = false;

    CHECK(sys_socketpair(&a, &b, &e), "a pair that is used both ways");
    sys_nonblocking(a, true);
    sys_nonblocking(b, true);
    sys_write(a, "x", 1, &code);
    sys_wait(&(struct sys_wait){b, SYS_READ, 0}, 1, 5000);
    for (int round = 0; round < 20 && !stuck; round++) {
        for (int full = 0; full < 5; Sleep(5)) {
            n = sys_write(b, chunk, sizeof chunk, &code);
            full = n == -1 ? full + 1 : 0;
            sent += n > 0 ? (uint64_t)n : 0;
            sys_wait(&(struct sys_wait){a, SYS_READ, 0}, 1, 0);
        }
        while (got < sent && !stuck) {
            stuck = sys_wait(&(struct sys_wait){a, SYS_READ, 0}, 1, 3000) != 1;
            n = stuck ? 0 : sys_read(a, chunk, sizeof chunk, &code);
            got += n > 0 ? (uint64_t)n : 0;
        }
    }
    CHECK(!stuck && got == sent && got > 20 * sizeof chunk, "what one end sends arrives however full it was");
    sys_close(&a);
    sys_close(&b);
}

static long produce(void *context, void *out, size_t size)
{
    int *left = context;

    (void)size;
    if (*left == 0)
        return 0;
    memcpy(out, "k", 1);
    --*left;
    return 1;
}

static void producers(void)
{
    int left = 3;
    sys_handle h = sys_from_producer(produce, NULL, &left);
    char bytes[8];
    long code = 0;
    size_t n = 0;

    sys_nonblocking(h, true);
    while (sys_wait(&(struct sys_wait){h, SYS_READ, 0}, 1, 2000) == 1) {
        long got = sys_read(h, bytes, sizeof bytes, &code);
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    CHECK(n == 3, "a producer's bytes");
    sys_close(&h);
}

/* ---- files ---- */

static void files(void)
{
    struct err e = {0};
    struct str got = {0}, name = here("caf\xc3\xa9 file.txt"), made = here("a/b/c");

    CHECK(sys_make_folders(made, 0700, &e) && sys_make_folders(made, 0700, &e), "folders with parents, / taken for \\");
    CHECK(sys_append_file(name, STR("one\n"), &e) && sys_append_file(name, STR("two\n"), &e), "append makes, and appends");
    CHECK(sys_read_file(&arena, name, 100, true, &got, &e), "read");
    CHECK_STR(got, STR("one\ntwo\n"), "what was appended");
    CHECK(!sys_read_file(&arena, name, 5, true, &got, &e) && e.kind == ERR_LIMIT, "over the ceiling is refused");
    err_clear(&e);
    CHECK(!sys_read_file(&arena, here("none"), 5, true, &got, &e) && e.kind == ERR_MISSING, "missing is said");
    err_clear(&e);
    CHECK(!sys_read_file(&arena, made, 5, true, &got, &e), "a folder is no file");
    err_clear(&e);
    CHECK(!sys_read_file(&arena, here("nul"), 5, true, &got, &e), "a device is no file");
    err_clear(&e);
    CHECK(win_replace_file(name, STR("three"), &e) && sys_read_file(&arena, name, 100, true, &got, &e), "replace");
    CHECK_STR(got, STR("three"), "what replaced it");
    CHECK(sys_real_path(&arena, here("CAF\xc3\x89 FILE.txt"), &got, &e) && str_ends(got, STR("\\caf\xc3\xa9 file.txt")), "the real path of a name in another case");
    CHECK(!str_starts(got, STR("\\\\?\\")), "no prefix in it");
    CHECK(sys_remove_file(name, &e) && !sys_remove_file(name, &e) && e.kind == ERR_MISSING, "remove");
}

static void locks(void)
{
    HANDLE one = win_lock_file(here("lock"), 0), two = win_lock_file(here("lock"), 30);

    CHECK(one != NULL, "one holds a lock");
    CHECK(two == NULL, "and nobody else");
    win_close(&one);
    two = win_lock_file(here("lock"), 0);
    CHECK(two != NULL, "until it is let go");
    win_close(&two);
}

static void deep_tree(void)
{
    struct err e = {0};
    struct str at = here("deep");
    int levels = 0;

    sys_make_folders(at, 0700, &e);
    while (levels < 150 && at.n + 8 < PATH_BYTES_MAX && sys_make_folders(at, 0700, &e)) {
        sys_append_file(arena_format(&arena, "%s\\f", at.p), STR("x"), &e);
        at = arena_format(&arena, "%s\\d%d", at.p, levels++);
    }
    CHECK(levels == 150, "a tree far deeper than MAX_PATH");
    err_clear(&e);
    CHECK(sys_remove_tree(here("deep"), &e), "is removed");
    CHECK(GetFileAttributesA(here("deep").p) == INVALID_FILE_ATTRIBUTES, "all of it");
    CHECK(sys_remove_tree(here("deep"), &e), "removing nothing is fine");
}

static void logs(void)
{
    struct err e = {0};
    struct str name = here("session.log");
    struct buf got = {0};
    struct texts names = {0};
    sys_handle log = SYS_NONE, second = SYS_NONE;
    long code = 0;

    CHECK(sys_log_create(name, &log, &e), "a log");
    CHECK(!sys_log_create(name, &second, &e), "is not begun twice");
    err_clear(&e);
    CHECK(sys_write(log, "hello\n", 6, &code) == 6 && sys_write(log, "world\n", 6, &code) == 6, "written");
    CHECK(sys_log_is_held(name), "held while it is open");
    CHECK(sys_log_read(name, 6, 3, &got, &e), "read from the middle meanwhile");
    CHECK_STR(buf_view(&got), STR("wor"), "so many bytes");
    sys_close(&log);
    CHECK(!sys_log_is_held(name), "not held any more");
    CHECK(sys_list_folder(&arena, top, 100, &names, &e) && names.n >= 2, "a folder is listed");
    for (size_t i = 1; i < names.n; i++)
        if (str_compare(names.v[i - 1], names.v[i]) >= 0)
            CHECK(false, "the names are sorted");
    buf_release(&got);
}

static void session_folder(void)
{
    struct err e = {0};
    struct str folder = {0}, caches = {0}, got = {0};

    CHECK(sys_session_folder(&arena, here("state"), &folder, &e), "a session's folder");
    CHECK(sys_real_path(&arena, arena_format(&arena, "%s\\tmp", folder.p), &got, &e), "with an empty tmp in it");
    CHECK(win_lock_file(arena_format(&arena, "%s\\lock", folder.p), 0) == NULL, "its lock is held");
    sys_append_file(arena_format(&arena, "%s\\tmp\\left", folder.p), STR("x"), &e);
    CHECK(sys_caches_folder(&arena, here("state"), STR("C:\\work"), &caches, &e) && caches.n, "a cache's folder");
    sys_session_folder_end();
    CHECK(!sys_real_path(&arena, arena_format(&arena, "%s\\tmp\\left", folder.p), &got, &e), "emptied at the end");
    err_clear(&e);
    CHECK(sys_session_folder(&arena, here("state"), &got, &e) && str_eq(got, folder), "and free for the next");
    sys_session_folder_end();
}

/* What wine has of it: no junction, but another thing that is no folder to be listed. */
static void private_temp(void)
{
    struct windows_host windows = {0};
    struct host host = {.windows = &windows, .state_dir = here("state"), .session_dir = here("state\\sessions\\s7")};
    struct str folder = here("state-temp\\s7"), left = arena_format(&arena, "%s\\left", folder.p);
    struct err e = {0};
    HANDLE held;

    CHECK(facts_session(&arena, &host, &e) && str_eq(host.windows->temp_dir, folder), "a private temp");
    sys_append_file(left, STR("x"), &e);
    CHECK(facts_session(&arena, &host, &e) && GetFileAttributesA(left.p) == INVALID_FILE_ATTRIBUTES, "is emptied for the next session");
    sys_append_file(left, STR("x"), &e);
    held = CreateFileA(left.p, GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
    CHECK(held != INVALID_HANDLE_VALUE && !facts_session(&arena, &host, &e) && e.kind != ERR_NONE, "what cannot be removed is not left to the next one");
    win_close(&held);
    err_clear(&e);
    CHECK(facts_session(&arena, &host, &e), "which opens when it can");
    RemoveDirectoryA(folder.p);
    sys_append_file(folder, STR("x"), &e);
    CHECK(facts_session(&arena, &host, &e) && (GetFileAttributesA(folder.p) & FILE_ATTRIBUTE_DIRECTORY), "and made anew where it is no folder any more");
}

static void environment(void)
{
    struct texts all = {0};
    struct err e = {0};

    sys_environment(&arena, &all);
    CHECK(all.n > 0, "an environment");
    CHECK(sys_variable(NULL, STR("pAtH")).n > 0 && !sys_variable(NULL, STR("CORDON_NONE")).p, "names in any case");
    for (size_t i = 0; i < all.n; i++)
        if (all.v[i].p[0] == '=')
            CHECK(false, "no folders of drives");
    sys_reason(&e, ERROR_ACCESS_DENIED);
    CHECK(e.code == 5 && strstr(e.reason, "(5)"), "a code has words and its number");
    err_clear(&e);
    sys_reason(&e, 0);
    CHECK_STR(str_from(e.reason), STR("the system gave no reason"), "no code has words");
    CHECK(sys_milliseconds() > 0 && sys_clock_ms() > 1700000000000u && sys_boot_ms() > 0, "clocks go");
}

int main(void)
{
    struct err e = {0};

    top = arena_format(&arena, "%.*s\\sys-test", (int)sys_cwd(&arena).n, sys_cwd(&arena).p);
    if (!sys_remove_tree(top, &e) || !sys_make_folders(top, 0700, &e)) {
        CHECK(false, "a folder to work in");
        return CHECK_END();
    }
    pipe_ends();
    bounded_both_ways();
    closing_a_reader_that_waits();
    events_and_processes();
    events_that_reset_themselves();
    both_directions();
    producers();
    files();
    locks();
    deep_tree();
    logs();
    session_folder();
    private_temp();
    environment();
    sys_remove_tree(top, &e); /* but for the lock of the caches, which is held until the end */
    arena_release(&arena);
    return CHECK_END();
}
