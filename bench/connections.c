/* connections.c - what do idle connections take of this process's memory?
 *
 *   bench_connections HOST PORT SHARE USER PASSWORD_FILE COUNT
 *
 * Connects COUNT times to \\HOST\SHARE, sends a small file over each, and prints how
 * many bytes of resident memory each connection took: {"connections": 1000, ...}. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/num.h"
#include "base/path.h"
#include "base/str.h"
#include "smb/smb.h"

enum {
	FILE_BYTES = 4096,
	WARM = 20, /* before it counts: what libraries load once; a choice */
	SPARE_FDS = 64,
};

static void
die(const char *what, const struct err *e)
{
	(void)fprintf(stderr, "bench_connections: %s: %s\n", what, e->text);
	exit(1);
}

/* The most so far: nothing is given back while connections are made. */
static int64_t
resident_bytes(void)
{
	struct rusage use = {0};

	(void)getrusage(RUSAGE_SELF, &use);
	return (int64_t)use.ru_maxrss * 1024; /* KiB, getrusage(2) */
}

static int
fill(void *self, int64_t offset, void *buf, size_t len, struct err *e)
{
	(void)self;
	(void)offset;
	(void)e;
	memset(buf, 'x', len);
	return 0;
}

static void
done(void *self, const struct err *e)
{
	(void)self;
	if (e)
		die("send a file", e);
}

static struct smb *
connect_once(const struct smb_options *o)
{
	const struct smb_put put = {
	    .path = "small.dat", .size_bytes = FILE_BYTES, .read = fill, .done = done};
	struct smb *s;
	struct err e;

	if (smb_connect(o, &s, &e) < 0)
		die("connect", &e);
	if (smb_put(s, &put, &e) < 0 || smb_drain(s, &e) < 0)
		die("send", &e);
	return s;
}

static void
allow_descriptors(int64_t count)
{
	struct rlimit most;

	if (getrlimit(RLIMIT_NOFILE, &most) < 0)
		return;
	most.rlim_cur = (rlim_t)count + SPARE_FDS;
	if (most.rlim_cur > most.rlim_max)
		most.rlim_max = most.rlim_cur;
	(void)setrlimit(RLIMIT_NOFILE, &most);
}

static char *
read_password(const char *path)
{
	char *text = NULL;
	struct err e;
	size_t len;

	if (path_read_file(path, 1024, ERR_INPUT, &text, &len, &e) < 0)
		die("password", &e);
	text[strcspn(text, "\n")] = '\0';
	return text;
}

static int64_t
measure(const struct smb_options *o, int64_t count)
{
	struct smb **all = mem_zero((size_t)count + WARM, sizeof(struct smb *));
	int64_t before = 0, each;

	for (int64_t i = 0; i < count + WARM; i++) {
		if (i == WARM)
			before = resident_bytes();
		all[i] = connect_once(o);
	}
	each = (resident_bytes() - before) / count;
	for (int64_t i = 0; i < count + WARM; i++)
		smb_free(all[i]);
	mem_free(all);
	return each;
}

int
main(int argc, char **argv)
{
	struct smb_options o = {.server = "DSSMS",
				.auth = SMB_AUTH_NTLM,
				.signing = SMB_REQUIRED,
				.compounds = true,
				.clock = clock_real()};
	AUTO_FREE char *password = NULL;
	int64_t port, count;

	if (argc != 7 || num_int(argv[2], 1, UINT16_MAX, &port) < 0 ||
	    num_int(argv[6], 1, 100000, &count) < 0) {
		(void)fprintf(stderr, "usage: bench_connections HOST PORT SHARE USER "
				      "PASSWORD_FILE COUNT\n");
		return 2;
	}
	password = read_password(argv[5]);
	o.connect_host = argv[1];
	o.connect_port = (uint16_t)port;
	o.share = argv[3];
	o.account = argv[4];
	o.password = password;
	allow_descriptors(count + WARM);
	(void)printf("{\"connections\": %lld, \"bytes_each\": %lld}\n",
		     (long long)count, (long long)measure(&o, count));
	return 0;
}
