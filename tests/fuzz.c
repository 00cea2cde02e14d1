/*
 * fuzz: two drivers for the targets of fuzz_*.c.
 *
 * Without libFuzzer: mutates each target's seeds in an order that never changes, a fixed number of times, so that
 * a failure of the test run is the same failure again. With -DCORDON_LIBFUZZER (ninja fuzz): the first byte of
 * the input picks the target.
 */
#include "fuzz.h"
#include "data/audit_events.inc"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* rounds: mutations in a test run, about two seconds of them. */
struct target {
    const char *name;
    int (*run)(const unsigned char *bytes, size_t n);
    struct str seeds[16]; /* valid inputs; the list ends with none */
    unsigned rounds;
};

static const struct target targets[] = {
    {"audit", fuzz_audit,
        {STR(OBJECT_EVENT("C:\\a &amp; b&#233;", "%%1541:\t%%1805\n\t%%4416:\t%%1801\tD:(A;;FR;;;WD)\n", "0x100001")),
            STR(EVENT("5157", FAILURE, NETWORK("4556", "%%14593", "10.0.0.10", "3333", "2606:2800::1", "443", "6", "110398"))),
            STR(EVENT("5155", FAILURE, OWN_END("4556", "0.0.0.0", "4444", "6", "110398"))), STR(CLEARED)},
        60000},
    {"denial", fuzz_denial,
        {STR("\x71\0\0\0\x01\x2a\0\0\0\0"
                "n""\x7b\x6c\x50\xc4\xa0\x01\x00\x00" "n""\x00\x00\x00\x00\x00\x00\x00\x00"
                "n""\x00\x00\x00\x00\x00\x00\x00\x00" "n""\x01\x00\x00\x00\x00\x00\x00\x00"
                "n""\x0c\x00\x00\x00\x00\x00\x00\x00" "n""\x0a\x00\x00\x00\x00\x00\x00\x00"
                "n""\xd1\x2f\x01\x00\x00\x00\x00\x00" "n""\x1e\x00\x00\x00\x00\x00\x00\x00"
                "n""\x01\x00\x00\x00\x00\x00\x00\x00" "n""\x00\x00\x00\x00\x00\x00\x00\x00"
                "b\x06\0\0\0" "/etc/x" "b\x00\0\0\0" "" "b\x02\0\0\0" "sh"),
            STR("\x75\0\0\0\x01\x2a\0\0\0\0"
                "n""\x01\x00\x00\x00\x00\x00\x00\x00" "n""\x01\x00\x00\x00\x00\x00\x00\x00"
                "n""\x03\x00\x00\x00\x00\x00\x00\x00" "n""\x08\x00\x00\x00\x00\x00\x00\x00"
                "n""\x00\x00\x00\x00\x00\x00\x00\x00" "n""\x00\x00\x00\x00\x00\x00\x00\x00"
                "n""\x00\x00\x00\x00\x00\x00\x00\x00" "n""\x6f\x00\x00\x00\x00\x00\x00\x00"
                "n""\x03\x00\x00\x00\x00\x00\x00\x00" "n""\x09\x00\x00\x00\x00\x00\x00\x00"
                "b\x08\0\0\0" "[::1]:80" "b\x00\0\0\0" "" "b\x04\0\0\0" "curl")},
        400000},
    {"descriptor", fuzz_descriptor,
        {STR("O:BAG:SYD:PAI(A;OICI;FA;;;BA)(D;CIIOID;0x1301bf;;;S-1-5-21-1-2-3-4)(A;OICIIO;GA;;;CO)S:(ML;;NW;;;LW)(AU;SAFA;GA;;;WD)"),
            STR("D:(#090018000100000001010000000000010000000061727478)(A;;FR;;;OW)"), STR("O:S-1-0x123456789ABC-7D:NO_ACCESS_CONTROL"),
            STR("\x01\x00\x04\x90\x48\x00\x00\x00\x54\x00\x00\x00\x00\x00\x00\x00\x14\x00\x00\x00"
                "\x02\x00\x34\x00\x02\x00\x00\x00\x00\x03\x14\x00\xff\x01\x1f\x00\x01\x01\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00"
                "\x09\x00\x18\x00\x00\x00\x01\x00\x01\x02\x00\x00\x00\x00\x00\x05\x20\x00\x00\x00\x20\x02\x00\x00"
                "\x01\x01\x00\x00\x00\x00\x00\x05\x12\x00\x00\x00\x01\x02\x00\x00\x00\x00\x00\x05\x20\x00\x00\x00\x20\x02\x00\x00")},
        300000},
    {"dos", fuzz_dos,
        {STR("CORDON1\0" "0\0C:\\a b\0A=1\0ProgramFiles(x86)=x=y\0=C:=C:\\\0=\0"), STR("if exist a (del \"b c\" & echo :)) else echo ^&"),
            STR("for %i in (a b) do @echo \"%i ^"), STR("\033[6n\033[c\033[?1004h\033[?9001hx\033[8;3;4t"),
            STR("\"a $(gci 'b') @\"\nx\n\"@ <# # #> `"), STR("rem a\n(b)\n:c & \"d&^\"|e &")},
        150000},
    {"editor", fuzz_editor,
        {STR("echo hi\r"), STR("ab\x01\x05\x0b\x19\x17\x15\x1b[D\x1b[C\x1b[A\x1b[B\x1b" "b\x1b" "f"),
            STR("\x1b[200~for i in 1 2\ndo echo $i\x1b[201~\r"), STR("\x12" "ec\x12\x07\x03"),
            STR("\xe4\xb8\xad\xe6\x96\x87\x7f\x1b[3~\x1b[H\x1b[F\x1bOH\t"), STR("!! !$ ^a^b\r!-1\r"),
            STR("cat <<E\r$(x `y` \"z\r\x1b[1;5D\x1f\x04")},
        50000},
    {"frame", fuzz_frame,
        {/* an op with a path, and the end of a command */
            STR("\x5a\0\0\0\x01\x01\x01\0\0\0"
                "n\x01\0\0\0\0\0\0\0n\x01\0\0\0\0\0\0\0n\0\0\0\0\0\0\0\0n\0\0\0\0\0\0\0\0"
                "n\x02\0\0\0\0\0\0\0n\x03\0\0\0\0\0\0\0"
                "b\x02\0\0\0/ab\0\0\0\0b\x07\0\0\0size=1mb\0\0\0\0b\x02\0\0\0xy"),
            STR("\x09\0\0\0\x01\x25\x02\0\0\0n\0\x01\0\0\0\0\0\0"), /* an outcome, and the end of a proof; an end on Windows */
            STR("\x1b\0\0\0\x01\x22\x01\0\0\0n\x02\0\0\0\0\0\0\0n\x02\0\0\0\0\0\0\0n\x0d\0\0\0\0\0\0\0"
                "\0\0\0\0\x01\x23\x01\0\0\0"),
            STR("\x1b\0\0\0\x01\x25\x01\0\0\0n\x8f\0\0\0\0\0\0\0n\x0f\0\0\0\0\0\0\0n\0\0\0\0\0\0\0\0"),
            STR("\x12\0\0\0\x01\x0b\x01\0\0\0n\x18\0\0\0\0\0\0\0n\x50\0\0\0\0\0\0\0")},
        400000},
    {"gitconf", fuzz_gitconf,
        {STR("[core]\n\tbare = false\n[remote \"origin\"]\n\turl = https://example.org/x.git\n\tfetch = +refs/heads/*:refs/*\n"),
            STR("[includeIf \"gitdir:/\\\"x\"] path = ~/y # c\r\n[alias]\nst = \"!a \\\n b\" ; d\n"), STR("\xef\xbb\xbf[a.B \"C\"]k\nl=\\t\\n\\\\")},
        200000},
    {"gitindex", fuzz_gitindex,
        {STR("D""I""R""C""\x00""\x00""\x00""\x02""\x00""\x00""\x00""\x02""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00"
                "\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x81""\xa4""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00"
                "\x00""\x00""\x00""\x00""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11"
                "\x00""\x01""f""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00"
                "\x00""\x00""\x00""\x00""\x00""\x00""\xe0""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x11""\x11""\x11""\x11"
                "\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x00""\x03""s""u""b""\x00""\x00""\x00"
                "\x00""\x00""\x00""\x00""T""R""E""E""\x00""\x00""\x00""\x03""a""b""c""\x22""\x22""\x22""\x22""\x22""\x22""\x22""\x22""\x22"
                "\x22""\x22""\x22""\x22""\x22""\x22""\x22""\x22""\x22""\x22""\x22"),
            STR("D""I""R""C""\x00""\x00""\x00""\x04""\x00""\x00""\x00""\x02""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00"
                "\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x81""\xa4""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00"
                "\x00""\x00""\x00""\x00""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11"
                "@""\x05""\x00""\x00""\x00""d""i""r""/""a""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00"
                "\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\xe0""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00""\x00"
                "\x00""\x00""\x00""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""\x11""@"
                "\x07""\x00""\x00""\x01""s""u""b""\x00""\x22""\x22""\x22""\x22""\x22""\x22""\x22""\x22""\x22""\x22""\x22""\x22""\x22""\x22""\x22""\x22"
                "\x22""\x22""\x22""\x22"),
            STR("D""I""R""C""\x00""\x00""\x00""\x02""\x00""\x00""\x00""\x00""l""i""n""k""\x00""\x00""\x00""\x14""\x01""\x01""\x01""\x01"
                "\x01""\x01""\x01""\x01""\x01""\x01""\x01""\x01""\x01""\x01""\x01""\x01""\x01""\x01""\x01""\x01""\x22""\x22""\x22""\x22""\x22""\x22""\x22""\x22"
                "\x22""\x22""\x22""\x22""\x22""\x22""\x22""\x22""\x22""\x22""\x22""\x22")},
        200000},
    {"path", fuzz_path,
        {STR("/a/b/../c/./d"), STR("~/x"), STR("${A}/y"), STR("C:\\Users\\p\\..\\q"), STR("\\\\?\\C:\\a"),
            STR("\\\\server\\share\\dir"), STR("C:\\PROGRA~1\\x."), STR("d:/a/nul.txt"), STR("file:stream"),
            STR("/caf\xc3\xa9/\xff")},
        100000},
    {"policy", fuzz_policy,
        {STR("{\"version\":1}"),
            STR("{\"version\": 1, \"write\": [\"~/.cache/pip\", \"${A}/x\"], \"protect\": [\".git/hooks\", \"/a/b\"],\n"
                "\"secret\": [\"~/.ssh\"], \"git\": \"locked\", \"hardlinks\": \"record\", \"unix_datagrams\": \"allow\", \"secret_reads\": \"refuse\", \"shell\": \"auto\"}"),
            STR("{\"version\":1,\"network\":{\"mode\":\"offline\",\"allow\":[\"*.example.org:443\",\"[::1]:80\"],"
                "\"switch\":\"ask\"}}"),
            STR("{\"version\":1,\"env\":{\"pass\":[\"*\"],\"drop\":[\"A_*\"],\"set\":{\"B\":\"c\\u0041\\\"\"}},"
                "\"limits\":{\"memory_mb\":4096,\"processes\":10,\"cpu_percent\":50},\"partial\":[\"landlock\"]}")},
        10000},
    {"reports", fuzz_reports,
        {STR("\0R0 0 /tmp\0"), STR("trap -- 'a' DEBUG\n\0" "12\n345\n\0D77 130 /a b\0\0D78 0 /\0"), STR("\0T5 9 /\0"),
            STR("F\0/tmp\n\0A=1\n2\0B==\0=\0"),
            STR("\0eA=1\n2\0ff1\0aq\0l[1]+ x\n\0X3 0 /\0\0wone\ntwo\n\0C4 0 /\0")},
        300000},
    {"store", fuzz_store,
        {STR("{\"version\":1,\"roots\":[{\"path\":\"C:\\\\w\",\"volume\":\"0000000000000001\",\"file\":\"00000000000000ff\",\"sid\":\"S-1-5-21-1-2-3-4\"}],\"orphans\":[\"S-1-5-21-1-1-1-1\"]}"),
            STR("{\"version\":1,\"roots\":[{\"path\":\"hex:433a5ceda080\",\"volume\":\"0000000000000001\",\"file\":\"00000000000000ff\",\"sid\":\"S-1-5-21-1-2-3-4\"}]}"),
            STR("{\"version\":1,\"entries\":[{\"path\":\"C:\\\\w\",\"volume\":\"0000000000000001\",\"file\":\"0000000000000002\",\"kind\":\"changed\",\"folder\":\"yes\","
                "\"before\":\"D:(A;;FA;;;BA)\",\"after\":\"D:(A;OICI;0x1201bf;;;S-1-5-21-1-2-3-4)\"}]}")},
        60000},
    {"terminal", fuzz_terminal,
        {STR("a\033[1;31mb\033[m\r\nc\tde\b\033[?1049;25h\033[2;9r\033(0\016x"), STR("\033]2;t\007\033]8;;http://a\033\\l\033]8;;\007\033]11;#0\007"),
            STR("\033]52;c;eA==\007\033P$qm\033\\\033_G\033\\\033]133;A\007\033[21t\033[5i"), STR("\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80\xc2\x9b\x9b\xe0\x82\x9b\xff"),
            STR("\033[>1u\033[<2u\033[=1u\033[22t\033[23t\033[>4;2m\033c\0337\0338\033[!p\033[4h"), STR("10%\r20%\033[K\r\n\033[38;5;1mx\ne\xcc\x81\b\by")},
        100000},
    {"text", fuzz_text,
        {STR("plain"), STR("caf\xc3\xa9 \xe4\xb8\xad\xf0\x9f\x98\x80"), STR("a\x1b[31m\x07\xe2\x80\xae" "b\xe2\x80\x8b"),
            STR("e\xcc\x81\xcc\x81\xed\xa0\x80\xff"), STR("*_TOKEN*MY_TOKEN_2"), STR("\"\\\n\t")},
        200000},
};

#ifdef CORDON_LIBFUZZER

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t n);
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t n)
{
    if (n > 0)
        targets[bytes[0] % COUNT_OF(targets)].run(bytes + 1, n - 1);
    return 0;
}

#else

/* Of the sanitizers' run time; its header is not everywhere where clang is. */
void __sanitizer_set_death_callback(void (*callback)(void));

#define INPUT_MAX 4096

/* What was being run when a sanitizer ended the process. */
static struct {
    const char *target;
    unsigned round;
    size_t n;
    unsigned char bytes[INPUT_MAX];
} now;

static void print_last_words(void)
{
    fprintf(stderr, "fuzz %s: round %u, %llu bytes:\n", now.target, now.round, (unsigned long long)now.n);
    for (size_t i = 0; i < now.n; i++)
        fprintf(stderr, "\\x%02x", now.bytes[i]);
    fputc('\n', stderr);
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static size_t below(uint64_t *state, size_t limit)
{
    return limit ? (size_t)(next_random(state) % limit) : 0;
}

static void insert_bytes(size_t at, const unsigned char *bytes, size_t n)
{
    if (n > INPUT_MAX - now.n)
        n = INPUT_MAX - now.n;
    memmove(now.bytes + at + n, now.bytes + at, now.n - at);
    memcpy(now.bytes + at, bytes, n);
    now.n += n;
}

static void remove_bytes(size_t at, size_t n)
{
    if (n > now.n - at)
        n = now.n - at;
    memmove(now.bytes + at, now.bytes + at + n, now.n - at - n);
    now.n -= n;
}

static size_t seed_count(const struct target *t)
{
    size_t n = 0;
    while (n < COUNT_OF(t->seeds) && t->seeds[n].p)
        n++;
    return n;
}

/* A piece of some seed: what makes structured inputs meet one another. */
static void splice(const struct target *t, uint64_t *state, size_t at)
{
    struct str other = t->seeds[below(state, seed_count(t))];
    size_t from = below(state, other.n);
    size_t n = 1 + below(state, other.n - from < 64 ? other.n - from : 64);
    unsigned char piece[65];

    if (other.n == 0)
        return;
    if (n > other.n - from)
        n = other.n - from;
    memcpy(piece, other.p + from, n);
    insert_bytes(at, piece, n);
}

static void mutate_once(const struct target *t, uint64_t *state)
{
    static const unsigned char awkward[] = {0, 1, 0x7f, 0x80, 0xff, 0xfe, 0xc0, 0xed, 0xf4, 0x1b, '"', '\\',
        '{', '[', ';', '\n', '\r', '/', '.', ':', '-', '9'};
    size_t at = below(state, now.n ? now.n : 1);
    unsigned char byte = awkward[below(state, sizeof awkward)];

    switch (below(state, 7)) {
    case 0:
        if (now.n)
            now.bytes[at] ^= (unsigned char)(1u << below(state, 8));
        break;
    case 1:
        if (now.n)
            now.bytes[at] = byte;
        break;
    case 2:
        insert_bytes(now.n ? at : 0, &byte, 1);
        break;
    case 3:
        if (now.n)
            remove_bytes(at, 1 + below(state, 16));
        break;
    case 4:
        splice(t, state, now.n ? at : 0);
        break;
    case 5: /* cut short */
        now.n = now.n ? at : 0;
        break;
    default: /* the same run of bytes many times: depth and length */
        for (size_t i = 0, times = below(state, 40); i < times && now.n; i++)
            insert_bytes(at, now.bytes + at, 1);
        break;
    }
}

static void load_seed(struct str seed)
{
    now.n = seed.n < INPUT_MAX ? seed.n : INPUT_MAX;
    if (now.n)
        memcpy(now.bytes, seed.p, now.n);
}

/* The input is copied to a block of exactly its size, so that reading one byte past it is seen. */
static void run_now(const struct target *t)
{
    unsigned char *exact = malloc(now.n ? now.n : 1);
    if (!exact)
        abort();
    memcpy(exact, now.bytes, now.n);
    t->run(exact, now.n);
    free(exact);
}

static void fuzz_one(const struct target *t)
{
    uint64_t state = 0x9e3779b97f4a7c15u;
    size_t seeds = seed_count(t);

    now.target = t->name;
    for (size_t i = 0; i < seeds; i++) {
        load_seed(t->seeds[i]);
        run_now(t);
    }
    for (now.round = 1; now.round <= t->rounds; now.round++) {
        load_seed(t->seeds[below(&state, seeds)]);
        for (size_t i = 1 + below(&state, 6); i > 0; i--)
            mutate_once(t, &state);
        run_now(t);
    }
    printf("ok fuzz %s: %u inputs\n", t->name, (unsigned)seeds + t->rounds);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    bool known = argc < 2;

    __sanitizer_set_death_callback(print_last_words);
    for (size_t i = 0; i < COUNT_OF(targets); i++)
        if (argc < 2 || strcmp(argv[1], targets[i].name) == 0) {
            fuzz_one(&targets[i]);
            known = true;
        }
    if (!known) {
        fprintf(stderr, "fuzz: no target of that name\n");
        return 2;
    }
    puts("done");
    return 0;
}

#endif
