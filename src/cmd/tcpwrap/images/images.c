/*
 * NAME     images - what compile and verify have in common
 * SEE      tcpwrap-compile(1), data/image.def
 */
#include "cmd/tcpwrap/images/images.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/diag.h"
#include "cmd/tcpwrap/command.h"
#include "cmd/tcpwrap/show.h"

enum { MESSAGE_MAX = 512, FILES_FIRST = 8 };

static const struct problem {
	const char *name, *text, *remedy;
} problems[] = {
    [TABLE_FINE] = {"", "", ""},
#define PROBLEM(id, text, remedy) [TABLE_CANNOT_##id] = {#id, text, remedy},
#include "image.def"
#undef PROBLEM
};

/* ---- the command line ---- */

/* A program that decides knows a table by an absolute path. */
static char *
absolute(const char *path)
{
	char folder[IMAGE_FILE_PATH_MAX], *whole = NULL;

	if (path[0] == '/')
		return strdup(path);
	if (getcwd(folder, sizeof folder) == NULL)
		return NULL;
	return asprintf(&whole, "%s/%s", folder, path) < 0 ? NULL : whole;
}

/* The path is the images' from here on; NULL: there was no memory for it. */
static bool
add_file(struct images *images, char *path, bool is_list, bool is_named)
{
	if (path != NULL && images->count == images->size) {
		size_t size = images->size > 0 ? 2 * images->size : FILES_FIRST;
		struct images_file *files = realloc(images->files, size * sizeof *files);

		if (files == NULL) {
			free(path);
			return false;
		}
		images->files = files;
		images->size = size;
	}
	if (path != NULL)
		images->files[images->count++] = (struct images_file){path, is_list, is_named};
	return path != NULL;
}

bool
images_parse(struct images *images, const struct flags *flags, int argc, char **argv)
{
	static const char *const usual[] = {"/etc/hosts.allow", "/etc/hosts.deny"};
	bool is_usual;
	int at, count;

	*images = (struct images){.folder = IMAGE_FOLDER, .command = flags->program};
	at = flags_parse(flags, argc, argv, images);
	is_usual = at >= argc && !images->are_lists;
	count = is_usual ? 2 : argc - at;
	if (count == 0) {
		fprintf(stderr, "%s: --lists needs a FILE\nusage: %s %s\n%s", flags->program,
		    flags->program, flags->usage, flags->hints);
		return false;
	}
	for (int i = 0; i < count; i++) {
		const char *path = is_usual ? usual[i] : argv[at + i];

		if (!add_file(images, absolute(path), images->are_lists, false)) {
			fprintf(stderr, "%s: %s\n", images->command, strerror(errno));
			images_release(images);
			return false;
		}
	}
	return true;
}

static bool
take_list(void *ctx, const char *path, size_t len)
{
	struct images *images = ctx;

	for (size_t i = 0; i < images->count; i++) {
		const struct images_file *file = &images->files[i];

		if (file->is_list && strncmp(file->path, path, len) == 0 && file->path[len] == '\0')
			return true;
	}
	return add_file(images, strndup(path, len), true, true);
}

struct named
images_named(struct images *images)
{
	return (struct named){take_list, images};
}

void
images_release(struct images *images)
{
	for (size_t i = 0; i < images->count; i++)
		free(images->files[i].path);
	free(images->files);
	images->files = NULL;
	images->count = 0;
}

/* ---- what is wrong ---- */

void
images_print_path(FILE *out, const char *path)
{
	struct buf buf;

	buf_init(&buf, NULL, 0, 4 * IMAGE_FILE_PATH_MAX);
	fputs(buf_add_escaped(&buf, path, strlen(path)) ? buf.bytes : "?", out);
	buf_release(&buf);
}

static void
fill_in(struct buf *buf, const struct table_fault *fault)
{
	static const char *const no_subjects[] = {NULL};

	diag_fill(buf, problems[fault->problem].text, no_subjects, fault->error);
}

void
images_complain(const char *command, const char *file, const struct table_fault *fault)
{
	char storage[MESSAGE_MAX];
	struct buf buf;

	buf_init(&buf, storage, sizeof storage, sizeof storage - 1);
	fill_in(&buf, fault);
	fprintf(stderr, "%s: ", command);
	images_print_path(stderr, file);
	if (fault->line > 0)
		fprintf(stderr, ":%u", fault->line);
	fprintf(stderr, ": error: %s\n\tremedy: %s\n", buf.bytes, problems[fault->problem].remedy);
	buf_release(&buf);
}

void
images_print_fault(const struct table_fault *fault)
{
	char storage[MESSAGE_MAX];
	struct buf buf;

	fputs(",\"problem\":", stdout);
	if (fault->problem == TABLE_FINE) {
		fputs("null", stdout);
		return;
	}
	buf_init(&buf, storage, sizeof storage, sizeof storage - 1);
	fill_in(&buf, fault);
	printf("{\"line\":%u", fault->line);
	json_text("id", problems[fault->problem].name);
	json_text("message", buf.bytes);
	json_text("remedy", problems[fault->problem].remedy);
	putchar('}');
	buf_release(&buf);
}

/* ---- what takes long ---- */

static const double quiet_seconds = 0.5, step_seconds = 0.1;

double
images_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void
bar_begin(struct bar *bar, bool is_quiet, const char *table)
{
	*bar = (struct bar){.table = table,
	    .is_on = !is_quiet && isatty(STDERR_FILENO) == 1,
	    .since = images_now()};
}

void
bar_step(void *ctx, const char *what, size_t done, size_t all)
{
	struct bar *bar = ctx;
	double now;

	if (!bar->is_on || all == 0)
		return;
	now = images_now();
	if (now - bar->since < quiet_seconds || now - bar->last < step_seconds)
		return;
	bar->last = now;
	bar->is_shown = true;
	fputc('\r', stderr);
	images_print_path(stderr, bar->table);
	fprintf(stderr, ": %s %3.0f %%\033[K", what, 100.0 * (double)done / (double)all);
}

void
bar_end(struct bar *bar)
{
	if (bar->is_shown)
		fputs("\r\033[K", stderr);
	bar->is_shown = false;
}
