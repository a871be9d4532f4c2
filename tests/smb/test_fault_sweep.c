/* A server that lies in every field: each answer once, each two bytes of it in turn,
 * with 0, 1, all ones, one more and one less in 16 and in 32 bits.
 *
 * "says": the server itself lies, so signature and encryption are of no help.  The
 * judge of fault_client.c holds after each run: an error that names its place, or files
 * that are right.
 * "way": the lie is made behind the server's back; then none may pass. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fault_client.h"
#include "fault_login.h"

enum {
	WATCHDOG_S = 100,
	SLACK_MS = 8000, /* a busy machine */
	SOON_MS = 400,
	SIGNATURE_AT = 48, /* of an unsigned message nobody reads it */
	HEADER = 64,
};

enum how {
	SAYS,   /* to nobody, unsigned: it costs no log-on */
	SIGNED, /* with a log-on: says */
	WAY,    /* signed, changed on the way */
	SEALED, /* encrypted, changed on the way */
};

/* clang-format off */
static struct row {
	const char *name;
	enum how how;
	int command;
	unsigned skip;
	uint16_t from, to; /* bytes, counted from the header on */
} rows[] = {
	{"header in a compound, says",    SAYS,   PDU_CREATE,          1, 4, HEADER},
	{"header alone, says",            SAYS,   PDU_FLUSH,           0, 4, HEADER},
	{"NEGOTIATE, says",               SAYS,   PDU_NEGOTIATE,       0, HEADER, 208},
	{"SESSION_SETUP 1, says",         SIGNED, PDU_SESSION_SETUP,   0, HEADER, 72},
	{"SESSION_SETUP 2, says",         SIGNED, PDU_SESSION_SETUP,   1, HEADER, 72},
	{"TREE_CONNECT, says",            SAYS,   PDU_TREE_CONNECT,    0, HEADER, 80},
	{"CREATE of a folder, says",      SAYS,   PDU_CREATE,          0, HEADER, 152},
	{"CREATE of a large file, says",  SAYS,   PDU_CREATE,          5, HEADER, 152},
	{"WRITE of a small file, says",   SAYS,   PDU_WRITE,           0, HEADER, 80},
	{"WRITE of a large file, says",   SAYS,   PDU_WRITE,           6, HEADER, 80},
	{"SET_INFO, says",                SAYS,   PDU_SET_INFO,        0, HEADER, 66},
	{"FLUSH, says",                   SAYS,   PDU_FLUSH,           0, HEADER, 68},
	{"CLOSE, says",                   SAYS,   PDU_CLOSE,           1, HEADER, 124},
	{"QUERY_DIRECTORY, says",         SAYS,   PDU_QUERY_DIRECTORY, 0, HEADER, 184},
	{"QUERY_INFO of a file, says",    SAYS,   PDU_QUERY_INFO,      0, HEADER, 80},
	{"QUERY_INFO of a volume, says",  SAYS,   PDU_QUERY_INFO,      1, HEADER, 104},
	{"READ, says",                    SAYS,   PDU_READ,            0, HEADER, 80},
	{"ECHO, says",                    SAYS,   PDU_ECHO,            0, HEADER, 68},
	{"LOGOFF, says",                  SAYS,   PDU_LOGOFF,          0, HEADER, 68},
	{"signed, way",                   WAY,    PDU_FLUSH,           0, 4, 68},
	{"sealed, way",                   SEALED, PDU_FLUSH,           0, 4, 60},
};
/* clang-format on */

static const struct lie {
	uint8_t width;
	bool add;
	uint32_t value;
} lies[] = {
    {2, false, 0},         {2, false, 1},         {2, false, UINT32_MAX}, {2, true, 1},
    {4, false, 0},         {4, false, 1},         {4, false, UINT32_MAX}, {4, true, 1},
    {2, true, UINT32_MAX}, {4, true, UINT32_MAX},
};

static const char *now = "";

static void
on_watchdog(int signal_number)
{
	static const char text[] = ": hangs\n";

	(void)signal_number;
	(void)!write(STDERR_FILENO, now, strlen(now));
	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	_exit(99);
}

static void
run(const struct row *row, const struct lie *lie, uint16_t at, struct str *wrong)
{
	bool way = row->how == WAY || row->how == SEALED;
	struct fault_options o = {
	    .signing = CRYPTO_AES_GMAC,
	    .cipher = CRYPTO_AES128_GCM,
	    .anonymous = row->how == SAYS,
	    .fault = {.kind = way ? FAULT_BEND_LATER : FAULT_BEND,
		      .command = row->command,
		      .skip = row->skip,
		      .bend = {at, lie->width, lie->add, lie->value}}};
	/* A NEGOTIATE that allows WRITEs of 1 byte makes long work of long files. */
	struct attempt_options client = {.anonymous = row->how == SAYS,
					 .tiny = row->command == PDU_NEGOTIATE,
					 .encrypt = row->how == SEALED,
					 .request_ms = SOON_MS,
					 .progress_ms = SOON_MS,
					 .connect_ms = SLACK_MS};
	struct share *share = share_new();
	struct fault_server *server = fault_server_start(&o, share);
	struct fault_seen seen;
	struct attempt a = {0};

	attempt_run(&client, fault_server_port(server), &a);
	fault_server_stop(server, &seen);
	attempt_judge(&a, &seen, share, wrong);
	share_free(share);
	if (way && seen.bent && a.step == STEP_END)
		str_addf(wrong, "a change on the way passed\n");
	if (a.took_ms > SLACK_MS)
		str_addf(wrong, "took %lld ms\n", (long long)a.took_ms);
	if (seen.lies == 0 && a.step == STEP_END)
		str_addf(wrong, "the lie was never told\n");
}

/* All lies about one place. */
static void
run_all(const struct row *row, uint16_t at, struct str *all)
{
	for (size_t i = 0; i < COUNT(lies); i++) {
		AUTO_STR struct str wrong = {0};

		if (at + lies[i].width <= row->to)
			run(row, &lies[i], at, &wrong);
		if (wrong.len)
			str_addf(all, "byte %u, %u wide, %s %u: %s", at, lies[i].width,
				 lies[i].add ? "+" : "=", (unsigned)lies[i].value,
				 str_text(&wrong));
	}
}

static void
sweep(void **state)
{
	const struct row *row = *state;
	AUTO_STR struct str all = {0};

	now = row->name;
	(void)alarm(WATCHDOG_S);
	for (uint16_t at = row->from; at < row->to; at += 2)
		if (row->how != SAYS || at < SIGNATURE_AT || at >= HEADER)
			run_all(row, at, &all);
	(void)alarm(0);
	if (all.len)
		fail_msg("\n%s", str_text(&all));
}

int
main(int argc, char **argv)
{
	struct CMUnitTest tests[COUNT(rows)];

	(void)signal(SIGALRM, on_watchdog);
	fault_login_prepare();
	for (size_t i = 0; i < COUNT(rows); i++)
		tests[i] =
		    (struct CMUnitTest){rows[i].name, sweep, NULL, NULL, &rows[i]};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	fault_login_cleanup();
	return failed;
}
