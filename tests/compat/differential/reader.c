/*
 * NAME     reader - files at rest
 * PURPOSE  The original opens, reads and closes tables and lists for each decision, ours asks for
 *          the stamps of all: that is most of what a decision takes. Nobody changes a file between
 *          the requests of a policy. So its stream is kept and rewound, and its stamp is
 *          remembered. What is read and said is what was on disk; some policies do without
 *          (batch.c).
 * LIMITS   KEPT_MAX files of FILE_MAX bytes; others are on disk each time. So is a file that is
 *          open already: a list may name itself.
 */
#include "reader.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define EXPORTED __attribute__((visibility("default")))

enum {
	KEPT_MAX = 24,
	PATH_MAX_BYTES = 112,
	FILE_MAX = 32 << 10,
};

static struct kept {
	char path[PATH_MAX_BYTES];
	size_t path_len;
	FILE *stream; /* NULL until it was read */
	bool is_open;
	bool is_absent; /* for fopen */
	bool has_stamp;
	int stamp_error; /* of stat; 0 = none */
	struct stat stamp;
	char bytes[FILE_MAX];
} kept[KEPT_MAX];

static size_t kept_count;
static bool is_keeping;

/* Named apart in C: the headers have names of their own for large files. */
EXPORTED FILE *reader_fopen(const char *, const char *) __asm__("fopen");
EXPORTED int reader_fclose(FILE *) __asm__("fclose");
EXPORTED int reader_stat(const char *, struct stat *) __asm__("stat64");

static FILE *(*real_fopen)(const char *, const char *);
static int (*real_fclose)(FILE *);
static int (*real_stat)(const char *, struct stat *);

static void
find_real(const char *name, void *ret_pointer)
{
	void *found = dlsym(RTLD_NEXT, name);

	memcpy(ret_pointer, &found, sizeof found);
}

static void
find_all(void)
{
	if (real_fopen != NULL)
		return;
	find_real("fclose", &real_fclose);
	find_real("stat64", &real_stat);
	find_real("fopen", &real_fopen);
}

void
reader_begin(void)
{
	find_all();
	is_keeping = true;
}

void
reader_end(void)
{
	for (size_t i = 0; i < kept_count; i++) {
		if (kept[i].stream != NULL)
			real_fclose(kept[i].stream);
		kept[i].stream = NULL;
		kept[i].is_open = kept[i].is_absent = kept[i].has_stamp = false;
	}
	kept_count = 0;
	is_keeping = false;
}

/* What is known of a file; NULL: it is not to be kept. */
static struct kept *
find(const char *path)
{
	size_t len = strlen(path);
	struct kept *one;

	for (size_t i = 0; i < kept_count; i++)
		if (kept[i].path_len == len && memcmp(kept[i].path, path, len) == 0)
			return &kept[i];
	if (!is_keeping || kept_count == KEPT_MAX || len >= sizeof kept[0].path)
		return NULL;
	one = &kept[kept_count++];
	memcpy(one->path, path, len + 1);
	one->path_len = len;
	return one;
}

/* The file's stream, or one on what it holds. */
static FILE *
read_once(struct kept *one, FILE *file)
{
	size_t len = fread(one->bytes, 1, sizeof one->bytes, file);

	if (len < sizeof one->bytes && feof(file))
		one->stream = len > 0 ? fmemopen(one->bytes, len, "r") : file;
	one->is_open = one->stream != NULL;
	if (one->stream == NULL || one->stream == file) {
		rewind(file);
		return file;
	}
	real_fclose(file);
	return one->stream;
}

FILE *
reader_fopen(const char *path, const char *mode)
{
	struct kept *one = find(path);
	FILE *file;

	find_all();
	if (one == NULL || one->is_open)
		return real_fopen(path, mode);
	if (one->stream != NULL) {
		one->is_open = true;
		rewind(one->stream);
		return one->stream;
	}
	if (one->is_absent) {
		errno = ENOENT;
		return NULL;
	}
	file = real_fopen(path, mode);
	one->is_absent = file == NULL && errno == ENOENT;
	return file != NULL ? read_once(one, file) : NULL;
}

int
reader_fclose(FILE *file)
{
	find_all();
	for (size_t i = 0; i < kept_count; i++) {
		if (file == kept[i].stream) {
			kept[i].is_open = false;
			return 0;
		}
	}
	return real_fclose(file);
}

int
reader_stat(const char *path, struct stat *ret)
{
	struct kept *one = find(path);

	find_all();
	if (one == NULL)
		return real_stat(path, ret);
	if (!one->has_stamp) {
		one->stamp_error = real_stat(path, &one->stamp) == 0 ? 0 : errno;
		one->has_stamp = true;
	}
	*ret = one->stamp;
	errno = one->stamp_error != 0 ? one->stamp_error : errno;
	return one->stamp_error != 0 ? -1 : 0;
}
