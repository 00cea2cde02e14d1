/*
 * dos: lines for the command shells of Windows, and what they leave behind. See dos.h. How cmd cuts a line up is in dos_cmd.c.
 */
#include "dos_parts.h"
#include "../sandbox/core/cmdline.h"
#include "../sandbox/core/path.h"
#include "../sandbox/core/text.h"

/* ---- which shell ---- */

bool dos_word_is(struct str word, const char *name)
{
    return text_same(word, str_from(name));
}

static struct str without_exe(struct str name)
{
    return name.n > 4 && dos_word_is(str_slice(name, name.n - 4, name.n), ".exe") ? str_slice(name, 0, name.n - 4) : name;
}

enum dos_kind dos_kind(struct str name)
{
    static const struct {
        const char *name;
        enum dos_kind kind;
    } rows[] = {{"cmd", DOS_CMD}, {"powershell", DOS_POWERSHELL}, {"pwsh", DOS_POWERSHELL}, {"bash", DOS_BASH}};

    name = without_exe(name);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (dos_word_is(name, rows[i].name))
            return rows[i].kind;
    return DOS_OTHER;
}

/* Program Files\WindowsApps holds the packages, AppData\Local\Microsoft\WindowsApps the aliases. */
bool dos_is_store(struct str path, uint32_t tag)
{
    if (tag == DOS_TAG_APPEXECLINK)
        return true;
    for (size_t at = 0; at < path.n;) {
        size_t end = at;
        while (end < path.n && path.p[end] != '\\' && path.p[end] != '/')
            end++;
        if (end < path.n && dos_word_is(str_slice(path, at, end), "windowsapps"))
            return true;
        at = end + 1;
    }
    return false;
}

static bool store_has(const struct windows_host *w, struct str name)
{
    for (size_t i = 0; i < w->store_shells.n; i++)
        if (str_eq(without_exe(path_name(PATH_WINDOWS, w->store_shells.v[i])), name))
            return true;
    return false;
}

static bool choose_auto(struct arena *a, const struct windows_host *w, struct str *program, struct str *note, struct err *e)
{
    /* Wine has a powershell.exe that runs nothing. */
    const struct str order[] = {w->wine ? (struct str){0} : w->pwsh, w->wine ? (struct str){0} : w->powershell, w->cmd, w->bash};

    for (size_t i = 0; i < COUNT_OF(order); i++)
        if (order[i].n) {
            *program = order[i];
            if (i > 0 && store_has(w, STR("pwsh")))
                *note = arena_format(a, "PowerShell 7 here is a Store package, which cannot run inside; %s is taken instead",
                    text_printable(a, path_name(PATH_WINDOWS, order[i])).p);
            return true;
        }
    err_set(e, ERR_MISSING, "no command shell was found");
    return err_remedy(e, "name one in the policy: \"shell\": \"C:\\\\path\\\\to\\\\cmd.exe\"");
}

bool dos_choose(struct arena *a, const struct windows_host *w, struct str wanted, struct str *program, struct str *note,
    struct err *e)
{
    struct str name = path_name(PATH_WINDOWS, wanted), found = {0};

    *note = (struct str){0};
    if (!wanted.n || str_is(wanted, "auto"))
        return choose_auto(a, w, program, note, e);
    if (path_is_absolute(PATH_WINDOWS, wanted)) {
        if (!dos_is_store(wanted, 0)) {
            *program = wanted;
            return true;
        }
    } else if (dos_word_is(without_exe(name), "powershell")) {
        found = w->powershell;
    } else if (dos_word_is(without_exe(name), "pwsh")) {
        found = w->pwsh;
    } else if (dos_kind(name) == DOS_CMD) {
        found = w->cmd;
    } else if (dos_kind(name) == DOS_BASH) {
        found = w->bash;
    } else {
        err_set(e, ERR_USAGE, "no command shell of this name is known");
        err_subject(e, wanted);
        return err_remedy(e, "auto, pwsh, powershell, cmd, bash, or an absolute path");
    }
    if (found.n) {
        *program = found;
        return true;
    }
    if (!dos_is_store(wanted, 0) && !store_has(w, without_exe(name))) {
        err_set(e, ERR_MISSING, "the policy's command shell was not found");
        err_subject(e, wanted);
        return err_remedy(e, "install it, or say \"shell\": \"auto\"");
    }
    /* A person who asked for it is to have a PowerShell all the same, and to know which. */
    if (dos_kind(name) != DOS_POWERSHELL)
        return choose_auto(a, w, program, note, e);
    *program = w->pwsh.n ? w->pwsh : w->powershell;
    if (!program->n)
        return choose_auto(a, w, program, note, e);
    *note = arena_format(a, "%s is a Store package, which cannot run inside; %s is taken instead",
        text_printable(a, wanted).p, text_printable(a, path_name(PATH_WINDOWS, *program)).p);
    return true;
}

/* ---- PowerShell ---- */

/*
 * The line stands on lines of its own, so that a comment in it ends; what is not PowerShell is refused before any of it runs. No try
 * around it: there, an error that ends one statement would end the line. $LASTEXITCODE may be that of the line before; a program that
 * failed with just that number leaves nothing in $Error, a cmdlet that failed does.
 */
/* PowerShell takes these words at the beginning of a script alone. */
static bool must_be_first(struct str text)
{
    size_t from = 0, end;

    while (from < text.n && (text.p[from] == ' ' || text.p[from] == '\t' || text.p[from] == '\n'))
        from++;
    for (end = from; end < text.n && ((text.p[end] | 32) >= 'a' && (text.p[end] | 32) <= 'z');)
        end++;
    return dos_word_is(str_slice(text, from, end), "using") || dos_word_is(str_slice(text, from, end), "param");
}

static bool powershell_script(struct arena *a, struct buf *out, const struct dos_line *line, struct err *e)
{
    struct str text = line->text, quoted;
    size_t ticks = 0;

    if (line->report.n && !cmdline_quote_powershell(a, line->report, &quoted))
        return err_set(e, ERR_LIMIT, "Cordon's own path cannot be written in PowerShell");

    while (ticks < text.n && text.p[text.n - 1 - ticks] == '`')
        ticks++;
    if (!must_be_first(text))
        buf_format(out, "$global:LASTEXITCODE=%d\n", line->status);
    buf_str(out, str_slice(text, 0, text.n - ticks % 2));
    if (line->status)
        buf_format(out, "\n$CordonCode=if($?){0}elseif($LASTEXITCODE -and ($LASTEXITCODE -ne %d -or !$Error)){$LASTEXITCODE}else{1}\n",
            line->status);
    else
        buf_str(out, STR("\n$CordonCode=if($?){0}elseif($LASTEXITCODE){$LASTEXITCODE}else{1}\n"));
    if (line->report.n) {
        buf_str(out, STR("$env:" DOS_CODE_VARIABLE "=$CordonCode\n& "));
        buf_str(out, quoted);
        buf_str(out, STR(" report\n"));
    }
    buf_str(out, STR("exit $CordonCode\n"));
    return true;
}

static bool powershell_words(struct arena *a, const struct dos_line *line, struct str *words, struct err *e)
{
    struct str program[] = {line->shell, STR("-NoLogo"), STR("-NoProfile"), STR("-OutputFormat"), STR("Text")};
    struct texts leading = {program, COUNT_OF(program), COUNT_OF(program)};
    struct buf script = {0};
    bool good = powershell_script(a, &script, line, e) && cmdline_powershell(a, &leading, buf_view(&script), words, e);

    buf_release(&script);
    return good;
}

/* ---- bash ---- */

static struct str with_slashes(struct arena *a, struct str path)
{
    char *out = arena_alloc(a, path.n + 1, 1);

    for (size_t i = 0; i < path.n; i++)
        out[i] = path.p[i] == '\\' ? '/' : path.p[i];
    return (struct str){out, path.n};
}

/* MSYS makes Windows paths of what looks like a path in a variable, for a program that is not its own; the next line's bash would get
 * those. What says no to that is not carried itself (is_carried). */
#define KEEP_VARIABLES "[ \"${MSYS2_ENV_CONV_EXCL+x}\" ] || export MSYS2_ENV_CONV_EXCL=\\*; "

/*
 * As bash has it: a line that exits tells as well.
 *
 * The line goes by a variable, and is a word behind a shift that takes it off again: MSYS programs read their command line in a way of
 * their own, in which two backslashes are one, and what is longer than a path can be is cut. So there are no two backslashes and
 * little text in what stands on it; on one line, since bash counts lines in what it complains of.
 */
static bool bash_argv(struct arena *a, const struct dos_line *line, struct dos_process *out, struct err *e)
{
    struct str wrapper = STR("set -- \"$" DOS_LINE_VARIABLE "\" \"$@\"; unset " DOS_LINE_VARIABLE "; eval \"$1\""), report, at_end;
    struct str variable[] = {STR(DOS_LINE_VARIABLE "=shift; "), line->status ? arena_format(a, "(exit %d); ", line->status & 255) : STR(""),
        line->text};

    if (line->report.n) {
        if (!cmdline_quote_bash(a, with_slashes(a, line->report), &report))
            return err_set(e, ERR_LIMIT, "Cordon's own path cannot be written in bash");
        at_end = arena_format(a, "{ set -- \"$?\"; trap \"\" INT; set +exuv; } 2>/dev/null; " KEEP_VARIABLES DOS_CODE_VARIABLE "=$1 %s report; exit \"$1\"", report.p);
        if (!cmdline_quote_bash(a, at_end, &at_end))
            return err_set(e, ERR_BUG, "a trap cannot be written in bash");
        wrapper = arena_format(a, "trap -- %s EXIT; trap 'exit 130' INT; %s", at_end.p, wrapper.p);
    }
    struct str words[] = {line->shell, STR("-c"), wrapper, STR("bash")};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        *(struct str *)ARENA_PUSH(a, &out->argv) = words[i];
    *(struct str *)ARENA_PUSH(a, &out->env) = arena_join(a, variable, COUNT_OF(variable));
    return true;
}

/* ---- a line's process ---- */

static bool too_long(struct err *e, size_t n, size_t most)
{
    err_set(e, ERR_LIMIT, "the line is too long for this command shell: %llu characters with what goes around it",
        (unsigned long long)n);
    return err_remedy(e, "%llu are its most; put it into a script and run that", (unsigned long long)most);
}

static bool cmd_words(struct arena *a, const struct dos_line *line, struct str *words)
{
    struct buf out = {0};
    size_t n;

    dos_cmd_words(&out, line);
    *words = arena_str(a, buf_view(&out));
    buf_release(&out);
    return wide_count(*words, &n);
}

bool dos_command(struct arena *a, const struct dos_line *line, struct dos_process *out, struct err *e)
{
    size_t most = (line->kind == DOS_CMD ? CMDLINE_CMD_MAX : CMDLINE_MAX) - 1, n = 0;
    struct err mine = {0};
    bool good;

    *out = (struct dos_process){0};
    if (line->text.n > LINE_BYTES_MAX || !wide_count(line->text, &n))
        return err_set(e, ERR_LIMIT, "the line is too long, or is no text");
    good = line->kind == DOS_CMD ? cmd_words(a, line, &out->words)
           : line->kind == DOS_POWERSHELL ? powershell_words(a, line, &out->words, &mine)
                                          : bash_argv(a, line, out, &mine);
    if (good && line->kind != DOS_POWERSHELL)
        wide_count(line->kind == DOS_CMD ? out->words : out->env.v[0], &n);
    if (line->kind == DOS_POWERSHELL && mine.kind == ERR_LIMIT)
        return too_long(e, n, (most - 300) * 3 / 8); /* what base64 of UTF-16 leaves of it */
    if (!good) {
        *e = mine;
        return false;
    }
    return n <= most || too_long(e, n, most);
}

/* ---- what it leaves behind ---- */

static struct str next_word(struct str *rest)
{
    size_t end = str_find(*rest, 0, '\0');
    struct str word = str_slice(*rest, 0, end);

    if (end >= rest->n)
        return (struct str){0};
    *rest = str_slice(*rest, end + 1, rest->n);
    return word;
}

static bool take_code(struct str word, uint32_t *out)
{
    bool minus = word.n && word.p[0] == '-'; /* some write it as a number with a sign */
    uint64_t n = 0;

    word = str_slice(word, minus, word.n);
    if (!word.n || word.n > 10)
        return false;
    for (size_t i = 0; i < word.n; i++) {
        if (word.p[i] < '0' || word.p[i] > '9')
            return false;
        n = n * 10 + (uint64_t)(word.p[i] - '0');
    }
    *out = (uint32_t)(minus ? 0 - n : n);
    return n <= (minus ? (uint64_t)1 << 31 : UINT32_MAX);
}

/* The names of this list are of Cordon's own making, or count processes. */
static bool is_carried(struct str name, struct str entry)
{
    static const char *const own[] = {"cordon_report", "cordon_code", "cordon_line", "shlvl", "_"};

    if (!name.n || str_is(entry, "MSYS2_ENV_CONV_EXCL=*"))
        return false;
    if (name.p[0] == '=') /* the folder of a drive: cd D:\x, and D: in a later line */
        return name.n == 3 && path_is_absolute(PATH_WINDOWS, str_slice(entry, 4, entry.n)) &&
               text_same(str_slice(entry, 1, 3), str_slice(entry, 4, 6));
    for (size_t i = 0; i < COUNT_OF(own); i++)
        if (dos_word_is(name, own[i]))
            return false;
    return true;
}

static struct str name_of(struct str entry)
{
    return str_slice(entry, 0, str_find(entry, entry.n ? 1 : 0, '='));
}

static bool take_variables(struct arena *a, struct str rest, struct texts *out)
{
    size_t n;

    for (size_t i = 0; i < ENV_MAX && rest.n; i++) {
        struct str entry = next_word(&rest), name = name_of(entry);
        bool twice = false;
        if (str_is(entry, "="))
            return rest.n == 0;
        if (!entry.p || !wide_count(entry, &n))
            return false;
        if (name.n >= entry.n || !is_carried(name, entry))
            continue;
        for (size_t j = 0; j < out->n && !twice; j++)
            twice = text_same(name_of(out->v[j]), name);
        if (!twice)
            *(struct str *)ARENA_PUSH(a, out) = arena_str(a, entry);
    }
    return false;
}

void dos_take(struct arena *a, struct str bytes, struct dos_state *out)
{
    struct str magic, folder;
    size_t n;
    bool good;

    *out = (struct dos_state){0};
    if (bytes.n > DOS_REPORT_MAX)
        return;
    magic = next_word(&bytes);
    if (!str_is(magic, "CORDON1") || !take_code(next_word(&bytes), &out->code))
        return;
    folder = next_word(&bytes);
    /* No share and no device: whatever of ours looks there would call a server of the sandbox's choice, as the person. */
    good = folder.n > 1 && folder.n <= PATH_BYTES_MAX && folder.p[1] == ':' && wide_count(folder, &n) &&
           path_is_absolute(PATH_WINDOWS, folder);
    out->told = good && take_variables(a, bytes, &out->environment);
    if (out->told)
        out->folder = arena_str(a, folder);
    else
        out->environment = (struct texts){0};
}
