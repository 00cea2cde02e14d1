/*
 * Placeholders: made, shared, removed, and found again after a crash, on a real disk. Crashes are children that end
 * without a word at the moment that is tried.
 */
#include "../sandbox/linux.h"
#include "check.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#define CROWD        6
#define CROWD_ROUNDS 600
#define WHOLE_ROUNDS 500

static struct arena arena;
static struct str state, place;
static const struct texts nothing;

static struct str at(const char *name)
{
    return arena_format(&arena, "%s/%s", place.p, name);
}

static bool is_there(const char *name)
{
    struct stat st;
    return lstat(at(name).p, &st) == 0;
}

static struct op folder_op(const char *name)
{
    return (struct op){.kind = OP_PLACEHOLDER, .path = at(name), .on_failure = FAIL_PARTIAL, .part = STR("names")};
}

static bool hold(struct names *n, const char *name)
{
    struct op op = folder_op(name);
    struct err e = {0};
    return names_hold(n, &op, 1, &nothing, &e);
}

/* A session of its own process: holds a name, says so, and ends as told: 'c' properly, 'k' as if killed. */
struct other {
    pid_t pid;
    int tell, told;
};

static void session_begin(void)
{
    struct str folder;
    struct err e = {0};
    if (!sys_session_folder(&arena, state, &folder, &e))
        _exit(3);
    names_clean(folder);
}

static void other_main(const char *name, int from, int to)
{
    struct names n = {0};
    char how = 0;

    session_begin();
    how = hold(&n, name) ? 'h' : 'n';
    if (write(to, &how, 1) != 1 || read(from, &how, 1) != 1)
        _exit(4);
    if (how == 'c') {
        names_release(&n);
        sys_session_folder_end();
        _exit(0);
    }
    kill(getpid(), SIGKILL);
}

static bool other_start(struct other *o, const char *name)
{
    int down[2], up[2];
    char how = 0;

    if (pipe2(down, O_CLOEXEC) != 0 || pipe2(up, O_CLOEXEC) != 0)
        return false;
    o->pid = fork();
    if (o->pid == 0)
        other_main(name, down[0], up[1]);
    close(down[0]);
    close(up[1]);
    o->tell = down[1];
    o->told = up[0];
    return read(o->told, &how, 1) == 1 && how == 'h';
}

static void other_end(struct other *o, char how)
{
    if (write(o->tell, &how, 1) == 1)
        waitpid(o->pid, NULL, 0);
    close(o->tell);
    close(o->told);
}

static void check_one(void)
{
    struct names n = {0};
    struct op op = folder_op("a");
    struct stat st;

    CHECK(hold(&n, "a") && is_there("a"), "a placeholder is made");
    CHECK(names_identity(&op) && stat(op.path.p, &st) == 0 && op.check_identity && op.dev == st.st_dev &&
              op.ino == st.st_ino,
        "its identity is known");
    CHECK(names_is_placeholder(open(op.path.p, O_PATH | O_CLOEXEC), &st), "it can be told from a person's folder");
    CHECK(hold(&n, "a"), "to hold it twice is no failure");
    names_release(&n);
    CHECK(!is_there("a"), "it is removed at the end");
    CHECK(hold(&n, "a") && mkdir(at("a/mine").p, 0755) == 0, "somebody puts something in it");
    names_release(&n);
    CHECK(is_there("a/mine"), "what is not empty stays");
    CHECK(stat(at("a").p, &st) == 0 && !names_is_placeholder(open(at("a").p, O_PATH | O_CLOEXEC), &st),
        "and is no placeholder any more");
    CHECK(!hold(&n, "a"), "a person's folder is not taken for one");
    CHECK(rmdir(at("a/mine").p) == 0 && !hold(&n, "a") && is_there("a"), "not even an empty one");
    rmdir(at("a").p);
    CHECK(hold(&n, "a") && rmdir(at("a").p) == 0 && mkdir(at("a").p, 0755) == 0, "somebody replaces it");
    names_release(&n);
    CHECK(is_there("a"), "another object of that name stays");
    rmdir(at("a").p);
    CHECK(!hold(&n, "no/such") && !names_identity(&op), "without a folder to stand in there is none");
    CHECK(symlink(".", at("link").p) == 0 && !hold(&n, "link/b") && !is_there("b"), "no link is followed");
    unlink(at("link").p);
    names_release(&n);
}

static void check_file(void)
{
    struct names n = {0};
    struct op op = folder_op("f");
    struct err e = {0};

    op.number = 1;
    op.text = STR(".\n");
    CHECK(names_hold(&n, &op, 1, &nothing, &e) && is_there("f"), "a file with its bytes");
    names_release(&n);
    CHECK(!is_there("f"), "is removed");
    CHECK(names_hold(&n, &op, 1, &nothing, &e) && sys_append_file(at("f"), STR("more"), &e), "one that was written to");
    names_release(&n);
    CHECK(is_there("f"), "stays");
    unlink(at("f").p);
}

/* A repository may be born in an empty folder that was there. */
static void check_borrowed(void)
{
    struct names n = {0};
    struct op op = folder_op("a");
    struct err e = {0};

    op.kind = OP_BIRTHPLACE;
    mkdir(at("a").p, 0755);
    CHECK(names_hold(&n, &op, 1, &nothing, &e) && names_identity(&op) && op.ino, "an empty folder of the person's is used");
    names_release(&n);
    CHECK(is_there("a"), "and stays");
    rmdir(at("a").p);
}

static void check_two_of_ours(void)
{
    struct names old = {0}, next = {0};

    CHECK(hold(&old, "a") && hold(&next, "a"), "two boundaries of a session hold one name");
    names_release(&old);
    CHECK(is_there("a"), "it stays for the second");
    CHECK(rmdir(at("a").p) == 0 && hold(&old, "a") && is_there("a"), "one that somebody took away is made anew");
    names_release(&next);
    names_release(&old);
    CHECK(!is_there("a"), "and goes with the last");
}

static void check_two_sessions(void)
{
    struct names n = {0};
    struct other o;

    CHECK(other_start(&o, "a") && is_there("a"), "another session holds a name");
    CHECK(hold(&n, "a"), "ours holds it too");
    names_release(&n);
    CHECK(is_there("a"), "when ours ends it stays for the other");
    CHECK(hold(&n, "a"), "held again");
    other_end(&o, 'c');
    CHECK(is_there("a"), "when the other ends it stays for ours");
    names_release(&n);
    CHECK(!is_there("a"), "the last one removes it");
    CHECK(other_start(&o, "a") && hold(&n, "a"), "both once more");
    other_end(&o, 'k');
    names_release(&n);
    CHECK(!is_there("a"), "one that crashed is not waited for");
}

static void check_crash(struct str session)
{
    struct names n = {0};
    struct other o;

    CHECK(other_start(&o, "a"), "a session holds a name");
    other_end(&o, 'k');
    CHECK(is_there("a"), "and is killed");
    names_clean(session);
    CHECK(!is_there("a"), "the next start removes what it left");
    CHECK(other_start(&o, "a") && mkdir(at("a/mine").p, 0755) == 0, "one that somebody used meanwhile");
    other_end(&o, 'k');
    names_clean(session);
    CHECK(is_there("a/mine"), "stays");
    rmdir(at("a/mine").p);
    rmdir(at("a").p);
    CHECK(other_start(&o, "a"), "a session holds a name");
    names_clean(session);
    CHECK(is_there("a"), "while it runs nobody removes it");
    other_end(&o, 'k');
    CHECK(hold(&n, "a"), "its leftover serves the next that wants the name");
    names_clean(session); /* its ledger is still there */
    names_release(&n);
    CHECK(!is_there("a"), "which removes it");
}

/* A power cut takes the ledger with it, and another name's leftovers are moved, not made anew. */
static void check_lost_ledger(void)
{
    struct str ledgers[] = {arena_format(&arena, "%s/sessions/s0/names", state.p),
        arena_format(&arena, "%s/sessions/s1/names", state.p)};
    struct names n = {0};
    struct other o;

    CHECK(other_start(&o, "a"), "a session holds a name");
    other_end(&o, 'k');
    unlink(ledgers[0].p);
    unlink(ledgers[1].p);
    CHECK(is_there("a") && hold(&n, "a"), "one whose ledger is lost is known by its mark");
    names_release(&n);
    CHECK(!is_there("a"), "and removed by the next that wants the name");
}

/* The moment between the making and its entry; and a ledger that was damaged. */
static void check_ledger(struct str session)
{
    struct str ledger = arena_format(&arena, "%s/names", session.p);
    struct err e = {0};
    struct str intent = arena_format(&arena, "d i 0 0 %lld 0 %lu 0\n%s\n", (long long)time(NULL),
        (unsigned long)at("a").n, at("a").p);

    mkdir(at("a").p, 01700); /* as it is before it has its mark */
    sys_append_file(ledger, intent, &e);
    names_clean(session);
    CHECK(!is_there("a"), "one that was begun and not yet entered is found by the intent");
    mkdir(at("a").p, 0755);
    sys_append_file(ledger, intent, &e);
    names_clean(session);
    CHECK(is_there("a"), "an intent says nothing of a folder that somebody else made");
    sys_append_file(ledger, STR("d h 1 2 3 4 99999 0\n/x\nd i -1"), &e);
    names_clean(session);
    CHECK(is_there("a") && access(ledger.p, F_OK) != 0, "a damaged ledger removes nothing, and goes");
    rmdir(at("a").p);
}

/* What another session is just making is known as such, and serves before that one is done with it. */
static void check_begun(void)
{
    struct names n = {0};
    struct op op = folder_op("a");
    struct err e = {0};
    struct stat st;
    int fd;

    mkdir(at("a").p, 01700); /* as it is before it has its mark */
    fd = open(at("a").p, O_PATH | O_CLOEXEC);
    CHECK(fd >= 0 && fstat(fd, &st) == 0 && names_is_placeholder(fd, &st), "one that is being made is no person's folder");
    close(fd);
    CHECK(hold(&n, "a") && names_identity(&op) && op.ino == st.st_ino, "it is held, by whoever comes second too");
    CHECK(lstat(at("a").p, &st) == 0 && (st.st_mode & 07777) == 0755, "and finished");
    names_release(&n);
    CHECK(!is_there("a"), "and removed");
    fd = open(at("f").p, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 01700);
    close(fd);
    op = (struct op){.kind = OP_PLACEHOLDER, .path = at("f"), .number = 1, .text = STR("bytes")};
    CHECK(!names_hold(&n, &op, 1, &nothing, &e) && !names_identity(&op), "a file without its bytes is not held in silence");
    names_release(&n);
    unlink(at("f").p);
}

/* A session that begins and ends over and over. What it holds must be there and its own while it holds it. */
static int crowd_main(void)
{
    struct timespec pause = {0, 50 * 1000};

    session_begin();
    for (int round = 0; round < CROWD_ROUNDS; round++) {
        struct names n = {0};
        struct op ops[3] = {folder_op("a"), folder_op("b"), {.kind = OP_PLACEHOLDER, .path = at("f"), .number = 1,
            .text = STR("bytes")}};
        struct err e = {0};
        struct stat st;
        if (!names_hold(&n, ops, 3, &nothing, &e))
            return 5;
        if (round % 3)
            nanosleep(&pause, NULL);
        for (int i = 0; i < 3; i++)
            if (lstat(ops[i].path.p, &st) != 0 || !names_identity(&ops[i]) || ops[i].ino != st.st_ino)
                return 6;
        names_release(&n);
    }
    sys_session_folder_end();
    return 0;
}

/* Whoever reads the file while it is made finds its bytes, or no file. */
static void check_whole(void)
{
    struct op op = {.kind = OP_PLACEHOLDER, .path = at("f"), .number = 1, .text = STR("bytes")};
    struct err e = {0};
    int ends[2], seen = 0, status = -1;
    pid_t reader;

    if (pipe2(ends, O_CLOEXEC) != 0 || (reader = fork()) < 0) {
        CHECK(false, "a reader");
        return;
    }
    if (reader == 0) {
        char bytes[16];
        int partial = 0;
        bool told = false;
        close(ends[1]);
        for (struct pollfd p = {.fd = ends[0], .events = POLLIN}; poll(&p, 1, 0) == 0;) {
            int fd = open(op.path.p, O_RDONLY | O_CLOEXEC);
            partial += fd >= 0 && read(fd, bytes, sizeof bytes) != 5;
            told = told || fd >= 0;
            if (fd >= 0)
                close(fd);
        }
        _exit(partial ? 1 : told ? 0 : 2);
    }
    close(ends[0]);
    for (int i = 0; i < WHOLE_ROUNDS; i++) {
        struct names n = {0};
        seen += names_hold(&n, &op, 1, &nothing, &e);
        names_release(&n);
    }
    close(ends[1]);
    waitpid(reader, &status, 0);
    CHECK(seen == WHOLE_ROUNDS, "a file is made and removed many times");
    if (status == 2 << 8)
        CHECK_SKIP("a file is there with its bytes or not at all", "the reader never saw one");
    else
        CHECK(status == 0, "a file is there with its bytes or not at all");
}

static void check_crowd(void)
{
    pid_t crowd[CROWD];
    int status, refused = 0, lost = 0, other = 0;

    for (int i = 0; i < CROWD; i++) {
        crowd[i] = fork();
        if (crowd[i] == 0)
            _exit(crowd_main());
    }
    for (int i = 0; i < CROWD; i++) {
        status = -1;
        if (crowd[i] > 0)
            waitpid(crowd[i], &status, 0);
        refused += status == 5 << 8;
        lost += status == 6 << 8;
        other += status != 0 && status != 5 << 8 && status != 6 << 8;
    }
    CHECK(!other, "many sessions at once in one place begin");
    CHECK(!refused, "none is refused a name because another is making or removing it");
    CHECK(!lost, "what one holds no other takes away");
    CHECK(!is_there("a") && !is_there("b") && !is_there("f"), "and nothing is left of them");
}

int main(void)
{
    const char *top = getenv("TEST_TMP");
    char made[] = "/var/tmp/cordon-names.XXXXXX", *folder = top ? NULL : mkdtemp(made);
    struct str session, base = str_from(top ? top : folder);
    struct err e = {0};

    state = arena_format(&arena, "%s/state", base.p);
    place = arena_format(&arena, "%s/place", base.p);
    mkdir(place.p, 0755);
    if (!sys_session_folder(&arena, state, &session, &e)) {
        CHECK(false, "a session folder");
        return CHECK_END();
    }
    check_one();
    check_file();
    check_borrowed();
    check_two_of_ours();
    check_two_sessions();
    check_crash(session);
    check_lost_ledger();
    check_ledger(session);
    check_begun();
    check_crowd();
    check_whole();
    sys_session_folder_end();
    sys_remove_tree(state, &e);
    sys_remove_tree(place, &e);
    if (folder)
        rmdir(folder);
    arena_release(&arena);
    return CHECK_END();
}
