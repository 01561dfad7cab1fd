/*
 * NAME     tail - a rule's options
 * PURPOSE  Errors in them, options that Debian's library takes otherwise, and % letters that stand
 *          for nothing; as both ways read them.
 * INVARIANTS  Nothing is told behind an error that both ways see: it ends the rule.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "lint/inside.h"
#include "policy/option.h"
#include "policy/severity.h"

enum { VALUE_MAX = 64 };

/* ---- places in a field ---- */

/* Between a keyword and its value; around a field, str_is_space() counts. */
static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static const char *
skip_blanks(const char *at, const char *end)
{
	while (at < end && str_is_space(*at))
		at++;
	return at;
}

static struct field
field_at(const struct rule *rule, size_t from, size_t to, const struct option *option)
{
	struct field field = {
	    .rule = rule, .colon = rule->tail + from - 1, .end = rule->tail + to, .option = option};

	if (to > from && rule->tail[to - 1] == ':' && (to < 2 || rule->tail[to - 2] != '\\'))
		field.end--;
	field.start = skip_blanks(rule->tail + from, field.end);
	return field;
}

const char *
field_keyword_end(const struct field *field)
{
	const char *end = field->start;

	while (end < field->end && *end != '=' && !is_blank(*end))
		end++;
	return end;
}

const char *
field_value(const struct field *field)
{
	const char *at = field_keyword_end(field);

	while (at < field->end && is_blank(*at))
		at++;
	at += at < field->end && *at == '=';
	while (at < field->end && is_blank(*at))
		at++;
	return at;
}

/* About the option as a whole; its subject is the keyword. */
static struct remark
remark_on(const struct field *field, enum lint_id id)
{
	return (struct remark){.id = id,
	    .at = field->start < field->end ? field->start : field->colon,
	    .subject = field->start,
	    .subject_len = (size_t)(field_keyword_end(field) - field->start)};
}

/* About its value. */
static struct remark
remark_on_value(const struct field *field, enum lint_id id)
{
	struct remark remark = remark_on(field, id);

	remark.subject = field->option->value;
	remark.subject_len = field->option->value_len;
	return remark;
}

/* ---- errors ---- */

/* Is the mended line the same rule, which still refuses? */
static bool
is_refusing(struct place *place, const struct rule *rule, const char *text, size_t len)
{
	const struct line line = {.text = text, .len = len, .ways = WAY_BOTH};
	struct rule mended[RULES_MAX];
	bool ignored;

	return rule_read(mended, &line) == 1 && mended[0].code == DIAG_NONE &&
	    mended[0].ways == WAY_BOTH && mended[0].daemons.len == rule->daemons.len &&
	    mended[0].clients.len == rule->clients.len &&
	    tail_outcome(place, &mended[0], &ignored) == OUTCOME_REFUSES;
}

/* Whom the rule matches is refused for the mistake: is he still, when it is mended? */
static void
judge_mended(struct place *place, const struct rule *rule, struct remark *remark)
{
	size_t before, after;
	char *text;

	if (remark->cut == NULL || lint_specs[remark->id].mend != LINT_MEND_REFUSES)
		return;
	text = malloc(place->len + remark->by_len + 1);
	if (text == NULL) {
		place->failed = true;
		return;
	}
	before = (size_t)(remark->cut - place->text);
	after = place->len - before - remark->cut_len;
	memcpy(text, place->text, before);
	memcpy(text + before, remark->by, remark->by_len);
	memcpy(text + before + remark->by_len, remark->cut + remark->cut_len, after);
	remark->is_doubtful = !is_refusing(place, rule, text, before + remark->by_len + after);
	free(text);
}

/* All that are empty one behind the other. */
static void
mend_empty(struct remark *remark, const struct field *field)
{
	const char *line_end = field->rule->tail + field->rule->tail_len, *end = field->end, *next;

	for (next = end; next < line_end && *next == ':'; next = skip_blanks(next + 1, line_end))
		end = next;
	if (next == line_end)
		end = line_end;
	tell_mend(remark, field->colon, end, "");
}

static void
mend_setenv(struct remark *remark, const struct field *field)
{
	const char *value = field_value(field);
	const char *equals = memchr(value, '=', (size_t)(field->end - value));

	if (equals != NULL && equals > value)
		tell_mend(remark, equals, equals + 1, " ");
}

/* The original takes numbers that we do not: they wrap there, and may have odd blanks before them. */
static bool
is_odd_number(const struct option *option)
{
	const char *text = option->value;
	bool odd = str_is_space(*text);
	size_t digits;

	while (str_is_space(*text))
		text++;
	odd = odd || (option->id == OPTION_UMASK && *text == '-');
	text += *text == '-' || *text == '+';
	digits = strspn(text, option->id == OPTION_UMASK ? "01234567" : "0123456789");
	return digits > 0 && text[digits] == '\0' && (odd || digits > 9);
}

static enum lint_id
id_of(const struct diag *diag, const struct option *option)
{
	switch ((int)diag->code) {
	case DIAG_OPTION_NO_NAME:
		return LINT_OPTION_EMPTY;
	case DIAG_OPTION_BAD_NAME:
		return LINT_OPTION_UNKNOWN;
	case DIAG_OPTION_NEEDS_VALUE:
		return LINT_OPTION_NO_VALUE;
	case DIAG_OPTION_TAKES_NO_VALUE:
		return LINT_OPTION_VALUE;
	case DIAG_OPTION_NOT_LAST:
		return LINT_OPTION_NOT_LAST;
	case DIAG_BAD_SEVERITY:
		return LINT_SEVERITY_NAME;
	case DIAG_SETENV_EQUALS:
	case DIAG_SETENV_FAILED:
		return LINT_SETENV_EQUALS;
	default:
		return is_odd_number(option) ? LINT_ODD_NUMBER : LINT_BAD_NUMBER;
	}
}

static void
tell_bad(struct place *place, const struct field *field, const struct diag *diag)
{
	enum lint_id id = id_of(diag, field->option);
	bool is_value = id >= LINT_SEVERITY_NAME && id <= LINT_SETENV_EQUALS;
	struct remark remark = is_value ? remark_on_value(field, id) : remark_on(field, id);

	if (diag->code == DIAG_NO_MEMORY) {
		place->failed = true;
		return;
	}
	if (id == LINT_OPTION_EMPTY)
		mend_empty(&remark, field);
	else if (id == LINT_OPTION_UNKNOWN)
		remark.id = unknown_check(field, &remark);
	else if (id == LINT_OPTION_NOT_LAST && unknown_is_cut(field, &remark))
		remark.id = LINT_COMMAND_COLON;
	else if (id == LINT_SETENV_EQUALS)
		mend_setenv(&remark, field);
	remark.differs = id == LINT_ODD_NUMBER && place->mode == LINES_TWO_WAYS;
	judge_mended(place, field->rule, &remark);
	tell(place, &remark);
}

/* ---- what both ways, or the plain way, take ---- */

static const char *
old_name(const char *name, size_t len)
{
	static const char *const names[][2] = {
	    {"warn", "warning"}, {"error", "err"}, {"panic", "emerg"}, {"security", "auth"}};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (str_is(name, len, names[i][0]))
			return names[i][1];
	}
	return NULL;
}

static void
add_old_name(struct buf *buf, const char *name, size_t len)
{
	const char *old = old_name(name, len);

	if (old != NULL)
		buf_add_str(buf, old);
	else
		buf_add(buf, name, len);
}

/* A severity that the plain way alone knows, by its older name if it has one. */
static void
tell_new_severity(struct place *place, const struct field *field)
{
	struct remark remark = remark_on_value(field, LINT_SEVERITY_NEW);
	const char *value = field_value(field);
	size_t len = field->option->value_len;
	const char *dot = memchr(value, '.', len), *level = dot != NULL ? dot + 1 : value;
	char storage[VALUE_MAX + 1];
	struct buf by;
	int ignored;

	buf_init(&by, storage, sizeof storage, VALUE_MAX);
	if (dot != NULL) {
		add_old_name(&by, value, (size_t)(dot - value));
		buf_add_char(&by, '.');
	}
	add_old_name(&by, level, (size_t)(value + len - level));
	remark.differs = true;
	if (!by.failed && severity_parse(by.bytes, by.len, WAY_CLASSIC, &ignored))
		tell_mend(&remark, value, value + len, by.bytes);
	judge_mended(place, field->rule, &remark);
	tell(place, &remark);
	buf_release(&by);
}

static bool
is_expansion(char letter)
{
	static const char letters[] = {
	    '%',
#define EXPANSION(letter, id, help) letter,
#include "expansions.def"
#undef EXPANSION
	};

	return memchr(letters, letter, sizeof letters) != NULL;
}

/* The value in the line has the same percent signs as the value without its escapes. */
static void
check_expansions(struct place *place, const struct field *field)
{
	const struct option *option = field->option;
	const char *raw = field_value(field);

	for (size_t i = 0; i + 1 < option->value_len; i++) {
		struct remark remark = remark_on(field, LINT_EXPANSION_UNKNOWN);

		if (option->value[i] != '%')
			continue;
		raw = memchr(raw, '%', (size_t)(field->end - raw));
		if (raw == NULL)
			return;
		if (!is_expansion(option->value[++i])) {
			remark.at = remark.subject = raw;
			remark.subject_len = 2;
			tell_mend(&remark, raw, raw + 1, "%%");
			/* A command that is asked would be another one. */
			remark.is_doubtful = option->id == OPTION_ACLEXEC;
			tell(place, &remark);
		}
		raw += 2;
	}
}

/* Somebody waits for an answer that does not come: a command alone, which is told who the client is, of a
 * rule for everybody that lets in. What is only to be run goes to the background, or through a pipe. */
static void
check_spawn(struct place *place, const struct field *field)
{
	static const char *const facts[] = {"%a", "%h", "%c", "%n", "%u"};
	const struct option *option = field->option;
	struct remark remark = remark_on_value(field, LINT_SPAWN_NO_VERDICT);
	const char *word;
	size_t at = 0, len, told = 0;

	for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
		told += strstr(option->value, facts[i]) != NULL;
	if (told == 0 || place->outcome != OUTCOME_GRANTS ||
	    strpbrk(option->value, "|&;<>()") != NULL ||
	    !list_next_word(&field->rule->clients, &at, &word, &len) || !str_is(word, len, "ALL"))
		return;
	remark.subject_len = strcspn(option->value, " \t");
	tell_mend(&remark, field->start, field_keyword_end(field), "aclexec");
	tell(place, &remark);
}

static void
check_option(struct place *place, const struct field *field)
{
	static const struct {
		enum option_id option;
		enum lint_id id;
		bool differs;
	} special[] = {
	    {OPTION_TWIST, LINT_TWIST_RESIDENT, false},
	    {OPTION_USER, LINT_USER_OPTION, true},
	    {OPTION_GROUP, LINT_USER_OPTION, true},
	    {OPTION_ACLEXEC, LINT_ACLEXEC_STATUS, true},
	};

	if (option_specs[field->option->id].flags & OPTION_EXPAND)
		check_expansions(place, field);
	if (field->option->id == OPTION_SPAWN)
		check_spawn(place, field);
	for (size_t i = 0; i < sizeof special / sizeof *special; i++) {
		if (field->option->id == special[i].option) {
			struct remark remark = remark_on(field, special[i].id);

			remark.differs = special[i].differs;
			tell(place, &remark);
		}
	}
}

/* ---- a tail ---- */

static void
walk(struct place *place, const struct rule *rule, struct option_cursor *main,
    struct option_cursor *classic)
{
	struct option option = {.value = ""}, ignored_option;
	struct diag diag = {.code = DIAG_NONE}, ignored = {.code = DIAG_NONE};
	enum option_status status = OPTION_FIELD;
	bool follows_command = false, is_split = false;

	while (status == OPTION_FIELD && !place->failed) {
		size_t from = main->at;
		struct field field;

		status = option_next(main, &option, &diag);
		if (status == OPTION_END)
			return;
		field = field_at(rule, from, main->at, &option);
		field.follows_command = follows_command;
		if (status == OPTION_BAD) {
			tell_bad(place, &field, &diag);
			return;
		}
		if (classic != NULL && !is_split &&
		    option_next(classic, &ignored_option, &ignored) == OPTION_BAD) {
			tell_new_severity(place, &field);
			is_split = true;
		}
		check_option(place, &field);
		follows_command = (option_specs[option.id].flags & OPTION_EXPAND) != 0;
	}
}

/* What counts of a rule that stands both ways. */
static enum way
way_of(const struct rule *rule)
{
	return rule->ways & WAY_PLAIN ? WAY_PLAIN : WAY_CLASSIC;
}

void
tail_check(struct place *place, const struct rule *rule)
{
	struct option_cursor main, classic;

	if (!rule->has_tail)
		return;
	option_cursor_init(&main, way_of(rule), rule->tail, rule->tail_len);
	option_cursor_init(&classic, WAY_CLASSIC, rule->tail, rule->tail_len);
	walk(place, rule, &main, rule->ways == WAY_BOTH ? &classic : NULL);
	option_cursor_release(&main);
	option_cursor_release(&classic);
}

static enum outcome
outcome_in(struct place *place, enum way way, const char *tail, size_t len, bool *ret_grants)
{
	enum option_status status = OPTION_FIELD;
	bool grants = place->table == TABLE_ALLOW, is_open = false;
	struct diag diag = {.code = DIAG_NONE};
	struct option_cursor cursor;
	struct option option;

	option_cursor_init(&cursor, way, tail, len);
	while ((status = option_next(&cursor, &option, &diag)) == OPTION_FIELD) {
		if (option.id == OPTION_ALLOW)
			grants = true;
		else if (option.id == OPTION_DENY || option.id == OPTION_TWIST)
			grants = false;
		is_open = is_open || option.id == OPTION_TWIST || option.id == OPTION_ACLEXEC;
	}
	option_cursor_release(&cursor);
	place->failed = place->failed || diag.code == DIAG_NO_MEMORY;
	place->is_bad = place->is_bad || status == OPTION_BAD;
	*ret_grants = grants && status != OPTION_BAD;
	if (is_open)
		return OUTCOME_OPEN;
	return *ret_grants ? OUTCOME_GRANTS : OUTCOME_REFUSES;
}

enum outcome
tail_outcome_of(struct place *place, const char *tail, size_t len)
{
	bool grants[2];
	enum outcome plain = outcome_in(place, WAY_PLAIN, tail, len, &grants[0]);

	return outcome_in(place, WAY_CLASSIC, tail, len, &grants[1]) == plain ? plain
	                                                                      : OUTCOME_OPEN;
}

enum outcome
tail_outcome(struct place *place, const struct rule *rule, bool *ret_grants)
{
	if (!rule->has_tail) {
		*ret_grants = place->table == TABLE_ALLOW;
		return *ret_grants ? OUTCOME_GRANTS : OUTCOME_REFUSES;
	}
	outcome_in(place, way_of(rule), rule->tail, rule->tail_len, ret_grants);
	return tail_outcome_of(place, rule->tail, rule->tail_len);
}
