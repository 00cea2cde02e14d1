/*
 * setup_trust: may the sandboxed programs change what is about to be elevated? Asked of the access engine, for an account as setup
 * makes it: a plain user, in Cordon's group, with nothing of its own.
 */
#include "setup_plan.h"
#include "access.h"
#include "text.h"

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

bool setup_descriptor_is(struct arena *a, const struct descriptor *d, struct str sddl, bool folder)
{
    struct descriptor want;
    struct err e = {0};

    if (!sddl_parse(a, sddl, &want, &e) || !d->has_dacl || d->null_dacl || d->dacl.n != want.dacl.n)
        return false;
    if (want.has_owner && (!d->has_owner || !sid_same(&d->owner, &want.owner)))
        return false;
    if (d->dacl_protected != want.dacl_protected)
        return false;
    for (size_t i = 0; i < want.dacl.n; i++) {
        struct ace got = d->dacl.v[i], wanted = want.dacl.v[i];
        if (!folder)
            got.flags = wanted.flags = 0;
        if (!ace_same(&got, &wanted))
            return false;
    }
    return true;
}

/* ---- what an administrator may hand to the person ---- */

static bool is_within(struct str path, struct str folder)
{
    return folder.n && path.n >= folder.n && text_same(folder, str_slice(path, 0, folder.n)) &&
           (path.n == folder.n || path.p[folder.n] == '\\');
}

/* Somebody who still exists owns it, and it is not for Cordon to take it from him. */
static bool may_take_from(struct str owner, bool known, bool ours)
{
    return ours || !known || str_is(owner, SID_ADMINISTRATORS) || str_is(owner, SID_SYSTEM);
}

/* What Windows keeps beside its own folder, on every drive. */
static bool is_kept(struct str path)
{
    static const char *const names[] = {"System Volume Information", "Recovery", "Windows.old", "Boot", "EFI", "PerfLogs", "Config.Msi"};
    struct str first = str_slice(path, 3, str_find(path, 3, '\\'));

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (text_same(str_from(names[i]), first))
            return true;
    return first.n && first.p[0] == '$';
}

const char *setup_may_give(const struct setup_places *p, struct str path, struct str owner, bool known, bool ours)
{
    const struct str system[] = {p->windows, p->programs, p->programs_x86, p->data};

    if (path.n <= 3 || path.p[1] != ':')
        return "it is a drive's root, or on another machine";
    for (size_t i = 0; i < COUNT_OF(system); i++)
        if (!system[i].n || is_within(path, system[i]) || is_within(system[i], path))
            return i ? "programs of everybody's are there" : "Windows is there";
    if (is_kept(path))
        return "Windows keeps that for itself";
    if (!p->profiles.n || !p->profile.n || is_within(p->profiles, path))
        return "everybody's profiles are there";
    if (is_within(path, p->profiles) && (!is_within(path, p->profile) || path.n == p->profile.n))
        return "it is another person's profile, or your own as a whole";
    return may_take_from(owner, known, ours) ? NULL : "somebody else owns it";
}
