#include "fault_login.h"

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "smb/gss.h"
#include "smb/nthash.h"

/* clang says it its own way */
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define LEAKS_ARE_SOUGHT
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define LEAKS_ARE_SOUGHT
#endif

/* The acceptor of gss-ntlmssp 1.2 keeps a credential of each log-on for ever.  What it
 * takes is not what these tests look for. */
#ifdef LEAKS_ARE_SOUGHT
#include <sanitizer/lsan_interface.h>
#define KEPT_BEGIN() __lsan_disable()
#define KEPT_END()   __lsan_enable()
#else
#define KEPT_BEGIN() (void)0
#define KEPT_END()   (void)0
#endif

struct fault_login {
	gss_cred_id_t cred;
	gss_ctx_id_t context;
	gss_buffer_desc token;
};

static char users[64];

/* As smbpasswd(5): account, id, LM hash, NT hash.  Not the password itself: of each
 * that it hashes, gss-ntlmssp 1.2 keeps an OpenSSL context for ever, and with OpenSSL
 * 3.5 a process has thread keys for 340 of them. */
void
fault_login_prepare(void)
{
	char line[128], hash[NTHASH_HEX_ROOM];
	struct err e;
	int fd, len;

	(void)snprintf(users, sizeof(users), "/tmp/lansender-fault-XXXXXX");
	if (nthash_hex(FAULT_PASSWORD, hash, &e) < 0)
		abort();
	len = snprintf(line, sizeof(line), "CORP\\smssend:0:%032d:%s:\n", 0, hash);
	fd = mkstemp(users);
	if (fd < 0 || write(fd, line, (size_t)len) != len || close(fd) < 0 ||
	    setenv("NTLM_USER_FILE", users, 1) < 0)
		abort();
}

void
fault_login_cleanup(void)
{
	(void)unlink(users);
}

struct fault_login *
fault_login_new(void)
{
	struct fault_login *l = mem_zero(1, sizeof(*l));
	gss_OID_set_desc ntlm = {1, gss_ntlm()}; /* as it comes: ADR 0004 */
	OM_uint32 minor;

	KEPT_BEGIN();
	if (gss_acquire_cred(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &ntlm,
			     GSS_C_ACCEPT, &l->cred, NULL, NULL) != GSS_S_COMPLETE)
		abort(); /* gss-ntlmssp is not installed */
	KEPT_END();
	return l;
}

void
fault_login_free(struct fault_login *l)
{
	OM_uint32 minor;

	if (!l)
		return;
	(void)gss_delete_sec_context(&minor, &l->context, GSS_C_NO_BUFFER);
	(void)gss_release_buffer(&minor, &l->token);
	(void)gss_release_cred(&minor, &l->cred);
	mem_free(l);
}

int
fault_login_step(struct fault_login *l, const uint8_t *in, size_t in_len,
		 const uint8_t **out, size_t *out_len)
{
	/* GSSAPI's buffers are not const */
	gss_buffer_desc input = {in_len, mem_alloc(in_len + 1)};
	OM_uint32 minor, ignored;

	memcpy(input.value, in, in_len);

	(void)gss_release_buffer(&ignored, &l->token);
	KEPT_BEGIN();
	OM_uint32 major = gss_accept_sec_context(&minor, &l->context, l->cred, &input,
						 GSS_C_NO_CHANNEL_BINDINGS, NULL, NULL,
						 &l->token, NULL, NULL, NULL);

	KEPT_END();
	mem_free(input.value);
	*out = l->token.value;
	*out_len = l->token.length;
	if (GSS_ERROR(major))
		return -1;
	return major == GSS_S_COMPLETE;
}

void
fault_login_key(struct fault_login *l, uint8_t key[FAULT_KEY_BYTES])
{
	/* GSS_C_INQ_SSPI_SESSION_KEY, 1.2.840.113554.1.2.2.5.5 */
	static char oid[] = "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x05\x05";
	gss_OID_desc which = {sizeof(oid) - 1, oid};
	gss_buffer_set_t set = GSS_C_NO_BUFFER_SET;
	OM_uint32 minor;

	if (gss_inquire_sec_context_by_oid(&minor, l->context, &which, &set) !=
		GSS_S_COMPLETE ||
	    set->count == 0 || set->elements[0].length != FAULT_KEY_BYTES)
		abort();
	memcpy(key, set->elements[0].value, FAULT_KEY_BYTES);
	(void)gss_release_buffer_set(&minor, &set);
}
