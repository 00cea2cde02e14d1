/*
 * fuse: the server behind covers, in namespaces of its own as the runner has them: what touches a cover is refused and
 * recorded, once, with its path, its process and its name; what touches its uncovered twin is neither.
 */
#include "check.h"
#include "../sandbox/observe/observe.h"

#include <dirent.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#define FLOOD 50000

struct world {
    char folder[64], plain[64], file[64], twin[64], link[64];
    struct cover_server server;
    int records;
};

static char own_program[DENIAL_PROGRAM_MAX];
static struct denial last; /* texts point into last_bytes */
static char last_bytes[DENIAL_BYTES_MAX];

static uint64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* The next record, within wait_ms, into last. */
static bool next_record(const struct world *w, int wait_ms, uint64_t *lost)
{
    struct pollfd p = {.fd = w->records, .events = POLLIN};
    struct err e = {0};
    struct frame f;
    size_t used;
    ssize_t n;

    if (poll(&p, 1, wait_ms) != 1)
        return false;
    n = recv(w->records, last_bytes, sizeof last_bytes, MSG_DONTWAIT);
    return n > 0 && frame_take((struct str){last_bytes, (size_t)n}, &f, &used, &e) == 1 && denial_get(&f, &last, lost);
}

static size_t count_records(const struct world *w, uint64_t *lost)
{
    uint64_t before = 0;
    size_t n = 0;

    *lost = 0;
    while (next_record(w, 0, &before)) {
        n++;
        *lost += before;
    }
    return n;
}

/* ---- touches: each in a child; errno, or 0 ---- */

enum touch { OPEN, OPEN_WRITE, OPEN_BELOW, LIST, LINK, RELATIVE, FROM_PATH, ENTER, STAT, ASK, RAW };

struct target {
    const char *folder, *file, *link;
};

static int touch_now(enum touch what, const struct target *t)
{
    char path[128];
    struct stat st;
    int fd = -1, at;
    DIR *d;

    snprintf(path, sizeof path, "%s/inside", t->folder);
    switch (what) {
    case OPEN:
        fd = open(t->file, O_RDONLY);
        break;
    case OPEN_WRITE:
        fd = open(t->file, O_WRONLY);
        break;
    case OPEN_BELOW:
        fd = open(path, O_RDONLY);
        break;
    case LIST:
        d = opendir(t->folder);
        return d ? 0 : errno;
    case LINK:
        fd = open(t->link, O_RDONLY);
        break;
    case RELATIVE:
        if (chdir("/tmp") != 0)
            return -1;
        fd = open(t->file + sizeof "/tmp/" - 1, O_RDONLY);
        break;
    case FROM_PATH:
        at = open(t->folder, O_PATH | O_DIRECTORY);
        if (at < 0)
            return -1;
        fd = openat(at, "inside", O_RDONLY);
        break;
    case ENTER:
        return chdir(t->folder) == 0 ? 0 : errno;
    case STAT:
        return stat(t->file, &st) == 0 && stat(t->folder, &st) == 0 ? 0 : errno;
    case ASK:
        return access(t->file, R_OK) == 0 ? 0 : errno;
    case RAW: /* as a program without a C library */
        fd = (int)syscall(SYS_openat, AT_FDCWD, t->file, O_RDONLY, 0);
        break;
    }
    return fd >= 0 ? 0 : errno;
}

static int touch(enum touch what, const struct target *t, pid_t *pid)
{
    int status;

    *pid = fork();
    if (*pid == 0) {
        _exit(touch_now(what, t));
    }
    return waitpid(*pid, &status, 0) == *pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void check_touches(const struct world *w)
{
    static const struct {
        enum touch what;
        bool recorded;
        int code;
        const char *name, *below;
    } rows[] = {
        {OPEN, true, EACCES, "a file is opened", ""},
        {RAW, true, EACCES, "a file is opened by the bare system call", ""},
        {OPEN_BELOW, true, EACCES, "a file in a folder is opened", "/inside"},
        {LIST, true, EACCES, "a folder is listed", "."},
        {LINK, true, EACCES, "a file is opened by a link to it", ""},
        {RELATIVE, true, EACCES, "a file is opened by a relative path", ""},
        {FROM_PATH, true, EACCES, "a file is opened from a descriptor of its folder", "/inside"},
        {ENTER, true, EACCES, "a folder is entered", "."},
        {OPEN_WRITE, false, EROFS, "a file is opened for writing", ""},
        {STAT, false, 0, "both are looked at by stat", ""},
        {ASK, false, EACCES, "it is asked whether a file could be read", ""},
    };
    char link[80], name[160], path[80];

    snprintf(link, sizeof link, "%s.twin", w->link);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct target covered = {w->folder, w->file, w->link}, free_one = {w->plain, w->twin, link};
        uint64_t lost = 0;
        pid_t pid;
        int code = touch(rows[i].what, &free_one, &pid);

        snprintf(name, sizeof name, "%s, not covered: done and not recorded", rows[i].name);
        CHECK(code == 0 && !next_record(w, 0, &lost), name);
        code = touch(rows[i].what, &covered, &pid);
        snprintf(name, sizeof name, "%s, covered: %s and %s", rows[i].name, rows[i].code ? "refused" : "answered",
            rows[i].recorded ? "recorded" : "not recorded");
        if (!rows[i].recorded) {
            CHECK(code == rows[i].code && !next_record(w, 0, &lost), name);
            continue;
        }
        snprintf(path, sizeof path, "%s%s", rows[i].below[0] ? w->folder : w->file,
            rows[i].below[0] == '/' ? rows[i].below : "");
        if (CHECK(code == rows[i].code && next_record(w, 0, &lost), name))
            CHECK(str_is(last.path, path) && last.pid == pid && str_is(last.program, own_program) &&
                      last.operation == OPERATION_READ && last.by == DENIAL_COVER && last.code == EACCES &&
                      last.group == getpgrp() && lost == 0,
                "its path, process, group, program and error are in the record");
        CHECK(!next_record(w, 0, &lost), "it is recorded once");
    }
}

/* ---- programs ---- */

static int run_program(const char *const *argv)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, 0);
        dup2(null, 1);
        dup2(null, 2);
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(errno == ENOENT ? 126 : 125);
    }
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Is the last record of this program, or of python3.11 for python3? */
static bool is_program(const char *name)
{
    size_t n = last.program.n;

    while (n > 0 && last.program.p[n - 1] != '/')
        n--;
    return str_starts(str_slice(last.program, n, last.program.n), str_from(name));
}

static void check_programs(const struct world *w)
{
    static const char *const programs[][4] = {{"cat", "%f"}, {"ls", "-l", "%d"}, {"find", "%d"},
        {"grep", "-r", "x", "%d"}, {"python3", "-c", "import sys; open('%f').read()"}, {"tar", "-cf", "/dev/null", "%d"}};

    for (size_t i = 0; i < COUNT_OF(programs); i++) {
        for (int covered = 0; covered < 2; covered++) {
            const char *argv[5] = {0};
            char words[4][128], name[128];
            uint64_t lost;
            int code;
            for (size_t k = 0; k < 4 && programs[i][k]; k++) {
                const char *at = strchr(programs[i][k], '%');
                snprintf(words[k], sizeof words[k], "%.*s%s%s", at ? (int)(at - programs[i][k]) : 127, programs[i][k],
                    !at ? "" : at[1] == 'f' ? (covered ? w->file : w->twin) : covered ? w->folder : w->plain,
                    at ? at + 2 : "");
                argv[k] = words[k];
            }
            code = run_program(argv);
            snprintf(name, sizeof name, "%s: %s", argv[0], covered ? "refused, recorded by name" : "done where nothing covers");
            if (code == 126)
                CHECK_SKIP(name, "not installed");
            else if (!covered)
                CHECK(code == 0 && count_records(w, &lost) == 0, name);
            else
                CHECK(code != 0 && next_record(w, 0, &lost) && is_program(argv[0]) &&
                          (str_is(last.path, w->file) || str_is(last.path, w->folder)),
                    name);
            count_records(w, &lost);
        }
    }
}

/* ---- what must not slow down, hang or fill ---- */

static void check_flood(const struct world *w)
{
    uint64_t start = now_ms(), lost = 0, took;
    const struct target covered = {w->folder, w->file, w->link};
    size_t refused = 0, got;
    int status = 1;
    pid_t pid = fork();
    struct stat st;

    if (pid == 0) {
        for (int i = 0; i < FLOOD; i++)
            refused += open(w->file, O_RDONLY) < 0 && errno == EACCES;
        _exit(refused == FLOOD ? 0 : 1);
    }
    waitpid(pid, &status, 0);
    refused = status == 0 ? FLOOD : 0;
    took = now_ms() - start;
    printf("# %d refused opens: %llu ms\n", FLOOD, (unsigned long long)took);
    got = count_records(w, &lost);
    CHECK(refused == FLOOD && took < 30000, "fifty thousand opens that nobody reads of are each refused, in bounded time");
    CHECK(got > 0 && got < FLOOD, "records wait in a bounded queue");
    CHECK(touch(OPEN, &covered, &pid) == EACCES && next_record(w, 0, &lost) && got + lost == FLOOD,
        "the next record tells how many did not fit");
    start = now_ms();
    for (int i = 0; i < 20000; i++)
        refused += stat(w->file, &st) != 0 || (st.st_mode & 07777) != 0;
    took = now_ms() - start;
    printf("# 20000 stats: %llu ms\n", (unsigned long long)took);
    CHECK(refused == FLOOD && took < 1000, "stat of a cover costs what a stat costs: the server is not asked");
}

static void check_quiet(const struct world *w)
{
    const struct target covered = {w->folder, w->file, w->link};
    uint64_t lost;
    pid_t pid;

    cover_server_quiet(&w->server, getpgrp());
    CHECK(touch(OPEN, &covered, &pid) == EACCES && !next_record(w, 0, &lost),
        "the proof's own group is refused, not recorded");
    cover_server_quiet(&w->server, 0);
    CHECK(touch(OPEN, &covered, &pid) == EACCES && next_record(w, 0, &lost), "and is recorded again afterwards");
    CHECK(open(w->file, O_RDONLY) < 0 && errno == EACCES && !next_record(w, 0, &lost),
        "the runner itself is refused, not recorded");
}

static bool put_cover(const struct world *w, const char *path, bool folder)
{
    int node = cover_server_node(&w->server, str_from(path), folder);
    int tree = node < 0 ? -1 : (int)syscall(SYS_open_tree, node, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
    bool good = tree >= 0 && syscall(SYS_move_mount, tree, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) == 0;

    if (node >= 0)
        close(node);
    if (tree >= 0)
        close(tree);
    return good;
}

static void check_late(const struct world *w)
{
    const struct target late = {w->folder, "/tmp/late", w->link};
    uint64_t lost;
    pid_t pid;
    int fd = open("/tmp/late", O_CREAT | O_WRONLY, 0600);

    CHECK(fd >= 0 && close(fd) == 0 && (fd = open("/tmp/late", O_RDONLY)) >= 0 && close(fd) == 0,
        "a secret that is not covered yet can be read");
    CHECK(kill(w->server.pid, SIGSTOP) == 0 && put_cover(w, "/tmp/late", false),
        "it is covered while all runs, even if the server was stopped");
    CHECK(touch(OPEN, &late, &pid) == EACCES && next_record(w, 0, &lost) && str_is(last.path, "/tmp/late"),
        "and is refused and recorded by its name");
}

static void check_spared(const struct world *w)
{
    const struct target covered = {w->folder, w->file, w->link};
    struct buf names = {0};
    uint64_t lost;
    int status = 0;
    pid_t other = fork(), pid;

    if (other == 0) {
        pause();
        _exit(0);
    }
    CHECK(holders_end(STR("/tmp"), HOLDERS_EVERYONE, w->server.pid, &names) == 1 &&
              waitpid(other, &status, 0) == other && WIFSIGNALED(status),
        "when everyone is ended, everyone else is");
    CHECK(touch(OPEN, &covered, &pid) == EACCES && next_record(w, 0, &lost), "the server is spared, and records");
    buf_release(&names);
}

static void check_end(const struct world *w)
{
    const struct target covered = {w->folder, w->file, w->link};
    uint64_t start = now_ms(), lost;
    struct stat st;
    int status, fd;
    pid_t pid;

    for (int i = 1; i < 32; i++)
        if (i != SIGKILL && i != SIGSTOP && i != SIGTSTP && i != SIGCHLD)
            kill(w->server.pid, i);
    CHECK(touch(OPEN, &covered, &pid) == EACCES && next_record(w, 0, &lost), "signals do not end the server");
    CHECK(kill(w->server.pid, SIGKILL) == 0 && waitpid(w->server.pid, &status, 0) == w->server.pid,
        "the server is ended, hard");
    fd = open(w->file, O_RDONLY);
    CHECK(fd < 0 && (errno == ENOTCONN || errno == ECONNABORTED), "its covers refuse still");
    CHECK(opendir(w->folder) == NULL, "the folder, too");
    CHECK(cover_server_node(&w->server, str_from("/tmp/none"), true) < 0, "and it makes no more of them");
    fd = stat(w->file, &st);
    CHECK(now_ms() - start < 3000, "nothing hangs");
    CHECK((fd = open(w->twin, O_RDONLY)) >= 0, "what is not covered can still be read");
}

/* ---- the namespaces ---- */

static bool put_file(const char *path)
{
    int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0600);

    return fd >= 0 && write(fd, "x\n", 2) == 2 && close(fd) == 0;
}

static bool make_world(struct world *w)
{
    char path[128];

    snprintf(w->folder, sizeof w->folder, "/tmp/folder");
    snprintf(w->plain, sizeof w->plain, "/tmp/plain");
    snprintf(w->file, sizeof w->file, "/tmp/file");
    snprintf(w->twin, sizeof w->twin, "/tmp/twin");
    snprintf(w->link, sizeof w->link, "/tmp/link");
    snprintf(path, sizeof path, "%s.twin", w->link);
    return mount("cordon-test", "/tmp", "tmpfs", 0, NULL) == 0 && mkdir("/tmp/parked", 0700) == 0 &&
           mkdir(w->folder, 0700) == 0 && mkdir(w->plain, 0700) == 0 && put_file(w->file) && put_file(w->twin) &&
           put_file("/tmp/folder/inside") && put_file("/tmp/plain/inside") && symlink(w->file, w->link) == 0 &&
           symlink(w->twin, path) == 0;
}

static int all_checks(void)
{
    static struct world w;
    static struct recorder recorder;
    int ends[2];
    uint64_t start;

    if (readlink("/proc/self/exe", own_program, sizeof own_program - 1) <= 0)
        return 1;
    setsid(); /* a process group that the new /proc can name */
    if (!CHECK(mount("proc", "/proc", "proc", 0, NULL) == 0 && make_world(&w) &&
                   socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0,
            "a world of its own"))
        return 1;
    recorder.fd = ends[1];
    w.records = ends[0];
    start = now_ms();
    if (!CHECK(cover_server_start(&w.server, &recorder), "the server starts"))
        return 1;
    CHECK(syscall(SYS_move_mount, w.server.mount, "", AT_FDCWD, "/tmp/parked", MOVE_MOUNT_F_EMPTY_PATH) == 0 &&
              put_cover(&w, w.folder, true) && put_cover(&w, w.file, false),
        "a folder and a file are covered");
    CHECK(now_ms() - start < 2000, "at once");
    check_touches(&w);
    check_programs(&w);
    check_quiet(&w);
    check_late(&w);
    check_flood(&w);
    check_spared(&w);
    check_end(&w);
    return check_failures ? 1 : 0;
}

static bool write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY);
    bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    if (fd >= 0)
        close(fd);
    return good;
}

int main(void)
{
    char map[64];
    uid_t uid = geteuid();
    gid_t gid = getegid();
    int status = 0, fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    pid_t pid;

    if (fuse < 0) {
        CHECK_SKIP("the server behind covers", "/dev/fuse cannot be opened here");
        return CHECK_END();
    }
    close(fuse);
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID) != 0) {
        CHECK_SKIP("the server behind covers", "no namespaces here");
        return CHECK_END();
    }
    snprintf(map, sizeof map, "%u %u 1", gid, gid);
    CHECK(write_text("/proc/self/setgroups", "deny") && write_text("/proc/self/gid_map", map), "groups are mapped");
    snprintf(map, sizeof map, "%u %u 1", uid, uid);
    CHECK(write_text("/proc/self/uid_map", map), "ids are mapped");
    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        status = mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 ? all_checks() : 1;
        fflush(stdout);
        _exit(status);
    }
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0,
        "all of it was tried");
    status = CHECK_END();
    fflush(stdout);
    _exit(status); /* the namespace of our children has ended: no leak checker could start in it */
}
