/*
 * json: a strict checker of bytes that also remembers where everything stands. See json.h.
 *
 * It exists because a library that is merely lenient would let two readers of one file see two
 * policies: the second of two equal keys, the text behind the closing brace, the string that a NUL
 * cuts short. What passes here has one reading. Recursion is bounded by POLICY_DEPTH_MAX.
 */
#include "json.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

#define SHOWN_BYTES 48 /* of the person's own words within a reason */

struct reader {
    struct arena *a;
    const struct json_source *source;
    struct str bytes;
    size_t at;
    unsigned depth;
    size_t values;
    struct err *e;
};

const char *json_kind_name(enum json_kind kind)
{
    static const char *const names[] = {
        "null", "false", "true", "a number", "a string", "a list", "an object"};
    return names[kind];
}

/* ---- places and complaints ---- */

void json_place_move(struct json_place *place, struct str bytes, size_t at)
{
    if (at < place->at || place->line < 1)
        *place = (struct json_place){0, 1, 1};
    while (place->at < at && place->at < bytes.n) {
        uint32_t scalar = 0;
        size_t length = text_decode(bytes, place->at, &scalar);
        if (length > 0 && scalar == '\n') {
            place->line++;
            place->column = 1;
        } else {
            place->column++;
        }
        place->at += length ? length : 1;
    }
}

/* A long name loses its beginning, so that line and column are never what is cut off. */
static struct str fitting_file(struct str file, char shown[], size_t size)
{
    size_t from = 0;

    while (from < file.n) {
        text_printable_into(shown, size, str_slice(file, from, file.n));
        if (!str_ends(str_from(shown), STR("...")))
            break;
        from += 16;
        while (from < file.n && ((unsigned char)file.p[from] & 0xC0) == 0x80)
            from++;
    }
    return str_slice(file, from, file.n);
}

bool json_fault(struct err *e, enum err_kind kind, const struct json_source *source, size_t at,
    const char *reason, ...)
{
    char shown[440], place[40], subject[512], text[200];
    struct str file = fitting_file(source->file, shown, sizeof shown);
    struct json_place where = {0, 1, 1};
    va_list args;

    if (e->kind != ERR_NONE)
        return false;
    json_place_move(&where, source->bytes, at);
    snprintf(place, sizeof place, ":%d:%d", where.line, where.column);
    snprintf(subject, sizeof subject, "%s%.*s%s", file.n < source->file.n ? "..." : "", (int)file.n,
        file.n ? file.p : "", source->placeless ? "" : place);
    va_start(args, reason);
    vsnprintf(text, sizeof text, reason, args);
    va_end(args);
    err_set(e, kind, "%s", source->what);
    err_subject(e, str_from(subject));
    return err_reason(e, "%s", text);
}

static bool refuse(struct reader *r, size_t at, const char *reason, const char *remedy)
{
    json_fault(r->e, ERR_POLICY, r->source, at, "%s", reason);
    return err_remedy(r->e, "%s", remedy);
}

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '+' || c == '-' || c == '.';
}

/* The word that stands at `at`, or one character where none does. */
static struct str word_at(struct str bytes, size_t at)
{
    size_t end = at;
    uint32_t scalar;

    while (end < bytes.n && end - at < SHOWN_BYTES && is_word_byte(bytes.p[end]))
        end++;
    if (end == at && end < bytes.n)
        end += text_decode(bytes, at, &scalar);
    return str_slice(bytes, at, end);
}

static bool expected(struct reader *r, const char *what, const char *remedy)
{
    struct str word = word_at(r->bytes, r->at);
    char shown[4 * SHOWN_BYTES + 1];

    if (word.n == 0) {
        json_fault(
            r->e, ERR_POLICY, r->source, r->at, "expected %s, found the end of the file", what);
    } else {
        bool quote = word.p[0] == '"';
        text_printable_into(shown, sizeof shown, word);
        json_fault(r->e, ERR_POLICY, r->source, r->at,
            quote ? "expected %s, found a string" : "expected %s, found \"%s\"", what, shown);
    }
    return err_remedy(r->e, "%s", remedy);
}

/* ---- bytes ---- */

static bool check_bytes(struct reader *r)
{
    uint32_t scalar;
    size_t length;

    if (r->bytes.n > POLICY_BYTES_MAX) {
        json_fault(r->e, ERR_LIMIT, r->source, 0, "the file is larger than %llu bytes",
            (unsigned long long)POLICY_BYTES_MAX);
        return err_remedy(r->e, "%s", "Shorten it; a policy of this size is a mistake.");
    }
    if (str_starts(r->bytes, STR("\xEF\xBB\xBF")))
        return refuse(r, 0, "the file begins with a byte-order mark",
            "Save it as UTF-8 without one (in some editors: \"UTF-8\", not \"UTF-8 with BOM\").");
    if (str_starts(r->bytes, STR("\xFF\xFE")) || str_starts(r->bytes, STR("\xFE\xFF")))
        return refuse(r, 0, "the file is UTF-16", "Save it as UTF-8.");
    for (size_t at = 0; at < r->bytes.n; at += length) {
        length = text_decode(r->bytes, at, &scalar);
        if (length == 0) {
            json_fault(r->e, ERR_POLICY, r->source, at, "the byte \\x%02X is not valid UTF-8 here",
                (unsigned)(unsigned char)r->bytes.p[at]);
            return err_remedy(r->e, "%s", "Save the file as UTF-8.");
        }
        if (scalar == 0)
            return refuse(r, at, "a NUL byte stands in the file", "Take it out.");
    }
    return true;
}

static void skip_blank(struct reader *r)
{
    while (r->at < r->bytes.n && memchr(" \t\r\n", r->bytes.p[r->at], 4))
        r->at++;
}

static char peek(const struct reader *r)
{
    return r->at < r->bytes.n ? r->bytes.p[r->at] : '\0'; /* NUL bytes were refused before */
}

/* ---- strings ---- */

/* The value of four hex digits at `at`, or UINT32_MAX. */
static uint32_t hex_unit(struct str s, size_t at)
{
    uint32_t value = 0;

    if (s.n < 4 || at > s.n - 4)
        return UINT32_MAX;
    for (size_t i = at; i < at + 4; i++) {
        char c = s.p[i];
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A') + 10
                                                : 16;
        if (digit == 16)
            return UINT32_MAX;
        value = value << 4 | digit;
    }
    return value;
}

/* r->at is on the backslash of an escape; moves behind it. */
static bool check_escape(struct reader *r)
{
    size_t start = r->at;
    char c = start + 1 < r->bytes.n ? r->bytes.p[start + 1] : '\0';
    uint32_t unit, low;

    if (c != '\0' && strchr("\"\\/bfnrt", c)) {
        r->at += 2;
        return true;
    }
    if (c != 'u')
        return refuse(
            r, start, "there is no such escape in JSON", "Write a backslash itself as \\\\.");
    unit = hex_unit(r->bytes, start + 2);
    if (unit == UINT32_MAX)
        return refuse(r, start, "\\u needs four hexadecimal digits", "Write it as \\u00e9.");
    if (unit == 0)
        return refuse(r, start, "\\u0000 would cut the text short", "Leave it out.");
    r->at += 6;
    if (unit < 0xD800 || unit > 0xDFFF)
        return true;
    low = peek(r) == '\\' && r->at + 1 < r->bytes.n && r->bytes.p[r->at + 1] == 'u'
              ? hex_unit(r->bytes, r->at + 2)
              : UINT32_MAX;
    if (unit > 0xDBFF || low < 0xDC00 || low > 0xDFFF)
        return refuse(
            r, start, "half of a surrogate pair stands alone", "Write the character itself.");
    r->at += 6;
    return true;
}

/* r->at is on the opening quote; *raw becomes the string with both quotes. */
static bool check_string(struct reader *r, struct str *raw)
{
    size_t start = r->at++;

    for (;;) {
        char c = peek(r);
        if (c == '\0' || c == '\n' || c == '\r')
            return refuse(r, start, "the text that begins here is not closed on its line",
                "Put a double quote at its end.");
        if (c == '"')
            break;
        if ((unsigned char)c < 0x20) {
            json_fault(r->e, ERR_POLICY, r->source, r->at,
                "a control character (U+%04X) stands in a text", (unsigned)(unsigned char)c);
            return err_remedy(r->e, "%s", c == '\t' ? "Write it as \\t." : "Leave it out.");
        }
        if (c != '\\')
            r->at++;
        else if (!check_escape(r))
            return false;
    }
    r->at++;
    *raw = str_slice(r->bytes, start, r->at);
    return true;
}

/* For strings that check_string has passed, quotes included. */
static struct str decode_string(struct arena *a, struct str raw)
{
    char *out =
        arena_alloc(a, raw.n + 1, 1); /* an escape is never shorter than what it stands for */
    size_t n = 0;

    for (size_t i = 1; i + 1 < raw.n;) {
        char c = raw.p[i++];
        if (c != '\\') {
            out[n++] = c;
            continue;
        }
        c = raw.p[i++];
        if (c == 'u') {
            uint32_t unit = hex_unit(raw, i);
            i += 4;
            if (unit >= 0xD800 && unit <= 0xDBFF) {
                unit = 0x10000 + ((unit - 0xD800) << 10) + (hex_unit(raw, i + 2) - 0xDC00);
                i += 6;
            }
            n += text_encode(unit, out + n);
        } else {
            const char *from = "bfnrt", *hit = strchr(from, c);
            out[n++] = hit ? "\b\f\n\r\t"[hit - from] : c;
        }
    }
    return (struct str){out, n};
}

struct str json_text(struct arena *a, const struct json_node *node)
{
    return decode_string(a, node->raw);
}

/* ---- numbers and words ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool skip_digits(struct reader *r)
{
    size_t start = r->at;
    while (is_digit(peek(r)))
        r->at++;
    return r->at > start;
}

static bool check_number(struct reader *r, struct json_node *node)
{
    size_t start = r->at;

    node->kind = JSON_NUMBER;
    if (peek(r) == '-')
        r->at++;
    if (peek(r) == '0' && r->at + 1 < r->bytes.n && is_digit(r->bytes.p[r->at + 1]))
        return refuse(r, start, "a number has no zero in front", "Leave the leading zeros out.");
    if (!skip_digits(r))
        return expected(r, "a digit", "");
    if (peek(r) == '.') {
        r->at++;
        if (!skip_digits(r))
            return expected(r, "a digit behind the point", "");
    }
    if (peek(r) == 'e' || peek(r) == 'E') {
        r->at++;
        if (peek(r) == '+' || peek(r) == '-')
            r->at++;
        if (!skip_digits(r))
            return expected(r, "a digit of the exponent", "");
    }
    if (r->at - start > JSON_NUMBER_MAX)
        return refuse(
            r, start, "the number has more than 40 characters", "Write a smaller number.");
    return true;
}

/* What people write who think of another language. */
static const char *word_remedy(struct str word)
{
    static const char *const wrong[] = {"True", "TRUE", "yes", "False", "FALSE", "no", "None",
        "NULL", "undefined", "NaN", "Infinity", "-Infinity", "+Infinity", "inf"};
    static const char *const right[] = {"Write true.", "Write true.", "Write true.", "Write false.",
        "Write false.", "Write false.", "Write null.", "Write null.", "Write null.",
        "Write a whole number.", "Write a whole number; 0 stands for no limit.",
        "Write a whole number.", "Write a whole number; 0 stands for no limit.",
        "Write a whole number; 0 stands for no limit."};

    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        if (str_is(word, wrong[i]))
            return right[i];
    if (str_starts(word, STR("+")) || str_starts(word, STR(".")))
        return "Begin a number with a digit.";
    return "";
}

/* Nothing that begins a value is here: say what it may have been meant as. */
static bool bad_value(struct reader *r, const char *what)
{
    char c = peek(r);
    struct str rest = str_slice(r->bytes, r->at, r->bytes.n);

    if (c == '#' || str_starts(rest, STR("//")) || str_starts(rest, STR("/*")))
        return refuse(r, r->at, "JSON has no comments", "Take the comment out.");
    if (c == '\'' || str_starts(rest, STR("\xE2\x80\x9C")) || str_starts(rest, STR("\xE2\x80\x9D")))
        return expected(r, what, "Put texts in plain double quotes: \"...\".");
    return expected(r, what, word_remedy(word_at(r->bytes, r->at)));
}

static bool check_word(struct reader *r, struct json_node *node, const char *what)
{
    static const char *const words[] = {"null", "false", "true"};
    struct str word = word_at(r->bytes, r->at);

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_is(word, words[i])) {
            node->kind =
                (enum json_kind)i; /* JSON_NULL, JSON_FALSE, JSON_TRUE stand first, in this order */
            r->at += word.n;
            return true;
        }
    return bad_value(r, what);
}

/* ---- values ---- */

static bool check_value(struct reader *r, struct json_node *node, const char *what);

static bool enter(struct reader *r)
{
    if (++r->depth > POLICY_DEPTH_MAX) {
        json_fault(
            r->e, ERR_LIMIT, r->source, r->at, "nested deeper than %d levels", POLICY_DEPTH_MAX);
        return false;
    }
    r->at++;
    skip_blank(r);
    return true;
}

static struct json_node *add_child(
    struct reader *r, struct json_node *parent, struct json_node **last)
{
    struct json_node *child = arena_alloc(r->a, 1, sizeof *child);

    if (*last)
        (*last)->next = child;
    else
        parent->child = child;
    *last = child;
    parent->count++;
    return child;
}

/* Behind a value within brackets: "," and then something, or the closing bracket. *more: there was
 * a ",". */
static bool check_separator(struct reader *r, char close, bool *more)
{
    const char *what = close == ']' ? "\",\" or \"]\"" : "\",\" or \"}\"";
    size_t comma;
    char c;

    skip_blank(r);
    comma = r->at;
    c = peek(r);
    *more = c == ',';
    if (c != ',' && c != close)
        return c == '/' || c == '#'
                   ? bad_value(r, what)
                   : expected(r, what,
                         c == '"' || c == '{' || c == '[' ? "Separate values by a comma." : "");
    r->at++;
    if (*more) {
        skip_blank(r);
        if (peek(r) == close)
            return refuse(r, comma, "nothing follows this comma", "Leave the last comma out.");
    }
    return true;
}

static bool check_list(struct reader *r, struct json_node *node)
{
    struct json_node *last = NULL;
    bool more = true;

    node->kind = JSON_ARRAY;
    if (!enter(r))
        return false;
    if (peek(r) == ']') {
        r->at++;
        more = false;
    }
    while (more)
        if (!check_value(r, add_child(r, node, &last), "a value") ||
            !check_separator(r, ']', &more))
            return false;
    r->depth--;
    return true;
}

static bool check_key(struct reader *r, const struct json_node *object, struct json_node *member)
{
    struct str raw;
    char shown[2 * SHOWN_BYTES];

    if (peek(r) != '"')
        return bad_value(r, "a key in double quotes");
    member->key_at = r->at;
    if (!check_string(r, &raw))
        return false;
    member->key = decode_string(r->a, raw);
    text_printable_into(shown, sizeof shown, member->key);
    if (object->count > JSON_MEMBERS_MAX)
        return json_fault(r->e, ERR_LIMIT, r->source, member->key_at,
            "more than %d keys in one object", JSON_MEMBERS_MAX);
    for (const struct json_node *other = object->child; other != member; other = other->next)
        if (str_eq(other->key, member->key)) {
            struct json_place first = {0, 1, 1};
            json_place_move(&first, r->bytes, other->key_at);
            json_fault(r->e, ERR_POLICY, r->source, member->key_at,
                "the key \"%s\" stands here for the second time (first in line %d, column %d)",
                shown, first.line, first.column);
            return err_remedy(r->e, "%s", "Keep one of the two.");
        }
    skip_blank(r);
    if (peek(r) != ':')
        return expected(r, "\":\" behind the key", "");
    r->at++;
    skip_blank(r);
    return true;
}

static bool check_object(struct reader *r, struct json_node *node)
{
    struct json_node *last = NULL;
    bool more = true;

    node->kind = JSON_OBJECT;
    if (!enter(r))
        return false;
    if (peek(r) == '}') {
        r->at++;
        more = false;
    }
    while (more) {
        struct json_node *member = add_child(r, node, &last);
        if (!check_key(r, node, member) || !check_value(r, member, "a value") ||
            !check_separator(r, '}', &more))
            return false;
    }
    r->depth--;
    return true;
}

static bool check_value(struct reader *r, struct json_node *node, const char *what)
{
    char c = peek(r);
    bool good;

    if (++r->values > JSON_VALUES_MAX)
        return json_fault(
            r->e, ERR_LIMIT, r->source, r->at, "more than %d values", JSON_VALUES_MAX);
    node->at = r->at;
    if (c == '{') {
        good = check_object(r, node);
    } else if (c == '[') {
        good = check_list(r, node);
    } else if (c == '"') {
        node->kind = JSON_STRING;
        good = check_string(r, &node->raw);
    } else if (c == '-' ? r->at + 1 < r->bytes.n && is_digit(r->bytes.p[r->at + 1]) : is_digit(c)) {
        good = check_number(r, node);
    } else {
        good = check_word(r, node, what);
    }
    node->raw = str_slice(r->bytes, node->at, r->at);
    return good;
}

bool json_check(
    struct arena *a, const struct json_source *source, struct json_node **root, struct err *e)
{
    struct reader r = {.a = a, .source = source, .bytes = source->bytes, .e = e};
    struct json_node *top = arena_alloc(a, 1, sizeof *top);

    if (r.bytes.p == NULL)
        r.bytes = STR("");
    if (!check_bytes(&r))
        return false;
    skip_blank(&r);
    if (!check_value(&r, top, "\"{\""))
        return false;
    skip_blank(&r);
    if (r.at < r.bytes.n)
        return bad_value(&r, "the end of the file");
    *root = top;
    return true;
}
