/*
 * test_policy: what a policy file may not be, and what is said of it: each row a document and its
 * complaint.
 *
 * The pairs in data/policy are the same for files as people write them. Where TOP is not set
 * (another system's run of this program), they are skipped.
 */
#include "check.h"
#include "../sandbox/core/policy.h"

#include <stdlib.h>

#define TEXT(literal)                                                                              \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }

static struct arena arena;

static struct str variable(const void *context, struct str name)
{
    (void)context;
    return str_is(name, "HOME")      ? STR("/home/p")
           : str_is(name, "PROJECT") ? STR("/srv/project")
                                     : (struct str){0};
}

static const struct path_env env = {
    .system = PATH_POSIX, .home = TEXT("/home/p"), .cwd = TEXT("/w"), .variable = variable};
static const struct host host = {.home = TEXT("/home/p")};

/* wanted: the complaint behind the file's name. */
struct row {
    const char *name;
    struct str text;
    const char *wanted;
};

static const struct row rows[] = {
    {"an empty file", TEXT(""), "1:1: expected \"{\", found the end of the file"},
    {"a file of blanks", TEXT(" \n\t\n"), "3:1: expected \"{\", found the end of the file"},
    {"a byte-order mark", TEXT("\xEF\xBB\xBF{\"version\":1}"),
        "1:1: the file begins with a byte-order mark; Save it as UTF-8 without one (in some "
        "editors: \"UTF-8\", not \"UTF-8 with BOM\")."},
    {"UTF-16, little end first", TEXT("\xFF\xFE{\0"), "1:1: the file is UTF-16; Save it as UTF-8."},
    {"UTF-16, big end first", TEXT("\xFE\xFF\0{"), "1:1: the file is UTF-16; Save it as UTF-8."},
    {"a NUL in the file", TEXT("{\"version\":1}\0"),
        "1:14: a NUL byte stands in the file; Take it out."},
    {"a NUL within a string", TEXT("{\"version\":1,\"shell\":\"a\0b\"}"),
        "1:24: a NUL byte stands in the file; Take it out."},
    {"a byte that is not UTF-8", TEXT("{\"version\":1,\n \"shell\":\"b\xE9h\"}"),
        "2:12: the byte \\xE9 is not valid UTF-8 here; Save the file as UTF-8."},
    {"an overlong form", TEXT("{\"version\":1,\"shell\":\"\xC0\xAF\"}"),
        "1:23: the byte \\xC0 is not valid UTF-8 here; Save the file as UTF-8."},
    {"half a surrogate pair as bytes", TEXT("{\"version\":1,\"shell\":\"\xED\xA0\x80\"}"),
        "1:23: the byte \\xED is not valid UTF-8 here; Save the file as UTF-8."},
    {"a value past the end of Unicode", TEXT("{\"shell\":\"\xF4\x90\x80\x80\"}"),
        "1:11: the byte \\xF4 is not valid UTF-8 here; Save the file as UTF-8."},
    {"a character cut short", TEXT("{\"shell\":\"\xE2\x82"),
        "1:11: the byte \\xE2 is not valid UTF-8 here; Save the file as UTF-8."},
    {"text behind the object", TEXT("{\"version\":1} x"),
        "1:15: expected the end of the file, found \"x\""},
    {"a second object", TEXT("{\"version\":1}\n{\"version\":1}"),
        "2:1: expected the end of the file, found \"{\""},
    {"a closing bracket too many", TEXT("{\"version\":1}}"),
        "1:14: expected the end of the file, found \"}\""},
    {"a comment in front", TEXT("// mine\n{\"version\":1}"),
        "1:1: JSON has no comments; Take the comment out."},
    {"a comment behind a value", TEXT("{\"version\":1 // mine\n}"),
        "1:14: JSON has no comments; Take the comment out."},
    {"a block comment", TEXT("{/* mine */\"version\":1}"),
        "1:2: JSON has no comments; Take the comment out."},
    {"a comment with #", TEXT("{\"version\":1,\n# mine\n}"),
        "2:1: JSON has no comments; Take the comment out."},
    {"a comma before the closing brace", TEXT("{\"version\":1,}"),
        "1:13: nothing follows this comma; Leave the last comma out."},
    {"a comma before the closing bracket", TEXT("{\"version\":1,\n \"write\":[\"/a\",\n ]}"),
        "2:15: nothing follows this comma; Leave the last comma out."},
    {"two commas", TEXT("{\"version\":1,,}"), "1:14: expected a key in double quotes, found \",\""},
    {"a missing comma", TEXT("{\"version\":1 \"git\":\"commit\"}"),
        "1:14: expected \",\" or \"}\", found a string; Separate values by a comma."},
    {"a missing comma in a list", TEXT("{\"version\":1,\"write\":[\"/a\" \"/b\"]}"),
        "1:28: expected \",\" or \"]\", found a string; Separate values by a comma."},
    {"a missing colon", TEXT("{\"version\" 1}"),
        "1:12: expected \":\" behind the key, found \"1\""},
    {"an equals sign for a colon", TEXT("{\"version\"=1}"),
        "1:11: expected \":\" behind the key, found \"=\""},
    {"a missing value", TEXT("{\"version\":}"), "1:12: expected a value, found \"}\""},
    {"an object left open", TEXT("{\"version\":1"),
        "1:13: expected \",\" or \"}\", found the end of the file"},
    {"a list left open", TEXT("{\"version\":1,\"write\":[\"/a\""),
        "1:27: expected \",\" or \"]\", found the end of the file"},
    {"a list closed by a brace", TEXT("{\"version\":1,\"write\":[\"/a\"}"),
        "1:27: expected \",\" or \"]\", found \"}\""},
    {"a key without quotes", TEXT("{version:1}"),
        "1:2: expected a key in double quotes, found \"version\""},
    {"a key in single quotes", TEXT("{'version':1}"),
        "1:2: expected a key in double quotes, found \"'\"; Put texts in plain double quotes: "
        "\"...\"."},
    {"typographic quotes",
        TEXT("{\"version\":1,\"git\":\xE2\x80\x9C"
             "commit\xE2\x80\x9D}"),
        "1:20: expected a value, found \"\342\200\234\"; Put texts in plain double quotes: "
        "\"...\"."},
    {"a number for a key", TEXT("{1:1}"), "1:2: expected a key in double quotes, found \"1\""},
    {"a string left open", TEXT("{\"version\":1,\n \"shell\":\"bash\n}"),
        "2:10: the text that begins here is not closed on its line; Put a double quote at its "
        "end."},
    {"a string left open at the end", TEXT("{\"version\":1,\"shell\":\"bash"),
        "1:22: the text that begins here is not closed on its line; Put a double quote at its "
        "end."},
    {"a tab in a string", TEXT("{\"version\":1,\"shell\":\"a\tb\"}"),
        "1:24: a control character (U+0009) stands in a text; Write it as \\t."},
    {"an escape character in a string", TEXT("{\"version\":1,\"shell\":\"a\x1B[0m\"}"),
        "1:24: a control character (U+001B) stands in a text; Leave it out."},
    {"an unknown escape", TEXT("{\"version\":1,\"write\":[\"C:\\Users\"]}"),
        "1:26: there is no such escape in JSON; Write a backslash itself as \\\\."},
    {"an escape without digits", TEXT("{\"version\":1,\"shell\":\"\\u00g1\"}"),
        "1:23: \\u needs four hexadecimal digits; Write it as \\u00e9."},
    {"an escaped NUL", TEXT("{\"version\":1,\"write\":[\"/a\\u0000b\"]}"),
        "1:26: \\u0000 would cut the text short; Leave it out."},
    {"a lone high surrogate", TEXT("{\"version\":1,\"shell\":\"\\uD83D\"}"),
        "1:23: half of a surrogate pair stands alone; Write the character itself."},
    {"a lone low surrogate", TEXT("{\"version\":1,\"shell\":\"\\uDE00\"}"),
        "1:23: half of a surrogate pair stands alone; Write the character itself."},
    {"two high surrogates", TEXT("{\"version\":1,\"shell\":\"\\uD83D\\uD83D\"}"),
        "1:23: half of a surrogate pair stands alone; Write the character itself."},
    {"True as Python writes it", TEXT("{\"version\":True}"),
        "1:12: expected a value, found \"True\"; Write true."},
    {"None as Python writes it", TEXT("{\"version\":1,\"shell\":None}"),
        "1:22: expected a value, found \"None\"; Write null."},
    {"NaN", TEXT("{\"version\":1,\"limits\":{\"memory_mb\":NaN}}"),
        "1:36: expected a value, found \"NaN\"; Write a whole number."},
    {"Infinity", TEXT("{\"version\":1,\"limits\":{\"memory_mb\":Infinity}}"),
        "1:36: expected a value, found \"Infinity\"; Write a whole number; 0 stands for no limit."},
    {"minus infinity", TEXT("{\"version\":1,\"limits\":{\"memory_mb\":-Infinity}}"),
        "1:36: expected a value, found \"-Infinity\"; Write a whole number."},
    {"a plus sign", TEXT("{\"version\":+1}"),
        "1:12: expected a value, found \"+1\"; Begin a number with a digit."},
    {"a leading zero", TEXT("{\"version\":01}"),
        "1:12: a number has no zero in front; Leave the leading zeros out."},
    {"a hexadecimal number", TEXT("{\"version\":0x1}"),
        "1:13: expected \",\" or \"}\", found \"x1\""},
    {"a point without digits", TEXT("{\"version\":1.}"),
        "1:14: expected a digit behind the point, found \"}\""},
    {"a point in front", TEXT("{\"version\":.5}"),
        "1:12: expected a value, found \".5\"; Begin a number with a digit."},
    {"an exponent without digits", TEXT("{\"version\":1e}"),
        "1:14: expected a digit of the exponent, found \"}\""},
    {"a number of many digits",
        TEXT("{\"version\":1111111111111111111111111111111111111111111111111111111111111111}"),
        "1:12: the number has more than 40 characters; Write a smaller number."},
    {"a list for the whole file", TEXT("[1]"),
        "1:1: expected an object, found a list; A policy is { \"version\": 1, ... }."},
    {"a string for the whole file", TEXT("\"version\""),
        "1:1: expected an object, found \"version\"; A policy is { \"version\": 1, ... }."},
    {"an empty object", TEXT("\n {}"),
        "2:2: the key \"version\" is missing; Begin with { \"version\": 1, ..."},
    {"no version", TEXT("{\"git\":\"commit\"}"),
        "1:1: the key \"version\" is missing; Begin with { \"version\": 1, ..."},
    {"version 2 with keys of its own", TEXT("{\"version\":2,\"galaxy\":[]}"),
        "1:12: this file is of version 2, and this Cordon reads version 1 only; Write it for "
        "version 1, or use a Cordon that knows the other."},
    {"version 2 at the end", TEXT("{\"galaxy\":[],\"version\":2}"),
        "1:24: this file is of version 2, and this Cordon reads version 1 only; Write it for "
        "version 1, or use a Cordon that knows the other."},
    {"version 0", TEXT("{\"version\":0}"),
        "1:12: this file is of version 0, and this Cordon reads version 1 only; Write it for "
        "version 1, or use a Cordon that knows the other."},
    {"a version in quotes", TEXT("{\"version\":\"1\"}"),
        "1:12: \"version\" must be 1, found \"1\"; Write it as \"version\": 1."},
    {"a version that is a fraction", TEXT("{\"version\":1.0}"),
        "1:12: \"version\" must be 1, found 1.0; Write it as \"version\": 1."},
    {"a version with an exponent", TEXT("{\"version\":1e0}"),
        "1:12: \"version\" must be 1, found 1e0; Write it as \"version\": 1."},
    {"a duplicate key", TEXT("{\"version\":1,\n \"git\":\"commit\",\n \"git\":\"locked\"}"),
        "3:2: the key \"git\" stands here for the second time (first in line 2, column 2); Keep "
        "one of the two."},
    {"a duplicate key written differently", TEXT("{\"version\":1,\"vers\\u0069on\":1}"),
        "1:14: the key \"version\" stands here for the second time (first in line 1, column 2); "
        "Keep one of the two."},
    {"a duplicate key further in",
        TEXT("{\"version\":1,\"network\":{\"mode\":\"offline\",\"mode\":\"online\"}}"),
        "1:42: the key \"mode\" stands here for the second time (first in line 1, column 25); Keep "
        "one of the two."},
    {"a duplicate variable", TEXT("{\"version\":1,\"env\":{\"set\":{\"A\":\"1\",\"A\":\"2\"}}}"),
        "1:36: the key \"A\" stands here for the second time (first in line 1, column 28); Keep "
        "one of the two."},
    {"a misspelt key", TEXT("{\"version\":1,\n  \"wirte\":[\"/a\"]}"),
        "2:3: unknown key \"wirte\"; Did you mean \"write\"?"},
    {"a key in capitals", TEXT("{\"version\":1,\"Secret\":[]}"),
        "1:14: unknown key \"Secret\"; Did you mean \"secret\"?"},
    {"a misspelt key further in", TEXT("{\"version\":1,\"limits\":{\n\"memory\":5}}"),
        "2:1: unknown key \"memory\"; Did you mean \"memory_mb\"?"},
    {"a key of nowhere", TEXT("{\"version\":1,\"colour\":5}"),
        "1:14: unknown key \"colour\"; The keys here are \"version\", \"write\", \"protect\", "
        "\"secret\", \"secret_reads\", \"git\", \"hardlinks\", \"unix_datagrams\", \"network\", \"env\", \"limits\", \"shell\", "
        "\"partial\"."},
    {"a key of nowhere further in", TEXT("{\"version\":1,\"env\":{\"colour\":5}}"),
        "1:21: unknown key \"colour\"; The keys here are \"pass\", \"drop\", \"set\"."},
    {"a key that stands further in", TEXT("{\"version\":1,\"mode\":\"online\"}"),
        "1:14: unknown key \"mode\"; \"mode\" stands within \"network\"."},
    {"a key that stands at the top", TEXT("{\"version\":1,\"env\":{\"secret\":[]}}"),
        "1:21: unknown key \"secret\"; \"secret\" stands at the top of the file."},
    {"an empty key", TEXT("{\"version\":1,\"\":5}"),
        "1:14: unknown key \"\"; The keys here are \"version\", \"write\", \"protect\", "
        "\"secret\", \"secret_reads\", \"git\", \"hardlinks\", \"unix_datagrams\", \"network\", \"env\", \"limits\", \"shell\", "
        "\"partial\"."},
    {"a key with a direction mark", TEXT("{\"version\":1,\"git\xE2\x80\xAE\":5}"),
        "1:14: unknown key \"git\\u{202E}\"; The keys here are \"version\", \"write\", "
        "\"protect\", \"secret\", \"secret_reads\", \"git\", \"hardlinks\", \"unix_datagrams\", \"network\", \"env\", \"limits\", "
        "\"shell\", \"partial\"."},
    {"a column behind wide characters",
        TEXT("{\"version\":1,\"env\":{\"set\":{\"\xE6\x97\xA5\xE6\x9C\xAC\":\"\xC3\xA9\"}},\"x\":"
             "1}"),
        "1:39: unknown key \"x\"; The keys here are \"version\", \"write\", \"protect\", "
        "\"secret\", \"secret_reads\", \"git\", \"hardlinks\", \"unix_datagrams\", \"network\", \"env\", \"limits\", \"shell\", "
        "\"partial\"."},
    {"a column behind a carriage return", TEXT("{\r\n\"version\":1,\r\n\"x\":1}"),
        "3:1: unknown key \"x\"; The keys here are \"version\", \"write\", \"protect\", "
        "\"secret\", \"secret_reads\", \"git\", \"hardlinks\", \"unix_datagrams\", \"network\", \"env\", \"limits\", \"shell\", "
        "\"partial\"."},
    {"a string for a list", TEXT("{\"version\":1,\"write\":\"/a\"}"),
        "1:22: \"write\" must be a list of paths, found \"/a\"; Write it as \"write\": "
        "[\"~/.cache/pip\"]."},
    {"null for a list", TEXT("{\"version\":1,\"secret\":null}"),
        "1:23: \"secret\" must be a list of paths, found null; Write it as \"secret\": "
        "[\"~/private\"]."},
    {"an object for a list", TEXT("{\"version\":1,\"protect\":{}}"),
        "1:24: \"protect\" must be a list of paths, found an object; Write it as \"protect\": "
        "[\".git/hooks\", \"~/src/done\"]."},
    {"a number in a list of paths", TEXT("{\"version\":1,\"write\":[\"/a\",5]}"),
        "1:28: \"write\": an entry must be a string, found 5; Write it as \"write\": "
        "[\"~/.cache/pip\"]."},
    {"a list in a list", TEXT("{\"version\":1,\"write\":[[\"/a\"]]}"),
        "1:23: \"write\": an entry must be a string, found a list; Write it as \"write\": "
        "[\"~/.cache/pip\"]."},
    {"a string for a group", TEXT("{\"version\":1,\"network\":\"online\"}"),
        "1:24: \"network\" must be an object, found \"online\"; Write it as \"network\": { "
        "\"mode\": \"offline\" }."},
    {"true for a mode", TEXT("{\"version\":1,\"network\":{\"mode\":true}}"),
        "1:32: \"network.mode\" must be \"offline\", \"limited\" or \"online\", found true; Write "
        "it as \"mode\": \"offline\"."},
    {"a misspelt mode", TEXT("{\"version\":1,\"network\":{\"mode\":\"ofline\"}}"),
        "1:32: \"network.mode\" must be \"offline\", \"limited\" or \"online\", found \"ofline\"; "
        "Did you mean \"offline\"?"},
    {"a mode in capitals", TEXT("{\"version\":1,\"network\":{\"mode\":\"Online\"}}"),
        "1:32: \"network.mode\" must be \"offline\", \"limited\" or \"online\", found \"Online\"; "
        "Did you mean \"online\"?"},
    {"a mode of nowhere", TEXT("{\"version\":1,\"network\":{\"mode\":\"lan\"}}"),
        "1:32: \"network.mode\" must be \"offline\", \"limited\" or \"online\", found \"lan\""},
    {"a misspelt switch", TEXT("{\"version\":1,\"network\":{\"switch\":\"lock\"}}"),
        "1:34: \"network.switch\" must be \"allow\", \"ask\" or \"locked\", found \"lock\"; Did "
        "you mean \"locked\"?"},
    {"a git mode of nowhere", TEXT("{\"version\":1,\"git\":\"readonly\"}"),
        "1:20: \"git\" must be \"commit\" or \"locked\", found \"readonly\""},
    {"a misspelt hardlinks", TEXT("{\"version\":1,\"hardlinks\":\"refused\"}"),
        "1:26: \"hardlinks\" must be \"refuse\" or \"record\", found \"refused\"; Did you mean "
        "\"refuse\"?"},
    {"a misspelt secret_reads", TEXT("{\"version\":1,\"secret_reads\":\"recorded\"}"),
        "1:29: \"secret_reads\" must be \"record\" or \"refuse\", found \"recorded\"; Did you mean "
        "\"record\"?"},
    {"a misspelt unix_datagrams", TEXT("{\"version\":1,\"unix_datagrams\":\"allowed\"}"),
        "1:31: \"unix_datagrams\" must be \"refuse\" or \"allow\", found \"allowed\"; Did you mean "
        "\"allow\"?"},
    {"a negative limit", TEXT("{\"version\":1,\"limits\":{\"processes\":-1}}"),
        "1:36: \"limits.processes\" must be a whole number from 0 to 4194304, found -1; Write it "
        "as \"processes\": 0."},
    {"minus zero", TEXT("{\"version\":1,\"limits\":{\"processes\":-0}}"),
        "1:36: \"limits.processes\" must be a whole number from 0 to 4194304, found -0; Write it "
        "as \"processes\": 0."},
    {"a fraction", TEXT("{\"version\":1,\"limits\":{\"memory_mb\":1.5}}"),
        "1:36: \"limits.memory_mb\" must be a whole number from 0 to 16777216, found 1.5; Write it "
        "as \"memory_mb\": 0."},
    {"an exponent", TEXT("{\"version\":1,\"limits\":{\"memory_mb\":1e3}}"),
        "1:36: \"limits.memory_mb\" must be a whole number from 0 to 16777216, found 1e3; Write it "
        "as \"memory_mb\": 0."},
    {"a limit just too large", TEXT("{\"version\":1,\"limits\":{\"cpu_percent\":102401}}"),
        "1:38: \"limits.cpu_percent\" must be a whole number from 0 to 102400, found 102401; Write "
        "it as \"cpu_percent\": 0."},
    {"a limit of 2^64", TEXT("{\"version\":1,\"limits\":{\"memory_mb\":18446744073709551616}}"),
        "1:36: \"limits.memory_mb\" must be a whole number from 0 to 16777216, found "
        "18446744073709551616; Write it as \"memory_mb\": 0."},
    {"a limit of 2^64 + 1", TEXT("{\"version\":1,\"limits\":{\"memory_mb\":18446744073709551617}}"),
        "1:36: \"limits.memory_mb\" must be a whole number from 0 to 16777216, found "
        "18446744073709551617; Write it as \"memory_mb\": 0."},
    {"a limit that a double would round",
        TEXT("{\"version\":1,\"limits\":{\"memory_mb\":9007199254740993}}"),
        "1:36: \"limits.memory_mb\" must be a whole number from 0 to 16777216, found "
        "9007199254740993; Write it as \"memory_mb\": 0."},
    {"a limit in quotes", TEXT("{\"version\":1,\"limits\":{\"memory_mb\":\"4g\"}}"),
        "1:36: \"limits.memory_mb\" must be a whole number from 0 to 16777216, found \"4g\"; Write "
        "it as \"memory_mb\": 0."},
    {"a relative root", TEXT("{\"version\":1,\"write\":[\"src\"]}"),
        "1:23: \"write\": \"src\": a relative path has no meaning here; Write the full path, or "
        "begin it with ~/."},
    {"a root from the current folder", TEXT("{\"version\":1,\"write\":[\"./src\"]}"),
        "1:23: \"write\": \"./src\": a relative path has no meaning here; Write the full path, or "
        "begin it with ~/."},
    {"an empty path", TEXT("{\"version\":1,\"secret\":[\"\"]}"),
        "1:24: \"secret\": \"\": it is empty; Write a path; \".\" is the current folder."},
    {"a pattern", TEXT("{\"version\":1,\"secret\":[\"~/.ssh/*\"]}"),
        "1:24: \"secret\": \"~/.ssh/*\": a pattern with * is not accepted for paths; Name the "
        "folder itself; a rule holds for all that is in it."},
    {"a pattern in the middle", TEXT("{\"version\":1,\"protect\":[\"a/**/b\"]}"),
        "1:25: \"protect\": \"a/**/b\": a pattern with * is not accepted for paths; Name the folder itself, or "
        "\"**/NAME\" for a name at any depth."},
    {"a secret of any depth", TEXT("{\"version\":1,\"secret\":[\"**/.env\"]}"),
        "1:24: \"secret\": \"**/.env\": a pattern with * is not accepted for paths; Name the folder itself; a rule holds "
        "for all that is in it."},
    {"any depth of an absolute path", TEXT("{\"version\":1,\"protect\":[\"**//etc\"]}"),
        "1:25: \"protect\": \"**//etc\": a pattern with * is not accepted for paths; Name the folder itself, or "
        "\"**/NAME\" for a name at any depth."},
    {"another person's home", TEXT("{\"version\":1,\"write\":[\"~eve/x\"]}"),
        "1:23: \"write\": \"~eve/x\": \"~name\" is not looked up; Write ~/ for your own home, or "
        "the folder's full path."},
    {"an unset variable", TEXT("{\"version\":1,\"write\":[\"${NOWHERE}/x\"]}"),
        "1:23: \"write\": \"${NOWHERE}/x\": the variable NOWHERE is not set, or is empty; Set the "
        "variable, or write the path out."},
    {"a variable left open", TEXT("{\"version\":1,\"write\":[\"${HOME\"]}"),
        "1:23: \"write\": \"${HOME\": \"${\" without a variable name and \"}\"; Write ${NAME}, or "
        "leave the dollar sign out."},
    {"a protected name that leads out", TEXT("{\"version\":1,\"protect\":[\"a/../../b\"]}"),
        "1:25: \"protect\": \"a/../../b\": it leads out of the folder it stands in; Leave \"..\" "
        "out."},
    {"a protected path from the current folder", TEXT("{\"version\":1,\"protect\":[\"./b\"]}"),
        "1:25: \"protect\": \"./b\": a relative path has no meaning here; Write the full path, or "
        "begin it with ~/."},
    {"a variable within a protected name", TEXT("{\"version\":1,\"protect\":[\"a/${X}\"]}"),
        "1:25: \"protect\": \"a/${X}\": a variable can only stand at the beginning of a protected "
        "path; Begin with ${NAME}, or write the name out."},
    {"a path with hidden characters", TEXT("{\"version\":1,\"write\":[\"a\\u202Eb\"]}"),
        "1:23: \"write\": \"a\\u{202E}b\": a relative path has no meaning here; Write the full "
        "path, or begin it with ~/."},
    {"an address without a port", TEXT("{\"version\":1,\"network\":{\"allow\":[\"example.org\"]}}"),
        "1:34: \"network.allow\": an address needs a port, found \"example.org\"; Write it as "
        "\"allow\": [\"packages.example.org:443\"]."},
    {"a URL for an address",
        TEXT("{\"version\":1,\"network\":{\"allow\":[\"https://example.org\"]}}"),
        "1:34: \"network.allow\": an address has no \"scheme://\", found \"https://example.org\"; "
        "Write it as \"allow\": [\"packages.example.org:443\"]."},
    {"port 0", TEXT("{\"version\":1,\"network\":{\"allow\":[\"example.org:0\"]}}"),
        "1:34: \"network.allow\": a port is a number from 1 to 65535, found \"example.org:0\"; "
        "Write it as \"allow\": [\"packages.example.org:443\"]."},
    {"port 65536", TEXT("{\"version\":1,\"network\":{\"allow\":[\"example.org:65536\"]}}"),
        "1:34: \"network.allow\": a port is a number from 1 to 65535, found \"example.org:65536\"; "
        "Write it as \"allow\": [\"packages.example.org:443\"]."},
    {"a host with a blank", TEXT("{\"version\":1,\"network\":{\"allow\":[\"exa mple.org:1\"]}}"),
        "1:34: \"network.allow\": an address begins with a host's name, its number, or [IPv6], "
        "found \"exa mple.org:1\"; Write it as \"allow\": [\"packages.example.org:443\"]."},
    {"a star for a host", TEXT("{\"version\":1,\"network\":{\"allow\":[\"*:443\"]}}"),
        "1:34: \"network.allow\": an address begins with a host's name, its number, or [IPv6], "
        "found \"*:443\"; Write it as \"allow\": [\"packages.example.org:443\"]."},
    {"an IPv6 address without brackets",
        TEXT("{\"version\":1,\"network\":{\"allow\":[\"fe80::1:443\"]}}"),
        "1:34: \"network.allow\": an address begins with a host's name, its number, or [IPv6], "
        "found \"fe80::1:443\"; Write it as \"allow\": [\"packages.example.org:443\"]."},
    {"a pattern with an equals sign", TEXT("{\"version\":1,\"env\":{\"drop\":[\"A=b\"]}}"),
        "1:29: \"env.drop\": a variable's name has no \"=\", found \"A=b\"; Write it as \"drop\": "
        "[\"MY_*\"]."},
    {"an empty pattern", TEXT("{\"version\":1,\"env\":{\"pass\":[\"\"]}}"),
        "1:29: \"env.pass\": a variable's name is not empty, found \"\"; Write it as \"pass\": "
        "[\"PATH\", \"LC_*\"]."},
    {"a variable that is a number", TEXT("{\"version\":1,\"env\":{\"set\":{\"N\":5}}}"),
        "1:32: the value of \"N\" in \"env.set\" must be a string, found 5; Put it in double "
        "quotes."},
    {"a variable of Cordon's",
        TEXT("{\"version\":1,\"env\":{\"set\":{\"CORDON_NET\":\"online\"}}}"),
        "1:28: \"env.set\": variables that begin with CORDON_ are Cordon's own, found "
        "\"CORDON_NET\"; Write it as \"set\": { \"EDITOR\": \"vi\" }."},
    {"a variable with a star", TEXT("{\"version\":1,\"env\":{\"set\":{\"A*\":\"x\"}}}"),
        "1:28: \"env.set\": a variable that is set has no \"*\" in its name, found \"A*\"; Write "
        "it as \"set\": { \"EDITOR\": \"vi\" }."},
    {"a variable without a name", TEXT("{\"version\":1,\"env\":{\"set\":{\"\":\"x\"}}}"),
        "1:28: \"env.set\": a variable's name is not empty, found \"\"; Write it as \"set\": { "
        "\"EDITOR\": \"vi\" }."},
    {"a list for env.set", TEXT("{\"version\":1,\"env\":{\"set\":[\"A=1\"]}}"),
        "1:27: \"env.set\" must be an object of variables and their values, found a list; Write it "
        "as \"set\": { \"EDITOR\": \"vi\" }."},
    {"a shell from the current folder", TEXT("{\"version\":1,\"shell\":\"./sh\"}"),
        "1:22: \"shell\" cannot be \"./sh\": a relative path has no meaning here; Write the full "
        "path, or begin it with ~/."},
    {"a shell with arguments", TEXT("{\"version\":1,\"shell\":\"bash -l\"}"),
        "1:22: \"shell\" must be \"auto\", a program's name or its full path, found \"bash -l\"; "
        "Write it as \"shell\": \"auto\"."},
    {"a misspelt part", TEXT("{\"version\":1,\"partial\":[\"landlok\"]}"),
        "1:25: \"partial\": an entry must be \"landlock\", \"procfs\", \"overlay\", \"names\", \"hardlinks\", \"unelevated\" or \"elevated\", found "
        "\"landlok\"; Did you mean \"landlock\"?"},
    {"a part of nowhere", TEXT("{\"version\":1,\"partial\":[\"everything\"]}"),
        "1:25: \"partial\": an entry must be \"landlock\", \"procfs\", \"overlay\", \"names\", \"hardlinks\", \"unelevated\" or \"elevated\", found "
        "\"everything\""},
    {"nested too deep", TEXT("{\"version\":1,\"x\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}"),
        "1:33: nested deeper than 16 levels"},
};

#define BEFORE "policy refused: p.json:"

/* The complaint about the text, or "" when it is accepted. A refused file must leave the policy as
 * it was. */
static struct str complaint(struct str text, struct str name)
{
    struct policy p, before;
    struct err e = {0};

    policy_builtin(&arena, &env, &host, &p);
    before = p;
    if (policy_read(&arena, &env, text, LAYER_USER, name, &p, &e))
        return e.kind == ERR_NONE ? STR("") : STR("accepted, and an error was left");
    if (memcmp(&p, &before, sizeof p) != 0)
        return STR("the policy was changed by a file that was refused");
    return e.kind == ERR_POLICY || e.kind == ERR_LIMIT ? err_text(&e, &arena)
                                                       : STR("an error of another kind");
}

static void check_rows(void)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str got = complaint(rows[i].text, STR("p.json"));
        struct str wanted = arena_format(&arena, BEFORE "%s", rows[i].wanted);
        CHECK_STR(got, wanted, arena_format(&arena, "refused: %s", rows[i].name).p);
    }
}

/* ---- ceilings: too long for a row ---- */

static struct str repeated(const char *before, const char *piece, size_t times, const char *after)
{
    struct buf b = {0};
    struct str all;

    buf_str(&b, str_from(before));
    for (size_t i = 0; i < times; i++)
        buf_format(&b, "%s%s", i ? "," : "", piece);
    buf_str(&b, str_from(after));
    all = arena_str(&arena, buf_view(&b));
    buf_release(&b);
    return all;
}

static struct str numbered(
    const char *before, const char *format_head, size_t times, const char *tail, const char *after)
{
    struct buf b = {0};
    struct str all;

    buf_str(&b, str_from(before));
    for (size_t i = 0; i < times; i++)
        buf_format(&b, "%s%s%u%s", i ? "," : "", format_head, (unsigned)i, tail);
    buf_str(&b, str_from(after));
    all = arena_str(&arena, buf_view(&b));
    buf_release(&b);
    return all;
}

static bool says(struct str text, const char *part)
{
    struct str got = complaint(text, STR("p.json"));
    struct str wanted = str_from(part);

    for (size_t at = 0; at + wanted.n <= got.n; at++)
        if (memcmp(got.p + at, wanted.p, wanted.n) == 0)
            return true;
    printf("# got: %.*s\n", (int)got.n, got.p);
    return false;
}

static void check_ceilings(void)
{
    struct str big = arena_format(&arena, "{\"version\":1}%*s", (int)POLICY_BYTES_MAX, "");
    CHECK(says(big, "p.json:1:1: the file is larger than 1048576 bytes"),
        "a file over the ceiling is refused");
    CHECK(complaint(str_slice(big, 0, POLICY_BYTES_MAX), STR("p.json")).n == 0,
        "a file at the ceiling is read");
    CHECK(says(repeated("{\"version\":1,\"x\":[", "1", 70000, "]}"), "more than 65536 values"),
        "too many values are refused");
    CHECK(says(numbered("{\"version\":1,\"env\":{\"set\":{", "\"V", 4097, "\":\"\"", "}}}"),
              "more than 4096 keys"),
        "too many keys are refused");
    CHECK(complaint(numbered("{\"version\":1,\"env\":{\"set\":{", "\"V", 4096, "\":\"\"", "}}}"),
              STR("p"))
                  .n == 0,
        "as many keys as the ceiling are read");
    CHECK(says(numbered("{\"version\":1,\"write\":[", "\"/r", 4097, "\"", "]}"),
              "makes the policy too long"),
        "too many rules are refused");
    CHECK(says(numbered("{\"version\":1,\"env\":{\"drop\":[", "\"V", 4097, "\"", "]}}"),
              "makes the policy too long"),
        "too long a list is refused");
    CHECK(says(repeated("{\"version\":1,\"x\":", "[[[[[[[[[[[[[[[[[[[[", 1, ""),
              "nested deeper than 16 levels"),
        "depth is refused before the end is missed");
}

static void check_file_names(void)
{
    struct str name = arena_format(&arena, "/%0900d/policy.json", 0);
    struct str got = complaint(STR("{"), name);

    CHECK(str_ends(got,
              STR("/policy.json:1:2: expected a key in double quotes, found the end of the file")),
        "a long file name loses its beginning, not line and column");
    CHECK_STR(complaint(STR("{"), STR("a\x1b[2Jb\xe2\x80\xae")),
        STR("policy refused: a\\x1B[2Jb\\u{202E}:1:2: expected a key in double quotes, found the "
            "end of the file"),
        "a file name is escaped");
}

/* ---- files as people write them ---- */

static bool read_whole(const char *folder, const char *name, const char *ending, struct str *out)
{
    char bytes[16384];
    FILE *file =
        fopen(arena_format(&arena, "%s/tests/data/policy/%s%s", folder, name, ending).p, "rb");

    if (!file)
        return false;
    *out = arena_str(&arena, (struct str){bytes, fread(bytes, 1, sizeof bytes, file)});
    fclose(file);
    return true;
}

/* The complaint, or the effective policy as a person is shown it. */
static struct str outcome(struct str text, struct str name)
{
    struct str said = complaint(text, name);
    struct policy p;
    struct err e = {0};
    struct buf out = {0};

    if (said.n)
        return said;
    policy_builtin(&arena, &env, &host, &p);
    policy_read(&arena, &env, text, LAYER_USER, name, &p, &e);
    policy_print(&out, &arena, &env, &p);
    said = arena_str(&arena, str_slice(buf_view(&out), 0, out.n - 1));
    buf_release(&out);
    return said;
}

static void check_files(void)
{
    static const char *const names[] = {"byte_order_mark", "case", "comment", "duplicate",
        "duplicate_escaped", "escaped_nul", "fraction", "good", "latin1", "misplaced", "newer",
        "pattern", "relative", "saturated", "trailing_comma", "two_policies", "typo", "url",
        "windows_lines"};
    const char *top = getenv("TOP");

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const char *name = arena_format(&arena, "file: %s.json", names[i]).p;
        struct str text, wanted, got;
        bool found = read_whole(top ? top : ".", names[i], ".json", &text) &&
                     read_whole(top ? top : ".", names[i], ".expected", &wanted);
        if (!found && !top) {
            CHECK_SKIP(name, "TOP is not set, and the data is not below the current folder");
            continue;
        }
        if (!CHECK(found, name))
            continue;
        got = outcome(text, arena_format(&arena, "%s.json", names[i]));
        CHECK_STR(got, str_slice(wanted, 0, wanted.n - 1), name);
    }
}

int main(void)
{
    check_rows();
    check_ceilings();
    check_file_names();
    check_files();
    arena_release(&arena);
    return CHECK_END();
}
