/*
 * text: UTF-8 in and out, and the one way in which hostile bytes become printable. See text.h.
 *
 * Names of files, output of programs and words of a policy are shown to a person who then decides by
 * them. What could move the cursor, hide, reorder or imitate is therefore written as an escape; what is
 * printed is one line that reads the same on every terminal.
 */
#include "text.h"

#include <string.h>

/* More marks than this on one letter climb over the lines above and below (no script needs so many). */
#define MARKS_MAX 4

struct span {
    uint32_t first, last;
};

/* Characters that take no column: marks, joiners, Hangul medial and final letters, format controls.
 * Ranges run over unassigned code points between two of the same kind. */
static const struct span zero_spans[] = {
    {0x300, 0x36F}, {0x483, 0x489}, {0x591, 0x5BD}, {0x5BF, 0x5BF}, {0x5C1, 0x5C2}, {0x5C4, 0x5C5},
    {0x5C7, 0x5C7}, {0x610, 0x61A}, {0x61C, 0x61C}, {0x64B, 0x65F}, {0x670, 0x670}, {0x6D6, 0x6DC},
    {0x6DF, 0x6E4}, {0x6E7, 0x6E8}, {0x6EA, 0x6ED}, {0x711, 0x711}, {0x730, 0x74A}, {0x7A6, 0x7B0},
    {0x7EB, 0x7F3}, {0x7FD, 0x7FD}, {0x816, 0x819}, {0x81B, 0x823}, {0x825, 0x827}, {0x829, 0x82D},
    {0x859, 0x85B}, {0x898, 0x89F}, {0x8CA, 0x8E1}, {0x8E3, 0x902}, {0x93A, 0x93A}, {0x93C, 0x93C},
    {0x941, 0x948}, {0x94D, 0x94D}, {0x951, 0x957}, {0x962, 0x963}, {0x981, 0x981}, {0x9BC, 0x9BC},
    {0x9C1, 0x9C4}, {0x9CD, 0x9CD}, {0x9E2, 0x9E3}, {0x9FE, 0xA02}, {0xA3C, 0xA3C}, {0xA41, 0xA51},
    {0xA70, 0xA71}, {0xA75, 0xA75}, {0xA81, 0xA82}, {0xABC, 0xABC}, {0xAC1, 0xAC8}, {0xACD, 0xACD},
    {0xAE2, 0xAE3}, {0xAFA, 0xB01}, {0xB3C, 0xB3C}, {0xB3F, 0xB3F}, {0xB41, 0xB44}, {0xB4D, 0xB56},
    {0xB62, 0xB63}, {0xB82, 0xB82}, {0xBC0, 0xBC0}, {0xBCD, 0xBCD}, {0xC00, 0xC00}, {0xC04, 0xC04},
    {0xC3C, 0xC3C}, {0xC3E, 0xC40}, {0xC46, 0xC56}, {0xC62, 0xC63}, {0xC81, 0xC81}, {0xCBC, 0xCBC},
    {0xCBF, 0xCBF}, {0xCC6, 0xCC6}, {0xCCC, 0xCCD}, {0xCE2, 0xCE3}, {0xD00, 0xD01}, {0xD3B, 0xD3C},
    {0xD41, 0xD44}, {0xD4D, 0xD4D}, {0xD62, 0xD63}, {0xD81, 0xD81}, {0xDCA, 0xDCA}, {0xDD2, 0xDD6},
    {0xE31, 0xE31}, {0xE34, 0xE3A}, {0xE47, 0xE4E}, {0xEB1, 0xEB1}, {0xEB4, 0xEBC}, {0xEC8, 0xECD},
    {0xF18, 0xF19}, {0xF35, 0xF35}, {0xF37, 0xF37}, {0xF39, 0xF39}, {0xF71, 0xF7E}, {0xF80, 0xF84},
    {0xF86, 0xF87}, {0xF8D, 0xFBC}, {0xFC6, 0xFC6}, {0x102D, 0x1030}, {0x1032, 0x1037},
    {0x1039, 0x103A}, {0x103D, 0x103E}, {0x1058, 0x1059}, {0x105E, 0x1060}, {0x1071, 0x1074},
    {0x1082, 0x1082}, {0x1085, 0x1086}, {0x108D, 0x108D}, {0x109D, 0x109D}, {0x1160, 0x11FF},
    {0x135D, 0x135F}, {0x1712, 0x1714}, {0x1732, 0x1733}, {0x1752, 0x1753}, {0x1772, 0x1773},
    {0x17B4, 0x17B5}, {0x17B7, 0x17BD}, {0x17C6, 0x17C6}, {0x17C9, 0x17D3}, {0x17DD, 0x17DD},
    {0x180B, 0x180F}, {0x1885, 0x1886}, {0x18A9, 0x18A9}, {0x1920, 0x1922}, {0x1927, 0x1928},
    {0x1932, 0x1932}, {0x1939, 0x193B}, {0x1A17, 0x1A18}, {0x1A1B, 0x1A1B}, {0x1A56, 0x1A56},
    {0x1A58, 0x1A60}, {0x1A62, 0x1A62}, {0x1A65, 0x1A6C}, {0x1A73, 0x1A7F}, {0x1AB0, 0x1B03},
    {0x1B34, 0x1B34}, {0x1B36, 0x1B3A}, {0x1B3C, 0x1B3C}, {0x1B42, 0x1B42}, {0x1B6B, 0x1B73},
    {0x1B80, 0x1B81}, {0x1BA2, 0x1BA5}, {0x1BA8, 0x1BA9}, {0x1BAB, 0x1BAD}, {0x1BE6, 0x1BE6},
    {0x1BE8, 0x1BE9}, {0x1BED, 0x1BED}, {0x1BEF, 0x1BF1}, {0x1C2C, 0x1C33}, {0x1C36, 0x1C37},
    {0x1CD0, 0x1CD2}, {0x1CD4, 0x1CE0}, {0x1CE2, 0x1CE8}, {0x1CED, 0x1CED}, {0x1CF4, 0x1CF4},
    {0x1CF8, 0x1CF9}, {0x1DC0, 0x1DFF}, {0x200B, 0x200F}, {0x2028, 0x202E}, {0x2060, 0x206F},
    {0x20D0, 0x20F0}, {0x2CEF, 0x2CF1}, {0x2D7F, 0x2D7F}, {0x2DE0, 0x2DFF}, {0x302A, 0x302D},
    {0x3099, 0x309A}, {0xA66F, 0xA672}, {0xA674, 0xA67D}, {0xA69E, 0xA69F}, {0xA6F0, 0xA6F1},
    {0xA802, 0xA802}, {0xA806, 0xA806}, {0xA80B, 0xA80B}, {0xA825, 0xA826}, {0xA82C, 0xA82C},
    {0xA8C4, 0xA8C5}, {0xA8E0, 0xA8F1}, {0xA8FF, 0xA8FF}, {0xA926, 0xA92D}, {0xA947, 0xA951},
    {0xA980, 0xA982}, {0xA9B3, 0xA9B3}, {0xA9B6, 0xA9B9}, {0xA9BC, 0xA9BD}, {0xA9E5, 0xA9E5},
    {0xAA29, 0xAA2E}, {0xAA31, 0xAA32}, {0xAA35, 0xAA36}, {0xAA43, 0xAA43}, {0xAA4C, 0xAA4C},
    {0xAA7C, 0xAA7C}, {0xAAB0, 0xAAB0}, {0xAAB2, 0xAAB4}, {0xAAB7, 0xAAB8}, {0xAABE, 0xAABF},
    {0xAAC1, 0xAAC1}, {0xAAEC, 0xAAED}, {0xAAF6, 0xAAF6}, {0xABE5, 0xABE5}, {0xABE8, 0xABE8},
    {0xABED, 0xABED}, {0xD7B0, 0xD7FB}, {0xFB1E, 0xFB1E}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F},
    {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0x101FD, 0x101FD}, {0x102E0, 0x102E0}, {0x10376, 0x1037A},
    {0x10A01, 0x10A0F}, {0x10A38, 0x10A3F}, {0x10AE5, 0x10AE6}, {0x10D24, 0x10D27},
    {0x10EAB, 0x10EAC}, {0x10F46, 0x10F50}, {0x10F82, 0x10F85}, {0x11001, 0x11001},
    {0x11038, 0x11046}, {0x11070, 0x11070}, {0x11073, 0x11074}, {0x1107F, 0x11081},
    {0x110B3, 0x110B6}, {0x110B9, 0x110BA}, {0x110C2, 0x110C2}, {0x11100, 0x11102},
    {0x11127, 0x1112B}, {0x1112D, 0x11134}, {0x11173, 0x11173}, {0x11180, 0x11181},
    {0x111B6, 0x111BE}, {0x111C9, 0x111CC}, {0x111CF, 0x111CF}, {0x1122F, 0x11231},
    {0x11234, 0x11234}, {0x11236, 0x11237}, {0x1123E, 0x1123E}, {0x112DF, 0x112DF},
    {0x112E3, 0x112EA}, {0x11300, 0x11301}, {0x1133B, 0x1133C}, {0x11340, 0x11340},
    {0x11366, 0x11374}, {0x11438, 0x1143F}, {0x11442, 0x11444}, {0x11446, 0x11446},
    {0x1145E, 0x1145E}, {0x114B3, 0x114B8}, {0x114BA, 0x114BA}, {0x114BF, 0x114C0},
    {0x114C2, 0x114C3}, {0x115B2, 0x115B5}, {0x115BC, 0x115BD}, {0x115BF, 0x115C0},
    {0x115DC, 0x115DD}, {0x11633, 0x1163A}, {0x1163D, 0x1163D}, {0x1163F, 0x11640},
    {0x116AB, 0x116AB}, {0x116AD, 0x116AD}, {0x116B0, 0x116B5}, {0x116B7, 0x116B7},
    {0x1171D, 0x1171F}, {0x11722, 0x11725}, {0x11727, 0x1172B}, {0x1182F, 0x11837},
    {0x11839, 0x1183A}, {0x1193B, 0x1193C}, {0x1193E, 0x1193E}, {0x11943, 0x11943},
    {0x119D4, 0x119DB}, {0x119E0, 0x119E0}, {0x11A01, 0x11A0A}, {0x11A33, 0x11A38},
    {0x11A3B, 0x11A3E}, {0x11A47, 0x11A47}, {0x11A51, 0x11A56}, {0x11A59, 0x11A5B},
    {0x11A8A, 0x11A96}, {0x11A98, 0x11A99}, {0x11C30, 0x11C3D}, {0x11C3F, 0x11C3F},
    {0x11C92, 0x11CA7}, {0x11CAA, 0x11CB0}, {0x11CB2, 0x11CB3}, {0x11CB5, 0x11CB6},
    {0x11D31, 0x11D45}, {0x11D47, 0x11D47}, {0x11D90, 0x11D91}, {0x11D95, 0x11D95},
    {0x11D97, 0x11D97}, {0x11EF3, 0x11EF4}, {0x13430, 0x13438}, {0x16AF0, 0x16AF4},
    {0x16B30, 0x16B36}, {0x16F4F, 0x16F4F}, {0x16F8F, 0x16F92}, {0x16FE4, 0x16FE4},
    {0x1BC9D, 0x1BC9E}, {0x1BCA0, 0x1CF46}, {0x1D167, 0x1D169}, {0x1D173, 0x1D182},
    {0x1D185, 0x1D18B}, {0x1D1AA, 0x1D1AD}, {0x1D242, 0x1D244}, {0x1DA00, 0x1DA36},
    {0x1DA3B, 0x1DA6C}, {0x1DA75, 0x1DA75}, {0x1DA84, 0x1DA84}, {0x1DA9B, 0x1DAAF},
    {0x1E000, 0x1E02A}, {0x1E130, 0x1E136}, {0x1E2AE, 0x1E2AE}, {0x1E2EC, 0x1E2EF},
    {0x1E8D0, 0x1E8D6}, {0x1E944, 0x1E94A}, {0xE0001, 0xE01EF},
};

/* Characters that take two columns (East Asian wide and full width, emoji). */
static const struct span wide_spans[] = {
    {0x1100, 0x115F}, {0x231A, 0x231B}, {0x2329, 0x232A}, {0x23E9, 0x23EC}, {0x23F0, 0x23F0},
    {0x23F3, 0x23F3}, {0x25FD, 0x25FE}, {0x2614, 0x2615}, {0x2648, 0x2653}, {0x267F, 0x267F},
    {0x2693, 0x2693}, {0x26A1, 0x26A1}, {0x26AA, 0x26AB}, {0x26BD, 0x26BE}, {0x26C4, 0x26C5},
    {0x26CE, 0x26CE}, {0x26D4, 0x26D4}, {0x26EA, 0x26EA}, {0x26F2, 0x26F3}, {0x26F5, 0x26F5},
    {0x26FA, 0x26FA}, {0x26FD, 0x26FD}, {0x2705, 0x2705}, {0x270A, 0x270B}, {0x2728, 0x2728},
    {0x274C, 0x274C}, {0x274E, 0x274E}, {0x2753, 0x2755}, {0x2757, 0x2757}, {0x2795, 0x2797},
    {0x27B0, 0x27B0}, {0x27BF, 0x27BF}, {0x2B1B, 0x2B1C}, {0x2B50, 0x2B50}, {0x2B55, 0x2B55},
    {0x2E80, 0x3029}, {0x302E, 0x303E}, {0x3041, 0x3096}, {0x309B, 0x3247}, {0x3250, 0x4DBF},
    {0x4E00, 0xA4C6}, {0xA960, 0xA97C}, {0xAC00, 0xD7A3}, {0xF900, 0xFAFF}, {0xFE10, 0xFE19},
    {0xFE30, 0xFE6B}, {0xFF01, 0xFF60}, {0xFFE0, 0xFFE6}, {0x16FE0, 0x16FE3}, {0x16FF0, 0x1B2FB},
    {0x1F004, 0x1F004}, {0x1F0CF, 0x1F0CF}, {0x1F18E, 0x1F18E}, {0x1F191, 0x1F19A},
    {0x1F200, 0x1F320}, {0x1F32D, 0x1F335}, {0x1F337, 0x1F37C}, {0x1F37E, 0x1F393},
    {0x1F3A0, 0x1F3CA}, {0x1F3CF, 0x1F3D3}, {0x1F3E0, 0x1F3F0}, {0x1F3F4, 0x1F3F4},
    {0x1F3F8, 0x1F43E}, {0x1F440, 0x1F440}, {0x1F442, 0x1F4FC}, {0x1F4FF, 0x1F53D},
    {0x1F54B, 0x1F54E}, {0x1F550, 0x1F567}, {0x1F57A, 0x1F57A}, {0x1F595, 0x1F596},
    {0x1F5A4, 0x1F5A4}, {0x1F5FB, 0x1F64F}, {0x1F680, 0x1F6C5}, {0x1F6CC, 0x1F6CC},
    {0x1F6D0, 0x1F6D2}, {0x1F6D5, 0x1F6DF}, {0x1F6EB, 0x1F6EC}, {0x1F6F4, 0x1F6FC},
    {0x1F7E0, 0x1F7F0}, {0x1F90C, 0x1F93A}, {0x1F93C, 0x1F945}, {0x1F947, 0x1F9FF},
    {0x1FA70, 0x1FAFF}, {0x20000, 0x3FFFD},
};

/* Characters that show nothing or a mere gap, and those that reorder what stands around them. Controls
 * and noncharacters are recognised by their numbers. */
static const struct span hidden_spans[] = {
    {0xA0, 0xA0}, {0xAD, 0xAD}, {0x34F, 0x34F}, {0x61C, 0x61C}, {0x115F, 0x1160}, {0x1680, 0x1680},
    {0x17B4, 0x17B5}, {0x180B, 0x180F}, {0x2000, 0x200F}, {0x2028, 0x202F}, {0x205F, 0x206F},
    {0x2800, 0x2800}, {0x3000, 0x3000}, {0x3164, 0x3164}, {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF},
    {0xFFA0, 0xFFA0}, {0xFFF0, 0xFFFC}, {0x1BCA0, 0x1BCA3}, {0x1D159, 0x1D159}, {0x1D173, 0x1D17A},
    {0xE0000, 0xE0FFF},
};

static bool in_spans(const struct span *spans, size_t count, uint32_t scalar)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (scalar > spans[middle].last)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && scalar >= spans[low].first;
}

static uint32_t byte_at(struct str s, size_t at)
{
    return (unsigned char)s.p[at];
}

size_t text_decode(struct str s, size_t at, uint32_t *scalar)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t first, value;
    size_t length;

    if (at >= s.n)
        return 0;
    first = byte_at(s, at);
    if (first < 0x80) {
        *scalar = first;
        return 1;
    }
    length = first >= 0xF8 ? 0 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 0;
    if (length == 0 || s.n - at < length)
        return 0;
    value = first & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++) {
        uint32_t next = byte_at(s, at + i);
        if ((next & 0xC0) != 0x80)
            return 0;
        value = value << 6 | (next & 0x3F);
    }
    if (value < smallest[length] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
        return 0;
    *scalar = value;
    return length;
}

static char low_byte(uint32_t value)
{
    return (char)(unsigned char)(value & 0xFF);
}

size_t text_encode(uint32_t scalar, char out[4])
{
    if (scalar > 0x10FFFF || (scalar >= 0xD800 && scalar <= 0xDFFF))
        return 0;
    if (scalar < 0x80) {
        out[0] = low_byte(scalar);
        return 1;
    }
    if (scalar < 0x800) {
        out[0] = low_byte(0xC0 | scalar >> 6);
        out[1] = low_byte(0x80 | (scalar & 0x3F));
        return 2;
    }
    if (scalar < 0x10000) {
        out[0] = low_byte(0xE0 | scalar >> 12);
        out[1] = low_byte(0x80 | (scalar >> 6 & 0x3F));
        out[2] = low_byte(0x80 | (scalar & 0x3F));
        return 3;
    }
    out[0] = low_byte(0xF0 | scalar >> 18);
    out[1] = low_byte(0x80 | (scalar >> 12 & 0x3F));
    out[2] = low_byte(0x80 | (scalar >> 6 & 0x3F));
    out[3] = low_byte(0x80 | (scalar & 0x3F));
    return 4;
}

bool text_is_utf8(struct str s)
{
    uint32_t scalar;
    size_t length;

    for (size_t at = 0; at < s.n; at += length) {
        length = text_decode(s, at, &scalar);
        if (length == 0)
            return false;
    }
    return true;
}

int text_columns(uint32_t scalar)
{
    if (scalar < 0x300)
        return scalar >= 0x20 && (scalar < 0x7F || scalar >= 0xA0);
    if (in_spans(zero_spans, COUNT_OF(zero_spans), scalar))
        return 0;
    return in_spans(wide_spans, COUNT_OF(wide_spans), scalar) ? 2 : 1;
}

/* ---- the printable form ---- */

static bool is_hidden(uint32_t scalar)
{
    if (scalar < 0x20 || (scalar >= 0x7F && scalar < 0xA0))
        return true;
    if ((scalar & 0xFFFE) == 0xFFFE || (scalar >= 0xFDD0 && scalar <= 0xFDEF))
        return true;
    return in_spans(hidden_spans, COUNT_OF(hidden_spans), scalar);
}

static size_t put_hex(char *out, uint32_t value, size_t digits)
{
    for (size_t i = digits; i > 0; i--) {
        out[i - 1] = "0123456789ABCDEF"[value & 0xF];
        value >>= 4;
    }
    return digits;
}

static size_t hex_digits(uint32_t value)
{
    size_t digits = 1;
    while (value >>= 4)
        digits++;
    return digits;
}

/* What one step of the printable form needs to remember: a mark at the start would stick to the words
 * before it, and a pile of them to the lines around. */
struct printing {
    size_t at, marks;
    bool letter;
};

/* The printable form of what stands at state->at, into out. Returns its length and moves on. */
static size_t print_step(struct str s, struct printing *state, char out[12])
{
    uint32_t scalar = 0;
    size_t length = text_decode(s, state->at, &scalar), n = 0;
    bool mark = length > 0 && text_columns(scalar) == 0;

    out[n++] = '\\';
    state->marks = mark ? state->marks + 1 : 0;
    if (length == 0) {
        out[n++] = 'x';
        n += put_hex(out + n, byte_at(s, state->at), 2);
        length = 1;
    } else if (scalar == '\\') {
        out[n++] = '\\';
    } else if (scalar == '\n' || scalar == '\t') {
        out[n++] = scalar == '\n' ? 'n' : 't';
    } else if (scalar < 0x80 && is_hidden(scalar)) {
        out[n++] = 'x';
        n += put_hex(out + n, scalar, 2);
    } else if (is_hidden(scalar) || (mark && (!state->letter || state->marks > MARKS_MAX))) {
        out[n++] = 'u';
        out[n++] = '{';
        n += put_hex(out + n, scalar, hex_digits(scalar));
        out[n++] = '}';
    } else {
        n = length;
        memcpy(out, s.p + state->at, length);
    }
    state->letter = out[0] != '\\'; /* nothing may join an escape */
    state->at += length;
    return n;
}

struct str text_printable(struct arena *a, struct str s)
{
    struct printing state = {0};
    char piece[12], *out;
    size_t total = 0, n = 0;

    while (state.at < s.n)
        total = size_add(total, print_step(s, &state, piece));
    out = arena_alloc(a, size_add(total, 1), 1);
    state = (struct printing){0};
    while (state.at < s.n) {
        size_t length = print_step(s, &state, piece);
        memcpy(out + n, piece, length);
        n += length;
    }
    return (struct str){out, n};
}

void text_plain_path(char *printable)
{
    size_t at = 0;

    if (!printable[0] || printable[1] != ':')
        return;
    for (const char *p = printable; *p; p++)
        if (*p == '\\' && *++p != '\\')
            return;
    for (const char *p = printable; *p; p++) {
        printable[at++] = *p;
        p += *p == '\\';
    }
    printable[at] = '\0';
}

static bool is_shell_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("_./@%+=:,-", c));
}

struct str text_shell(struct arena *a, struct str s)
{
    struct buf out = {.ceiling = SIZE_MAX};
    bool printable = str_eq(text_printable(a, s), s), plain = s.n > 0 && s.p[0] != '-';

    for (size_t i = 0; i < s.n; i++)
        plain = plain && is_shell_plain(s.p[i]);
    if (plain)
        return arena_str(a, s);
    buf_format(&out, printable ? "'" : "$'");
    for (size_t i = 0; i < s.n; i++) {
        if (printable && s.p[i] == '\'')
            buf_format(&out, "'\\''");
        else if (printable || is_shell_plain(s.p[i]) || s.p[i] == ' ')
            buf_add(&out, &s.p[i], 1);
        else
            buf_format(&out, "\\%03o", (unsigned)(unsigned char)s.p[i]);
    }
    buf_format(&out, "'");
    s = arena_str(a, buf_view(&out));
    buf_release(&out);
    return s;
}

struct str text_printable_once(struct arena *a, struct str s)
{
    struct str again = text_printable(a, s);
    size_t at = 0;

    for (size_t i = 0; i < s.n; i++, at++) {
        if (at >= again.n || again.p[at] != s.p[i])
            return again;
        if (s.p[i] == '\\')
            at++;
    }
    return at == again.n ? arena_str(a, s) : again; /* what came may be a slice, with more behind it */
}

void text_printable_into(char *out, size_t size, struct str s)
{
    struct printing state = {0};
    char piece[12];
    size_t n = 0, cut = 0;

    if (size == 0)
        return;
    while (state.at < s.n) {
        size_t length = print_step(s, &state, piece);
        if (length > size - 1 - n) {
            n = cut;
            if (size - 1 - n >= 3) {
                memcpy(out + n, "...", 3);
                n += 3;
            }
            break;
        }
        memcpy(out + n, piece, length);
        n += length;
        if (n + 3 <= size - 1) /* the last place from which the dots still fit */
            cut = n;
    }
    out[n] = '\0';
}

static void json_unit(struct buf *out, uint32_t unit)
{
    char piece[6] = {'\\', 'u'};
    put_hex(piece + 2, unit, 4);
    buf_add(out, piece, sizeof piece);
}

/* Hidden characters are escaped too: the reader of the JSON gets the same text, and a terminal that
 * shows the JSON itself is not moved by it. */
void text_json(struct buf *out, struct str s)
{
    size_t length;

    buf_add(out, "\"", 1);
    for (size_t at = 0; at < s.n; at += length) {
        uint32_t scalar = 0;
        length = text_decode(s, at, &scalar);
        if (length == 0) {
            char piece[5] = {'\\', '\\', 'x'};
            put_hex(piece + 3, byte_at(s, at), 2);
            buf_add(out, piece, sizeof piece);
            length = 1;
        } else if (scalar == '"' || scalar == '\\') {
            char piece[2] = {'\\', low_byte(scalar)};
            buf_add(out, piece, sizeof piece);
        } else if (scalar == '\n' || scalar == '\t') {
            buf_add(out, scalar == '\n' ? "\\n" : "\\t", 2);
        } else if (is_hidden(scalar) && scalar >= 0x10000) {
            json_unit(out, 0xD7C0 + (scalar >> 10));
            json_unit(out, 0xDC00 + (scalar & 0x3FF));
        } else if (is_hidden(scalar)) {
            json_unit(out, scalar);
        } else {
            buf_add(out, s.p + at, length);
        }
    }
    buf_add(out, "\"", 1);
}

/* ---- matching ---- */

static char fold_ascii(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool text_same(struct str x, struct str y)
{
    if (x.n != y.n)
        return false;
    for (size_t i = 0; i < x.n; i++)
        if (fold_ascii(x.p[i]) != fold_ascii(y.p[i]))
            return false;
    return true;
}

/* One star is enough to go back to: what an earlier one could take, the last one can take as well. */
bool text_matches(struct str pattern, struct str name, bool fold)
{
    size_t p = 0, n = 0, star = SIZE_MAX, resume = 0;

    while (n < name.n) {
        if (p < pattern.n && pattern.p[p] == '*') {
            star = p++;
            resume = n;
        } else if (p < pattern.n && (fold ? fold_ascii(pattern.p[p]) == fold_ascii(name.p[n])
                                          : pattern.p[p] == name.p[n])) {
            p++;
            n++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            n = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.n && pattern.p[p] == '*')
        p++;
    return p == pattern.n;
}

#define NEAREST_BYTES 64

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Insertions, deletions, replacements and swaps of neighbours; letters of another case are the same. */
static size_t edit_distance(struct str a, struct str b)
{
    size_t rows[3][NEAREST_BYTES + 1];

    for (size_t j = 0; j <= b.n; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        size_t *now = rows[i % 3], *before = rows[(i + 2) % 3], *earlier = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            char x = fold_ascii(a.p[i - 1]), y = fold_ascii(b.p[j - 1]);
            size_t best = smaller(before[j], now[j - 1]) + 1;
            best = smaller(best, before[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == fold_ascii(b.p[j - 2]) && fold_ascii(a.p[i - 2]) == y)
                best = smaller(best, earlier[j - 2] + 1);
            now[j] = best;
        }
    }
    return rows[a.n % 3][b.n];
}

struct str text_nearest(struct str word, const char *const *candidates, size_t count)
{
    struct str nearest = {0};
    size_t nearest_distance = SIZE_MAX;

    if (word.n == 0 || word.n > NEAREST_BYTES)
        return nearest;
    for (size_t i = 0; i < count; i++) {
        struct str candidate = str_from(candidates[i]);
        size_t distance, longer = word.n > candidate.n ? word.n : candidate.n;
        if (candidate.n > NEAREST_BYTES)
            continue;
        distance = edit_distance(word, candidate);
        if (distance * 3 <= longer && distance < nearest_distance) {
            nearest = candidate;
            nearest_distance = distance;
        }
    }
    return nearest;
}

/* ---- lines that are longer than a terminal is wide ---- */

static size_t columns_of(struct str s, size_t at, size_t end)
{
    size_t columns = 0, length;

    for (; at < end; at += length) {
        uint32_t scalar = 0;
        length = text_decode(s, at, &scalar);
        length = length ? length : 1;
        columns += (size_t)text_columns(scalar);
    }
    return columns;
}

/* Where lines that go on begin: below what stands behind the first gap of two blanks or more, as in a table; else two
 * further in than the line. */
static size_t hanging(struct str line, size_t columns)
{
    size_t lead = 0, at;

    while (lead < line.n && line.p[lead] == ' ')
        lead++;
    for (at = lead; at + 2 < line.n; at++) {
        if (line.p[at] != ' ' || line.p[at + 1] != ' ')
            continue;
        while (at < line.n && line.p[at] == ' ')
            at++;
        at = columns_of(line, 0, at);
        return at <= columns / 2 ? at : lead + 2;
    }
    return lead + 2;
}

static void fold_line(struct buf *out, struct str line, size_t columns)
{
    size_t indent = hanging(line, columns), used = 0;
    bool first = true;

    for (size_t at = 0; at < line.n;) {
        size_t word = at, end, blanks, wide;
        while (word < line.n && line.p[word] == ' ')
            word++;
        end = str_find(line, word, ' ');
        blanks = word - at;
        wide = columns_of(line, word, end);
        if (!first && word < line.n && used + blanks + wide > columns) {
            buf_add(out, "\n", 1);
            for (used = 0; used < indent; used++)
                buf_add(out, " ", 1);
            blanks = 0;
        }
        if (word < line.n) {
            buf_add(out, line.p + word - blanks, blanks + end - word);
            used += blanks + wide;
            first = false;
        }
        at = end;
    }
}

void text_fold(struct buf *out, struct str text, size_t columns)
{
    for (size_t at = 0; at < text.n;) {
        size_t end = str_find(text, at, '\n');
        struct str line = str_slice(text, at, end);
        if (columns < TEXT_FOLD_LEAST || columns_of(line, 0, line.n) <= columns)
            buf_str(out, line);
        else
            fold_line(out, line, columns);
        if (end < text.n)
            buf_add(out, "\n", 1);
        at = end + 1;
    }
}
