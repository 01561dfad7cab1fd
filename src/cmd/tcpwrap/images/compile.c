/*
 * NAME     compile - tcpwrap compile
 * PURPOSE  Makes the images of tables, for programs that decide once.
 * INVARIANTS  Whatever goes wrong, clients are judged as before: by the text.
 * SEE      tcpwrap-compile(1), table/compile.h
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "cmd/tcpwrap/command.h"
#include "cmd/tcpwrap/images/images.h"
#include "cmd/tcpwrap/show.h"
#include "tool/end.h"

enum { EXIT_DONE, EXIT_UNDONE, JSON_VERSION = 1 };

static const struct flag table[] = {
#define FLAG(letter, name, argument, member, help)                                                 \
	{letter, name, argument, offsetof(struct images, member), help},
#include "cmd/tcpwrap/images/compile.def"
#undef FLAG
};

static const struct flags flags = {
    .program = "tcpwrap compile",
    .usage = "[option ...] [FILE ...]",
    .hints = "tcpwrap compile --help says more\n",
    .about =
        "Make images of tables, and of the lists that they name: with one, a program that\n"
        "decides once finds the rules that concern its client without reading the others.\n"
        "Without a FILE: /etc/hosts.allow and /etc/hosts.deny. An image serves until its\n"
        "table is changed, and then the table is read as text again. Small tables need none.\n",
    .statuses =
        "Exit status: 0 each table has the image that it should have; 1 one has not, for a\n"
        "reason that is told; 2 bad usage, or the folder of images cannot be used.\n",
    .flags = table,
    .count = sizeof table / sizeof *table,
    .usage_status = EXIT_TROUBLE,
};

static const char *const outcomes[] = {
    [TABLE_COMPILED] = "compiled",
    [TABLE_CURRENT] = "current",
    [TABLE_ABSENT] = "absent",
    [TABLE_SMALL] = "small",
    [TABLE_FAILED] = "failed",
};

static const char *const keys[INDEX_KEYS] = {
    [INDEX_V4] = "ipv4",
    [INDEX_V6] = "ipv6",
    [INDEX_NAME] = "name",
    [INDEX_PENDING] = "nameless",
    [INDEX_ALWAYS] = "always",
};

static unsigned long
peak_kib(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_SELF, &usage) == 0 ? (unsigned long)usage.ru_maxrss : 0;
}

/* ---- text ---- */

static void
print_outcome(const struct table_compiled *done, bool is_list)
{
	switch (done->outcome) {
	case TABLE_COMPILED:
		printf("%zu %s compiled to ", done->rules, is_list ? "words" : "rules");
		images_print_path(stdout, done->image);
		break;
	case TABLE_CURRENT:
		fputs("its image is current", stdout);
		break;
	case TABLE_ABSENT:
		printf("there is no such %s", is_list ? "list" : "table");
		break;
	case TABLE_SMALL:
		printf("no image: %lu bytes are read as fast", (unsigned long)done->text_bytes);
		break;
	case TABLE_FAILED:
		fputs("no image", stdout);
		break;
	}
	puts(done->removed ? "; its earlier image is removed" : "");
}

static void
print_stats(const struct table_compiled *done, bool is_list, double seconds)
{
	double rules = done->rules > 0 ? (double)done->rules : 1;

	printf("\ttext    %12lu bytes\n\timage   %12lu bytes, %.1f a %s\n",
	    (unsigned long)done->text_bytes, (unsigned long)done->image_bytes,
	    (double)done->image_bytes / rules, is_list ? "word" : "rule");
	for (unsigned key = 0; key < INDEX_KEYS; key++)
		if (done->rows[key] > 0)
			printf("\t%-8s%12zu rows\n", keys[key], done->rows[key]);
	printf("\ttime    %12.3f seconds\n\tmemory  %12lu KiB at most\n", seconds, peak_kib());
}

static void
show(const struct images *images, const struct images_file *file, const struct table_compiled *done,
    double seconds)
{
	bool is_idle = done->outcome == TABLE_ABSENT || done->outcome == TABLE_SMALL;

	if (done->fault.problem != TABLE_FINE)
		images_complain(images->command, file->path, &done->fault);
	/* Of lists that nobody has asked for only those are told that an image is of use to. */
	if (images->is_quiet || (file->is_named && is_idle && !done->removed))
		return;
	images_print_path(stdout, file->path);
	fputs(": ", stdout);
	print_outcome(done, file->is_list);
	if (done->outcome == TABLE_COMPILED && images->has_stats)
		print_stats(done, file->is_list, seconds);
}

/* ---- JSON ---- */

static void
show_json(bool is_first, const struct images_file *file, const struct table_compiled *done,
    double seconds)
{
	printf("%s\n{\"outcome\":\"%s\",\"removed\":%s,\"list\":%s", is_first ? "" : ",",
	    outcomes[done->outcome], done->removed ? "true" : "false",
	    file->is_list ? "true" : "false");
	json_text("file", file->path);
	json_text("image", done->image);
	printf(",\"text_bytes\":%lu,\"image_bytes\":%lu,\"rules\":%zu,\"rules_with_lists\":%zu",
	    (unsigned long)done->text_bytes, (unsigned long)done->image_bytes, done->rules,
	    done->lists);
	fputs(",\"rows\":{", stdout);
	for (unsigned key = 0; key < INDEX_KEYS; key++)
		printf("%s\"%s\":%zu", key > 0 ? "," : "", keys[key], done->rows[key]);
	printf("},\"seconds\":%.6f", seconds);
	images_print_fault(&done->fault);
	putchar('}');
}

/* ---- the command ---- */

static int
compile_all(struct images *images, const struct folder *folder)
{
	struct bar bar;
	const struct progress progress = {&bar, bar_step};
	struct table_compiled done;
	int status = EXIT_DONE;

	if (images->is_json)
		printf("{\"version\":%d,\"tables\":[", JSON_VERSION);
	/* There may be more of them behind each. */
	for (size_t i = 0; i < images->count; i++) {
		const struct images_file file = images->files[i];
		const struct table_compile how = {{images->folder, file.path, file.is_list},
		    images->is_forced, &progress, images_named(images)};
		double before = images_now();

		bar_begin(&bar, images->is_quiet, file.path);
		table_compile(&how, folder, &done);
		bar_end(&bar);
		if (images->is_json)
			show_json(i == 0, &file, &done, images_now() - before);
		else
			show(images, &file, &done, images_now() - before);
		if (done.outcome == TABLE_FAILED)
			status = EXIT_UNDONE;
	}
	if (images->is_json)
		printf("\n],\"peak_kib\":%lu}\n", peak_kib());
	return status;
}

static int
run(struct images *images)
{
	struct table_fault fault;
	struct folder folder;
	int status;

	if (!folder_open(&folder, images->folder, &fault)) {
		images_complain(images->command, images->folder, &fault);
		return EXIT_TROUBLE;
	}
	status = compile_all(images, &folder);
	folder_close(&folder);
	return status;
}

int
command_compile(int argc, char **argv)
{
	struct images images;
	int status;

	if (!images_parse(&images, &flags, argc, argv))
		return EXIT_TROUBLE;
	status = run(&images);
	images_release(&images);
	return end_status(flags.program, status, EXIT_TROUBLE);
}
