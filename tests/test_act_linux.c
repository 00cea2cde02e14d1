/* act: links are made for their callers, from words that nobody can change any more, and counted. */
#include "observed.h"

#include <pthread.h>

static struct observed o;
static struct str linkless[1];
static char folder[PATH_BYTES_MAX];
static _Atomic bool stop;

static int opened(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);

    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}

static void drain(void)
{
    struct denial d;
    uint64_t lost;

    while (observed_record(&o, &d, &lost))
        ;
}

/* ---- names of a file ---- */

/* One name more and gone again, a call that fails, one that is renamed over: what is counted is what is there. */
static int link_and_unlink(void *context)
{
    (void)context;
    if (link("rw/count", "rw/count-b") != 0 || unlink("rw/count-b") != 0)
        return 1;
    if (link("rw/count2", "rw/file") == 0 || link("rw/count2", "rw/count-c") != 0 || opened("rw/other", O_WRONLY | O_CREAT) != 0)
        return 2;
    return rename("rw/other", "rw/count-c") == 0 ? 0 : 3;
}

static int write_counted(void *context)
{
    (void)context;
    return opened("rw/count", O_WRONLY) == EACCES && opened("rw/count2", O_WRONLY) == EACCES ? 0 : 1;
}

static void check_names(void)
{
    CHECK(observed_run(&o, link_and_unlink, NULL) == 0, "names come and go inside");
    CHECK(link("rw/count", "rw/count-outside") == 0 && link("rw/count2", "rw/count2-outside") == 0 &&
              observed_run(&o, write_counted, NULL) == 0,
        "a name that went inside makes no room for one elsewhere");
    drain();
}

/* ---- how a link can be asked for ---- */

static bool is_same(const char *one, const char *two)
{
    struct stat st, st2;

    return stat(one, &st) == 0 && stat(two, &st2) == 0 && st.st_ino == st2.st_ino && st.st_dev == st2.st_dev;
}

static int every_way(void *context)
{
    int in = open("rw/xolder", O_PATH | O_DIRECTORY | O_CLOEXEC), nameless = open("rw", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0640);
    char path[64], far[4200], got[4200];
    ssize_t n;

    (void)context;
    if (symlinkat("there", in, "a") != 0 || readlinkat(in, "a", got, sizeof got) != 5)
        return 1;
    if (linkat(AT_FDCWD, "rw/file", in, "b", 0) != 0 || !is_same("rw/file", "rw/xolder/b"))
        return 2;
    snprintf(path, sizeof path, "/proc/self/fd/%d", nameless);
    if (linkat(AT_FDCWD, path, in, "c", AT_SYMLINK_FOLLOW) != 0)
        return 3;
    if (linkat(in, "a", in, "d", 0) != 0 || readlinkat(in, "d", got, sizeof got) != 5)
        return 4;
    memset(far, 'x', sizeof far);
    far[4095] = '\0';
    if (symlinkat(far, in, "e") != 0 || (n = readlinkat(in, "e", got, sizeof got)) != 4095)
        return 5;
    far[4095] = 'x', far[4100] = '\0';
    if (symlinkat(far, in, "f") == 0 || errno != ENAMETOOLONG)
        return 6;
    if (symlink("", "rw/xolder/f") == 0 || errno != ENOENT || symlink("x", (const char *)8) == 0 || errno != EFAULT)
        return 7;
    if (symlinkat("x", 99, "f") == 0 || errno != EBADF || symlink("x", "/") == 0 || errno != EEXIST)
        return 8;
    if (link("rw/xolder", "rw/xolder/f") == 0 || errno != EPERM || link("/dev/null", "rw/xolder/f") == 0 || errno != EXDEV)
        return 9;
    return chdir("rw/xolder") == 0 && symlink("x", "g") == 0 && symlink("x", "../h") == 0 && unlink("../h") == 0 ? 0 : 10;
}

static int refused_places(void *context)
{
    (void)context;
    return symlink("x", "rw/xolder/z") == 0 || errno != EACCES || link("rw/file", "rw/xolder/z") == 0 || errno != EXDEV;
}

static void check_ways(void)
{
    static struct watched_tree tree[1];

    CHECK(observed_run(&o, every_way, NULL) == 0, "links by every way there is, with the kernel's answers");
    tree[0].path = linkless[0];
    o.watch.trees = tree;
    o.watch.tree_count = 1;
    CHECK(observed_run(&o, refused_places, NULL) == 0, "where Landlock would refuse them nothing is made");
    o.watch.tree_count = 0;
    drain();
}

/* ---- links, made from words that change ---- */

#define LINK_RACE_MS 1500

static char target[16] = "testing", place[32] = "rw/xolder/l";

static void *flip_target(void *context)
{
    uint64_t one, two;

    (void)context;
    memcpy(&one, "testing", 8);
    memcpy(&two, "victim.", 8);
    while (!stop) {
        memcpy(target, &one, 8);
        for (volatile int i = 0; i < 2000; i++)
            ;
        memcpy(target, &two, 8);
        for (volatile int i = 0; i < 2000; i++)
            ;
    }
    return NULL;
}

static void *flip_place(void *context)
{
    (void)context;
    while (!stop) {
        place[3] = 'f';
        for (volatile int i = 0; i < 1000; i++)
            ;
        place[3] = 'x';
        for (volatile int i = 0; i < 1000; i++)
            ;
    }
    return NULL;
}

/* Removes what is there, so that it is there and is not. */
static void *remove_link(void *context)
{
    while (!stop)
        unlink(context);
    return NULL;
}

static bool leads_there(const char *path, const char *where)
{
    char got[64] = "";

    return readlink(path, got, sizeof got - 1) > 0 && strcmp(got, where) == 0;
}

static int race_target(void *context)
{
    uint64_t begun = observed_ms();
    pthread_t threads[2];
    int won = 0;

    stop = false;
    if (pthread_create(&threads[0], NULL, flip_target, NULL) != 0 ||
        pthread_create(&threads[1], NULL, remove_link, context) != 0)
        return 1;
    while (!won && observed_ms() - begun < LINK_RACE_MS) {
        if (symlink(target, context) != 0 && errno != EACCES && errno != EEXIST)
            won = 4;
        won = leads_there(context, "victim.") ? 2 : won;
    }
    stop = true;
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    return won;
}

/* context: the link is hard. */
static int race_place(void *context)
{
    uint64_t begun = observed_ms();
    pthread_t thread;
    struct stat st;
    int won = 0, made = 0;

    stop = false;
    if (pthread_create(&thread, NULL, flip_place, NULL) != 0)
        return 1;
    while (!won && observed_ms() - begun < LINK_RACE_MS) {
        made += (context ? link("rw/file", place) : symlink("victim", place)) == 0;
        won = lstat(context ? "rw/folder/HEAD" : "rw/folder/l", &st) == 0 ? 2 : 0;
        unlink(context ? "rw/xolder/HEAD" : "rw/xolder/l");
    }
    stop = true;
    pthread_join(thread, NULL);
    return won ? won : made ? 0 : 3;
}

static void check_races(void)
{
    static struct guard_name head[1];
    char inside[] = "rw/folder/raced";

    CHECK(observed_run(&o, race_target, inside) == 0,
        "a link's target is the one that was looked at");
    drain();
    CHECK(observed_run(&o, race_place, NULL) == 0, "and so is its place");
    drain();
    head[0] = (struct guard_name){linkless[0], STR("HEAD"), false, false};
    o.watch.guards = head;
    o.watch.guard_count = 1;
    watch_learn(&o.watch);
    snprintf(place, sizeof place, "rw/xolder/HEAD");
    CHECK(observed_run(&o, race_place, &o) == 0, "and that of a hard link");
}

int main(void)
{
    if (!observed_begin(&o)) {
        CHECK_SKIP("act", "no user and mount namespace can be had here");
        return CHECK_END();
    }
    if (!CHECK(mkdir("rw/folder", 0755) == 0 && mkdir("rw/xolder", 0755) == 0 && observed_write("rw/file", "x") &&
                   observed_write("rw/count", "x") && observed_write("rw/count2", "x") && observed_close_ro(),
            "a writable file system"))
        return CHECK_END();
    snprintf(folder, sizeof folder, "%s/rw/folder", o.folder);
    linkless[0] = str_from(folder);
    o.watch.linkless = linkless;
    o.watch.linkless_count = 1;
    watch_learn(&o.watch);
    check_names();
    check_ways();
    check_races();
    return CHECK_END();
}
