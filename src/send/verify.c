#include "send/verify.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

struct found {
	char *name;
	bool is_dir;
	int64_t size_bytes;
};

/* What one staged folder holds, sorted by name. */
struct listing {
	char *path; /* below the package; "" for its top folder */
	struct found *found;
	size_t count, room;
};

/* The folders on the way down to the present entry. */
struct chain {
	struct run *run;
	struct files *files;
	char *top; /* remote path of the package in staging */
	struct listing *open;
	size_t count, room;
};

static void
listing_done(struct listing *l)
{
	for (size_t i = 0; i < l->count; i++)
		mem_free(l->found[i].name);
	mem_free(l->found);
	mem_free(l->path);
}

static void
chain_done(struct chain *c)
{
	while (c->count > 0)
		listing_done(&c->open[--c->count]);
	mem_free(c->open);
	mem_free(c->top);
}

#define AUTO_CHAIN AUTO(chain_done)

static char *
remote_path(const struct chain *c, const char *path)
{
	return *path ? mem_printf("%s/%s", c->top, path) : mem_dup(c->top);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct found *)a)->name, ((const struct found *)b)->name);
}

static int
add_found(void *self, const char *name, const struct transport_stat *st)
{
	struct listing *l = self;

	l->found = mem_grow(l->found, l->count, &l->room, sizeof(*l->found));
	l->found[l->count++] =
	    (struct found){mem_dup(name), st->is_dir && !st->is_link, st->size_bytes};
	return 0;
}

/* Open the listing of one more folder. */
static int
enter(struct chain *c, const char *path, struct err *e)
{
	AUTO_FREE char *remote = remote_path(c, path);
	struct listing *l;

	c->open = mem_grow(c->open, c->count, &c->room, sizeof(*c->open));
	l = &c->open[c->count++];
	*l = (struct listing){.path = mem_dup(path)};
	if (transport_list(c->run->transport, remote, add_found, l, e) < 0)
		return -1;
	if (l->count > 0)
		qsort(l->found, l->count, sizeof(*l->found), by_name);
	return 0;
}

/* Is `path` in that folder, or below it? */
static bool
is_below(const char *path, const char *folder)
{
	const size_t len = strlen(folder);

	return len == 0 || (strncmp(path, folder, len) == 0 && path[len] == '/');
}

/* Make the listing of the folder that `path` is in the last one of the chain.  Folders
 * come before what is in them, so its own folder is the only one that can be missing.
 */
static int
go_to(struct chain *c, const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *folder = mem_dup_len(path, slash ? (size_t)(slash - path) : 0);

	while (c->count > 0 && !str_eq(c->open[c->count - 1].path, folder) &&
	       !is_below(folder, c->open[c->count - 1].path))
		listing_done(&c->open[--c->count]);
	if (c->count > 0 && str_eq(c->open[c->count - 1].path, folder))
		return 0;
	return enter(c, folder, e);
}

static bool
is_right(const struct chain *c, const struct package_entry *entry)
{
	const struct listing *l = &c->open[c->count - 1];
	const char *slash = strrchr(entry->path, '/');
	AUTO_FREE char *name = mem_dup(slash ? slash + 1 : entry->path);
	const struct found want = {.name = name};
	const struct found *got = NULL;

	if (l->count > 0)
		got = bsearch(&want, l->found, l->count, sizeof(*l->found), by_name);
	return got && !got->is_dir && got->size_bytes == entry->size_bytes;
}

/* The package is one file. */
static int
is_right_alone(const struct chain *c, const struct package_entry *entry, struct err *e)
{
	struct transport_stat st;
	int there = transport_stat(c->run->transport, c->top, &st, e);

	return there <= 0 ? there : !st.is_dir && st.size_bytes == entry->size_bytes;
}

static int
verify_file(struct chain *c, const struct package_entry *entry, struct err *e)
{
	AUTO_FREE char *remote = remote_path(c, entry->path);
	struct files_put again = {.entry = entry, .remote = remote};
	int right;

	if (!*entry->path) {
		right = is_right_alone(c, entry, e);
	} else {
		right = go_to(c, entry->path, e);
		if (right == 0)
			right = is_right(c, entry);
	}
	if (right < 0)
		return -1;
	return right ? 0 : files_put(c->files, &again, e);
}

int
verify_run(struct run *r, struct files *files, struct err *e)
{
	AUTO_CHAIN struct chain c = {.run = r, .files = files};
	struct package_entry entry;
	int more;

	c.top = mem_printf("%s/%s", r->staging, r->a->request->package.name);
	if (package_rewind(r->a->package, e) < 0)
		return -1;
	while ((more = package_next(r->a->package, &entry, e)) > 0) {
		if (run_beat(r, e) < 0)
			return -1;
		if (!entry.is_folder && verify_file(&c, &entry, e) < 0)
			return -1;
	}
	return more;
}
