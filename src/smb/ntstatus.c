/* ntstatus.c - the one table of statuses: name, Win32 code, meaning, whose fault.
 *
 * Names and numbers: MS-ERREF 2.3.1.  Win32 codes: MS-ERREF 2.2, by the mapping that
 * Windows applies (RtlNtStatusToDosError).  Whose fault it is follows from what the
 * status says about the world: see the kinds in base/err.h.  The last comment of a row
 * says where a server gives that answer, or who met it. */
#include "smb/ntstatus.h"

#include <stdlib.h>

#include "smb/smb.h"

/* clang-format off */
static const struct smb_status_info table[] = {
	{0x00000000, "STATUS_SUCCESS", 0, "done", ERR_NONE},
	{0x00000103, "STATUS_PENDING", 997, /* MS-SMB2 3.3.4.2 */
	 "the server is still working on it", ERR_ATTEMPT},
	{0x0000010B, "STATUS_NOTIFY_CLEANUP", 745, /* MS-SMB2 3.3.5.10 */
	 "the server gave up watching a folder", ERR_ATTEMPT},
	{0x80000005, "STATUS_BUFFER_OVERFLOW", 234, /* MS-SMB2 3.3.4.4 */
	 "the server has more to say than there was room for", ERR_ATTEMPT},
	{0x80000006, "STATUS_NO_MORE_FILES", 18, /* MS-SMB2 3.3.5.18 */
	 "the folder has no more entries", ERR_ATTEMPT},
	{0x80000011, "STATUS_DEVICE_BUSY", 170, /* MS-FSA, removable disks */
	 "the disk behind the share is busy", ERR_ATTEMPT},
	{0x8000002D, "STATUS_STOPPED_ON_SYMLINK", 681, /* MS-SMB2 2.2.2.2.1 */
	 "the path leads over a symbolic link on the server; give the place it points to",
	 ERR_ADDRESS},
	{0xC0000001, "STATUS_UNSUCCESSFUL", 31, /* MS-ERREF; Samba's answer to the unforeseen */
	 "the server failed and does not say why; its log may", ERR_ATTEMPT},
	{0xC0000002, "STATUS_NOT_IMPLEMENTED", 1, /* MS-ERREF; NAS boxes */
	 "the server cannot do that", ERR_ADDRESS},
	{0xC0000003, "STATUS_INVALID_INFO_CLASS", 87, /* MS-SMB2 3.3.5.20 */
	 "the server does not know that kind of information", ERR_ATTEMPT},
	{0xC0000004, "STATUS_INFO_LENGTH_MISMATCH", 24, /* MS-SMB2 3.3.5.20 */
	 "the server found a request of the wrong length", ERR_ATTEMPT},
	{0xC0000008, "STATUS_INVALID_HANDLE", 6, /* MS-SMB2 3.3.5.15 */
	 "the server does not know the open file any more", ERR_ATTEMPT},
	{0xC000000D, "STATUS_INVALID_PARAMETER", 87, /* MS-SMB2 3.3.5.4 and all over */
	 "the server found something wrong with a request", ERR_ATTEMPT},
	{0xC000000E, "STATUS_NO_SUCH_DEVICE", 2, /* MS-ERREF */
	 "the disk behind the share is not there; see whether it is mounted", ERR_SITE},
	{0xC000000F, "STATUS_NO_SUCH_FILE", 2, /* MS-SMB2 3.3.5.18 */
	 "there is no such file", ERR_ATTEMPT},
	{0xC0000010, "STATUS_INVALID_DEVICE_REQUEST", 1, /* MS-SMB2 3.3.5.15 */
	 "the server's file system cannot do that", ERR_ADDRESS},
	{0xC0000011, "STATUS_END_OF_FILE", 38, /* MS-FSA, read */
	 "the file ends before that place", ERR_ATTEMPT},
	{0xC0000013, "STATUS_NO_MEDIA_IN_DEVICE", 21, /* MS-FSA, removable disks */
	 "there is no medium in the drive behind the share", ERR_SITE},
	{0xC0000015, "STATUS_NONEXISTENT_SECTOR", 27, /* MS-ERREF */
	 "the disk behind the share is damaged; check it", ERR_SITE},
	{0xC0000016, "STATUS_MORE_PROCESSING_REQUIRED", 234, /* MS-SMB2 3.3.5.5.3 */
	 "the log-on is not finished", ERR_ATTEMPT},
	{0xC0000017, "STATUS_NO_MEMORY", 8, /* MS-ERREF */
	 "the server is out of memory", ERR_ATTEMPT},
	{0xC0000022, "STATUS_ACCESS_DENIED", 5, /* MS-SMB2 3.3.5.7, 3.3.5.9 */
	 "the account has no right to do that; check the rights on the share (is it read "
	 "only?) and on the folder behind it", ERR_ADDRESS},
	{0xC0000023, "STATUS_BUFFER_TOO_SMALL", 122, /* MS-SMB2 3.3.5.20 */
	 "the server has more to say than there was room for", ERR_ATTEMPT},
	{0xC0000024, "STATUS_OBJECT_TYPE_MISMATCH", 6, /* MS-ERREF */
	 "something of another kind has that name", ERR_SITE},
	{0xC0000032, "STATUS_DISK_CORRUPT_ERROR", 1393, /* MS-FSA */
	 "the file system behind the share is damaged; check the disk", ERR_SITE},
	{0xC0000033, "STATUS_OBJECT_NAME_INVALID", 123, /* MS-SMB2 3.3.5.9; MS-FSA, open */
	 "the server does not take that file name", ERR_REQUEST},
	{0xC0000034, "STATUS_OBJECT_NAME_NOT_FOUND", 2, /* MS-SMB2 3.3.5.9 */
	 "there is no file or folder of that name", ERR_ATTEMPT},
	{0xC0000035, "STATUS_OBJECT_NAME_COLLISION", 183, /* MS-FSA, open and rename */
	 "something of that name is there already; see what it is and move it away",
	 ERR_SITE},
	{0xC0000039, "STATUS_OBJECT_PATH_INVALID", 161, /* MS-FSA, open */
	 "the server does not take that path", ERR_REQUEST},
	{0xC000003A, "STATUS_OBJECT_PATH_NOT_FOUND", 3, /* MS-FSA, open */
	 "a folder on the way to that name is not there", ERR_ATTEMPT},
	{0xC000003B, "STATUS_OBJECT_PATH_SYNTAX_BAD", 161, /* MS-SMB2 3.3.5.9; Samba */
	 "the server does not take that path", ERR_REQUEST},
	{0xC000003E, "STATUS_DATA_ERROR", 23, /* MS-ERREF */
	 "the disk behind the share cannot be read; check it", ERR_SITE},
	{0xC000003F, "STATUS_CRC_ERROR", 23, /* MS-ERREF */
	 "the disk behind the share cannot be read; check it", ERR_SITE},
	{0xC0000043, "STATUS_SHARING_VIOLATION", 32, /* MS-FSA, open */
	 "somebody there has the file open", ERR_ATTEMPT},
	{0xC0000044, "STATUS_QUOTA_EXCEEDED", 1816, /* MS-FSA, write; Samba for EDQUOT */
	 "the quota of the account on the share is used up; raise it or delete there",
	 ERR_SITE},
	{0xC000004F, "STATUS_EAS_NOT_SUPPORTED", 282, /* MS-SMB2 3.3.5.9 */
	 "the server's file system has no extended attributes", ERR_ADDRESS},
	{0xC0000054, "STATUS_FILE_LOCK_CONFLICT", 33, /* MS-FSA, write */
	 "somebody there has locked part of the file", ERR_ATTEMPT},
	{0xC0000055, "STATUS_LOCK_NOT_GRANTED", 33, /* MS-FSA, lock */
	 "somebody there has locked part of the file", ERR_ATTEMPT},
	{0xC0000056, "STATUS_DELETE_PENDING", 5, /* MS-FSA, open */
	 "the file is being deleted but somebody there still has it open", ERR_ATTEMPT},
	{0xC000005E, "STATUS_NO_LOGON_SERVERS", 1311, /* MS-SMB2 3.3.5.5.3 */
	 "the server reaches no domain controller to check the account", ERR_ADDRESS},
	{0xC000005F, "STATUS_NO_SUCH_LOGON_SESSION", 1312, /* MS-ERREF */
	 "the server has lost the log-on", ERR_ATTEMPT},
	{0xC0000061, "STATUS_PRIVILEGE_NOT_HELD", 1314, /* MS-FSA, open */
	 "the account lacks a privilege for that", ERR_ADDRESS},
	{0xC0000062, "STATUS_INVALID_ACCOUNT_NAME", 1315, /* MS-ERREF */
	 "the account's name is malformed; write DOMAIN\\user, user@REALM or user",
	 ERR_ADDRESS},
	{0xC0000064, "STATUS_NO_SUCH_USER", 1317, /* MS-ERREF */
	 "the server knows no such account", ERR_ADDRESS},
	{0xC000006A, "STATUS_WRONG_PASSWORD", 86, /* MS-ERREF */
	 "the password is wrong", ERR_ADDRESS},
	{0xC000006C, "STATUS_PASSWORD_RESTRICTION", 1325, /* MS-ERREF */
	 "the password does not meet the server's rules", ERR_ADDRESS},
	{0xC000006D, "STATUS_LOGON_FAILURE", 1326, /* MS-SMB2 3.3.5.5.3 */
	 "the account or the password is wrong; check both, and the domain in front of "
	 "the account", ERR_ADDRESS},
	{0xC000006E, "STATUS_ACCOUNT_RESTRICTION", 1327, /* MS-ERREF */
	 "a restriction keeps the account from logging on; an empty password is one",
	 ERR_ADDRESS},
	{0xC000006F, "STATUS_INVALID_LOGON_HOURS", 1328, /* MS-ERREF */
	 "the account may not log on at this hour; see its logon hours", ERR_ADDRESS},
	{0xC0000070, "STATUS_INVALID_WORKSTATION", 1329, /* MS-ERREF */
	 "the account may not log on from this computer; see its list of workstations",
	 ERR_ADDRESS},
	{0xC0000071, "STATUS_PASSWORD_EXPIRED", 1330, /* MS-ERREF */
	 "the account's password has expired; set a new one", ERR_ADDRESS},
	{0xC0000072, "STATUS_ACCOUNT_DISABLED", 1331, /* MS-ERREF */
	 "the account is disabled; enable it", ERR_ADDRESS},
	{0xC000007E, "STATUS_RANGE_NOT_LOCKED", 158, /* MS-FSA, unlock */
	 "that part of the file is not locked", ERR_ATTEMPT},
	{0xC000007F, "STATUS_DISK_FULL", 112, /* MS-FSA, write */
	 "the disk behind the share is full; make room there", ERR_SITE},
	{0xC0000098, "STATUS_FILE_INVALID", 1006, /* MS-FSA */
	 "the file changed under its opener on the server", ERR_ATTEMPT},
	{0xC000009A, "STATUS_INSUFFICIENT_RESOURCES", 1450, /* MS-SMB2 3.3.5.9 and all over */
	 "the server is short of memory or handles", ERR_ATTEMPT},
	{0xC000009C, "STATUS_DEVICE_DATA_ERROR", 23, /* MS-ERREF */
	 "the disk behind the share cannot be read; check it", ERR_SITE},
	{0xC000009D, "STATUS_DEVICE_NOT_CONNECTED", 1167, /* MS-ERREF */
	 "the disk behind the share is not connected", ERR_SITE},
	{0xC000009E, "STATUS_DEVICE_POWER_FAILURE", 21, /* MS-ERREF */
	 "the disk behind the share has no power", ERR_SITE},
	{0xC00000A2, "STATUS_MEDIA_WRITE_PROTECTED", 19, /* MS-FSA, open; read-only mounts */
	 "the disk behind the share is write-protected; mount it for writing", ERR_SITE},
	{0xC00000A3, "STATUS_DEVICE_NOT_READY", 21, /* MS-ERREF */
	 "the disk behind the share is not ready", ERR_SITE},
	{0xC00000B5, "STATUS_IO_TIMEOUT", 121, /* MS-SMB2 3.3.5.9; Samba for ETIMEDOUT */
	 "the server took too long", ERR_ATTEMPT},
	{0xC00000BA, "STATUS_FILE_IS_A_DIRECTORY", 5, /* MS-FSA, open */
	 "a folder stands where a file is needed; move it away", ERR_SITE},
	{0xC00000BB, "STATUS_NOT_SUPPORTED", 50, /* MS-SMB2 3.3.5.4 */
	 "the server does not support that", ERR_ADDRESS},
	{0xC00000BC, "STATUS_REMOTE_NOT_LISTENING", 51, /* MS-ERREF */
	 "the server is not listening", ERR_ADDRESS},
	{0xC00000BD, "STATUS_DUPLICATE_NAME", 52, /* MS-ERREF; OptionalNames missing */
	 "the server does not answer to that name; use its own name, or allow the alias "
	 "there", ERR_ADDRESS},
	{0xC00000BE, "STATUS_BAD_NETWORK_PATH", 53, /* MS-ERREF */
	 "the server's name leads nowhere", ERR_ADDRESS},
	{0xC00000BF, "STATUS_NETWORK_BUSY", 54, /* MS-ERREF */
	 "the server's network is busy", ERR_ATTEMPT},
	{0xC00000C0, "STATUS_DEVICE_DOES_NOT_EXIST", 55, /* MS-ERREF */
	 "what the share stands for is not there any more", ERR_ADDRESS},
	{0xC00000C1, "STATUS_TOO_MANY_COMMANDS", 56, /* MS-ERREF */
	 "the server has too much to do", ERR_ATTEMPT},
	{0xC00000C3, "STATUS_INVALID_NETWORK_RESPONSE", 58, /* MS-SMB2 3.2.5.1 */
	 "the server's answer makes no sense", ERR_ATTEMPT},
	{0xC00000C4, "STATUS_UNEXPECTED_NETWORK_ERROR", 59, /* MS-ERREF */
	 "the line to the server broke", ERR_ATTEMPT},
	{0xC00000C5, "STATUS_BAD_REMOTE_ADAPTER", 60, /* MS-ERREF */
	 "the server's network adapter does not suit", ERR_ADDRESS},
	{0xC00000C9, "STATUS_NETWORK_NAME_DELETED", 64, /* MS-SMB2 3.3.5.2.11 */
	 "the server has dropped the connection to the share; it may have been taken away "
	 "or the server restarted", ERR_ATTEMPT},
	{0xC00000CA, "STATUS_NETWORK_ACCESS_DENIED", 65, /* MS-ERREF */
	 "the account may not use this server over the network", ERR_ADDRESS},
	{0xC00000CB, "STATUS_BAD_DEVICE_TYPE", 66, /* MS-SMB2 3.3.5.7 */
	 "that share is a printer or a pipe, no place for files", ERR_ADDRESS},
	{0xC00000CC, "STATUS_BAD_NETWORK_NAME", 67, /* MS-SMB2 3.3.5.7 */
	 "there is no share of that name on the server; check the share's name",
	 ERR_ADDRESS},
	{0xC00000CD, "STATUS_TOO_MANY_NAMES", 68, /* MS-ERREF */
	 "the server has no room for another name", ERR_ATTEMPT},
	{0xC00000CE, "STATUS_TOO_MANY_SESSIONS", 69, /* MS-ERREF */
	 "the server has too many sessions", ERR_ATTEMPT},
	{0xC00000CF, "STATUS_SHARING_PAUSED", 70, /* MS-ERREF */
	 "sharing is paused on the server; resume it", ERR_ADDRESS},
	{0xC00000D0, "STATUS_REQUEST_NOT_ACCEPTED", 71, /* MS-SMB2 3.3.5.7; Windows clients: 20 */
	 "the server or the share takes no more connections; see its user limit",
	 ERR_ATTEMPT},
	{0xC00000D4, "STATUS_NOT_SAME_DEVICE", 17, /* MS-FSA, rename; Samba for EXDEV */
	 "the name leads to another disk, whither nothing can be renamed; keep the staging "
	 "folder and the target on one disk", ERR_SITE},
	{0xC00000D5, "STATUS_FILE_RENAMED", 5, /* MS-ERREF */
	 "somebody has renamed the file", ERR_ATTEMPT},
	{0xC00000E5, "STATUS_INTERNAL_ERROR", 1359, /* MS-ERREF */
	 "the server failed inside; its log may say why", ERR_ATTEMPT},
	{0xC0000101, "STATUS_DIRECTORY_NOT_EMPTY", 145, /* MS-FSA, delete */
	 "the folder is not empty", ERR_ATTEMPT},
	{0xC0000102, "STATUS_FILE_CORRUPT_ERROR", 1392, /* MS-FSA */
	 "the file or folder is damaged on the server's disk; check the disk", ERR_SITE},
	{0xC0000103, "STATUS_NOT_A_DIRECTORY", 267, /* MS-FSA, open */
	 "a file stands where a folder is needed; move it away", ERR_SITE},
	{0xC0000106, "STATUS_NAME_TOO_LONG", 206, /* MS-ERREF; Samba for ENAMETOOLONG */
	 "the path is too long for the server; shorten names or put it less deep",
	 ERR_REQUEST},
	{0xC000011F, "STATUS_TOO_MANY_OPENED_FILES", 4, /* MS-SMB2 3.3.5.9 */
	 "the server has no room for another open file", ERR_ATTEMPT},
	{0xC0000120, "STATUS_CANCELLED", 995, /* MS-SMB2 3.3.5.16 */
	 "the server has cancelled it", ERR_ATTEMPT},
	{0xC0000121, "STATUS_CANNOT_DELETE", 5, /* MS-FSA, set disposition */
	 "the file is read-only or a running program there uses it", ERR_ATTEMPT},
	{0xC0000122, "STATUS_INVALID_COMPUTER_NAME", 1210, /* MS-ERREF */
	 "the server does not take a computer's name", ERR_ADDRESS},
	{0xC0000123, "STATUS_FILE_DELETED", 5, /* MS-FSA */
	 "the file was deleted meanwhile", ERR_ATTEMPT},
	{0xC0000128, "STATUS_FILE_CLOSED", 6, /* MS-SMB2 3.3.5.12 and all over */
	 "the server has closed the file; it may have restarted", ERR_ATTEMPT},
	{0xC0000133, "STATUS_TIME_DIFFERENCE_AT_DC", 1398, /* MS-ERREF; Kerberos */
	 "the clocks of the server and its domain controller differ; set them",
	 ERR_ADDRESS},
	{0xC000013B, "STATUS_LOCAL_DISCONNECT", 64, /* MS-ERREF */
	 "the connection was ended", ERR_ATTEMPT},
	{0xC000013C, "STATUS_REMOTE_DISCONNECT", 64, /* MS-ERREF */
	 "the server has ended the connection", ERR_ATTEMPT},
	{0xC000013D, "STATUS_REMOTE_RESOURCES", 51, /* MS-ERREF */
	 "the server is short of resources", ERR_ATTEMPT},
	{0xC000013E, "STATUS_LINK_FAILED", 59, /* MS-ERREF */
	 "the line to the server broke", ERR_ATTEMPT},
	{0xC000013F, "STATUS_LINK_TIMEOUT", 59, /* MS-ERREF */
	 "the line to the server went silent", ERR_ATTEMPT},
	{0xC000015B, "STATUS_LOGON_TYPE_NOT_GRANTED", 1385, /* MS-ERREF */
	 "the account may not log on to that computer over the network; grant it \"Access "
	 "this computer from the network\"", ERR_ADDRESS},
	{0xC000016A, "STATUS_DISK_OPERATION_FAILED", 1127, /* MS-ERREF */
	 "the disk behind the share fails; check it", ERR_SITE},
	{0xC0000185, "STATUS_IO_DEVICE_ERROR", 1117, /* MS-ERREF; Samba for EIO */
	 "the disk behind the share fails; check it", ERR_SITE},
	{0xC0000188, "STATUS_LOG_FILE_FULL", 1502, /* MS-ERREF */
	 "a log on the server is full", ERR_SITE},
	{0xC000018A, "STATUS_NO_TRUST_LSA_SECRET", 1786, /* MS-ERREF */
	 "the server is no proper member of its domain; join it again", ERR_ADDRESS},
	{0xC000018B, "STATUS_NO_TRUST_SAM_ACCOUNT", 1787, /* MS-ERREF */
	 "the server's account in its domain is missing; join it again", ERR_ADDRESS},
	{0xC000018C, "STATUS_TRUSTED_DOMAIN_FAILURE", 1788, /* MS-ERREF */
	 "the trust between the server's domain and the account's is broken", ERR_ADDRESS},
	{0xC000018D, "STATUS_TRUSTED_RELATIONSHIP_FAILURE", 1789, /* MS-ERREF */
	 "the trust between the server and its domain is broken; join it again",
	 ERR_ADDRESS},
	{0xC0000192, "STATUS_NETLOGON_NOT_STARTED", 1792, /* MS-ERREF */
	 "the server's Netlogon service is not running", ERR_ADDRESS},
	{0xC0000193, "STATUS_ACCOUNT_EXPIRED", 1793, /* MS-ERREF */
	 "the account has expired; extend it", ERR_ADDRESS},
	{0xC0000198, "STATUS_NOLOGON_INTERDOMAIN_TRUST_ACCOUNT", 1807, /* MS-ERREF */
	 "that is the account of a domain trust; use a user's", ERR_ADDRESS},
	{0xC0000199, "STATUS_NOLOGON_WORKSTATION_TRUST_ACCOUNT", 1808, /* MS-ERREF */
	 "that is the account of a computer; use a user's", ERR_ADDRESS},
	{0xC000019B, "STATUS_DOMAIN_TRUST_INCONSISTENT", 1810, /* MS-ERREF */
	 "the server's domain is not the one it trusts", ERR_ADDRESS},
	{0xC0000203, "STATUS_USER_SESSION_DELETED", 59, /* MS-SMB2 3.3.5.2.9 */
	 "the server has dropped the session; it may have restarted", ERR_ATTEMPT},
	{0xC0000205, "STATUS_INSUFF_SERVER_RESOURCES", 1130, /* MS-ERREF; IRPStackSize */
	 "the server is short of memory", ERR_ATTEMPT},
	{0xC0000206, "STATUS_INVALID_BUFFER_SIZE", 1784, /* MS-ERREF */
	 "the server does not take a request of that size", ERR_ATTEMPT},
	{0xC000020C, "STATUS_CONNECTION_DISCONNECTED", 64, /* MS-ERREF */
	 "the connection to the server was ended", ERR_ATTEMPT},
	{0xC000020D, "STATUS_CONNECTION_RESET", 64, /* MS-ERREF */
	 "the server has reset the connection", ERR_ATTEMPT},
	{0xC000020E, "STATUS_TOO_MANY_NODES", 68, /* MS-ERREF */
	 "the server has too many connections", ERR_ATTEMPT},
	{0xC0000224, "STATUS_PASSWORD_MUST_CHANGE", 1907, /* MS-ERREF */
	 "the account must change its password before it can log on; change it",
	 ERR_ADDRESS},
	{0xC0000225, "STATUS_NOT_FOUND", 1168, /* MS-ERREF */
	 "the server does not find what was asked for", ERR_ATTEMPT},
	{0xC0000233, "STATUS_DOMAIN_CONTROLLER_NOT_FOUND", 1908, /* MS-ERREF */
	 "the server finds no domain controller to check the account", ERR_ADDRESS},
	{0xC0000234, "STATUS_ACCOUNT_LOCKED_OUT", 1909, /* MS-ERREF */
	 "the account is locked after too many wrong passwords; unlock it and check the "
	 "password here", ERR_ADDRESS},
	{0xC0000236, "STATUS_CONNECTION_REFUSED", 1225, /* MS-ERREF */
	 "the server refuses the connection", ERR_ADDRESS},
	{0xC0000237, "STATUS_GRACEFUL_DISCONNECT", 1226, /* MS-ERREF */
	 "the server has ended the connection", ERR_ATTEMPT},
	{0xC000023C, "STATUS_NETWORK_UNREACHABLE", 1231, /* MS-ERREF */
	 "no way leads to the server's network", ERR_ADDRESS},
	{0xC000023D, "STATUS_HOST_UNREACHABLE", 1232, /* MS-ERREF */
	 "no way leads to the server", ERR_ADDRESS},
	{0xC0000240, "STATUS_REQUEST_ABORTED", 1235, /* MS-ERREF */
	 "the server has broken off", ERR_ATTEMPT},
	{0xC0000241, "STATUS_CONNECTION_ABORTED", 1236, /* MS-ERREF */
	 "the connection was broken off", ERR_ATTEMPT},
	{0xC0000246, "STATUS_CONNECTION_COUNT_LIMIT", 1238, /* MS-ERREF */
	 "the server takes no more connections of this account", ERR_ATTEMPT},
	{0xC0000247, "STATUS_LOGIN_TIME_RESTRICTION", 1239, /* MS-ERREF */
	 "the account may not log on at this hour; see its logon hours", ERR_ADDRESS},
	{0xC0000248, "STATUS_LOGIN_WKSTA_RESTRICTION", 1240, /* MS-ERREF */
	 "the account may not log on from this computer; see its list of workstations",
	 ERR_ADDRESS},
	{0xC0000257, "STATUS_PATH_NOT_COVERED", 1232, /* MS-SMB2 3.3.5.9; MS-DFSC 3.1.5.1 */
	 "this is a DFS link, which leads to another server; give that server and share as "
	 "the address", ERR_ADDRESS},
	{0xC0000259, "STATUS_LICENSE_QUOTA_EXCEEDED", 1395, /* MS-ERREF */
	 "the server has no licence left for another connection", ERR_ATTEMPT},
	{0xC0000267, "STATUS_FILE_IS_OFFLINE", 4350, /* MS-FSA; tape and cloud tiers */
	 "the file is away on slow storage and is not brought back", ERR_SITE},
	{0xC000026E, "STATUS_VOLUME_DISMOUNTED", 21, /* MS-FSA, all */
	 "the disk behind the share was dismounted", ERR_SITE},
	{0xC0000275, "STATUS_NOT_A_REPARSE_POINT", 4390, /* MS-FSA */
	 "that is no link", ERR_ATTEMPT},
	{0xC0000279, "STATUS_IO_REPARSE_TAG_NOT_HANDLED", 1920, /* MS-FSA, open */
	 "the path leads over a link that the server cannot follow", ERR_ADDRESS},
	{0xC00002FE, "STATUS_SHUTDOWN_IN_PROGRESS", 1115, /* MS-ERREF */
	 "the server is shutting down", ERR_ATTEMPT},
	{0xC000035C, "STATUS_NETWORK_SESSION_EXPIRED", 1394, /* MS-SMB2 3.3.5.2.9 */
	 "the session has expired, as Kerberos tickets do; a new log-on helps",
	 ERR_ATTEMPT},
	{0xC0000388, "STATUS_DOWNGRADE_DETECTED", 1265, /* MS-ERREF */
	 "the server could not check the account safely; see its way to the domain "
	 "controller", ERR_ADDRESS},
	{0xC0000413, "STATUS_AUTHENTICATION_FIREWALL_FAILED", 1935, /* MS-ERREF */
	 "the server does not let accounts of that domain in (selective authentication); "
	 "grant \"Allowed to authenticate\"", ERR_ADDRESS},
	{0xC0000418, "STATUS_NTLM_BLOCKED", 1937, /* MS-ERREF */
	 "the server does not allow NTLM; use Kerberos (auth = kerberos)", ERR_ADDRESS},
	{0xC0000427, "STATUS_FILE_SYSTEM_LIMITATION", 665, /* MS-FSA, write */
	 "the file system behind the share is at one of its limits; a heavily fragmented "
	 "file is one", ERR_SITE},
	/* The next three have no Win32 code of their own; 59 says the same broadly. */
	{0xC0000466, "STATUS_SERVER_UNAVAILABLE", 59, /* MS-SMB2 3.3.5.5; clusters */
	 "the server is moving to another node of its cluster", ERR_ATTEMPT},
	{0xC0000467, "STATUS_FILE_NOT_AVAILABLE", 59, /* MS-SMB2 3.3.5.2.10; clusters */
	 "the file is held for another connection to it", ERR_ATTEMPT},
	{0xC0000480, "STATUS_SHARE_UNAVAILABLE", 59, /* MS-SMB2 3.3.5.7; clusters */
	 "the share is not available just now", ERR_ATTEMPT},
	{0xC0000802, "STATUS_DISK_QUOTA_EXCEEDED", 1295, /* MS-ERREF; NTFS */
	 "the quota of the account on the disk is used up; raise it or delete there",
	 ERR_SITE},
	{0xC0000904, "STATUS_FILE_TOO_LARGE", 223, /* MS-ERREF; FAT32: 4 GiB */
	 "the file is too large for the file system behind the share", ERR_REQUEST},
	{0xC0000906, "STATUS_VIRUS_INFECTED", 225, /* MS-ERREF; scanners on the server */
	 "the server's virus scanner refuses the file; look into the file and the "
	 "scanner's log", ERR_REQUEST},
	{0xC0000907, "STATUS_VIRUS_DELETED", 226, /* MS-ERREF; scanners on the server */
	 "the server's virus scanner has deleted the file; look into the file and the "
	 "scanner's log", ERR_REQUEST},
};
/* clang-format on */

/* Not in the table: nobody knows whether it would work next time, so try. */
static const struct smb_status_info unknown = {
    0xFFFFFFFF, "unknown status", 59 /* ERROR_UNEXP_NET_ERR */,
    "the server gave a status that this program does not know", ERR_ATTEMPT};

static int
compare(const void *key, const void *row)
{
	uint32_t a = *(const uint32_t *)key;
	uint32_t b = ((const struct smb_status_info *)row)->ntstatus;

	return a < b ? -1 : a > b;
}

const struct smb_status_info *
smb_status(uint32_t ntstatus)
{
	const struct smb_status_info *found =
	    bsearch(&ntstatus, table, COUNT(table), sizeof(table[0]), compare);

	return found ? found : &unknown;
}

size_t
ntstatus_count(void)
{
	return COUNT(table);
}

const struct smb_status_info *
ntstatus_row(size_t i)
{
	return &table[i];
}
