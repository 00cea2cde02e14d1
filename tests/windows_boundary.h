/*
 * A boundary of Windows with nothing of the disk in it, and programs in it that are pumped to their ends; for the tests of the runner.
 */
#ifndef CORDON_WINDOWS_BOUNDARY_H
#define CORDON_WINDOWS_BOUNDARY_H

#include "../sandbox/win32.h"
#include "../sandbox/core/acls.h"
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct arena arena;

/* ---- a plan as the unelevated tier has it, by hand: nothing of the disk in it ---- */

#define PERSON "S-1-5-32-545"

static inline void add(struct plan *plan, enum op_kind kind, const char *text, const char *text2, uint64_t number)
{
    struct op *op = ARENA_PUSH(&arena, plan);

    op->kind = kind;
    op->text = str_from(text);
    op->text2 = str_from(text2);
    op->number = number;
    op->why = STR("");
}

static const char plan_closed[] = "D:P(D;;0xefefff;;;" SID_LOGON ")(A;;0x1fffff;;;SY)(A;;0x121000;;;WD)";

static inline void make_plan(struct plan *plan)
{
    *plan = (struct plan){.new_network = true};
    add(plan, OP_RUNNER_CLOSED, plan_closed, CLOSED_PROCESS, 0);
    add(plan, OP_RUNNER_CLOSED, "D:P(A;;0x1f003f;;;SY)(A;;0x20000;;;OW)", CLOSED_JOB, 0);
    add(plan, OP_RUNNER_CLOSED, "D:(A;;GA;;;SY)(A;;0x20000;;;OW)", CLOSED_DEFAULT, 0);
    add(plan, OP_STATION, "D:P(A;;0xf037f;;;SY)(A;;0x2033f;;;" SID_LOGON ")", "D:P(A;;0xf01ff;;;SY)(A;;0x200cf;;;" SID_LOGON ")", 0);
    add(plan, OP_TOKEN, "", "", ACLS_TOKEN_FLAGS);
    add(plan, OP_RESTRICT, SID_LOGON, "", 0);
    add(plan, OP_RESTRICT, SID_EVERYONE, "", 0);
    add(plan, OP_DEFAULT_DACL, "D:(A;;GA;;;SY)(A;;GA;;;" SID_LOGON ")(A;;GA;;;WD)", "", 0);
    add(plan, OP_JOB, JOB_KILL_ON_CLOSE, "", 1);
}

static inline struct texts accepted(bool yes)
{
    static struct str part = {PART_ENFORCEMENT, sizeof PART_ENFORCEMENT - 1};

    return yes ? (struct texts){&part, 1, 1} : (struct texts){0};
}

static inline struct boundary *open_boundary(bool accept, struct plan *plan, struct err *e)
{
    struct boundary *b = NULL;
    struct texts parts = accepted(accept);

    make_plan(plan);
    if (boundary_begin(&b, true, e) && boundary_fits(b, plan) && boundary_hand(b, plan, &parts, NULL, e) &&
        boundary_build(b, &arena, plan, NULL, 0, NULL, e))
        return b;
    boundary_close(b);
    return NULL;
}

/* ---- programs ---- */

static inline struct str cmd_path(void)
{
    return arena_format(&arena, "%.*s\\system32\\cmd.exe", (int)sys_variable(NULL, STR("SystemRoot")).n,
        sys_variable(NULL, STR("SystemRoot")).p);
}

static inline void base_launch(struct launch *l, const char *line)
{
    *l = (struct launch){.extra = SYS_NONE, .cwd = STR("C:\\"), .rows = 24, .columns = 80};
    *(struct str *)ARENA_PUSH(&arena, &l->argv) = cmd_path();
    l->words = arena_format(&arena, "cmd.exe /d /s /c \"%s\"", line);
    sys_environment(&arena, &l->env);
}

struct came {
    struct buf bytes;
    int code, signal;
    bool ended, lost;
    bool in_order; /* when the end was told, all of the output was there */
};

/* Pumps until the command's end was told and its output is at an end. */
static inline void pump(struct boundary *b, const struct command *command, sys_handle *output, struct came *out, int ms)
{
    uint64_t end = sys_milliseconds() + (uint64_t)ms;
    struct err e = {0};
    bool over = *output == SYS_NONE;

    while ((!out->ended || !over) && sys_milliseconds() < end) {
        struct event event;
        char bytes[4096];
        long code = 0, n = -1;
        boundary_event(b, &event, &e);
        if (event.kind == EVENT_LOST)
            out->lost = out->ended = over = true;
        if (event.kind == EVENT_EXITED && event.command == command->id) {
            out->ended = true;
            out->in_order = *output == SYS_NONE || sys_over(*output);
            out->code = event.exit_code;
            out->signal = event.signal;
        }
        while (!over && (n = sys_read(*output, bytes, sizeof bytes, &code)) > 0)
            buf_add(&out->bytes, bytes, (size_t)n);
        over = over || n == 0 || n == -2;
        if (event.kind == EVENT_NONE && (!out->ended || !over)) {
            struct sys_wait items[] = {{boundary_handle(b), SYS_READ, 0}, {over ? SYS_NONE : *output, SYS_READ, 0}};
            sys_wait(items, 2, 200);
        }
    }
}

/* A line of cmd with its output on a pipe. */
static inline bool run_line(struct boundary *b, const char *line, struct came *out, struct err *e)
{
    struct launch l;
    struct command command = {.terminal = SYS_NONE};
    sys_handle in = SYS_NONE, theirs = SYS_NONE;
    bool good;

    *out = (struct came){.code = -1};
    base_launch(&l, line);
    if (!sys_pipe(&in, &theirs, e))
        return false;
    sys_nonblocking(in, true);
    l.std[1] = l.std[2] = STD_HANDLE;
    l.std_handle[1] = l.std_handle[2] = theirs;
    good = boundary_spawn(b, &l, &command, e);
    sys_close(&theirs);
    if (good)
        pump(b, &command, &in, out, 20000);
    sys_close(&in);
    return good;
}

static inline bool said(const struct came *c, const char *words)
{
    struct str all = buf_view(&c->bytes), wanted = str_from(words);

    for (size_t i = 0; i + wanted.n <= all.n; i++)
        if (memcmp(all.p + i, wanted.p, wanted.n) == 0)
            return true;
    printf("output: %.*s\n", (int)all.n, all.p);
    return false;
}

static inline struct str self_path(void)
{
    wchar_t self[1024];
    DWORD n = GetModuleFileNameW(NULL, self, COUNT_OF(self));

    return utf8_from_path(&arena, self, n);
}

static inline void own_launch(struct launch *l, const char *mode)
{
    *l = (struct launch){.extra = SYS_NONE, .cwd = STR("C:\\"), .rows = 24, .columns = 80};
    *(struct str *)ARENA_PUSH(&arena, &l->argv) = self_path();
    *(struct str *)ARENA_PUSH(&arena, &l->argv) = str_from(mode);
    sys_environment(&arena, &l->env);
}

#endif
