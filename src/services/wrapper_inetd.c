/*
 * NAME     wrapper_inetd - tcpd in inetd.conf
 * INVARIANTS  Two words of a line are changed; blanks, comments and other lines stay as they are.
 */
#include <string.h>

#include "services/inetd_conf.h"
#include "services/wrapper.h"
#include "services/wrapper_text.h"

struct work {
	const struct wrapper *wrapper;
	struct changes changes;
};

/* The program, also where tcpd is in front of it. */
static const char *
program_of(const struct inetd_conf_line *line)
{
	const char *slash = strrchr(line->path, '/');

	return strcmp(slash != NULL ? slash + 1 : line->path, "tcpd") == 0 ? line->name
	                                                                   : line->path;
}

static bool
is_listener(const struct inetd_conf_line *line)
{
	return line->is_stream && strncmp(line->wait, "wait", 4) == 0;
}

static void
take(void *ctx, const struct inetd_conf_line *line)
{
	struct work *work = ctx;
	const struct wrapper *wrapper = work->wrapper;
	const char *program = line->is_complete ? program_of(line) : "";
	struct wrapper_words words;
	enum wrapper_code code;

	if (line->service == NULL || !wrapper_is_meant(wrapper, line->service, program))
		return;
	if (!line->is_complete)
		code = line->is_internal ? WRAPPER_INTERNAL : WRAPPER_INCOMPLETE;
	else if (!wrapper->removes && is_listener(line))
		code = WRAPPER_LISTENER;
	else
		code = wrapper_decide(wrapper, line->path, line->name, &words);
	if (code == WRAPPER_CHANGED || code == WRAPPER_RESTORED) {
		changes_add(&work->changes, line->path_at, strlen(line->path), words.path);
		changes_add(&work->changes, line->name_at, strlen(line->name), words.name);
	}
	wrapper->tell(wrapper->ctx, line->number, code, program);
}

bool
wrapper_inetd(const struct wrapper *wrapper, const char *text, size_t len, struct buf *ret)
{
	struct work work = {.wrapper = wrapper};

	if (!inetd_conf_read(text, len, take, &work))
		work.changes.failed = true;
	return changes_apply(&work.changes, text, len, ret);
}
