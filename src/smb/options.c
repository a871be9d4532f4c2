/* options.c - what a connection was asked to be, kept for the times when it has to log
 * on again. */
#include <string.h>

#include "base/mem.h"
#include "smb/engine.h"

void
options_copy(const struct smb_options *from, struct smb_options *to)
{
	*to = *from;
	to->server = mem_dup(from->server);
	to->share = mem_dup(from->share);
	to->connect_host = mem_dup(from->connect_host);
	to->account = mem_dup(from->account);
	to->password = mem_dup(from->password);
	to->keytab = mem_dup(from->keytab);
	to->ccache = mem_dup(from->ccache);
	to->congestion = mem_dup(from->congestion);
	to->stop = NULL;
}

static void
drop(const char *text)
{
	mem_free((void *)text);
}

void
options_done(struct smb_options *o)
{
	if (o->password)
		mem_wipe((void *)o->password, strlen(o->password));
	drop(o->server);
	drop(o->share);
	drop(o->connect_host);
	drop(o->account);
	drop(o->password);
	drop(o->keytab);
	drop(o->ccache);
	drop(o->congestion);
	*o = (struct smb_options){0};
}
