/*
 * obeyed: the table of names that tools outside run or obey, and the comparison of two looks at them.
 */
#include "obeyed.h"
#include "text.h"

#define TOP ""

#define NPM      "npm runs its scripts"
#define PYTHON   "Python's tools run it"
#define EDITOR   "the editor runs or obeys it"
#define AGENT    "agents obey it"
#define CI       "the build service runs it"
#define DOCKER   "docker builds and runs what it says"
#define SHELL    "a shell that starts here runs it"
#define GIT_RUNS "git runs it"
#define GIT_OBEY "git obeys it, and runs the programs that it names"

static const struct obeyed_row rows_table[] = {
    /* git */
    {TOP, ".git", "git obeys its configuration and runs its hooks"},
    {".git", "config", GIT_OBEY},
    {".git", "config.worktree", GIT_OBEY},
    {".git", "commondir", "git reads its configuration where this says"},
    {".git/hooks", "*.sample", NULL},
    {".git/hooks", "*", GIT_RUNS},
    {".git/info", "attributes", "git runs the filters that it chooses"},
    {TOP, ".gitattributes", "git runs the filters that it chooses"},
    {TOP, ".gitmodules", "git fetches from where it says"},
    {".hg", "hgrc*", "Mercurial runs the hooks and programs that it names"},
    {".jj/repo", "config.toml", "jj runs the programs that it names"},
    {TOP, ".pre-commit-config.yaml", "pre-commit runs what it names"},
    {TOP, "lefthook.y*ml", "lefthook runs what it names"},
    {".husky", "*", GIT_RUNS},
    {".githooks", "*", "git runs it where core.hooksPath says so"},
    /* editors */
    {".vscode", "tasks.json", EDITOR},
    {".vscode", "launch.json", EDITOR},
    {".vscode", "settings.json", EDITOR},
    {".vscode", "extensions.json", EDITOR},
    {".vscode", "mcp.json", "the editor starts the servers that it names"},
    {TOP, "*.code-workspace", EDITOR},
    {".idea/runConfigurations", "*", EDITOR},
    {".run", "*", EDITOR},
    {".zed", "*.json", EDITOR},
    {TOP, ".devcontainer.json", EDITOR},
    {".devcontainer", "*", EDITOR},
    {TOP, ".nvim.lua", EDITOR},
    {TOP, ".nvimrc", EDITOR},
    {TOP, ".exrc", EDITOR},
    {TOP, ".vimrc", EDITOR},
    {TOP, ".dir-locals.el", EDITOR},
    /* agents */
    {TOP, "CLAUDE.md", AGENT},
    {TOP, "CLAUDE.local.md", AGENT},
    {TOP, "AGENTS.md", AGENT},
    {TOP, "GEMINI.md", AGENT},
    {TOP, ".cursorrules", AGENT},
    {TOP, ".windsurfrules", AGENT},
    {TOP, ".mcp.json", "agents start the servers that it names"},
    {".claude", "settings*.json", "agents run its hooks"},
    {".claude", "CLAUDE.md", AGENT},
    {".claude/agents", "*", AGENT},
    {".claude/commands", "*", AGENT},
    {".claude/hooks", "*", "agents run it"},
    {".claude/skills", "*", AGENT},
    {".codex", "*", AGENT},
    {".agents", "*", AGENT},
    {".cursor", "*.json", AGENT},
    {".cursor/rules", "*", AGENT},
    {".gemini", "*", AGENT},
    {".github", "copilot-instructions.md", AGENT},
    /* builds and packages */
    {TOP, "package.json", NPM},
    {TOP, ".npmrc", "npm obeys it"},
    {TOP, ".yarnrc*", "yarn runs what it names"},
    {TOP, ".pnp.*js", "node runs it"},
    {TOP, ".pnpmfile.*js", "pnpm runs it"},
    {TOP, "pnpm-workspace.yaml", "pnpm obeys it"},
    {TOP, "bunfig.toml", "bun obeys it"},
    {TOP, "deno.json*", "deno runs its tasks"},
    {TOP, "Makefile", "make runs it"},
    {TOP, "makefile", "make runs it"},
    {TOP, "GNUmakefile", "make runs it"},
    {TOP, "CMakeLists.txt", "cmake runs it"},
    {TOP, "CMakePresets.json", "cmake and editors obey it"},
    {TOP, "meson.build", "meson runs it"},
    {TOP, "build.ninja", "ninja runs it"},
    {TOP, "configure", "it is run to build this"},
    {TOP, "setup.py", PYTHON},
    {TOP, "setup.cfg", PYTHON},
    {TOP, "pyproject.toml", PYTHON},
    {TOP, "conftest.py", "pytest runs it"},
    {TOP, "pytest.ini", "pytest obeys it"},
    {TOP, "sitecustomize.py", "Python runs it where this folder is on its path"},
    {TOP, "tox.ini", "tox runs it"},
    {TOP, "noxfile.py", "nox runs it"},
    {TOP, "Pipfile", PYTHON},
    {TOP, "requirements*.txt", "pip installs what it names"},
    {TOP, "Cargo.toml", "cargo builds and runs what it names"},
    {TOP, "build.rs", "cargo runs it"},
    {TOP, "rust-toolchain*", "cargo takes the toolchain that it names"},
    {".cargo", "config*", "cargo runs the programs that it names"},
    {TOP, "gradlew*", "it is run to build this"},
    {TOP, "build.gradle*", "gradle runs it"},
    {TOP, "settings.gradle*", "gradle runs it"},
    {TOP, "gradle.properties", "gradle obeys it"},
    {"gradle/wrapper", "*", "gradlew runs what it names"},
    {TOP, "mvnw*", "it is run to build this"},
    {TOP, "pom.xml", "maven runs what it names"},
    {".mvn", "*", "maven obeys it"},
    {".mvn/wrapper", "*", "mvnw runs what it names"},
    {TOP, "build.xml", "ant runs it"},
    {TOP, "Gemfile", "bundler runs it"},
    {TOP, "Rakefile", "rake runs it"},
    {".bundle", "config", "bundler obeys it"},
    {TOP, "composer.json", "composer runs its scripts"},
    {TOP, "mix.exs", "mix runs it"},
    {TOP, "go.work", "go builds what it names"},
    {TOP, "WORKSPACE*", "bazel runs it"},
    {TOP, "MODULE.bazel", "bazel runs it"},
    {TOP, ".bazelrc", "bazel obeys it"},
    {TOP, "*.sln", "the editor builds what it names"},
    {TOP, "*.csproj", "dotnet runs its targets"},
    {TOP, "Directory.Build.*", "dotnet runs its targets"},
    {TOP, "Justfile", "just runs it"},
    {TOP, "justfile", "just runs it"},
    {TOP, ".justfile", "just runs it"},
    {TOP, "Taskfile.y*ml", "task runs it"},
    {TOP, "Vagrantfile", "vagrant runs it"},
    {TOP, "Tiltfile", "tilt runs it"},
    {TOP, "flake.nix", "nix builds what it says"},
    {TOP, "shell.nix", "nix-shell runs it"},
    {TOP, "default.nix", "nix builds what it says"},
    {TOP, "Dockerfile*", DOCKER},
    {TOP, "Containerfile*", DOCKER},
    {TOP, "docker-compose*.y*ml", DOCKER},
    {TOP, "compose*.y*ml", DOCKER},
    /* build services: obeyed once they are pushed */
    {".github/workflows", "*", CI},
    {TOP, ".gitlab-ci.yml", CI},
    {TOP, ".travis.yml", CI},
    {TOP, "Jenkinsfile*", CI},
    {TOP, "azure-pipelines.yml", CI},
    {".circleci", "*", CI},
    {".woodpecker", "*", CI},
    {TOP, ".woodpecker.y*ml", CI},
    /* shells, and what changes them on entering the folder */
    {TOP, ".envrc", "direnv runs it"},
    {TOP, ".env", "tools take their settings from it"},
    {TOP, ".env.local", "tools take their settings from it"},
    {TOP, ".tool-versions", "asdf and mise take programs by it"},
    {TOP, ".mise*.toml", "mise runs what it names"},
    {TOP, "mise.toml", "mise runs what it names"},
    {TOP, ".nvmrc", "nvm takes the node that it names"},
    {TOP, ".python-version", "pyenv takes the Python that it names"},
    {TOP, ".bashrc", SHELL},
    {TOP, ".bash_profile", SHELL},
    {TOP, ".bash_login", SHELL},
    {TOP, ".bash_aliases", SHELL},
    {TOP, ".profile", SHELL},
    {TOP, ".zshrc", SHELL},
    {TOP, ".zshenv", SHELL},
    {TOP, ".zprofile", SHELL},
    {TOP, ".inputrc", SHELL},
    {TOP, ".gdbinit", "gdb runs it"},
    {TOP, ".lldbinit", "lldb runs it"},
    {TOP, ".tmux.conf", "tmux obeys it"},
};

/* Whose names Windows itself obeys: the command shell looks into the folder it is in before PATH, Explorer fetches what a shown file names,
 * from a server, too. */
#define TYPED    "cmd runs it here when its name is typed"
#define EXPLORER "Explorer obeys it as soon as the folder is shown, and opens what it names"
#define MSBUILD  "MSBuild runs its targets"

static const struct obeyed_row windows_table[] = {
    {TOP, "*.exe", TYPED},
    {TOP, "*.com", TYPED},
    {TOP, "*.bat", TYPED},
    {TOP, "*.cmd", TYPED},
    {TOP, "*.lnk", EXPLORER},
    {TOP, "*.url", EXPLORER},
    {TOP, "*.scf", EXPLORER},
    {TOP, "*.library-ms", EXPLORER},
    {TOP, "*.searchConnector-ms", EXPLORER},
    {TOP, "desktop.ini", EXPLORER},
    {TOP, "autorun.inf", EXPLORER},
    {TOP, "*.vcxproj", MSBUILD},
    {TOP, "*.vbproj", MSBUILD},
    {TOP, "*.fsproj", MSBUILD},
    {TOP, "*.props", MSBUILD},
    {TOP, "*.targets", MSBUILD},
    {TOP, "Directory.Packages.props", MSBUILD},
    {TOP, "*.slnx", EDITOR},
    {TOP, ".vs", "Visual Studio obeys what is in it"},
    {TOP, "NuGet.config", "dotnet fetches packages, which run, from where it says"},
    {TOP, "global.json", "dotnet takes the tools that it names"},
    {TOP, "profile.ps1", "PowerShell runs it where it is a profile"},
};

static const char *const folders_table[] = {TOP, ".git", ".git/hooks", ".git/info", ".hg", ".jj/repo", ".husky", ".githooks", ".vscode",
    ".idea/runConfigurations", ".run", ".zed", ".devcontainer", ".claude", ".claude/agents", ".claude/commands",
    ".claude/hooks", ".claude/skills", ".codex", ".agents", ".cursor", ".cursor/rules", ".gemini", ".github",
    ".github/workflows", ".cargo", "gradle/wrapper", ".mvn", ".mvn/wrapper", ".bundle", ".circleci", ".woodpecker"};

const struct obeyed_row *obeyed_rows(size_t *count)
{
    *count = COUNT_OF(rows_table);
    return rows_table;
}

const struct obeyed_row *obeyed_windows(size_t *count)
{
    *count = COUNT_OF(windows_table);
    return windows_table;
}

const char *const *obeyed_folders(size_t *count)
{
    *count = COUNT_OF(folders_table);
    return folders_table;
}

const char *obeyed_who(struct str folder, struct str name)
{
    for (size_t i = 0; i < COUNT_OF(rows_table); i++)
        if (str_is(folder, rows_table[i].folder) && text_matches(str_from(rows_table[i].pattern), name, false))
            return rows_table[i].who;
    return NULL;
}

/* ---- what changed ---- */

static const struct obeyed_item *find(const struct obeyed_list *list, struct str path)
{
    for (size_t i = 0; i < list->n; i++)
        if (str_eq(list->v[i].path, path))
            return &list->v[i];
    return NULL;
}

static bool same(const struct obeyed_item *x, const struct obeyed_item *y)
{
    return x->dev == y->dev && x->ino == y->ino && x->size == y->size && x->changed_ns == y->changed_ns &&
           x->written_ns == y->written_ns && x->mode == y->mode;
}

/* Lies it in a repository that came or went as a whole? */
static bool goes_with_repository(const struct obeyed_notes *notes, size_t from, struct str path)
{
    bool posix = path.n > 0 && path.p[0] == '/';
    char separator = posix ? '/' : '\\';

    for (size_t i = from; i < notes->n; i++) {
        const struct obeyed_note *n = &notes->v[i];
        if (n->change != OBEYED_CHANGED && str_ends(n->path, posix ? STR("/.git") : STR("\\.git")) && str_starts(path, n->path) &&
            path.n > n->path.n && path.p[n->path.n] == separator)
            return true;
    }
    return false;
}

void obeyed_add(struct arena *a, struct obeyed_notes *notes, enum obeyed_change change, struct str path, const char *who)
{
    for (size_t i = 0; i < notes->n; i++)
        if (str_eq(notes->v[i].path, path))
            return;
    *(struct obeyed_note *)ARENA_PUSH(a, notes) = (struct obeyed_note){change, path, who};
}

static void sort(struct obeyed_notes *notes)
{
    for (size_t i = 1; i < notes->n; i++) {
        struct obeyed_note one = notes->v[i];
        size_t at = i;
        for (; at && str_compare(notes->v[at - 1].path, one.path) > 0; at--)
            notes->v[at] = notes->v[at - 1];
        notes->v[at] = one;
    }
}

void obeyed_compare(struct arena *a, const struct obeyed_list *before, const struct obeyed_list *after,
    struct obeyed_notes *out)
{
    struct obeyed_notes all = {0};

    for (size_t i = 0; i < after->n; i++) {
        const struct obeyed_item *now = &after->v[i], *was = find(before, now->path);
        if (!was)
            obeyed_add(a, &all, OBEYED_NEW, now->path, now->who);
        else if (!same(was, now))
            obeyed_add(a, &all, OBEYED_CHANGED, now->path, now->who);
    }
    for (size_t i = 0; i < before->n; i++)
        if (!find(after, before->v[i].path))
            obeyed_add(a, &all, OBEYED_GONE, before->v[i].path, before->v[i].who);
    sort(&all);
    for (size_t i = 0; i < all.n; i++)
        if (!goes_with_repository(&all, 0, all.v[i].path))
            obeyed_add(a, out, all.v[i].change, all.v[i].path, all.v[i].who);
}

/* ---- in words ---- */

#define NAME_BYTES 61 /* shown of a name */

static const char *change_name(enum obeyed_change change)
{
    static const char *const names[] = {"new", "changed", "gone"};
    return names[change];
}

void obeyed_print(struct buf *out, struct arena *a, const struct path_env *env, struct str folder,
    const struct obeyed_notes *notes, size_t most)
{
    for (size_t i = 0; i < notes->n && i < most; i++) {
        const struct obeyed_note *n = &notes->v[i];
        struct str below = folder.n ? path_below(env, folder, n->path) : (struct str){0};
        char name[NAME_BYTES];
        if (below.n)
            text_printable_into(name, sizeof name, below);
        buf_format(out, "  %-8s %s (%s)\n", change_name(n->change), below.n ? name : path_display(a, env, n->path).p,
            n->who);
    }
    if (notes->n > most)
        buf_format(out, "  and %llu more\n", (unsigned long long)(notes->n - most));
}

void obeyed_json(struct buf *out, const struct obeyed_notes *notes)
{
    buf_format(out, "[");
    for (size_t i = 0; i < notes->n; i++) {
        buf_format(out, "%s{\"change\":\"%s\",\"path\":", i ? "," : "", change_name(notes->v[i].change));
        text_json(out, notes->v[i].path);
        buf_format(out, ",\"who\":");
        text_json(out, str_from(notes->v[i].who));
        buf_format(out, "}");
    }
    buf_format(out, "]");
}
