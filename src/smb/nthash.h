/* nthash.h - the NT hash of a password (MS-NLMP 3.3.1, NTOWFv1), as hex.  Any thread.
 * gss-ntlmssp takes a password, too, but 1.2 (Debian 12) then loses 6 KB a log-on. */
#ifndef SMB_NTHASH_H
#define SMB_NTHASH_H

#include "base/attr.h"
#include "base/err.h"

enum { NTHASH_HEX_ROOM = 33 };

/* Wipe *hex after use: it is as good as the password.  -1: ERR_ADDRESS: the password is
 * not UTF-8, or OpenSSL has no MD4 (its legacy provider is not there). */
int nthash_hex(const char *password, char hex[NTHASH_HEX_ROOM], struct err *e) MUST_USE;

#endif
