/* kdc.h - which KDC Kerberos asks for an account, for messages: MIT's library says that
 * none answers, but not which.  Any thread. */
#ifndef SMB_KDC_H
#define SMB_KDC_H

#include "base/str.h"

/* Adds "realm CORP.TEST: 10.88.0.1 10.88.0.2 (krb5.conf)", or what name DNS is asked
 * for, or that krb5.conf forbids that.  principal: "user@REALM" or "user", which is of
 * krb5.conf's default realm; NULL: that one.  Reads krb5.conf and asks nobody. */
void kdc_add(struct str *out, const char *principal);

#endif
