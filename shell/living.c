/*
 * living: the hook that bash runs, and the two directions of its socket. See living.h.
 *
 * To the shell goes a header of 24 bytes (kind, flags, id, length), what it announces, and a trailer of 12
 * that repeats the id; bash reads both with one system call each. From the shell come words that end in NUL
 * and tell by their first byte what they are; a report is complete with the word that closes it. Empty words
 * mean nothing, so an interrupt in the middle of a report costs that report and not the next.
 *
 * Everything that comes from the shell is hostile: bounded, matched against this grammar, and never acted on
 * beyond what a shell could do to itself.
 */
#include "living.h"

#include <stdio.h>
#include <string.h>

/*
 * Part one of the hook: functions, defined while no alias can change their words. What they keep to:
 * - `builtin` before every builtin but exec (whose redirections would not last) and the assignments.
 * - Nothing of the hook may be seen: set -x, DEBUG and ERR traps, set -e, history, LINENO, $?, $_. The first
 *   group in PROMPT_COMMAND runs with its output thrown away, and switches tracing and the DEBUG trap off;
 *   __cordon_go puts both back as the last thing before the line.
 * - The parser gets `__cordon_go "$__cordon_u"; LINE` as one physical line: it is parsed as a whole before anything
 *   of it runs, so that an interrupt cannot tear it; interrupts count again from the end of __cordon_go on.
 * - `f && :` after a status that is not zero: so neither set -e nor an ERR trap takes it for a failure.
 * - What is usual takes the shortest way, with few and small functions: bash copies a function whenever it calls it.
 */
static const char hook_functions[] =
    "\\builtin shopt -u expand_aliases\n"
    /* An interrupt met us: say so, and forget what is still in the socket up to the answer; first what an
     * interrupted read -N left in bash's own buffer (4096 bytes), which the next one would be given. */
    "__cordon_torn() {\n"
    "\tbuiltin local e LC_ALL=C\n"
    "\tbuiltin printf -v e '%8192s' ''\n"
    "\tbuiltin read -r -N 8192 e <<<\"$e\"\n"
    "\t__cordon_c=$((__cordon_c + 1))\n"
    "\tbuiltin printf '\\0T%s %s %s\\0' \"$__cordon_i\" \"$__cordon_c\" \"$PWD\" >&\"$__cordon_fd\"\n"
    "\twhile IFS= builtin read ${TMOUT:+-t9999999} -r -d '' -u \"$__cordon_fd\" e; do\n"
    "\t\t[[ $e == \"S $__cordon_c\" ]] && builtin return\n"
    "\tdone\n"
    "\texit 125\n"
    "}\n"
    "__cordon_bind() {\n"
    "\tbuiltin local m\n"
    "\tfor m in emacs vi-insert; do\n"
    "\t\tbuiltin bind -m \"$m\" -x '\"\\C-x\\C-z\\C-z\": READLINE_LINE=$__cordon_text'\n"
    "\t\tbuiltin bind -m \"$m\" '\"\\036\": \"\\C-x\\C-z\\C-z\\C-j\"'\n"
    "\t\tbuiltin bind -m \"$m\" -x '\"\\C-x\\C-z\\C-y\": builtin trap - INT; builtin kill -INT $$'\n"
    "\t\tbuiltin bind -m \"$m\" '\"\\035\": \"\\C-x\\C-z\\C-y\"'\n"
    "\tdone\n"
    "}\n"
    /* The rest of a message that is not the usual one. read -N counts characters: bytes only in the C locale. */
    "__cordon_rest() {\n"
    "\tbuiltin local n=$1 LC_ALL=C\n"
    "\tbuiltin printf -v __cordon_line ''\n"
    "\t__cordon_d=\n"
    "\tif ((n)); then builtin read ${TMOUT:+-t9999999} -r -N \"$n\" -u \"$__cordon_fd\" __cordon_line; fi\n"
    "\tif [[ $2 == *D* ]]; then\n"
    "\t\tbuiltin read ${TMOUT:+-t9999999} -r -N 10 -u \"$__cordon_fd\" n\n"
    "\t\tif [[ $n != *[!0-9]* ]] && ((10#$n)); then\n"
    "\t\t\tbuiltin read ${TMOUT:+-t9999999} -r -N \"$((10#$n))\" -u \"$__cordon_fd\" __cordon_d\n"
    "\t\tfi\n"
    "\tfi\n"
    "\tbuiltin read ${TMOUT:+-t9999999} -r -N 12 -u \"$__cordon_fd\" __cordon_x\n"
    "}\n"
    "__cordon_export() {\n"
    "\tbuiltin local n IFS=$' \\t\\n'\n"
    "\tfor n in $(builtin compgen -e); do\n"
    "\t\tbuiltin printf '\\0e%s=%s' \"$n\" \"${!n}\"\n"
    "\tdone >&\"$__cordon_fd\"\n"
    "\tfor n in $(builtin compgen -A function); do\n"
    "\t\tbuiltin printf '\\0f%s' \"$n\"\n"
    "\tdone >&\"$__cordon_fd\"\n"
    "\tfor n in $(builtin compgen -a); do\n"
    "\t\tbuiltin printf '\\0a%s' \"$n\"\n"
    "\tdone >&\"$__cordon_fd\"\n"
    "\tbuiltin printf '\\0v' >&\"$__cordon_fd\"\n"
    "\tbuiltin compgen -v >&\"$__cordon_fd\"\n"
    "\tbuiltin printf '\\0o%s %s %s' \"${__cordon_o//[!ekuxTE]/}\" \"$SHELLOPTS\" \"$BASHOPTS\" >&\"$__cordon_fd\"\n"
    "\tbuiltin printf '\\0l' >&\"$__cordon_fd\"\n"
    "\tbuiltin jobs >&\"$__cordon_fd\"\n"
    "\tbuiltin printf '\\0X%s 0 %s\\0' \"$1\" \"$PWD\" >&\"$__cordon_fd\"\n"
    "}\n"
    "__cordon_words() {\n"
    "\tbuiltin printf '\\0w' >&\"$__cordon_fd\"\n"
    "\tcase $2 in\n"
    "\t*M*) builtin compgen -c -- \"$3\" ;;\n"
    "\t*V*) builtin compgen -v -- \"$3\" ;;\n"
    "\t*) builtin compgen -f -- \"$3\"; builtin compgen -S / -d -- \"$3\" ;;\n"
    "\tesac >&\"$__cordon_fd\" 2>/dev/null\n"
    "\tbuiltin printf '\\0C%s 0 %s\\0' \"$1\" \"$PWD\" >&\"$__cordon_fd\"\n"
    "}\n"
    /* bash tells of its jobs when it reads a line, and readline's screen is /dev/null then. So jobs tells of
     * them; of those that run, which were announced when they began, into nothing. */
    "__cordon_notice() {\n"
    "\tbuiltin jobs -r >/dev/null\n"
    "\tif (($1 >= 147 && $1 <= 150)); then builtin printf '\\n' >&\"${__cordon_er:-2}\"; fi\n"
    "\tbuiltin jobs -n >&\"${__cordon_er:-2}\"\n"
    "}\n"
    /* Reports on the line before. An idle shell must not be ended by TMOUT, whose alarm runs already. */
    "__cordon_report() {\n"
    "\t__cordon_t=\n"
    "\tif [[ ${TMOUT-} ]]; then __cordon_t=1; builtin trap '' ALRM; fi\n"
    "\tif [[ $! || $__cordon_j ]] || ((__cordon_s > 128)); then\n"
    "\t\t__cordon_j=1\n"
    "\t\t__cordon_notice \"$__cordon_s\"\n"
    "\t\tbuiltin jobs -p >&\"$__cordon_fd\"\n"
    "\tfi\n"
    "\tbuiltin printf '\\0%s%s %s %s\\0' \"$1\" \"$__cordon_i\" \"$__cordon_s\" \"$PWD\" >&\"$__cordon_fd\"\n"
    "}\n"
    /* What the parser gets: a word of ours, and behind it the line. As it is, so that it runs at the top level;
     * through eval where that failed, where nothing more can come, and where an interrupt would end one line of
     * several and leave the others; but not where set -x, set -e or an ERR trap would see the eval. */
    "__cordon_make() {\n"
    "\tbuiltin local k e n='builtin eval \"$__cordon_line\"'\n"
    "\tk='__cordon_go \"$__cordon_u\"'\n"
    "\tif ((__cordon_s)); then\n"
    "\t\tk+=' && :'\n"
    "\t\tif [[ $__cordon_o == *x* ]]; then k='__cordon_go \"$__cordon_u\"; { __cordon_back \"$__cordon_u\" "
    "&& :; } 2>/dev/null'; fi\n"
    "\tfi\n"
    "\tif [[ $__cordon_line == *PIPESTATUS* && ! $__cordon_d && $__cordon_o != *e* ]] && ((${#__cordon_p[@]} "
    "> 1)); then\n"
    "\t\tbuiltin printf -v e '|(exit %s)' \"${__cordon_p[@]}\"\n"
    "\t\tif [[ $__cordon_o == *x* ]]; then k+='; { '${e:1}'; } 2>/dev/null'; else k+='; '${e:1}; fi\n"
    "\tfi\n"
    "\tif [[ $1 != *W* ]]; then\n"
    "\t\tif [[ $__cordon_line != *$'\\n'* || $__cordon_o == *[ex]* || $__cordon_d == *ERR* ]]; then "
    "n=$__cordon_line; fi\n"
    "\tfi\n"
    "\t__cordon_text=\"$k; $n\"\n"
    "}\n"
    /* Comes back with a status when the hook is to end at once. */
    "__cordon_again() {\n"
    "\tcase $__cordon_g in\n"
    "\t'') __cordon_report R ;;\n"
    /* The parser refused the text, or wanted more, or our keys are gone. The traps just told of are ours. */
    "\tgot)\n"
    "\t\tbuiltin printf '\\0n\\0' >&\"$__cordon_fd\"\n"
    "\t\t__cordon_bind\n"
    "\t\tif [[ ! $__cordon_e ]]; then\n"
    "\t\t\t__cordon_e=1\n"
    "\t\t\t__cordon_make W\n"
    "\t\t\t__cordon_swap\n"
    "\t\t\tif [[ ! -o emacs && ! -o vi ]]; then exec 0<<<\"$__cordon_text\"; fi\n"
    "\t\t\tbuiltin trap '' INT\n"
    "\t\t\tbuiltin return 1\n"
    "\t\tfi\n"
    "\t\tbuiltin trap - INT\n"
    "\t\t__cordon_torn ;;\n"
    "\t*) __cordon_bind; __cordon_torn ;;\n"
    "\tesac\n"
    "\tbuiltin return 0\n"
    "}\n"
    "__cordon_hook() {\n"
    "\tif [[ $- == *[ekuTE]* ]]; then builtin local -; builtin set +ekuTE; fi\n"
    "\tbuiltin local h f n\n"
    "\tif [[ $__cordon_g == ran ]]; then\n"
    "\t\t__cordon_s=$__cordon_s1 __cordon_u=$__cordon_u1 __cordon_o=$__cordon_o1 "
    "__cordon_p=(\"${__cordon_p1[@]}\")\n"
    "\t\t__cordon_report D\n"
    "\telif ! __cordon_again; then\n"
    "\t\tbuiltin return 0\n"
    "\tfi\n"
    "\t__cordon_g=wait\n"
    "\t__cordon_swap\n"
    "\twhile builtin read ${TMOUT:+-t9999999} -r -N 24 -u \"$__cordon_fd\" h || exit 125; do\n"
    /* An arithmetic error would end PROMPT_COMMAND here and leave bash at a prompt of its own. */
    "\t\tif [[ $h != [LXC]* || ${h:4} == *[!0-9]* ]]; then\n"
    "\t\t\t__cordon_torn\n"
    "\t\t\tcontinue\n"
    "\t\tfi\n"
    "\t\tf=${h:1:3} n=$((10#${h:14:10})) __cordon_i=$((10#${h:4:10}))\n"
    "\t\tif [[ $f == --- ]]; then\n"
    "\t\t\tbuiltin read ${TMOUT:+-t9999999} -r -N \"$((n + 12))\" -u \"$__cordon_fd\" __cordon_line\n"
    "\t\t\t__cordon_x=${__cordon_line:n} __cordon_line=${__cordon_line::n} __cordon_d=\n"
    "\t\telse\n"
    "\t\t\t__cordon_rest \"$n\" \"$f\"\n"
    "\t\tfi\n"
    "\t\tif [[ $__cordon_x != \"E${h:4:10};\" ]]; then\n"
    "\t\t\t__cordon_torn\n"
    "\t\t\tcontinue\n"
    "\t\tfi\n"
    "\t\tcase $h in\n"
    "\t\tL*) break ;;\n"
    "\t\tX*) __cordon_export \"$__cordon_i\" ;;\n"
    "\t\tC*) __cordon_words \"$__cordon_i\" \"$f\" \"$__cordon_line\" ;;\n"
    "\t\tesac\n"
    "\tdone\n"
    "\tif [[ $__cordon_j ]]; then __cordon_notice 0; fi\n"
    "\t__cordon_e= __cordon_g=got\n"
    "\tif [[ $f == *W* ]]; then __cordon_e=1; fi\n"
    "\tif [[ $__cordon_s$f != 0--- || $__cordon_line == *PIPESTATUS* || $__cordon_line == *$'\\n'* ]]; then\n"
    "\t\t__cordon_make \"$f\"\n"
    "\telse\n"
    "\t\t__cordon_text=\"__cordon_go \\\"\\$__cordon_u\\\"; $__cordon_line\"\n"
    "\tfi\n"
    "\tif [[ ! -o emacs && ! -o vi ]]; then exec 0<<<\"$__cordon_text\"; fi\n"
    /* No interrupt from here to the end of __cordon_go: bash would go on with what is left of the text. */
    "\tbuiltin trap '' INT\n"
    "}\n"
    /* While the shell is idle already: readline's input becomes two keys, its screen /dev/null. The second key is read
     * only where the text is no complete command, and gives up. */
    "__cordon_swap() {\n"
    "\tif [[ $__cordon_in ]]; then\n"
    "\t\texec 0<<<$'\\036\\n\\035' 2>&\"$__cordon_nl\"\n"
    "\t\tbuiltin return 0\n"
    "\tfi\n"
    "\texec {__cordon_er}>&2 {__cordon_in}<&0 0<<<$'\\036\\n\\035' 2>&\"$__cordon_nl\" || __cordon_closed\n"
    /* Our own words stay out of the history. An assignment to a readonly variable would end PROMPT_COMMAND. */
    "\tif [[ ${HISTIGNORE@a} == *r* ]]; then\n"
    "\t\t__cordon_h=\n"
    "\telse\n"
    "\t\t__cordon_h=${HISTIGNORE+y}${HISTIGNORE-n} HISTIGNORE='__cordon_go*'\n"
    "\tfi\n"
    "}\n"
    /* Where the person closed 0 or 2. */
    "__cordon_closed() {\n"
    "\t{ exec {__cordon_in}<&0 || exec {__cordon_in}</dev/null; } 2>/dev/null\n"
    "\texec {__cordon_er}>&2 || exec {__cordon_er}>/dev/null\n"
    "\texec 0<<<$'\\036\\n\\035' 2>&\"$__cordon_nl\"\n"
    "}\n"
    /* The first word of every text: gives the shell its own descriptors and traps back. What comes last must
     * not be seen by set -x or a DEBUG trap. */
    "__cordon_go() {\n"
    "\texec 0<&\"$__cordon_in\" 2>&\"$__cordon_er\" {__cordon_in}<&- {__cordon_er}>&-\n"
    "\t__cordon_in= __cordon_er= __cordon_g=ran\n"
    "\tcase $__cordon_h in\n"
    "\ty*) HISTIGNORE=${__cordon_h:1} ;;\n"
    "\tn) builtin unset HISTIGNORE ;;\n"
    "\tesac\n"
    "\tif [[ -o history ]]; then builtin history -s -- \"$__cordon_line\"; fi\n"
    /* bash loses it for ever when a PROMPT_COMMAND is the first thing that it runs. */
    "\tif [[ $__cordon_q ]]; then builtin unset PIPESTATUS; __cordon_q=; fi\n"
    "\tif [[ $__cordon_t ]]; then builtin trap - ALRM; fi\n"
    "\tbuiltin trap - INT\n"
    "\tif [[ $__cordon_o == *x* ]]; then\n"
    "\t\tbuiltin set -x\n"
    "\t\t{ builtin eval \"$__cordon_d\"; } 2>/dev/null\n"
    "\telif ((__cordon_s)); then\n"
    /* In two steps: the return would be the first command that a DEBUG trap sees. */
    "\t\tif [[ $__cordon_d ]]; then builtin trap -- 'builtin trap - DEBUG; builtin eval \"$__cordon_d\"' "
    "DEBUG; fi\n"
    "\t\tbuiltin return \"$__cordon_s\"\n"
    "\telse\n"
    "\t\tbuiltin eval \"$__cordon_d\"\n"
    "\tfi\n"
    "}\n"
    /* A copy of the socket that no program inherits: bash marks what it saves for later close-on-exec, and a
     * copy of such a descriptor is marked too. */
    "__cordon_open() {\n"
    "\tbuiltin local n\n"
    "\tfor n in {10..40}; do\n"
    "\t\tif [[ -S /dev/fd/$n ]]; then exec {__cordon_fd}<&\"$n\"; builtin break; fi\n"
    "\tdone\n"
    "}\n"
    /* The same for /dev/null: opened for writing in every line, it would be a watched call in every line. */
    "__cordon_open_null() {\n"
    "\tbuiltin local n\n"
    "\tfor n in {10..40}; do\n"
    "\t\tif [[ /dev/fd/$n -ef /dev/null ]]; then exec {__cordon_nl}>&\"$n\"; builtin return 0; fi\n"
    "\tdone\n"
    "\texec {__cordon_nl}>/dev/null\n"
    "}\n"
    "__cordon_back() {\n"
    "\tbuiltin return \"$__cordon_s\"\n"
    "}\n"
    /* Ours is never the first entry: an assignment without an index replaces that one. Before bash 5.1 there is
     * one string only, and the status of the line has to be carried past what stands before us in it. */
    "__cordon_fix() {\n"
    "\tbuiltin local entry\n"
    "\tif ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 501)); then\n"
    "\t\t[[ $PROMPT_COMMAND == *\"$__cordon_prompt\"* ]] || PROMPT_COMMAND='__cordon_s=$?; "
    "'${PROMPT_COMMAND:+\"$PROMPT_COMMAND; \"}'__cordon_back; '$__cordon_prompt\n"
    "\t\tbuiltin return 0\n"
    "\tfi\n"
    "\tfor entry in \"${PROMPT_COMMAND[@]}\"; do\n"
    "\t\tif [[ $entry == *\"$__cordon_prompt\"* ]]; then builtin return 0; fi\n"
    "\tdone\n"
    "\tif ((${#PROMPT_COMMAND[@]})); then\n"
    "\t\tPROMPT_COMMAND=(\"${PROMPT_COMMAND[@]}\" \"$__cordon_prompt\")\n"
    "\telse\n"
    "\t\tPROMPT_COMMAND=('' \"$__cordon_prompt\")\n"
    "\tfi\n"
    "}\n"
    "__cordon_settle() {\n"
    "\tbuiltin unset HISTFILE\n"
    "\tbuiltin set +H\n"
    "\t__cordon_fix\n"
    "}\n";

/*
 * Part two, before the person's start file: the socket goes out of every program's reach, and everything is in
 * place already, because Ctrl-C in a start file that hangs ends all of this text.
 */
static const char hook_before[] =
    "{ __cordon_open; } 250<&-\n"
    "exec 250>/dev/null\n"
    "{ __cordon_open_null; } 250>&-\n"
    "exec 250>&-\n"
    "__cordon_g= __cordon_i=0 __cordon_c=0 __cordon_in= __cordon_er= __cordon_d= __cordon_s=0 __cordon_u= "
    "__cordon_o= __cordon_j= __cordon_e= __cordon_h= __cordon_t= __cordon_q=1 __cordon_p=()\n"
    "__cordon_prompt='{ __cordon_s1=$? __cordon_p1=(\"${PIPESTATUS[@]}\") __cordon_u1=$_ __cordon_o1=$-; "
    "builtin set +x; builtin trap -p DEBUG INT ERR >&\"$__cordon_fd\"; builtin trap - DEBUG; } >&\"$__cordon_nl\" "
    "2>&1; __cordon_hook'\n"
    "\\builtin readonly __cordon_fd __cordon_nl __cordon_prompt\n"
    "\\builtin readonly -f __cordon_torn __cordon_bind __cordon_rest __cordon_export __cordon_words "
    "__cordon_notice __cordon_report __cordon_make __cordon_again __cordon_hook __cordon_swap __cordon_closed __cordon_go "
    "__cordon_back __cordon_fix __cordon_settle\n"
    "\\builtin unset -f __cordon_open __cordon_open_null\n"
    "__cordon_bind\n"
    "\\builtin unset PROMPT_COMMAND\n"
    "__cordon_settle\n"
    "\\builtin shopt -s expand_aliases\n";

/* Part three, after it. */
static const char hook_after[] =
    "__cordon_settle\n"
    "PS1='\\[\\e]7770;cordon-prompt\\a\\]\\$ '\n";

/* ---- text for the shell ---- */

/* A word in single quotes, as any shell reads it. */
static void quote(struct buf *out, struct str s)
{
    buf_str(out, STR("'"));
    for (size_t at = 0; at < s.n;) {
        size_t end = str_find(s, at, '\'');
        buf_str(out, str_slice(s, at, end));
        if (end < s.n)
            buf_str(out, STR("'\\''"));
        at = end + 1;
    }
    buf_str(out, STR("'"));
}

static struct str settle(struct arena *a, struct buf *text)
{
    struct str result = arena_str(a, buf_view(text));
    buf_release(text);
    return result;
}

struct str living_hook(struct arena *a, const struct texts *start_files)
{
    struct buf text = {0};

    buf_str(&text, str_from(hook_functions));
    buf_str(&text, str_from(hook_before));
    for (size_t i = 0; start_files && i < start_files->n; i++) {
        buf_str(&text, STR("if [[ -r "));
        quote(&text, start_files->v[i]);
        buf_str(&text, STR(" ]]; then \\builtin source "));
        quote(&text, start_files->v[i]);
        buf_str(&text, STR("; fi\n"));
    }
    buf_str(&text, str_from(hook_after));
    return settle(a, &text);
}

void living_argv(struct arena *a, struct str bash, struct texts *argv)
{
    struct str words[] = {bash, STR("--noprofile"), STR("--norc"), STR("-i")};

    for (size_t i = 0; i < COUNT_OF(words); i++)
        *(struct str *)ARENA_PUSH(a, argv) = words[i];
}

void living_environment(struct arena *a, struct str hook, struct texts *env)
{
    struct str own[] = {
        /* Read bytewise, which is slow by any other way. The last word of it never comes back unless to wait. */
        arena_format(a,
            "PROMPT_COMMAND=LC_ALL=C builtin read -r -N %lu -u %d __cordon_text && builtin eval \"$__cordon_text\" && "
            "builtin eval \"$__cordon_prompt\"",
            (unsigned long)hook.n, LIVING_FD),
        STR("HISTFILE="), /* else bash would read it before the hook can say no */
    };
    size_t kept = 0;

    for (size_t i = 0; i < env->n; i++)
        if (!str_starts(env->v[i], STR("PROMPT_COMMAND=")) && !str_starts(env->v[i], STR("HISTFILE=")))
            env->v[kept++] = env->v[i];
    env->n = kept;
    for (size_t i = 0; i < COUNT_OF(own); i++)
        *(struct str *)ARENA_PUSH(a, env) = own[i];
}

bool living_is_name(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
        if (!letter && !(i > 0 && c >= '0' && c <= '9'))
            return false;
    }
    return s.n > 0;
}

/* Variables that a new shell makes itself, or that must not cross. */
static bool is_carried(struct str name)
{
    static const char *const own[] = {"_", "BASHOPTS", "BASH_ENV", "ENV", "HISTFILE", "OLDPWD", "PROMPT_COMMAND",
        "PS0", "PS1", "PWD", "SHELLOPTS", "SHLVL"};

    for (size_t i = 0; i < COUNT_OF(own); i++)
        if (str_is(name, own[i]))
            return false;
    return living_is_name(name) && !str_starts(name, STR("__cordon_"));
}

struct str living_restore(struct arena *a, const struct texts *environment, struct str cwd)
{
    struct buf text = {0};

    buf_str(&text, STR("{\n:\n"));
    for (size_t i = 0; environment && i < environment->n; i++) {
        struct str entry = environment->v[i];
        size_t equals = str_find(entry, 0, '=');
        struct str name = str_slice(entry, 0, equals);
        if (equals == entry.n || !is_carried(name) || str_find(entry, 0, '\0') < entry.n)
            continue;
        buf_str(&text, STR("\\builtin export "));
        buf_str(&text, name);
        buf_str(&text, STR("="));
        quote(&text, str_slice(entry, equals + 1, entry.n));
        buf_str(&text, STR("\n"));
    }
    if (cwd.n && str_find(cwd, 0, '\0') == cwd.n) {
        buf_str(&text, STR("\\builtin cd -- "));
        quote(&text, cwd);
        buf_str(&text, STR("\n"));
    }
    buf_str(&text, STR("} 2>/dev/null\n"));
    return settle(a, &text);
}

struct str living_lost_mark(void)
{
    return STR("\033]7770;cordon-prompt\a");
}

struct str living_repair_keys(void)
{
    /* Ctrl-U first: whatever stands in readline's line goes away. */
    return STR("\025 __cordon_fix\n");
}

/* ---- to the shell ---- */

static bool is_ascii(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] >= 0x80)
            return false;
    return true;
}

/* Header, what it announces, trailer. flags: at most three letters; B is added for bytes beyond ASCII. */
static void frame(struct buf *out, char kind, const char *flags, uint32_t id, struct str text, struct str trap)
{
    char letters[4] = "---";
    size_t n = 0;

    while (n < 2 && flags[n]) {
        letters[n] = flags[n];
        n++;
    }
    if (trap.n)
        letters[n++] = 'D';
    if (!is_ascii(text) && n < 3)
        letters[n] = 'B';
    buf_format(out, "%c%s%010lu%010lu", kind, letters, (unsigned long)id, (unsigned long)text.n);
    buf_str(out, text);
    if (trap.n) {
        buf_format(out, "%010lu", (unsigned long)trap.n);
        buf_str(out, trap);
    }
    buf_format(out, "E%010lu;", (unsigned long)id);
}

static bool may_send(struct str text, struct err *e)
{
    if (text.n > LINE_BYTES_MAX) {
        err_set(e, ERR_LIMIT, "the line is too long");
        err_reason(e, "%lu bytes, and at most %lu are accepted", (unsigned long)text.n,
            (unsigned long)LINE_BYTES_MAX);
        return err_remedy(e, "put it into a file and run that");
    }
    if (str_find(text, 0, '\0') < text.n) {
        err_set(e, ERR_REFUSED, "the line holds a NUL byte");
        return err_reason(e, "no command shell can be given one");
    }
    return true;
}

bool living_send(struct buf *out, const struct living_line *line, struct err *e)
{
    struct str trap = line->traps;

    if (!may_send(line->text, e))
        return false;
    if (trap.n > LINE_BYTES_MAX || str_find(trap, 0, '\0') < trap.n)
        trap = (struct str){0};
    frame(out, 'L', line->whole ? "W" : "", line->id, line->text, trap);
    return true;
}

bool living_send_export(struct buf *out, uint32_t id)
{
    frame(out, 'X', "", id, (struct str){0}, (struct str){0});
    return true;
}

bool living_send_complete(struct buf *out, uint32_t id, struct str word, enum living_words what)
{
    static const char *const letters[] = {[LIVING_COMMANDS] = "M", [LIVING_FILES] = "F", [LIVING_VARIABLES] = "V"};

    if (word.n > PATH_BYTES_MAX || str_find(word, 0, '\0') < word.n)
        return false;
    frame(out, 'C', letters[what], id, word, (struct str){0});
    return true;
}

bool living_send_sync(struct buf *out, const struct living_report *torn)
{
    buf_add(out, "", 1);
    buf_format(out, "S %lu", (unsigned long)torn->sync);
    buf_add(out, "", 1);
    return true;
}

/* ---- from the shell ---- */

/* A decimal number at *at, at most 10 digits, followed by one space, which is taken too. */
static bool take_number(struct str s, size_t *at, uint32_t *out)
{
    uint64_t value = 0;
    size_t from = *at;

    while (*at < s.n && s.p[*at] >= '0' && s.p[*at] <= '9' && *at - from < 10)
        value = value * 10 + (uint64_t)(s.p[(*at)++] - '0');
    if (*at == from || value > UINT32_MAX || *at >= s.n || s.p[*at] != ' ')
        return false;
    (*at)++;
    *out = (uint32_t)value;
    return true;
}

/* The word that closes a report: kind, id, a number, the directory. */
static bool take_close(struct arena *a, struct str word, struct living_report *out)
{
    static const char letters[] = {'R', 'D', 'T', 'X', 'C'};
    uint32_t number = 0;
    size_t at = 1;

    for (size_t i = 0; i < sizeof letters; i++)
        if (word.p[0] == letters[i])
            out->kind = (enum living_kind)i;
    if (!take_number(word, &at, &out->id) || !take_number(word, &at, &number))
        return false;
    if (out->kind == LIVING_TORN)
        out->sync = number;
    else if (number > 255)
        return false;
    else
        out->status = (int)number;
    if (word.n - at <= PATH_BYTES_MAX)
        out->cwd = arena_str(a, str_slice(word, at, word.n));
    return true;
}

/* Newline-separated items of a word, from its second byte on. */
static void take_items(struct arena *a, struct str word, struct texts *out)
{
    for (size_t at = 1; at < word.n && out->n < LIVING_FIELDS_MAX;) {
        size_t end = str_find(word, at, '\n');
        if (end > at)
            *(struct str *)ARENA_PUSH(a, out) = arena_str(a, str_slice(word, at, end));
        at = end + 1;
    }
}

static size_t count_jobs(struct str word)
{
    size_t jobs = 0;

    for (size_t i = 0; i < word.n; i++)
        jobs += word.p[i] == '\n';
    return jobs;
}

static bool take_word(struct arena *a, struct str word, struct living_report *out)
{
    struct str rest = str_slice(word, 1, word.n);
    struct texts *list = word.p[0] == 'e' ? &out->environment : word.p[0] == 'f' ? &out->functions : &out->aliases;

    switch (word.p[0]) {
    case 'n': /* what came before was not the person's */
        out->traps = (struct str){0};
        return word.n == 1;
    case 't': /* "trap -- ..." as bash printed them */
        out->traps = arena_str(a, word);
        return str_starts(word, STR("trap -- "));
    case 'e':
    case 'f':
    case 'a':
        if (list->n >= LIVING_FIELDS_MAX)
            return false;
        *(struct str *)ARENA_PUSH(a, list) = arena_str(a, rest);
        return true;
    case 'l':
        take_items(a, word, &out->job_lines);
        return true;
    case 'v':
        take_items(a, word, &out->variables);
        return true;
    case 'o':
        out->options = arena_str(a, rest);
        return true;
    case 'w':
        take_items(a, word, &out->words);
        return true;
    default: /* process ids of jobs, one a line */
        out->jobs = count_jobs(word);
        return word.p[0] >= '0' && word.p[0] <= '9';
    }
}

static int lost(struct err *e, const char *reason)
{
    err_set(e, ERR_PROTOCOL, "the command shell sent something that is not a report");
    err_reason(e, "%s", reason);
    return -1;
}

static bool closes(char letter)
{
    return letter == 'R' || letter == 'D' || letter == 'T' || letter == 'X' || letter == 'C';
}

int living_take(struct arena *a, struct str bytes, struct living_report *out, size_t *used, struct err *e)
{
    struct living_report report = {0};
    size_t words = 0;

    for (size_t at = 0; at < bytes.n;) {
        size_t end = str_find(bytes, at, '\0');
        struct str word = str_slice(bytes, at, end);
        if (end > LIVING_BYTES_MAX || words++ > LIVING_FIELDS_MAX)
            return lost(e, "it is too long");
        if (end == bytes.n)
            return 0;
        at = end + 1;
        if (word.n == 0)
            continue;
        if (!closes(word.p[0])) {
            if (!take_word(a, word, &report))
                return lost(e, "an unknown word");
            continue;
        }
        if (!take_close(a, word, &report))
            return lost(e, "its closing word is not right");
        if (report.kind == LIVING_TORN)
            report.traps = (struct str){0};
        *out = report;
        *used = at;
        return 1;
    }
    return bytes.n > LIVING_BYTES_MAX ? lost(e, "it has no end") : 0;
}
