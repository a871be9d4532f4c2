/* fault_share.h - what lies on the fault server's share: files and folders in memory.
 * Belongs to the server's thread while that runs, and to the test before and after. */
#ifndef TEST_FAULT_SHARE_H
#define TEST_FAULT_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SHARE_FILE_MAX_BYTES = 16 * 1024 * 1024 }; /* no test needs more */

struct share_file {
	char *path; /* UTF-8 with backslashes; "" is the root */
	bool is_dir;
	bool gone; /* deleted; kept for handles that are still open */
	uint8_t *bytes;
	int64_t size_bytes, room_bytes;
	int64_t mtime_100ns;
	uint32_t attributes;
};

struct share {
	struct share_file **file; /* pointers stay */
	size_t n, room;
};

struct share *share_new(void);
void share_free(struct share *s);

/* NULL: there is no such file or folder.  Slashes of either kind. */
struct share_file *share_find(const struct share *s, const char *path);
struct share_file *share_add(struct share *s, const char *path, bool is_dir);

/* Is the folder that the path lies in there? */
bool share_has_parent(const struct share *s, const char *path);

/* Grows with zeros, or cuts.  false: beyond SHARE_FILE_MAX_BYTES. */
bool share_set_size(struct share_file *f, int64_t size_bytes);
bool share_write(struct share_file *f, int64_t offset, const uint8_t *bytes,
		 size_t len);

/* A folder's contents go with it. */
void share_rename(struct share *s, struct share_file *f, const char *to);
bool share_is_empty(const struct share *s, const struct share_file *dir);

/* The i-th entry of a folder, in order of creation; NULL: no more. */
struct share_file *share_entry(const struct share *s, const struct share_file *dir,
			       size_t i);
const char *share_name(const struct share_file *f); /* behind the last backslash */

#endif
