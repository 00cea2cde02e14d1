/*
 * setup_password: random bytes to a password that every policy takes. A byte that would favour some characters is passed over; a
 * password that lacks a class is thrown away whole, since putting a class in by hand would make its place known.
 */
#include "setup_plan.h"

#include <string.h>

/* No quote, percent, caret, ampersand, or anything else that a shell or a batch file reads. */
static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:+=#@~,";

static unsigned class_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return 1;
    if (c >= 'a' && c <= 'z')
        return 2;
    if (c >= '0' && c <= '9')
        return 4;
    return 8;
}

bool setup_password(const unsigned char *random, size_t n, char out[SETUP_PASSWORD_LENGTH + 1])
{
    const unsigned count = sizeof letters - 1, fair = 256 - 256 % count;
    size_t length = 0;
    unsigned classes = 0;

    for (size_t i = 0; i < n; i++) {
        if (random[i] >= fair)
            continue;
        out[length] = letters[random[i] % count];
        classes |= class_of(out[length++]);
        if (length < SETUP_PASSWORD_LENGTH)
            continue;
        if (classes == 15) {
            out[length] = '\0';
            return true;
        }
        length = 0;
        classes = 0;
    }
    memset(out, 0, SETUP_PASSWORD_LENGTH + 1);
    return false;
}
