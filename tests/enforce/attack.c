/*
 * attack: the table of verbs, and the four ways to run them: one by name, a batch from a file,
 * below a namespace made first (the control of attacks that need one), and through a grandchild.
 *
 *   attack VERB ARG...          prints one word (done, denied EPERM, missing, failed EIO,
 * cannot-try) attack batch FILE           each line "ID<tab>VERB<tab>ARG...", answers "ID answer"
 *   exit status: 0 it worked, 1 it was refused, 2 it could not be tried
 */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "attack.h"

#define BATCH_ARGS_MAX 16
#define BATCH_SECONDS  6

long number(const char *text)
{
    return text ? strtol(text, NULL, 10) : 0;
}

struct outcome outcome_errno(int code)
{
    switch (code) {
    case EPERM:
    case EACCES:
    case EROFS:
    case ENOSYS:
    case EBUSY:
    case EXDEV:
    case EAFNOSUPPORT:
    case EPROTONOSUPPORT:
    case ESOCKTNOSUPPORT:
        return (struct outcome){ANSWER_DENIED, code};
    case ENOENT:
    case ENOTDIR:
    case ENXIO:
    case ENODEV:
    case ESRCH:
        return (struct outcome){ANSWER_MISSING, code};
    default:
        return (struct outcome){ANSWER_FAILED, code};
    }
}

struct outcome outcome_of(long result)
{
    return result >= 0 ? outcome_done() : outcome_errno(errno);
}

struct outcome outcome_reached(long result)
{
    if (result < 0 && (errno == EPERM || errno == EACCES || errno == ENOSYS))
        return outcome_errno(errno);
    return outcome_done();
}

struct outcome outcome_done(void)
{
    return (struct outcome){ANSWER_DONE, 0};
}

struct outcome outcome_cannot(void)
{
    return (struct outcome){ANSWER_CANNOT_TRY, 0};
}

const struct verb *verb_find(const char *name)
{
    static const struct verb *const tables[] = {verbs_files, verbs_descriptors, verbs_mounts,
        verbs_kernel, verbs_processes, verbs_ipc, verbs_network, verbs_terminal, verbs_unix};
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
        for (const struct verb *v = tables[t]; v->name; v++)
            if (strcmp(v->name, name) == 0)
                return v;
    return NULL;
}

struct outcome verb_run(char **words)
{
    const struct verb *v = words[0] ? verb_find(words[0]) : NULL;
    int have = 0;
    while (words[0] && words[have + 1])
        have++;
    if (!v || have < v->args)
        return outcome_cannot();
    return v->run(words + 1);
}

static void outcome_print(const char *id, struct outcome o)
{
    static const char *const names[] = {"done", "denied", "missing", "failed", "cannot-try"};
    const char *code = o.code ? strerrorname_np(o.code) : NULL;
    printf("%s%s%s%s%s\n", id, *id ? "\t" : "", names[o.answer], code ? " " : "", code ? code : "");
    fflush(stdout);
}

/* One line of a batch in a child of its own, so that what it does to itself does not reach the
 * next. */
static void batch_line(char *line)
{
    char *words[BATCH_ARGS_MAX + 1] = {NULL};
    size_t n = 0;
    for (char *p = line; p && n < BATCH_ARGS_MAX; n++) {
        words[n] = p;
        p = strchr(p, '\t');
        if (p)
            *p++ = '\0';
    }
    if (n < 2)
        return;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        alarm(BATCH_SECONDS);
        outcome_print(words[0], verb_run(words + 1));
        _exit(0);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) < 0)
        printf("%s\tcannot-try\n", words[0]);
    else if (WIFSIGNALED(status))
        printf("%s\tkilled %d\n", words[0], WTERMSIG(status));
    fflush(stdout);
}

static int batch(const char *path)
{
    FILE *file = fopen(path, "r");
    char line[8192], starter[24];
    snprintf(starter, sizeof starter, "%ld", (long)getppid());
    setenv(ATTACK_STARTER, starter, 1);
    if (!file) {
        fprintf(stderr, "attack: cannot read %s\n", path);
        return 2;
    }
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        batch_line(line);
    }
    fclose(file);
    puts("batch done");
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: attack VERB ARG... | attack batch FILE\n");
        return 2;
    }
    if (strcmp(argv[1], "batch") == 0 && argc == 3)
        return batch(argv[2]);
    struct outcome o = verb_run(argv + 1);
    outcome_print("", o);
    return o.answer == ANSWER_DONE ? 0 : o.answer == ANSWER_CANNOT_TRY ? 2 : 1;
}
