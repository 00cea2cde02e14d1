/*
 * pty_linux: the pseudoterminal from its controlling end: size, modes, and taking back what was typed ahead. See conpty.h.
 *
 * The other end is opened from this one (TIOCGPTPEER), which needs no path: the pseudoterminal is of the devpts instance
 * inside, which no mount out here shows. It is never our controlling terminal, so job control does not apply to us.
 * Programs inside share it and may change its modes at any moment: what is read here is text, never a fact.
 */
#include "conpty.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* What the kernel keeps for a reader; a whole line fits, so that a read in a cooked terminal is a whole line. */
#define LINE_MAX_BYTES 4096

static int peer_open(intptr_t controlling)
{
    return ioctl((int)controlling, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
}

intptr_t pty_hold(intptr_t controlling)
{
    return peer_open(controlling);
}

bool pty_resize(intptr_t controlling, uint16_t rows, uint16_t columns)
{
    struct winsize size = {.ws_row = rows, .ws_col = columns};

    return rows > 0 && columns > 0 && ioctl((int)controlling, TIOCSWINSZ, &size) == 0;
}

/* ---- what was typed ahead ---- */

enum took { TOOK_NOTHING, TOOK_SOME, TOOK_FAILED };

static void keep(struct buf *out, const char *bytes, size_t n, size_t *room)
{
    if (n > *room)
        n = *room;
    buf_add(out, bytes, n);
    *room -= n;
}

/* One read. In a cooked terminal that is a line, or what stood before an end-of-file key, which is not in it. */
static enum took take_once(int peer, const struct termios *mode, struct buf *out, size_t *room)
{
    char bytes[LINE_MAX_BYTES], last;
    bool cooked = mode->c_lflag & ICANON;
    ssize_t n = read(peer, bytes, sizeof bytes);

    if (n < 0 && errno == EINTR)
        return TOOK_SOME;
    if (n < 0)
        return errno == EAGAIN ? TOOK_NOTHING : TOOK_FAILED;
    if (n == 0 && !cooked)
        return TOOK_NOTHING;
    keep(out, bytes, (size_t)n, room);
    last = n > 0 ? bytes[n - 1] : '\0';
    if (cooked && last != '\n' && (n == 0 || (last != (char)mode->c_cc[VEOL] && last != (char)mode->c_cc[VEOL2])))
        keep(out, "\x04", 1, room); /* whichever key it is here */
    return TOOK_SOME;
}

/* A reader that keeps finding something is fed by somebody: the person types no faster than this. */
#define READS_MAX 4096

static bool take_all(int peer, const struct termios *mode, struct buf *out, size_t *room)
{
    for (int i = 0; i < READS_MAX && *room > 0; i++) {
        enum took took = take_once(peer, mode, out, room);

        if (took != TOOK_SOME)
            return took == TOOK_NOTHING;
    }
    return tcflush(peer, TCIFLUSH) == 0;
}

/* The beginning of a line that Enter has not ended can be read only while lines are not kept whole. */
static bool take_beginning(int peer, const struct termios *mode, struct buf *out, size_t *room)
{
    struct termios raw = *mode;
    bool good;

    raw.c_lflag &= ~(tcflag_t)ICANON;
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    if (tcsetattr(peer, TCSANOW, &raw) != 0)
        return false;
    good = take_all(peer, &raw, out, room);
    return tcsetattr(peer, TCSANOW, mode) == 0 && good;
}

bool pty_take_unread(intptr_t controlling, struct buf *out)
{
    size_t room = PTY_UNREAD_MAX;
    struct termios mode;
    bool good;
    int peer = peer_open(controlling);

    if (peer < 0)
        return false;
    good = tcgetattr(peer, &mode) == 0 && take_all(peer, &mode, out, &room) &&
           (!(mode.c_lflag & ICANON) || take_beginning(peer, &mode, out, &room));
    close(peer);
    return good;
}

/* ---- modes ---- */

bool pty_sane(intptr_t controlling)
{
    static const struct {
        int key;
        cc_t value;
    } keys[] = {{VINTR, 3}, {VQUIT, 28}, {VERASE, 127}, {VKILL, 21}, {VEOF, 4}, {VTIME, 0}, {VMIN, 1}, {VSTART, 17},
        {VSTOP, 19}, {VSUSP, 26}, {VEOL, 0}, {VREPRINT, 18}, {VDISCARD, 15}, {VWERASE, 23}, {VLNEXT, 22}, {VEOL2, 0}};
    struct termios mode;
    bool good;
    int peer = peer_open(controlling);

    if (peer < 0)
        return false;
    good = tcgetattr(peer, &mode) == 0;
    mode.c_iflag = BRKINT | ICRNL | IMAXBEL | IUTF8;
    mode.c_oflag = OPOST | ONLCR;
    mode.c_cflag = (mode.c_cflag & ~(tcflag_t)(CSIZE | PARENB | CSTOPB)) | CS8 | CREAD;
    mode.c_lflag = ISIG | ICANON | IEXTEN | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE;
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        mode.c_cc[keys[i].key] = keys[i].value;
    /* Leaving IXON, tcflow: output that Ctrl-S or a program stopped goes on. */
    good = good && tcsetattr(peer, TCSANOW, &mode) == 0 && tcflow(peer, TCOON) == 0;
    mode.c_iflag |= IXON;
    good = good && tcsetattr(peer, TCSANOW, &mode) == 0;
    close(peer);
    return good;
}

bool pty_is_cooked(intptr_t controlling)
{
    struct termios mode;

    return tcgetattr((int)controlling, &mode) == 0 && (mode.c_lflag & ICANON) && (mode.c_lflag & ISIG);
}
