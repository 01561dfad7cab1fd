/*
 * NAME     dry - options, without doing what they say
 * PURPOSE  Runs the code that carries options out, told that a tool asks: no command is run, no identity
 *          taken, no socket touched. What a rule sets in the process is put back or harms nobody here.
 * INVARIANTS  The verdict is not wider than what was decided, as in the library.
 * SEE      hosts_options(5), src/libwrap/access.c
 */
#include "cmd/tcpwrap/explain/dry.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { VALUE_MAX = 1024 }; /* of a % letter: a user and a name, each as long as may be */

struct work {
	struct asked *asked;
	const struct dry_sink *sink;
	char text[VALUE_MAX];
};

/* ---- % letters ---- */

static const char *
name_of(struct asked *asked, enum end end)
{
	const struct name_fact *fact = asked->facts.ops->name(asked, end);

	return fact != NULL ? fact->text : NULL;
}

/* Its name if that is known by now, else its address. */
static const char *
host_of(struct asked *asked, enum end end)
{
	const struct name_fact *fact = asked->facts.ops->known_name(asked, end);

	if (fact != NULL && fact->state == NAME_KNOWN && fact->len > 0)
		return fact->text;
	return asked->ends[end].addr;
}

static const char *
at_host(struct work *work, const char *who, const char *host)
{
	snprintf(work->text, sizeof work->text, "%s@%s", who, host);
	return work->text;
}

static const char *
client_info(struct work *work)
{
	const char *host = host_of(work->asked, END_CLIENT), *user = work->asked->user;

	if (user == NULL || user[0] == '\0' || strcasecmp(user, "unknown") == 0)
		return host;
	return at_host(work, user, host);
}

static const char *
server_info(struct work *work)
{
	const char *host = host_of(work->asked, END_SERVER);

	if (strcasecmp(host, "unknown") == 0)
		return work->asked->daemon;
	return at_host(work, work->asked->daemon, host);
}

static const char *
number_text(struct work *work, long number)
{
	snprintf(work->text, sizeof work->text, "%ld", number);
	return work->text;
}

static const char *
value(void *ctx, enum expansion_id id)
{
	struct work *work = ctx;
	struct asked *asked = work->asked;

	switch (id) {
	case EXPANSION_CLIENT_ADDR:
		return asked->ends[END_CLIENT].addr;
	case EXPANSION_SERVER_ADDR:
		return asked->ends[END_SERVER].addr;
	case EXPANSION_CLIENT_INFO:
		return client_info(work);
	case EXPANSION_DAEMON:
		return asked->daemon;
	case EXPANSION_CLIENT_HOST:
		return host_of(asked, END_CLIENT);
	case EXPANSION_SERVER_HOST:
		return host_of(asked, END_SERVER);
	case EXPANSION_CLIENT_NAME:
		return name_of(asked, END_CLIENT);
	case EXPANSION_SERVER_NAME:
		return name_of(asked, END_SERVER);
	case EXPANSION_PID:
		return number_text(work, (long)getpid());
	case EXPANSION_CLIENT_PORT:
		return "0";
	case EXPANSION_SERVER_PORT:
		return number_text(work, asked->port < 0 ? 0 : asked->port);
	case EXPANSION_SERVER_INFO:
		return server_info(work);
	case EXPANSION_USER:
		return asked->facts.ops->user(asked);
	case EXPANSION_IDS:
		break;
	}
	return NULL;
}

/* ---- what action asks for ---- */

static void
report(void *ctx, const struct diag *diag)
{
	struct asked *asked = ((struct work *)ctx)->asked;

	asked->facts.ops->report(asked, diag);
}

static void
run_nothing(void *ctx, char *command)
{
	(void)ctx;
	(void)command;
}

static void
set_nothing(void *ctx, int priority)
{
	(void)ctx;
	(void)priority;
}

static bool
look_up_user(void *ctx, long timeout_s)
{
	(void)timeout_s;
	return value(ctx, EXPANSION_USER) != NULL;
}

static void
tell_nothing(void *ctx, const char *command)
{
	(void)ctx;
	(void)command;
}

static void
show_option(void *ctx, const struct option *option, const char *expanded)
{
	struct work *work = ctx;

	if (work->sink != NULL)
		work->sink->option(work->sink->ctx, option, expanded);
}

/* The environment and umask belong to the process, and several threads may be judging. */
static pthread_mutex_t process = PTHREAD_MUTEX_INITIALIZER;

enum action_result
dry_run(struct asked *asked, const struct tail *tail, size_t *at, struct diag *ret,
    const struct dry_sink *sink)
{
	struct work work = {.asked = asked, .sink = sink};
	struct expander expander = {.value = value, .report = report, .ctx = &work};
	const struct action_env env = {
	    .ctx = &work,
	    .fd = -1,
	    .dry_run = true,
	    .daemon = asked->daemon,
	    .expander = &expander,
	    .report = report,
	    .shell = run_nothing,
	    .severity = set_nothing,
	    .lookup_user = look_up_user,
	    .twist = tell_nothing,
	    .option = show_option,
	};
	enum action_result result;
	mode_t mask;

	*ret = (struct diag){.file = tail->file, .line = tail->line};
	pthread_mutex_lock(&process);
	mask = umask(022);
	result = action_run(&env, tail, at, ret);
	umask(mask);
	pthread_mutex_unlock(&process);
	return result;
}

/* Asked again for an earlier one, or by the other reading, it goes the same way from the beginning: that
 * costs nothing here, and comes to the same. */
enum command_status
dry_command(struct asked *asked, const struct tail *tail, unsigned number)
{
	enum action_result result = ACTION_TRUE;
	struct diag diag;
	size_t at = 0;

	for (unsigned i = 0; i <= number && result == ACTION_TRUE; i++)
		result = dry_run(asked, tail, &at, &diag, NULL);
	if (result == ACTION_TRUE)
		return COMMAND_TRUE;
	if (result == ACTION_END)
		return COMMAND_FALSE;
	asked->facts.ops->report(asked, &diag);
	return COMMAND_FAILED;
}

/* ---- what comes of it ---- */

static enum verdict
lower(enum verdict a, enum verdict b)
{
	return a < b ? a : b;
}

static enum verdict
by_tail(struct asked *asked, const struct decision *counts, enum verdict by_table, struct diag *ret)
{
	const struct tail tail = {
	    counts->file, counts->line, counts->way, counts->tail, counts->tail_len};
	struct diag diag;
	size_t at = 0;

	switch (dry_run(asked, &tail, &at, &diag, NULL)) {
	case ACTION_END:
		return by_table;
	case ACTION_ALLOW:
		return VERDICT_GRANT;
	case ACTION_TWISTED:
		return VERDICT_TWIST;
	case ACTION_DENY:
	case ACTION_TRUE:
	case ACTION_FALSE:
		return VERDICT_REFUSE;
	case ACTION_ERROR:
		break;
	}
	*ret = diag;
	return VERDICT_REFUSE;
}

enum verdict
dry_verdict(
    struct asked *asked, const struct pass *pass, const struct decision *counts, struct diag *ret)
{
	const struct decision *classic = &pass->decisions[READING_CLASSIC];
	enum verdict verdict;

	ret->code = DIAG_NONE;
	/* A twist of the plain reading alone, where the other one has options that nobody tries. */
	if (counts != classic && counts->verdict == VERDICT_TWIST && classic->has_tail)
		return VERDICT_REFUSE;
	if (counts->by != BY_RULE || !counts->has_tail)
		return counts->verdict;
	verdict = counts->table == TABLE_ALLOW ? VERDICT_GRANT : VERDICT_REFUSE;
	return lower(by_tail(asked, counts, verdict, ret), counts->verdict);
}

void
dry_options(struct asked *asked, const struct decision *counts, const struct dry_sink *sink)
{
	struct tail tail = {
	    counts->file, counts->line, counts->way, counts->tail, counts->tail_len};
	enum action_result result;
	struct diag diag;
	size_t at = 0;

	if (counts->by != BY_RULE)
		return;
	if (asked->tail != NULL && asked->tail_file == counts->file &&
	    asked->tail_line == counts->line) {
		tail.text = asked->tail;
		tail.len = asked->tail_len;
	} else if (!counts->has_tail) {
		return;
	}
	do
		result = dry_run(asked, &tail, &at, &diag, sink);
	while (result == ACTION_TRUE && at <= tail.len);
}
