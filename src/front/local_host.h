/* local_host.h - is that name this machine? */
#ifndef FRONT_LOCAL_HOST_H
#define FRONT_LOCAL_HOST_H

#include <stdbool.h>

/* Does `host` resolve to an address of one of our own interfaces (loopback too)?  A
 * name that does not resolve: false. */
bool local_host_is(const char *host);

#endif
