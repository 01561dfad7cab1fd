/*
 * NAME     order - what the words of a list, and the rules of a table, have to do with each other
 * PURPOSE  Names that are looked up before an address decides; exceptions that except nobody.
 * LIMITS   ORDER_MAX: of a longer list nothing is said about its exceptions.
 */
#include <string.h>

#include "base/str.h"
#include "lint/inside.h"

static bool
needs_name(const struct test *test)
{
	switch ((int)test->kind) {
	case TEST_EXACT:
	case TEST_SUFFIX:
	case TEST_PREFIX:
	case TEST_GLOB:
		return (test->flags & TEST_NAME) != 0;
	case TEST_HOST_KNOWN:
	case TEST_LOCAL:
	case TEST_NETGROUP:
	case TEST_NAME_UNKNOWN:
	case TEST_NAME_PARANOID:
		return true;
	default:
		return false;
	}
}

/* Only what stands between the first EXCEPT and the second is taken away from what stands before. */
static void
tell_useless(struct order *order, struct place *place, const struct range *range, const char *word,
    size_t len)
{
	struct remark remark = {
	    .id = LINT_EXCEPT_USELESS, .at = word, .subject = word, .subject_len = len};

	if (order->has_other || order->count == 0 || order->count == ORDER_MAX || order->is_told)
		return;
	for (unsigned i = 0; i < order->count; i++) {
		if (!range_is_apart(range, &order->ranges[i]))
			return;
	}
	order->is_told = true;
	tell(place, &remark);
}

void
order_word(
    struct order *order, struct place *place, const struct test *test, const char *word, size_t len)
{
	struct range range;
	bool is_range = range_of(test, &range);

	if (needs_name(test) && !order->has_name) {
		order->has_name = true;
		order->name = word;
		order->name_len = len;
	} else if (is_range && order->has_name && order->address == NULL) {
		order->address = word;
		order->address_len = len;
	}
	if (order->excepts > 1)
		return;
	if (order->excepts == 1 && is_range)
		tell_useless(order, place, &range, word, len);
	else if (order->excepts == 0 && !is_range && test->kind != TEST_VOID)
		order->has_other = true;
	else if (order->excepts == 0 && is_range && order->count < ORDER_MAX)
		order->ranges[order->count++] = range;
}

/* ---- names before addresses ---- */

static bool
is_same_text(const char *a, size_t a_len, const char *b, size_t b_len)
{
	str_trim(&a, &a_len);
	str_trim(&b, &b_len);
	return a_len == b_len && str_eq_nocase(a, a_len, b, b_len);
}

/* Was a rule before this one, for this daemon, in need of a name? */
static bool
follows_name(const struct overall *overall, const struct rule *rule)
{
	const char *text = overall->named_daemons;
	size_t len = overall->named_len;

	if (text == NULL)
		return false;
	return is_same_text(text, len, rule->daemons.text, rule->daemons.len) ||
	    is_same_text(text, len, "ALL", 3);
}

static void
tell_name_first(struct place *place, const char *at, const char *name, size_t len)
{
	struct remark remark = {
	    .id = LINT_NAME_FIRST, .at = at, .subject = name, .subject_len = len};

	if (place->overall == NULL || place->overall->told[LINT_NAME_FIRST])
		return;
	place->overall->told[LINT_NAME_FIRST] = true;
	tell(place, &remark);
}

void
order_rule(struct order *order, struct place *place, const struct rule *rule)
{
	struct overall *overall = place->overall;
	const char *text = place->text;
	char line[24];
	struct buf buf;

	if (order->address != NULL && order->excepts == 0)
		tell_name_first(place, order->address, order->name, order->name_len);
	if (overall == NULL || place->first_line != place->line)
		return;
	if (order->has_name && overall->named_daemons == NULL) {
		/* The line stands in the table's bytes, which stay. */
		if (text >= overall->bytes && text < overall->bytes + overall->len) {
			overall->named_daemons = rule->daemons.text;
			overall->named_len = rule->daemons.len;
			overall->named_line = place->line;
		}
	} else if (!order->has_name && order->count > 0 && follows_name(overall, rule)) {
		buf_init(&buf, line, sizeof line, sizeof line - 1);
		buf_add_str(&buf, "line ");
		buf_add_number(&buf, overall->named_line);
		tell_name_first(place, rule->clients.text, buf.bytes, buf.len);
		buf_release(&buf);
	}
}
