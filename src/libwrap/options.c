/*
 * NAME     options - a rule's options for a request
 * PURPOSE  What action asks of its caller: values of % letters, lookups, settings, commands, lines.
 * INVARIANTS  Commands, lookups and logs go through the public functions and the plain syslog:
 *          old tools stand in front of them, to look without touching.
 * SEE      hosts_options(5), hosts_access(3)
 */
#include "libwrap/options.h"

#include <errno.h>
#include <string.h>
#include <syslog.h>

#include "action/shell.h"
#include "event/log.h"
#include "libwrap/settings.h"
#include "libwrap/warn.h"

struct work {
	struct request_info *request;
	struct thread *thread;
};

/* ---- % letters ---- */

/* What was looked up; NULL: that ran out of something, and the text is not it. */
static const char *
unless_failed(const struct work *work, const char *text)
{
	return work->thread->lookup_failed ? NULL : text;
}

static const char *
value(void *ctx, enum expansion_id id)
{
	struct work *work = ctx;
	struct request_info *request = work->request;

	switch (id) {
	case EXPANSION_CLIENT_ADDR:
		return unless_failed(work, eval_hostaddr(request->client));
	case EXPANSION_SERVER_ADDR:
		return unless_failed(work, eval_hostaddr(request->server));
	case EXPANSION_CLIENT_INFO:
		return unless_failed(work, eval_client(request));
	case EXPANSION_DAEMON:
		return eval_daemon(request);
	case EXPANSION_CLIENT_HOST:
		return unless_failed(work, eval_hostinfo(request->client));
	case EXPANSION_SERVER_HOST:
		return unless_failed(work, eval_hostinfo(request->server));
	case EXPANSION_CLIENT_NAME:
		return unless_failed(work, eval_hostname(request->client));
	case EXPANSION_SERVER_NAME:
		return unless_failed(work, eval_hostname(request->server));
	case EXPANSION_PID:
		return eval_pid(request);
	case EXPANSION_CLIENT_PORT:
		return eval_port(request->client->sin);
	case EXPANSION_SERVER_PORT:
		return eval_port(request->server->sin);
	case EXPANSION_SERVER_INFO:
		return unless_failed(work, eval_server(request));
	case EXPANSION_USER:
		return unless_failed(work, eval_user(request));
	case EXPANSION_IDS:
		break;
	}
	return NULL;
}

/* ---- what action asks for ---- */

static void
report(void *ctx, const struct diag *diag)
{
	(void)ctx;
	event_diag(diag);
}

static void
run_command(void *ctx, char *command)
{
	(void)ctx;
	shell_cmd(command);
}

static void
set_severity(void *ctx, int priority)
{
	(void)ctx;
	settings_set_severity(priority);
}

static bool
look_up_user(void *ctx, long timeout_s)
{
	if (timeout_s > 0)
		settings_set_ident_timeout((int)timeout_s);
	return value(ctx, EXPANSION_USER) != NULL;
}

static void
tell_twist(void *ctx, const char *command)
{
	struct work *work = ctx;

	warn_log(settings_deny_severity(), "twist %s to %s", eval_client(work->request), command);
}

static void
tell_option(void *ctx, const struct option *option, const char *expanded)
{
	(void)ctx;
	warn_log(LOG_DEBUG, "option:   %s %s", option->keyword, expanded);
}

static struct expander
expander_of(struct work *work)
{
	return (struct expander){.value = value, .report = report, .ctx = work};
}

enum action_result
options_run(struct request_info *request, struct thread *thread, const struct tail *tail,
    size_t *at, struct diag *ret)
{
	struct work work = {request, thread};
	struct expander expander = expander_of(&work);
	struct action_env env = {
	    .ctx = &work,
	    .fd = request->fd,
	    .dry_run = settings_dry_run(),
	    .resident = thread->is_resident,
	    .daemon = request->daemon,
	    .expander = &expander,
	    .report = report,
	    .shell = run_command,
	    .severity = set_severity,
	    .lookup_user = look_up_user,
	    .twist = tell_twist,
	    .option = settings_verbose() >= 1 ? tell_option : NULL,
	};
	const struct diag *outer = thread->place;
	enum action_result result;

	*ret = (struct diag){.file = tail->file, .line = tail->line};
	thread->lookup_failed = false;
	thread->place = ret;
	result = action_run(&env, tail, at, ret);
	thread->place = outer;
	return result;
}

void
options_tell_match(const char *file, unsigned line)
{
	if (settings_verbose() >= 2)
		warn_log(LOG_DEBUG, "matched:  %s line %u", file, line);
}

/* ---- public parts ---- */

/* One colon at the end, not escaped, is told and let be. */
static size_t
without_last_colon(const char *options, size_t len)
{
	if (len == 0 || options[len - 1] != ':' || (len > 1 && options[len - 2] == '\\'))
		return len;
	warn_diag(DIAG_RULE_ENDS_IN_COLON, "");
	return len - 1;
}

void
process_options(char *options, struct request_info *request)
{
	struct thread *thread = thread_state();
	size_t len = strlen(options);
	struct tail tail = {
	    tcpd_context.file, (unsigned)tcpd_context.line, WAY_CLASSIC, options, 0};
	enum action_result result = ACTION_TRUE;
	bool says_no = false;
	size_t at = 0;
	char text[EVENT_DIAG_MAX + 1];
	struct diag diag;
	struct buf buf;

	if (len == 0)
		return;
	if (thread == NULL)
		tcpd_jump("out of memory: refused");
	tail.len = without_last_colon(options, len);
	thread->is_resident = settings_is_resident();
	while ((result == ACTION_TRUE || result == ACTION_FALSE) && at <= tail.len) {
		result = options_run(request, thread, &tail, &at, &diag);
		if (result != ACTION_END)
			says_no = result == ACTION_FALSE;
	}
	switch (result) {
	case ACTION_TRUE:
	case ACTION_FALSE:
	case ACTION_END:
		if (!says_no)
			return;
		longjmp(tcpd_buf, AC_DENY); /* here no table has another word */
	case ACTION_ALLOW:
		longjmp(tcpd_buf, AC_PERMIT);
	case ACTION_DENY:
		longjmp(tcpd_buf, AC_DENY);
	case ACTION_TWISTED:
		if (diag.code == DIAG_NONE) {
			settings_clear_dry_run();
			return;
		}
		event_diag(&diag);
		clean_exit(request);
		return;
	case ACTION_ERROR:
		buf_init(&buf, text, sizeof text, sizeof text - 1);
		diag_format(&diag, &buf);
		tcpd_jump("%s", buf.bytes);
	}
}

char *
percent_x(char *out, int out_bytes, char *in, struct request_info *request)
{
	struct work work = {request, thread_state()};
	struct expander expander = expander_of(&work);
	struct diag diag = {.code = DIAG_NO_MEMORY};
	struct buf buf;

	if (out_bytes < 1)
		return out;
	diag.file = tcpd_context.file;
	diag.line = (unsigned)tcpd_context.line;
	buf_init(&buf, out, (size_t)out_bytes, (size_t)out_bytes - 1);
	if (work.thread != NULL)
		work.thread->lookup_failed = false;
	if (work.thread == NULL || !expand(&expander, in, strlen(in), &buf, &diag)) {
		event_diag(&diag);
		clean_exit(request);
	}
	return out;
}

void
shell_cmd(char *command)
{
	enum diag_code code;
	int status;

	code = action_shell(command, &status);
	if (code != DIAG_NONE)
		warn_diag(code, "");
}
