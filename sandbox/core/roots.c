/*
 * roots: which folders may never be writable inside, and what to name instead.
 *
 * What the sandbox can write must not decide what runs outside of it later: system folders, folders
 * that programs are found in, files that a shell, git or a session obeys when it starts, and
 * Cordon's own. The answer goes by names alone, so it is the same whether those files exist yet or
 * not.
 */
#include "places.h"
#include "rules.h"
#include "text.h"

enum reach {
    REACH_EXACT,  /* this folder itself; what lies in it is fine */
    REACH_INSIDE, /* this folder and all in it */
};

struct refused {
    const char *path; /* absolute, or below home */
    enum reach reach;
    const char *what;
};

#define SYSTEM "a system folder"

static const struct refused system_folders[] = {
    {"/usr", REACH_INSIDE, SYSTEM},
    {"/etc", REACH_INSIDE, SYSTEM},
    {"/bin", REACH_INSIDE, SYSTEM},
    {"/sbin", REACH_INSIDE, SYSTEM},
    {"/lib", REACH_INSIDE, SYSTEM},
    {"/lib32", REACH_INSIDE, SYSTEM},
    {"/lib64", REACH_INSIDE, SYSTEM},
    {"/libx32", REACH_INSIDE, SYSTEM},
    {"/boot", REACH_INSIDE, SYSTEM},
    {"/efi", REACH_INSIDE, SYSTEM},
    {"/proc", REACH_INSIDE, SYSTEM},
    {"/sys", REACH_INSIDE, SYSTEM},
    {"/dev", REACH_INSIDE, SYSTEM},
    {"/run", REACH_EXACT, SYSTEM},
    {"/run/user", REACH_EXACT, SYSTEM},
    {"/run/systemd", REACH_INSIDE, SYSTEM},
    {"/run/lock", REACH_INSIDE, SYSTEM},
    {"/run/udev", REACH_INSIDE, SYSTEM},
    {"/run/dbus", REACH_INSIDE, SYSTEM},
    {"/run/media", REACH_EXACT, SYSTEM},
    {"/var", REACH_EXACT, SYSTEM},
    {"/var/lib", REACH_EXACT, SYSTEM},
    {"/var/lib/dpkg", REACH_INSIDE, SYSTEM},
    {"/var/lib/apt", REACH_INSIDE, SYSTEM},
    {"/var/lib/rpm", REACH_INSIDE, SYSTEM},
    {"/var/lib/pacman", REACH_INSIDE, SYSTEM},
    {"/var/lib/systemd", REACH_INSIDE, SYSTEM},
    {"/var/lib/docker", REACH_INSIDE, SYSTEM},
    {"/var/lib/containers", REACH_INSIDE, SYSTEM},
    {"/var/lib/containerd", REACH_INSIDE, SYSTEM},
    {"/var/lib/snapd", REACH_INSIDE, SYSTEM},
    {"/var/lib/flatpak", REACH_INSIDE, SYSTEM},
    {"/var/lib/sudo", REACH_INSIDE, SYSTEM},
    {"/var/spool", REACH_INSIDE, SYSTEM},
    {"/var/log", REACH_INSIDE, SYSTEM},
    {"/var/cache", REACH_INSIDE, SYSTEM},
    {"/var/mail", REACH_INSIDE, SYSTEM},
    {"/var/backups", REACH_INSIDE, SYSTEM},
    {"/var/run", REACH_INSIDE, SYSTEM},
    {"/nix", REACH_INSIDE, SYSTEM},
    {"/gnu", REACH_INSIDE, SYSTEM},
    {"/snap", REACH_INSIDE, SYSTEM},
    {"/opt", REACH_EXACT, SYSTEM},
    {"/home", REACH_EXACT, "the folder of everybody's homes"},
    {"/root", REACH_EXACT, "the home folder of root"},
    {"/mnt", REACH_EXACT, "a folder of mounts"},
    {"/media", REACH_EXACT, "a folder of mounts"},
    {"/tmp", REACH_EXACT,
        "the temporary folder, which is private to each session and writable anyway"},
    {"/var/tmp", REACH_EXACT,
        "the temporary folder, which is private to each session and writable anyway"},
};

#define START     "a start-up file of a shell"
#define GIT       "git's user configuration"
#define AUTOSTART "an autostart folder"
#define PROGRAMS  "a folder that programs are found in"
#define EDITOR    "what an editor runs when it starts"
#define LOGIN     "what decides who may log in"

static const struct refused home_items[] = {
    {".bashrc", REACH_INSIDE, START},
    {".bash_profile", REACH_INSIDE, START},
    {".bash_login", REACH_INSIDE, START},
    {".bash_logout", REACH_INSIDE, START},
    {".bash_aliases", REACH_INSIDE, START},
    {".bashrc.d", REACH_INSIDE, START},
    {".profile", REACH_INSIDE, START},
    {".zshrc", REACH_INSIDE, START},
    {".zshenv", REACH_INSIDE, START},
    {".zprofile", REACH_INSIDE, START},
    {".zlogin", REACH_INSIDE, START},
    {".zlogout", REACH_INSIDE, START},
    {".zsh", REACH_INSIDE, START},
    {".oh-my-zsh", REACH_INSIDE, START},
    {".kshrc", REACH_INSIDE, START},
    {".cshrc", REACH_INSIDE, START},
    {".tcshrc", REACH_INSIDE, START},
    {".login", REACH_INSIDE, START},
    {".inputrc", REACH_INSIDE, START},
    {".xprofile", REACH_INSIDE, START},
    {".xinitrc", REACH_INSIDE, START},
    {".xsessionrc", REACH_INSIDE, START},
    {".pam_environment", REACH_INSIDE, START},
    {".config/fish", REACH_INSIDE, START},
    {".config/zsh", REACH_INSIDE, START},
    {".config/nushell", REACH_INSIDE, START},
    {".config/environment.d", REACH_INSIDE, START},
    {".gitconfig", REACH_INSIDE, GIT},
    {".config/git", REACH_INSIDE, GIT},
    {".config/autostart", REACH_INSIDE, AUTOSTART},
    {".config/systemd", REACH_INSIDE, AUTOSTART},
    {".local/share/systemd", REACH_INSIDE, AUTOSTART},
    {".config/plasma-workspace", REACH_INSIDE, AUTOSTART},
    {".local/share/applications", REACH_INSIDE, AUTOSTART},
    {".local/share/dbus-1", REACH_INSIDE, AUTOSTART},
    {".config", REACH_EXACT, "where programs keep what they obey"},
    {".local", REACH_EXACT, "where programs are kept"},
    {".local/share", REACH_EXACT, "where programs keep what they obey"},
    {".local/bin", REACH_INSIDE, PROGRAMS},
    {"bin", REACH_INSIDE, PROGRAMS},
    {".cargo/bin", REACH_INSIDE, PROGRAMS},
    {"go/bin", REACH_INSIDE, PROGRAMS},
    {".vimrc", REACH_INSIDE, EDITOR},
    {".vim", REACH_INSIDE, EDITOR},
    {".config/nvim", REACH_INSIDE, EDITOR},
    {".emacs", REACH_INSIDE, EDITOR},
    {".emacs.d", REACH_INSIDE, EDITOR},
    {".config/emacs", REACH_INSIDE, EDITOR},
    {".ssh", REACH_INSIDE, LOGIN},
    {".gnupg", REACH_INSIDE, "the keys of a person"},
};

/* Below the person's home on Windows, beside those above, which Git Bash and others bring there too. */
static const struct refused profile_items[] = {
    {"AppData", REACH_EXACT, "where programs keep what they obey"},
    {"AppData/Roaming", REACH_EXACT, "where programs keep what they obey"},
    {"AppData/Local", REACH_EXACT, "where programs keep what they obey"},
    {"AppData/LocalLow", REACH_EXACT, "where programs keep what they obey"},
    {"AppData/Roaming/Microsoft", REACH_INSIDE, "where Windows keeps what it obeys: autostart, credentials, templates"},
    {"AppData/Local/Microsoft", REACH_INSIDE, "where Windows keeps what it obeys, and programs that it finds"},
    {"AppData/Local/Programs", REACH_INSIDE, PROGRAMS},
    {"AppData/Local/Packages", REACH_INSIDE, "what Store programs obey"},
    {"AppData/Roaming/npm", REACH_INSIDE, PROGRAMS},
    {"AppData/Roaming/Code", REACH_INSIDE, EDITOR},
    {"AppData/Local/nvim", REACH_INSIDE, EDITOR},
    {"AppData/Roaming/.emacs.d", REACH_INSIDE, EDITOR},
    {"AppData/Roaming/Git", REACH_INSIDE, GIT},
    {"Documents/PowerShell", REACH_INSIDE, "PowerShell's profile and modules, which run outside"},
    {"Documents/WindowsPowerShell", REACH_INSIDE, "PowerShell's profile and modules, which run outside"},
    {"OneDrive/Documents/PowerShell", REACH_INSIDE, "PowerShell's profile and modules, which run outside"},
    {"OneDrive/Documents/WindowsPowerShell", REACH_INSIDE, "PowerShell's profile and modules, which run outside"},
    {"Start Menu", REACH_INSIDE, AUTOSTART},
    {"Desktop", REACH_EXACT, "your desktop, whose links start programs"},
    {"OneDrive/Desktop", REACH_EXACT, "your desktop, whose links start programs"},
    {"Documents", REACH_EXACT, "a folder that much lies in, PowerShell's profile for one"},
    {"OneDrive/Documents", REACH_EXACT, "a folder that much lies in, PowerShell's profile for one"},
    {".vscode", REACH_INSIDE, EDITOR},
    {"_vimrc", REACH_INSIDE, EDITOR},
    {"vimfiles", REACH_INSIDE, EDITOR},
    {".minttyrc", REACH_INSIDE, START},
    {".dotnet/tools", REACH_INSIDE, PROGRAMS},
    {"scoop/shims", REACH_INSIDE, PROGRAMS},
    {"scoop/apps", REACH_INSIDE, PROGRAMS},
    {".rustup", REACH_INSIDE, PROGRAMS},
    {"ntuser.dat", REACH_INSIDE, "your part of the registry"},
};

/* Below the drive that Windows is on. */
static const char *const drive_items[] = {
    "$Recycle.Bin", "System Volume Information", "Recovery", "Boot", "EFI", "PerfLogs", "Windows.old", "MSOCache", "Config.Msi", "$WinREAgent"};

/* Folders that a service copies to its own machines; a * stands for a company's name. */
static const char *const clouds[] = {"OneDrive", "OneDrive - *", "Dropbox", "Google Drive", "GoogleDrive", "My Drive", "iCloudDrive", "Box", "Box Sync",
    "Nextcloud", "ownCloud", "MEGA", "pCloudDrive", "Creative Cloud Files"};

struct question {
    struct arena *a;
    const struct path_env *env;
    const struct host *host;
    struct str path; /* the one of the two spellings that is being looked at */
    struct err *e;
};

/* relation: "is", "contains", "lies in" */
static bool refuse(const struct question *q, const char *relation, struct str item,
    const char *what, const char *remedy)
{
    err_set(q->e, ERR_REFUSED, "this cannot be a workspace or a writable root");
    err_subject(q->e, q->path);
    err_reason(q->e, "it %s %s%s%s", relation, what, item.n ? ": " : "",
        item.n ? path_display(q->a, q->env, item).p : "");
    return err_remedy(q->e, "%s", remedy);
}

static const char advice[] = "Name a project's own folder instead.";

static bool clear_of_with(const struct question *q, struct str item, enum reach reach,
    const char *what, const char *remedy)
{
    if (path_same(q->env, q->path, item))
        return refuse(q, "is", (struct str){0}, what, remedy);
    if (path_is_under(q->env, q->path, item))
        return refuse(q, "contains", item, what, remedy);
    if (reach == REACH_INSIDE && path_is_under(q->env, item, q->path))
        return refuse(q, "lies in", item, what, remedy);
    return true;
}

static bool clear_of(const struct question *q, struct str item, enum reach reach, const char *what)
{
    return clear_of_with(q, item, reach, what, advice);
}

static struct str or_else(struct str s, const char *standard)
{
    return s.n > 0 ? s : str_from(standard);
}

static bool clear_of_windows(const struct question *q)
{
    static const struct windows_host nobody;
    const struct windows_host *w = q->host->windows ? q->host->windows : &nobody;
    struct str windows = or_else(w->windows_dir, "C:\\Windows"), drive = str_slice(windows, 0, 3);
    struct str everybody = q->host->home.n > 0 ? path_parent(PATH_WINDOWS, q->host->home) : STR("C:\\Users");
    struct str folders[] = {windows, or_else(w->program_files, "C:\\Program Files"), or_else(w->program_files_x86, "C:\\Program Files (x86)"),
        or_else(w->program_data, "C:\\ProgramData"), or_else(w->public_dir, "C:\\Users\\Public")};

    if (path_depth(PATH_WINDOWS, everybody) > 0 && path_same(q->env, q->path, everybody))
        return refuse(q, "is", (struct str){0}, "the folder of everybody's profiles", advice);
    for (size_t i = 0; i < COUNT_OF(folders); i++)
        if (!clear_of(q, folders[i], REACH_INSIDE, i + 1 < COUNT_OF(folders) ? SYSTEM : "a folder that everybody on this machine shares"))
            return false;
    for (size_t i = 0; i < COUNT_OF(drive_items); i++)
        if (!clear_of(q, path_join(q->a, PATH_WINDOWS, drive, str_from(drive_items[i])), REACH_INSIDE, SYSTEM))
            return false;
    /* A home that was moved to the top of a drive tells nothing of where others are. */
    return path_depth(PATH_WINDOWS, everybody) == 0 || path_is_under(q->env, q->host->home, q->path) ||
           path_is_under(q->env, q->path, q->host->home) || !path_is_under(q->env, everybody, q->path) ||
           refuse(q, "lies in", (struct str){0}, "another person's profile", advice);
}

bool rules_cloud(const struct path_env *env, const struct host *host, struct str path, struct str *root)
{
    struct str rest = host->home.n > 0 && env->system == PATH_WINDOWS ? path_below(env, host->home, path) : (struct str){0};
    struct str first = str_slice(rest, 0, str_find(rest, 0, '\\'));

    for (size_t i = 0; i < COUNT_OF(clouds) && first.n > 0; i++)
        if (text_matches(str_from(clouds[i]), first, true)) {
            *root = str_slice(path, 0, path.n - (rest.n - first.n));
            return true;
        }
    return false;
}

static bool clear_of_clouds(const struct question *q)
{
    struct str root;

    return !rules_cloud(q->env, q->host, q->path, &root) || !path_same(q->env, root, q->path) ||
           refuse(q, "is", (struct str){0}, "all that a cloud service copies", advice);
}

static bool clear_of_system(const struct question *q)
{
    bool posix = q->env->system == PATH_POSIX;

    if (path_depth(q->env->system, q->path) == 0)
        return refuse(
            q, "is", (struct str){0}, posix ? "the whole file tree" : "a whole drive", advice);
    if (!posix && (!clear_of_windows(q) || !clear_of_clouds(q)))
        return false;
    for (size_t i = 0; posix && i < COUNT_OF(system_folders); i++) {
        const struct refused *r = &system_folders[i];
        if (!clear_of(q, str_from(r->path), r->reach, r->what))
            return false;
    }
    /* A Windows drive under WSL is as much a whole drive as / is. */
    if (posix && q->host->wsl && path_depth(PATH_POSIX, q->path) == 2 && q->path.n == 6 &&
        path_is_under(q->env, STR("/mnt"), q->path))
        return refuse(q, "is", (struct str){0}, "a whole Windows drive", advice);
    return q->host->runtime_dir.n == 0 || clear_of(q, q->host->runtime_dir, REACH_INSIDE,
                                              "your runtime folder, where services listen");
}

static bool clear_of_home(const struct question *q)
{
    struct str home = q->host->home;

    if (home.n == 0)
        return true;
    if (path_same(q->env, q->path, home))
        return refuse(q, "is", (struct str){0},
            "your home folder, whose start-up files run outside", "Work in a folder below it.");
    if (path_is_under(q->env, q->path, home))
        return refuse(q, "contains", home, "your home folder", advice);
    for (size_t i = 0; i < COUNT_OF(home_items); i++) {
        const struct refused *r = &home_items[i];
        struct str item = path_join(q->a, q->env->system, home, str_from(r->path));
        if (!clear_of(q, item, r->reach, r->what))
            return false;
    }
    for (size_t i = 0; i < COUNT_OF(profile_items) && q->env->system == PATH_WINDOWS; i++) {
        const struct refused *r = &profile_items[i];
        if (!clear_of(q, path_join(q->a, PATH_WINDOWS, home, str_from(r->path)), r->reach, r->what))
            return false;
    }
    return true;
}

/* Where Cordon runs from its own checkout, its programs are protected: they may well be in PATH. */
static bool is_checkout_part(const struct question *q, struct str folder)
{
    const struct host *h = q->host;

    if (h->checkout.n == 0 || !path_is_under(q->env, q->path, h->checkout))
        return false;
    for (size_t i = 0; places_checkout_parts[i]; i++)
        if (path_is_under(q->env,
                path_join(q->a, q->env->system, h->checkout, str_from(places_checkout_parts[i])),
                folder))
            return true;
    return false;
}

static bool clear_of_path(const struct question *q)
{
    char list_separator = q->env->system == PATH_WINDOWS ? ';' : ':';
    struct path_env plain = {.system = q->env->system, .fold = q->env->fold};
    struct str list = q->host->path;

    for (size_t at = 0; at < list.n;) {
        size_t end = str_find(list, at, list_separator);
        struct str folder = {0}, entry = str_slice(list, at, end);
        struct err ignored = {0};
        at = end + 1;
        if (list_separator == ';' && entry.n > 2 && entry.p[0] == '"' && entry.p[entry.n - 1] == '"')
            entry = str_slice(entry, 1, entry.n - 1);
        /* An entry that is no absolute path names whatever folder one stands in: nothing to compare
         * with. */
        if (!path_is_absolute(plain.system, entry) ||
            !path_canonical(q->a, &plain, entry, &folder, &ignored))
            continue;
        if (!is_checkout_part(q, folder) &&
            !clear_of_with(q, folder, REACH_INSIDE,
                "a folder of your PATH, whose programs run outside",
                "Name another folder, or take that one out of PATH."))
            return false;
    }
    return true;
}

/* Opening Cordon on its own checkout is fine, as its parts are then protected one by one; a folder
 * inside one of those parts is not. */
static bool clear_of_cordon(const struct question *q)
{
    const struct host *h = q->host;
    bool whole = h->checkout.n > 0 && path_is_under(q->env, q->path, h->checkout);

    if (h->config_dir.n > 0 && !clear_of(q, h->config_dir, REACH_INSIDE, "Cordon's configuration"))
        return false;
    if (h->state_dir.n > 0 && !clear_of(q, h->state_dir, REACH_INSIDE, "Cordon's state"))
        return false;
    if (whole)
        return true;
    if (h->program_dir.n > 0 && !clear_of(q, h->program_dir, REACH_INSIDE, "Cordon's own programs"))
        return false;
    for (size_t i = 0; h->checkout.n > 0 && places_checkout_parts[i]; i++) {
        struct str part =
            path_join(q->a, q->env->system, h->checkout, str_from(places_checkout_parts[i]));
        if (!clear_of(q, part, REACH_INSIDE, "a part of Cordon that is run outside"))
            return false;
    }
    return true;
}

static bool clear_of_all(const struct question *q)
{
    return clear_of_system(q) && clear_of_home(q) && clear_of_cordon(q) && clear_of_path(q);
}

bool rules_root_allowed(struct arena *a, const struct path_env *env, const struct host *host,
    struct str path, struct str real, struct err *e)
{
    struct question q = {.a = a, .env = env, .host = host, .path = path, .e = e};

    if (!clear_of_all(&q))
        return false;
    q.path = real;
    return real.n == 0 || path_same(env, path, real) || clear_of_all(&q);
}

void rules_obeyed(struct arena *a, const struct path_env *env, const struct host *host, struct texts *out)
{
    for (size_t i = 0; i < COUNT_OF(home_items) && host->home.n > 0; i++)
        if (home_items[i].reach == REACH_INSIDE)
            *(struct str *)ARENA_PUSH(a, out) =
                path_join(a, env->system, host->home, str_from(home_items[i].path));
    for (size_t i = 0; i < COUNT_OF(profile_items) && host->home.n > 0 && env->system == PATH_WINDOWS; i++)
        if (profile_items[i].reach == REACH_INSIDE)
            *(struct str *)ARENA_PUSH(a, out) = path_join(a, env->system, host->home, str_from(profile_items[i].path));
    for (size_t i = 0; i < host->obeyed_links.n; i++)
        *(struct str *)ARENA_PUSH(a, out) = host->obeyed_links.v[i];
}

bool rules_obeyed_by_name(struct arena *a, const struct path_env *env, const struct host *host, struct str path)
{
    for (size_t i = 0; i < COUNT_OF(home_items) && host->home.n > 0; i++) {
        struct str item = path_join(a, env->system, host->home, str_from(home_items[i].path));
        if (home_items[i].reach == REACH_INSIDE && str_is(str_from(home_items[i].what), PROGRAMS) && !path_same(env, item, path) &&
            path_is_under(env, item, path))
            return true;
    }
    return false;
}
