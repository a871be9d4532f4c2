#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "config/build.h"

enum { FILE_MAX_BYTES = 16 << 20 }; /* a choice: 100,000 addresses and their words */

static void
auto_config(struct config **c)
{
	config_free(*c);
}

/* Kept as long as the configuration: sections and messages point at it. */
static const char *
keep_name(struct config *c, const char *name)
{
	c->files = mem_grow(c->files, c->file_count, &c->file_room, sizeof(char *));
	c->files[c->file_count] = mem_dup(name);
	return c->files[c->file_count++];
}

static int
read_file(struct config *c, const char *path, struct sections *s, struct err *e)
{
	AUTO_FREE char *bytes = NULL;
	size_t len;

	if (path_read_file(path, FILE_MAX_BYTES, ERR_INPUT, &bytes, &len, e) < 0)
		return -1;
	return sections_read(s, keep_name(c, path), bytes, len, e);
}

struct names {
	char **list;
	size_t count, room;
};

static void
names_done(struct names *n)
{
	for (size_t i = 0; i < n->count; i++)
		mem_free(n->list[i]);
	mem_free(n->list);
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
auto_dir(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

/* The *.conf of a folder in the order of their bytes; none when there is no folder.
 * Hidden ones are what editors leave behind. */
static int
list_folder(const char *path, struct names *out, struct err *e)
{
	AUTO(auto_dir) DIR *d = opendir(path);
	const struct dirent *entry;

	if (!d && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (!d)
		return err_sys(e, ERR_INPUT, "open %s", path);
	for (errno = 0; (entry = readdir(d)); errno = 0) {
		if (entry->d_name[0] == '.' || !str_ends(entry->d_name, ".conf"))
			continue;
		out->list = mem_grow(out->list, out->count, &out->room, sizeof(char *));
		out->list[out->count++] = path_join(path, entry->d_name);
	}
	if (errno != 0)
		return err_sys(e, ERR_INPUT, "read %s", path);
	if (out->count > 0)
		qsort(out->list, out->count, sizeof(char *), compare_names);
	return 0;
}

/* conf.d beside `path`. */
static int
read_folder(struct config *c, const char *path, struct sections *s, struct err *e)
{
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *folder =
	    mem_printf("%.*sconf.d", slash ? (int)(slash + 1 - path) : 0, path);
	AUTO(names_done) struct names names = {0};

	if (!str_ends(path, ".conf"))
		return 0;
	if (list_folder(folder, &names, e) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++)
		if (read_file(c, names.list[i], s, e) < 0)
			return -1;
	return 0;
}

/* The file that was asked for; it must be there, while conf.d need not. */
static int
read_main(struct config *c, const char *path, struct sections *s, struct err *e)
{
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return err_set(e, ERR_INPUT, 0,
			       "there is no configuration %s: write it as "
			       "lansender.conf(5) shows, or name another one",
			       path);
	return read_file(c, path, s, e);
}

int
config_load(const char *path, struct config **out, struct err *e)
{
	AUTO(auto_config) struct config *c = config_default();
	AUTO(sections_done) struct sections s = {0};

	if (read_main(c, path, &s, e) < 0 || read_folder(c, path, &s, e) < 0 ||
	    build_config(&s, c, e) < 0)
		return -1;
	*out = STEAL(c);
	return 0;
}

int
config_from_bytes(const char *name, const char *bytes, size_t len, struct config **out,
		  struct err *e)
{
	AUTO(auto_config) struct config *c = config_default();
	AUTO(sections_done) struct sections s = {0};

	if (sections_read(&s, keep_name(c, name), bytes, len, e) < 0 ||
	    build_config(&s, c, e) < 0)
		return -1;
	*out = STEAL(c);
	return 0;
}
