#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "config/build.h"

enum {
	DIALECT_300 = 0x0300, /* MS-SMB2 2.2.3: the oldest that encrypts */
};

/* Sets *e and says where: the line of `key`, or the section when it is not there. */
static int
misfit(const struct section *s, const char *key, struct err *e, const char *text)
{
	err_set(e, ERR_INPUT, 0, "%s", text);
	return section_error(s, section_line(s, key), e);
}

static bool
has(const struct section *s, const char *key)
{
	return section_line(s, key) != NULL;
}

static bool
fits_dir(const char *key)
{
	static const char *const names[] = {"type", "path",  "schedule", "zone",
					    "rate", "speed", "budget",   "pulse"};

	for (size_t i = 0; i < COUNT(names); i++)
		if (str_eq(key, names[i]))
			return true;
	return false;
}

static bool
leads_into_staging(const char *path)
{
	static const char staging[] = "/.lansender";
	const char *at = path;

	while ((at = strstr(at, staging)) != NULL) {
		at += strlen(staging);
		if (*at == '/' || *at == '\0')
			return true;
	}
	return false;
}

static int
check_dir(const struct section *s, const struct config_address *a, struct err *e)
{
	for (size_t i = 0; i < s->count; i++) {
		const char *name = s->lines[i].key->name;

		if (!fits_dir(name))
			return misfit(
			    s, name, e,
			    "means nothing with type = dir, which takes a path, and "
			    "schedule and limits: leave it out");
	}
	if (!a->path)
		return misfit(s, "path", e,
			      "type = dir needs the folder: add path = /media/courier");
	if (leads_into_staging(a->path))
		return misfit(s, "path", e,
			      ".lansender is where packages are staged, and is cleared "
			      "now and then: name another folder");
	return 0;
}

static int
check_lan(const struct section *s, const struct config_address *a, struct err *e)
{
	if (a->path)
		return misfit(
		    s, "path", e,
		    "is for type = dir; a share is named by server and share: "
		    "leave it out, or add type = dir");
	if (!has(s, "server"))
		return misfit(s, "server", e,
			      "there is no server: add server = \\\\DSSMS");
	if (!a->where.share[0])
		return misfit(s, "share", e, "there is no share: add share = SMS_SITE");
	return 0;
}

/* Guest and anonymous: nothing to prove, and no key to sign or encrypt with
 * (MS-SMB2 3.2.5.3.1). */
static int
check_nobody(const struct section *s, const struct config_address *a, struct err *e)
{
	static const char *const proofs[] = {"password_file", "credential", "keytab",
					     "ccache"};

	for (size_t i = 0; i < COUNT(proofs); i++)
		if (has(s, proofs[i]))
			return misfit(s, proofs[i], e,
				      "means nothing for a guest or anonymous log-on: "
				      "leave it out, or change auth");
	if (a->auth == CONFIG_AUTH_ANONYMOUS && a->account)
		return misfit(s, "account", e,
			      "an anonymous log-on has no account: leave it out, or "
			      "change auth");
	if (a->signing == CONFIG_REQUIRED)
		return misfit(s, "auth", e,
			      "a guest or anonymous session cannot be signed: add "
			      "signing = off if that is really meant, or name an "
			      "account");
	if (a->encrypt == CONFIG_REQUIRED)
		return misfit(s, "encrypt", e,
			      "a guest or anonymous session cannot be encrypted: take "
			      "encrypt = required out, or name an account");
	return 0;
}

static int
check_kerberos_only(const struct section *s, struct err *e)
{
	if (has(s, "keytab"))
		return misfit(s, "keytab", e,
			      "is for Kerberos: leave it out, or take auth = ntlm out");
	if (has(s, "ccache"))
		return misfit(s, "ccache", e,
			      "is for Kerberos: leave it out, or take auth = ntlm out");
	return 0;
}

static int
check_account(const struct section *s, const struct config_address *a, struct err *e)
{
	const bool secret = a->password_file || a->credential;

	if (a->password_file && a->credential)
		return misfit(s, "credential", e,
			      "the password is named twice, as password_file and as "
			      "credential: leave one out");
	if (a->auth == CONFIG_AUTH_NTLM && check_kerberos_only(s, e) < 0)
		return -1;
	if (!a->account && !a->ccache)
		return misfit(s, "account", e,
			      "there is no account: add account = CORP\\smssend (guest "
			      "only where the address says auth = guest)");
	if (!a->account && (secret || a->keytab))
		return misfit(s, "account", e,
			      "a password or keytab is somebody's: add account = "
			      "CORP\\smssend");
	if (!secret && !a->keytab && !a->ccache)
		return misfit(
		    s, "account", e,
		    "has no password: add password_file = "
		    "/etc/lansender/ms1.secret, or credential, or for Kerberos "
		    "keytab or ccache");
	return 0;
}

static int
check_wire(const struct section *s, const struct config_address *a, struct err *e)
{
	if (a->dialect_min > a->dialect_max)
		return misfit(s, has(s, "dialect_min") ? "dialect_min" : "dialect_max",
			      e,
			      "the oldest dialect is newer than the newest: turn "
			      "dialect_min and dialect_max round");
	if (a->encrypt == CONFIG_REQUIRED && a->dialect_max < DIALECT_300)
		return misfit(s, "dialect_max", e,
			      "SMB encrypts from 3.0 on: take encrypt = required or "
			      "dialect_max out");
	if (a->window_bytes && a->write_bytes > a->window_bytes)
		return misfit(s, "write_size", e,
			      "one write is larger than the whole window: make it "
			      "smaller, or window larger");
	return 0;
}

int
check_address(const struct section *s, const struct config_address *a, struct err *e)
{
	const bool nobody =
	    a->auth == CONFIG_AUTH_GUEST || a->auth == CONFIG_AUTH_ANONYMOUS;

	if (a->type == CONFIG_TYPE_UNKNOWN)
		return 0; /* what it needs, its own sender knows */
	if (a->type == CONFIG_TYPE_DIR)
		return check_dir(s, a, e);
	if (check_lan(s, a, e) < 0)
		return -1;
	if ((nobody ? check_nobody(s, a, e) : check_account(s, a, e)) < 0)
		return -1;
	return check_wire(s, a, e);
}

/* The lease is renewed between two requests, after a third of it: so a request may take
 * another third, and one more is left for a beat that comes late. */
int
check_lease(const struct section *s, const struct config_address *a,
	    int64_t heartbeat_ms, struct err *e)
{
	const bool by_connect = a->connect_timeout_ms > a->request_timeout_ms;
	const int64_t longest_ms =
	    by_connect ? a->connect_timeout_ms : a->request_timeout_ms;
	char longest[32], lease[32], text[192];

	if (a->type != CONFIG_TYPE_LAN ||
	    heartbeat_ms >= CONFIG_BEATS_IN_LEASE * longest_ms)
		return 0;
	(void)snprintf(text, sizeof(text),
		       "heartbeat in [sender] is %s and must be three times as long as "
		       "the %s here: make it longer, or this shorter",
		       num_duration_text(heartbeat_ms, lease, sizeof(lease)),
		       num_duration_text(longest_ms, longest, sizeof(longest)));
	return misfit(s, by_connect ? "connect_timeout" : "request_timeout", e, text);
}
