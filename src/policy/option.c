/*
 * NAME     option - the option tail
 * PURPOSE  Fields, keywords and value syntax from data/options.def; ranges; the static verdict.
 * INVARIANTS  Total. An error never lets an option through: OPTION_BAD, and the rule refuses.
 * LIMITS   A tail is as long as its line (LINES_MAX); OPTION_COMMANDS_MAX.
 * SEE      hosts_options(5)
 */
#include "policy/option.h"

#include <string.h>

#include "base/str.h"
#include "policy/lines.h"
#include "policy/severity.h"

enum { NONE = OPTION_NONE, REQUIRED = OPTION_REQUIRED, OPTIONAL = OPTION_OPTIONAL };
enum { EXPAND = OPTION_EXPAND, LAST = OPTION_LAST };

const struct option_spec option_specs[OPTION_IDS] = {
#define OPTION(id, keyword, argument, flags, help)                                                 \
	[OPTION_##id] = {keyword, (enum option_argument)(argument), flags, help},
#include "options.def"
#undef OPTION
};

void
option_cursor_init(struct option_cursor *cursor, enum way way, const char *tail, size_t len)
{
	cursor->tail = tail;
	cursor->len = len;
	cursor->at = 0;
	cursor->way = way;
	cursor->done = false;
	buf_init(&cursor->field, cursor->storage, sizeof cursor->storage, LINES_MAX);
}

size_t
option_cursor_at(const struct option_cursor *cursor)
{
	return cursor->done ? cursor->len + TAIL_PAST_END : cursor->at;
}

void
option_cursor_release(struct option_cursor *cursor)
{
	buf_release(&cursor->field);
}

static enum option_status
bad(struct diag *diag, enum diag_code code, const char *subject)
{
	diag_set(diag, code, subject, strlen(subject));
	return OPTION_BAD;
}

/* Cut the next field off the tail, a backslash before a colon taken away. */
static bool
next_field(struct option_cursor *cursor)
{
	buf_clear(&cursor->field);
	while (cursor->at < cursor->len) {
		const char *rest = cursor->tail + cursor->at;
		size_t left = cursor->len - cursor->at, run = 0;

		while (run < left && rest[run] != ':' && rest[run] != '\\')
			run++;
		cursor->at += run;
		if (!buf_add(&cursor->field, rest, run))
			return false;
		if (run == left)
			break;
		if (rest[run] == ':') {
			cursor->at++;
			return buf_reserve(&cursor->field, 0);
		}
		run += run + 1 < left && rest[run + 1] == ':';
		if (!buf_add_char(&cursor->field, rest[run]))
			return false;
		cursor->at = (size_t)(rest + run + 1 - cursor->tail);
	}
	cursor->done = true;
	return buf_reserve(&cursor->field, 0);
}

static bool
ends_keyword(char c)
{
	return c == '=' || c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
is_blank(char c)
{
	return c != '=' && ends_keyword(c);
}

/* Divide the field in place: keyword, blanks, perhaps one "=", blanks, value. */
static void
divide_field(struct buf *field, struct option *ret)
{
	const char *text = field->bytes;
	size_t len = field->len, key;
	char *cut;

	str_trim(&text, &len);
	cut = field->bytes + (text - field->bytes);
	cut[len] = '\0';
	ret->keyword = cut;
	for (key = 0; key < len && !ends_keyword(cut[key]);)
		key++;
	ret->value = cut + key;
	while (is_blank(*ret->value))
		ret->value++;
	if (*ret->value == '=')
		ret->value++;
	while (is_blank(*ret->value))
		ret->value++;
	cut[key] = '\0';
	ret->value_len = (size_t)(cut + len - ret->value);
	ret->has_value = key < len && ret->value_len > 0;
	if (!ret->has_value) {
		ret->value = "";
		ret->value_len = 0;
	}
}

/* A whole number, with a sign, of at most an int. */
static bool
read_number(const struct option *option, unsigned base, long *ret)
{
	const char *text = option->value;
	bool negative = *text == '-';
	long value = 0;

	text += *text == '-' || *text == '+';
	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		unsigned digit = (unsigned)(*text - '0');

		if (!str_is_digit(*text) || digit >= base ||
		    value > (INT32_MAX - (long)digit) / (long)base)
			return false;
		value = value * (long)base + (long)digit;
	}
	*ret = negative ? -value : value;
	return true;
}

/* ---- checks of values: of one that is bad they leave what the finding is about ---- */

typedef enum diag_code check(struct option *, enum way);

static enum diag_code
check_severity(struct option *option, enum way way)
{
	int priority;

	if (!severity_parse(option->value, option->value_len, way, &priority))
		return DIAG_BAD_SEVERITY;
	option->number = priority;
	return DIAG_NONE;
}

static enum diag_code
check_rfc931(struct option *option, enum way way)
{
	(void)way;
	option->number = 0;
	if (option->has_value && (!read_number(option, 10, &option->number) || option->number <= 0))
		return DIAG_BAD_RFC931;
	return DIAG_NONE;
}

static enum diag_code
check_umask(struct option *option, enum way way)
{
	(void)way;
	if (!read_number(option, 8, &option->number) || option->number < 0 || option->number > 0777)
		return DIAG_BAD_UMASK;
	return DIAG_NONE;
}

static enum diag_code
check_nice(struct option *option, enum way way)
{
	(void)way;
	option->number = 10;
	if (option->has_value && !read_number(option, 10, &option->number))
		return DIAG_BAD_NICE;
	return DIAG_NONE;
}

static enum diag_code
check_linger(struct option *option, enum way way)
{
	(void)way;
	if (!read_number(option, 10, &option->number) || option->number < 0)
		return DIAG_BAD_LINGER;
	return DIAG_NONE;
}

/* "NAME=value" names no variable that could be set, both ways; the plain way says so. */
static enum diag_code
check_setenv(struct option *option, enum way way)
{
	size_t name = strcspn(option->value, " \t\r\n");

	if (memchr(option->value, '=', name) == NULL)
		return DIAG_NONE;
	return way == WAY_PLAIN ? DIAG_SETENV_EQUALS : DIAG_SETENV_FAILED;
}

static check *const checks[OPTION_IDS] = {
    [OPTION_SEVERITY] = check_severity,
    [OPTION_RFC931] = check_rfc931,
    [OPTION_UMASK] = check_umask,
    [OPTION_NICE] = check_nice,
    [OPTION_LINGER] = check_linger,
    [OPTION_SETENV] = check_setenv,
};

static const struct option_spec *
find_spec(const char *keyword, enum option_id *ret)
{
	for (unsigned i = 0; i < OPTION_IDS; i++) {
		if (str_is(keyword, strlen(keyword), option_specs[i].keyword)) {
			*ret = (enum option_id)i;
			return &option_specs[i];
		}
	}
	return NULL;
}

enum option_status
option_next(struct option_cursor *cursor, struct option *ret, struct diag *diag)
{
	const struct option_spec *spec;
	enum diag_code code;
	const char *subject;
	size_t len;

	ret->is_whole = false;
	if (cursor->done)
		return OPTION_END;
	if (!next_field(cursor))
		return bad(diag, DIAG_NO_MEMORY, "");
	divide_field(&cursor->field, ret);
	if (*ret->keyword == '\0')
		return bad(diag, DIAG_OPTION_NO_NAME, "");
	spec = find_spec(ret->keyword, &ret->id);
	if (spec == NULL)
		return bad(diag, DIAG_OPTION_BAD_NAME, ret->keyword);
	if (spec->argument == OPTION_NONE && ret->has_value)
		return bad(diag, DIAG_OPTION_TAKES_NO_VALUE, ret->keyword);
	if (spec->argument == OPTION_REQUIRED && !ret->has_value)
		return bad(diag, DIAG_OPTION_NEEDS_VALUE, ret->keyword);
	if (spec->flags & OPTION_LAST && !cursor->done)
		return bad(diag, DIAG_OPTION_NOT_LAST, ret->keyword);
	ret->is_whole = true;
	code = checks[ret->id] != NULL ? checks[ret->id](ret, cursor->way) : DIAG_NONE;
	if (code == DIAG_NONE)
		return OPTION_FIELD;
	subject = ret->value;
	len = ret->value_len;
	if (code == DIAG_BAD_SEVERITY)
		subject = severity_unknown(subject, &len, cursor->way);
	diag_set(diag, code, subject, len);
	return OPTION_BAD;
}

/* What an option makes of the verdict so far. */
static void
judge(const struct option *option, const struct option_context *context, struct option_outcome *ret)
{
	if (option->id == OPTION_ALLOW)
		ret->verdict = VERDICT_GRANT;
	else if (option->id == OPTION_DENY)
		ret->verdict = VERDICT_REFUSE;
	else if (option->id == OPTION_TWIST)
		ret->verdict = context->resident ? VERDICT_REFUSE : VERDICT_TWIST;
	else
		return;
	ret->passes = false;
}

static void
refuse_more(const struct tail *tail, const struct facts *facts, struct option_outcome *ret)
{
	struct diag diag = {.code = DIAG_TOO_MANY_COMMANDS, .file = tail->file, .line = tail->line};

	facts->ops->report(facts->ctx, &diag);
	ret->failed = true;
}

/* Ask for command `number` of the tail, or, behind the last, for the rest to be carried out. */
static void
ask(const struct tail *tail, const struct facts *facts, const struct option_context *context,
    unsigned number, struct option_outcome *ret)
{
	enum command_status says = COMMAND_FAILED;

	if (context->may_ask == NULL || context->may_ask(context->ctx))
		says = facts->ops->aclexec(facts->ctx, tail, number);
	ret->passes = says == COMMAND_FALSE;
	ret->failed = says == COMMAND_FAILED;
}

struct option_outcome
option_verdict(const struct tail *tail, const struct facts *facts,
    const struct option_context *context, enum verdict by_default)
{
	struct option_outcome outcome = {.verdict = by_default};
	struct option_cursor cursor;
	struct option option;
	struct diag ignored = {.code = DIAG_NONE};
	enum option_status status;
	unsigned commands = 0;

	option_cursor_init(&cursor, tail->way, tail->text, tail->len);
	while (
	    !outcome.failed && (status = option_next(&cursor, &option, &ignored)) == OPTION_FIELD) {
		if (option.id == OPTION_ACLEXEC) {
			if (commands < OPTION_COMMANDS_MAX)
				ask(tail, facts, context, commands++, &outcome);
			else
				refuse_more(tail, facts, &outcome);
			outcome.at = option_cursor_at(&cursor);
		}
		judge(&option, context, &outcome);
	}
	option_cursor_release(&cursor);
	if (outcome.passes && status == OPTION_END && outcome.at <= tail->len)
		ask(tail, facts, context, commands, &outcome);
	if (outcome.failed || status == OPTION_BAD)
		outcome.verdict = VERDICT_REFUSE;
	outcome.passes = outcome.passes && !outcome.failed && status != OPTION_BAD;
	return outcome;
}
