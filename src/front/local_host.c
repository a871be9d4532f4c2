#include "front/local_host.h"

#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

/* The same IP address?  Ports and scopes do not matter. */
static bool
same_ip(const struct sockaddr *a, const struct sockaddr *b)
{
	struct sockaddr_in a4, b4;
	struct sockaddr_in6 a6, b6;

	if (!b || a->sa_family != b->sa_family)
		return false;
	if (a->sa_family == AF_INET) {
		memcpy(&a4, a, sizeof(a4));
		memcpy(&b4, b, sizeof(b4));
		return a4.sin_addr.s_addr == b4.sin_addr.s_addr;
	}
	if (a->sa_family != AF_INET6)
		return false;
	memcpy(&a6, a, sizeof(a6));
	memcpy(&b6, b, sizeof(b6));
	return memcmp(&a6.sin6_addr, &b6.sin6_addr, sizeof(a6.sin6_addr)) == 0;
}

static bool
is_ours(const struct sockaddr *a, const struct ifaddrs *interfaces)
{
	struct sockaddr_in v4;

	if (a->sa_family == AF_INET) { /* RFC 1122 3.2.1.3: all of 127/8 */
		memcpy(&v4, a, sizeof(v4));
		if (ntohl(v4.sin_addr.s_addr) >> 24 == 127)
			return true;
	}
	for (; interfaces; interfaces = interfaces->ifa_next)
		if (same_ip(a, interfaces->ifa_addr))
			return true;
	return false;
}

bool
local_host_is(const char *host)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	struct ifaddrs *interfaces = NULL;
	bool ours = false;

	if (getaddrinfo(host, NULL, &hints, &found) != 0)
		return false;
	if (getifaddrs(&interfaces) < 0)
		interfaces = NULL;
	for (const struct addrinfo *a = found; a && !ours; a = a->ai_next)
		ours = is_ours(a->ai_addr, interfaces);
	freeaddrinfo(found);
	freeifaddrs(interfaces);
	return ours;
}
