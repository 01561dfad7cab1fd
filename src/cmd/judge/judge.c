/*
 * NAME     judge - one question to the engine
 * PURPOSE  Shows the deciding line beside what a program did. The facts are those of the command
 *          line: nothing is looked up.
 * INVARIANTS  A fault refuses, as in enforcement.
 */
#include "cmd/judge/judge.h"

#include <stdio.h>
#include <string.h>

#include "peer/name.h"
#include "peer/socket.h"
#include "policy/decide.h"
#include "table/table.h"

enum { MESSAGE_MAX = 2048 };

struct asked {
	const struct question *question;
	struct addr_fact addrs[2];
	struct name_fact names[2];
};

static const struct addr_fact *
addr(void *ctx, enum end end)
{
	return &((struct asked *)ctx)->addrs[end];
}

static const struct name_fact *
name(void *ctx, enum end end)
{
	return &((struct asked *)ctx)->names[end];
}

static const char *
daemon_name(void *ctx)
{
	return ((struct asked *)ctx)->question->daemon;
}

static const char *
user(void *ctx)
{
	(void)ctx;
	return "unknown";
}

static int
server_port(void *ctx, enum way way)
{
	(void)ctx;
	(void)way;
	return -1;
}

/* Nothing is carried out here: as if it said no. */
static enum command_status
aclexec(void *ctx, const struct tail *tail, unsigned number)
{
	(void)ctx;
	(void)tail;
	(void)number;
	return COMMAND_FALSE;
}

static void
report(void *ctx, const struct diag *diag)
{
	char storage[MESSAGE_MAX];
	struct buf buf;

	(void)ctx;
	buf_init(&buf, storage, sizeof storage, sizeof storage - 1);
	diag_format(diag, &buf);
	fprintf(stderr, "%s:%u: %s\n", diag->file != NULL ? diag->file : "", diag->line,
	    buf.len > 0 ? buf.bytes : "");
	buf_release(&buf);
}

static const struct facts_ops ops = {addr, name, name, daemon_name, user, server_port,
    peer_netgroup, peer_scope, aclexec, table_list_open, table_list_read, table_list_close, report};

static void
answer(struct pass *pass, const struct question *question)
{
	static const char *const verdicts[] = {
	    [VERDICT_REFUSE] = "refuse", [VERDICT_TWIST] = "twist", [VERDICT_GRANT] = "grant"};
	const struct decision *decision;

	table_decide(pass, question->allow, question->deny);
	decision = pass_decide(pass);
	printf("%s ", verdicts[decision->verdict]);
	if (decision->file != NULL && decision->line > 0)
		printf("%s:%u\n", decision->file, decision->line);
	else
		printf("%s\n", decision->file != NULL ? decision->file : "-");
}

/* As the library is told names: two words spell the states. */
static struct name_fact
name_fact(const char *text)
{
	enum name_state state = NAME_KNOWN;

	if (text == NULL || strcmp(text, "unknown") == 0)
		state = NAME_UNKNOWN;
	else if (strcmp(text, "paranoid") == 0)
		state = NAME_PARANOID;
	if (text == NULL)
		text = "unknown";
	return (struct name_fact){state, text, strlen(text)};
}

void
judge(const struct question *question)
{
	struct asked asked = {.question = question};
	struct facts facts = {.ops = &ops, .ctx = &asked};
	struct option_context context = {.resident = false};
	struct pass pass;

	addr_fact_init(&asked.addrs[END_CLIENT], question->addr, &facts);
	addr_fact_init(&asked.addrs[END_SERVER], "unknown", &facts);
	asked.names[END_CLIENT] = name_fact(question->name);
	asked.names[END_SERVER] = name_fact(NULL);
	pass_init(&pass, &facts, &context);
	answer(&pass, question);
	pass_release(&pass);
}
