/* value.h - room of config: the text behind a key's '=' -> its field.  Pure. */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "config/keys.h"

/* Set the field of `k` in *target, which is the struct of the key's section; a char *
 * field is replaced and then owned by that struct.  -1: ERR_INPUT with a sentence that
 * says what would be right; nothing changed.  Not for KEY_SITES. */
int value_set(const struct key *k, const char *text, void *target,
	      struct err *e) MUST_USE;

/* Every field of a section that has a default, from the table. */
void value_set_standards(enum key_section s, void *target);

/* 1 to 32 letters, digits, - and _? */
bool value_is_code(const char *text);

#endif
