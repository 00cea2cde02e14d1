/* test_pty_linux: the controlling end of a real pseudoterminal: what was typed ahead comes back whole and stays nowhere. */
#include "check.h"

#include "../conpty/conpty.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

struct pair {
    int controlling, program; /* both nonblocking */
};

static bool pair_open(struct pair *p)
{
    p->program = -1;
    p->controlling = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (p->controlling >= 0 && grantpt(p->controlling) == 0 && unlockpt(p->controlling) == 0)
        p->program = ioctl(p->controlling, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_NONBLOCK);
    return p->program >= 0;
}

static void pair_close(struct pair *p)
{
    close(p->program);
    close(p->controlling);
}

static void set_flags(int fd, tcflag_t off, tcflag_t on)
{
    struct termios mode;

    tcgetattr(fd, &mode);
    mode.c_lflag = (mode.c_lflag & ~off) | on;
    tcsetattr(fd, TCSANOW, &mode);
}

static void type(const struct pair *p, struct str keys)
{
    for (size_t at = 0; at < keys.n;) {
        ssize_t n = write(p->controlling, keys.p + at, keys.n - at);

        if (n <= 0)
            break;
        at += (size_t)n;
    }
}

static bool nothing_unread(const struct pair *p)
{
    char byte;

    return read(p->program, &byte, 1) < 0 && errno == EAGAIN;
}

/* ---- what was typed ahead ---- */

static const struct {
    const char *name;
    struct str keys, wanted;
    bool raw;
} typed[] = {
    {"nothing", STR(""), STR(""), false},
    {"a line", STR("ls -l\r"), STR("ls -l\n"), false},
    {"the beginning of a line", STR("ls -"), STR("ls -"), false},
    {"lines and the beginning of one", STR("one\rtwo\r\rthr"), STR("one\ntwo\n\nthr"), false},
    {"as it was corrected", STR("onn\177e\rtwi\177o"), STR("one\ntwo"), false},
    {"UTF-8", STR("caf\xc3\xa9\r\xe4\xb8\xad"), STR("caf\xc3\xa9\n\xe4\xb8\xad"), false},
    {"an end-of-file key alone", STR("\004"), STR("\004"), false},
    {"an end-of-file key after text", STR("abc\004def\r"), STR("abc\004def\n"), false},
    {"lines, end-of-file, a beginning", STR("a\r\004\004b"), STR("a\n\004\004b"), false},
    {"raw keys", STR("ab\r\003\004\033[A"), STR("ab\r\003\004\033[A"), true},
    {"nothing, raw", STR(""), STR(""), true},
};

static void check_typed(void)
{
    for (size_t i = 0; i < COUNT_OF(typed); i++) {
        struct termios before, after;
        struct buf out = {0};
        struct pair p;

        if (!CHECK(pair_open(&p), "a pseudoterminal opens"))
            return;
        set_flags(p.program, ECHO, 0);
        if (typed[i].raw) {
            tcgetattr(p.program, &before);
            cfmakeraw(&before);
            tcsetattr(p.program, TCSANOW, &before);
        }
        tcgetattr(p.program, &before);
        type(&p, typed[i].keys);
        CHECK(pty_take_unread(p.controlling, &out), "typed ahead can be taken");
        CHECK_STR(buf_view(&out), typed[i].wanted, typed[i].name);
        CHECK(nothing_unread(&p), "nothing is left for the next program");
        tcgetattr(p.program, &after);
        CHECK(before.c_lflag == after.c_lflag && memcmp(before.c_cc, after.c_cc, sizeof before.c_cc) == 0,
            "modes are as they were");
        buf_release(&out);
        pair_close(&p);
    }
}

/* More than is kept, in a terminal that throttles at 4 KiB: what does not fit must be gone too. */
static void check_flood(void)
{
    static char many[2 * PTY_UNREAD_MAX];
    struct buf out = {0};
    struct termios raw;
    struct pair p;

    if (!CHECK(pair_open(&p), "a pseudoterminal opens"))
        return;
    tcgetattr(p.program, &raw);
    cfmakeraw(&raw);
    tcsetattr(p.program, TCSANOW, &raw);
    memset(many, 'k', sizeof many);
    type(&p, (struct str){many, sizeof many});
    CHECK(pty_take_unread(p.controlling, &out) && out.n > 8192 && out.n <= PTY_UNREAD_MAX, "a flood is taken up to the limit");
    CHECK(nothing_unread(&p), "and the rest of it is gone");
    buf_release(&out);
    pair_close(&p);
}

/* Once taken, the next program in a cooked terminal gets what is typed then, as a line, and nothing before. */
static void check_after(void)
{
    struct buf out = {0};
    struct pair p;
    char line[64];
    ssize_t n;

    if (!CHECK(pair_open(&p), "a pseudoterminal opens"))
        return;
    type(&p, STR("yes\rpartly"));
    CHECK(pty_take_unread(p.controlling, &out), "typed ahead can be taken");
    type(&p, STR("no"));
    CHECK(nothing_unread(&p), "an unfinished line is no line after it");
    type(&p, STR("\r"));
    n = read(p.program, line, sizeof line);
    CHECK_STR(((struct str){line, n > 0 ? (size_t)n : 0}), STR("no\n"), "the next program reads what was typed to it");
    CHECK(!pty_take_unread(-1, &out), "what is no terminal is an error");
    buf_release(&out);
    pair_close(&p);
}

/* ---- modes and size ---- */

static void check_modes(void)
{
    struct termios mode;
    struct winsize size = {0};
    struct pair p;
    char echoed[16];

    if (!CHECK(pair_open(&p), "a pseudoterminal opens"))
        return;
    CHECK(pty_resize(p.controlling, 33, 101) && ioctl(p.program, TIOCGWINSZ, &size) == 0 && size.ws_row == 33 && size.ws_col == 101,
        "a new size is seen inside");
    CHECK(!pty_resize(p.controlling, 0, 80) && !pty_resize(p.controlling, 24, 0) && !pty_resize(-1, 24, 80), "no size of 0");

    tcgetattr(p.program, &mode);
    cfmakeraw(&mode);
    mode.c_cc[VINTR] = 'x';
    tcsetattr(p.program, TCSANOW, &mode);
    CHECK(pty_sane(p.controlling), "a raw terminal can be made sane");
    tcgetattr(p.program, &mode);
    CHECK((mode.c_lflag & (ICANON | ECHO | ISIG)) == (ICANON | ECHO | ISIG) && (mode.c_iflag & ICRNL) && (mode.c_oflag & ONLCR) &&
              (mode.c_cflag & CSIZE) == CS8 && mode.c_cc[VINTR] == 3 && mode.c_cc[VEOF] == 4,
        "it is cooked then");

    tcflow(p.program, TCOOFF);
    CHECK(write(p.program, "hi", 2) < 0, "a stopped terminal takes no output");
    CHECK(pty_sane(p.controlling) && write(p.program, "hi", 2) == 2 && read(p.controlling, echoed, sizeof echoed) == 2,
        "made sane it does");
    type(&p, STR("\023"));
    CHECK(nothing_unread(&p), "a key that stops output is no input"); /* and is obeyed by then, as reading waits for keys */
    CHECK(write(p.program, "hi", 2) < 0, "nor one stopped by a key");
    CHECK(pty_sane(p.controlling) && write(p.program, "hi", 2) == 2, "made sane it does again");
    pair_close(&p);
}

/* ---- a pseudoterminal of another devpts, as the runner opens it ---- */

static int send_fd(int socket, int fd)
{
    char control[CMSG_SPACE(sizeof fd)] = {0}, byte = 0;
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);

    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    return sendmsg(socket, &message, 0) == 1 ? 0 : 1;
}

static int receive_fd(int socket)
{
    char control[CMSG_SPACE(sizeof(int))], byte;
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *header;
    int fd = -1;

    if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != 1)
        return -1;
    header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_type == SCM_RIGHTS)
        memcpy(&fd, CMSG_DATA(header), sizeof fd);
    return fd;
}

/* In namespaces of its own: a devpts where nothing outside can name it. Waits until told to go. */
static int elsewhere(int socket, const char *folder)
{
    char path[300], byte;
    int fd, program;

    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0 || mount("devpts", folder, "devpts", 0, "newinstance,ptmxmode=0666") != 0)
        return 2;
    snprintf(path, sizeof path, "%s/ptmx", folder);
    fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 || unlockpt(fd) != 0)
        return 3;
    program = ioctl(fd, TIOCGPTPEER, O_RDWR | O_NOCTTY);
    if (program < 0 || send_fd(socket, fd) != 0)
        return 4;
    return read(socket, &byte, 1) >= 0 ? 0 : 5;
}

static void check_elsewhere(void)
{
    char folder[] = "/tmp/cordon-pty.XXXXXX";
    struct buf out = {0};
    int sockets[2], status = 0, fd;
    pid_t child;

    if (!mkdtemp(folder) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) {
        CHECK(false, "a folder and a socket can be made");
        return;
    }
    child = fork();
    if (child == 0) {
        close(sockets[0]);
        _exit(elsewhere(sockets[1], folder));
    }
    close(sockets[1]);
    fd = receive_fd(sockets[0]);
    if (fd >= 0) {
        CHECK(write(fd, "one\rtw", 6) == 6 && pty_take_unread(fd, &out), "another devpts: typed ahead can be taken");
        CHECK_STR(buf_view(&out), STR("one\ntw"), "another devpts: it is what was typed");
        CHECK(pty_sane(fd) && pty_resize(fd, 10, 20), "another devpts: modes and size");
        close(fd);
    }
    close(sockets[0]);
    waitpid(child, &status, 0);
    if (fd < 0)
        CHECK_SKIP("another devpts", WIFEXITED(status) && WEXITSTATUS(status) == 2 ? "no namespaces here" : "it did not open");
    rmdir(folder);
    buf_release(&out);
}

int main(void)
{
    check_typed();
    check_flood();
    check_after();
    check_modes();
    check_elsewhere();
    return CHECK_END();
}
