/*
 * NAME     terms - a list, for a question about an address alone
 * PURPOSE  Where a test asks for a name, a user or another thing that is not known, the unknown test stands
 *          beside it or in its place.
 * INVARIANTS  A list of terms matches for certain only where the list does, whatever is not known; and may
 *          match wherever the list can.
 */
#include "reach/terms.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

void
terms_clear(struct terms *terms)
{
	terms->count = 0;
	terms->first_except = SIZE_MAX;
	terms->spans.count = 0;
}

void
terms_release(struct terms *terms)
{
	free(terms->items);
	free(terms->spans.items);
	*terms = (struct terms){.count = 0};
}

/* NULL: out of memory. */
static struct term *
add_term(struct terms *terms, const struct test *first, const struct test *second)
{
	struct term *term;

	if (terms->count == terms->size) {
		size_t size = terms->size == 0 ? 16 : terms->size * 2;
		struct term *items = realloc(terms->items, size * sizeof *items);

		if (items == NULL) {
			terms->failed = true;
			return NULL;
		}
		terms->items = items;
		terms->size = size;
	}
	term = &terms->items[terms->count++];
	*term = (struct term){.tests = {*first}, .whole = {*terms->word}, .list = TERM_NO_LIST};
	if (second != NULL) {
		term->tests[1] = *second;
		term->whole[1] = terms->word[1];
	}
	return term;
}

static void
add_except(struct terms *terms, const struct test *test)
{
	if (terms->first_except > terms->count)
		terms->first_except = terms->count;
	add_term(terms, test, NULL);
}

/* Can a name, or another thing that is not the address, make it match? */
static bool
asks_more(const struct test *test)
{
	switch ((enum test_kind)test->kind) {
	case TEST_NETGROUP:
	case TEST_HOST_KNOWN:
	case TEST_LOCAL:
	case TEST_NAME_UNKNOWN:
	case TEST_NAME_PARANOID:
		return true;
	case TEST_VOID:
	case TEST_EXCEPT:
	case TEST_ALL:
	case TEST_KNOWN:
	case TEST_GLOB:
	case TEST_SUFFIX:
	case TEST_PREFIX:
	case TEST_EXACT:
	case TEST_ADDR4:
	case TEST_NET4:
	case TEST_NET6:
	case TEST_LIST:
	case TEST_PORT:
	case TEST_KINDS:
		break;
	}
	return (test->flags & TEST_NAME) != 0 && test->kind != TEST_ALL;
}

static bool
is_any_text(const struct test *test)
{
	return test->kind == TEST_ALL ||
	    (test->kind == TEST_GLOB && test->len > 0 && (test->flags & TEST_STARS) == 0 &&
	        str_consists_of(test->text, test->len, "*"));
}

/* ---- clients ---- */

/* A user is never known, but for one whom anybody may be. */
static struct test
user_test(const struct test *user)
{
	return is_any_text(user) || user->kind == TEST_VOID ? *user : ask_unknown(user);
}

/* The spans that were added from there on, of one kind, as a term. */
static void
add_spans(struct terms *terms, size_t from, bool is_sure, const struct test *test,
    const struct test *second)
{
	struct spans *spans = &terms->spans;
	size_t to = spans->count, first = to;

	for (size_t i = from; i < to; i++)
		if (spans->items[i].is_sure == is_sure)
			spans_add(spans, spans->items[i].first, spans->items[i].last, is_sure);
	if (spans->count > first && !spans->failed) {
		struct term *term = add_term(terms, test, second);

		if (term != NULL) {
			term->first_span = (uint32_t)first;
			term->span_count = (uint32_t)(spans->count - first);
		}
	}
}

static void
add_host(struct terms *terms, const struct test *test, const struct test *second)
{
	struct test alone = *test, unknown = ask_unknown(test);
	struct spans *spans = &terms->spans;
	size_t from = spans->count;
	bool is_mixed = false;

	/* A lookup never gives a name that is an address: TEST_NAME_SEEN is for other callers. */
	alone.flags &= (uint8_t) ~(TEST_NAME | TEST_NAME_SEEN);
	region_add(spans, test);
	for (size_t i = from; i < spans->count; i++)
		is_mixed |= spans->items[i].is_sure != spans->items[from].is_sure;
	if (is_mixed) {
		add_spans(terms, from, true, &alone, second);
		add_spans(terms, from, false, &unknown, second);
	} else if (spans->count > from) {
		struct term *term =
		    add_term(terms, spans->items[from].is_sure ? &alone : &unknown, second);

		if (term != NULL) {
			term->first_span = (uint32_t)from;
			term->span_count = (uint32_t)(spans->count - from);
		}
	}
	terms->failed |= spans->failed;
	if (asks_more(test))
		add_term(terms, &unknown, second);
}

void
terms_add_client(struct terms *terms, const struct test *test)
{
	struct test user;
	const struct test *second = NULL;

	terms->word = test;
	if (test->kind == TEST_EXCEPT) {
		add_except(terms, test);
		return;
	}
	if ((test->flags & TEST_AND) != 0) {
		user = user_test(test + 1);
		second = &user;
	}
	if (test->kind == TEST_LIST) {
		struct term *term = add_term(terms, test, second);

		if (term != NULL)
			term->is_list = true;
	} else {
		add_host(terms, test, second);
	}
}

/* ---- daemons ---- */

/* Can it be told what it says of the daemon's name? */
static bool
is_told_of_daemon(const struct test *test, const struct terms_server *server)
{
	if (test->kind == TEST_PORT)
		return server->has_port;
	if (test->kind == TEST_NET6)
		return server->has_daemon && test->v6->scope_len == 0;
	return server->has_daemon || is_any_text(test) || test->kind == TEST_VOID;
}

static bool
is_told_of_server(const struct test *test, const struct terms_server *server)
{
	if (test->kind == TEST_ALL || test->kind == TEST_VOID)
		return true;
	if (test->kind == TEST_LIST || (test->kind == TEST_NET6 && test->v6->scope_len > 0))
		return false;
	return server->has_address;
}

void
terms_add_daemon(struct terms *terms, const struct test *test, const struct terms_server *server)
{
	struct test name = is_told_of_daemon(test, server) ? *test : ask_unknown(test);
	struct test host, unknown;

	terms->word = test;
	if (test->kind == TEST_EXCEPT) {
		add_except(terms, test);
		return;
	}
	/* Nobody else is called so. */
	if (!server->has_daemon && test->kind == TEST_EXACT)
		return;
	if ((test->flags & TEST_AND) == 0) {
		add_term(terms, &name, NULL);
		return;
	}
	unknown = ask_unknown(test + 1);
	host = test[1];
	host.flags &= (uint8_t) ~(TEST_NAME | TEST_NAME_SEEN);
	if (is_told_of_server(test + 1, server) && !asks_more(test + 1)) {
		add_term(terms, &name, &host);
		return;
	}
	if (is_told_of_server(test + 1, server) && (test[1].flags & TEST_NAME) != 0)
		add_term(terms, &name, &host);
	add_term(terms, &name, &unknown);
}

/* ---- order ---- */

static int
compare_tests(const struct test *a, const struct test *b)
{
	size_t len = a->len < b->len ? a->len : b->len;
	int order = (int)a->kind - (int)b->kind;

	if (order == 0 && len > 0)
		order = memcmp(a->text, b->text, len);
	if (order == 0 && a->len != b->len)
		order = a->len < b->len ? -1 : 1;
	return order;
}

static int
compare_terms(const void *a, const void *b)
{
	const struct term *first = a, *second = b;
	bool has_user = term_tests(first) > 1;
	int order = (int)has_user - (term_tests(second) > 1);

	if (order == 0 && has_user)
		order = compare_tests(&first->whole[1], &second->whole[1]);
	return order != 0 ? order : compare_tests(&first->whole[0], &second->whole[0]);
}

void
terms_sort(struct terms *terms)
{
	for (size_t from = 0, to; from < terms->count; from = to + 1) {
		bool is_open = false;

		for (to = from; to < terms->count && terms->items[to].tests[0].kind != TEST_EXCEPT;
		     to++)
			is_open |= ask_is_unknown(&terms->items[to].tests[0]) ||
			    terms->items[to].is_list || term_tests(&terms->items[to]) > 1;
		if (is_open && to - from > 1)
			qsort(&terms->items[from], to - from, sizeof *terms->items, compare_terms);
	}
}
