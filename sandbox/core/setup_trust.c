/*
 * setup_trust: may the sandboxed programs change what is about to be elevated? Asked of the access engine, for an account as setup
 * makes it: a plain user, in Cordon's group, with nothing of its own.
 */
#include "setup_plan.h"
#include "access.h"

/* Any of them lets a program be replaced, or its folder taken over. */
static const uint32_t dangerous[] = {NT_FILE_WRITE_DATA, NT_FILE_APPEND_DATA, NT_FILE_DELETE_CHILD, NT_DELETE, NT_WRITE_DAC, NT_WRITE_OWNER};

bool setup_writable_inside(const struct descriptor *d, struct str group)
{
    static const char *const usual[] = {SID_EVERYONE, SID_USERS, SID_AUTHENTICATED, SID_INTERACTIVE, "S-1-2-0", "S-1-5-113"};
    struct token_group groups[COUNT_OF(usual) + 1];
    struct token token = {.groups = groups, .integrity = 0x2000};

    sid_parse(STR("S-1-5-21-0-0-0-4294967295"), &token.user); /* nobody's: it owns nothing */
    for (size_t i = 0; i < COUNT_OF(usual); i++)
        if (sid_parse(str_from(usual[i]), &groups[token.group_count].sid))
            groups[token.group_count++].flags = GROUP_ENABLED;
    if (group.n && sid_parse(group, &groups[token.group_count].sid))
        groups[token.group_count++].flags = GROUP_ENABLED;
    for (size_t i = 0; i < COUNT_OF(dangerous); i++) {
        struct access_result result;
        access_check(&token, d, &access_file, dangerous[i], &result);
        if (result.granted || !result.known)
            return true;
    }
    return false;
}
