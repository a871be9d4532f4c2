/* ntstatus.h - the statuses that the engine itself looks at (MS-ERREF 2.3.1).
 * Pure.  Macros, since C17 has no enumeration of 32 unsigned bits.  What each means is
 * in ntstatus.c. */
#ifndef SMB_NTSTATUS_H
#define SMB_NTSTATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NT_SUCCESS                  UINT32_C(0x00000000)
#define NT_PENDING                  UINT32_C(0x00000103)
#define NT_NOTIFY_CLEANUP           UINT32_C(0x0000010B)
#define NT_BUFFER_OVERFLOW          UINT32_C(0x80000005)
#define NT_NO_MORE_FILES            UINT32_C(0x80000006)
#define NT_INVALID_INFO_CLASS       UINT32_C(0xC0000003)
#define NT_INVALID_HANDLE           UINT32_C(0xC0000008)
#define NT_INVALID_PARAMETER        UINT32_C(0xC000000D)
#define NT_NO_SUCH_FILE             UINT32_C(0xC000000F)
#define NT_INVALID_DEVICE_REQUEST   UINT32_C(0xC0000010)
#define NT_END_OF_FILE              UINT32_C(0xC0000011)
#define NT_MORE_PROCESSING_REQUIRED UINT32_C(0xC0000016)
#define NT_ACCESS_DENIED            UINT32_C(0xC0000022)
#define NT_OBJECT_NAME_INVALID      UINT32_C(0xC0000033)
#define NT_OBJECT_NAME_NOT_FOUND    UINT32_C(0xC0000034)
#define NT_OBJECT_NAME_COLLISION    UINT32_C(0xC0000035)
#define NT_OBJECT_PATH_NOT_FOUND    UINT32_C(0xC000003A)
#define NT_SHARING_VIOLATION        UINT32_C(0xC0000043)
#define NT_DELETE_PENDING           UINT32_C(0xC0000056)
#define NT_LOGON_FAILURE            UINT32_C(0xC000006D)
#define NT_DISK_FULL                UINT32_C(0xC000007F)
#define NT_INSUFFICIENT_RESOURCES   UINT32_C(0xC000009A)
#define NT_IO_TIMEOUT               UINT32_C(0xC00000B5)
#define NT_FILE_IS_A_DIRECTORY      UINT32_C(0xC00000BA)
#define NT_NOT_SUPPORTED            UINT32_C(0xC00000BB)
#define NT_NETWORK_NAME_DELETED     UINT32_C(0xC00000C9)
#define NT_BAD_NETWORK_NAME         UINT32_C(0xC00000CC)
#define NT_REQUEST_NOT_ACCEPTED     UINT32_C(0xC00000D0)
#define NT_INTERNAL_ERROR           UINT32_C(0xC00000E5)
#define NT_DIRECTORY_NOT_EMPTY      UINT32_C(0xC0000101)
#define NT_NOT_A_DIRECTORY          UINT32_C(0xC0000103)
#define NT_CANCELLED                UINT32_C(0xC0000120)
#define NT_CANNOT_DELETE            UINT32_C(0xC0000121)
#define NT_FILE_DELETED             UINT32_C(0xC0000123)
#define NT_FILE_CLOSED              UINT32_C(0xC0000128)
#define NT_USER_SESSION_DELETED     UINT32_C(0xC0000203)
#define NT_PATH_NOT_COVERED         UINT32_C(0xC0000257)
#define NT_NETWORK_SESSION_EXPIRED  UINT32_C(0xC000035C)

static inline bool
status_is_ok(uint32_t status)
{
	return status < 0x80000000U; /* success and informational, MS-ERREF 2.3 */
}

struct smb_status_info;

/* The table, row by row, for tests and lists; i < ntstatus_count(). */
size_t ntstatus_count(void);
const struct smb_status_info *ntstatus_row(size_t i);

#endif
