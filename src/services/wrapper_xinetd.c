/*
 * NAME     wrapper_xinetd - tcpd in xinetd.conf
 * PURPOSE  Beside the server, two flags: the program's path is its first argument (NAMEINARGS), and
 *          xinetd does not ask the tables itself (NOLIBWRAP), as tcpd does. Without tcpd xinetd asks, so both
 *          flags go with it.
 * SEE      xinetd.conf(5)
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "services/part.h"
#include "services/wrapper.h"
#include "services/wrapper_text.h"
#include "services/xinetd_conf.h"

enum { INDENTATION_MAX = 64 };

struct work {
	const struct wrapper *wrapper;
	const char *text;
	size_t len;
	struct changes changes;
};

/* ---- lines ---- */

static size_t
line_start(const struct work *work, size_t at)
{
	while (at > 0 && work->text[at - 1] != '\n')
		at--;
	return at;
}

/* Where the next one begins. */
static size_t
line_end(const struct work *work, size_t at)
{
	while (at < work->len && work->text[at] != '\n')
		at++;
	return at + (at < work->len);
}

/* Put a line in front of the one that begins at a place, indented as the server's is. */
static void
add_line(struct work *work, const struct xinetd_conf_entry *entry, size_t at, const char *name,
    const char *value)
{
	size_t start = line_start(work, entry->server_at.at);
	char line[2 * XINETD_CONF_LINE_MAX];
	int blanks = 0;

	while (blanks < INDENTATION_MAX && str_is_space(work->text[start + (size_t)blanks]))
		blanks++;
	/* The last line of a text may lack its end. */
	snprintf(line, sizeof line, "%s%.*s%-15s = %s\n",
	    at > 0 && work->text[at - 1] != '\n' ? "\n" : "", blanks, work->text + start, name,
	    value);
	changes_add(&work->changes, at, 0, line);
}

static void
drop_line(struct work *work, struct xinetd_conf_span span)
{
	size_t start = line_start(work, span.at);

	changes_add(&work->changes, start, line_end(work, span.at) - start, "");
}

/* ---- attributes ---- */

static bool
is_ours(const char *word, size_t len)
{
	return str_is(word, len, "NAMEINARGS") || str_is(word, len, "NOLIBWRAP");
}

/* The flags that are not ours, and ours behind them if tcpd is put in front. */
static void
list_flags(const struct work *work, struct xinetd_conf_span span, struct buf *ret)
{
	const char *at = work->text + span.at, *end = at + span.len;

	buf_add_str(ret, "");
	while (at < end) {
		size_t len = 0;

		while (at + len < end && !str_is_space(at[len]))
			len++;
		if (len > 0 && !is_ours(at, len)) {
			buf_add_str(ret, ret->len > 0 ? " " : "");
			buf_add(ret, at, len);
		}
		at += len > 0 ? len : 1;
	}
	if (!work->wrapper->removes)
		buf_add_str(ret, ret->len > 0 ? " NAMEINARGS NOLIBWRAP" : "NAMEINARGS NOLIBWRAP");
}

/* NAMEINARGS is of effect for the server_args that come behind it. */
static void
set_flags(struct work *work, const struct xinetd_conf_entry *entry, size_t arguments)
{
	struct xinetd_conf_span span = entry->flags_at;
	char storage[XINETD_CONF_LINE_MAX + 64];
	struct buf flags;

	buf_init(&flags, storage, sizeof storage, sizeof storage - 1);
	list_flags(work, span, &flags);
	if (span.len > 0 && flags.len > 0 && (work->wrapper->removes || span.at < arguments)) {
		changes_add(&work->changes, span.at, span.len, storage);
		return;
	}
	if (span.len > 0)
		drop_line(work, span);
	if (flags.len > 0)
		add_line(work, entry, arguments, "flags", storage);
}

/* The program's name is the first argument where tcpd is in front, and nowhere else. */
static void
set_arguments(struct work *work, const struct xinetd_conf_entry *entry, const char *path)
{
	struct xinetd_conf_span span = entry->arguments_at;
	const char *at = work->text + span.at;
	size_t first = entry->has_name ? strlen(entry->first) : 0;
	char word[XINETD_CONF_WORD_MAX + 1];

	snprintf(word, sizeof word, "%s%s", path, span.len > 0 && first == 0 ? " " : "");
	if (!work->wrapper->removes && span.len == 0)
		add_line(work, entry, line_end(work, entry->server_at.at), "server_args", path);
	else if (!work->wrapper->removes)
		changes_add(&work->changes, span.at, first, word);
	else if (first == span.len)
		drop_line(work, span);
	else
		changes_add(&work->changes, span.at, first + strspn(at + first, " \t"), "");
}

static void
set_attributes(struct work *work, const struct xinetd_conf_entry *entry, const char *server)
{
	size_t arguments = entry->arguments_at.len > 0 ? line_start(work, entry->arguments_at.at)
	                                               : line_end(work, entry->server_at.at);

	changes_add(&work->changes, entry->server_at.at, strlen(entry->server), server);
	set_flags(work, entry, arguments);
	set_arguments(work, entry, entry->server);
}

/* ---- entries ---- */

static enum wrapper_code
decide(const struct wrapper *wrapper, const struct xinetd_conf_entry *entry, const char *program,
    struct wrapper_words *ret)
{
	if (entry->is_internal)
		return WRAPPER_INTERNAL;
	if (*program == '\0')
		return WRAPPER_INCOMPLETE;
	if (!wrapper->removes && entry->is_wait && !entry->is_dgram)
		return WRAPPER_LISTENER;
	return wrapper_decide(wrapper, entry->server,
	    entry->has_name && entry->first[0] != '\0' ? entry->first : path_base(entry->server),
	    ret);
}

static void
take(void *ctx, const struct xinetd_conf_entry *entry)
{
	struct work *work = ctx;
	const struct wrapper *wrapper = work->wrapper;
	bool is_wrapped = strcmp(path_base(entry->server), "tcpd") == 0;
	const char *program = is_wrapped && entry->has_name ? entry->first
	    : is_wrapped                                    ? ""
	                                                    : entry->server;
	struct wrapper_words words;
	enum wrapper_code code;

	if (!wrapper_is_meant(wrapper, entry->service, program))
		return;
	code = decide(wrapper, entry, program, &words);
	if (code == WRAPPER_CHANGED || code == WRAPPER_RESTORED) {
		set_attributes(work, entry, words.path);
	}
	wrapper->tell(wrapper->ctx, entry->number, code, program);
}

static void
pass_over(void *ctx, const char *path, bool is_folder, unsigned line)
{
	(void)ctx;
	(void)path;
	(void)is_folder;
	(void)line;
}

bool
wrapper_xinetd(const struct wrapper *wrapper, const char *text, size_t len, struct buf *ret)
{
	struct work work = {.wrapper = wrapper, .text = text, .len = len};
	const struct xinetd_conf_reader reader = {&work, take, pass_over};

	xinetd_conf_read(text, len, &reader);
	return changes_apply(&work.changes, text, len, ret);
}
