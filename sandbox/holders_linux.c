/*
 * holders: who inside holds a file open for writing below a folder, found and ended, so that the folder can be made
 * read-only under what runs. Runs in the runner.
 */
#include "linux.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool is_below(const char *path, struct str folder)
{
    struct str p = str_from(path);
    return str_starts(p, folder) && (p.n == folder.n || p.p[folder.n] == '/' || folder.n == 1);
}

static bool works_in(const char *pid, struct str folder)
{
    char path[64], target[PATH_BYTES_MAX];
    ssize_t n;

    snprintf(path, sizeof path, "/proc/%.20s/cwd", pid);
    n = readlink(path, target, sizeof target - 1);
    target[n > 0 ? n : 0] = '\0';
    return n > 0 && is_below(target, folder);
}

/* Does a descriptor of the process, or a shared writable mapping, hold a file below folder open for writing, or, where
 * that is asked, at all? */
static bool holds(const char *pid, struct str folder, bool reading)
{
    char path[PATH_BYTES_MAX], target[PATH_BYTES_MAX], text[256];
    struct dirent *entry;
    bool holds = reading && works_in(pid, folder);
    DIR *d;
    FILE *maps;

    snprintf(path, sizeof path, "/proc/%s/fd", pid);
    d = opendir(path);
    while (d && !holds && (entry = readdir(d)) != NULL) {
        const char *flags;
        ssize_t n = readlinkat(dirfd(d), entry->d_name, target, sizeof target - 1);
        if (n <= 0)
            continue;
        target[n] = '\0';
        if (!is_below(target, folder))
            continue;
        snprintf(path, sizeof path, "/proc/%s/fdinfo/%.20s", pid, entry->d_name);
        sys_read_small(path, text, sizeof text);
        flags = strstr(text, "flags:");
        holds = reading || (flags && (strtol(flags + 6, NULL, 8) & O_ACCMODE) != O_RDONLY);
    }
    if (d)
        closedir(d);
    snprintf(path, sizeof path, "/proc/%s/maps", pid);
    maps = holds ? NULL : fopen(path, "re");
    while (maps && !holds && fgets(target, sizeof target, maps)) {
        const char *name = strchr(target, '/'), *mode = strchr(target, ' ');
        holds = name && mode && mode[2] == 'w' && mode[4] == 's' && is_below(name, folder);
    }
    if (maps)
        fclose(maps);
    return holds;
}

uint64_t holders_end(struct str folder, enum holders whom, pid_t spare, struct buf *names)
{
    DIR *d = opendir("/proc");
    struct dirent *entry;
    uint64_t ended = 0;

    while (d && (entry = readdir(d)) != NULL) {
        char path[64], name[64];
        long pid = strtol(entry->d_name, NULL, 10);
        if (pid <= 1 || pid == spare || (whom != HOLDERS_EVERYONE && !holds(entry->d_name, folder, whom == HOLDERS_READING)))
            continue;
        snprintf(path, sizeof path, "/proc/%ld/comm", pid);
        sys_read_small(path, name, sizeof name);
        name[strcspn(name, "\n")] = '\0';
        if (kill((pid_t)pid, SIGKILL) != 0)
            continue;
        ended++;
        if (names->n < 400)
            buf_format(names, "%s%s (%ld)", names->n ? ", " : "", name, pid);
    }
    if (d)
        closedir(d);
    return ended;
}

/* ---- where a root is now ---- */

/* :revoke closes it wherever a program inside has moved it meanwhile, with a folder above it. */
void holders_note(struct confinement *c, struct str path, int tree)
{
    int mount = fcntl(tree, F_DUPFD_CLOEXEC, 0);
    size_t i = 0;

    if (mount < 0)
        return;
    while (i < c->roots.n && !str_eq(c->roots.v[i].path, path))
        i++;
    if (i < c->roots.n) { /* the keeper put it there again */
        close(c->roots.v[i].mount);
    } else {
        ARENA_PUSH(&c->roots.arena, &c->roots);
        c->roots.v[i].path = arena_str(&c->roots.arena, path);
    }
    c->roots.v[i].mount = mount;
}

int holders_root(const struct confinement *c, struct str path)
{
    for (size_t i = c->roots.n; i-- > 0;)
        if (str_eq(c->roots.v[i].path, path))
            return c->roots.v[i].mount;
    return -1;
}

/* "\\040" and the like, as the table of mounts writes them. */
static bool unescape(struct str text, char out[PATH_BYTES_MAX])
{
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '\\' && i + 3 < text.n) {
            c = (char)((text.p[i + 1] - '0') << 6 | (text.p[i + 2] - '0') << 3 | (text.p[i + 3] - '0'));
            i += 3;
        }
        if (n + 1 >= PATH_BYTES_MAX)
            return false;
        out[n++] = c;
    }
    out[n] = '\0';
    return n > 0;
}

/* "ID PARENT DEVICE ROOT PLACE ...", a line each. */
static bool find_place(struct str table, uint64_t id, char out[PATH_BYTES_MAX])
{
    for (size_t at = 0; at < table.n;) {
        size_t end = str_find(table, at, '\n'), field = at;
        if (strtoull(table.p + at, NULL, 10) == id) {
            for (int i = 0; i < 4 && field < end; i++)
                field = str_find(table, field, ' ') + 1;
            return field < end && unescape(str_slice(table, field, str_find(table, field, ' ')), out);
        }
        at = end + 1;
    }
    return false;
}

bool holders_where(const struct confinement *c, struct str path, char out[PATH_BYTES_MAX])
{
    int mount = holders_root(c, path);
    struct buf table = {0};
    struct statx st;
    char bytes[8192];
    off_t at = 0;
    ssize_t n;
    bool found = mount >= 0 && c->mounts >= 0 && statx(mount, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) == 0;

    while (found && (n = pread(c->mounts, bytes, sizeof bytes, at)) > 0) {
        buf_add(&table, bytes, (size_t)n);
        at += n;
    }
    buf_add(&table, "\n", 1);
    found = found && find_place(buf_view(&table), st.stx_mnt_id, out);
    buf_release(&table);
    return found;
}
