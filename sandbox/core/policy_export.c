/*
 * policy_export: the same policy in the words of two other sandboxes: a configuration of Windows Sandbox (wsb), and a profile of
 * Seatbelt on macOS (sbpl). What the other one has no word for is named in a comment of the file, never left out in silence.
 */
#include "policy.h"
#include "places.h"
#include "text.h"

#include <string.h>

struct export {
    struct buf *out;
    struct arena *a;
    const struct path_env *env;
    const struct policy *policy;
    const struct places *places;
};

/* Of a comment or a string: one line, and nothing in it that ends either. */
static bool is_plain(struct arena *a, struct str path)
{
    struct str shown = text_printable_once(a, path);
    return str_eq(shown, path) && str_find(path, 0, '"') == path.n;
}

static bool cannot(struct err *e, struct str path)
{
    err_set(e, ERR_UNSUPPORTED, "a path cannot be written there");
    err_subject(e, path);
    return err_reason(e, "it has a character that is not printable, or a quote");
}

/* What is in no writable root is not written anyway. */
static bool is_in_root(const struct export *x, const struct place *p)
{
    return places_within(x->places, x->env, p->path, 1u << PLACE_ROOT) != NULL;
}

/* ---- Seatbelt: of rules that match the last one wins ---- */

static void sbpl_path(struct export *x, const char *rule, const char *how, struct str path)
{
    buf_format(x->out, "(%s (%s \"", rule, how);
    for (size_t i = 0; i < path.n; i++)
        buf_format(x->out, path.p[i] == '\\' ? "\\%c" : "%c", path.p[i]);
    buf_format(x->out, "\"))\n");
}

static void sbpl_regex(struct export *x, struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        buf_format(x->out, memchr(".[]()*+?{}|^$\\", text.p[i], 14) ? "\\%c" : "%c", text.p[i]);
}

/* A name of any depth, in one root. */
static void sbpl_any_depth(struct export *x, struct str root, struct str name)
{
    buf_format(x->out, "(deny file-write* (regex #\"^");
    sbpl_regex(x, root);
    buf_format(x->out, "/(.*/)?");
    sbpl_regex(x, name);
    buf_format(x->out, "(/|$)\"))\n");
}

static void sbpl_network(struct export *x)
{
    if (x->policy->net == NET_ONLINE)
        return;
    buf_format(x->out, "(deny network*)\n"
                       "(allow network-outbound (remote ip \"localhost:*\"))\n"
                       "(allow network-bind network-inbound (local ip \"localhost:*\"))\n");
}

static bool export_sbpl(struct export *x, struct err *e)
{
    buf_format(x->out, ";; A policy of Cordon's for sandbox-exec. Nobody has run it; paths are this machine's.\n"
                       ";; Not carried over: a temporary folder of its own (set TMPDIR to one in a root), limits, variables that are dropped,\n"
                       ";; names that do not exist and are taken by nobody, files with a second name, records of what was refused.\n"
                       ";; Loopback is the machine's own.\n"
                       "(version 1)\n(allow default)\n(deny file-write*)\n(allow file-write* (subpath \"/dev/fd\") (literal \"/dev/null\") "
                       "(literal \"/dev/zero\") (literal \"/dev/tty\"))\n");
    sbpl_network(x);
    for (size_t i = 0; i < x->places->n; i++) {
        const struct place *p = &x->places->v[i];
        if ((p->kind != PLACE_ROOT && p->kind != PLACE_PIN && p->kind != PLACE_PROTECT) || !is_in_root(x, p))
            continue;
        if (!is_plain(x->a, p->path))
            return cannot(e, p->path);
        if (p->kind == PLACE_PIN)
            sbpl_path(x, "deny file-write-unlink", "literal", p->path);
        else
            sbpl_path(x, p->kind == PLACE_ROOT ? "allow file-write*" : "deny file-write*", "subpath", p->path);
    }
    for (size_t r = 0; r < x->policy->rules.n; r++)
        for (size_t i = 0; x->policy->rules.v[r].any_depth && i < x->places->n; i++) {
            if (x->places->v[i].kind != PLACE_ROOT)
                continue;
            if (!is_plain(x->a, x->policy->rules.v[r].path))
                return cannot(e, x->policy->rules.v[r].path);
            sbpl_any_depth(x, x->places->v[i].path, x->policy->rules.v[r].path);
        }
    for (size_t i = 0; i < x->places->n; i++) /* last: nothing opens them again */
        if (x->places->v[i].kind == PLACE_SECRET) {
            if (!is_plain(x->a, x->places->v[i].path))
                return cannot(e, x->places->v[i].path);
            sbpl_path(x, "deny file-read* file-write*", "subpath", x->places->v[i].path);
        }
    return true;
}

/* ---- Windows Sandbox: a machine of its own, with folders of this one in it ---- */

static void xml(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        switch (text.p[i]) {
        case '&': buf_format(out, "&amp;"); break;
        case '<': buf_format(out, "&lt;"); break;
        case '>': buf_format(out, "&gt;"); break;
        default: buf_add(out, &text.p[i], 1);
        }
}

/* In a comment no two dashes stand together. */
static void xml_remark(struct export *x, const char *what, struct str path)
{
    buf_format(x->out, "    <!-- %s: ", what);
    for (size_t i = 0; i < path.n; i++)
        buf_format(x->out, path.p[i] == '-' ? "- " : "%c", path.p[i]);
    buf_format(x->out, " -->\n");
}

static bool export_wsb(struct export *x, struct err *e)
{
    static const char *const off[] = {"VGpu", "AudioInput", "VideoInput", "PrinterRedirection", "ClipboardRedirection"};

    buf_format(x->out, "<Configuration>\n"
                       "  <!-- A policy of Cordon's for Windows Sandbox. Nobody has run it. What is not mapped is not there at all, programs included.\n"
                       "       Not carried over: loopback alone (offline there has none of this machine's), variables, records of what was refused. -->\n"
                       "  <Networking>%s</Networking>\n",
        x->policy->net == NET_ONLINE ? "Enable" : "Disable");
    for (size_t i = 0; i < COUNT_OF(off); i++)
        buf_format(x->out, "  <%s>Disable</%s>\n", off[i], off[i]);
    buf_format(x->out, "  <ProtectedClient>Enable</ProtectedClient>\n");
    if (x->policy->memory_mb)
        buf_format(x->out, "  <MemoryInMB>%llu</MemoryInMB>\n", (unsigned long long)x->policy->memory_mb);
    buf_format(x->out, "  <MappedFolders>\n");
    for (size_t i = 0; i < x->places->n; i++) {
        const struct place *p = &x->places->v[i];
        if (!is_plain(x->a, p->path))
            return cannot(e, p->path);
        if (p->kind == PLACE_ROOT) {
            buf_format(x->out, "    <MappedFolder>\n      <HostFolder>");
            xml(x->out, p->path);
            buf_format(x->out, "</HostFolder>\n      <SandboxFolder>");
            xml(x->out, p->path);
            buf_format(x->out, "</SandboxFolder>\n      <ReadOnly>false</ReadOnly>\n    </MappedFolder>\n");
        } else if ((p->kind == PLACE_PROTECT || p->kind == PLACE_SECRET) && is_in_root(x, p)) {
            xml_remark(x, p->kind == PLACE_PROTECT ? "NOT HELD, can be written there" : "NOT HELD, can be read there", p->path);
        }
    }
    for (size_t r = 0; r < x->policy->rules.n; r++)
        if (x->policy->rules.v[r].any_depth)
            xml_remark(x, "NOT HELD, can be written there, at any depth", x->policy->rules.v[r].path);
    buf_format(x->out, "  </MappedFolders>\n</Configuration>\n");
    return true;
}

bool policy_export(struct buf *out, struct arena *a, const struct path_env *env, const struct policy *p, const struct places *places,
    struct str format, struct err *e)
{
    struct export x = {out, a, env, p, places};
    bool wsb = str_is(format, "wsb");

    if (!wsb && !str_is(format, "sbpl")) {
        err_set(e, ERR_USAGE, "policy export knows wsb (Windows Sandbox) and sbpl (Seatbelt)");
        return err_subject(e, format);
    }
    if (wsb != (env->system == PATH_WINDOWS)) {
        err_set(e, ERR_UNSUPPORTED, wsb ? "Windows Sandbox maps folders of Windows" : "Seatbelt knows no paths of Windows");
        return err_remedy(e, wsb ? "export it on Windows" : "export it on Linux, with the paths that macOS has");
    }
    return wsb ? export_wsb(&x, e) : export_sbpl(&x, e);
}
