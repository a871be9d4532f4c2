#include "front/request_id.h"

#include "base/num.h"

int
request_id_parse(const char *typed, struct request_id *out, struct err *e)
{
	if (num_int(typed, 1, INT64_MAX, &out->n) == 0)
		return 0;
	return err_set(e, ERR_INPUT, 0,
		       "\"%s\" is no request id; `lansender list --all` shows them",
		       typed);
}

int
request_id_unknown(struct request_id id, struct err *e)
{
	return err_set(
	    e, ERR_REQUEST, 0,
	    "there is no send request %lld; `lansender list --all` shows them",
	    (long long)id.n);
}
