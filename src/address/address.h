/* address.h - DOOR: what a person types into the server box.
 *
 * DSSMS, \\DSSMS, \\\\DSSMS, //dssms, smb://DSSMS:1445/SMS_SITE/in ... are all the
 * server DSSMS; whatever was typed, the printed form is \\DSSMS\SMS_SITE: two
 * backslashes, never four (Q235753).  One parser, one printer.  Pure; any thread.
 * Behind the door: parse.c (what stands around a place), host.c (server and port),
 * share.c (share and folder), print.c.  Sentences never repeat what may be a password.
 */
#ifndef ADDRESS_ADDRESS_H
#define ADDRESS_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

enum {
	ADDRESS_HOST_ROOM = 254,  /* RFC 1035 2.3.4: 253 and the NUL               */
	ADDRESS_SHARE_ROOM = 321, /* 80 characters (MS-SRVS, NNLEN), 4 bytes each  */
	ADDRESS_FOLDER_ROOM = 1024,
};

enum address_host_kind { ADDRESS_NAME, ADDRESS_IPV4, ADDRESS_IPV6 };

/* A plain value; strings are valid UTF-8. */
struct address {
	enum address_host_kind kind;
	char host[ADDRESS_HOST_ROOM];   /* as typed, without what surrounds it; IPv6 in
					 * its RFC 5952 form without brackets         */
	char share[ADDRESS_SHARE_ROOM]; /* "": none was typed                         */
	char folder[ADDRESS_FOLDER_ROOM]; /* below the share, with '/'; "": none */
	uint16_t port; /* 0: none was typed                          */
};

/* Understand `text`.  -1: ERR_INPUT with a sentence that says what is wrong and what to
 * type instead; *out is untouched. */
int address_parse(const char *text, size_t len, struct address *out,
		  struct err *e) MUST_USE;

/* The same server with the share and folder of a "share" key ("SMS_SITE",
 * "\SMS_SITE\in").  A share that was typed twice, differently, is ERR_INPUT. */
int address_set_share(struct address *a, const char *share, struct err *e) MUST_USE;

/* "\\DSSMS", "\\DSSMS\SMS_SITE", "\\DSSMS\SMS_SITE\in"; a port other than 445 as
 * "\\DSSMS:1445\SMS_SITE"; IPv6 as "\\[2001:db8::1]\SMS_SITE".  Parsing what was
 * printed gives the same address.  Returns buf, cut to room (ADDRESS_TEXT_ROOM always
 * fits). */
enum { ADDRESS_TEXT_ROOM = 1616 };
const char *address_print(const struct address *a, char *buf, size_t room);

/* Only "\\DSSMS" (and the port). */
const char *address_print_server(const struct address *a, char *buf, size_t room);

/* The same place?  Names compare without case, ports with 445 for none. */
bool address_same(const struct address *a, const struct address *b);

/* "host:port", "[v6]:port", "host" -> host without brackets, port (0: none):
 * connect_to. */
int address_parse_endpoint(const char *text, char host[ADDRESS_HOST_ROOM],
			   uint16_t *port, struct err *e) MUST_USE;

#endif
