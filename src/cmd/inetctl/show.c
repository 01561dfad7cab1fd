/*
 * NAME     show - what inetd said, for people
 * INVARIANTS  What came from a configuration or from the network is escaped before it is printed.
 * SEE      inetctl(8), tool/control.h
 */
#include "cmd/inetctl/show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/inetctl/grid.h"

enum { TEXT_MAX = 4 * CONTROL_ANSWER_MAX };

static const char *const counters[] = {
#define COUNTER(member, help) #member,
#include "control.def"
};

enum { COUNTERS = sizeof counters / sizeof *counters };

static bool
is_coloured(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return (no_color == NULL || *no_color == '\0') && term != NULL &&
	    strcmp(term, "dumb") != 0 && isatty(STDOUT_FILENO) == 1;
}

static const char *
colour_of(const char *text)
{
	static const char *const colours[][2] = {{"online", "32"}, {"degraded", "33"},
	    {"offline", "31"}, {"paused", "36"}, {"dropped", "35"}};

	for (size_t i = 0; i < sizeof colours / sizeof *colours; i++)
		if (strcmp(text, colours[i][0]) == 0)
			return colours[i][1];
	return NULL;
}

/* ---- pieces ---- */

static bool
add_member(struct buf *buf, const struct value *object, const char *name)
{
	struct value value = value_member(object, name);

	return value_print(&value, buf);
}

static unsigned long
number_of(const struct value *object, const char *name)
{
	struct value value = value_member(object, name);

	return value_number(&value);
}

static bool
is_true(const struct value *object, const char *name)
{
	struct value value = value_member(object, name);

	return value_is_true(&value);
}

/* "NAME" of an object, printed. */
static void
print_member(FILE *out, const struct value *object, const char *name)
{
	struct buf text;

	buf_init(&text, NULL, 0, TEXT_MAX);
	if (add_member(&text, object, name) && text.len > 0)
		fputs(text.bytes, out);
	buf_release(&text);
}

/* The two largest units of it. */
static void
print_time(unsigned long ms)
{
	unsigned long s = ms / 1000;

	if (s < 60)
		printf("%lus", s);
	else if (s < 3600)
		printf("%lum %lus", s / 60, s % 60);
	else if (s < 86400)
		printf("%luh %lum", s / 3600, s / 60 % 60);
	else
		printf("%lud %luh", s / 86400, s / 3600 % 24);
}

/* ---- list and status ---- */

static void
print_daemon(const struct value *answer)
{
	struct value daemon = value_member(answer, "inetd");
	unsigned long failed = number_of(&daemon, "failed_loads");
	unsigned long errors = number_of(&daemon, "errors");

	printf("inetd %lu, up ", number_of(&daemon, "pid"));
	print_time(number_of(&daemon, "up_ms"));
	fputs(", ", stdout);
	print_member(stdout, &daemon, "configuration");
	fputs(" read ", stdout);
	print_time(number_of(&daemon, "loaded_ms"));
	fputs(" ago", stdout);
	if (errors > 0)
		printf(" with %lu errors (reload says which)", errors);
	printf("; %lu of %lu readings refused%s\n", failed, number_of(&daemon, "loads"),
	    is_true(&daemon, "current") ? "" : ", the last one, too");
	if (value_member(&daemon, "unread").kind == VALUE_STRING) {
		print_member(stdout, &daemon, "unread");
		fputs(" cannot be read, for ", stdout);
		print_time(number_of(&daemon, "unread_ms"));
		puts(" now: clients are refused for whom it has to be");
	}
	putchar('\n');
}

static void
add_addresses(struct buf *buf, const struct value *service)
{
	struct value addresses = value_member(service, "addresses"), address;
	const char *comma = "";

	for (size_t at = 0; value_next(&addresses, &at, &address); comma = ", ") {
		struct value error = value_member(&address, "error");

		buf_add_str(buf, comma);
		add_member(buf, &address, "address");
		if (error.kind != VALUE_STRING)
			continue;
		buf_add_str(buf, " (");
		value_print(&error, buf);
		buf_add_char(buf, ')');
	}
}

static void
add_cell(struct grid *grid, const struct value *object, const char *name)
{
	add_member(&grid->cells, object, name);
	grid_end_cell(grid);
}

/* A row a service: with its addresses, or with its counters. */
static void
print_services(const struct value *services, bool has_counters)
{
	struct value service;
	struct grid grid;

	grid_init(&grid);
	grid_column(&grid, "service", false);
	grid_column(&grid, "state", false);
	grid_column(&grid, "running", true);
	for (size_t i = 0; i < COUNTERS && has_counters; i++)
		grid_column(&grid, counters[i], true);
	if (!has_counters)
		grid_column(&grid, "addresses", false);
	for (size_t at = 0; value_next(services, &at, &service);) {
		struct value counts = value_member(&service, "counters");

		add_cell(&grid, &service, "id");
		add_cell(&grid, &service, "state");
		add_cell(&grid, &service, "running");
		for (size_t i = 0; i < COUNTERS && has_counters; i++)
			add_cell(&grid, &counts, counters[i]);
		if (!has_counters) {
			add_addresses(&grid.cells, &service);
			grid_end_cell(&grid);
		}
	}
	if (!grid_print(&grid, is_coloured() ? colour_of : NULL))
		fputs("inetctl: out of memory\n", stderr);
	grid_release(&grid);
}

/* One service as a list of what is known of it; what it does not have is left out. */
static void
print_details(const struct value *service)
{
	static const char *const members[] = {"state", "kind", "type", "protocol", "server", "user",
	    "file", "line", "running", "waiting", "limit", "last_error"};
	struct value counts = value_member(service, "counters"), addresses, address;

	print_member(stdout, service, "id");
	putchar('\n');
	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		struct value value = value_member(service, members[i]);

		if (value.kind != VALUE_STRING && value.kind != VALUE_NUMBER)
			continue;
		printf("  %-12s ", members[i]);
		print_member(stdout, service, members[i]);
		putchar('\n');
	}
	addresses = value_member(service, "addresses");
	for (size_t at = 0; value_next(&addresses, &at, &address);) {
		printf("  %-12s ", "address");
		print_member(stdout, &address, "address");
		fputs(", ", stdout);
		print_member(stdout, &address, "state");
		if (value_member(&address, "error").kind == VALUE_STRING)
			fputs(": ", stdout);
		print_member(stdout, &address, "error");
		putchar('\n');
	}
	for (size_t i = 0; i < COUNTERS; i++)
		printf("  %-12s %lu\n", counters[i], number_of(&counts, counters[i]));
}

static void
show_services(const struct options *options, const struct value *answer)
{
	struct value services = value_member(answer, "services"), service;
	size_t at = 0;

	if (options->service == NULL) {
		print_daemon(answer);
		print_services(&services, options->command == CONTROL_STATUS);
	}
	while (options->service != NULL && value_next(&services, &at, &service))
		print_details(&service);
}

/* ---- what was done ---- */

static void
show_result(const struct options *options, const struct value *service)
{
	static const char *const done[CONTROL_COMMANDS] = {[CONTROL_PAUSE] = "paused",
	    [CONTROL_RESUME] = "resumed",
	    [CONTROL_DROP] = "dropped until the next reload",
	    [CONTROL_DROP_RUNNING] = "dropped until the next reload"};
	struct value result = value_member(service, "result");

	print_member(stdout, service, "id");
	if (value_is(&result, "failed")) {
		puts(": failed, and inetd's log says why");
		return;
	}
	printf(": %s%s", value_is(&result, "already") ? "already " : "", done[options->command]);
	if (options->command == CONTROL_DROP_RUNNING)
		printf("; servers told to end: %lu", number_of(service, "ended"));
	putchar('\n');
}

static void
show_results(const struct options *options, const struct value *answer)
{
	struct value services = value_member(answer, "services"), service;

	for (size_t at = 0; value_next(&services, &at, &service);)
		show_result(options, &service);
}

static void
show_reload(const struct options *options, const struct value *answer)
{
	struct value findings = value_member(answer, "findings"), finding;
	unsigned long more = number_of(answer, "more");

	(void)options;
	for (size_t at = 0; value_next(&findings, &at, &finding);) {
		print_member(stdout, &finding, "text");
		putchar('\n');
	}
	if (more > 0)
		printf("and %lu more\n", more);
	if (is_true(answer, "ok"))
		printf("%lu services\n", number_of(answer, "services"));
}

bool
show_is_success(const struct value *answer)
{
	struct value services = value_member(answer, "services"), service;
	bool ok = is_true(answer, "ok");

	for (size_t at = 0; value_next(&services, &at, &service) && ok;) {
		struct value result = value_member(&service, "result");

		ok = !value_is(&result, "failed");
	}
	return ok;
}

void
show_answer(const struct options *options, const struct value *answer)
{
	static void (*const shows[])(const struct options *, const struct value *) = {
	    [CONTROL_LIST] = show_services,
	    [CONTROL_STATUS] = show_services,
	    [CONTROL_PAUSE] = show_results,
	    [CONTROL_RESUME] = show_results,
	    [CONTROL_DROP] = show_results,
	    [CONTROL_DROP_RUNNING] = show_results,
	    [CONTROL_RELOAD] = show_reload,
	};
	bool is_ok = is_true(answer, "ok");

	if (is_ok || options->command == CONTROL_RELOAD)
		shows[options->command](options, answer);
	if (is_ok)
		return;
	fflush(stdout);
	fputs("inetctl: ", stderr);
	print_member(stderr, answer, "error");
	fputc('\n', stderr);
}
