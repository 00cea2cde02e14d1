/*
 * setup_print: the plan of setup for people, before they are asked to elevate, and for programs.
 */
#include "setup_plan.h"
#include "text.h"

static const char *const states[] = {[STEP_MAKE] = "make", [STEP_MEND] = "mend", [STEP_LOOK] = "look", [STEP_DONE] = "done"};

/* What is in the facts came from the machine: a name is printed as anything hostile is. */
static void text(struct buf *out, struct str s)
{
    struct arena a = {0};

    buf_str(out, text_printable_once(&a, s));
    arena_release(&a);
}

/* What the text of a step is, for whoever reads it. */
static void print_text(struct buf *out, const struct setup_step *s)
{
    const char *label = NULL;

    switch (s->kind) {
    case SETUP_FOLDERS:
    case SETUP_LEDGER:
    case SETUP_PROGRAMS:
    case SETUP_CREDENTIALS:
        label = "permissions";
        break;
    case SETUP_COM:
    case SETUP_EXECUTE:
    case SETUP_AUDIT_SACL:
        label = "entry";
        break;
    default:
        return;
    }
    if (!s->text.n)
        return;
    buf_format(out, "           %s: ", label);
    text(out, s->text);
    buf_format(out, "\n");
    if (s->text2.n) {
        buf_format(out, "           permissions of your own folder in it: ");
        text(out, s->text2);
        buf_format(out, "\n");
    }
}

/* What stands behind the subject. */
static void print_tail(struct buf *out, const struct setup_step *s, bool undo)
{
    if (s->kind == SETUP_MEMBER) {
        buf_format(out, "%s", undo ? " out of " : " into ");
        text(out, s->text);
        buf_format(out, "%s", str_is(s->text, SID_USERS) ? " (Users)" : "");
    } else if (s->kind == SETUP_RIGHT) {
        buf_format(out, ", %s (", setup_right_words(s->text));
        text(out, s->text);
        buf_format(out, ")");
    } else if (s->kind == SETUP_AUDIT_POLICY) {
        buf_format(out, "%s", s->number ? ", of handles" : ", of files");
    } else if (s->kind == SETUP_PROGRAMS && !undo) {
        buf_format(out, ", from ");
        text(out, s->source);
    } else if (s->kind == SETUP_ACCOUNT && !undo) {
        buf_format(out, " (flags 0x%lx)", (unsigned long)s->number);
    } else if (s->kind == SETUP_FILTERS && !undo) {
        buf_format(out, ", by the filters below, all or none");
    }
}

static void print_step(struct buf *out, const struct setup_step *s, size_t number, bool undo)
{
    buf_format(out, "%3lu  %-4s  %s ", (unsigned long)number, undo ? (setup_changes(s->kind) ? "undo" : "look") : states[s->state],
        setup_words(s->kind, undo));
    text(out, s->subject);
    print_tail(out, s, undo);
    buf_format(out, "\n           %s\n", s->why);
    if (!undo)
        print_text(out, s);
    if (!undo && s->state != STEP_DONE && setup_changes(s->kind))
        buf_format(out, "           back: %s\n", setup_inverse(s->kind));
    if (!undo && s->state != STEP_DONE)
        buf_format(out, "           if it fails: %s%s\n", s->fail == SETUP_STOP ? "setup ends, and undoes what it did" : "goes on; the tier is partial: ",
            s->fail == SETUP_STOP ? "" : s->part);
}

static void print_condition(struct buf *out, const struct setup_condition *c)
{
    switch (c->field) {
    case FIELD_USER:
        buf_format(out, "user ");
        text(out, c->text);
        break;
    case FIELD_LOOPBACK:
        buf_format(out, "loopback");
        break;
    case FIELD_PROTOCOL:
        buf_format(out, "protocol %lu-%lu", (unsigned long)c->low, (unsigned long)c->high);
        break;
    case FIELD_LOCAL_PORT:
        buf_format(out, "local port %lu-%lu", (unsigned long)c->low, (unsigned long)c->high);
        break;
    case FIELD_REMOTE_PORT:
        buf_format(out, "remote port %lu-%lu", (unsigned long)c->low, (unsigned long)c->high);
        break;
    case FIELD_LOCAL_LOOP:
        buf_format(out, "local address of loopback");
        break;
    case FIELD_REMOTE_LOOP:
        buf_format(out, "remote address of loopback");
        break;
    case FIELD_COUNT:
        break;
    }
}

static void print_filter(struct buf *out, const struct setup_filter *f)
{
    buf_format(out, "  %s  %s  %-26s  weight 0x%016llx%s  %s\n", f->key, f->permit ? "permit" : "block ", setup_layer_names[f->layer],
        (unsigned long long)f->weight, f->clear_right ? "  final" : "", f->name);
    for (size_t k = 1; k < f->condition_count; k++) {
        buf_format(out, "%s", k > 1 ? "; " : "       ");
        print_condition(out, &f->conditions[k]);
    }
    if (f->condition_count > 1)
        buf_format(out, "\n");
}

/* The first condition of each is the user, and the same (test_setup_plan). */
static void print_filters(struct buf *out, const struct setup_plan *p)
{
    buf_format(out, "\nfilters: provider %s, sublayer %s, weight 0x%x; a higher weight is asked first, and a final block is the last word;\n"
                    "conditions of one kind are alternatives; each is about what this lets in: ",
        setup_provider, setup_sublayer, SETUP_SUBLAYER_WEIGHT);
    print_condition(out, &p->filters[0].conditions[0]);
    buf_format(out, "\n");
    for (size_t i = 0; i < p->filter_count; i++)
        print_filter(out, &p->filters[i]);
    buf_format(out, "\nfirewall rules: block, all profiles, for the same user: ");
    text(out, p->rules[0].user);
    buf_format(out, "\n");
    for (size_t i = 0; i < p->rule_count; i++) {
        const struct setup_rule *r = &p->rules[i];
        buf_format(out, "  %s: %s\n       %s; %s; remote %s", r->name.p, r->what, r->inbound ? "in" : "out",
            r->protocol == 6 ? "TCP" : r->protocol == 17 ? "UDP" : "any protocol", r->addresses);
        if (r->ports.n)
            buf_format(out, "; remote ports %s", r->ports.p);
        buf_format(out, "\n");
    }
}

static void print_lines(struct buf *out, const char *before, const struct texts *lines)
{
    for (size_t i = 0; i < lines->n; i++) {
        buf_format(out, "%s", before);
        text(out, lines->v[i]);
        buf_format(out, "\n");
    }
}

void setup_plan_print(struct buf *out, const struct setup_plan *plan, bool undo)
{
    size_t done = 0;

    print_lines(out, "cannot be done here: ", &plan->blocked);
    print_lines(out, "note: ", &plan->notes);
    for (size_t i = 0; i < plan->n; i++) {
        done += plan->v[i].state == STEP_DONE;
        print_step(out, &plan->v[i], i + 1, undo);
    }
    if (plan->filter_count && !undo)
        print_filters(out, plan);
    else if (!undo)
        buf_format(out, "\nthe filters and rules are printed once the account has a SID, which they name\n");
    if (!undo && plan->legend.n) {
        buf_format(out, "\nwho is who:\n");
        print_lines(out, "  ", &plan->legend);
    }
    if (!undo)
        buf_format(out, "\n%lu steps, %lu of them done already\n", (unsigned long)plan->n, (unsigned long)done);
}

static void json_pair(struct buf *out, const char *name, struct str value)
{
    buf_format(out, ",\"%s\":", name);
    text_json(out, value);
}

static void json_lines(struct buf *out, const char *name, const struct texts *lines)
{
    buf_format(out, ",\"%s\":[", name);
    for (size_t i = 0; i < lines->n; i++) {
        buf_format(out, "%s", i ? "," : "");
        text_json(out, lines->v[i]);
    }
    buf_format(out, "]");
}

static void json_filters(struct buf *out, const struct setup_plan *plan)
{
    buf_format(out, ",\"filters\":[");
    for (size_t i = 0; i < plan->filter_count; i++) {
        const struct setup_filter *f = &plan->filters[i];
        buf_format(out, "%s{\"key\":\"%s\",\"layer\":\"%s\",\"action\":\"%s\",\"weight\":\"0x%016llx\",\"final\":%s,\"conditions\":[", i ? "," : "",
            f->key, setup_layer_names[f->layer], f->permit ? "permit" : "block", (unsigned long long)f->weight, f->clear_right ? "true" : "false");
        for (size_t k = 0; k < f->condition_count; k++) {
            struct buf one = {0};
            print_condition(&one, &f->conditions[k]);
            buf_format(out, "%s", k ? "," : "");
            text_json(out, buf_view(&one));
            buf_release(&one);
        }
        buf_format(out, "]}");
    }
    buf_format(out, "],\"rules\":[");
    for (size_t i = 0; i < plan->rule_count; i++) {
        const struct setup_rule *r = &plan->rules[i];
        buf_format(out, "%s{\"direction\":\"%s\",\"protocol\":%d,\"remote\":\"%s\"", i ? "," : "", r->inbound ? "in" : "out", r->protocol, r->addresses);
        json_pair(out, "name", r->name);
        json_pair(out, "ports", r->ports);
        json_pair(out, "user", r->user);
        buf_format(out, "}");
    }
    buf_format(out, "]");
}

void setup_plan_json(struct buf *out, const struct setup_plan *plan, bool undo)
{
    buf_format(out, "{\"version\":1,\"plan\":\"%s\"", undo ? "uninstall" : "install");
    json_lines(out, "blocked", &plan->blocked);
    json_lines(out, "notes", &plan->notes);
    buf_format(out, ",\"steps\":[");
    for (size_t i = 0; i < plan->n; i++) {
        const struct setup_step *s = &plan->v[i];
        buf_format(out, "%s{\"n\":%lu,\"kind\":\"%s\",\"state\":\"%s\"", i ? "," : "", (unsigned long)i + 1, setup_kind_name(s->kind),
            undo ? "undo" : states[s->state]);
        buf_format(out, ",\"does\":");
        text_json(out, str_from(setup_words(s->kind, undo)));
        json_pair(out, "subject", s->subject);
        if (s->text.n)
            json_pair(out, "text", s->text);
        json_pair(out, "why", str_from(s->why));
        json_pair(out, "inverse", str_from(setup_inverse(s->kind)));
        json_pair(out, "on_failure", str_from(s->fail == SETUP_STOP ? "stop and undo" : s->part));
        buf_format(out, "}");
    }
    buf_format(out, "]");
    json_filters(out, plan);
    buf_format(out, "}\n");
}
