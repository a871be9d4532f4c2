#include "front/file_package.h"

#include "front/print.h"
#include "front/progress.h"

static void
show(void *self, int64_t files, int64_t bytes)
{
	(void)files;
	progress_show(self, bytes, 0);
}

/* The message of package_add() holds the first names; here all are told. */
static void
tell_refused(void *self, const char *path, const char *reason)
{
	progress_clear(self);
	print_note("  %s: %s", path[0] ? path : ".", reason);
}

int
file_package(const char *store, struct package_options o, struct package_info *out,
	     struct err *e)
{
	struct progress bar;
	int rc;

	progress_init(&bar, "reading", clock_real());
	o.progress = show;
	o.refused = tell_refused;
	o.self = &bar;
	rc = package_add(store, &o, out, e);
	progress_clear(&bar);
	return rc;
}
