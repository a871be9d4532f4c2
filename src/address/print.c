#include <stdio.h>
#include <string.h>

#include "address/address.h"
#include "base/str.h"
#include "base/utf.h"

enum { PORT_SMB = 445 }; /* MS-SMB2 2.1: direct TCP */

const char *
address_print_server(const struct address *a, char *buf, size_t room)
{
	const bool v6 = a->kind == ADDRESS_IPV6;
	char port[8] = "";

	if (a->port && a->port != PORT_SMB)
		(void)snprintf(port, sizeof(port), ":%u", (unsigned)a->port);
	(void)snprintf(buf, room, "\\\\%s%s%s%s", v6 ? "[" : "", a->host, v6 ? "]" : "",
		       port);
	return buf;
}

const char *
address_print(const struct address *a, char *buf, size_t room)
{
	char text[ADDRESS_TEXT_ROOM];
	size_t len;

	len = strlen(address_print_server(a, text, sizeof(text)));
	if (a->share[0])
		(void)snprintf(text + len, sizeof(text) - len, "\\%s%s%s", a->share,
			       a->folder[0] ? "\\" : "", a->folder);
	for (char *p = text + len; *p; p++)
		if (*p == '/')
			*p = '\\';
	str_copy_cut(buf, room, text);
	return buf;
}

bool
address_same(const struct address *a, const struct address *b)
{
	const unsigned a_port = a->port ? a->port : PORT_SMB;
	const unsigned b_port = b->port ? b->port : PORT_SMB;

	return a_port == b_port && a->kind == b->kind &&
	       utf_compare_nocase(a->host, b->host) == 0 &&
	       utf_compare_nocase(a->share, b->share) == 0 &&
	       utf_compare_nocase(a->folder, b->folder) == 0;
}
