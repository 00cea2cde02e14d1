/*
 * guard_table: what of a program's output passes, what is undone after it and what is removed, row by row, and the same
 * as the lines of docs/terminal.md. See guard.h.
 *
 * Default is to remove: rows that say so are there to name what people ask about.
 */
#include "guard.h"

#include <string.h>

/* ---- controls ---- */

const struct control_row guard_controls[] = {
    {0x0e, 0x0f, CHARSET, "SO SI", "switch to the second character set and back"},
    {0x05, 0x05, REMOVE, "ENQ", "has the terminal send its answerback text"},
    {0x18, 0x18, REMOVE, "CAN", "ends a sequence; after one, the start of a file transfer (ZMODEM)"},
    {0x1a, 0x1a, REMOVE, "SUB", "ends a sequence"},
    {0x7f, 0x7f, REMOVE, "DEL", "padding"},
    {0x00, 0x1f, PASS, "other C0", "newline, tab, bell, backspace ..."},
    {0, 0, REMOVE, NULL, NULL},
};

/* ---- ESC ---- */

const struct escape_row guard_escapes[] = {
    {"", "7", PASS, "save the cursor"},
    {"", "8", RESTORE, "restore the cursor"},
    {"", "=>", KEYPAD, "keypad sends sequences or digits"},
    {"", "DEHM", PASS, "next line, set a tab stop, scroll at the margin"},
    {"", "no", CHARSET, "shift to character set G2, G3"},
    {"()*+-./", NULL, CHARSET, "designate a character set"},
    {"#", "58", PASS, "single width, fill the screen with E"},
    {"%", "G", PASS, "UTF-8"},
    {"", "c", HARD_RESET, "full reset: becomes what undoes, a soft reset, home and a cleared screen"},
    {"%", "@", REMOVE, "leave UTF-8: bytes inside of characters would become controls"},
    {" ", "FG", REMOVE, "have the terminal send 8-bit controls"},
    {"", "Zlm", REMOVE, "identify, lock memory"},
    {NULL, NULL, REMOVE, NULL},
};

/* ---- CSI ---- */

const struct csi_row guard_csis[] = {
    {0, 0, "m", NULL, ATTRIBUTES, "colours and attributes"},
    {0, 0, "ABCDEFGHIZ`adef", NULL, PASS, "move the cursor"},
    {0, 0, "JK", NULL, PASS, "erase (3 J: the scrollback too)"},
    {0, 0, "@LMPXST", NULL, PASS, "insert, delete, scroll"},
    {'?', 0, "hl", NULL, MODES, "modes, those listed below"},
    {0, 0, "hl", NULL, MODES, "modes, those listed below"},
    {0, 0, "bgs", NULL, PASS, "repeat, clear tab stops, save the cursor"},
    {0, 0, "u", NULL, RESTORE, "restore the cursor"},
    {0, 0, "r", NULL, REGION, "scroll region"},
    {0, ' ', "q", "0 1 2 3 4 5 6", CURSOR_STYLE, "cursor shape"},
    {'?', 0, "JK", NULL, PASS, "erase what is not protected"},
    {0, '"', "q", "0 1 2", PASS, "protect from erasing"},
    {0, ' ', "@A", NULL, PASS, "scroll sideways"},
    {0, '\'', "}~", NULL, PASS, "insert and delete columns"},
    {'?', 0, "W", "5", PASS, "tab stops every eight columns"},
    {0, '!', "p", NULL, SOFT_RESET, "soft reset"},
    {0, 0, "n", "5 6", PASS, "ask: status, cursor position"},
    {'?', 0, "n", "6 996", PASS, "ask: cursor position, dark or light"},
    {0, 0, "c", "0", PASS, "ask: device attributes"},
    {'>', 0, "c", "0", PASS, "ask: terminal's version as numbers"},
    {'=', 0, "c", "0", PASS, "ask: terminal's unit number"},
    {'>', 0, "q", "0", PASS, "ask: terminal's name"},
    {0, '$', "p", NULL, PASS, "ask: state of a mode"},
    {'?', '$', "p", NULL, PASS, "ask: state of a mode"},
    {'>', 0, "m", "4", MODIFY_KEYS, "keys with modifiers as sequences"},
    {'>', 0, "n", "4", MODIFY_KEYS, "and off"},
    {'?', 0, "m", "4", PASS, "ask: the same"},
    {'>', 0, "u", NULL, KITTY_PUSH, "keyboard protocol: push"},
    {'<', 0, "u", NULL, KITTY_POP, "keyboard protocol: pop, no more than was pushed"},
    {'=', 0, "u", NULL, KITTY_SET, "keyboard protocol: set"},
    {'?', 0, "u", NULL, PASS, "ask: keyboard protocol"},
    {0, 0, "t", "14 16 18", PASS, "ask: size of the window, of a cell, in rows and columns"},
    {0, 0, "t", "22 23", WINDOW, "push and pop the title, no more than was pushed"},
    {0, 0, "t", NULL, REMOVE, "other window requests: title reports (20, 21), resize, move, iconify"},
    {0, 0, "i", NULL, REMOVE, "print"},
    {'?', 0, "i", NULL, REMOVE, "print"},
    {0, 0, "x", NULL, REMOVE, "ask: terminal parameters"},
    {0, '*', "y", NULL, REMOVE, "ask: checksum of what the screen shows"},
    {0, '"', "p", NULL, REMOVE, "conformance level"},
    {0, 0, "q", NULL, REMOVE, "keyboard lights"},
    {'?', 0, "sr", NULL, REMOVE, "save and restore modes"},
    {0, 0, NULL, NULL, REMOVE, NULL},
};

/* ---- modes ---- */

const struct mode_row guard_modes[] = {
    {true, 25, 'h', "show the cursor"},
    {true, 2026, 'l', "hold drawing back until a frame is complete"},
    {true, 1049, ALTERNATE, "alternate screen, cursor saved"},
    {true, 2004, 'l', "bracketed paste"},
    {true, 1, 'l', "arrow keys for applications"},
    {true, 12, 'l', "blinking cursor"},
    {true, 7, 'h', "wrap at the margin"},
    {true, 5, 'l', "reverse video"},
    {true, 6, 'l', "origin at the scroll region"},
    {true, 9, 'l', "mouse, as X10"},
    {true, 47, ALTERNATE, "alternate screen"},
    {true, 66, 'l', "keypad for applications"},
    {true, 69, 'l', "left and right margins"},
    {true, 1000, 'l', "mouse buttons"},
    {true, 1002, 'l', "mouse drags"},
    {true, 1003, 'l', "mouse moves"},
    {true, 1004, 'l', "focus reports"},
    {true, 1005, 'l', "mouse, UTF-8 coordinates"},
    {true, 1006, 'l', "mouse, SGR coordinates"},
    {true, 1007, '\0', "wheel as arrow keys on the alternate screen"},
    {true, 1015, 'l', "mouse, urxvt coordinates"},
    {true, 1016, 'l', "mouse, pixels"},
    {true, 1047, ALTERNATE, "alternate screen, cleared on leaving"},
    {true, 1048, '\0', "save and restore the cursor"},
    {true, 2031, 'l', "dark or light reports"},
    {true, 2048, 'l', "size reports"},
    {false, 4, 'l', "insert"},
    {false, 0, 0, NULL},
};

/* ---- OSC ---- */

const struct osc_row guard_oscs[] = {
    {4, PALETTE, "palette: set, ask"},
    {10, COLOUR, "foreground: set, ask"},
    {11, COLOUR, "background: set, ask"},
    {12, COLOUR, "cursor's colour: set, ask"},
    {17, COLOUR, "selection's background: set, ask"},
    {19, COLOUR, "selection's foreground: set, ask"},
    {104, COLOUR_RESET, "palette: reset"},
    {110, COLOUR_RESET, "foreground: reset"},
    {111, COLOUR_RESET, "background: reset"},
    {112, COLOUR_RESET, "cursor's colour: reset"},
    {117, COLOUR_RESET, "selection's background: reset"},
    {119, COLOUR_RESET, "selection's foreground: reset"},
    {0, TITLE, "title and icon name"},
    {1, TITLE, "icon name"},
    {2, TITLE, "title"},
    {8, LINK, "hyperlink: http, https and mailto; another ends the link before it"},
    {3, REMOVE, "X property"},
    {7, REMOVE, "current directory: Cordon's to say"},
    {9, REMOVE, "notification, progress, directory, run a program (ConEmu)"},
    {50, REMOVE, "font"},
    {52, REMOVE, "clipboard"},
    {99, REMOVE, "notification"},
    {133, REMOVE, "command marks: Cordon's to set"},
    {633, REMOVE, "command marks of an editor's terminal"},
    {777, REMOVE, "notification"},
    {1337, REMOVE, "iTerm2: files, clipboard, keys, directory"},
    {5113, REMOVE, "file transfer"},
    {5522, REMOVE, "clipboard"},
    {0, REMOVE, NULL},
};

/* ---- as a page ---- */

static const struct {
    const char *form, *meaning;
} strings[] = {
    {"DCS", "sixel, user-defined keys, questions about settings and terminfo names, tmux passthrough"},
    {"APC PM SOS", "kitty graphics, program commands"},
    {"C1", "U+0080 to U+009F, in UTF-8 or as a byte: becomes U+FFFD"},
};

static const char *act_text(enum act act)
{
    switch (act) {
    case REMOVE:
        return "removed";
    case PASS:
    case COLOUR_RESET:
    case SOFT_RESET:
    case RESTORE:
        return "passes";
    case TITLE:
    case HARD_RESET:
        return "passes changed";
    default:
        return "passes, undone";
    }
}

static void add_characters(struct buf *out, const char *characters)
{
    for (; *characters; characters++)
        buf_format(out, *characters == ' ' ? " SP" : " %c", *characters);
}

static void end_row(struct buf *out, enum act act, const char *meaning)
{
    buf_format(out, " | %s | %s |\n", act_text(act), meaning);
}

static void describe_escape(const struct escape_row *row, struct buf *out)
{
    buf_str(out, STR("| `ESC"));
    add_characters(out, row->intermediates);
    if (row->finals)
        add_characters(out, row->finals);
    buf_str(out, STR("`"));
    end_row(out, row->act, row->meaning);
}

static void describe_csi(const struct csi_row *row, struct buf *out)
{
    const char *fence = strchr(row->finals, '`') ? "``" : "`"; /* one of the finals is Markdown's own */
    const char prefix[] = {row->prefix, '\0'}, intermediate[] = {row->intermediate, '\0'};

    buf_format(out, "| %sCSI", fence);
    add_characters(out, prefix);
    buf_format(out, " %s", row->values ? row->values : "Ps");
    add_characters(out, intermediate);
    add_characters(out, row->finals);
    buf_format(out, "%s", fence);
    end_row(out, row->act, row->meaning);
}

static void describe_mode(const struct mode_row *row, struct buf *out)
{
    buf_format(out, "| `CSI %s%u h l`", row->private ? "? " : "", row->number);
    end_row(out, row->undone_by ? MODES : PASS, row->meaning);
}

bool guard_describe(size_t index, struct buf *out)
{
    size_t at = index;

    for (size_t i = 0; guard_controls[i].meaning; i++)
        if (at-- == 0) {
            buf_format(out, "| %s", guard_controls[i].name);
            end_row(out, guard_controls[i].act, guard_controls[i].meaning);
            return true;
        }
    for (size_t i = 0; guard_escapes[i].meaning; i++)
        if (at-- == 0) {
            describe_escape(&guard_escapes[i], out);
            return true;
        }
    for (size_t i = 0; guard_csis[i].meaning; i++)
        if (at-- == 0) {
            describe_csi(&guard_csis[i], out);
            return true;
        }
    for (size_t i = 0; guard_modes[i].meaning; i++)
        if (at-- == 0) {
            describe_mode(&guard_modes[i], out);
            return true;
        }
    for (size_t i = 0; guard_oscs[i].meaning; i++)
        if (at-- == 0) {
            buf_format(out, "| `OSC %u`", guard_oscs[i].number);
            end_row(out, guard_oscs[i].act, guard_oscs[i].meaning);
            return true;
        }
    if (at >= COUNT_OF(strings))
        return false;
    buf_format(out, "| %s", strings[at].form);
    end_row(out, REMOVE, strings[at].meaning);
    return true;
}
