/*
 * case: how this system folds the case of names, from the system itself. Windows edge.
 *
 * NTFS compares names by an upper-case table of single units, of its own per volume and in practice the one that ntdll has. It is
 * read once: a mutable global for that. What lies beyond the first 65536 is never folded.
 */
#include "win32.h"

#include <string.h>

static struct {
    uint16_t upper[65536];
    bool read;
} letters;

static void read_letters(void)
{
    WCHAR(WINAPI * upcase)(WCHAR) = NULL;
    void *found = win_function(L"ntdll.dll", "RtlUpcaseUnicodeChar");

    memcpy(&upcase, &found, sizeof upcase);
    for (uint32_t unit = 0; unit < COUNT_OF(letters.upper); unit++) {
        bool plain = unit >= 'a' && unit <= 'z';
        letters.upper[unit] = upcase ? upcase((WCHAR)unit) : (uint16_t)(plain ? unit - 'a' + 'A' : unit);
    }
    letters.read = true;
}

static uint32_t fold(const void *table, uint32_t scalar)
{
    const uint16_t *upper = table;

    return scalar < COUNT_OF(letters.upper) ? upper[scalar] : scalar;
}

struct path_case sys_case(void)
{
    if (!letters.read)
        read_letters();
    return (struct path_case){fold, letters.upper};
}
