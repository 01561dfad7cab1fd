/*
 * NAME     ask - the engine at one address
 * PURPOSE  Facts of which only addresses are known, and a test that is unknown.
 * INVARIANTS  Nothing is looked up. A fact that is not known is not asked for either: who makes lists
 *          (terms.c) has put the unknown test in the place of those that would.
 * SEE      policy/facts.h
 */
#include "reach/ask.h"

#include <string.h>

/* No list has such a name: they begin with a slash. */
static const char unknown_path[] = "?";

static const struct addr_fact *
addr(void *ctx, enum end end)
{
	return &((struct ask *)ctx)->addrs[end];
}

/* As if it could not be had: see ask_list. */
static const struct name_fact *
name(void *ctx, enum end end)
{
	(void)ctx;
	(void)end;
	return NULL;
}

static const char *
daemon_name(void *ctx)
{
	return ((struct ask *)ctx)->daemon;
}

/* Only of a test that everybody meets. */
static const char *
user(void *ctx)
{
	(void)ctx;
	return "unknown";
}

static int
server_port(void *ctx, enum way way)
{
	const struct ask *ask = ctx;

	(void)way;
	return ask->port > 0 ? ask->port : -1;
}

static int
netgroup(void *ctx, const char *group, const char *host)
{
	(void)ctx;
	(void)group;
	(void)host;
	return -1;
}

static int
scope(void *ctx, const char *text, size_t len, const struct addr *a, uint32_t *ret)
{
	(void)ctx;
	(void)text;
	(void)len;
	(void)a;
	(void)ret;
	return 0;
}

static enum command_status
aclexec(void *ctx, const struct tail *tail, unsigned number)
{
	(void)ctx;
	(void)tail;
	(void)number;
	return COMMAND_FAILED;
}

static enum list_status
list_open(void *ctx, const char *path, struct list_source **ret_source,
    const struct words **ret_words, int *ret_error)
{
	struct ask *ask = ctx;
	enum list_status status = LIST_BAD;

	(void)ret_source;
	*ret_error = 0;
	if (strcmp(path, unknown_path) == 0) {
		ask->is_unsure = true;
		return LIST_BAD;
	}
	if (ask->words != NULL)
		status = ask->words(ask->ctx, path, ret_words);
	ask->is_fault |= status == LIST_BAD;
	return status;
}

/* A list that is kept parsed is not read. */
static enum list_status
list_read(void *ctx, struct list_source *source, char *buf, size_t size, size_t *ret_len)
{
	(void)ctx;
	(void)source;
	(void)buf;
	(void)size;
	(void)ret_len;
	return LIST_BAD;
}

static void
list_close(void *ctx, struct list_source *source)
{
	(void)ctx;
	(void)source;
}

static void
report(void *ctx, const struct diag *diag)
{
	((struct ask *)ctx)->is_fault |= diag->code == DIAG_LIST_TOO_DEEP;
}

static const struct facts_ops ops = {addr, name, name, daemon_name, user, server_port, netgroup,
    scope, aclexec, list_open, list_read, list_close, report};

void
ask_init(struct ask *ask, const char *daemon)
{
	memset(ask, 0, sizeof *ask);
	ask->daemon = daemon != NULL ? daemon : "";
	ask->facts = (struct facts){.ops = &ops, .ctx = ask};
	ask_set_text(ask, END_CLIENT, "unknown");
	ask_set_text(ask, END_SERVER, "unknown");
	matcher_init(&ask->matcher, &ask->facts);
}

bool
ask_set_text(struct ask *ask, enum end end, const char *text)
{
	return addr_fact_init(&ask->addrs[end], text, &ask->facts) && ask->addrs[end].typed;
}

void
ask_set(struct ask *ask, enum end end, struct point p)
{
	struct addr value = point_addr(p);
	char text[ADDR_TEXT_MAX];

	addr_format(&value, text);
	ask_set_text(ask, end, text);
	/* The text is the caller's elsewhere; here it is the same one as the fact's own. */
	ask->addrs[end].text = ask->addrs[end].canonical;
}

struct asked
ask_list(struct ask *ask, enum end end, const struct list *list, matchset want)
{
	struct asked ret = {.found = MATCH_NONE};

	ask->is_unsure = ask->is_fault = false;
	ask->matcher.end = end;
	ask->matcher.failed = false;
	ret.found = list_match(&ask->matcher, list, want);
	ret.failed = ask->matcher.failed;
	if (ask->is_fault && !ask->is_unsure)
		ret.fault = match_unknown(ret.found);
	ret.may_fault = ask->is_fault && match_unknown(ret.found) != 0;
	return ret;
}

struct test
ask_unknown(const struct test *test)
{
	return (struct test){.kind = TEST_LIST,
	    .subject = SUBJECT_HOST,
	    .flags = test->flags & TEST_AND,
	    .ways = test->ways,
	    .text = unknown_path,
	    .len = sizeof unknown_path - 1};
}

bool
ask_is_unknown(const struct test *test)
{
	return test->text == unknown_path;
}
