/*
 * NAME     images - what compile and verify have in common
 * SEE      tcpwrap(1), data/image.def
 */
#include "cmd/tcpwrap/images.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/diag.h"
#include "cmd/tcpwrap/command.h"
#include "cmd/tcpwrap/show.h"

enum { MESSAGE_MAX = 512 };

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

bool
images_parse(struct images *images, const struct flags *flags, int argc, char **argv)
{
	static const char *const usual[] = {"/etc/hosts.allow", "/etc/hosts.deny"};
	int at, count;

	*images = (struct images){.folder = IMAGE_FOLDER, .command = flags->program};
	at = flags_parse(flags, argc, argv, images);
	count = at < argc ? argc - at : 2;
	images->tables = calloc((size_t)count + 1, sizeof *images->tables);
	for (int i = 0; i < count && images->tables != NULL; i++) {
		images->tables[i] = absolute(at < argc ? argv[at + i] : usual[i]);
		if (images->tables[i] == NULL)
			images_release(images);
	}
	if (images->tables == NULL)
		fprintf(stderr, "%s: %s\n", images->command, strerror(errno));
	return images->tables != NULL;
}

void
images_release(struct images *images)
{
	for (size_t i = 0; images->tables != NULL && images->tables[i] != NULL; i++)
		free(images->tables[i]);
	free(images->tables);
	images->tables = NULL;
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
images_complain(const struct images *images, const char *file, const struct table_fault *fault)
{
	char storage[MESSAGE_MAX];
	struct buf buf;

	buf_init(&buf, storage, sizeof storage, sizeof storage - 1);
	fill_in(&buf, fault);
	fprintf(stderr, "%s: ", images->command);
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
bar_begin(struct bar *bar, const struct images *images, const char *table)
{
	*bar = (struct bar){.table = table,
	    .is_on = !images->is_quiet && isatty(STDERR_FILENO) == 1,
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
