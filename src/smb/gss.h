/* gss.h - mechanisms, and what GSSAPI says becomes a struct err.  For login*.c. */
#ifndef SMB_GSS_H
#define SMB_GSS_H

#include <gssapi/gssapi.h>

#include "base/err.h"

/* Object identifiers, static: SPNEGO (RFC 4178), Kerberos 5 (RFC 4121), NTLM (MS-NLMP
 * 1.9).  Not const, because GSSAPI's types are not. */
gss_OID gss_spnego(void);
gss_OID gss_kerberos(void);
gss_OID gss_ntlm(void);

/* What the mechanism said, by its number where the number is its own, else by its
 * words.  `what` begins the text.  Returns -1. */
int gss_failed(struct err *e, OM_uint32 major, OM_uint32 minor, gss_OID mech,
	       const char *what);

#endif
