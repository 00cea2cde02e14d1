/*
 * errors: the table, and how it is read. Numbers and names are of winerror.h, lmerr.h and ntstatus.h; what they mean here is
 * what people met, with the remedy that helped.
 */
#include "errors.h"

#define REPAIR   "cordon repair puts it right; it asks for an administrator once"
#define FILES    "see whether another program holds it, and try again"
#define REPORT   "please report it, with what cordon doctor --json prints"
#define ADMIN    "ask whoever manages this machine; Cordon needs it allowed for its own two accounts alone"
#define RESTART  "restart Windows, then cordon repair"
#define CRYPTO   "cordon repair makes new passwords; nothing else depends on the old ones"
#define SECLOGON "in an administrator's terminal: sc config seclogon start= demand"
#define BFE      "in an administrator's terminal: sc start BFE, then sc start MpsSvc; a security product may have switched them off"

#define LOGONS   (STAGE_LOGON | STAGE_CREDENTIAL)
#define STARTS   (STAGE_START | STAGE_LOGON)

static const struct error_row rows[] = {
    /* ---- Win32 ---- */
    {0, STAGE_ANY, "none", "the call failed and left no code",
        "under Wine that is what happens; on Windows " REPORT},
    {1, STAGE_ACL, "ERROR_INVALID_FUNCTION", "this file system keeps no access control lists",
        "use a folder on an NTFS or ReFS volume of this machine"},
    {1, STAGE_ANY, "ERROR_INVALID_FUNCTION", "the system does not do this",
        "on Windows 10 1809 or later " REPORT},
    {2, STARTS, "ERROR_FILE_NOT_FOUND", "the program is not there, or the account cannot see it",
        "if it is Cordon's own, cordon repair copies it again; else name it by its full path"},
    {2, STAGE_ANY, "ERROR_FILE_NOT_FOUND", "it is not there", "if it is Cordon's own, " REPAIR},
    {3, STAGE_ANY, "ERROR_PATH_NOT_FOUND", "a folder on the way is not there",
        "look at the path; if it is Cordon's own, " REPAIR},
    {5, STAGE_LOGON, "ERROR_ACCESS_DENIED", "the account may not run cordon-runner, or the caller may not log on another",
        "Store packages and session 0 cannot; else " REPAIR},
    {5, STAGE_START, "ERROR_ACCESS_DENIED",
        "the sandbox account may not run this program: a Store package, or in a profile that is not shared",
        "use a build from outside the Store, or add a read grant for its folder"},
    {5, STAGE_ACL, "ERROR_ACCESS_DENIED", "you may not change who may do what here (no WRITE_DAC: the owner is somebody else)",
        "cordon repair takes it over as an administrator; without that it stays read-only inside"},
    {5, STAGE_ANY, "ERROR_ACCESS_DENIED", "the system refused it",
        "if cordon setup said this, start it from an administrator's account"},
    {6, STAGE_ANY, "ERROR_INVALID_HANDLE", "a handle that is none", REPORT},
    {8, STAGE_ANY, "ERROR_NOT_ENOUGH_MEMORY", "no memory", "close programs; a desktop heap that is used up looks like this too"},
    {13, STAGE_CREDENTIAL, "ERROR_INVALID_DATA", "the kept passwords are damaged, or are somebody else's", CRYPTO},
    {13, STAGE_ANY, "ERROR_INVALID_DATA", "what was read is no whole data", REPAIR},
    {19, STAGE_ANY, "ERROR_WRITE_PROTECT", "the volume is write-protected", "use another volume"},
    {32, STAGE_ANY, "ERROR_SHARING_VIOLATION", "another program holds it open", FILES},
    {33, STAGE_ANY, "ERROR_LOCK_VIOLATION", "another program has it locked", FILES},
    {50, STAGE_ACL, "ERROR_NOT_SUPPORTED", "this file system keeps no access control lists",
        "use a folder on an NTFS or ReFS volume of this machine"},
    {50, STAGE_ANY, "ERROR_NOT_SUPPORTED", "the system does not offer it", "Windows 10 1809 or later is needed; Wine is not enough"},
    {53, STAGE_ANY, "ERROR_BAD_NETPATH", "that network place is not reachable", "work in a folder of this machine"},
    {80, STAGE_ANY, "ERROR_FILE_EXISTS", "something of that name is there", "it is not touched; look what it is"},
    {87, STAGE_TOKEN, "ERROR_INVALID_PARAMETER", "no restricted token can be made from this one: Cordon runs inside another sandbox already",
        "open it from an ordinary terminal"},
    {87, STAGE_ACL, "ERROR_INVALID_PARAMETER", "the volume does not take this access control list (FAT, a virtual or a cloud drive)",
        "use a folder on an NTFS or ReFS volume of this machine"},
    {87, STAGE_ANY, "ERROR_INVALID_PARAMETER", "the system did not take an argument of Cordon's", REPORT},
    {110, STAGE_FILE, "ERROR_OPEN_FAILED", "the file could not be opened", FILES},
    {112, STAGE_ANY, "ERROR_DISK_FULL", "the volume is full", "make room and begin again: what was begun is taken up"},
    {120, STAGE_ANY, "ERROR_CALL_NOT_IMPLEMENTED", "this system does not have that call (Wine says so)",
        "Cordon enforces nothing under Wine; use it on Windows, or natively on Linux"},
    {122, STAGE_ANY, "ERROR_INSUFFICIENT_BUFFER", "a bound of Cordon's was met", REPORT},
    {126, STAGE_ANY, "ERROR_MOD_NOT_FOUND", "a library of the system is not there", "Windows 10 1809 or later is needed"},
    {127, STAGE_ANY, "ERROR_PROC_NOT_FOUND", "this system does not have that call", "Windows 10 1809 or later is needed; Wine is not enough"},
    {145, STAGE_ANY, "ERROR_DIR_NOT_EMPTY", "something is still in that folder", "look what lies in it; what is not needed can be removed by hand"},
    {183, STAGE_ANY, "ERROR_ALREADY_EXISTS", "something of that name is there", "it is not touched; look what it is"},
    {193, STAGE_ANY, "ERROR_BAD_EXE_FORMAT", "it is no program for this machine", "look at what it is: a script needs its shell named"},
    {206, STAGE_ANY, "ERROR_FILENAME_EXCED_RANGE", "the command line or a name is too long",
        "32767 characters are the most for a program, 8191 for cmd; hand the rest over in a file"},
    {225, STAGE_ANY, "ERROR_VIRUS_INFECTED", "an antivirus program refuses it", "compare its checksum with the release's; then allow it there"},
    {267, STARTS, "ERROR_DIRECTORY", "the sandbox account cannot enter the working directory (mapped, SUBST and network drives exist for you alone)",
        "work in a folder on a local drive, by its own path"},
    {267, STAGE_ANY, "ERROR_DIRECTORY", "that is no folder", "look at the path"},
    {535, STAGE_ANY, "ERROR_PIPE_CONNECTED", "the other end was there already", "nothing is to be done"},
    {577, STAGE_ANY, "ERROR_INVALID_IMAGE_HASH", "application control refuses a program without a known signature", ADMIN},
    {740, STAGE_ANY, "ERROR_ELEVATION_REQUIRED", "the program wants an administrator, and inside there is none",
        "run it outside; if it is Cordon's own, its manifest is lost: unpack it again"},
    {997, STAGE_ANY, "ERROR_IO_PENDING", "it is under way", "nothing is to be done"},
    {1056, STAGE_ANY, "ERROR_SERVICE_ALREADY_RUNNING", "the secondary logon service was just being started",
        "try again in a moment"},
    {1058, STAGE_NETWORK, "ERROR_SERVICE_DISABLED", "the filtering or the firewall service is switched off", BFE},
    {1058, STAGE_ANY, "ERROR_SERVICE_DISABLED", "the secondary logon service is switched off", SECLOGON},
    {1060, STAGE_ANY, "ERROR_SERVICE_DOES_NOT_EXIST", "a service of Windows is not installed", "a trimmed Windows lacks it; use a full one"},
    {1062, STAGE_ANY, "ERROR_SERVICE_NOT_ACTIVE", "the service is not running", BFE},
    {1068, STAGE_ANY, "ERROR_SERVICE_DEPENDENCY_FAIL", "a service that it needs did not start", BFE},
    {1072, STAGE_ANY, "ERROR_SERVICE_MARKED_FOR_DELETE", "the service is being removed", RESTART},
    {1073, STAGE_ANY, "ERROR_SERVICE_EXISTS", "a service of that name is there", "it is not touched; look whose it is"},
    {1115, STAGE_ANY, "ERROR_SHUTDOWN_IN_PROGRESS", "Windows is shutting down", "begin again afterwards: what was begun is taken up"},
    {1168, STAGE_ANY, "ERROR_NOT_FOUND", "the account's profile is entered wrongly in the list of profiles (a .bak beside it)",
        "cordon repair removes the broken entry and makes the profile again"},
    {1223, STAGE_ANY, "ERROR_CANCELLED", "you said no to the administrator's prompt: nothing was changed",
        "cordon setup asks again; without it the tier is partial"},
    {1260, STAGE_ANY, "ERROR_ACCESS_DISABLED_BY_POLICY", "a policy of this machine (AppLocker, software restriction) refuses the program",
        "ask whoever manages it to allow cordon.exe, cordon-runner.exe and cordon-setup.exe in Program Files"},
    {1300, STAGE_ANY, "ERROR_NOT_ALL_ASSIGNED", "the caller does not hold a privilege that is needed", "start it as an administrator"},
    {1307, STAGE_ANY, "ERROR_INVALID_OWNER", "the caller may not give it that owner", REPAIR},
    {1311, LOGONS, "ERROR_NO_LOGON_SERVERS", "Windows looked for the account in a domain", REPORT},
    {1312, STARTS, "ERROR_NO_SUCH_LOGON_SESSION", "the logon could not be finished: the program is a Store package, or the account is damaged",
        "use a program from outside the Store; else " REPAIR},
    {1312, STAGE_ANY, "ERROR_NO_SUCH_LOGON_SESSION", "the logon session is gone", "sign in again"},
    {1313, STAGE_ANY, "ERROR_NO_SUCH_PRIVILEGE", "the system does not know that right", REPORT},
    {1314, STAGE_ANY, "ERROR_PRIVILEGE_NOT_HELD", "the caller does not hold a privilege that is needed", "start it as an administrator"},
    {1315, STAGE_ANY, "ERROR_INVALID_ACCOUNT_NAME", "the system does not take that account name", "choose another, of at most 20 letters"},
    {1317, STAGE_ANY, "ERROR_NO_SUCH_USER", "the account is gone", REPAIR},
    {1319, STAGE_ANY, "ERROR_NO_SUCH_GROUP", "the group is gone", REPAIR},
    {1325, STAGE_ANY, "ERROR_PASSWORD_RESTRICTION",
        "the password policy refused a new password (its history, or its least age when it was changed today)",
        "try tomorrow, or have the least password age lifted for local accounts"},
    {1326, STAGE_ANY, "ERROR_LOGON_FAILURE", "the password kept for the account is not its password",
        "cordon repair sets a new one; it is not tried again by itself, since that would lock the account"},
    {1327, STAGE_ANY, "ERROR_ACCOUNT_RESTRICTION", "a policy restricts this account (hours, machines, empty passwords)", ADMIN},
    {1328, STAGE_ANY, "ERROR_INVALID_LOGON_HOURS", "the account may not log on at this hour", ADMIN},
    {1329, STAGE_ANY, "ERROR_INVALID_WORKSTATION", "the account may not log on at this machine", ADMIN},
    {1330, STAGE_ANY, "ERROR_PASSWORD_EXPIRED", "the account's password has expired", "cordon repair sets a new one, which does not expire"},
    {1331, STAGE_ANY, "ERROR_ACCOUNT_DISABLED", "the account is disabled: setup was not finished, or somebody disabled it",
        "cordon repair verifies the network block and then enables it; enabling it by hand would leave that out"},
    {1332, STAGE_ANY, "ERROR_NONE_MAPPED", "an account or group of that name or number is not there", REPAIR},
    {1336, STAGE_ANY, "ERROR_INVALID_ACL", "the access control list there is damaged", "mend it with icacls, then :reapply"},
    {1337, STAGE_ANY, "ERROR_INVALID_SID", "a SID that is none", REPORT},
    {1338, STAGE_ANY, "ERROR_INVALID_SECURITY_DESCR", "the descriptor there is damaged", "mend it with icacls, then :reapply"},
    {1344, STAGE_TOKEN, "ERROR_ALLOTTED_SPACE_EXCEEDED", "too many writable roots: their SIDs do not fit into the token's default DACL",
        "name fewer, larger roots"},
    {1344, STAGE_ANY, "ERROR_ALLOTTED_SPACE_EXCEEDED", "the access control list there is full", "remove entries of unknown accounts: :reapply removes Cordon's own"},
    {1376, STAGE_ANY, "ERROR_NO_SUCH_ALIAS", "the group is gone", REPAIR},
    {1377, STAGE_ANY, "ERROR_MEMBER_NOT_IN_ALIAS", "the account is not in the group", "nothing is to be done"},
    {1378, STAGE_ANY, "ERROR_MEMBER_IN_ALIAS", "the account is in the group already", "nothing is to be done"},
    {1379, STAGE_ANY, "ERROR_ALIAS_EXISTS", "a group of that name is there", "if it is not Cordon's, choose another name: cordon setup --group NAME"},
    {1385, STAGE_ANY, "ERROR_LOGON_TYPE_NOT_GRANTED", "a policy of this machine does not let local accounts log on here (a domain controller, a hardened policy)",
        "ask for the right 'Allow log on locally' for Cordon's group, and that no deny names it"},
    {1387, STAGE_ANY, "ERROR_NO_SUCH_MEMBER", "the account that a group was to take, or to let go, is not there", REPAIR},
    {1388, STAGE_ANY, "ERROR_INVALID_MEMBER", "a group cannot take an account of that kind", REPORT},
    {1450, STAGE_ANY, "ERROR_NO_SYSTEM_RESOURCES", "the system has no room left (desktop heap, handles)", "close terminals of Cordon's, or sign out and in"},
    {1455, STAGE_ANY, "ERROR_COMMITMENT_LIMIT", "no memory: the paging file is too small", "close programs"},
    {1717, STAGE_ANY, "RPC_S_UNKNOWN_IF", "the service there does not know the call", BFE},
    {1722, STAGE_ANY, "RPC_S_SERVER_UNAVAILABLE", "the service that does this is not running", BFE},
    {1723, STAGE_ANY, "RPC_S_SERVER_TOO_BUSY", "the service that does this is busy", "try again in a moment"},
    {1726, STAGE_ANY, "RPC_S_CALL_FAILED", "the service ended during the call", BFE},
    {1753, STAGE_ANY, "EPT_S_NOT_REGISTERED", "the service that does this is not running", BFE},
    {1764, STAGE_ANY, "RPC_S_CANNOT_SUPPORT", "this system does not do that (Wine says so)",
        "Cordon enforces nothing under Wine; use it on Windows, or natively on Linux"},
    {1783, STAGE_ANY, "RPC_X_BAD_STUB_DATA", "the service did not take an argument of Cordon's", REPORT},
    {1793, STAGE_ANY, "ERROR_ACCOUNT_EXPIRED", "the account has expired", "cordon repair makes it last"},
    {1816, STAGE_ANY, "ERROR_NOT_ENOUGH_QUOTA", "a limit of the job was met", "raise limits in the policy, or run less at once"},
    {1907, STAGE_ANY, "ERROR_PASSWORD_MUST_CHANGE", "somebody set the account to change its password at the next logon", "cordon repair sets a new one, which does not expire"},
    {1909, STAGE_ANY, "ERROR_ACCOUNT_LOCKED_OUT", "too many failed logons have locked the account", "wait until the lock is over, or cordon repair, which unlocks it; trying again makes it longer"},
    {1920, STAGE_ANY, "ERROR_CANT_ACCESS_FILE", "that is an execution alias of a Store package, or a cloud file that is not here", "name the program itself; have the file kept on this device"},
    {1936, STAGE_ANY, "ERROR_CONTEXT_EXPIRED", "the logon has expired", "sign in again"},
    /* ---- NERR: local accounts and groups ---- */
    {2202, STAGE_ANY, "NERR_BadUsername", "the system does not take that account name", "choose another, of at most 20 letters: cordon setup --offline NAME"},
    {2220, STAGE_ANY, "NERR_GroupNotFound", "the group is gone", REPAIR},
    {2221, STAGE_ANY, "NERR_UserNotFound", "the account is gone", REPAIR},
    {2223, STAGE_ANY, "NERR_GroupExists", "a group of that name is there", "if it is not Cordon's, choose another name: cordon setup --group NAME"},
    {2224, STAGE_ANY, "NERR_UserExists", "an account of that name is there", "if it is not Cordon's, choose another name: cordon setup --offline NAME --online NAME"},
    {2226, STAGE_ANY, "NERR_NotPrimary", "a domain controller has no local accounts", "use Cordon on a member or a single machine"},
    {2236, STAGE_ANY, "NERR_UserInGroup", "the account is in the group already", "nothing is to be done"},
    {2237, STAGE_ANY, "NERR_UserNotInGroup", "the account is not in the group", "nothing is to be done"},
    {2242, STAGE_ANY, "NERR_PasswordExpired", "the account's password has expired", REPAIR},
    {2245, STAGE_ANY, "NERR_PasswordTooShort", "the password policy wants more than Cordon's 48 characters of four kinds, or has its history or least age in the way",
        "have the policy looked at; a password that was set today may have to wait until tomorrow"},
    {2351, STAGE_ANY, "NERR_InvalidComputer", "the system does not know its own name", RESTART},
    {2452, STAGE_ANY, "NERR_LastAdmin", "it is the last administrator", "that is no account of Cordon's: " REPORT},
    {5015, STAGE_ANY, "ERROR_RESOURCE_NOT_FOUND", "what was to be read is not there", REPAIR},
    /* ---- event log ---- */
    {15007, STAGE_ANY, "ERROR_EVT_CHANNEL_NOT_FOUND", "that log does not exist on this machine", "denials are then evaluated, not confirmed"},
    /* ---- COM and security, HRESULT ---- */
    {0x80004001, STAGE_ANY, "E_NOTIMPL", "this system does not do that (Wine says so)", "Cordon enforces nothing under Wine; use it on Windows, or natively on Linux"},
    {0x80004002, STAGE_ANY, "E_NOINTERFACE", "the firewall here cannot hold a rule for one account", "Windows 10 1809 or later is needed; Wine is not enough"},
    {0x80010106, STAGE_ANY, "RPC_E_CHANGED_MODE", "COM was begun already in this thread", "nothing is to be done"},
    {0x80040154, STAGE_ANY, "REGDB_E_CLASSNOTREG", "the firewall's interface is not installed", "a trimmed Windows lacks it; use a full one"},
    {0x80090005, STAGE_ANY, "NTE_BAD_DATA", "the kept passwords are damaged", CRYPTO},
    {0x8009000B, STAGE_ANY, "NTE_BAD_KEY_STATE", "the kept passwords cannot be decrypted any more (a reset sign-in password, a restored image)", CRYPTO},
    {0x80090016, STAGE_ANY, "NTE_BAD_KEYSET", "the keys for the kept passwords are gone", CRYPTO},
    {0x8009030E, STAGE_ANY, "SEC_E_NO_CREDENTIALS", "the account has no loaded profile, so that TLS of Windows has no keys",
        "cordon repair makes the profile whole; git -c http.sslBackend=openssl works without"},
    {0xD000000D, STAGE_ANY, "HRESULT of STATUS_INVALID_PARAMETER", "the firewall did not take an address as it was written", REPORT},
    /* ---- the filtering platform ---- */
    {0x80320003, STAGE_ANY, "FWP_E_FILTER_NOT_FOUND", "a filter of Cordon's is gone", REPAIR},
    {0x80320005, STAGE_ANY, "FWP_E_PROVIDER_NOT_FOUND", "Cordon's entry among the providers of filters is gone", REPAIR},
    {0x80320007, STAGE_ANY, "FWP_E_SUBLAYER_NOT_FOUND", "the sublayer of Cordon's filters is gone", REPAIR},
    {0x80320008, STAGE_ANY, "FWP_E_NOT_FOUND", "it is not there", REPAIR},
    {0x80320009, STAGE_ANY, "FWP_E_ALREADY_EXISTS", "one of that key is there already", "cordon repair compares it and makes it again"},
    {0x8032000A, STAGE_ANY, "FWP_E_IN_USE", "something still stands on it", "another person's Cordon uses it on this machine: it stays for them"},
    {0x8032000D, STAGE_ANY, "FWP_E_NO_TXN_IN_PROGRESS", "the change was ended before it was complete", REPAIR},
    {0x8032000E, STAGE_ANY, "FWP_E_TXN_IN_PROGRESS", "another change is under way", "try again in a moment"},
    {0x8032000F, STAGE_ANY, "FWP_E_TXN_ABORTED", "the change was ended because it took long", "try again in a moment"},
    {0x80320010, STAGE_ANY, "FWP_E_SESSION_ABORTED", "the filtering service ended the session", BFE},
    {0x80320012, STAGE_ANY, "FWP_E_TIMEOUT", "another program holds the filtering service", "try again in a moment; a security product may be at it"},
    {0x80320013, STAGE_ANY, "FWP_E_NET_EVENTS_DISABLED", "events of refused connections are switched off", "the connection is refused all the same, and not recorded"},
    {0x80320014, STAGE_ANY, "FWP_E_INCOMPATIBLE_LAYER", "a filter's condition does not belong to its layer", REPORT},
    {0x80320016, STAGE_ANY, "FWP_E_LIFETIME_MISMATCH", "a filter that lasts stands on one that does not", REPAIR},
    {0x80320017, STAGE_ANY, "FWP_E_BUILTIN_OBJECT", "that is Windows' own and is not changed", REPORT},
    {0x80320026, STAGE_ANY, "FWP_E_MATCH_TYPE_MISMATCH", "a filter's condition is of the wrong kind", REPORT},
    {0x80320027, STAGE_ANY, "FWP_E_TYPE_MISMATCH", "a filter's value is of the wrong kind", REPORT},
    {0x80320028, STAGE_ANY, "FWP_E_OUT_OF_BOUNDS", "a filter's value is out of its bounds", REPORT},
    {0x8032002A, STAGE_ANY, "FWP_E_DUPLICATE_CONDITION", "a filter's alternatives were not taken", REPORT},
    {0x80320033, STAGE_ANY, "FWP_E_NEVER_MATCH", "a filter that could never match was refused", REPORT},
    {0x80320035, STAGE_ANY, "FWP_E_INVALID_PARAMETER", "the filtering service did not take an argument", REPORT},
    {0x80320036, STAGE_ANY, "FWP_E_TOO_MANY_SUBLAYERS", "there are too many sublayers of filters on this machine", "remove what other products left, then cordon repair"},
    /* ---- NTSTATUS: what programs end with, and what the native calls answer ---- */
    {0x80000100, STAGE_ANY, "EXCEPTION_WINE_STUB", "Wine does not have that call", "Cordon enforces nothing under Wine; use it on Windows, or natively on Linux"},
    {0xC0000005, STAGE_ANY, "STATUS_ACCESS_VIOLATION", "the program crashed", "that is its own; try it outside"},
    {0xC0000017, STAGE_ANY, "STATUS_NO_MEMORY", "no memory", "close programs, or raise limits.memory_mb in the policy"},
    {0xC0000022, STARTS, "STATUS_ACCESS_DENIED", "the sandbox account cannot read the program, or a library that it needs",
        "add a read grant for its folder; if it is Cordon's own, " REPAIR},
    {0xC0000022, STAGE_ANY, "STATUS_ACCESS_DENIED", "the system refused it", "start it as an administrator"},
    {0xC0000034, STAGE_ANY, "STATUS_OBJECT_NAME_NOT_FOUND", "it is not there", REPAIR},
    {0xC0000135, STAGE_ANY, "STATUS_DLL_NOT_FOUND", "a library that the program needs is not found inside", "add a read grant for its folder, and have it in PATH"},
    {0xC0000139, STAGE_ANY, "STATUS_ENTRYPOINT_NOT_FOUND", "a library is older than the program", "look which one PATH finds first"},
    {0xC000013A, STAGE_ANY, "STATUS_CONTROL_C_EXIT", "it was ended by Ctrl-C", "nothing is to be done"},
    {0xC0000142, STAGE_LOGON, "STATUS_DLL_INIT_FAILED",
        "the runner could not begin as the sandbox's account: this is session 0 (a service, a remote shell, a hosted machine), or its desktop heap is used up",
        "open Cordon in the session of a user who is signed in at a desktop, and close other terminals of Cordon's; without setup it runs as you"},
    {0xC0000142, STAGE_ANY, "STATUS_DLL_INIT_FAILED",
        "the program could not begin: no right on the window station (session 0, a service, a remote shell), or the desktop heap is used up",
        "open Cordon from a desktop session; close other terminals of Cordon's"},
    {0xC000015B, STAGE_ANY, "STATUS_LOGON_TYPE_NOT_GRANTED", "a policy of this machine does not let local accounts log on here",
        "ask for the right 'Allow log on locally' for Cordon's group, and that no deny names it"},
    {0xC0000409, STAGE_ANY, "STATUS_STACK_BUFFER_OVERRUN", "the program ended itself (fail fast)", "that is its own; try it outside"},
    {0xC0000428, STAGE_ANY, "STATUS_INVALID_IMAGE_HASH", "application control refuses a program without a known signature", ADMIN},
    {0xC000050B, STAGE_ANY, "STATUS_REPARSE_POINT_ENCOUNTERED", "a junction or link is on the way, and is not followed", "name the folder by its own path"},
};

const struct error_row *errors_list(size_t *count)
{
    *count = COUNT_OF(rows);
    return rows;
}

/* Statuses that LSA and the SAM give, and what Win32 calls them (RtlNtStatusToDosError). */
static const struct {
    uint32_t status, code;
} same[] = {{0xC000000D, 87}, {0xC0000008, 6}, {0xC0000043, 32}, {0xC000005E, 1311}, {0xC0000060, 1313}, {0xC0000061, 1314},
    {0xC0000062, 1315}, {0xC0000064, 1317}, {0xC0000066, 1319}, {0xC000006A, 1326}, {0xC000006C, 1325}, {0xC000006D, 1326},
    {0xC000006E, 1327}, {0xC000006F, 1328}, {0xC0000070, 1329}, {0xC0000071, 1330}, {0xC0000072, 1331}, {0xC0000073, 1332},
    {0xC0000077, 1336}, {0xC0000078, 1337}, {0xC0000079, 1338}, {0xC0000099, 1344}, {0xC0000151, 1376}, {0xC0000152, 1377},
    {0xC0000153, 1378}, {0xC0000154, 1379}, {0xC0000193, 1793}, {0xC0000224, 1907}, {0xC0000234, 1909}};

uint32_t error_unwrap(uint32_t code)
{
    if (code >> 16 == 0x8007) /* HRESULT_FROM_WIN32 */
        return code & 0xffff;
    if (code >> 28 == 0xD && code != 0xD000000D) /* HRESULT_FROM_NT: one that the firewall gives has a row of its own */
        code &= ~0x10000000u;
    for (size_t i = 0; i < COUNT_OF(same); i++)
        if (same[i].status == code)
            return same[i].code;
    return code;
}

const struct error_row *error_find(uint32_t code, enum error_stage stage)
{
    code = error_unwrap(code);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (rows[i].code == code && (rows[i].stages & (unsigned)stage))
            return &rows[i];
    return NULL;
}

const struct error_row *error_of_end(long code)
{
    uint32_t status = (uint32_t)(unsigned long)code;

    return status >> 28 == 0xC && status != 0xC000013A ? error_find(status, STAGE_START) : NULL; /* Ctrl-C is no news */
}

bool error_may_retry(uint32_t code, unsigned tries)
{
    return error_unwrap(code) == 1056 && tries == 1;
}

static const char *error_stage_name(enum error_stage stage)
{
    static const char *const names[] = {"setup", "account", "credential", "logon", "start", "token", "acl", "network", "audit",
        "service", "file"};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if ((unsigned)stage == 1u << i)
            return names[i];
    return "any";
}

bool err_windows(struct err *e, uint32_t code, enum error_stage stage)
{
    const struct error_row *row = error_find(code, stage);

    if (e->code)
        return false;
    e->code = (long)code;
    if (!row) {
        err_reason(e, "Windows answers %lu (0x%08lx), which Cordon knows nothing about at %s", (unsigned long)code, (unsigned long)code,
            error_stage_name(stage));
        return err_remedy(e, "cordon doctor looks at the whole; please report the number");
    }
    if (code > 0xffff)
        err_reason(e, "%s (0x%08lx)", row->cause, (unsigned long)code);
    else
        err_reason(e, "%s (%lu)", row->cause, (unsigned long)code);
    return err_remedy(e, "%s", row->remedy);
}
