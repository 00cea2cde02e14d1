/*
 * proof: all attempts of a proof, made inside by a child of a confined process: the shim as `prove` starts the shim as `attempt`,
 * which is the grandchild, and makes them. See prove_windows.c, which asks.
 */
#include "win32.h"
#include "core/frame.h"

#include <string.h>

#define ATTEMPTS_MAX 64
#define ASKED_MAX    ((size_t)1 << 20)

bool proof_start(const wchar_t *mode, HANDLE in, HANDLE out, PROCESS_INFORMATION *made)
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
    if (!proof_start(L"attempt", in, out, &made))
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
