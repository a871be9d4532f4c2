/* anonymous.h - the two tokens of a log-on as nobody.  For auth.c alone.  Pure.
 * GSSAPI's NTLM (gss-ntlmssp 1.2) has no anonymous initiator; and these bytes are
 * always the same. */
#ifndef SMB_ANONYMOUS_H
#define SMB_ANONYMOUS_H

#include <stddef.h>
#include <stdint.h>

/* leg 0: to begin with; leg 1: after the server's challenge.  Static. */
const uint8_t *anonymous_token(unsigned leg, size_t *len);

#endif
