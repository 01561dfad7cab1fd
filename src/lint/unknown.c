/*
 * NAME     unknown - what stands where an option is expected, and is none
 * PURPOSE  A slip, a command's colon, a client's port, another rule on the same line.
 */
#include <string.h>

#include "base/near.h"
#include "base/str.h"
#include "lint/inside.h"

/* Directly behind the client list's colon? */
static bool
is_first(const struct field *field)
{
	return field->colon + 1 == field->rule->tail;
}

static bool
is_address(const char *text, size_t len)
{
	if (len > 0 && text[0] == '[')
		return true;
	return len > 0 && str_is_digit(text[0]) && memchr(text, '.', len) != NULL &&
	    str_consists_of(text, len, "0123456789./,");
}

/* "sshd: 10.0.0.1ALL: 203.0.113.9": clients where an option should be. */
static bool
is_glued(const struct field *field)
{
	const char *end = field_keyword_end(field);
	size_t len = (size_t)(end - field->start);

	return is_first(field) &&
	    (is_address(field->start, len) || str_is(field->start, len, "ALL"));
}

/* "10.0.0.1:22", without a blank around the colon. */
static bool
is_port(const struct field *field)
{
	const char *end = field_keyword_end(field);
	unsigned long port;

	return is_first(field) && field->start == field->colon + 1 &&
	    field->colon > field->rule->clients.text && !str_is_space(field->colon[-1]) &&
	    str_number(field->start, (size_t)(end - field->start), 65535, &port);
}

static const char *
near_option(const char *text, size_t len)
{
	for (unsigned i = 0; i < OPTION_IDS; i++) {
		if (near_is(text, len, option_specs[i].keyword))
			return option_specs[i].keyword;
	}
	return NULL;
}

enum lint_id
unknown_check(const struct field *field, struct remark *remark)
{
	const char *end = field_keyword_end(field);
	const char *near = near_option(field->start, (size_t)(end - field->start));

	if (near != NULL) {
		tell_mend(remark, field->start, end, near);
	} else if (field->follows_command) {
		tell_mend(remark, field->colon, field->colon + 1, "\\:");
		return LINT_COMMAND_COLON;
	} else if (is_port(field)) {
		tell_mend(remark, field->colon, end, "");
		return LINT_CLIENT_PORT;
	} else if (is_glued(field)) {
		return LINT_GLUED_RULES;
	} else if (*field->start == '(' || *field->start == '/') {
		tell_mend(remark, field->start, field->start, "spawn ");
	}
	return LINT_OPTION_UNKNOWN;
}

bool
unknown_is_cut(const struct field *field, struct remark *remark)
{
	const char *line_end = field->rule->tail + field->rule->tail_len;
	struct field next = {.start = field->end + 1, .end = line_end};
	const char *end;

	if (field->end >= line_end || !(option_specs[field->option->id].flags & OPTION_EXPAND))
		return false;
	while (next.start < next.end && str_is_space(*next.start))
		next.start++;
	end = field_keyword_end(&next);
	while (end > next.start && end[-1] == ':')
		end--;
	if (near_option(next.start, (size_t)(end - next.start)) != NULL)
		return false;
	remark->at = remark->subject = next.start;
	remark->subject_len = (size_t)(end - next.start);
	tell_mend(remark, field->end, field->end + 1, "\\:");
	return true;
}
