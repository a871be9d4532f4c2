/* anonymous.c - see anonymous.h. */
#include "smb/anonymous.h"

/* clang-format off */

/* NegTokenInit (RFC 4178 4.2.1) with NTLM alone, around a NEGOTIATE_MESSAGE (MS-NLMP
 * 2.2.1.1). */
static const uint8_t first[] = {
	0x60, 0x40, 0x06, 0x06, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x02, /* SPNEGO */
	0xa0, 0x36, 0x30, 0x34,
	0xa0, 0x0e, 0x30, 0x0c, 0x06, 0x0a, /* mechTypes: NTLM */
	0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x02, 0x0a,
	0xa2, 0x22, 0x04, 0x20, /* mechToken */
	'N', 'T', 'L', 'M', 'S', 'S', 'P', 0, 1, 0, 0, 0,
	/* extended session security, always sign, NTLM, request target, Unicode */
	0x05, 0x82, 0x08, 0x00,
	0, 0, 0, 0, 0, 0, 0, 0, /* no domain */
	0, 0, 0, 0, 0, 0, 0, 0, /* no workstation */
};

enum { BODY = 64 }; /* where the AUTHENTICATE_MESSAGE's fields end and data begins */

/* NegTokenResp around an AUTHENTICATE_MESSAGE (MS-NLMP 2.2.1.3) of nobody: 3.1.5.1.2, "no
 * user name": an LM response of one zero byte, all else empty, flag ANONYMOUS. */
static const uint8_t second[] = {
	0xa1, 0x47, 0x30, 0x45, 0xa2, 0x43, 0x04, 0x41,
	'N', 'T', 'L', 'M', 'S', 'S', 'P', 0, 3, 0, 0, 0,
	1, 0, 1, 0, BODY, 0, 0, 0,     /* LM response */
	0, 0, 0, 0, BODY + 1, 0, 0, 0, /* NT response */
	0, 0, 0, 0, BODY, 0, 0, 0,     /* domain */
	0, 0, 0, 0, BODY, 0, 0, 0,     /* user */
	0, 0, 0, 0, BODY, 0, 0, 0,     /* workstation */
	0, 0, 0, 0, BODY + 1, 0, 0, 0, /* session key */
	0x05, 0x8a, 0x08, 0x00,        /* as above, and anonymous */
	0,
};

/* clang-format on */

const uint8_t *
anonymous_token(unsigned leg, size_t *len)
{
	*len = leg == 0 ? sizeof(first) : sizeof(second);
	return leg == 0 ? first : second;
}
