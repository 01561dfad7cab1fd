/*
 * NAME     overall - what a table says as a whole
 * PURPOSE  Twins, rules that let everybody in, line ends; and the sums that tables are compared by.
 * LIMITS   FEED_MIN: nobody writes so many bans by hand.
 */
#include <string.h>

#include "base/hash.h"
#include "base/str.h"
#include "lint/inside.h"

enum { FEED_MIN = 40 };

/* ---- twins ---- */

/* Do the bytes at that offset hold the same line? */
static bool
is_twin(const struct overall *overall, size_t at, const char *text, size_t len)
{
	const char *other = overall->bytes + at, *end = overall->bytes + overall->len;

	return (size_t)(end - other) >= len && memcmp(other, text, len) == 0;
}

static unsigned long
line_of(const struct overall *overall, size_t at)
{
	unsigned long line = 1;
	const char *from = overall->bytes, *end = overall->bytes + at;

	while ((from = memchr(from, '\n', (size_t)(end - from))) != NULL) {
		from++;
		line++;
	}
	return line;
}

static void
tell_twin(struct place *place, size_t at)
{
	char number[24];
	struct buf buf;
	struct remark remark = {.id = LINT_DUPLICATE};

	buf_init(&buf, number, sizeof number, sizeof number - 1);
	buf_add_number(&buf, line_of(place->overall, at));
	remark.subject = buf.bytes;
	remark.subject_len = buf.len;
	/* A command that is asked twice may answer twice. */
	remark.is_doubtful = place->outcome == OUTCOME_OPEN;
	tell_mend(&remark, place->text, place->text + place->len, "");
	tell(place, &remark);
	buf_release(&buf);
}

/* Only lines that stand in the table's bytes as a whole: joined ones are few. Each line ends in a newline
 * there, so that equal bytes with it are equal lines. */
static void
check_twins(struct place *place)
{
	struct overall *overall = place->overall;
	const char *text = place->text;
	size_t at, first;

	if (place->first_line != place->line || text < overall->bytes ||
	    text + place->len >= overall->bytes + overall->len)
		return;
	at = (size_t)(text - overall->bytes);
	if (!seen_add(overall->twins, hash_quick(text, place->len + 1), at, &first))
		place->failed = true;
	else if (first != at && is_twin(overall, first, text, place->len + 1))
		tell_twin(place, first);
}

/* ---- who is let in ---- */

static bool
is_all(const struct list *list)
{
	const char *word;
	size_t at = 0, len;
	bool all = list_next_word(list, &at, &word, &len) && str_is(word, len, "ALL");

	return all && !list_next_word(list, &at, &word, &len);
}

static void
check_open(struct place *place, const struct rule *rule)
{
	struct remark remark = {.id = LINT_ALLOW_SERVICE,
	    .at = rule->clients.text,
	    .subject = rule->daemons.text,
	    .subject_len = rule->daemons.len};

	/* Behind rules that keep out it is how a table says that others may. */
	if (place->outcome != OUTCOME_GRANTS || !is_all(&rule->clients) ||
	    place->overall->refusals > 0 || place->table != TABLE_ALLOW)
		return;
	str_trim(&remark.subject, &remark.subject_len);
	if (is_all(&rule->daemons))
		remark.id = LINT_ALLOW_ALL;
	tell(place, &remark);
}

void
overall_rule(struct place *place, const struct rule *rule, bool is_agreed)
{
	struct lint_sum *sum = &place->lint->sums[place->table];

	if (is_agreed)
		check_twins(place);
	check_open(place, rule);
	sum->rules++;
	if (place->outcome == OUTCOME_GRANTS) {
		sum->grants++;
		sum->first_grant = sum->first_grant == 0 ? place->line : sum->first_grant;
	} else {
		sum->refusals++;
		place->overall->refusals++;
	}
}

/* ---- a table ---- */

/* Lines that begin a rule: a list of bans is told by its length. */
bool
overall_is_long(const char *bytes, size_t len)
{
	const char *end = bytes + len;
	unsigned lines = 0;

	while (bytes < end && lines < FEED_MIN) {
		const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));

		lines += *bytes != '#' && *bytes != '\n' && *bytes != '\r';
		bytes = newline != NULL ? newline + 1 : end;
	}
	return lines >= FEED_MIN;
}

/* About the line that ends here, as it stands. */
static void
tell_line_end(struct place *place, enum lint_id id, const char *at, const char *end)
{
	const char *from = at;
	struct remark remark = {.id = id, .at = at};

	while (from > place->overall->bytes && from[-1] != '\n')
		from--;
	if (id == LINT_CONTINUED_CR && *from == '#')
		return;
	place->line = place->first_line =
	    (unsigned)line_of(place->overall, (size_t)(from - place->overall->bytes));
	place->text = from;
	place->len = (size_t)(end - from);
	tell(place, &remark);
	place->text = NULL;
	place->line = place->first_line = 0;
}

static void
check_line_ends(struct place *place, const char *bytes, size_t len)
{
	const char *at = bytes, *end = bytes + len, *found;

	found = memmem(bytes, len, "\r\n", 2);
	if (found != NULL)
		tell_line_end(place, LINT_CR_LF, found, found + 1);
	while (found != NULL && (at = memmem(at, (size_t)(end - at), "\\\r\n", 3)) != NULL) {
		tell_line_end(place, LINT_CONTINUED_CR, at, at + 2);
		at += 3;
	}
}

void
overall_begin(struct place *place, const char *bytes, size_t len)
{
	struct overall *overall = place->overall;

	overall->bytes = bytes;
	overall->len = len;
	range_read_special(overall->special);
	place->is_feed = place->table == TABLE_DENY && overall_is_long(bytes, len);
	check_line_ends(place, bytes, len);
}

/* ---- two tables ---- */

enum { BANS_MIN = 1000 }; /* nobody knows all of them */

void
lint_pair(struct lint *lint, const char *allow, const char *deny)
{
	const struct lint_sum *sums = lint->sums;
	struct place place = {.lint = lint, .file = allow, .table = TABLE_ALLOW};
	struct remark remark = {.id = LINT_ALLOW_WITHOUT_DENY};

	if (sums[TABLE_ALLOW].grants > 0 &&
	    sums[TABLE_ALLOW].refusals + sums[TABLE_DENY].refusals == 0) {
		place.line = place.first_line = sums[TABLE_ALLOW].first_grant;
		tell(&place, &remark);
	}
	place = (struct place){.lint = lint, .file = deny, .table = TABLE_DENY};
	remark.id = LINT_NO_WAY_BACK;
	if (sums[TABLE_DENY].refusals >= BANS_MIN && sums[TABLE_ALLOW].grants == 0)
		tell(&place, &remark);
}

void
lint_tell_file(struct lint *lint, enum table table, enum lint_id id, const char *file)
{
	struct place place = {.lint = lint, .file = file, .table = table};

	tell(&place, &(struct remark){.id = id, .subject = file, .subject_len = strlen(file)});
}
