#include "front/processor.h"

#include <string.h>

#include "base/str.h"

/* The words of the kernel, x86 and ARM. */
static const char *const aes_words[] = {"aes", NULL};
static const char *const multiply_words[] = {"pclmulqdq", "pmull", NULL};
static const char *const sha256_words[] = {"sha_ni", "sha2", NULL};

static bool
holds(const char *value, size_t len, const char *const *words)
{
	const char *const end = value + len;

	for (const char *at = value; at < end;) {
		const size_t left = (size_t)(end - at);
		const char *blank = memchr(at, ' ', left);
		const size_t word = blank ? (size_t)(blank - at) : left;

		for (size_t i = 0; words[i]; i++)
			if (strlen(words[i]) == word && memcmp(at, words[i], word) == 0)
				return true;
		at += word + 1;
	}
	return false;
}

/* "flags		: fpu vme": is it that key? */
static bool
is_key(const char *line, const char *key)
{
	const size_t len = strlen(key);

	return str_starts(line, key) && strchr("\t :", line[len]) && line[len] != '\0';
}

static void
take_line(const char *line, size_t len, struct processor *out)
{
	const char *colon = memchr(line, ':', len);
	const char *value;
	size_t value_len;

	if (!colon)
		return;
	value = colon + 1;
	value_len = len - (size_t)(value - line);
	while (value_len > 0 && *value == ' ') {
		value++;
		value_len--;
	}
	if (is_key(line, "model name") && !out->name[0] &&
	    value_len < sizeof(out->name)) {
		memcpy(out->name, value, value_len);
		out->name[value_len] = '\0';
	}
	if (is_key(line, "flags") || is_key(line, "Features")) {
		out->aes |= holds(value, value_len, aes_words);
		out->multiply |= holds(value, value_len, multiply_words);
		out->sha256 |= holds(value, value_len, sha256_words);
	}
}

void
processor_read(const char *cpuinfo, struct processor *out)
{
	*out = (struct processor){0};
	while (*cpuinfo && *cpuinfo != '\n') { /* an empty line ends the first one */
		const size_t len = strcspn(cpuinfo, "\n");

		take_line(cpuinfo, len, out);
		cpuinfo += len + (cpuinfo[len] == '\n');
	}
}
