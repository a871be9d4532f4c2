/* prepare.c - what NTLM is told, so that it asks nobody.
 *
 * For a log-on gss-ntlmssp wants two names of this host.  Where its environment does
 * not have them it asks winbind, by libwbclient.  That has state of the process which
 * no lock guards, and with a winbind that is ill it may wait for minutes, where neither
 * a deadline nor a stop reaches.  All it would get there is what stands below. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "smb/smb.h"

enum {
	HOST_ROOM = 65,  /* bytes: HOST_NAME_MAX of Linux and the NUL         */
	NETBIOS_MAX = 15 /* characters: MS-NBTE 2.2.1; where Samba cuts, too  */
};

/* What gss-ntlmssp takes for the domain when winbind gives none; a client sends it to
 * nobody: the domain of a log-on is the account's. */
static const char NO_DOMAIN[] = "WORKSTATION";

void
smb_prepare(void)
{
	char host[HOST_ROOM] = "";
	size_t len;

	if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == '\0')
		str_copy_cut(host, sizeof(host), "localhost");
	len = strcspn(host, ".");
	host[len < NETBIOS_MAX ? len : NETBIOS_MAX] = '\0';
	str_upper(host);
	(void)setenv("NETBIOS_COMPUTER_NAME", host, 0);
	(void)setenv("NETBIOS_DOMAIN_NAME", NO_DOMAIN, 0);
}
