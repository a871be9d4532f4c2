#include "fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/path.h"
#include "package/tree.h"

int
fixture_set_up(void **state)
{
	struct fixture *f = mem_zero(1, sizeof(*f));
	const char *tmp = getenv("TMPDIR");

	f->top = mem_printf("%s/lansender-package-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(f->top))
		return -1;
	f->source = path_join(f->top, "src");
	f->store = path_join(f->top, "store");
	f->o.path = f->source;
	*state = f;
	return path_make(f->source, 0700, &f->e);
}

int
fixture_tear_down(void **state)
{
	struct fixture *f = *state;
	int rc = tree_remove(AT_FDCWD, f->top); /* paths are beyond PATH_MAX here */

	mem_free(f->top);
	mem_free(f->source);
	mem_free(f->store);
	mem_free(f);
	return rc;
}

const char *
fixture_path(struct fixture *f, const char *name)
{
	(void)snprintf(f->path, sizeof(f->path), "%s/%s", f->source, name);
	return f->path;
}

void
fixture_write(struct fixture *f, const char *name, const char *text)
{
	if (path_write_file(fixture_path(f, name), text, strlen(text), 0600, &f->e))
		fail_msg("%s", f->e.text);
}

void
fixture_make(struct fixture *f, const char *name)
{
	if (path_make(fixture_path(f, name), 0700, &f->e))
		fail_msg("%s", f->e.text);
}

void
fixture_add(struct fixture *f)
{
	if (package_add(f->store, &f->o, &f->info, &f->e))
		fail_msg("%s", f->e.text);
}

void
fixture_refuse(struct fixture *f, enum err_kind kind, const char *text)
{
	int before = fixture_count(f);

	if (!package_add(f->store, &f->o, &f->info, &f->e))
		fail_msg("was filed, though: %s", text);
	if (!strstr(f->e.text, text))
		fail_msg("\"%s\" does not say \"%s\"", f->e.text, text);
	assert_string_equal(err_kind_name(f->e.kind), err_kind_name(kind));
	assert_int_equal(fixture_count(f), before);
}

int
fixture_count(struct fixture *f)
{
	DIR *stream = opendir(f->store);
	int count = 0;

	if (!stream)
		return 0;
	while (readdir(stream))
		count++;
	(void)closedir(stream);
	return count - 2; /* . and .. */
}
