#include "transport_backends.h"

#include <limits.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/path.h"

static char *place; /* where the transport of the current case works */

static int
open_dir(struct transport **out, struct err *e)
{
	const char *top = getenv("TMPDIR");

	place = mem_printf("%s/lansender-contract-XXXXXX", top ? top : "/tmp");
	if (!mkdtemp(place))
		return err_sys(e, ERR_LOCAL, "make folder %s", place);
	return transport_open_dir(place, NULL, out, e);
}

static int
clean_dir(void)
{
	struct err e;
	int rc = path_remove_tree(place, &e);

	mem_free(place);
	place = NULL;
	return rc;
}

/* A wrapper that never strikes must not be noticed. */
static int
open_faulty(struct transport **out, struct err *e)
{
	struct err never = {.kind = ERR_ATTEMPT};
	struct transport *inner;

	if (open_dir(&inner, e))
		return -1;
	*out = transport_wrap_faulty(inner, UINT_MAX, &never);
	return 0;
}

const struct backend backends[BACKENDS] = {
    {"dir", NULL, open_dir, clean_dir},
    {"faulty(dir)", NULL, open_faulty, clean_dir},
};
