#include "fault_share.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"

struct share *
share_new(void)
{
	struct share *s = mem_zero(1, sizeof(*s));

	share_add(s, "", true);
	return s;
}

void
share_free(struct share *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++) {
		mem_free(s->file[i]->path);
		mem_free(s->file[i]->bytes);
		mem_free(s->file[i]);
	}
	mem_free(s->file);
	mem_free(s);
}

static bool
same_path(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if (*a != *b &&
		    !((*a == '/' && *b == '\\') || (*a == '\\' && *b == '/')))
			return false;
	return *a == *b;
}

struct share_file *
share_find(const struct share *s, const char *path)
{
	for (size_t i = 0; i < s->n; i++)
		if (!s->file[i]->gone && same_path(s->file[i]->path, path))
			return s->file[i];
	return NULL;
}

struct share_file *
share_add(struct share *s, const char *path, bool is_dir)
{
	struct share_file *f = mem_zero(1, sizeof(*f));

	s->file = mem_grow(s->file, s->n, &s->room, sizeof(struct share_file *));
	s->file[s->n++] = f;
	f->path = mem_dup(path);
	f->is_dir = is_dir;
	for (char *p = f->path; *p; p++)
		if (*p == '/')
			*p = '\\';
	return f;
}

static const char *
last_backslash(const char *path)
{
	const char *back = strrchr(path, '\\');
	const char *forth = strrchr(path, '/');

	return back > forth ? back : forth;
}

bool
share_has_parent(const struct share *s, const char *path)
{
	const char *end = last_backslash(path);

	if (!end)
		return true;
	char *parent = mem_dup_len(path, (size_t)(end - path));
	const struct share_file *f = share_find(s, parent);

	mem_free(parent);
	return f && f->is_dir;
}

bool
share_set_size(struct share_file *f, int64_t size_bytes)
{
	if (size_bytes < 0 || size_bytes > SHARE_FILE_MAX_BYTES)
		return false;
	if (size_bytes > f->room_bytes) {
		f->room_bytes = size_bytes * 2;
		f->bytes = mem_resize(f->bytes, (size_t)f->room_bytes, 1);
	}
	if (size_bytes > f->size_bytes)
		memset(f->bytes + f->size_bytes, 0,
		       (size_t)(size_bytes - f->size_bytes));
	f->size_bytes = size_bytes;
	return true;
}

bool
share_write(struct share_file *f, int64_t offset, const uint8_t *bytes, size_t len)
{
	int64_t end = offset + (int64_t)len;

	if (offset < 0 || offset > SHARE_FILE_MAX_BYTES ||
	    (end > f->size_bytes && !share_set_size(f, end)))
		return false;
	if (len)
		memcpy(f->bytes + offset, bytes, len);
	return true;
}

/* Does f lie in the folder, at any depth?  Then this is where its name goes on. */
static const char *
below(const struct share_file *f, const struct share_file *dir)
{
	size_t len = strlen(dir->path);

	if (f == dir || f->gone || !str_starts(f->path, dir->path))
		return NULL;
	if (len == 0)
		return f->path;
	return f->path[len] == '\\' ? f->path + len + 1 : NULL;
}

void
share_rename(struct share *s, struct share_file *f, const char *to)
{
	for (size_t i = 0; f->is_dir && i < s->n; i++) {
		const char *rest = below(s->file[i], f);

		if (!rest)
			continue;
		char *path = mem_printf("%s\\%s", to, rest);

		mem_free(s->file[i]->path);
		s->file[i]->path = path;
	}
	mem_free(f->path);
	f->path = mem_dup(to);
}

bool
share_is_empty(const struct share *s, const struct share_file *dir)
{
	return share_entry(s, dir, 0) == NULL;
}

struct share_file *
share_entry(const struct share *s, const struct share_file *dir, size_t i)
{
	for (size_t k = 0; k < s->n; k++) {
		const char *rest = below(s->file[k], dir);

		if (rest && !strchr(rest, '\\') && i-- == 0)
			return s->file[k];
	}
	return NULL;
}

const char *
share_name(const struct share_file *f)
{
	const char *back = strrchr(f->path, '\\');

	return back ? back + 1 : f->path;
}
