/* private_folder.h - a folder for this process alone, in XDG_RUNTIME_DIR, TMPDIR or
 * /tmp, which goes away with it: `lansender.XXXXXX`, with a file `.lansender-temporary`
 * in it, locked as long as its owner lives.  What one that was killed left is swept by
 * the next one, and by `run`. */
#ifndef FRONT_PRIVATE_FOLDER_H
#define FRONT_PRIVATE_FOLDER_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

struct private_folder {
	char *path; /* NULL: none */
	int lock;
};

/* Sweeps what others left, too. */
int private_folder_make(struct private_folder *out, struct err *e) MUST_USE;
/* Removes it, if there is one. */
int private_folder_end(struct private_folder *p, struct err *e) MUST_USE;

/* Those of this user whose owner is dead, untouched for age_ms at least. */
void private_folder_sweep(int64_t age_ms);
/* So long a new one may be without its lock; far more than that takes.  A choice. */
enum { PRIVATE_FOLDER_YOUNG_MS = 60000 };

#endif
