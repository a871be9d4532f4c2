/* replay.c - runs every file of a corpus folder through a fuzz target, as a test.
 * Reports in TAP: one line per file.  An empty folder is a failure. */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Far above any useful corpus file; libFuzzer's own default limit is 4 KiB. */
enum { INPUT_MAX_BYTES = 1 << 20 };

static int
is_input(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Give the target the file in a block of exactly its size, so that a sanitizer sees
 * the first byte read beyond it. */
static int
replay(const char *path)
{
	static uint8_t block[INPUT_MAX_BYTES];
	uint8_t *exact;
	size_t size;
	FILE *f = fopen(path, "rbe");

	if (f == NULL)
		return -1;
	size = fread(block, 1, sizeof(block), f);
	if (fclose(f) != 0)
		return -1;
	exact = malloc(size > 0 ? size : 1);
	if (exact == NULL)
		return -1;
	memcpy(exact, block, size);
	(void)LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	return 0;
}

int
main(int argc, char **argv)
{
	struct dirent **entries = NULL;
	int n = argc == 2 ? scandir(argv[1], &entries, is_input, alphasort) : -1;
	int failed = 0;

	if (n <= 0) {
		printf("not ok 1 - no input in %s\n",
		       argc == 2 ? argv[1] : "(no folder)");
		return EXIT_FAILURE;
	}
	printf("1..%d\n", n);
	for (int i = 0; i < n; i++) {
		char path[4096];
		int len =
		    snprintf(path, sizeof(path), "%s/%s", argv[1], entries[i]->d_name);
		bool ok = len > 0 && (size_t)len < sizeof(path) && replay(path) == 0;

		printf("%s %d - %s\n", ok ? "ok" : "not ok", i + 1, entries[i]->d_name);
		(void)fflush(stdout);
		failed += ok ? 0 : 1;
		free(entries[i]);
	}
	free(entries);
	return failed > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
