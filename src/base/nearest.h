/* nearest.h - "did you mean": the candidate most like what was typed.  Pure. */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

struct nearest {
	const char *wanted;
	const char *best; /* NULL: none so far is like it */
	unsigned edits;   /* of best */
};

/* ASCII case does not count.  Like it is what is made from it by one edit in three
 * characters, and by one in any case: a character more, less or other, or two
 * neighbours that changed places.  Texts over 64 bytes are like nothing. */
void nearest_offer(struct nearest *n, const char *candidate);

#endif
