#include "transport_backends.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/path.h"
#include "faulty.h"
#include "smb/smb.h"

static char *place; /* where the transport of the current case works */

static int
open_dir(struct transport **out, struct err *e)
{
	const char *top = getenv("TMPDIR");

	place = mem_printf("%s/lansender-contract-XXXXXX", top ? top : "/tmp");
	if (!mkdtemp(place))
		return err_sys(e, ERR_LOCAL, "make folder %s", place);
	return transport_open_dir(place, NULL, out, e);
}

static int
clean_dir(void)
{
	struct err e;
	int rc = path_remove_tree(place, &e);

	mem_free(place);
	place = NULL;
	return rc;
}

/* A wrapper that never strikes must not be noticed. */
static int
open_faulty(struct transport **out, struct err *e)
{
	struct err never = {.kind = ERR_ATTEMPT};
	struct transport *inner;

	if (open_dir(&inner, e))
		return -1;
	*out = faulty_wrap(inner, UINT_MAX, &never);
	return 0;
}

/* --- a share ---------------------------------------------------------------------- */

/* "HOST:PORT SHARE USER PASSWORD-FILE": tools/samba-up starts one. */
static const char VARIABLE[] = "LANSENDER_TEST_SMB";

static struct {
	char host[64], share[64], user[64], password_file[256];
	struct smb_options o;
} lan;

static const char *
lan_missing(void)
{
	const char *text = getenv(VARIABLE);
	char port_text[6];
	int64_t port;

	if (!text)
		return "LANSENDER_TEST_SMB does not say where a share is";
	if (sscanf(text, "%63[^:]:%5[0-9] %63s %63s %255s", lan.host, port_text,
		   lan.share, lan.user, lan.password_file) != 5 ||
	    num_int(port_text, 1, UINT16_MAX, &port))
		return "LANSENDER_TEST_SMB is not HOST:PORT SHARE USER PASSWORD-FILE";
	lan.o = (struct smb_options){
	    .server = "DSSMS",
	    .share = lan.share,
	    .connect_host = lan.host,
	    .connect_port = (uint16_t)port,
	    .auth = SMB_AUTH_NTLM,
	    .account = lan.user,
	    .signing = SMB_REQUIRED,
	    .encrypt = SMB_WANTED,
	    .compounds = true,
	    .clock = clock_real(),
	};
	return NULL;
}

static int
connect_to(const char *folder, struct transport **out, struct err *e)
{
	char *password;
	size_t len;
	int rc;

	if (path_read_file(lan.password_file, 256, ERR_LOCAL, &password, &len, e))
		return -1;
	password[strcspn(password, "\n")] = '\0';
	lan.o.password = password;
	rc = transport_open_lan(&lan.o, folder, out, e);
	lan.o.password = NULL;
	mem_free(password);
	return rc;
}

/* In a folder that has to be made, as a person would type it. */
static int
open_lan(struct transport **out, struct err *e)
{
	char token[9];

	digest_token(token, sizeof(token) - 1);
	place = mem_printf("contract-%s\\in\\", token);
	return connect_to(place, out, e);
}

static int
clean_lan(void)
{
	struct transport *t;
	struct err e;
	int rc;

	place[strcspn(place, "\\")] = '\0';
	rc = connect_to("", &t, &e);
	if (!rc) {
		rc = transport_remove_tree(t, place, &e);
		transport_free(t);
	}
	mem_free(place);
	place = NULL;
	return rc;
}

const struct backend backends[BACKENDS] = {
    {"dir", NULL, open_dir, clean_dir},
    {"faulty(dir)", NULL, open_faulty, clean_dir},
    {"lan", lan_missing, open_lan, clean_lan},
};
