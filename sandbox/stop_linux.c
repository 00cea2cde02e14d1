/*
 * stop: everything inside stopped for a moment and continued, so that nobody in it, shells with their job control least of
 * all, takes it for more than a moment. Runs in the runner.
 */
#include "linux.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STOP_MS 30

struct process {
    long pid, parent;
    int depth;
    char state;
};

static int by_pid(const void *x, const void *y)
{
    const struct process *a = x, *b = y;
    return a->pid < b->pid ? -1 : a->pid > b->pid;
}

static int deepest_first(const void *x, const void *y)
{
    const struct process *a = x, *b = y;
    return a->depth > b->depth ? -1 : a->depth < b->depth;
}

static struct process *find_process(const struct processes *all, long pid)
{
    struct process key = {.pid = pid};
    return all->n ? bsearch(&key, all->v, all->n, sizeof key, by_pid) : NULL;
}

/* "PID (NAME) STATE PARENT ..."; the name may hold anything, also ')'. */
static bool read_process(const char *pid, struct process *out)
{
    char path[64], text[512], *close_at;

    snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
    if (sys_read_small(path, text, sizeof text) == 0 || (close_at = strrchr(text, ')')) == NULL)
        return false;
    out->pid = strtol(pid, NULL, 10);
    return sscanf(close_at + 1, " %c %ld", &out->state, &out->parent) == 2;
}

static void list_processes(struct processes *out)
{
    DIR *d = opendir("/proc");
    struct dirent *entry;

    out->n = 0;
    while (d && (entry = readdir(d)) != NULL) {
        struct process p = {0}, *more;
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9' || !read_process(entry->d_name, &p) || p.pid <= 1)
            continue;
        if (out->n == out->cap) {
            more = realloc(out->v, (out->cap * 2 + 64) * sizeof *more);
            if (!more)
                break;
            out->v = more;
            out->cap = out->cap * 2 + 64;
        }
        out->v[out->n++] = p;
    }
    if (d)
        closedir(d);
    if (out->n)
        qsort(out->v, out->n, sizeof *out->v, by_pid);
}

static void nap(long microseconds)
{
    struct timespec pause = {microseconds / 1000000, microseconds % 1000000 * 1000};
    nanosleep(&pause, NULL);
}

static bool is_stopped(long pid)
{
    char name[24];
    struct process p;

    snprintf(name, sizeof name, "%ld", pid);
    return !read_process(name, &p) || p.state == 'T' || p.state == 't' || p.state == 'Z' || p.state == 'X' || p.state == 'D';
}

/* Waits while it is going, but not for ever: one that is held in a system call does nothing before it sees the stop. */
static void wait_stopped(long pid, uint64_t deadline)
{
    while (!is_stopped(pid) && sys_milliseconds() < deadline)
        nap(50);
}

static void find_depths(struct processes *all)
{
    for (size_t i = 0; i < all->n; i++) {
        const struct process *p = &all->v[i];
        while (p && all->v[i].depth < (int)all->n) {
            all->v[i].depth++;
            p = find_process(all, p->parent);
        }
    }
}

/*
 * before, by pid: who was there, and who was stopped already (^Z, a debugger): they stay so. Parents first, and children
 * only when their parent stands: a shell that sees its child stop says so, and takes it for a job.
 */
void stop_tree(struct processes *before, long spared)
{
    uint64_t deadline = sys_milliseconds() + STOP_MS;
    struct processes order = {0};

    list_processes(before);
    find_depths(before);
    order.n = before->n;
    order.v = before->n ? malloc(before->n * sizeof *order.v) : NULL;
    if (order.v) {
        memcpy(order.v, before->v, order.n * sizeof *order.v);
        qsort(order.v, order.n, sizeof *order.v, deepest_first);
    }
    for (size_t i = order.v ? order.n : 0; i-- > 0;) {
        if (order.v[i].pid == spared)
            continue;
        kill((pid_t)order.v[i].pid, SIGSTOP);
        wait_stopped(order.v[i].pid, deadline);
    }
    free(order.v);
    kill(-1, SIGSTOP); /* who was born meanwhile */
    if (spared > 0)
        kill((pid_t)spared, SIGCONT);
}

void stop_over(struct processes *before)
{
    struct processes now = {0};

    list_processes(&now);
    find_depths(&now);
    if (now.n)
        qsort(now.v, now.n, sizeof *now.v, deepest_first);
    for (size_t i = 0; i < now.n; i++) {
        const struct process *was = find_process(before, now.v[i].pid);
        if (!was || was->state != 'T')
            kill((pid_t)now.v[i].pid, SIGCONT);
    }
    free(now.v);
    free(before->v);
    *before = (struct processes){0};
}
