#include "send/link.h"

#include "base/str.h"
#include "smb/smb.h"

static enum smb_want
want(enum config_want w)
{
	switch (w) {
	case CONFIG_OFF:
		return SMB_OFF;
	case CONFIG_WANTED:
		return SMB_WANTED;
	case CONFIG_REQUIRED:
		return SMB_REQUIRED;
	}
	return SMB_REQUIRED;
}

static enum smb_auth
auth(enum config_auth a)
{
	switch (a) {
	case CONFIG_AUTH_NEGOTIATE:
		return SMB_AUTH_NEGOTIATE;
	case CONFIG_AUTH_NTLM:
		return SMB_AUTH_NTLM;
	case CONFIG_AUTH_KERBEROS:
		return SMB_AUTH_KERBEROS;
	case CONFIG_AUTH_GUEST:
		return SMB_AUTH_GUEST;
	case CONFIG_AUTH_ANONYMOUS:
		return SMB_AUTH_ANONYMOUS;
	}
	return SMB_AUTH_NEGOTIATE;
}

static struct smb_options
options(const struct config_address *a, const char *password)
{
	return (struct smb_options){
	    .server = a->where.host,
	    .share = a->where.share,
	    .connect_host = a->connect_host,
	    .connect_port = a->connect_port ? a->connect_port : a->where.port,
	    .auth = auth(a->auth),
	    .account = a->account,
	    .password = password,
	    .keytab = a->keytab,
	    .ccache = a->ccache,
	    .signing = want(a->signing),
	    .encrypt = want(a->encrypt),
	    .dialect_min = (enum smb_dialect)a->dialect_min,
	    .dialect_max = (enum smb_dialect)a->dialect_max,
	    .compounds = a->compounds,
	    .congestion = a->congestion,
	    .connections = (unsigned)a->connections,
	    .window_max_bytes = a->window_bytes,
	    .write_max_bytes = (uint32_t)a->write_bytes,
	    .flush = a->flush,
	    .connect_ms = a->connect_timeout_ms,
	    .request_ms = a->request_timeout_ms,
	    .progress_ms = a->progress_timeout_ms,
	};
}

static int
open_lan(const struct config_address *a, const char *password,
	 const struct clock *clock, const struct stop *stop, struct transport **out,
	 struct err *e)
{
	struct smb_options o;
	char *secret = NULL;
	int rc;

	if (!password && config_secret(a, &secret, e) < 0) {
		e->kind = ERR_ADDRESS;
		return err_wrap(e, "address %s is not tried", a->section);
	}
	o = options(a, password ? password : secret);
	o.clock = clock;
	o.stop = stop;
	rc = transport_open_lan(&o, a->where.folder, out, e);
	config_secret_free(secret);
	return rc;
}

int
link_open(const struct config_address *a, const char *password,
	  const struct clock *clock, const struct stop *stop, struct transport **out,
	  struct err *e)
{
	switch (a->type) {
	case CONFIG_TYPE_LAN:
		return open_lan(a, password, clock, stop, out, e);
	case CONFIG_TYPE_DIR:
		return transport_open_dir(a->path, stop, out, e);
	case CONFIG_TYPE_UNKNOWN: /* no route has it */
		break;
	}
	return err_set(e, ERR_ADDRESS, 0,
		       "address %s is of type \"%s\", which is not "
		       "known here",
		       a->section, a->type_name);
}

const char *
link_share(const struct config_address *a, char *buf, size_t room)
{
	struct address share = a->where;

	if (a->type == CONFIG_TYPE_DIR) {
		str_copy_cut(buf, room, a->path);
		return buf;
	}
	share.folder[0] = '\0';
	return address_print(&share, buf, room);
}

const char *
link_place(const struct config_address *a, char *buf, size_t room)
{
	if (a->type == CONFIG_TYPE_DIR)
		return link_share(a, buf, room);
	return address_print(&a->where, buf, room);
}
