/* check.c - an address tried for real: all that a sending needs, with one small file.
 */
#include <string.h>

#include "base/auto.h"
#include "base/digest.h"
#include "base/num.h"
#include "base/str.h"
#include "send/link.h"
#include "send/publish.h"
#include "send/send.h"

enum { TOKEN_DIGITS = 16 };

/* MS-ERREF 2.2: how far a connection got, told by what it failed with. */
enum {
	ACCESS_DENIED = 5,
	BAD_NETWORK_NAME = 67,
	BAD_NETWORK_PATH = 53,
};

static const char probe_text[] = "lansender check: may be removed\n";

struct check {
	const struct config_address *address;
	void (*each)(void *self, const char *step, const char *detail, bool ok);
	void *self;
	struct transport *transport;
	char *written, *renamed; /* remote paths of the small file */
	bool put_failed;
	struct err trouble; /* of the put */
};

static void
tell(const struct check *c, const char *step, const char *detail, bool ok)
{
	if (c->each)
		c->each(c->self, step, detail, ok);
}

/* The result of one step: told, and handed on. */
static int
step(const struct check *c, const char *name, int rc, const struct err *e)
{
	tell(c, name, rc < 0 ? e->text : "", rc >= 0);
	return rc < 0 ? -1 : 0;
}

/* A connection is made in one call; its error tells which of its steps failed. */
static int
tell_no_connection(const struct check *c, const struct err *e)
{
	const bool share_refused =
	    e->win32 == BAD_NETWORK_NAME || e->win32 == ACCESS_DENIED;

	if (c->address->type == CONFIG_TYPE_DIR)
		return step(c, "open the folder", -1, e);
	if (e->win32 == BAD_NETWORK_PATH || e->win32 == 0)
		return step(c, "reach the server", -1, e);
	tell(c, "reach the server", "", true);
	if (!share_refused)
		return step(c, "log on", -1, e);
	tell(c, "log on", "", true);
	return step(c, "open the share", -1, e);
}

static void
tell_connection(const struct check *c)
{
	AUTO_STR struct str how = {0};
	char place[ADDRESS_TEXT_ROOM];
	struct transport_facts f;

	(void)link_place(c->address, place, sizeof(place));
	if (c->address->type == CONFIG_TYPE_DIR) {
		tell(c, "open the folder", place, true);
		return;
	}
	transport_get_facts(c->transport, &f);
	str_addf(&how, "SMB %s in %lld ms", f.dialect, (long long)f.connect_ms);
	tell(c, "reach the server", str_text(&how), true);
	str_clear(&how);
	str_addf(&how, "%s%s, %s%s", *f.signature ? "signed by " : "not signed",
		 f.signature, *f.cipher ? "encrypted by " : "not encrypted", f.cipher);
	tell(c, "log on", str_text(&how), true);
	tell(c, "open the share", place, true);
}

static int
check_space(const struct check *c, struct err *e)
{
	char text[32];
	int64_t free_bytes;

	if (transport_space(c->transport, &free_bytes, e) < 0)
		return step(c, "ask for free space", -1, e);
	tell(c, "ask for free space", num_bytes_text(free_bytes, text, sizeof(text)),
	     true);
	return 0;
}

static int
probe_read(void *self, int64_t offset, void *buf, size_t len, struct err *e)
{
	(void)self;
	(void)e;
	memcpy(buf, probe_text + offset, len);
	return 0;
}

static void
probe_done(void *self, const struct err *e)
{
	struct check *c = self;

	c->put_failed = e != NULL;
	if (e)
		c->trouble = *e;
}

static int
write_file(struct check *c, struct err *e)
{
	const struct transport_put put = {
	    .path = c->written,
	    .size_bytes = sizeof(probe_text) - 1,
	    .read = probe_read,
	    .done = probe_done,
	    .self = c,
	};
	int rc;

	if (transport_mkdir(c->transport, PUBLISH_FOLDER, true, e) < 0)
		return -1;
	rc = transport_put(c->transport, &put, e);
	if (rc == 0)
		rc = transport_drain(c->transport, e);
	if (!c->put_failed)
		return rc;
	*e = c->trouble;
	return -1;
}

static int
try_all(struct check *c, struct err *e)
{
	struct err unused;
	int rc = 0;

	tell_connection(c);
	if (check_space(c, e) < 0 || step(c, "write a file", write_file(c, e), e) < 0)
		return -1;
	rc = transport_rename(c->transport, c->written, c->renamed, false, e);
	if (step(c, "rename it", rc, e) < 0) {
		(void)!transport_remove(c->transport, c->written, false, &unused);
		return -1;
	}
	rc = transport_remove(c->transport, c->renamed, false, e);
	return step(c, "delete it", rc, e);
}

int
attempt_check(const struct config_address *a, const char *password,
	      const struct stop *stop, const struct clock *clock,
	      void (*each)(void *self, const char *step, const char *detail, bool ok),
	      void *self, struct err *e)
{
	struct check c = {.address = a, .each = each, .self = self};
	char token[TOKEN_DIGITS + 1];
	int rc;

	if (link_open(a, password, clock, stop, &c.transport, e) < 0)
		return tell_no_connection(&c, e);
	digest_token(token, TOKEN_DIGITS);
	c.written = mem_printf(PUBLISH_FOLDER "/check-%s", token);
	c.renamed = mem_printf(PUBLISH_FOLDER "/checked-%s", token);
	rc = try_all(&c, e);
	transport_free(c.transport);
	mem_free(c.written);
	mem_free(c.renamed);
	return rc;
}
