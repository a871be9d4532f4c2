/* transport_backends.h - every transport that test_transport.c is run against. */
#ifndef CONTRACT_TRANSPORT_BACKENDS_H
#define CONTRACT_TRANSPORT_BACKENDS_H

#include "base/err.h"
#include "transport/transport.h"

struct backend {
	const char *name;
	const char *(*missing)(void); /* why it cannot be tried here; NULL: it can */
	/* A transport onto an empty place of its own. */
	int (*open)(struct transport **out, struct err *e);
	/* Take that place away again. */
	int (*clean)(void);
};

enum { BACKENDS = 3 };
extern const struct backend backends[BACKENDS];

#endif
