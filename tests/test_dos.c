/* dos: lines for cmd, PowerShell and Git Bash, byte by byte; which shell a name means; what a line leaves behind. */
#include "check.h"

#include "../sandbox/core/cmdline.h"
#include "../sandbox/core/text.h"
#include "../shell/dos.h"

#define HEAD "\"C:\\W\\cmd.exe\" /d /s /v:off /e:on /c \""
#define TAIL "&call set CORDON_CODE=%^errorlevel%&\"C:\\P F\\cordon-runner.exe\" report\""

static struct dos_line line_of(enum dos_kind kind, struct str text)
{
    static const char *const shells[] = {"", "C:\\W\\cmd.exe", "C:\\W\\powershell.exe", "C:\\Git\\bin\\bash.exe"};

    return (struct dos_line){.kind = kind, .shell = str_from(shells[kind]), .report = STR("C:\\P F\\cordon-runner.exe"),
        .text = text};
}

static void test_cmd(void)
{
    static const struct {
        const char *name, *line, *words;
    } rows[] = {
        {"a program", "dir C:\\x", HEAD "dir C:\\x" TAIL},
        {"nothing", "", HEAD "call set CORDON_CODE=%^errorlevel%&\"C:\\P F\\cordon-runner.exe\" report\""},
        {"quotes stay", "\"C:\\a b\\x.exe\" \"y&z\"", HEAD "\"C:\\a b\\x.exe\" \"y&z\"" TAIL},
        {"blanks at the end stay", "set X=1  ", HEAD "set X=1  " TAIL},
        {"no blank is added", "set X=1", HEAD "set X=1" TAIL},
        {"variables are cmd's", "echo %PATH% !x!", HEAD "echo %PATH% !x!" TAIL},
        {"an if in parentheses", "if exist a del a", HEAD "(if exist a del a)" TAIL},
        {"if not, with else", "if not defined X (echo a) else echo b", HEAD "(if not defined X (echo a) else echo b)" TAIL},
        {"a compared if", "if \"%X%\"==\"1\" (echo a)", HEAD "(if \"%X%\"==\"1\" (echo a))" TAIL},
        {"if EQU", "if /i a EQU A echo yes)", HEAD "(if /i a EQU A echo yes^))" TAIL},
        {"a for", "for %i in (a b) do @echo %i", HEAD "(for %i in (a b) do @echo %i)" TAIL},
        {"a for whose body has a parenthesis of its own", "for %i in (a b) do echo :)", HEAD "(for %i in (a b) do echo :^))" TAIL},
        {"a for with a group", "for %i in (a b) do (echo 1 & echo 2)", HEAD "(for %i in (a b) do (echo 1 & echo 2))" TAIL},
        {"an if behind &", "cd x & if exist y type y", HEAD "(cd x & if exist y type y)" TAIL},
        {"the word if as an argument", "echo if a", HEAD "echo if a" TAIL},
        {"a smile needs nothing", "echo :)", HEAD "echo :)" TAIL},
        {"a remark goes", "rem a & b", HEAD "call set CORDON_CODE=%^errorlevel%&\"C:\\P F\\cordon-runner.exe\" report\""},
        {"a remark behind a command", "echo a & rem b", HEAD "echo a " TAIL},
        {"a label goes", "::x", HEAD "call set CORDON_CODE=%^errorlevel%&\"C:\\P F\\cordon-runner.exe\" report\""},
        {"remarks are words", "remedy x", HEAD "remedy x" TAIL},
        {"an open quote", "echo \"a & b", HEAD "echo ^\"a ^& b" TAIL},
        {"an open quote behind a closed one", "echo \"a&b\" \"c|d>e^f", HEAD "echo \"a&b\" ^\"c^|d^>e^^f" TAIL},
        {"a quote that a caret took", "echo ^\"a & b", HEAD "echo ^\"a & b" TAIL},
        {"a caret at the end", "echo a^", HEAD "echo a" TAIL},
        {"two carets at the end", "echo a^^", HEAD "echo a^^" TAIL},
        {"one & at the end", "echo a & ", HEAD "echo a " TAIL},
        {"a caret keeps an & ", "echo a ^&", HEAD "echo a ^&" TAIL},
        {"a line break in a group", "(\necho a\necho b\n)", HEAD "( echo a&echo b)" TAIL},
        {"no blank is added before what closes", "if 1==1 (\nset X=1\n\n) else (\nset X=2\n)", HEAD "(if 1==1 ( set X=1) else ( set X=2))" TAIL},
        {"nor at the end", "set X=1\n", HEAD "set X=1" TAIL},
        {"two lines", "echo a\necho b", HEAD "echo a&echo b" TAIL},
        {"a line that a caret goes on with", "echo a^\nb", HEAD "echo ab" TAIL},
        {"a line break in the set of a for", "for %i in (a\nb) do echo %i", HEAD "(for %i in (a b) do echo %i)" TAIL},
        {"open quotes in two lines", "echo \"a\necho \"b", HEAD "echo ^\"a&echo ^\"b" TAIL},
        {"a redirection", "dir >x 2>&1", HEAD "dir >x 2>&1" TAIL},
        {"an @", "@echo off", HEAD "@echo off" TAIL},
        {"beyond ASCII", "echo \xc3\xa4\xe2\x82\xac", HEAD "echo \xc3\xa4\xe2\x82\xac" TAIL},
    };
    struct arena a = {0};

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct dos_line line = line_of(DOS_CMD, str_from(rows[i].line));
        struct dos_process p;
        struct err e = {0};
        CHECK(dos_command(&a, &line, &p, &e) && p.argv.n == 0 && p.env.n == 0, "cmd takes it");
        CHECK_STR(p.words, str_from(rows[i].words), rows[i].name);
    }
    arena_release(&a);
}

#define EXITS "\"C:\\W\\cmd.exe\" /d /c exit "

/* What a line says of the code of the line before, which its own cmd cannot know. */
static void test_cmd_status(void)
{
    static const struct {
        const char *name, *line, *words;
        int status;
    } rows[] = {
        {"the code is put in", "echo %errorlevel%", HEAD EXITS "7&echo 7" TAIL, 7},
        {"in any case", "echo %ERRORLEVEL% %ErrorLevel%!", HEAD EXITS "-1073741510&echo -1073741510 -1073741510!" TAIL, -1073741510},
        {"0 is what a new cmd has", "echo %errorlevel%", HEAD "echo 0" TAIL, 0},
        {"if errorlevel asks cmd", "if errorlevel 2 echo y", HEAD EXITS "2&(if errorlevel 2 echo y)" TAIL, 2},
        {"an exit has it", "exit", HEAD EXITS "5&exit" TAIL, 5},
        {"an exit with a number has its own", "exit 0", HEAD "exit 0" TAIL, 5},
        {"another variable before it", "echo %X%errorlevel%", HEAD EXITS "3&echo %X%errorlevel%" TAIL, 3},
        {"a % of a text before it", "echo 50% of %errorlevel%", HEAD EXITS "3&echo 50% of 3" TAIL, 3},
        {"a part of it is cmd's", "echo %errorlevel:~0,1%", HEAD EXITS "3&echo %errorlevel:~0,1%" TAIL, 3},
        {"other lines need nothing", "echo %PATH% & dir", HEAD "echo %PATH% & dir" TAIL, 3},
    };
    struct arena a = {0};

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct dos_line line = line_of(DOS_CMD, str_from(rows[i].line));
        struct dos_process p;
        struct err e = {0};
        line.status = rows[i].status;
        CHECK(dos_command(&a, &line, &p, &e), "cmd takes it");
        CHECK_STR(p.words, str_from(rows[i].words), rows[i].name);
    }
    arena_release(&a);
}

/* What decodes base64 of UTF-16 here knows ASCII, which the rows are made of but for one. */
static struct str decoded(struct arena *a, struct str words)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t at = words.n, n = 0;
    unsigned char *bytes = arena_alloc(a, words.n + 4, 1);
    char *text = arena_alloc(a, words.n + 4, 1);
    uint32_t word = 0;
    unsigned bits = 0;

    while (at && words.p[at - 1] != ' ')
        at--;
    for (; at < words.n && words.p[at] != '='; at++) {
        const char *digit = strchr(digits, words.p[at]);
        word = word << 6 | (uint32_t)(digit ? digit - digits : 0);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes[n++] = (unsigned char)(word >> bits & 255);
        }
    }
    for (size_t i = 0; i + 1 < n; i += 2)
        text[i / 2] = bytes[i + 1] ? '?' : (char)bytes[i];
    return (struct str){text, n / 2};
}

static void test_powershell(void)
{
    struct arena a = {0};
    struct dos_line line = line_of(DOS_POWERSHELL, STR("gci 'a b' | % { $_ } # x"));
    struct dos_process p;
    struct err e = {0};

    line.status = 3;
    CHECK(dos_command(&a, &line, &p, &e) && p.argv.n == 0 && p.env.n == 0, "PowerShell takes a line");
    CHECK(str_starts(p.words, STR("\"C:\\W\\powershell.exe\" -NoLogo -NoProfile -OutputFormat Text -EncodedCommand ")), "its words");
    CHECK_STR(decoded(&a, p.words),
        STR("$global:LASTEXITCODE=3\ngci 'a b' | % { $_ } # x\n"
            "$CordonCode=if($?){0}elseif($LASTEXITCODE -and ($LASTEXITCODE -ne 3 -or !$Error)){$LASTEXITCODE}else{1}\n"
            "$env:CORDON_CODE=$CordonCode\n& 'C:\\P F\\cordon-runner.exe' report\nexit $CordonCode\n"),
        "the line stands on a line of its own; a cmdlet that fails has not the code of the line before");
    line.text = STR(" using namespace System.IO\n[Path]::PathSeparator");
    CHECK(dos_command(&a, &line, &p, &e) && str_starts(decoded(&a, p.words), line.text), "nothing stands before a using");
    line.text = STR("usings");
    CHECK(dos_command(&a, &line, &p, &e) && str_starts(decoded(&a, p.words), STR("$global:LASTEXITCODE=3\nusings\n")), "which is a word");
    line.status = 0;
    line.text = STR("echo a `");
    line.report = STR("C:\\it's\\r.exe");
    dos_command(&a, &line, &p, &e);
    CHECK(str_find(decoded(&a, p.words), 0, '`') == decoded(&a, p.words).n, "a backtick at the end goes");
    CHECK(strstr(decoded(&a, p.words).p, "& 'C:\\it''s\\r.exe' report") != NULL, "a quote in the report program's path");
    line.text = STR("\xf0\x9f\x98\x80");
    CHECK(dos_command(&a, &line, &p, &e) && strstr(decoded(&a, p.words).p, "\n??\n"), "a pair of surrogates");
    line.text = STR("\xff");
    CHECK(!dos_command(&a, &line, &p, &e), "what is no text is refused");
    arena_release(&a);
}

static void test_bash(void)
{
    struct arena a = {0};
    struct dos_line line = line_of(DOS_BASH, STR("echo \"$?\" \\\\\\\\srv"));
    struct dos_process p;
    struct str words = {0};
    struct err e = {0};

    line.status = 3;
    line.report = STR("\\\\srv\\it's\\r.exe");
    CHECK(dos_command(&a, &line, &p, &e) && !p.words.p && p.argv.n == 4 && p.env.n == 1, "bash gets words, and a variable");
    CHECK_STR(p.env.v[0], STR("CORDON_LINE=shift; (exit 3); echo \"$?\" \\\\\\\\srv"), "the line is in the variable");
    CHECK(strstr(p.argv.v[2].p, "//srv/it") != NULL, "the report program with slashes");
    CHECK(cmdline_arguments(&a, &p.argv, &words, &e) && words.n < 600, "what stands on the command line is short");
    /* As MSYS programs read it: in quotes, two backslashes are one, and a quote behind a backslash is a quote. */
    CHECK(strstr(words.p, "\\\\") == NULL, "and holds no two backslashes, which would be one to bash");
    for (size_t i = str_find(words, 0, ' '); i + 1 < words.n; i++)
        CHECK(words.p[i] != '\\' || words.p[i + 1] == '"' || words.p[i + 1] == '\'' || words.p[i + 1] == '*', "what a backslash takes");
    arena_release(&a);
}

static void test_limits(void)
{
    static char many[CMDLINE_MAX];
    struct arena a = {0};
    struct dos_process p;
    struct err e = {0};
    struct dos_line line;
    size_t room;

    memset(many, 'x', sizeof many);
    line = line_of(DOS_CMD, (struct str){many, 1});
    dos_command(&a, &line, &p, &e);
    room = CMDLINE_CMD_MAX - p.words.n;
    line.text.n = room;
    CHECK(dos_command(&a, &line, &p, &e) && p.words.n == CMDLINE_CMD_MAX - 1, "the longest line of cmd");
    line.text.n = room + 1;
    CHECK(!dos_command(&a, &line, &p, &e) && e.kind == ERR_LIMIT, "one more is refused");
    e = (struct err){0};
    line = line_of(DOS_POWERSHELL, (struct str){many, 13000});
    CHECK(!dos_command(&a, &line, &p, &e) && e.kind == ERR_LIMIT, "PowerShell's words grow by the encoding");
    e = (struct err){0};
    line = line_of(DOS_BASH, (struct str){many, 32700});
    CHECK(dos_command(&a, &line, &p, &e), "a long line of bash");
    line.text.n = CMDLINE_MAX;
    CHECK(!dos_command(&a, &line, &p, &e) && e.kind == ERR_LIMIT, "longer than a variable is refused");
    e = (struct err){0};
    line = line_of(DOS_CMD, (struct str){"echo \0x", 7});
    CHECK(!dos_command(&a, &line, &p, &e), "a NUL is no line");
    line = line_of(DOS_CMD, STR("echo a"));
    line.report = (struct str){0};
    e = (struct err){0};
    CHECK(dos_command(&a, &line, &p, &e), "without a report program");
    CHECK_STR(p.words, STR(HEAD "echo a\""), "nothing is called behind the line");
    line.report = STR("C:\\100%\\r.exe");
    dos_command(&a, &line, &p, &e);
    CHECK_STR(p.words, STR(HEAD "echo a\""), "a program whose path cmd would read as a variable is not called");
    arena_release(&a);
}

static void test_shells(void)
{
    struct str store[] = {STR("C:\\Users\\u\\AppData\\Local\\Microsoft\\WindowsApps\\pwsh.exe")};
    struct windows_host w = {.powershell = STR("C:\\W\\powershell.exe"), .cmd = STR("C:\\W\\cmd.exe"),
        .store_shells = {store, 1, 1}};
    struct arena a = {0};
    struct str program = {0}, note = {0};
    struct err e = {0};

    CHECK(dos_kind(STR("CMD.EXE")) == DOS_CMD && dos_kind(STR("pwsh")) == DOS_POWERSHELL && dos_kind(STR("bash.exe")) == DOS_BASH &&
              dos_kind(STR("zsh")) == DOS_OTHER && dos_kind(STR(".exe")) == DOS_OTHER,
        "shells by name");
    CHECK(dos_is_store(STR("C:\\Program Files\\WindowsApps\\Microsoft.PowerShell_7\\pwsh.exe"), 0), "a package by its path");
    CHECK(dos_is_store(store[0], 0), "an alias by its path");
    CHECK(dos_is_store(STR("C:\\x\\pwsh.exe"), DOS_TAG_APPEXECLINK), "an alias by its tag");
    CHECK(!dos_is_store(STR("C:\\x\\WindowsApps"), 0) && !dos_is_store(STR("C:\\WindowsAppsX\\a"), 0xa000000c), "neither");
    CHECK(dos_choose(&a, &w, STR("auto"), &program, &note, &e) && str_eq(program, w.powershell) && note.n, "auto passes a Store pwsh over, and says so");
    CHECK(dos_choose(&a, &w, STR("pwsh"), &program, &note, &e) && str_eq(program, w.powershell) && note.n, "pwsh of the Store is replaced");
    CHECK(dos_choose(&a, &w, store[0], &program, &note, &e) && str_eq(program, w.powershell) && note.n, "and by its path");
    CHECK(dos_choose(&a, &w, STR("cmd"), &program, &note, &e) && str_eq(program, w.cmd) && !note.n, "cmd by its name");
    CHECK(dos_choose(&a, &w, STR("D:\\t\\tcc.exe"), &program, &note, &e) && str_is(program, "D:\\t\\tcc.exe"), "a path is taken as it is");
    CHECK(!dos_choose(&a, &w, STR("bash"), &program, &note, &e) && e.kind == ERR_MISSING, "one that is not there");
    e = (struct err){0};
    CHECK(!dos_choose(&a, &w, STR("fish"), &program, &note, &e) && e.kind == ERR_USAGE, "one that is not known");
    w.pwsh = STR("C:\\P\\pwsh.exe");
    w.store_shells.n = 0;
    CHECK(dos_choose(&a, &w, STR("auto"), &program, &note, &e) && str_eq(program, w.pwsh) && !note.n, "pwsh first");
    w.wine = true;
    CHECK(dos_choose(&a, &w, STR("auto"), &program, &note, &e) && str_eq(program, w.cmd), "cmd under Wine");
    arena_release(&a);
}

static void test_unfinished(void)
{
    static const struct {
        enum dos_kind kind;
        const char *line;
        bool unfinished;
    } rows[] = {
        {DOS_CMD, "echo a", false}, {DOS_CMD, "echo a^", true}, {DOS_CMD, "echo a^^", false}, {DOS_CMD, "(echo a", true},
        {DOS_CMD, "if x==x (", true}, {DOS_CMD, "if x==x (\necho a\n)", false}, {DOS_CMD, "echo (", false},
        {DOS_CMD, "for %i in (a", true}, {DOS_CMD, "for %i in (a) do (", true}, {DOS_CMD, "echo \"(", false},
        {DOS_CMD, "echo \"a^", false}, {DOS_CMD, "(echo \")\"", true},
        {DOS_POWERSHELL, "gci", false}, {DOS_POWERSHELL, "if ($x) {", true}, {DOS_POWERSHELL, "if ($x) {\n}", false},
        {DOS_POWERSHELL, "'it''s", true}, {DOS_POWERSHELL, "'it''s'", false}, {DOS_POWERSHELL, "\"a`\"", true},
        {DOS_POWERSHELL, "\"a $(gci \"b\") c\"", false}, {DOS_POWERSHELL, "\"a $(gci", true}, {DOS_POWERSHELL, "@\"\na", true},
        {DOS_POWERSHELL, "@\"\na\n\"@", false}, {DOS_POWERSHELL, "gci |", true}, {DOS_POWERSHELL, "gci `", true},
        {DOS_POWERSHELL, "gci ``", false}, {DOS_POWERSHELL, "gci # {", false}, {DOS_POWERSHELL, "a#{", true},
        {DOS_POWERSHELL, "<# x", true}, {DOS_POWERSHELL, "<# { #>", false}, {DOS_POWERSHELL, "}", false},
        {DOS_POWERSHELL, "{)", false}, {DOS_POWERSHELL, "$a[0", true}, {DOS_POWERSHELL, "a &&", true},
        {DOS_BASH, "if x; then", true}, {DOS_BASH, "echo a", false},
    };
    struct arena a = {0};

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK(dos_unfinished(rows[i].kind, str_from(rows[i].line)) == rows[i].unfinished,
            text_printable(&a, str_from(rows[i].line)).p);
    CHECK(dos_is_exit(DOS_CMD, STR(" EXIT /b 3")) && dos_is_exit(DOS_POWERSHELL, STR("exit 3;")) && dos_is_exit(DOS_CMD, STR("exit")) &&
              dos_is_exit(DOS_BASH, STR("exit 2")),
        "an exit");
    CHECK(!dos_is_exit(DOS_CMD, STR("exit & dir")) && !dos_is_exit(DOS_CMD, STR("exited")) && !dos_is_exit(DOS_POWERSHELL, STR("exit $x")),
        "no exit by itself");
    CHECK(dos_may_exit(DOS_CMD, STR("if x==x exit 3")) && dos_may_exit(DOS_CMD, STR("dir & exit")) && !dos_may_exit(DOS_CMD, STR("echo exit")),
        "cmd's exit is a command's first word");
    CHECK(dos_may_exit(DOS_POWERSHELL, STR("if(1){exit 3}")) && !dos_may_exit(DOS_POWERSHELL, STR("my-exit x; exit.exe")),
        "PowerShell's stands anywhere as a word");
    CHECK(dos_may_exit(DOS_POWERSHELL, STR("cd x; throw 'no'")) && dos_may_exit(DOS_POWERSHELL, STR("return")) &&
              !dos_may_exit(DOS_POWERSHELL, STR("echo returned; my-return")),
        "and so do the other words that end a script");
    arena_release(&a);
}

static void test_take(void)
{
    struct arena a = {0};
    struct dos_state s;
    static const struct {
        struct str bytes;
        const char *name;
    } untold[] = {
        {STR(""), "nothing"},
        {STR("CORDON1\0"), "a name alone"},
        {STR("CORDON2\0" "0\0C:\\\0=\0"), "another version"},
        {STR("CORDON1\0" "0\0C:\\\0A=1\0"), "variables without their end"},
        {STR("CORDON1\0" "0\0C:\\\0A=1\0="), "an end that is not closed"},
        {STR("CORDON1\0" "0\0C:\\\0=\0B=2\0"), "something behind the end"},
        {STR("CORDON1\0" "x\0C:\\\0=\0"), "no code"},
        {STR("CORDON1\0" "4294967296\0C:\\\0=\0"), "a code that is none"},
        {STR("CORDON1\0" "0\0\0=\0"), "no folder"},
        {STR("CORDON1\0" "0\0a\\b\0=\0"), "a folder that is not absolute"},
        {STR("CORDON1\0" "0\0\\\\srv\\share\\x\0=\0"), "a folder of a server's: cordon would call it"},
        {STR("CORDON1\0" "0\0//srv/share\0=\0"), "the same with the other separator"},
        {STR("CORDON1\0" "0\0\\\\.\\pipe\0=\0"), "a device"},
        {STR("CORDON1\0" "0\0C:\\\xff\0=\0"), "a folder that is no UTF-8"},
        {STR("CORDON1\0" "0\0C:\\\0A=\xff\0=\0"), "a variable that is no UTF-8"},
    };

    for (size_t i = 0; i < COUNT_OF(untold); i++) {
        dos_take(&a, untold[i].bytes, &s);
        CHECK(!s.told && s.environment.n == 0 && !s.folder.n, untold[i].name);
    }
    dos_take(&a, STR("CORDON1\0" "4294967295\0C:\\a b\0A=1\0ProgramFiles(x86)=x=y\0=C:=C:\\\0a=2\0CORDON_report=5\0Cordon_Code=1\0NONE\0B=\0=\0"), &s);
    CHECK(s.told && s.code == 4294967295u, "a whole report");
    CHECK_STR(s.folder, STR("C:\\a b"), "its folder");
    dos_take(&a, STR("CORDON1\0" "-1073741510\0C:\\\0=\0"), &s);
    CHECK(s.told && s.code == 0xc000013au, "a code with a sign");
    dos_take(&a, STR("CORDON1\0" "4294967295\0C:\\a b\0A=1\0ProgramFiles(x86)=x=y\0=C:=C:\\\0a=2\0CORDON_report=5\0Cordon_Code=1\0NONE\0B=\0=\0"), &s);
    CHECK(s.environment.n == 4 && str_is(s.environment.v[0], "A=1") && str_is(s.environment.v[1], "ProgramFiles(x86)=x=y") &&
              str_is(s.environment.v[2], "=C:=C:\\") && str_is(s.environment.v[3], "B="),
        "what is a variable of the line's, and where a drive stands");
    dos_take(&a, STR("CORDON1\0" "0\0C:\\\0=ExitCode=0\0=::=::\\\0SHLVL=2\0_=x\0CORDON_LINE=x\0MSYS2_ENV_CONV_EXCL=*\0MSYS2_ARG_CONV_EXCL=*\0=\0"), &s);
    CHECK(s.told && s.environment.n == 1 && str_is(s.environment.v[0], "MSYS2_ARG_CONV_EXCL=*"), "what counts processes, and what is Cordon's, is not");
    arena_release(&a);
}

int main(void)
{
    test_cmd();
    test_cmd_status();
    test_powershell();
    test_bash();
    test_limits();
    test_shells();
    test_unfinished();
    test_take();
    return CHECK_END();
}
