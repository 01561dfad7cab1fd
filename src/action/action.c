/*
 * NAME     action - carry out a rule's options
 * PURPOSE  One handler for each line of data/options.def. Syntax and ranges were checked by policy.
 * INVARIANTS  In order, each option read only after the one before it was carried out. A value that
 *          cannot be expanded, a variable that cannot be set, a command that gives no answer, an
 *          identity that cannot be taken: ACTION_ERROR, which refuses. Trouble with a courtesy
 *          (nice, linger, keepalive, a banner) is a warning, as documented.
 * LIMITS   EXPAND_OPTION_MAX bytes of an expanded value.
 * SEE      hosts_options(5)
 */
#include "action/action.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "action/banner.h"
#include "action/identity.h"
#include "action/shell.h"
#include "base/str.h"
#include "policy/classic.h"

/* An option at work. */
struct run {
	const struct action_env *env;
	struct option option;
	struct buf value; /* expanded and NUL-terminated; the handler may write to it */
	struct diag *diag;
};

/* Statuses of a shell that has no answer of a command: sh(1). Behind SIGNALLED stands the signal. */
enum { SHELL_NOT_RUNNABLE = 126, SHELL_NOT_FOUND = 127, SHELL_SIGNALLED = 128 };

/* ACTION_END: go on with the next option. */
typedef enum action_result handler(struct run *);

static void
warn(const struct run *run, enum diag_code code)
{
	struct diag diag = *run->diag;
	long number = run->option.number;
	char storage[32];
	struct buf digits;

	diag.error = errno;
	buf_init(&digits, storage, sizeof storage, sizeof storage - 1);
	if (number < 0)
		buf_add_char(&digits, '-');
	buf_add_number(&digits, number < 0 ? -(unsigned long)number : (unsigned long)number);
	diag_set(&diag, code, digits.bytes, digits.len);
	run->env->report(run->env->ctx, &diag);
}

static enum action_result
fail(struct run *run, enum diag_code code, const char *subject)
{
	run->diag->error = errno;
	diag_set(run->diag, code, subject, strlen(subject));
	return ACTION_ERROR;
}

/* ---- handlers ---- */

static enum action_result
run_allow(struct run *run)
{
	(void)run;
	return ACTION_ALLOW;
}

static enum action_result
run_deny(struct run *run)
{
	(void)run;
	return ACTION_DENY;
}

static enum action_result
run_severity(struct run *run)
{
	run->env->severity(run->env->ctx, (int)run->option.number);
	return ACTION_END;
}

static enum action_result
run_spawn(struct run *run)
{
	if (!run->env->dry_run)
		run->env->shell(run->env->ctx, run->value.bytes);
	return ACTION_END;
}

/* Neither what could not be run nor what was killed gives an answer. A shell that becomes its command is
 * killed in its stead; one that waits for it says so by its own status. */
static enum action_result
command_says(struct run *run, int status)
{
	char storage[32];
	struct buf end;
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : SHELL_SIGNALLED + WTERMSIG(status);
	bool killed = code > SHELL_SIGNALLED && code < SHELL_SIGNALLED + NSIG;

	if (!killed && code != SHELL_NOT_RUNNABLE && code != SHELL_NOT_FOUND)
		return code == 0 ? ACTION_TRUE : ACTION_FALSE;
	buf_init(&end, storage, sizeof storage, sizeof storage - 1);
	buf_add_str(&end, killed ? "signal " : "status ");
	buf_add_number(&end, (unsigned long)(killed ? code - SHELL_SIGNALLED : code));
	return fail(run, DIAG_ACLEXEC_ENDED, end.bytes);
}

static enum action_result
run_aclexec(struct run *run)
{
	enum diag_code code;
	int status;

	if (run->env->dry_run)
		return ACTION_TRUE;
	code = action_shell(run->value.bytes, &status);
	return code == DIAG_NONE ? command_says(run, status) : fail(run, code, "");
}

/* The socket as standard input, output and error. */
static bool
take_socket(int fd)
{
	for (int to = 0; to <= 2; to++) {
		/* dup2 to itself would leave the descriptor close-on-exec. */
		if (fd == to ? fcntl(fd, F_SETFD, 0) < 0 : dup2(fd, to) < 0)
			return false;
	}
	if (fd > 2)
		close(fd);
	return true;
}

/* There is no way back from here to serving the client. */
static enum action_result
run_twist(struct run *run)
{
	char name[] = "sh", flag[] = "-c";
	char *const argv[] = {name, flag, run->value.bytes, NULL};

	if (run->env->resident)
		return fail(run, DIAG_TWIST_RESIDENT, "");
	if (run->env->dry_run)
		return ACTION_TWISTED;
	run->env->twist(run->env->ctx, run->value.bytes);
	if (!take_socket(run->env->fd)) {
		fail(run, DIAG_TWIST_DUP, "");
		return ACTION_TWISTED;
	}
	execve("/bin/sh", argv, shell_environment());
	fail(run, DIAG_TWIST_EXEC, "");
	return ACTION_TWISTED;
}

static enum action_result
run_rfc931(struct run *run)
{
	if (!run->env->lookup_user(run->env->ctx, run->option.number))
		return fail(run, DIAG_LOOKUP_FAULT, "");
	return ACTION_END;
}

static enum action_result
run_setenv(struct run *run)
{
	char *name = run->value.bytes;
	size_t name_len = strcspn(name, " \t\r\n"), len = run->value.len - name_len;
	const char *text = name + name_len;

	str_trim(&text, &len);
	name[text - name + (ptrdiff_t)len] = '\0';
	/* Blanks that do not end a name are none at its end. */
	while (name_len > 0 && str_is_space(name[name_len - 1]))
		name_len--;
	name[name_len] = '\0';
	if (setenv(name, text, 1) != 0)
		return fail(run, DIAG_SETENV_FAILED, name);
	return ACTION_END;
}

static enum action_result
run_umask(struct run *run)
{
	umask((mode_t)run->option.number);
	return ACTION_END;
}

static enum action_result
run_nice(struct run *run)
{
	if (run->env->dry_run)
		return ACTION_END;
	errno = 0; /* -1 is also a nice value */
	if (nice((int)run->option.number) == -1 && errno != 0)
		warn(run, DIAG_NICE_FAILED);
	return ACTION_END;
}

static enum action_result
run_linger(struct run *run)
{
	struct linger linger = {
	    .l_onoff = run->option.number != 0, .l_linger = (int)run->option.number};

	if (!run->env->dry_run &&
	    setsockopt(run->env->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger) != 0)
		warn(run, DIAG_LINGER_FAILED);
	return ACTION_END;
}

static enum action_result
run_keepalive(struct run *run)
{
	int on = 1;

	if (!run->env->dry_run &&
	    setsockopt(run->env->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) != 0)
		warn(run, DIAG_KEEPALIVE_FAILED);
	return ACTION_END;
}

static enum action_result
run_banners(struct run *run)
{
	return banner_send(run->env, run->value.bytes, run->diag) ? ACTION_END : ACTION_ERROR;
}

static enum action_result
take_identity(struct run *run, const char *user, const char *group)
{
	struct identity identity;
	struct diag diag = *run->diag;
	enum diag_code code = DIAG_NONE;

	if (!identity_find(user, group, &identity, run->diag))
		return ACTION_ERROR;
	if (!run->env->dry_run)
		code = identity_become(&identity);
	identity_release(&identity);
	if (code == DIAG_IDENTITY_NOT_OURS) {
		diag_set(&diag, code, run->option.keyword, strlen(run->option.keyword));
		run->env->report(run->env->ctx, &diag);
		code = DIAG_NONE;
	}
	return code == DIAG_NONE ? ACTION_END : fail(run, code, user != NULL ? user : group);
}

static enum action_result
run_user(struct run *run)
{
	/* As everywhere in the original, not within brackets. */
	size_t dot = classic_find(run->value.bytes, run->value.len, '.');
	bool has_group = dot < run->value.len;

	if (has_group)
		run->value.bytes[dot] = '\0';
	return take_identity(run, run->value.bytes, has_group ? run->value.bytes + dot + 1 : NULL);
}

static enum action_result
run_group(struct run *run)
{
	return take_identity(run, NULL, run->value.bytes);
}

static handler *const handlers[OPTION_IDS] = {
    [OPTION_ALLOW] = run_allow,
    [OPTION_DENY] = run_deny,
    [OPTION_SEVERITY] = run_severity,
    [OPTION_SPAWN] = run_spawn,
    [OPTION_ACLEXEC] = run_aclexec,
    [OPTION_TWIST] = run_twist,
    [OPTION_RFC931] = run_rfc931,
    [OPTION_SETENV] = run_setenv,
    [OPTION_UMASK] = run_umask,
    [OPTION_NICE] = run_nice,
    [OPTION_LINGER] = run_linger,
    [OPTION_KEEPALIVE] = run_keepalive,
    [OPTION_BANNERS] = run_banners,
    [OPTION_USER] = run_user,
    [OPTION_GROUP] = run_group,
};

/* ---- the tail ---- */

/* What an expansion left in front and behind is no part of the value. */
static void
trim_value(struct buf *value)
{
	const char *text = value->bytes;

	str_trim(&text, &value->len);
	memmove(value->bytes, text, value->len);
	value->bytes[value->len] = '\0';
}

/* The value, as its handler takes it. */
static bool
prepare_value(struct run *run)
{
	const struct option *option = &run->option;

	buf_clear(&run->value);
	if (option_specs[option->id].flags & OPTION_EXPAND) {
		if (!expand(run->env->expander, option->value, option->value_len, &run->value,
		        run->diag))
			return false;
		trim_value(&run->value);
	} else if (!buf_add(&run->value, option->value, option->value_len)) {
		fail(run,
		    option->value_len > EXPAND_OPTION_MAX ? DIAG_EXPANSION_TOO_LONG
		                                          : DIAG_NO_MEMORY,
		    option->keyword);
		return false;
	}
	run->diag->code = DIAG_NONE; /* an expansion may have reported something */
	if (run->env->option != NULL)
		run->env->option(run->env->ctx, option, run->value.bytes);
	return true;
}

static enum action_result
run_option(struct run *run)
{
	return prepare_value(run) ? handlers[run->option.id](run) : ACTION_ERROR;
}

/* Show an option whose value is wrong before that is said. */
static enum action_result
show_bad(struct run *run)
{
	struct diag why = *run->diag;

	if (run->env->option != NULL && run->option.is_whole) {
		prepare_value(run);
		*run->diag = why;
	}
	return ACTION_ERROR;
}

enum action_result
action_run(const struct action_env *env, const struct tail *tail, size_t *at, struct diag *ret)
{
	struct run run = {.env = env, .diag = ret};
	struct option_cursor cursor;
	enum option_status status;
	enum action_result result = ACTION_END;
	char storage[512];

	buf_init(&run.value, storage, sizeof storage, EXPAND_OPTION_MAX);
	option_cursor_init(&cursor, tail->way, tail->text + *at, tail->len - *at);
	while (
	    result == ACTION_END && (status = option_next(&cursor, &run.option, ret)) != OPTION_END)
		result = status == OPTION_FIELD ? run_option(&run) : show_bad(&run);
	*at += option_cursor_at(&cursor);
	option_cursor_release(&cursor);
	buf_release(&run.value);
	return result;
}
