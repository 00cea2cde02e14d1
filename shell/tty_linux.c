/*
 * tty: the terminal that Cordon was started in: its modes, its size, its signals, and a question put to the
 * person. Linux edge.
 *
 * The state is global because signal handlers need it: a terminal left raw by a crash is a terminal lost to the
 * person. Nothing else in the shell is.
 */
#include "shell.h"
#include "../sandbox/core/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define CONFIRM_DEAF_MS 250

static struct {
    bool begun, found, prompt;
    volatile sig_atomic_t raw;
    int in, out;
    struct termios person;
    int wake[2];
    volatile sig_atomic_t pending[64];
} tty = {.in = -1, .out = -1, .wake = {-1, -1}};

/* What a full-screen program may have left on: alternate screen, hidden cursor, mouse, paste, colour. Harmless
 * where nothing was. */
static const char undo_modes[] = "\033[?1049l\033[?25h\033[?1000l\033[?1002l\033[?1003l\033[?1006l\033[?2004l\033[?1l\033>"
                                 "\033[0m\r\n";

static const int told_signals[] = {SIGWINCH, SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGCONT};
static const int fatal_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP};

/* Setting modes from the background would stop us, in a handler even for ever. A terminal that is not our
 * controlling one knows no foreground, and cannot stop us. */
static bool in_foreground(void)
{
    pid_t front = tcgetpgrp(tty.in);
    return front == getpgrp() || (front < 0 && errno == ENOTTY);
}

static void put_back(void)
{
    if (!tty.raw)
        return;
    tty.raw = 0;
    if (in_foreground())
        tcsetattr(tty.in, TCSADRAIN, &tty.person);
}

static void on_fatal(int number)
{
    if (tty.raw && tty.out >= 0) {
        ssize_t ignored = write(tty.out, undo_modes, sizeof undo_modes - 1);
        (void)ignored;
    }
    put_back();
    raise(number); /* the handler is gone by now (SA_RESETHAND): the default ends us with the right status */
}

static void on_told(int number)
{
    int saved = errno;
    tty.pending[number] = 1;
    ssize_t ignored = write(tty.wake[1], "", 1);
    (void)ignored;
    errno = saved;
}

static void on_exit_restore(void)
{
    put_back();
}

static void handle(int number, void (*handler)(int), int flags)
{
    struct sigaction now, wanted;
    /* What was ignored when we were started stays so: nohup, and the background jobs of a plain sh. */
    if (sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_IGN && handler == on_told)
        return;
    memset(&wanted, 0, sizeof wanted);
    wanted.sa_handler = handler;
    wanted.sa_flags = flags;
    sigfillset(&wanted.sa_mask);
    sigaction(number, &wanted, NULL);
}

static void find_terminal(void)
{
    static const int order[] = {1, 2, 0};
    tty.in = isatty(0) ? 0 : -1;
    for (size_t i = 0; i < COUNT_OF(order) && tty.out < 0; i++) {
        int mode = fcntl(order[i], F_GETFL);
        if (isatty(order[i]) && mode >= 0 && (mode & O_ACCMODE) != O_RDONLY)
            tty.out = order[i];
    }
    tty.found = tty.in >= 0 && tcgetattr(tty.in, &tty.person) == 0;
}

bool tty_begin(struct err *e)
{
    if (tty.begun)
        return true;
    if (pipe2(tty.wake, O_CLOEXEC | O_NONBLOCK) != 0) {
        int code = errno;
        err_set(e, ERR_SYSTEM, "cannot make a pipe for signals");
        sys_reason(e, code);
        return false;
    }
    find_terminal();
    tty.begun = true;
    atexit(on_exit_restore);
    for (size_t i = 0; i < COUNT_OF(told_signals); i++)
        handle(told_signals[i], on_told, SA_RESTART);
    for (size_t i = 0; i < COUNT_OF(fatal_signals); i++)
        handle(fatal_signals[i], on_fatal, (int)SA_RESETHAND | SA_NODEFER);
    handle(SIGPIPE, SIG_IGN, 0);
    return true;
}

void tty_end(void)
{
    tty_raw(false);
    if (!tty.begun)
        return;
    for (size_t i = 0; i < COUNT_OF(told_signals); i++)
        handle(told_signals[i], SIG_DFL, 0);
}

bool tty_is_ours(void)
{
    return tty.found && in_foreground();
}

bool tty_raw(bool on)
{
    if (!tty.found)
        return false;
    if (!on) {
        put_back();
        return true;
    }
    if (!tty_is_ours())
        return false;
    if (!tty.raw && tcgetattr(tty.in, &tty.person) != 0)
        return false;
    if (!tty.prompt)
        sys_be_prompt(); /* what a program prints goes through us, and what is typed */
    tty.prompt = true;
    struct termios raw = tty.person;
    raw.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | IGNBRK | IGNCR | INLCR | INPCK | ISTRIP | IXON | PARMRK);
    raw.c_oflag &= ~(tcflag_t)OPOST;
    raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | IEXTEN | ISIG);
    raw.c_cflag = (raw.c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8;
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    tty.raw = 1; /* first, so that a signal in between puts back too much rather than too little */
    if (tcsetattr(tty.in, TCSADRAIN, &raw) != 0) {
        tty.raw = 0;
        return false;
    }
    return true;
}

bool tty_is_raw(void)
{
    return tty.raw != 0;
}

bool tty_size(uint16_t *rows, uint16_t *columns)
{
    struct winsize size;
    int fd = tty.out >= 0 ? tty.out : tty.in;
    *rows = 24;
    *columns = 80;
    if (fd < 0 || ioctl(fd, TIOCGWINSZ, &size) != 0 || !size.ws_row || !size.ws_col)
        return false;
    *rows = size.ws_row;
    *columns = size.ws_col;
    return true;
}

bool tty_cursor(uint32_t *row, uint32_t *column)
{
    (void)row;
    (void)column;
    return false;
}

sys_handle tty_in(void)
{
    return tty.in;
}

sys_handle tty_out(void)
{
    return tty.out;
}

sys_handle tty_signals(void)
{
    return tty.wake[0];
}

static enum tty_signal signal_name(int number)
{
    switch (number) {
    case SIGWINCH:
        return TTY_SIGNAL_RESIZED;
    case SIGINT:
        return TTY_SIGNAL_INTERRUPT;
    case SIGQUIT:
        return TTY_SIGNAL_QUIT;
    case SIGTERM:
        return TTY_SIGNAL_TERMINATE;
    case SIGHUP:
        return TTY_SIGNAL_HANGUP;
    case SIGCONT:
        return TTY_SIGNAL_CONTINUED;
    default:
        return TTY_SIGNAL_NONE;
    }
}

bool tty_stopped(void)
{
    return tty.pending[SIGINT] != 0; /* in raw mode it is a key: nothing here takes long without reading keys */
}

/* A signal is nobody's but who takes it. */
void tty_forget_stop(void)
{
}

enum tty_signal tty_signal_next(int *number)
{
    char drop[64];
    if (tty.wake[0] < 0)
        return TTY_SIGNAL_NONE;
    while (read(tty.wake[0], drop, sizeof drop) > 0)
        continue;
    for (size_t i = 0; i < COUNT_OF(told_signals); i++) {
        int told = told_signals[i];
        if (!tty.pending[told])
            continue;
        tty.pending[told] = 0;
        if (number)
            *number = told;
        ssize_t ignored = write(tty.wake[1], "", 1); /* perhaps there are more: look again */
        (void)ignored;
        return signal_name(told);
    }
    return TTY_SIGNAL_NONE;
}

static bool must_end(void)
{
    return tty.pending[SIGTERM] || tty.pending[SIGHUP] || tty.pending[SIGQUIT] || tty.pending[SIGINT];
}

bool tty_suspend(void)
{
    bool raw = tty.raw != 0;
    struct sigaction plain, before;
    pid_t parent = getppid();

    /* An orphaned process group is never stopped by SIGTSTP; a session leader has nobody to wake it. */
    if (getsid(0) == getpid() || parent <= 1 || getsid(parent) != getsid(0))
        return false;
    tty_raw(false);
    memset(&plain, 0, sizeof plain);
    plain.sa_handler = SIG_DFL;
    sigaction(SIGTSTP, &plain, &before);
    kill(0, SIGTSTP);
    sigaction(SIGTSTP, &before, NULL);
    tty.pending[SIGCONT] = 0;
    if (raw)
        tty_raw(true);
    return true;
}

/* All of it, waiting for a descriptor that may have been set non-blocking by whoever shares it. */
static bool write_all(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t done = write(fd, p, n);
        if (done > 0) {
            p += done;
            n -= (size_t)done;
        } else if (done < 0 && errno == EINTR) {
            if (tty.pending[SIGTERM] || tty.pending[SIGHUP])
                return false;
        } else if (done < 0 && errno == EAGAIN) {
            struct pollfd wait = {.fd = fd, .events = POLLOUT};
            poll(&wait, 1, 1000);
            if (tty.pending[SIGTERM] || tty.pending[SIGHUP])
                return false;
        } else {
            return false;
        }
    }
    return true;
}

static bool print(int fd, struct str text)
{
    if (!tty.raw || !isatty(fd))
        return write_all(fd, text.p, text.n);
    bool good = true;
    for (size_t at = 0; at < text.n && good;) {
        size_t end = str_find(text, at, '\n');
        good = write_all(fd, text.p + at, end - at);
        if (end < text.n)
            good = good && write_all(fd, "\r\n", 2);
        at = end + 1;
    }
    return good;
}

bool tty_print(struct str text)
{
    return print(1, text);
}

bool tty_print_folded(struct str text, bool always)
{
    struct buf out = {0};
    struct winsize size;
    bool terminal = isatty(1), good;

    if (!terminal && !always)
        return tty_print(text);
    text_fold(&out, text, terminal && ioctl(1, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80);
    good = tty_print(buf_view(&out));
    buf_release(&out);
    return good;
}

bool tty_print_error(struct str text)
{
    return print(2, text);
}

bool tty_write(struct str bytes)
{
    return tty.out >= 0 && write_all(tty.out, bytes.p, bytes.n);
}

bool tty_colour(int number)
{
    const char *none = getenv("NO_COLOR"), *term = getenv("TERM");
    if (none && none[0])
        return false;
    return isatty(number) && term && term[0] && strcmp(term, "dumb") != 0;
}

/* Throws away what is typed already, and what is still on its way. */
static void forget_keys(void)
{
    uint64_t end = sys_milliseconds() + CONFIRM_DEAF_MS;
    for (;;) {
        uint64_t now = sys_milliseconds();
        struct pollfd wait = {.fd = tty.in, .events = POLLIN};
        char drop[256];
        tcflush(tty.in, TCIFLUSH);
        if (now >= end || must_end())
            return;
        if (poll(&wait, 1, (int)(end - now)) > 0 && read(tty.in, drop, sizeof drop) <= 0)
            return;
    }
}

/* One line, typed: the answer in out; false on Ctrl-C, Ctrl-D, Escape (a paste begins with one) or a signal. */
static bool read_answer(char *out, size_t size)
{
    size_t n = 0;
    for (;;) {
        struct pollfd wait = {.fd = tty.in, .events = POLLIN};
        char key;
        if (must_end())
            return false;
        if (poll(&wait, 1, 500) <= 0)
            continue;
        if (read(tty.in, &key, 1) != 1 || key == 3 || key == 4)
            return false;
        if (key == 27) {
            forget_keys(); /* the rest of a paste must not become a line */
            return false;
        }
        if (key == '\r' || key == '\n') {
            out[n] = 0;
            return true;
        }
        if ((key == 127 || key == 8) && n) {
            n--;
            write_all(tty.out, "\b \b", 3);
        } else if (key >= ' ' && key < 127 && n + 1 < size) {
            out[n++] = key;
            write_all(tty.out, &key, 1);
        }
    }
}

bool tty_confirm(struct str question)
{
    char answer[16];
    bool was_raw = tty.raw != 0, yes;

    if (tty.in < 0 || tty.out < 0 || !tty_raw(true))
        return false;
    print(tty.out, question);
    print(tty.out, STR(" [y/N] "));
    forget_keys();
    yes = read_answer(answer, sizeof answer) && (!strcmp(answer, "y") || !strcmp(answer, "yes"));
    write_all(tty.out, "\r\n", 2);
    if (!was_raw)
        tty_raw(false);
    return yes;
}
