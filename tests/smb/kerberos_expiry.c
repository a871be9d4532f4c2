/* Tickets that do not do any more: refused, or expired in the middle of a sending.
 * Part of test_kerberos. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <krb5.h>

#include "base/mem.h"
#include "domain.h"
#include "server.h"
#include "smb/login.h"
#include "smb/tickets.h"

/* --- a ticket that is kept but does not do any more ----------------------------- */

/* What is kept for the key, and what copy() makes of it. */
static void
keep_instead(const char *key, void (*copy)(krb5_context, krb5_ccache, krb5_ccache))
{
	char names[2][TICKETS_NAME_ROOM];
	int64_t now_ms = clock_mono_ms(clock_real());
	krb5_context context;
	krb5_ccache from, to;
	krb5_principal who;

	tickets_name(names[0]);
	tickets_name(names[1]);
	assert_true(tickets_copy(key, TICKET_FRESH, now_ms, names[0]));
	assert_int_equal(krb5_init_context(&context), 0);
	assert_int_equal(krb5_cc_resolve(context, names[0], &from), 0);
	assert_int_equal(krb5_cc_resolve(context, names[1], &to), 0);
	assert_int_equal(krb5_cc_get_principal(context, from, &who), 0);
	assert_int_equal(krb5_cc_initialize(context, to, who), 0);
	copy(context, from, to);
	krb5_free_principal(context, who);
	(void)krb5_cc_close(context, to);
	(void)krb5_cc_destroy(context, from);
	krb5_free_context(context);
	tickets_keep(key, now_ms, names[1]);
}

/* As when the server has got another key: it cannot read the ticket. */
static void
spoil(krb5_context context, krb5_ccache from, krb5_ccache to)
{
	krb5_cc_cursor cursor;
	krb5_creds creds;

	assert_int_equal(krb5_cc_start_seq_get(context, from, &cursor), 0);
	while (krb5_cc_next_cred(context, from, &cursor, &creds) == 0) {
		creds.ticket.data[creds.ticket.length - 1] ^= 1;
		assert_int_equal(krb5_cc_store_cred(context, to, &creds), 0);
		krb5_free_cred_contents(context, &creds);
	}
	(void)krb5_cc_end_seq_get(context, from, &cursor);
}

static void
key_of(const struct smb_options *o, char key[DIGEST_HEX_ROOM])
{
	const struct auth_options a = {.account = o->account,
				       .password = o->password,
				       .keytab = o->keytab,
				       .server = o->server};

	login_key(&a, key);
}

void
a_refused_ticket_is_replaced(void **state)
{
	struct smb_options o =
	    domain_options(SMB_AUTH_KERBEROS, "smssend@CORP.TEST", "P4ss word%1");
	char key[DIGEST_HEX_ROOM];
	struct err e = {0};

	(void)state;
	key_of(&o, key);
	assert_int_equal(domain_can_connect(&o, &e), 0);
	keep_instead(key, spoil);
	if (domain_can_connect(&o, &e) < 0)
		fail_msg("%s", e.text);
	/* It was taken for what it is, and the KDC is needed for another one. */
	keep_instead(key, spoil);
	domain_use("gone.conf");
	domain_assert_no_kdc(&o);
}

/* --- on the way ------------------------------------------------------------------ */

/* As where the KDC's policy says that a log-on at that server lasts so long.  (Samba's
 * has hours for that, and refuses to work with a ticket that itself lasts less than two
 * minutes.) */
static krb5_timestamp session_end;

static void
shorten(krb5_context context, krb5_ccache from, krb5_ccache to)
{
	krb5_creds which = {0}, *got;
	krb5_cc_cursor cursor;
	krb5_creds creds;

	assert_int_equal(krb5_cc_get_principal(context, from, &which.client), 0);
	assert_int_equal(
	    krb5_parse_name(context, "cifs/dssms@CORP.TEST", &which.server), 0);
	assert_int_equal(krb5_cc_start_seq_get(context, from, &cursor), 0);
	while (krb5_cc_next_cred(context, from, &cursor, &creds) == 0) {
		if (!krb5_principal_compare(context, creds.server, which.server))
			assert_int_equal(krb5_cc_store_cred(context, to, &creds), 0);
		krb5_free_cred_contents(context, &creds);
	}
	(void)krb5_cc_end_seq_get(context, from, &cursor);
	which.times.endtime = session_end;
	assert_int_equal(krb5_get_credentials(context, 0, to, &which, &got), 0);
	krb5_free_creds(context, got);
	krb5_free_cred_contents(context, &which);
}

enum { BLOCK = 256 * 1024, SIZE = 8 * BLOCK, SMALLS = 20, SMALL_SIZE = 1000 };

static krb5_timestamp
time_of_day(void)
{
	krb5_context context;
	krb5_timestamp now;

	assert_int_equal(krb5_init_context(&context), 0);
	assert_int_equal(krb5_timeofday(context, &now), 0);
	krb5_free_context(context);
	return now;
}

struct slow { /* a put that is held up in its middle until the session has expired */
	struct smb
	    *beside; /* by the same ticket: when it has expired, so has the other */
	struct err e;
	bool waited;
};

static bool
has_expired(struct smb *s)
{
	struct smb_facts f;
	struct smb_stat st;
	struct err e;

	if (smb_stat(s, "", &st, &e) < 0)
		return true;
	smb_get_facts(s, &f);
	return f.renewals > 0;
}

static int
read_slowly(void *self, int64_t offset, void *buf, size_t len, struct err *e)
{
	struct slow *w = self;
	uint8_t *out = buf;

	(void)e;
	for (size_t i = 0; i < len; i++)
		out[i] = server_byte(offset + (int64_t)i);
	if (offset < SIZE / 2 || w->waited)
		return 0;
	/* Samba reckons from when each of them logged on: up to a second apart. */
	while (!has_expired(w->beside) || time_of_day() < session_end + 2)
		(void)poll(NULL, 0, 20);
	w->waited = true;
	return 0;
}

static void
note_end(void *self, const struct err *e)
{
	struct slow *w = self;

	if (e)
		w->e = *e;
}

static int
read_at_once(void *self, int64_t offset, void *buf, size_t len, struct err *e)
{
	(void)self;
	(void)e;
	for (size_t i = 0; i < len; i++)
		((uint8_t *)buf)[i] = server_byte(offset + (int64_t)i);
	return 0;
}

/* And small files behind it, each a compound.  -1: *e. */
static int
send_slowly(struct smb *s, struct slow *w, struct err *e)
{
	struct smb_put p = {.path = "slow.bin",
			    .size_bytes = SIZE,
			    .read = read_slowly,
			    .done = note_end,
			    .self = w};
	char names[SMALLS][16];

	if (smb_put(s, &p, e) < 0)
		return -1;
	p.size_bytes = SMALL_SIZE;
	p.read = read_at_once;
	for (int i = 0; i < SMALLS; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "small-%d.bin", i);
		p.path = names[i];
		if (smb_put(s, &p, e) < 0)
			return -1;
	}
	if (smb_drain(s, e) < 0)
		return -1;
	*e = w->e;
	return e->kind == ERR_NONE ? 0 : -1;
}

static void
assert_is_there(const char *name, int64_t size_bytes)
{
	struct server s = {0};

	(void)snprintf(s.folder, sizeof(s.folder), "%s", getenv(DOMAIN_FOLDER));
	assert_true(server_has(&s, name, size_bytes));
}

enum { UNDER_WAY, BESIDE, SEALED, WITHOUT_KDC, CONNECTIONS };

static void
free_all(struct smb *all[CONNECTIONS])
{
	for (int i = 0; i < CONNECTIONS; i++)
		smb_free(all[i]);
}

static void
connect_all(struct smb_options o, struct smb *all[CONNECTIONS])
{
	struct err e = {0};

	for (int i = 0; i < CONNECTIONS; i++) {
		o.encrypt = i == SEALED ? SMB_REQUIRED : SMB_OFF;
		if (smb_connect(&o, &all[i], &e) < 0)
			fail_msg("%s", e.text);
	}
}

/* All by one ticket that lasts 2 s - or longer, where logging on takes that long. */
static void
connect_shortly(const struct smb_options *o, struct smb *all[CONNECTIONS])
{
	char key[DIGEST_HEX_ROOM];
	krb5_deltat lasts_s = 1;
	struct err e = {0};

	key_of(o, key);
	if (domain_can_connect(o, &e) < 0)
		fail_msg("%s", e.text);
	do {
		free_all(all);
		lasts_s *= 2;
		session_end = time_of_day() + lasts_s;
		keep_instead(key, shorten);
		connect_all(*o, all);
	} while (time_of_day() >= session_end);
}

/* The session goes on with a new ticket, and nothing is lost or done twice. */
static void
goes_on(struct smb *s, struct slow *w)
{
	struct smb_facts f;
	struct err e = {0};
	char name[16];

	if (send_slowly(s, w, &e) < 0)
		fail_msg("%s", e.text);
	assert_true(w->waited);
	smb_get_facts(s, &f);
	assert_int_equal(f.renewals, 1);
	assert_is_there("slow.bin", SIZE);
	for (int i = 0; i < SMALLS; i++) {
		(void)snprintf(name, sizeof(name), "small-%d.bin", i);
		assert_is_there(name, SMALL_SIZE);
		assert_int_equal(smb_delete(s, name, SMB_FILE, &e), 1);
	}
	assert_int_equal(smb_delete(s, "slow.bin", SMB_FILE, &e), 1);
}

/* The ticket expires while files are under way; then with no KDC there, which may come
 * back, so that is no matter of the address. */
void
expires_on_the_way(void **state)
{
	struct smb_options o =
	    domain_options(SMB_AUTH_KERBEROS, "smssend@CORP.TEST", NULL);
	char *keytab = domain_path("smssend.keytab");
	struct smb *all[CONNECTIONS] = {NULL};
	struct slow w = {0};
	struct err e = {0};

	(void)state;
	o.keytab = keytab;
	o.write_max_bytes = BLOCK;
	o.window_max_bytes = 2 * BLOCK;
	connect_shortly(&o, all);
	w.beside = all[BESIDE];
	goes_on(all[UNDER_WAY], &w);
	goes_on(all[SEALED], &w);

	domain_use("gone.conf");
	assert_int_equal(send_slowly(all[WITHOUT_KDC], &w, &e), -1);
	print_message("    %u: %s\n", e.win32, e.text);
	assert_int_equal(e.kind, ERR_ATTEMPT);
	assert_int_equal(e.win32, 1311);
	assert_non_null(strstr(e.text, "the session expired and cannot be renewed: "));
	assert_false(smb_alive(all[WITHOUT_KDC]));
	free_all(all);
	mem_free(keytab);
}

/* domain-send says what it tries. */
void
the_whole_sender(void **state)
{
	const char *script = getenv("DOMAIN_SEND"); /* tests/smb/meson.build sets it */
	char *usual = domain_path("usual"), *expiring = domain_path("expiring");
	krb5_context context;
	krb5_ccache from, to;
	krb5_principal who;

	(void)state;
	if (!script)
		skip();
	domain_kinit(usual, "10h");
	assert_int_equal(krb5_init_context(&context), 0);
	assert_int_equal(krb5_cc_resolve(context, usual, &from), 0);
	assert_int_equal(krb5_cc_resolve(context, expiring, &to), 0);
	assert_int_equal(krb5_cc_get_principal(context, from, &who), 0);
	assert_int_equal(krb5_cc_initialize(context, to, who), 0);
	session_end = time_of_day() + 3;
	shorten(context, from, to);
	krb5_free_principal(context, who);
	(void)krb5_cc_close(context, to);
	(void)krb5_cc_close(context, from);
	krb5_free_context(context);
	assert_int_equal(domain_run((const char *const[]){script, NULL}), 0);
	mem_free(expiring);
	mem_free(usual);
}
