/*
 * bench_tool: times two ways of doing the same thing, turn about in one run, and prints the ratio of the medians.
 *
 *   bench_tool spawn ROUNDS A... --- B...
 *       from fork to the end of each program, its output thrown away
 *   bench_tool type ROUNDS LINE MARKER PROMPT_A PROMPT_B A... --- B...
 *       A and B are interactive programs, each on a terminal of its own; from Enter after LINE until MARKER (which LINE
 *       must print without containing it) and then the prompt have been read
 *
 * The ratio is B's median by A's. Status 1 when something did not run.
 */
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS_MAX 1000
#define TAIL_MAX   65536
#define WAIT_MS    20000

struct terminal {
    const char *prompt;
    int fd;
    pid_t pid;
    char tail[2 * TAIL_MAX + 1]; /* the last bytes read, NULs replaced */
    size_t n;
};

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v, size_t n)
{
    qsort(v, n, sizeof *v, compare);
    return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* ---- spawn ---- */

static double spawn_once(char **argv)
{
    double start = now_ms();
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, 0);
        dup2(null, 1);
        execvp(argv[0], argv);
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "bench_tool: %s ended with status %d\n", argv[0], WEXITSTATUS(status));
        exit(1);
    }
    return now_ms() - start;
}

static int run_spawn(size_t rounds, char **a, char **b)
{
    static double times[2][ROUNDS_MAX];

    spawn_once(a); /* both warm */
    spawn_once(b);
    for (size_t i = 0; i < rounds; i++) {
        times[0][i] = spawn_once(a);
        times[1][i] = spawn_once(b);
    }
    printf("%.2f\n", median(times[1], rounds) / median(times[0], rounds));
    return 0;
}

/* ---- type ---- */

static void start(struct terminal *t, char **argv)
{
    struct winsize size = {.ws_row = 24, .ws_col = 80};

    t->pid = forkpty(&t->fd, NULL, NULL, &size);
    if (t->pid == 0) {
        execvp(argv[0], argv);
        _exit(127);
    }
    if (t->pid < 0) {
        perror("bench_tool: forkpty");
        exit(1);
    }
}

/* Reads once; false when nothing came in time or the program has ended. Keeps the newest TAIL_MAX bytes. */
static bool read_some(struct terminal *t, int ms)
{
    struct pollfd p = {.fd = t->fd, .events = POLLIN};
    ssize_t got;

    if (poll(&p, 1, ms) <= 0)
        return false;
    if (t->n > TAIL_MAX) {
        memmove(t->tail, t->tail + t->n - TAIL_MAX / 2, TAIL_MAX / 2);
        t->n = TAIL_MAX / 2;
    }
    got = read(t->fd, t->tail + t->n, TAIL_MAX);
    if (got <= 0)
        return false;
    for (size_t i = 0; i < (size_t)got; i++)
        if (t->tail[t->n + i] == '\0')
            t->tail[t->n + i] = ' ';
    t->n += (size_t)got;
    t->tail[t->n] = '\0';
    return true;
}

static void fail(struct terminal *t, const char *what)
{
    fprintf(stderr, "bench_tool: %s; last read: %s\n", what, t->n > 300 ? t->tail + t->n - 300 : t->tail);
    kill(t->pid, SIGKILL);
    exit(1);
}

/* Reads until MARKER (if any) and then the prompt have come. */
static void wait_for(struct terminal *t, const char *marker)
{
    const char *from;

    for (;;) {
        from = marker ? strstr(t->tail, marker) : t->tail;
        if (from && strstr(from, t->prompt))
            return;
        if (!read_some(t, WAIT_MS))
            fail(t, "the prompt did not come");
    }
}

static void settle(struct terminal *t)
{
    while (read_some(t, 60))
        continue;
    t->n = 0;
    t->tail[0] = '\0';
}

static void type(struct terminal *t, const char *text)
{
    if (write(t->fd, text, strlen(text)) != (ssize_t)strlen(text))
        fail(t, "the terminal did not take the line");
}

static double type_once(struct terminal *t, const char *line, const char *marker)
{
    double begin;

    type(t, line);
    settle(t);
    begin = now_ms();
    type(t, "\r");
    wait_for(t, marker);
    begin = now_ms() - begin;
    settle(t);
    return begin;
}

static void finish(struct terminal *t)
{
    type(t, "\x04");
    for (double end = now_ms() + 3000; now_ms() < end && read_some(t, 500);)
        t->n = 0;
    kill(t->pid, SIGHUP);
    waitpid(t->pid, NULL, 0);
}

static int run_type(size_t rounds, char **words, char **a, char **b)
{
    static double times[2][ROUNDS_MAX];
    static struct terminal terminals[2];
    char **programs[] = {a, b};

    for (int i = 0; i < 2; i++) {
        terminals[i].prompt = words[2 + i];
        start(&terminals[i], programs[i]);
        wait_for(&terminals[i], NULL);
        settle(&terminals[i]);
        type_once(&terminals[i], words[0], words[1]); /* warm */
    }
    for (size_t round = 0; round < rounds; round++)
        for (int i = 0; i < 2; i++)
            times[i][round] = type_once(&terminals[i], words[0], words[1]);
    printf("%.2f\n", median(times[1], rounds) / median(times[0], rounds));
    finish(&terminals[0]);
    finish(&terminals[1]);
    return 0;
}

int main(int argc, char **argv)
{
    bool typing = argc > 1 && strcmp(argv[1], "type") == 0;
    int first = typing ? 7 : 3, second = 0;
    long rounds = argc > 2 ? strtol(argv[2], NULL, 10) : 0;

    for (int i = first; i < argc && !second; i++)
        if (strcmp(argv[i], "---") == 0)
            second = i;
    if (!second || second == first || second + 1 == argc || rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: bench_tool spawn ROUNDS A... --- B...\n"
                        "       bench_tool type ROUNDS LINE MARKER PROMPT_A PROMPT_B A... --- B...\n");
        return 2;
    }
    argv[second] = NULL;
    return typing ? run_type((size_t)rounds, argv + 3, argv + first, argv + second + 1)
                  : run_spawn((size_t)rounds, argv + first, argv + second + 1);
}
