/* fault_login.h - the server's side of a log-on: SPNEGO around NTLMv2, by GSSAPI.
 * gss-ntlmssp plays the domain controller: it looks accounts up in a file. */
#ifndef TEST_FAULT_LOGIN_H
#define TEST_FAULT_LOGIN_H

#include <stddef.h>
#include <stdint.h>

struct fault_login;

/* The one account there is: FAULT_ACCOUNT with FAULT_PASSWORD.  Once per program,
 * before its first thread. */
#define FAULT_ACCOUNT  "CORP\\smssend"
#define FAULT_PASSWORD "a password, not a secret"
void fault_login_prepare(void);
void fault_login_cleanup(void);

struct fault_login *fault_login_new(void);
void fault_login_free(struct fault_login *l);

/* One leg.  *out is borrowed until the next.  1: logged on, *key and *key_len are set;
 * 0: another leg; -1: refused. */
int fault_login_step(struct fault_login *l, const uint8_t *in, size_t in_len,
		     const uint8_t **out, size_t *out_len);

enum { FAULT_KEY_BYTES = 16 };
void fault_login_key(struct fault_login *l, uint8_t key[FAULT_KEY_BYTES]);

#endif
