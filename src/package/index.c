#include "package/index.h"

#include <inttypes.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/path.h"
#include "base/str.h"
#include "package/names.h"
#include "package/read.h"

enum {
	/* A line: a path of PATH_UNITS_MAX units, 3 bytes each, and numbers; for the
	 * source, PATH_MAX (4096) bytes, 4 each. */
	LINE_MAX_BYTES = 3 * PATH_UNITS_MAX + 1024,
};

static const char MAGIC[] = "lansender-package 1";

struct index {
	FILE *f;
	struct str line;
	int64_t line_number;
	struct index_head head;
	char *source;
	struct str path;
	int64_t entries, files, folders, bytes;
	bool at_end;
};

/* --- writing ---------------------------------------------------------------------- */

static void
write_escaped(FILE *f, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == 0x7f || c == '\\')
			(void)fprintf(f, "\\x%02x", c);
		else
			(void)fputc(c, f);
	}
	(void)fputc('\n', f);
}

void
index_write_head(FILE *f, const struct index_head *h)
{
	const struct package_info *info = &h->info;

	(void)fprintf(f, "%s\nname ", MAGIC);
	write_escaped(f, info->name);
	(void)fprintf(f, "kind %s %s\n", info->is_tree ? "tree" : "file",
		      info->by_reference ? "reference" : "copy");
	if (info->by_reference) {
		(void)fputs("source ", f);
		write_escaped(f, h->source);
	}
	(void)fprintf(f, "total %" PRId64 " %" PRId64 " %" PRId64 "\n",
		      info->file_count, info->folder_count, info->total_bytes);
}

void
index_write_entry(FILE *f, const struct package_entry *entry)
{
	if (entry->is_folder)
		(void)fprintf(f, "d %" PRId64 " ", entry->mtime_ns);
	else
		(void)fprintf(f, "f %" PRId64 " %" PRId64 " %s ", entry->mtime_ns,
			      entry->size_bytes, *entry->sha256 ? entry->sha256 : "-");
	if (!entry->is_folder)
		(void)fprintf(f, "%" PRId64 " %" PRId64 " ", (int64_t)entry->inode,
			      entry->ctime_ns);
	write_escaped(f, entry->path);
}

void
index_write_end(FILE *f, int64_t entries)
{
	(void)fprintf(f, "end %" PRId64 "\n", entries);
}

/* --- reading: lines and fields ---------------------------------------------------- */

static int
damaged(const struct index *ix, const char *why, struct err *e)
{
	return err_set(e, ERR_REQUEST, 13,
		       "the package's index is damaged (line %lld: %s): file it again",
		       (long long)ix->line_number, why);
}

/* The next line into ix->line, without its end. */
static int
read_line(struct index *ix, struct err *e)
{
	char part[4096];

	str_clear(&ix->line);
	ix->line_number++;
	while (fgets(part, sizeof(part), ix->f)) {
		size_t len = strlen(part);

		str_add_len(&ix->line, part, len);
		if (len && part[len - 1] == '\n') {
			ix->line.s[--ix->line.len] = '\0';
			return 0;
		}
		if (len < sizeof(part) - 1) /* a NUL, or no end of line at the end */
			break;
		if (ix->line.len > LINE_MAX_BYTES)
			return damaged(ix, "it is too long", e);
	}
	if (ferror(ix->f))
		return err_sys(e, ERR_LOCAL, "read the package's index");
	return damaged(ix, "it is not whole", e);
}

/* Cut the next field, up to a space, off the line.  NULL: there is none. */
static char *
cut_field(char **rest)
{
	char *field = *rest;
	char *space = strchr(field, ' ');

	if (!space || space == field)
		return NULL;
	*space = '\0';
	*rest = space + 1;
	return field;
}

static int
cut_number(char **rest, int64_t min, int64_t *out)
{
	const char *field = cut_field(rest);

	return field ? num_int(field, min, INT64_MAX, out) : -1;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Undo write_escaped().  -1: not as it writes. */
static int
unescape(const char *text, struct str *out)
{
	str_clear(out);
	for (; *text; text++) {
		int high, low;

		if (*text != '\\') {
			str_add_char(out, *text);
			continue;
		}
		if (text[1] != 'x' || (high = hex_value(text[2])) < 0 ||
		    (low = hex_value(text[3])) < 0 || high + low == 0)
			return -1;
		str_add_char(out, (char)(high << 4 | low));
		text += 3;
	}
	return 0;
}

static int
parse_sha256(const char *field, char out[DIGEST_HEX_ROOM])
{
	if (!field || str_eq(field, "-")) {
		*out = '\0';
		return field ? 0 : -1;
	}
	for (size_t i = 0; i < DIGEST_HEX_ROOM - 1; i++)
		if (hex_value(field[i]) < 0) /* the NUL of a short one, too */
			return -1;
	return str_copy(out, DIGEST_HEX_ROOM, field);
}

/* --- reading: the head ------------------------------------------------------------ */

/* A line that begins with `key` and a space: *rest is what follows. */
static int
read_key(struct index *ix, const char *key, char **rest, struct err *e)
{
	size_t len = strlen(key);

	if (read_line(ix, e))
		return -1;
	*rest = ix->line.s + len + 1;
	if (ix->line.len > len && str_starts(ix->line.s, key) && ix->line.s[len] == ' ')
		return 0;
	return damaged(ix, "another line was expected here", e);
}

static int
read_name(struct index *ix, struct err *e)
{
	struct package_info *info = &ix->head.info;
	char *rest;

	if (read_key(ix, "name", &rest, e))
		return -1;
	if (unescape(rest, &ix->path) ||
	    name_fault_package(str_text(&ix->path), ix->path.len) ||
	    str_copy(info->name, sizeof(info->name), str_text(&ix->path)))
		return damaged(ix, "no name of a package", e);
	return 0;
}

static int
read_kind(struct index *ix, struct err *e)
{
	static const struct {
		const char *text;
		bool is_tree, by_reference;
	} kinds[] = {
	    {"tree copy", true, false},
	    {"tree reference", true, true},
	    {"file copy", false, false},
	    {"file reference", false, true},
	};
	char *rest;

	if (read_key(ix, "kind", &rest, e))
		return -1;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		if (!str_eq(rest, kinds[i].text))
			continue;
		ix->head.info.is_tree = kinds[i].is_tree;
		ix->head.info.by_reference = kinds[i].by_reference;
		return 0;
	}
	return damaged(ix, "no kind of package", e);
}

static int
read_source(struct index *ix, struct err *e)
{
	char *rest;

	if (!ix->head.info.by_reference)
		return 0;
	if (read_key(ix, "source", &rest, e))
		return -1;
	if (unescape(rest, &ix->path) || str_text(&ix->path)[0] != '/')
		return damaged(ix, "no absolute path", e);
	ix->source = str_take(&ix->path);
	ix->head.source = ix->source;
	return 0;
}

static int
read_total(struct index *ix, struct err *e)
{
	struct package_info *info = &ix->head.info;
	char *rest;

	if (read_key(ix, "total", &rest, e))
		return -1;
	if (cut_number(&rest, 0, &info->file_count) ||
	    cut_number(&rest, 0, &info->folder_count) ||
	    num_int(rest, 0, INT64_MAX, &info->total_bytes))
		return damaged(ix, "no totals", e);
	return 0;
}

int
index_open(FILE *f, struct index **out, struct err *e)
{
	struct index *ix = mem_zero(1, sizeof(*ix));
	int rc;

	ix->f = f;
	rc = read_line(ix, e);
	if (!rc && !str_eq(ix->line.s, MAGIC))
		rc = damaged(ix, "not the index of a package, or a newer one", e);
	if (rc || read_name(ix, e) || read_kind(ix, e) || read_source(ix, e) ||
	    read_total(ix, e)) {
		index_close(ix);
		return -1;
	}
	*out = ix;
	return 0;
}

void
index_close(struct index *ix)
{
	int closed;

	if (!ix)
		return;
	closed = path_close_stream(ix->f); /* only read: nothing can be lost */
	(void)closed;
	str_done(&ix->line);
	str_done(&ix->path);
	mem_free(ix->source);
	mem_free(ix);
}

const struct index_head *
index_get_head(const struct index *ix)
{
	return &ix->head;
}

/* --- reading: entries ------------------------------------------------------------- */

/* What is used as a path on the site and here must be one: each part a name. */
static bool
is_path_fine(const struct index *ix, const char *path)
{
	int depth = 0;

	if (ix->entries == 0 || !*path)
		return ix->entries == 0 && !*path;
	for (const char *part = path; part;) {
		const char *end = strchrnul(part, '/');

		if (++depth > DEPTH_MAX || name_fault(part, (size_t)(end - part)))
			return false;
		part = *end ? end + 1 : NULL;
	}
	return true;
}

static int
parse_file(char **rest, struct package_entry *out)
{
	int64_t inode = 0;

	if (cut_number(rest, 0, &out->size_bytes) ||
	    parse_sha256(cut_field(rest), out->sha256) ||
	    cut_number(rest, INT64_MIN, &inode) ||
	    cut_number(rest, INT64_MIN, &out->ctime_ns))
		return -1;
	out->inode = (uint64_t)inode;
	return 0;
}

static int
parse_entry(struct index *ix, struct package_entry *out, struct err *e)
{
	char *rest = ix->line.s + 2;

	*out = (struct package_entry){.is_folder = ix->line.s[0] == 'd'};
	if (cut_number(&rest, INT64_MIN, &out->mtime_ns) ||
	    (!out->is_folder && parse_file(&rest, out)))
		return damaged(ix, "no numbers of an entry", e);
	if (unescape(rest, &ix->path) || !is_path_fine(ix, str_text(&ix->path)))
		return damaged(ix, "no path of an entry", e);
	out->path = str_text(&ix->path);
	if (ix->entries == 0 && out->is_folder != ix->head.info.is_tree)
		return damaged(ix, "the first entry is not the package itself", e);
	out->number = ix->entries++;
	ix->folders += out->is_folder;
	ix->files += !out->is_folder;
	if (__builtin_add_overflow(ix->bytes, out->size_bytes, &ix->bytes))
		return damaged(ix, "sizes beyond counting", e);
	return 1;
}

static int
check_end(struct index *ix, struct err *e)
{
	const struct package_info *info = &ix->head.info;
	int64_t entries;

	if (num_int(ix->line.s + strlen("end "), 0, INT64_MAX, &entries) ||
	    entries != ix->entries || ix->files != info->file_count ||
	    ix->folders != info->folder_count || ix->bytes != info->total_bytes)
		return damaged(ix, "the counts do not agree", e);
	ix->at_end = true;
	return 0;
}

int
index_next(struct index *ix, struct package_entry *out, struct err *e)
{
	if (ix->at_end)
		return 0;
	if (read_line(ix, e))
		return -1;
	if (str_starts(str_text(&ix->line), "f ") ||
	    str_starts(str_text(&ix->line), "d "))
		return parse_entry(ix, out, e);
	if (str_starts(str_text(&ix->line), "end "))
		return check_end(ix, e);
	return damaged(ix, "neither an entry nor the end", e);
}
