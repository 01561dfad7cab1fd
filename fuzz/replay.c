/*
 * Run a fuzz target over its corpus, as a test: each file of $ROOT/fuzz/corpus/FUZZ_TARGET once.
 * A crash is the failure.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 1 << 22 };

static int
replay(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes = malloc(INPUT_MAX);
	size_t len;

	if (file == NULL || bytes == NULL) {
		free(bytes);
		return -1;
	}
	len = fread(bytes, 1, INPUT_MAX, file);
	fclose(file);
	/* Exactly as large as the input, so that a sanitizer sees a read behind it. */
	bytes = realloc(bytes, len > 0 ? len : 1);
	LLVMFuzzerTestOneInput(bytes, len);
	free(bytes);
	return 0;
}

int
main(void)
{
	const char *root = getenv("ROOT");
	char folder[4096], path[8192];
	struct dirent *entry;
	unsigned count = 0;
	DIR *dir;

	snprintf(
	    folder, sizeof folder, "%s/fuzz/corpus/%s", root != NULL ? root : ".", FUZZ_TARGET);
	dir = opendir(folder);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		if (entry->d_name[0] != '.' && replay(path) == 0)
			count++;
	}
	if (dir != NULL)
		closedir(dir);
	printf("1..1\n%s 1 - %u inputs of %s replayed\n", count > 0 ? "ok" : "not ok", count,
	    FUZZ_TARGET);
	return count > 0 ? 0 : 1;
}
