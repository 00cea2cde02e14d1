/*
 * token_text: a token as words, for tables of tests and for the program that an oracle is held against:
 *
 *   u=SID  the user        u!=SID  the same, for denying only
 *   g=SID  a group         g-=SID  disabled        g!=SID  for denying only
 *   r=SID  restricting     w  write-restricted     i=N  integrity
 *   p=security p=take p=backup p=restore           privileges
 */
#ifndef CORDON_TOKEN_TEXT_H
#define CORDON_TOKEN_TEXT_H

#include <stdlib.h>

#include "../sandbox/core/access.h"

static inline bool token_sid(struct str word, size_t skip, struct sid *out)
{
    return sid_parse(str_slice(word, skip, word.n), out);
}

static inline bool token_group_word(struct arena *a, struct token *t, size_t *cap, struct str word, size_t skip, unsigned flags)
{
    struct token_group *g = arena_push(a, &t->groups, &t->group_count, cap, sizeof *g);

    g->flags = flags;
    return token_sid(word, skip, &g->sid);
}

struct token_caps {
    size_t groups, restricting;
};

static inline bool token_word(struct arena *a, struct token *t, struct token_caps *caps, struct str word)
{
    if (str_starts(word, STR("u=")))
        return token_sid(word, 2, &t->user);
    if (str_starts(word, STR("u!=")))
        return (t->user_deny_only = token_sid(word, 3, &t->user));
    if (str_starts(word, STR("g=")))
        return token_group_word(a, t, &caps->groups, word, 2, GROUP_ENABLED);
    if (str_starts(word, STR("g-=")))
        return token_group_word(a, t, &caps->groups, word, 3, 0);
    if (str_starts(word, STR("g!=")))
        return token_group_word(a, t, &caps->groups, word, 3, GROUP_DENY_ONLY);
    if (str_starts(word, STR("r="))) {
        struct sid *sid = arena_push(a, &t->restricting, &t->restricting_count, &caps->restricting, sizeof *sid);
        return token_sid(word, 2, sid);
    }
    if (str_starts(word, STR("i="))) {
        t->integrity = (uint32_t)strtoul(word.p + 2, NULL, 0);
        return t->integrity != 0;
    }
    if (str_is(word, "w"))
        return t->write_restricted = true;
    if (str_is(word, "p=security"))
        return t->security = true;
    if (str_is(word, "p=take"))
        return t->take_ownership = true;
    if (str_is(word, "p=backup"))
        return t->backup = true;
    return str_is(word, "p=restore") && (t->restore = true);
}

/* text: words with single blanks between them, NUL-terminated. */
static inline bool token_from_text(struct arena *a, struct str text, struct token *out)
{
    struct token t = {0};
    struct token_caps caps = {0};
    size_t at = 0;

    while (at < text.n) {
        size_t end = str_find(text, at, ' ');
        if (!token_word(a, &t, &caps, arena_str(a, str_slice(text, at, end))))
            return false;
        at = end + 1;
    }
    *out = t;
    return true;
}

#endif
