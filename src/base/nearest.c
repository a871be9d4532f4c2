#include "base/nearest.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/str.h"

enum {
	MAX_BYTES = 64,    /* no key, command or site code is as long            */
	CHARS_AN_EDIT = 3, /* a choice: MS2 is like MS1, but share not like rate */
};

/* edits[i][j]: from the first i bytes of a to the first j of b. */
struct table {
	const char *a, *b;
	unsigned edits[MAX_BYTES + 1][MAX_BYTES + 1];
};

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static bool
changed_places(const struct table *t, size_t i, size_t j)
{
	return i > 1 && j > 1 && t->a[i - 1] == t->b[j - 2] &&
	       t->a[i - 2] == t->b[j - 1];
}

static unsigned
fewest(const struct table *t, size_t i, size_t j)
{
	unsigned n = t->edits[i - 1][j - 1] + (t->a[i - 1] != t->b[j - 1]);

	n = least(n, t->edits[i - 1][j] + 1);
	n = least(n, t->edits[i][j - 1] + 1);
	return changed_places(t, i, j) ? least(n, t->edits[i - 2][j - 2] + 1) : n;
}

/* Levenshtein's distance, with neighbours that changed places as one edit ("optimal
 * string alignment"). */
static unsigned
distance(const char *a, const char *b)
{
	const size_t a_len = strlen(a), b_len = strlen(b);
	struct table t = {.a = a, .b = b};

	for (size_t i = 0; i <= a_len; i++)
		t.edits[i][0] = (unsigned)i;
	for (size_t j = 0; j <= b_len; j++)
		t.edits[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++)
		for (size_t j = 1; j <= b_len; j++)
			t.edits[i][j] = fewest(&t, i, j);
	return t.edits[a_len][b_len];
}

void
nearest_offer(struct nearest *n, const char *candidate)
{
	char wanted[MAX_BYTES + 1], other[MAX_BYTES + 1];
	unsigned edits, allowed;

	if (str_copy(wanted, sizeof(wanted), n->wanted) < 0 ||
	    str_copy(other, sizeof(other), candidate) < 0)
		return;
	str_lower(wanted);
	str_lower(other);
	edits = distance(wanted, other);
	allowed = (unsigned)strlen(wanted) / CHARS_AN_EDIT;
	if (edits > (allowed > 0 ? allowed : 1) || (n->best && edits >= n->edits))
		return;
	n->best = candidate;
	n->edits = edits;
}
