/* auto.h - release at the end of the scope.  Initialise the variable where it is
 * declared. */
#ifndef BASE_AUTO_H
#define BASE_AUTO_H

#include <unistd.h>

#include "base/attr.h"
#include "base/mem.h"

static inline void
auto_free(void *p)
{
	mem_free(*(void **)p);
}

static inline void
auto_close(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

#define AUTO_FREE  AUTO(auto_free)
#define AUTO_CLOSE AUTO(auto_close)

/* Hand over what an AUTO pointer holds: yields it and leaves NULL behind. */
static inline void *
auto_steal(void *p)
{
	void *held = *(void **)p;

	*(void **)p = NULL;
	return held;
}
#define STEAL(var) auto_steal(&(var))

/* The same for a descriptor: leaves -1 behind. */
static inline int
auto_steal_fd(int *fd)
{
	const int held = *fd;

	*fd = -1;
	return held;
}
#define STEAL_FD(var) auto_steal_fd(&(var))

#endif
