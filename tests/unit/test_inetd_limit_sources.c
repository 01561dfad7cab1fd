/*
 * NAME     test_inetd_limit_sources - who has how much, in bounded memory
 * PURPOSE  What runs is exact, who owes most is remembered, floods push out their own; against a model
 *          that looks through a list. Memory that runs out takes nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/inetd/limit/sources.h"

#include "chance.h"
#include "failing_alloc.h"

static struct sources sources;
static struct sources_share shares[3];

static int
set_up(void **state)
{
	uint64_t secret[SOURCES_WORDS + 1];

	(void)state;
	for (size_t i = 0; i < sizeof secret / sizeof *secret; i++)
		secret[i] = chance(UINT64_MAX);
	sources = (struct sources){.owing = 0};
	memset(shares, 0, sizeof shares);
	sources_init(&sources, secret);
	for (size_t i = 0; i < 3; i++)
		sources_share_init(&sources, &shares[i]);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++)
		sources_share_release(&sources, &shares[i]);
	for (size_t i = 0; i < SOURCES_HEADS; i++)
		assert_null(sources.heads[i]);
	assert_int_equal(sources.owing, 0);
	assert_null(sources.shares);
	return 0;
}

static struct addr
address(const char *text)
{
	struct addr addr = {.scope = 0};
	const char *scope;
	size_t len;

	assert_true(addr_parse(text, strlen(text), &addr, &scope, &len));
	return addr;
}

static struct source_key
key_of(const char *text)
{
	struct addr addr = address(text);

	return sources_key(&shares[0], &addr, 0, 0);
}

/* The n-th network of a provider: 2001:db8:xxxx:xxxx::/64. */
static struct source_key
network(const struct sources_share *share, uint32_t n)
{
	struct addr addr = address("2001:db8::1");

	for (size_t i = 0; i < 4; i++)
		addr.bytes[4 + i] = (uint8_t)(n >> (24 - 8 * i));
	return sources_key(share, &addr, 0, 0);
}

static bool
is_same(const char *a, const char *b)
{
	struct source_key x = key_of(a), y = key_of(b);

	return memcmp(&x, &y, sizeof x) == 0;
}

static void
an_address_is_its_prefix(void **state)
{
	(void)state;
	assert_true(is_same("192.0.2.1", "::ffff:192.0.2.1"));
	assert_false(is_same("192.0.2.1", "192.0.2.0"));
	assert_false(is_same("192.0.2.1", "::192.0.2.1"));
	assert_true(is_same("2001:db8:1:2::3", "2001:db8:1:2:ffff:ffff:ffff:ffff"));
	assert_false(is_same("2001:db8:1:2::3", "2001:db8:1:3::3"));
	assert_false(is_same("0.0.0.0", "::"));
}

/* A bit inside of the prefix makes another source, one behind it does not. */
static void
each_length_of_a_prefix(void **state)
{
	struct addr v4 = address("192.0.2.129"), v6 = address("2001:db8:1:2:8000::f"), other;
	struct source_key key, flipped;

	(void)state;
	for (unsigned bits = 1; bits <= 128; bits++)
		for (unsigned bit = 0; bit < 128; bit++) {
			const struct addr *addr = bits > 96 && bit >= 96 ? &v4 : &v6;
			unsigned bits4 = addr == &v4 ? bits - 96 : 0;

			other = *addr;
			other.bytes[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
			key = sources_key(&shares[0], addr, bits4, bits);
			flipped = sources_key(&shares[0], &other, bits4, bits);
			assert_int_equal(key.bits, bits);
			assert_int_equal(memcmp(&key, &flipped, sizeof key) == 0, bit >= bits);
		}
	key = sources_key(&shares[0], &v4, 99, 0);
	assert_int_equal(key.bits, 128);
}

static void
a_service_has_its_own_and_so_has_a_link(void **state)
{
	struct addr here = address("fe80::1"), there = here;
	struct source_key keys[4];

	(void)state;
	here.scope = 1;
	there.scope = 2;
	keys[0] = sources_key(&shares[0], &here, 0, 0);
	keys[1] = sources_key(&shares[0], &there, 0, 0);
	keys[2] = sources_key(&shares[1], &here, 0, 0);
	keys[3] = sources_key(&shares[1], &there, 0, 0);
	for (size_t i = 0; i < 4; i++)
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(memcmp(&keys[i], &keys[j], sizeof *keys), 0);
}

static void
who_owes_nothing_is_forgotten_at_its_end(void **state)
{
	struct source_key key = key_of("192.0.2.1");
	struct source *source = sources_take(&sources, &shares[0], &key, 1000);

	(void)state;
	assert_int_equal(source->running, 1);
	assert_ptr_equal(sources_take(&sources, &shares[0], &key, 1000), source);
	assert_int_equal(source->running, 2);
	sources_give(&sources, source, 1000, 1000);
	assert_ptr_equal(sources_find(&sources, &key), source);
	sources_give(&sources, source, 1000, 1000);
	assert_null(sources_find(&sources, &key));
}

static void
what_it_owes_is_kept_until_then(void **state)
{
	struct source_key key = key_of("192.0.2.1"), other = key_of("192.0.2.2");
	struct source *source = sources_take(&sources, &shares[0], &key, 1000);

	(void)state;
	source->bucket.debt = 77;
	source->crashes.count = 3;
	sources_give(&sources, source, 5000, 1000);
	sources_give(&sources, sources_take(&sources, &shares[0], &other, 4999), 4999, 4999);
	assert_ptr_equal(sources_find(&sources, &key), source);
	assert_ptr_equal(sources_take(&sources, &shares[0], &key, 4999), source);
	assert_int_equal(source->bucket.debt, 77);
	assert_int_equal(source->crashes.count, 3);
	/* What runs is never forgotten, whatever its time. */
	sources_give(&sources, sources_take(&sources, &shares[0], &other, 9999), 9999, 9999);
	assert_ptr_equal(sources_find(&sources, &key), source);
	sources_give(&sources, source, 10000, 9999);
	sources_give(&sources, sources_take(&sources, &shares[0], &other, 10000), 0, 10000);
	assert_null(sources_find(&sources, &key));
}

static void
serve(struct sources_share *share, const struct source_key *key, int64_t rest_ms, int64_t now_ms)
{
	struct source *source = sources_take(&sources, share, key, now_ms);

	assert_non_null(source);
	sources_give(&sources, source, rest_ms, now_ms);
}

/* Half a million networks of one provider, each served once: memory stays, whoever has used up
 * more of his limit stays known, newcomers are taken in. */
static void
a_flood_pushes_out_its_own(void **state)
{
	struct source_key worst = key_of("192.0.2.66"), runs = key_of("192.0.2.67"), key;
	struct source *running = sources_take(&sources, &shares[0], &runs, 1000);

	(void)state;
	serve(&shares[0], &worst, 61000, 1000);
	for (uint32_t i = 0; i < 500000; i++) {
		key = network(&shares[0], i);
		serve(&shares[0], &key, 11000 + i / 10000, 1000 + i / 10000);
		assert_true(sources.owing <= SOURCES_OWING_MAX);
		assert_non_null(sources_find(&sources, &key));
	}
	assert_int_equal(sources.owing, SOURCES_OWING_MAX);
	assert_int_equal(shares[0].count, SOURCES_OWING_MAX + 1);
	assert_non_null(sources_find(&sources, &worst));
	assert_ptr_equal(sources_find(&sources, &runs), running);
	assert_int_equal(running->running, 1);
	sources_give(&sources, running, 0, 1000);
}

/* However long the memory of a flooded service is, the sources of another one are not forgotten. */
static void
a_flooded_service_pushes_out_its_own(void **state)
{
	struct source_key ours[50], key;

	(void)state;
	for (uint32_t i = 0; i < 30000; i++) {
		if (i < 50) { /* of the service before it, and of the one behind it */
			ours[i] = network(&shares[1 + i % 2], i);
			serve(&shares[1 + i % 2], &ours[i], 2000, 1000);
		}
		key = network(&shares[0], i);
		serve(&shares[0], &key, 86400000, 1000);
	}
	assert_int_equal(sources.owing, SOURCES_OWING_MAX);
	for (uint32_t i = 0; i < 50; i++)
		assert_non_null(sources_find(&sources, &ours[i]));
	/* When they are at rest, they go first. */
	for (uint32_t i = 0; i < 50; i++) {
		key = network(&shares[0], 40000 + i);
		serve(&shares[0], &key, 86400000, 2000);
	}
	for (uint32_t i = 0; i < 50; i++)
		assert_null(sources_find(&sources, &ours[i]));
	assert_int_equal(shares[0].resting.count, SOURCES_OWING_MAX);
}

static void
those_at_rest_do_not_pile_up(void **state)
{
	struct source_key key;

	(void)state;
	for (uint32_t i = 0; i < 8000; i++) {
		key = network(&shares[0], i);
		serve(&shares[0], &key, 2000, 1000);
	}
	for (uint32_t i = 0; i < 8000 / 3 + 1; i++) {
		key = network(&shares[0], 10000 + i);
		serve(&shares[0], &key, 9000, 2000);
	}
	assert_int_equal(sources.owing, 8000 / 3 + 1);
}

/* ---- against a list ---- */

enum { KEYS = 40, TICKETS = 60 };

static struct model {
	unsigned running;
	int64_t rest_ms; /* 0 = not remembered */
	uint64_t mark;
} models[3][KEYS];

static void
compare(unsigned s, uint32_t k, int64_t now_ms)
{
	struct source_key key = network(&shares[s], k);
	const struct source *source = sources_find(&sources, &key);
	const struct model *model = &models[s][k];

	if (model->running > 0 || model->rest_ms > now_ms) {
		assert_non_null(source);
		assert_int_equal(source->running, model->running);
		assert_int_equal(source->bucket.debt, model->mark);
	} else if (source != NULL) {
		assert_int_equal(source->running, 0);
	}
}

static void
is_as_a_list(void **state)
{
	struct {
		struct source *source;
		unsigned s;
		uint32_t k;
	} tickets[TICKETS];
	unsigned out = 0;
	int64_t now_ms = 1;

	(void)state;
	memset(models, 0, sizeof models);
	for (unsigned i = 0; i < 300000; i++) {
		unsigned s = (unsigned)chance(3);
		uint32_t k = (uint32_t)chance(KEYS);
		struct source_key key = network(&shares[s], k);

		now_ms += (int64_t)chance(3);
		if (out < TICKETS && chance(2) == 0) {
			struct source *source = sources_take(&sources, &shares[s], &key, now_ms);

			if (models[s][k].running++ == 0 && models[s][k].rest_ms <= now_ms)
				models[s][k].mark = source->bucket.debt = i;
			tickets[out].source = source;
			tickets[out].s = s;
			tickets[out++].k = k;
		} else if (out > 0) {
			size_t t = chance(out);
			struct model *model = &models[tickets[t].s][tickets[t].k];
			int64_t rest_ms = now_ms + (int64_t)chance(200) - 50;

			sources_give(&sources, tickets[t].source, rest_ms, now_ms);
			if (--model->running == 0)
				model->rest_ms = rest_ms;
			tickets[t] = tickets[--out];
		}
		compare(s, k, now_ms);
	}
	while (out-- > 0)
		sources_give(&sources, tickets[out].source, 0, now_ms);
}

/* ---- memory ---- */

static void
without_memory_nothing_is_taken(void **state)
{
	struct source_key key = key_of("192.0.2.1");
	unsigned long failures;

	(void)state;
	for (long left = 0; left < 2; left++) {
		alloc_fail_after(left);
		assert_null(sources_take(&sources, &shares[0], &key, 1000));
		failures = alloc_fail_never();
		assert_int_equal(failures, 1);
		assert_null(sources_find(&sources, &key));
		assert_int_equal(shares[0].count, 0);
	}
	/* To give needs none, nor does to take what is known. */
	serve(&shares[0], &key, 9000, 1000);
	for (uint32_t i = 0; i < 200; i++) {
		struct source_key other = network(&shares[0], i);
		struct source *source = sources_take(&sources, &shares[0], &other, 1000);

		alloc_fail_after(0);
		sources_give(&sources, source, 9000, 1000);
		serve(&shares[0], &key, 9000, 1000);
		assert_int_equal(alloc_fail_never(), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(an_address_is_its_prefix, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(each_length_of_a_prefix, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
	        a_service_has_its_own_and_so_has_a_link, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
	        who_owes_nothing_is_forgotten_at_its_end, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(what_it_owes_is_kept_until_then, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_flood_pushes_out_its_own, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
	        a_flooded_service_pushes_out_its_own, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(those_at_rest_do_not_pile_up, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(is_as_a_list, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(without_memory_nothing_is_taken, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
