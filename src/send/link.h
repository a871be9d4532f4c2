/* link.h - an address of the configuration becomes a connection.  Any thread. */
#ifndef SEND_LINK_H
#define SEND_LINK_H

#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/stop.h"
#include "config/config.h"
#include "transport/transport.h"

/* Connect.  `password` NULL: the one configured, read now and wiped again.  Errors as
 * transport_open_lan() and transport_open_dir(); a password that cannot be read is
 * ERR_ADDRESS: nothing was tried with that account. */
int link_open(const struct config_address *a, const char *password,
	      const struct clock *clock, const struct stop *stop,
	      struct transport **out, struct err *e) MUST_USE;

/* "\\DSSMS\SMS_SITE", or the folder of a dir address: what the original connected to.
 * Returns buf; ADDRESS_TEXT_ROOM fits all. */
const char *link_share(const struct config_address *a, char *buf, size_t room);
/* The same with the folder below the share: what remote paths begin with, and what
 * tells one staging place from another. */
const char *link_place(const struct config_address *a, char *buf, size_t room);

#endif
