/* dial.h - a TCP connection to a server, by name.
 * Any thread.  Names are resolved beside the caller and all of a name's addresses are
 * raced (RFC 8305), so that neither a name server that hangs nor a dead IPv6 route
 * costs more than its share; `stop` and the deadline always hold. */
#ifndef SMB_DIAL_H
#define SMB_DIAL_H

#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/stop.h"

/* Another getaddrinfo(), for tests.  Called from a helper thread; it may return after
 * dial() has given up.  The list is freed with `release`. */
struct dial_resolver {
	int (*resolve)(void *self, const char *host, const char *service,
		       const struct addrinfo *hints, struct addrinfo **out);
	void (*release)(struct addrinfo *list);
	void *self;
};

struct dial_options {
	const char *host; /* name, IPv4 or IPv6 address (without brackets) */
	uint16_t port;
	int64_t limit_ms;        /* from now until connected */
	int64_t progress_ms;     /* TCP_USER_TIMEOUT; 0: the host's */
	const char *congestion;  /* TCP_CONGESTION; NULL, "auto": the host's */
	const struct stop *stop; /* NULL: never */
	const struct clock *clock;
	const struct dial_resolver *resolver; /* NULL: getaddrinfo */
};

enum { DIAL_PEER_ROOM = 64 }; /* "[2001:db8::1%eth0]:445" fits */

struct dialed {
	int fd; /* connected, non-blocking, close-on-exec: the caller's */
	bool congestion_refused;   /* the host does not allow that algorithm */
	char peer[DIAL_PEER_ROOM]; /* the address that answered */
};

/* -1: ERR_ADDRESS 53: no such host, refused, no route, no answer in time - the text
 * says which; ERR_STOP; ERR_LOCAL: no descriptor or thread left. */
int dial(const struct dial_options *o, struct dialed *out, struct err *e) MUST_USE;

#endif
