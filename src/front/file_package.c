#include "front/file_package.h"

#include <string.h>

#include "front/progress.h"

static void
show(void *self, int64_t files, int64_t bytes)
{
	(void)files;
	progress_show(self, bytes, 0);
}

int
file_package(const char *store, struct package_options o, struct package_info *out,
	     struct err *e)
{
	struct progress bar;
	int rc;

	progress_init(&bar, "reading", clock_real());
	o.progress = show;
	o.self = &bar;
	rc = package_add(store, &o, out, e);
	progress_clear(&bar);
	return rc;
}

int
file_package_check(const char *path, const char *name, struct err *e)
{
	if (path[0] == '\0')
		return err_set(e, ERR_INPUT, 0,
			       "the path is empty: name a file or a folder");
	if (!name || package_name_check(name, strlen(name), e) == 0)
		return 0;
	e->kind = ERR_INPUT;
	return -1;
}
