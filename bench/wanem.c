/* wanem.c - a line of one's own: delay, rate, queue limit, random loss, black hole.
 *
 * Two TUN devices called wan0, one in each of two network namespaces; what goes in at
 * one end comes out at the other as a slow, far, lossy line would have let it through.
 * For benches and tests on one machine; needs root.
 *
 *   wanem NS_A NS_B RATE_MBIT ONE_WAY_MS QUEUE_BYTES LOSS_PERCENT
 *
 * Prints "ready" when both devices are there (addresses are the caller's to set), and
 * its counters when it ends by SIGTERM.  SIGUSR1 turns the black hole on and off.
 *
 * The rate is a virtual clock: a packet leaves the queue at max(now, when the one
 * before it left) + its length / rate; a packet that would wait behind more than
 * QUEUE_BYTES is dropped (tail drop).  It arrives ONE_WAY_MS after it left.  One thread
 * a direction. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum {
	PACKET_ROOM = 2048, /* MTU 1500 and what a TUN may add */
	RING = 1 << 15, /* packets on the way in one direction: 49 MB of full ones */
};

struct packet {
	int64_t due_ns;
	uint32_t len;
	uint8_t bytes[PACKET_ROOM];
};

struct way {
	int in, out;
	int64_t ns_per_byte_x1024, delay_ns;
	int64_t queue_ns; /* how long a packet may wait to be sent */
	uint32_t loss;    /* of 2^32 */
	int64_t free_at_ns;
	uint64_t seed;
	struct packet *ring;
	uint32_t head, tail; /* next to come out, next free */
	uint64_t passed, lost, dropped;
};

static atomic_bool black_hole;
static atomic_bool ended;

static void
fail(const char *what)
{
	perror(what);
	exit(1);
}

static int64_t
now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void
enter(const char *ns)
{
	char path[256];
	int fd;

	(void)snprintf(path, sizeof(path), "/var/run/netns/%s", ns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		fail(path);
	(void)close(fd);
}

static int
open_tun(const char *ns)
{
	struct ifreq r = {.ifr_name = "wan0", .ifr_flags = IFF_TUN | IFF_NO_PI};
	int fd;

	enter(ns);
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &r) < 0)
		fail("/dev/net/tun");
	return fd;
}

static bool
is_lost(struct way *w)
{
	w->seed ^= w->seed << 13;
	w->seed ^= w->seed >> 7;
	w->seed ^= w->seed << 17;
	return (uint32_t)(w->seed >> 16) < w->loss;
}

/* Put what was read into the line, or not. */
static void
admit(struct way *w, struct packet *p, int64_t now)
{
	int64_t begin = w->free_at_ns > now ? w->free_at_ns : now;

	if (begin - now > w->queue_ns || w->tail - w->head == RING - 1) {
		w->dropped++;
		return;
	}
	w->free_at_ns = begin + (int64_t)p->len * w->ns_per_byte_x1024 / 1024;
	/* A lost packet has used the line all the same. */
	if (atomic_load(&black_hole) || is_lost(w)) {
		w->lost++;
		return;
	}
	p->due_ns = w->free_at_ns + w->delay_ns;
	w->tail++;
}

static void
take_in(struct way *w)
{
	for (;;) {
		struct packet *p = &w->ring[w->tail % RING];
		ssize_t n = read(w->in, p->bytes, sizeof(p->bytes));

		if (n <= 0)
			return;
		p->len = (uint32_t)n;
		admit(w, p, now_ns());
	}
}

/* Let out what has arrived; how long until the next one, -1: nothing is on the way. */
static int64_t
let_out(struct way *w)
{
	while (w->head != w->tail) {
		struct packet *p = &w->ring[w->head % RING];
		int64_t early = p->due_ns - now_ns();

		if (early > 0)
			return early;
		if (write(w->out, p->bytes, p->len) == (ssize_t)p->len)
			w->passed++;
		w->head++;
	}
	return -1;
}

static void *
carry(void *arg)
{
	struct way *w = arg;
	struct pollfd p = {.fd = w->in, .events = POLLIN};

	/* A line does not wait for a processor.  Who may not ask for this has one that
	 * stutters when the machine is busy. */
	(void)pthread_setschedparam(pthread_self(), SCHED_FIFO,
				    &(struct sched_param){.sched_priority = 10});
	(void)prctl(PR_SET_TIMERSLACK, 1UL);
	while (!atomic_load(&ended)) {
		int64_t wait = let_out(w);
		struct timespec t;

		if (wait < 0 || wait > 100000000)
			wait = 100000000; /* 0.1 s: to see the end */
		t = (struct timespec){.tv_nsec = (long)wait};
		if (ppoll(&p, 1, &t, NULL) > 0)
			take_in(w);
	}
	return NULL;
}

static void
set_way(struct way *w, int in, int out, char **argv)
{
	double mbit = strtod(argv[3], NULL), ms = strtod(argv[4], NULL);
	double queue = strtod(argv[5], NULL), loss = strtod(argv[6], NULL);
	double ns_per_byte = 8000 / mbit;

	*w = (struct way){.in = in, .out = out, .seed = (uint64_t)now_ns() | 1};
	w->ns_per_byte_x1024 = (int64_t)(ns_per_byte * 1024);
	w->delay_ns = (int64_t)(ms * 1e6);
	w->queue_ns = (int64_t)(queue * ns_per_byte);
	w->loss = (uint32_t)(loss / 100 * 4294967295.0);
	w->ring = calloc(RING, sizeof(*w->ring));
	if (!w->ring)
		fail("calloc");
}

int
main(int argc, char **argv)
{
	static struct way ways[2];
	pthread_t threads[2];
	sigset_t signals;
	int a, b, got = 0;

	if (argc != 7) {
		(void)fprintf(stderr, "usage: wanem NS_A NS_B RATE_MBIT ONE_WAY_MS "
				      "QUEUE_BYTES LOSS_PERCENT\n");
		return 2;
	}
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigaddset(&signals, SIGINT);
	(void)sigaddset(&signals, SIGUSR1);
	(void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
	a = open_tun(argv[1]);
	b = open_tun(argv[2]);
	set_way(&ways[0], a, b, argv);
	set_way(&ways[1], b, a, argv);
	for (int i = 0; i < 2; i++)
		if (pthread_create(&threads[i], NULL, carry, &ways[i]) != 0)
			fail("pthread_create");
	(void)puts("ready");
	(void)fflush(stdout);
	while (sigwait(&signals, &got) == 0 && got == SIGUSR1)
		atomic_store(&black_hole, !atomic_load(&black_hole));
	atomic_store(&ended, true);
	for (int i = 0; i < 2; i++) {
		(void)pthread_join(threads[i], NULL);
		(void)printf("%s: passed %llu lost %llu dropped %llu\n", argv[i + 1],
			     (unsigned long long)ways[i].passed,
			     (unsigned long long)ways[i].lost,
			     (unsigned long long)ways[i].dropped);
	}
	return 0;
}
