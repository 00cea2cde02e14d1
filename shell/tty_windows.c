/*
 * tty: the console that Cordon was started in: its modes, its size, its keys as bytes, and a question put to the person. Windows
 * edge.
 *
 * Modes and code pages are the console's, not the process's: what we leave behind is what the person's shell goes on with. So they
 * come back at every way out: tty_end, exit, an unhandled exception, and the handler of the window's close button, which runs on a
 * thread of the system's. Only TerminateProcess is left.
 *
 * Keys are read with ReadConsoleInputW: reading bytes under code page 65001 loses whatever is not ASCII on older hosts. Text goes out
 * by WriteConsoleW for the same reason. The state is global because handlers need it.
 */
#include "../sandbox/win32.h"
#include "console_keys.h"
#include "shell.h"
#include "../sandbox/core/text.h"
#include "../sandbox/core/wide.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFIRM_DEAF_MS 250
#define CLOSE_MS        4000 /* the system ends us 5 s after it has told that the window closes */
#define RECORDS         64
#define WRITE_UNITS     4096

/* As POSIX numbers them, for exit codes. */
enum { NUMBER_HANGUP = 1, NUMBER_INTERRUPT = 2, NUMBER_TERMINATE = 15 };

static struct {
    bool begun;
    HANDLE in, out; /* of the console; NULL: none */
    DWORD person_in, person_out;
    UINT person_in_page, person_out_page;
    volatile LONG raw, changed; /* changed: something is to be put back */
    volatile LONG stopped; /* Ctrl-C, as a key or as an event */
    volatile LONG pending[TTY_SIGNAL_CONTINUED + 1];
    volatile LONG ended;
    HANDLE wake, is_raw, stop;
    sys_handle signals, keys;
    uint16_t high; /* of a surrogate pair; the reading thread's */
    uint16_t rows, columns; /* as they were last; that thread's, too */
    char cut[4]; /* the beginning of a character that tty_write was given */
    size_t cut_n;
} tty = {.signals = SYS_NONE, .keys = SYS_NONE};

#define VT_PROCESSING  0x0004 /* ENABLE_VIRTUAL_TERMINAL_PROCESSING */
#define NO_AUTO_RETURN 0x0008 /* DISABLE_NEWLINE_AUTO_RETURN */
#define VT_INPUT       0x0200 /* ENABLE_VIRTUAL_TERMINAL_INPUT */

/* What a full-screen program may have left on; see tty_linux.c. */
static const WCHAR undo_modes[] = L"\033[?1049l\033[?25h\033[?1000l\033[?1002l\033[?1003l\033[?1006l\033[?2004l\033[?1l\033>"
                                  L"\033[0m\r\n";

/* ---- modes ---- */

static HANDLE console(DWORD which)
{
    HANDLE h = GetStdHandle(which);
    DWORD mode;

    return h && h != INVALID_HANDLE_VALUE && GetConsoleMode(h, &mode) ? h : NULL;
}

static void put_back(void)
{
    InterlockedExchange(&tty.raw, 0);
    if (tty.is_raw)
        ResetEvent(tty.is_raw);
    if (!InterlockedExchange(&tty.changed, 0))
        return;
    if (tty.in)
        SetConsoleMode(tty.in, tty.person_in);
    if (tty.out)
        SetConsoleMode(tty.out, tty.person_out);
    if (tty.person_in_page)
        SetConsoleCP(tty.person_in_page);
    if (tty.person_out_page)
        SetConsoleOutputCP(tty.person_out_page);
}

static void on_exit_restore(void)
{
    put_back();
}

static LONG WINAPI on_crash(EXCEPTION_POINTERS *what)
{
    DWORD done;

    (void)what;
    if (tty.raw && tty.out)
        WriteConsoleW(tty.out, undo_modes, COUNT_OF(undo_modes) - 1, &done, NULL);
    put_back();
    return EXCEPTION_CONTINUE_SEARCH;
}

static void tell(enum tty_signal what)
{
    InterlockedExchange(&tty.pending[what], 1);
    if (what == TTY_SIGNAL_INTERRUPT || what == TTY_SIGNAL_BREAK)
        InterlockedExchange(&tty.stopped, 1);
    if (tty.wake)
        SetEvent(tty.wake);
}

static BOOL WINAPI on_control(DWORD what)
{
    switch (what) {
    case CTRL_C_EVENT:
        tell(TTY_SIGNAL_INTERRUPT);
        return TRUE;
    case CTRL_BREAK_EVENT: /* comes as this in raw mode too, and is never a key */
        tell(TTY_SIGNAL_BREAK);
        return TRUE;
    default: /* the window closes, the person logs off, the machine stops: once we return we are ended */
        tell(TTY_SIGNAL_HANGUP);
        put_back();
        for (int i = 0; i < CLOSE_MS / 50 && !tty.ended; i++)
            Sleep(50);
        return TRUE;
    }
}

/* What programs of today's print needs: sequences are obeyed, and a newline does what it says. */
static bool set_modes(bool raw)
{
    DWORD in, out;

    InterlockedExchange(&tty.changed, 1);
    if (tty.out) {
        out = tty.person_out | ENABLE_PROCESSED_OUTPUT | ENABLE_WRAP_AT_EOL_OUTPUT | VT_PROCESSING;
        if (!SetConsoleMode(tty.out, raw ? out | NO_AUTO_RETURN : out) && !SetConsoleMode(tty.out, out))
            SetConsoleMode(tty.out, tty.person_out | ENABLE_PROCESSED_OUTPUT);
        SetConsoleOutputCP(CP_UTF8);
    }
    if (tty.in && raw) {
        in = (tty.person_in & ~(DWORD)(ENABLE_LINE_INPUT | ENABLE_ECHO_INPUT | ENABLE_PROCESSED_INPUT | ENABLE_MOUSE_INPUT |
                                       ENABLE_INSERT_MODE)) |
             ENABLE_WINDOW_INPUT;
        if (!SetConsoleMode(tty.in, in | VT_INPUT) && !SetConsoleMode(tty.in, in))
            return false;
        SetConsoleCP(CP_UTF8);
    }
    return true;
}

bool tty_begin(struct err *e)
{
    if (tty.begun)
        return true;
    tty.in = console(STD_INPUT_HANDLE);
    tty.out = console(STD_OUTPUT_HANDLE);
    if (!tty.out)
        tty.out = console(STD_ERROR_HANDLE);
    tty.wake = CreateEventW(NULL, FALSE, FALSE, NULL);
    tty.is_raw = CreateEventW(NULL, TRUE, FALSE, NULL);
    tty.stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!tty.wake || !tty.is_raw || !tty.stop)
        return win_fail(e, GetLastError(), (struct str){0}, "cannot make an event for signals");
    if (tty.in)
        GetConsoleMode(tty.in, &tty.person_in);
    if (tty.out)
        GetConsoleMode(tty.out, &tty.person_out);
    tty.person_in_page = tty.in || tty.out ? GetConsoleCP() : 0;
    tty.person_out_page = tty.in || tty.out ? GetConsoleOutputCP() : 0;
    tty.signals = sys_from_event(tty.wake);
    tty.begun = true;
    atexit(on_exit_restore);
    SetUnhandledExceptionFilter(on_crash);
    SetConsoleCtrlHandler(NULL, FALSE); /* whoever started us may have had Ctrl-C ignored, which is inherited */
    SetConsoleCtrlHandler(on_control, TRUE);
    set_modes(false);
    return true;
}

void tty_end(void)
{
    put_back();
    InterlockedExchange(&tty.ended, 1);
    if (!tty.begun)
        return;
    SetEvent(tty.stop);
    sys_close(&tty.keys);
    SetConsoleCtrlHandler(on_control, FALSE);
}

bool tty_is_ours(void)
{
    return tty.in != NULL;
}

bool tty_is_raw(void)
{
    return tty.raw != 0;
}

bool tty_size(uint16_t *rows, uint16_t *columns)
{
    CONSOLE_SCREEN_BUFFER_INFO info;

    *rows = 24;
    *columns = 80;
    if (!tty.out || !GetConsoleScreenBufferInfo(tty.out, &info) || info.srWindow.Bottom < info.srWindow.Top ||
        info.srWindow.Right < info.srWindow.Left)
        return false;
    *rows = (uint16_t)(info.srWindow.Bottom - info.srWindow.Top + 1);
    *columns = (uint16_t)(info.srWindow.Right - info.srWindow.Left + 1);
    return true;
}

bool tty_cursor(uint32_t *row, uint32_t *column)
{
    CONSOLE_SCREEN_BUFFER_INFO info;
    int y, x;

    if (!tty.out || !GetConsoleScreenBufferInfo(tty.out, &info))
        return false;
    y = info.dwCursorPosition.Y - info.srWindow.Top + 1;
    x = info.dwCursorPosition.X - info.srWindow.Left + 1;
    /* Who scrolled back has the cursor outside of the window; what is printed next brings it into the last row. */
    if (y > info.srWindow.Bottom - info.srWindow.Top + 1)
        y = info.srWindow.Bottom - info.srWindow.Top + 1;
    *row = y > 0 ? (uint32_t)y : 1;
    *column = x > 0 ? (uint32_t)x : 1;
    return true;
}

/* ---- keys ---- */

_Static_assert(CONSOLE_UP == VK_UP && CONSOLE_DOWN == VK_DOWN && CONSOLE_PAGE_UP == VK_PRIOR && CONSOLE_HOME == VK_HOME &&
                   CONSOLE_INSERT == VK_INSERT && CONSOLE_DELETE == VK_DELETE && CONSOLE_BACK == VK_BACK && CONSOLE_ALT == VK_MENU,
    "console_keys.h has the system's numbers");

/* The bytes of one record, at most `room` bytes are used; keys that are held down repeat. */
static size_t record_bytes(const INPUT_RECORD *record, char *out, size_t room)
{
    const KEY_EVENT_RECORD *event = &record->Event.KeyEvent;
    struct console_key key;

    if (record->EventType == WINDOW_BUFFER_SIZE_EVENT)
        tell(TTY_SIGNAL_RESIZED);
    if (record->EventType != KEY_EVENT)
        return 0;
    key = (struct console_key){.code = event->wVirtualKeyCode,
        .unit = event->uChar.UnicodeChar,
        .repeat = event->wRepeatCount,
        .down = event->bKeyDown,
        .control = (event->dwControlKeyState & (LEFT_CTRL_PRESSED | RIGHT_CTRL_PRESSED)) != 0};
    if (key.down && key.unit == 3)
        InterlockedExchange(&tty.stopped, 1);
    return console_key_bytes(&tty.high, &key, out, room);
}

/* Records tell of another size of the buffer; that of the window alone, which an old host's buffer is longer than, nobody tells. */
static void look_at_size(void)
{
    uint16_t rows, columns;

    if (tty_size(&rows, &columns) && (rows != tty.rows || columns != tty.columns)) {
        if (tty.rows)
            tell(TTY_SIGNAL_RESIZED);
        tty.rows = rows;
        tty.columns = columns;
    }
}

/* On a thread of its own. Reads only while the console is raw: else what the person types is for whoever comes after us. */
static long produce(void *context, void *out, size_t size)
{
    HANDLE waits[2] = {tty.stop, NULL};

    (void)context;
    for (;;) {
        INPUT_RECORD records[RECORDS];
        DWORD count = 0, most = (DWORD)(size / 32 < RECORDS ? size / 32 : RECORDS);
        size_t n = 0;

        waits[1] = tty.is_raw;
        if (WaitForMultipleObjects(2, waits, FALSE, INFINITE) != WAIT_OBJECT_0 + 1)
            return 0;
        waits[1] = tty.in;
        switch (WaitForMultipleObjects(2, waits, FALSE, 250)) {
        case WAIT_TIMEOUT:
            look_at_size();
            continue;
        case WAIT_OBJECT_0 + 1:
            break;
        default:
            return 0;
        }
        if (!tty.raw || !ReadConsoleInputW(tty.in, records, most ? most : 1, &count)) {
            if (tty.raw)
                return 0; /* the console is gone */
            continue;
        }
        for (DWORD i = 0; i < count; i++)
            n += record_bytes(&records[i], (char *)out + n, size - n);
        if (n)
            return (long)n;
    }
}

static void cancel(void *context)
{
    (void)context;
    SetEvent(tty.stop);
}

bool tty_raw(bool on)
{
    if (!tty.in)
        return false;
    if (!on) {
        if (tty.raw) {
            InterlockedExchange(&tty.raw, 0);
            ResetEvent(tty.is_raw);
            SetConsoleMode(tty.in, tty.person_in);
            set_modes(false);
        }
        return true;
    }
    if (!tty.raw)
        GetConsoleMode(tty.in, &tty.person_in);
    InterlockedExchange(&tty.raw, 1);
    if (!set_modes(true)) {
        put_back();
        return false;
    }
    if (tty.keys == SYS_NONE)
        tty.keys = sys_from_producer(produce, cancel, NULL);
    SetEvent(tty.is_raw);
    return true;
}

sys_handle tty_in(void)
{
    return tty.keys;
}

sys_handle tty_out(void)
{
    return SYS_NONE; /* written by tty_write alone */
}

bool tty_suspend(void)
{
    return false; /* no job control: a console's programs stop for nobody */
}

/* ---- signals ---- */

sys_handle tty_signals(void)
{
    return tty.signals;
}

bool tty_stopped(void)
{
    return tty.stopped != 0;
}

void tty_forget_stop(void)
{
    InterlockedExchange(&tty.stopped, 0);
}

enum tty_signal tty_signal_next(int *number)
{
    static const int numbers[] = {[TTY_SIGNAL_INTERRUPT] = NUMBER_INTERRUPT, [TTY_SIGNAL_TERMINATE] = NUMBER_TERMINATE,
        [TTY_SIGNAL_HANGUP] = NUMBER_HANGUP, [TTY_SIGNAL_BREAK] = NUMBER_INTERRUPT, [TTY_SIGNAL_CONTINUED] = 0};

    for (int i = TTY_SIGNAL_NONE + 1; i <= TTY_SIGNAL_CONTINUED; i++)
        if (InterlockedExchange(&tty.pending[i], 0)) {
            if (number)
                *number = numbers[i];
            SetEvent(tty.wake); /* perhaps there are more: look again */
            return (enum tty_signal)i;
        }
    if (tty.wake)
        ResetEvent(tty.wake);
    return TTY_SIGNAL_NONE;
}

static bool must_end(void)
{
    return tty.pending[TTY_SIGNAL_TERMINATE] || tty.pending[TTY_SIGNAL_HANGUP] || tty.pending[TTY_SIGNAL_INTERRUPT] ||
           tty.pending[TTY_SIGNAL_BREAK];
}

/* ---- text out ---- */

static bool write_units(HANDLE h, const WCHAR *units, size_t n)
{
    while (n) {
        DWORD done = 0;
        if (!WriteConsoleW(h, units, (DWORD)n, &done, NULL) || !done)
            return false;
        units += done;
        n -= done;
    }
    return true;
}

/* Whole characters; a byte that is none becomes U+FFFD. */
static bool write_console(HANDLE h, struct str text)
{
    WCHAR units[WRITE_UNITS];
    size_t n = 0;

    for (size_t at = 0; at < text.n;) {
        uint32_t scalar = 0xfffd;
        size_t length = text_decode(text, at, &scalar);
        if (!length)
            scalar = 0xfffd;
        at += length ? length : 1;
        if (scalar > 0xffff) {
            units[n++] = (WCHAR)(0xd800 + ((scalar - 0x10000) >> 10));
            scalar = 0xdc00 + ((scalar - 0x10000) & 0x3ff);
        }
        units[n++] = (WCHAR)scalar;
        if (n + 2 > COUNT_OF(units) || at >= text.n) {
            if (!write_units(h, units, n))
                return false;
            n = 0;
        }
    }
    return true;
}

static bool write_file(HANDLE h, struct str text)
{
    while (text.n) {
        DWORD done = 0, step = (DWORD)(text.n < 65536 ? text.n : 65536);
        if (!WriteFile(h, text.p, step, &done, NULL))
            return false;
        text = str_slice(text, done, text.n);
    }
    return true;
}

static bool print(DWORD which, struct str text)
{
    HANDLE h = GetStdHandle(which);
    DWORD mode;
    bool good = true;

    if (!h || h == INVALID_HANDLE_VALUE)
        return false;
    if (!GetConsoleMode(h, &mode))
        return write_file(h, text);
    if (!tty.raw)
        return write_console(h, text);
    for (size_t at = 0; at < text.n && good;) {
        size_t end = str_find(text, at, '\n');
        good = write_console(h, str_slice(text, at, end));
        if (end < text.n)
            good = good && write_console(h, STR("\r\n"));
        at = end + 1;
    }
    return good;
}

bool tty_print(struct str text)
{
    return print(STD_OUTPUT_HANDLE, text);
}

bool tty_print_error(struct str text)
{
    return print(STD_ERROR_HANDLE, text);
}

bool tty_print_folded(struct str text, bool always)
{
    HANDLE h = console(STD_OUTPUT_HANDLE);
    CONSOLE_SCREEN_BUFFER_INFO info;
    struct buf out = {0};
    size_t columns = 80;
    bool good;

    if (!h && !always)
        return tty_print(text);
    if (h && GetConsoleScreenBufferInfo(h, &info) && info.srWindow.Right > info.srWindow.Left)
        columns = (size_t)(info.srWindow.Right - info.srWindow.Left + 1);
    text_fold(&out, text, columns);
    good = tty_print(buf_view(&out));
    buf_release(&out);
    return good;
}

/* How many bytes at the end are the beginning of a character whose rest is still to come. */
static size_t cut_at_end(struct str s)
{
    for (size_t back = 1; back <= 3 && back <= s.n; back++) {
        unsigned char c = (unsigned char)s.p[s.n - back];
        if (c < 0x80)
            return 0;
        if (c >= 0xc0)
            return back < (c >= 0xf0 ? 4u : c >= 0xe0 ? 3u : 2u) ? back : 0;
    }
    return 0;
}

bool tty_write(struct str bytes)
{
    char first[8];
    size_t n = tty.cut_n, cut;

    if (!tty.out)
        return false;
    if (n) { /* the character that was cut, whole now or never */
        size_t take = 0;
        memcpy(first, tty.cut, n);
        while (take < bytes.n && n < 4 && ((unsigned char)bytes.p[take] & 0xc0) == 0x80)
            first[n++] = bytes.p[take++];
        if (take == bytes.n && cut_at_end((struct str){first, n}) == n && n < 4) {
            memcpy(tty.cut, first, n);
            tty.cut_n = n;
            return true;
        }
        tty.cut_n = 0;
        if (!write_console(tty.out, (struct str){first, n}))
            return false;
        bytes = str_slice(bytes, take, bytes.n);
    }
    cut = cut_at_end(bytes);
    if (cut) {
        memcpy(tty.cut, bytes.p + bytes.n - cut, cut);
        tty.cut_n = cut;
    }
    return write_console(tty.out, str_slice(bytes, 0, bytes.n - cut));
}

bool tty_colour(int number)
{
    HANDLE h = console(number == 1 ? STD_OUTPUT_HANDLE : STD_ERROR_HANDLE);
    struct str none = sys_variable(NULL, STR("NO_COLOR")), term = sys_variable(NULL, STR("TERM"));
    DWORD mode;

    return h && !none.n && !str_is(term, "dumb") && GetConsoleMode(h, &mode) && (mode & VT_PROCESSING);
}

/* ---- a question ---- */

/* Throws away what is typed already, and what is still on its way. */
static void forget_keys(void)
{
    uint64_t end = sys_milliseconds() + CONFIRM_DEAF_MS;

    for (;;) {
        uint64_t now = sys_milliseconds();
        struct sys_wait item = {tty.keys, SYS_READ, 0};
        char drop[256];
        long code;
        FlushConsoleInputBuffer(tty.in);
        if (now >= end || must_end())
            return;
        if (sys_wait(&item, 1, (int)(end - now)) > 0 && sys_read(tty.keys, drop, sizeof drop, &code) == 0)
            return;
    }
}

/* One line, typed; false on Ctrl-C, Ctrl-D, Escape (a paste begins with one) or a signal. */
static bool read_answer(char *out, size_t size)
{
    size_t n = 0;

    for (;;) {
        struct sys_wait item = {tty.keys, SYS_READ, 0};
        char key;
        long code, got;
        if (must_end())
            return false;
        if (sys_wait(&item, 1, 500) <= 0)
            continue;
        got = sys_read(tty.keys, &key, 1, &code);
        if (got == -1)
            continue;
        if (got != 1 || key == 3 || key == 4)
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
            write_console(tty.out, STR("\b \b"));
        } else if (key >= ' ' && key < 127 && n + 1 < size) {
            out[n++] = key;
            write_console(tty.out, (struct str){&key, 1});
        }
    }
}

bool tty_confirm(struct str question)
{
    char answer[16];
    bool was_raw = tty.raw != 0, yes;

    if (!tty.in || !tty.out || !tty_raw(true))
        return false;
    write_console(tty.out, question);
    write_console(tty.out, STR(" [y/N] "));
    forget_keys();
    yes = read_answer(answer, sizeof answer) && (!strcmp(answer, "y") || !strcmp(answer, "yes"));
    write_console(tty.out, STR("\r\n"));
    if (!was_raw)
        tty_raw(false);
    return yes;
}
