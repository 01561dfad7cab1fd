/*
 * NAME     diff - tcpwrap diff
 * PURPOSE  What an edit of tables changes, for which addresses; that it changes nothing is a proof.
 * LIMITS   GROUPED_MAX: of more daemons each is told for itself.
 * SEE      tcpwrap-diff(1)
 */
#include "cmd/tcpwrap/sets/diff.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "cmd/tcpwrap/command.h"
#include "cmd/tcpwrap/show.h"
#include "tool/end.h"

enum {
	EXIT_SAME,
	EXIT_CHANGED,
	JSON_VERSION = 1,
	OUTPUT_BYTES = 1 << 16,
	GROUPED_MAX = 256, /* each is compared with each */
};

#define NAME "tcpwrap diff"

static const struct flag table[] = {
#define FLAG(letter, name, argument, member, help)                                                 \
	{letter, name, argument, offsetof(struct diff, member), help},
#include "cmd/tcpwrap/sets/diff.def"
#undef FLAG
};

static const struct flags flags = {
    .program = NAME,
    .usage = "[option ...] [OLD] NEW",
    .hints = "OLD and NEW are folders with hosts.allow and hosts.deny, or one of these tables\n"
             "tcpwrap diff --help says more\n",
    .about =
        "What changes for clients if NEW takes the place of OLD? OLD and NEW are folders with\n"
        "hosts.allow and hosts.deny, or one such table each; the other table is then the running\n"
        "one. Without OLD, NEW is compared with the running tables. For each daemon that a rule\n"
        "names, and for any other: the addresses that are newly admitted or refused, those whose\n"
        "rule has other options, and those where it may change, as other conditions decide.\n",
    .statuses =
        "Exit status: 0 nothing changes, whoever the client is: that is proved; 1 something\n"
        "changes, or may; 2 bad usage, or a table that cannot be read.\n",
    .flags = table,
    .count = sizeof table / sizeof *table,
    .usage_status = EXIT_TROUBLE,
};

/* ---- what is compared ---- */

/* One side of it. */
struct policy {
	const char *paths[2];
	char *owned[2]; /* heap; NULL: borrowed */
};

/* What a table is, from its name: -1 if that does not say. */
static int
kind_of(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
	bool is_allow = strstr(name, "allow") != NULL, is_deny = strstr(name, "deny") != NULL;

	if (is_allow == is_deny)
		return -1;
	return is_allow ? TABLE_ALLOW : TABLE_DENY;
}

static bool
in_folder(struct policy *policy, const char *folder)
{
	static const char *const names[] = {
	    [TABLE_ALLOW] = "hosts.allow", [TABLE_DENY] = "hosts.deny"};
	struct stat st;
	bool is_any = false;

	for (unsigned t = 0; t < 2; t++) {
		if (asprintf(&policy->owned[t], "%s/%s", folder, names[t]) < 0) {
			policy->owned[t] = NULL;
			fputs(NAME ": out of memory\n", stderr);
			return false;
		}
		policy->paths[t] = policy->owned[t];
		is_any |= stat(policy->owned[t], &st) == 0;
	}
	if (!is_any) {
		fputs(NAME ": ", stderr);
		images_print_path(stderr, folder);
		fputs(": there is neither a hosts.allow nor a hosts.deny in it\n", stderr);
	}
	return is_any;
}

static bool
complain(const char *path, const char *what)
{
	fputs(NAME ": ", stderr);
	images_print_path(stderr, path);
	fprintf(stderr, ": %s\n", what);
	return false;
}

/* kind: of a table; -1: its name does not say. False: told. */
static bool
choose(const struct diff *diff, struct policy *policy, const char *path, int kind)
{
	struct stat st;

	memcpy(policy->paths, diff->running, sizeof policy->paths);
	if (stat(path, &st) != 0)
		return complain(path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return in_folder(policy, path);
	if (kind < 0)
		return complain(path, "is it a hosts.allow or a hosts.deny? (see --table)");
	policy->paths[kind] = path;
	return true;
}

static bool
choose_kind(const struct diff *diff, int argc, char *const *argv, int *ret)
{
	*ret = -1;
	if (diff->kind != NULL) {
		if (strcmp(diff->kind, "allow") != 0 && strcmp(diff->kind, "deny") != 0) {
			fputs(NAME ": --table takes allow or deny\n", stderr);
			return false;
		}
		*ret = kind_of(diff->kind);
		return true;
	}
	for (int i = 0; i < argc; i++) {
		int kind = kind_of(argv[i]);
		struct stat st;

		if (kind < 0 || (stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode)))
			continue;
		if (*ret >= 0 && *ret != kind)
			return complain(argv[i],
			    "a hosts.allow and a hosts.deny cannot be compared (see --table)");
		*ret = kind;
	}
	return true;
}

static bool
choose_both(const struct diff *diff, struct policy policies[2], int argc, char *const *argv)
{
	int kind;

	if (!choose_kind(diff, argc, argv, &kind))
		return false;
	memcpy(policies[0].paths, diff->running, sizeof policies[0].paths);
	return (argc == 1 || choose(diff, &policies[0], argv[0], kind)) &&
	    choose(diff, &policies[1], argv[argc - 1], kind);
}

/* ---- daemons ---- */

struct daemons {
	const char **names; /* heap, sorted; the last one is NULL: any other */
	size_t count;
	bool *is_told;
};

static int
compare_names(const void *a, const void *b)
{
	return strcasecmp(*(const char *const *)a, *(const char *const *)b);
}

static bool
collect_daemons(struct daemons *daemons, const struct reach *const reaches[2])
{
	size_t room = 1, kept = 0;

	for (unsigned p = 0; p < 2; p++)
		for (size_t i = 0; reach_daemon(reaches[p], i) != NULL; i++)
			room++;
	daemons->names = calloc(room, sizeof *daemons->names);
	daemons->is_told = calloc(room, sizeof *daemons->is_told);
	if (daemons->names == NULL || daemons->is_told == NULL)
		return false;
	for (unsigned p = 0; p < 2; p++)
		for (size_t i = 0; reach_daemon(reaches[p], i) != NULL; i++)
			daemons->names[daemons->count++] = reach_daemon(reaches[p], i);
	qsort(daemons->names, daemons->count, sizeof *daemons->names, compare_names);
	for (size_t i = 0; i < daemons->count; i++)
		if (kept == 0 || strcasecmp(daemons->names[kept - 1], daemons->names[i]) != 0)
			daemons->names[kept++] = daemons->names[i];
	daemons->names[kept++] = NULL;
	daemons->count = kept;
	return true;
}

static struct reach_question
ask_about(const struct diff *diff, const char *daemon)
{
	struct reach_question question = diff->question;

	question.daemon = daemon;
	return question;
}

static bool
is_one(const struct diff *diff, const struct reach *const reaches[2], const char *a, const char *b)
{
	struct reach_question first = ask_about(diff, a), second = ask_about(diff, b);

	return reach_is_one(reaches[0], &first, &second) &&
	    reach_is_one(reaches[1], &first, &second);
}

/* ---- comparing ---- */

struct comparing {
	const struct diff *diff;
	const struct reach *reaches[2];
	struct daemons daemons;
	bool has_changed, failed, is_first;
};

static void
print_name(const char *name)
{
	if (name != NULL)
		images_print_path(stdout, name);
	else
		fputs("any other daemon", stdout);
}

/* A heading, when the first difference turns up. */
static void
start_group(const struct comparing *comparing, const size_t *members, size_t count)
{
	if (comparing->diff->is_json) {
		printf("%s\n{\"daemons\":[", comparing->is_first ? "" : ",");
		for (size_t i = 0; i < count; i++) {
			if (comparing->daemons.names[members[i]] == NULL)
				continue;
			fputs(i > 0 ? "," : "", stdout);
			json_string(comparing->daemons.names[members[i]]);
		}
		printf("],\"any_other\":%s,\"changes\":[",
		    comparing->daemons.names[members[count - 1]] == NULL ? "true" : "false");
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			fputs(i + 1 < count ? ", " : " and ", stdout);
		print_name(comparing->daemons.names[members[i]]);
	}
	puts(":");
}

static void
end_group(struct comparing *comparing, struct telling *telling)
{
	telling_end(telling);
	if (comparing->diff->is_json) {
		fputs("\n],\"addresses\":{", stdout);
		telling_print_totals(telling);
		fputs("}}", stdout);
	} else {
		telling_print_totals(telling);
		putchar('\n');
	}
	comparing->is_first = false;
}

/* Daemons that both policies take alike: the first of members stands for all. */
static void
compare_group(struct comparing *comparing, const size_t *members, size_t count)
{
	struct reach_question question =
	    ask_about(comparing->diff, comparing->daemons.names[members[0]]);
	struct reach_diff *diff =
	    reach_diff_open(comparing->reaches[0], comparing->reaches[1], &question);
	struct reach_difference difference;
	struct telling telling;
	bool is_any = false;

	comparing->failed |= diff == NULL;
	telling_init(&telling, comparing->diff, comparing->reaches);
	while (diff != NULL && reach_diff_next(diff, &difference)) {
		comparing->has_changed = true;
		if (comparing->diff->is_quiet)
			break;
		if (!is_any)
			start_group(comparing, members, count);
		is_any = true;
		telling_take(&telling, &difference);
	}
	if (is_any)
		end_group(comparing, &telling);
	reach_diff_close(diff);
}

static void
compare_all(struct comparing *comparing)
{
	struct daemons *daemons = &comparing->daemons;
	size_t *members = calloc(daemons->count, sizeof *members);
	bool is_grouped = daemons->count <= GROUPED_MAX;

	comparing->failed |= members == NULL;
	for (size_t i = 0; i < daemons->count && !comparing->failed; i++) {
		size_t count = 0;

		if (daemons->is_told[i] || (comparing->diff->is_quiet && comparing->has_changed))
			continue;
		members[count++] = i;
		for (size_t j = i + 1; j < daemons->count && is_grouped; j++) {
			if (daemons->is_told[j] ||
			    !is_one(comparing->diff, comparing->reaches, daemons->names[i],
			        daemons->names[j]))
				continue;
			daemons->is_told[j] = true;
			members[count++] = j;
		}
		compare_group(comparing, members, count);
	}
	free(members);
}

static void
print_outcome(const struct comparing *comparing, const char *daemon)
{
	if (comparing->diff->is_quiet || comparing->has_changed)
		return;
	fputs("no change: proved for every address, ", stdout);
	if (daemon != NULL) {
		fputs("as a client of ", stdout);
		images_print_path(stdout, daemon);
	} else {
		printf("for %zu daemon%s that rules name and any other",
		    comparing->daemons.count - 1, comparing->daemons.count == 2 ? "" : "s");
	}
	puts(",\nwhatever the client's name and user are");
}

static int
compare(struct comparing *comparing)
{
	static bool is_told;
	const char *daemon = comparing->diff->daemon;
	struct daemons *daemons = &comparing->daemons;

	if (daemon != NULL)
		*daemons = (struct daemons){.names = &daemon, .count = 1, .is_told = &is_told};
	if (daemon == NULL && !collect_daemons(daemons, comparing->reaches))
		comparing->failed = true;
	else
		compare_all(comparing);
	if (comparing->failed)
		fputs(NAME ": out of memory\n", stderr);
	else if (!comparing->diff->is_json)
		print_outcome(comparing, daemon);
	if (daemon == NULL) {
		free(daemons->names);
		free(daemons->is_told);
	}
	if (comparing->failed)
		return EXIT_TROUBLE;
	return comparing->has_changed ? EXIT_CHANGED : EXIT_SAME;
}

/* ---- the command ---- */

static void
print_sides(const struct policy policies[2])
{
	static const char *const names[] = {"old_allow", "old_deny", "new_allow", "new_deny"};

	printf("{\"version\":%d", JSON_VERSION);
	for (unsigned i = 0; i < 4; i++)
		json_text(names[i], policies[i / 2].paths[i % 2]);
	fputs(",\"groups\":[", stdout);
}

static int
run(const struct diff *diff, const struct policy policies[2])
{
	struct comparing comparing = {.diff = diff, .is_first = true};
	struct reach *reaches[2];
	int status;

	if (!sets_open_both(NAME, policies[0].paths, policies[1].paths, diff->is_quiet, reaches))
		return EXIT_TROUBLE;
	comparing.reaches[0] = reaches[0];
	comparing.reaches[1] = reaches[1];
	if (diff->is_json)
		print_sides(policies);
	status = compare(&comparing);
	if (diff->is_json)
		printf("\n],\"changed\":%s}\n", comparing.has_changed ? "true" : "false");
	reach_close(reaches[0]);
	reach_close(reaches[1]);
	return status;
}

static bool
read_options(struct diff *diff)
{
	diff->lines_max = ULONG_MAX;
	if (diff->limit != NULL &&
	    !str_number(diff->limit, strlen(diff->limit), UINT32_MAX, &diff->lines_max)) {
		fputs(NAME ": a limit is a number of lines\n", stderr);
		return false;
	}
	if (diff->is_json && diff->is_quiet) {
		fputs(NAME ": --json and --quiet exclude each other\n", stderr);
		return false;
	}
	if (diff->has_ranges && diff->has_prefixes) {
		fputs(NAME ": --ranges and --prefixes exclude each other\n", stderr);
		return false;
	}
	diff->question.server = diff->server;
	return sets_port(NAME, diff->port, &diff->question.port) && sets_server(NAME, diff->server);
}

int
command_diff(int argc, char **argv)
{
	struct diff diff = {.running = {"/etc/hosts.allow", "/etc/hosts.deny"}};
	struct policy policies[2] = {{.owned = {NULL}}, {.owned = {NULL}}};
	int at = flags_parse(&flags, argc, argv, &diff), status = EXIT_TROUBLE;

	if (argc - at != 1 && argc - at != 2)
		flags_usage(&flags, NAME);
	show_absent(NAME, diff.running);
	setvbuf(stdout, NULL, _IOFBF, OUTPUT_BYTES);
	if (read_options(&diff) && choose_both(&diff, policies, argc - at, argv + at))
		status = run(&diff, policies);
	for (unsigned i = 0; i < 4; i++)
		free(policies[i / 2].owned[i % 2]);
	return end_status(flags.program, status, EXIT_TROUBLE);
}
