#include "send/outcome.h"

#include "base/mem.h"

/* MS-ERREF 2.2: the account was refused.  Trying again would only lock it out. */
static const uint32_t refused_logons[] = {
    86,   /* INVALID_PASSWORD          */
    1317, /* NO_SUCH_USER              */
    1326, /* LOGON_FAILURE             */
    1327, /* ACCOUNT_RESTRICTION       */
    1328, /* INVALID_LOGON_HOURS       */
    1329, /* INVALID_WORKSTATION       */
    1330, /* PASSWORD_EXPIRED          */
    1331, /* ACCOUNT_DISABLED          */
    1793, /* ACCOUNT_EXPIRED           */
    1907, /* PASSWORD_MUST_CHANGE      */
    1909, /* ACCOUNT_LOCKED_OUT        */
};

/* MS-ERREF 2.3: the server is there and has forgotten who we are: it was restarted, an
 * administrator closed the session, a ticket could not be renewed in time. */
#define NETWORK_NAME_DELETED    UINT32_C(0xC00000C9)
#define USER_SESSION_DELETED    UINT32_C(0xC0000203)
#define NETWORK_SESSION_EXPIRED UINT32_C(0xC000035C)

/* clang-format off */
static const char *const outcome_names[] = {
	[ATTEMPT_SENT] = "sent",              [ATTEMPT_FAILED] = "failed",
	[ATTEMPT_RETRY] = "retry",            [ATTEMPT_NO_CONNECTION] = "no_connection",
	[ATTEMPT_SITE] = "site",              [ATTEMPT_NO_ADDRESS] = "no_address",
	[ATTEMPT_LOCAL] = "local",            [ATTEMPT_STOPPED] = "stopped",
	[ATTEMPT_ORDERED] = "ordered",        [ATTEMPT_LOST] = "lost",
	[ATTEMPT_REFUSED] = "refused",        [ATTEMPT_SUSPENDED] = "suspended",
};
/* clang-format on */

const char *
attempt_outcome_name(enum attempt_outcome o)
{
	return (size_t)o < COUNT(outcome_names) ? outcome_names[o] : "unknown";
}

bool
outcome_is_refused_logon(const struct err *e)
{
	for (size_t i = 0; i < COUNT(refused_logons); i++)
		if (e->win32 == refused_logons[i])
			return true;
	return false;
}

bool
outcome_is_session_lost(const struct err *e)
{
	return e->ntstatus == NETWORK_NAME_DELETED ||
	       e->ntstatus == USER_SESSION_DELETED ||
	       e->ntstatus == NETWORK_SESSION_EXPIRED;
}

enum attempt_outcome
outcome_of(const struct run *r, const struct err *e)
{
	if (r->order == OUTBOX_LOST)
		return ATTEMPT_LOST;
	if (r->order != OUTBOX_GO_ON)
		return ATTEMPT_ORDERED;
	if (r->is_suspended)
		return ATTEMPT_SUSPENDED;
	switch (e->kind) {
	case ERR_NONE:
		return ATTEMPT_SENT;
	case ERR_REQUEST:
		return ATTEMPT_FAILED;
	case ERR_ATTEMPT:
	case ERR_UNSURE:
		return ATTEMPT_RETRY;
	case ERR_ADDRESS:
	case ERR_INPUT:
		/* What is half published stays there: only there it can be finished. */
		return r->is_publishing ? ATTEMPT_RETRY : ATTEMPT_REFUSED;
	case ERR_SITE:
		return ATTEMPT_SITE;
	case ERR_LOCAL:
		return ATTEMPT_LOCAL;
	case ERR_STOP:
		return ATTEMPT_STOPPED;
	}
	return ATTEMPT_LOCAL;
}

enum attempt_outcome
outcome_of_connect(const struct run *r, const struct err *e)
{
	const enum attempt_outcome o = outcome_of(r, e);

	return o == ATTEMPT_RETRY || o == ATTEMPT_SITE || o == ATTEMPT_REFUSED
		   ? ATTEMPT_NO_CONNECTION
		   : o;
}
