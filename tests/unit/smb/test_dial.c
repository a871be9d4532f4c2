/* Dialling, with names that a test makes up and loopback sockets of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "smb/dial.h"
#include "smb/errand.h"

/* --- a name server of our own ------------------------------------------- */

struct names {
	const char *addresses[4]; /* numeric; NULL ends */
	int fail;                 /* EAI_... instead */
	const struct stop *hang;  /* answer only when thrown */
	struct stop *released;    /* thrown when a list is given back */
};

static struct stop *released_flag; /* release() has no self */

static void
release(struct addrinfo *list)
{
	while (list) {
		struct addrinfo *next = list->ai_next;

		mem_free(list->ai_addr);
		mem_free(list);
		list = next;
	}
	if (released_flag)
		stop_throw(released_flag);
}

static struct addrinfo *
make_address(const char *text, uint16_t port)
{
	struct addrinfo *a = mem_zero(1, sizeof(*a));

	a->ai_socktype = SOCK_STREAM;
	if (strchr(text, ':')) {
		struct sockaddr_in6 *six = mem_zero(1, sizeof(*six));

		six->sin6_family = AF_INET6;
		six->sin6_port = htons(port);
		assert_int_equal(inet_pton(AF_INET6, text, &six->sin6_addr), 1);
		a->ai_addr = (struct sockaddr *)six;
		a->ai_addrlen = sizeof(*six);
	} else {
		struct sockaddr_in *four = mem_zero(1, sizeof(*four));

		four->sin_family = AF_INET;
		four->sin_port = htons(port);
		assert_int_equal(inet_pton(AF_INET, text, &four->sin_addr), 1);
		a->ai_addr = (struct sockaddr *)four;
		a->ai_addrlen = sizeof(*four);
	}
	a->ai_family = a->ai_addr->sa_family;
	return a;
}

static int
resolve(void *self, const char *host, const char *service, const struct addrinfo *hints,
	struct addrinfo **out)
{
	const struct names *n = self;
	int64_t port = 0;
	struct addrinfo **end = out;

	(void)host;
	(void)hints;
	if (n->hang)
		(void)stop_wait(n->hang, -1);
	if (n->fail)
		return n->fail;
	if (num_int(service, 1, 65535, &port))
		return EAI_SERVICE;
	*out = NULL;
	for (size_t i = 0; i < COUNT(n->addresses) && n->addresses[i]; i++) {
		*end = make_address(n->addresses[i], (uint16_t)port);
		end = &(*end)->ai_next;
	}
	return 0;
}

/* --- somebody who listens, and somebody who does not ---------------------- */

static int
listen_on_loopback(uint16_t *port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	*port = ntohs(a.sin_port);
	assert_int_equal(listen(fd, 4), 0);
	return fd;
}

static struct dial_options
options(const struct dial_resolver *by, uint16_t port)
{
	return (struct dial_options){.host = "dssms.test",
				     .port = port,
				     .limit_ms = 15000,
				     .progress_ms = 30000,
				     .clock = clock_real(),
				     .resolver = by};
}

static int
get_int(int fd, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	assert_int_equal(getsockopt(fd, level, name, &value, &len), 0);
	return value;
}

static void
connects_and_settles(void **state)
{
	struct names n = {.addresses = {"127.0.0.1"}};
	struct dial_resolver by = {resolve, release, &n};
	uint16_t port;
	int listener = listen_on_loopback(&port);
	struct dial_options o = options(&by, port);
	struct dialed d;
	char want[32];
	struct err e;

	(void)state;
	assert_int_equal(dial(&o, &d, &e), 0);
	assert_true(fcntl(d.fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(d.fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(get_int(d.fd, IPPROTO_TCP, TCP_NODELAY), 1);
	assert_int_equal(get_int(d.fd, SOL_SOCKET, SO_KEEPALIVE), 1);
	assert_int_equal(get_int(d.fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 30000);
	assert_int_equal(get_int(d.fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT), 262144);
	assert_false(d.congestion_refused);
	(void)snprintf(want, sizeof(want), "127.0.0.1:%u", port);
	assert_string_equal(d.peer, want);
	(void)close(d.fd);
	(void)close(listener);
}

static void
congestion_is_a_wish(void **state)
{
	struct names n = {.addresses = {"127.0.0.1"}};
	struct dial_resolver by = {resolve, release, &n};
	uint16_t port;
	int listener = listen_on_loopback(&port);
	struct dial_options o = options(&by, port);
	struct dialed d;
	char name[16] = "";
	socklen_t len = sizeof(name);
	struct err e;

	(void)state;
	o.congestion = "reno"; /* always there, and allowed to everybody */
	assert_int_equal(dial(&o, &d, &e), 0);
	assert_false(d.congestion_refused);
	assert_int_equal(getsockopt(d.fd, IPPROTO_TCP, TCP_CONGESTION, name, &len), 0);
	assert_string_equal(name, "reno");
	(void)close(d.fd);

	o.congestion = "no-such-one";
	assert_int_equal(dial(&o, &d, &e), 0);
	assert_true(d.congestion_refused);
	(void)close(d.fd);
	(void)close(listener);
}

/* The first addresses refuse or cannot be reached; the last one answers. */
static void
one_good_address_is_enough(void **state)
{
	struct names n = {.addresses = {"::1", "127.9.9.9", "127.0.0.1"}};
	struct dial_resolver by = {resolve, release, &n};
	uint16_t port;
	int listener = listen_on_loopback(&port);
	struct dial_options o = options(&by, port);
	struct dialed d;
	struct err e;

	(void)state;
	assert_int_equal(dial(&o, &d, &e), 0);
	assert_true(str_starts(d.peer, "127.0.0.1:"));
	(void)close(d.fd);
	(void)close(listener);
}

static void
refused(void **state)
{
	struct names n = {.addresses = {"127.0.0.1"}};
	struct dial_resolver by = {resolve, release, &n};
	uint16_t port;
	int listener = listen_on_loopback(&port);
	struct dial_options o = options(&by, port);
	struct dialed d;
	char want[256];
	struct err e;

	(void)state;
	(void)close(listener);
	assert_int_equal(dial(&o, &d, &e), -1);
	assert_int_equal(e.kind, ERR_ADDRESS);
	assert_int_equal(e.win32, 53);
	(void)snprintf(
	    want, sizeof(want),
	    "dssms.test (127.0.0.1:%u): connection refused: nothing listens on "
	    "port %u there; see whether it is a file server",
	    port, port);
	assert_string_equal(e.text, want);
}

static void
names_that_fail(void **state)
{
	static const struct {
		int fail;
		enum err_kind kind;
		const char *in_text;
	} rows[] = {
	    {EAI_NONAME, ERR_ADDRESS, "dssms.test: no such host"},
	    {EAI_AGAIN, ERR_ADDRESS, "the name server does not answer"},
	    {EAI_FAIL, ERR_ADDRESS, "no such host"},
	    {EAI_MEMORY, ERR_LOCAL, "no memory"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct names n = {.fail = rows[i].fail};
		struct dial_resolver by = {resolve, release, &n};
		struct dial_options o = options(&by, 445);
		struct dialed d;
		struct err e = {0};

		assert_int_equal(dial(&o, &d, &e), -1);
		assert_int_equal(e.kind, rows[i].kind);
		assert_non_null(strstr(e.text, rows[i].in_text));
		if (e.kind == ERR_ADDRESS)
			assert_int_equal(e.win32, 53);
	}
}

/* --- time turned by hand -------------------------------------------------- */

struct hand {
	int64_t now_ms, step_ms;
};

static int64_t
hand_ms(void *self)
{
	struct hand *h = self;

	h->now_ms += h->step_ms;
	return h->now_ms;
}

/* The name server hangs: the deadline holds, and its late answer is not lost. */
static void
hanging_name_server(void **state)
{
	struct hand h = {.step_ms = 16000};
	struct clock clock = {.mono_ms = hand_ms, .self = &h};
	struct stop *hang = stop_new();
	struct names n = {.addresses = {"127.0.0.1"}, .hang = hang};
	struct dial_resolver by = {resolve, release, &n};
	struct dial_options o = options(&by, 445);
	struct dialed d;
	struct err e;

	(void)state;
	released_flag = stop_new();
	o.clock = &clock;
	assert_int_equal(dial(&o, &d, &e), -1);
	assert_int_equal(e.kind, ERR_ADDRESS);
	assert_int_equal(e.win32, 53);
	assert_non_null(
	    strstr(e.text, "dssms.test: the name is not resolved within 15 s"));
	stop_throw(hang);
	(void)stop_wait(released_flag, -1);
	while (errand_reap() > 0)
		;
	stop_free(released_flag);
	released_flag = NULL;
	stop_free(hang);
}

/* A listener whose queue is full is silent like a host behind a firewall: Linux drops
 * the SYN.  Sooner or later, that is; until then dialling works. */
static void
silence(void **state)
{
	struct names n = {.addresses = {"127.0.0.1"}};
	struct dial_resolver by = {resolve, release, &n};
	uint16_t port;
	int listener = listen_on_loopback(&port);
	struct dial_options o = options(&by, port);
	struct dialed fill[8];
	size_t filled = 0;
	struct err e = {0};

	(void)state;
	assert_int_equal(listen(listener, 0), 0);
	o.limit_ms = 100;
	while (filled < COUNT(fill) && dial(&o, &fill[filled], &e) == 0)
		filled++;
	assert_true(filled < COUNT(fill));
	assert_int_equal(e.kind, ERR_ADDRESS);
	assert_int_equal(e.win32, 53);
	assert_non_null(strstr(e.text, "dssms.test: no answer within 100 ms"));
	while (filled > 0)
		(void)close(fill[--filled].fd);
	(void)close(listener);
}

static void
stop_holds(void **state)
{
	struct stop *stop = stop_new(), *hang = stop_new();
	struct names n = {.hang = hang, .fail = EAI_NONAME};
	struct dial_resolver by = {resolve, release, &n};
	struct dial_options o = options(&by, 445);
	struct dialed d;
	struct err e;

	(void)state;
	o.stop = stop;
	stop_throw(stop);
	assert_int_equal(dial(&o, &d, &e), -1);
	assert_int_equal(e.kind, ERR_STOP);
	stop_throw(hang);
	while (errand_reap() > 0)
		;
	stop_free(stop);
	stop_free(hang);
}

/* Addresses that are written out need no name server: the real resolver. */
static void
numeric_addresses(void **state)
{
	uint16_t port;
	int listener = listen_on_loopback(&port);
	struct dial_options o = options(NULL, port);
	struct dialed d;
	struct err e;

	(void)state;
	o.host = "127.0.0.1";
	assert_int_equal(dial(&o, &d, &e), 0);
	(void)close(d.fd);
	o.host = "::1%nosuchinterface";
	assert_int_equal(dial(&o, &d, &e), -1);
	assert_int_equal(e.kind, ERR_ADDRESS);
	(void)close(listener);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(connects_and_settles),
	    cmocka_unit_test(congestion_is_a_wish),
	    cmocka_unit_test(one_good_address_is_enough),
	    cmocka_unit_test(refused),
	    cmocka_unit_test(names_that_fail),
	    cmocka_unit_test(hanging_name_server),
	    cmocka_unit_test(silence),
	    cmocka_unit_test(stop_holds),
	    cmocka_unit_test(numeric_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
