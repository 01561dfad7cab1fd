/*
 * NAME     trial - a rule's options, tried
 * PURPOSE  They are carried out in a dry run by the code that carries them out for real, for a client
 *          that does not exist.
 * INVARIANTS  Nothing is run. The mask that an option sets is taken back.
 */
#define INET6

#include <sys/socket.h>
#include <sys/stat.h>

#include <stdio.h>
#include <tcpd.h>

#include "action/action.h"
#include "cmd/tcpdchk/check.h"
#include "cmd/tcpdchk/report.h"
#include "event/log.h"

static const char *
value(void *ctx, enum expansion_id id)
{
	static const char *const values[EXPANSION_IDS] = {
	    [EXPANSION_CLIENT_ADDR] = "client_addr",
	    [EXPANSION_SERVER_ADDR] = "server_addr",
	    [EXPANSION_CLIENT_INFO] = "user_name@client_hostname",
	    [EXPANSION_DAEMON] = "daemon_name",
	    [EXPANSION_CLIENT_HOST] = "client_hostname",
	    [EXPANSION_SERVER_HOST] = "server_hostname",
	    [EXPANSION_CLIENT_NAME] = "client_hostname",
	    [EXPANSION_SERVER_NAME] = "server_hostname",
	    [EXPANSION_PID] = "1",
	    [EXPANSION_CLIENT_PORT] = "0",
	    [EXPANSION_SERVER_PORT] = "0",
	    [EXPANSION_SERVER_INFO] = "daemon_name@server_hostname",
	    [EXPANSION_USER] = "user_name",
	};

	(void)ctx;
	return values[id];
}

static void
report(void *ctx, const struct diag *diag)
{
	(void)ctx;
	event_diag(diag);
}

static void
ignore_command(void *ctx, char *command)
{
	(void)ctx;
	(void)command;
}

static void
ignore_severity(void *ctx, int priority)
{
	(void)ctx;
	(void)priority;
}

static bool
know_user(void *ctx, long timeout_s)
{
	(void)ctx;
	(void)timeout_s;
	return true;
}

static void
ignore_twist(void *ctx, const char *command)
{
	(void)ctx;
	(void)command;
}

static void
show_option(void *ctx, const struct option *option, const char *expanded)
{
	(void)ctx;
	report_option(option->keyword, expanded);
}

static enum action_result
run(struct check *check, const struct rule *rule, struct diag *ret)
{
	const struct expander expander = {.value = value, .report = report};
	const struct action_env env = {
	    .fd = check->fd,
	    .dry_run = true,
	    .daemon = "daemon_name",
	    .expander = &expander,
	    .report = report,
	    .shell = ignore_command,
	    .severity = ignore_severity,
	    .lookup_user = know_user,
	    .twist = ignore_twist,
	    .option = hosts_access_verbose > 0 ? show_option : NULL,
	};
	const struct tail tail = {check->file, rule->line,
	    rule->ways & WAY_CLASSIC ? WAY_CLASSIC : WAY_PLAIN, rule->tail, rule->tail_len};
	enum action_result result = ACTION_TRUE;
	size_t at = 0;

	/* It stops behind each aclexec. */
	while (result == ACTION_TRUE && at <= tail.len)
		result = action_run(&env, &tail, &at, ret);
	return result == ACTION_TRUE ? ACTION_END : result;
}

bool
trial_run(struct check *check, const struct rule *rule)
{
	struct diag diag = {.file = check->file, .line = rule->line};
	bool is_allow = check->table == TABLE_ALLOW;
	enum action_result result = ACTION_END;
	mode_t mask = umask(022);

	fflush(stdout); /* a banner comes behind what is said already */
	if (rule->has_tail)
		result = run(check, rule, &diag);
	umask(mask);
	switch (result) {
	case ACTION_ALLOW:
		return true;
	case ACTION_DENY:
	case ACTION_FALSE:
		return false;
	case ACTION_ERROR:
		event_diag(&diag);
		return false;
	case ACTION_TWISTED:
		return is_allow;
	case ACTION_TRUE:
	case ACTION_END:
		break;
	}
	if (is_allow && check->tells_implicit)
		tcpd_warn("implicit \"allow\" at end of rule");
	return is_allow;
}
