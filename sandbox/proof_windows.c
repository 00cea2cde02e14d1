/*
 * proof: all attempts of a proof, made by a child of a confined process. cordon asks the runner for the shim as it asks for any
 * program, with `prove` for its words and a pipe each way: so what makes the attempts has what every program inside has, and
 * nothing else. That one starts `attempt`, the grandchild, which makes them.
 *
 * What comes back was written inside, and is checked as such.
 */
#include "win32.h"
#include "core/frame.h"

#include <stdlib.h>
#include <string.h>

#define ATTEMPTS_MAX 64
#define ASKED_MAX    ((size_t)1 << 20)

/* ---- cordon's side ---- */

void proof_ask(struct buf *out, struct probe *probes, size_t count)
{
    size_t mark = frame_begin(out, FRAME_PROVE, 1);

    for (size_t i = 0; i < count; i++) {
        probes[i].observed = ANSWER_UNKNOWN;
        frame_number(out, probes[i].kind);
        frame_bytes(out, probes[i].path);
        frame_number(out, probes[i].number);
    }
    frame_end(out, mark);
}

static bool take_one(const struct frame *f, struct probe *probes, size_t count)
{
    struct frame_reader fields;
    uint64_t index, observed;
    long code;

    frame_read(&fields, f);
    index = frame_get_number(&fields);
    observed = frame_get_number(&fields);
    code = (long)(uint32_t)frame_get_number(&fields);
    if (!frame_done(&fields) || index >= count || observed > ANSWER_FAILED)
        return false;
    probes[index].observed = (enum probe_answer)observed;
    probes[index].code = code;
    return true;
}

bool proof_take(struct str bytes, struct probe *probes, size_t count, struct err *e)
{
    struct frame f;
    size_t used = 0;
    int state;

    while ((state = frame_take(bytes, &f, &used, e)) > 0) {
        if (f.type == FRAME_PROVED)
            return true;
        if (f.type != FRAME_PROBED || !take_one(&f, probes, count))
            break;
        bytes = str_slice(bytes, used, bytes.n);
    }
    return state < 0 ? false : err_set(e, ERR_PROTOCOL, "the proof did not come to its end");
}

/* ---- inside ---- */

static bool start_again(const wchar_t *mode, HANDLE in, HANDLE out, PROCESS_INFORMATION *made)
{
    STARTUPINFOW info = {.cb = sizeof info, .dwFlags = STARTF_USESTDHANDLES, .hStdInput = in, .hStdOutput = out};
    struct wide_path self;
    wchar_t words[32];

    if (!win_beside(SHIM_FILE, &self))
        return false;
    wcscpy_s(words, COUNT_OF(words), L"cordon-shim ");
    wcscat_s(words, COUNT_OF(words), mode);
    return CreateProcessW(self.v, words, NULL, NULL, TRUE, 0, NULL, NULL, &info, made);
}

int proof_child(void)
{
    HANDLE in = GetStdHandle(STD_INPUT_HANDLE), out = GetStdHandle(STD_OUTPUT_HANDLE);
    PROCESS_INFORMATION made;

    SetHandleInformation(in, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
    SetHandleInformation(out, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
    if (!start_again(L"attempt", in, out, &made))
        return 1;
    WaitForSingleObject(made.hProcess, INFINITE);
    return 0;
}

static void attempt(const struct frame *f, struct buf *out)
{
    struct frame_reader fields;

    frame_read(&fields, f);
    for (uint64_t i = 0; frame_more(&fields) && i < ATTEMPTS_MAX; i++) {
        uint64_t kind = frame_get_number(&fields);
        struct str path = frame_get_bytes(&fields);
        uint64_t number = frame_get_number(&fields);
        enum probe_answer answer = ANSWER_UNKNOWN;
        long code = 0;
        size_t mark;
        if (!fields.bad && kind < PROBE_KIND_COUNT)
            answer = probe_attempt((enum probe_kind)kind, path, number, &code);
        mark = frame_begin(out, FRAME_PROBED, 1);
        frame_number(out, i);
        frame_number(out, answer);
        frame_number(out, (uint64_t)(uint32_t)code);
        frame_end(out, mark);
    }
    if (frame_done(&fields))
        frame_end(out, frame_begin(out, FRAME_PROVED, 1));
}

int proof_grandchild(void)
{
    HANDLE in = GetStdHandle(STD_INPUT_HANDLE), out = GetStdHandle(STD_OUTPUT_HANDLE);
    struct buf asked = {.ceiling = ASKED_MAX}, said = {0};
    struct err e = {0};
    struct frame f;
    char bytes[4096];
    DWORD n = 0, done = 0;
    size_t used;

    while (frame_take(buf_view(&asked), &f, &used, &e) == 0 && !asked.overflowed && ReadFile(in, bytes, sizeof bytes, &n, NULL))
        buf_add(&asked, bytes, n);
    if (frame_take(buf_view(&asked), &f, &used, &e) != 1 || f.type != FRAME_PROVE)
        return 1;
    attempt(&f, &said);
    WriteFile(out, said.p, (DWORD)said.n, &done, NULL);
    return 0;
}

/* ---- a control that costs whoever makes it something ---- */

enum probe_answer proof_outside(struct probe *probe)
{
    HANDLE in[2] = {0}, out[2] = {0};
    struct probe one = *probe;
    struct buf asked = {0}, said = {.ceiling = 65536};
    struct err e = {0};
    PROCESS_INFORMATION made = {0};
    char bytes[1024];
    DWORD n = 0;

    if (CreatePipe(&in[0], &in[1], NULL, 65536) && CreatePipe(&out[0], &out[1], NULL, 65536) &&
        SetHandleInformation(in[0], HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT) &&
        SetHandleInformation(out[1], HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT) && start_again(L"attempt", in[0], out[1], &made)) {
        proof_ask(&asked, &one, 1);
        WriteFile(in[1], asked.p, (DWORD)asked.n, &n, NULL);
        win_close(&out[1]);
        while (ReadFile(out[0], bytes, sizeof bytes, &n, NULL) && n)
            buf_add(&said, bytes, n);
        if (!proof_take(buf_view(&said), &one, 1, &e))
            one.observed = ANSWER_UNKNOWN;
    } else {
        one.observed = ANSWER_UNKNOWN;
    }
    for (int i = 0; i < 2; i++) {
        win_close(&in[i]);
        win_close(&out[i]);
    }
    win_close(&made.hThread);
    win_close(&made.hProcess);
    buf_release(&asked);
    buf_release(&said);
    return one.observed;
}
