/*
 * The proof of an index: it holds for policies of every kind, also for those that it and file.c divide
 * differently if either is wrong; it does not for one in which a row or a way up is another, or a rule is
 * missing; and without memory it says neither.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "failing_alloc.h"
#include "image/proof.h"
#include "policies.h"

#ifdef __SANITIZE_THREAD__ /* of one thread it has nothing to say, and takes its time */
#define SLOWER 10
#else
#define SLOWER 1
#endif

enum { POLICIES = 1500 / SLOWER, LINES = 24, CHANGES = 2000 / SLOWER, SEED = 77 };

static struct policy policy;

/* An index of a text, and what it owes; the rule of without, which is left out of the index, is owed all the
 * same. */
struct made {
	struct index index;
	struct owed *owed;
	bool is_short;
};

static void
make(struct made *made, const char *text, size_t len, uint32_t without)
{
	struct lines lines;
	struct line line;
	struct rule rules[RULES_MAX];
	uint32_t item = 0;

	memset(made, 0, sizeof *made);
	index_init(&made->index);
	made->owed = owed_new(SEED);
	made->is_short = made->owed == NULL;
	lines_init(&lines);
	lines_feed(&lines, text, len, true);
	while (!made->is_short && lines_next(&lines, &line) == LINES_LINE) {
		unsigned count = rule_read(rules, &line);

		if (line.begin != NULL)
			item = (uint32_t)(line.begin - text);
		for (unsigned i = 0; i < count; i++) {
			if (item != without)
				index_add_rule(&made->index, item, &rules[i]);
			made->is_short |= !owed_add(made->owed, item, &rules[i]);
		}
	}
	lines_release(&lines);
	made->is_short |= !index_finish(&made->index);
}

static void
release(struct made *made)
{
	index_release(&made->index);
	owed_free(made->owed);
}

static struct proof proof;

static enum proof_status
prove(const struct made *made)
{
	memset(&proof, 0, sizeof proof);
	proof.owed = made->owed;
	proof.index = &made->index;
	return proof_run(&proof);
}

static void
test_policies(void **state)
{
	size_t networks = 0;

	(void)state;
	for (unsigned i = 0; i < POLICIES; i++) {
		enum proof_status status;
		struct made made;

		choose_policy(&policy, LINES);
		make(&made, policy.text, policy.len, UINT32_MAX);
		assert_false(made.is_short);
		status = prove(&made);
		if (status != PROOF_HOLDS)
			fail_msg("policy %u: %u of %.*s", i, (unsigned)status, (int)policy.len,
			    policy.text);
		networks += proof.networks;
		release(&made);
	}
	assert_true(networks > POLICIES);
}

static const char nested[] =
    "ALL: 10.0.0.0/8\n"
    "sshd: 10.1.0.0/16 10.1.2.3\n"
    "ALL: 0.0.0.0/0 [::]/0\n"
    "vsftpd, sshd: 10.1.2. .example.org\n"
    "ALL: [2001:db8::]/32 [2001:db8::1]\n"
    "ALL: 255.255.255.255 0.0.0.0 [ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]\n"
    "sshd: LOCAL\n"
    "ALL: 10.1.2.3 10.1.2.3\n";

/* Each line in turn is not in the index: found, and blamed. */
static void
test_missing(void **state)
{
	size_t number = 1;

	(void)state;
	for (const char *at = nested; *at != '\0'; at = strchr(at, '\n') + 1, number++) {
		struct line line = {.text = at,
		    .len = (size_t)(strchr(at, '\n') - at),
		    .number = (unsigned)number,
		    .ways = WAY_BOTH};
		struct rule rules[RULES_MAX];
		struct made made;

		make(&made, nested, strlen(nested), (uint32_t)(at - nested));
		assert_int_equal(prove(&made), PROOF_DIFFERS);
		assert_true(proof.difference_count > 0);
		rule_read(rules, &line);
		proof_blame(&proof, (uint32_t)(at - nested), (unsigned)number, &rules[0]);
		assert_true(proof.differences[0].has_missing);
		assert_int_equal(proof.differences[0].line, number);
		release(&made);
	}
	assert_int_equal(number, 9);
}

/* scrub.c has seen to that before anything is proved. */
static bool
is_sorted(const struct rows *rows)
{
	for (size_t i = 1; i < rows->count; i++)
		if (memcmp(rows_at(rows, i - 1), rows_at(rows, i), rows_width(rows)) > 0)
			return false;
	return true;
}

/* A bit of a row is another one. Names are counted, and no more. */
static void
test_rows(void **state)
{
	(void)state;
	for (unsigned i = 0; i < CHANGES; i++) {
		enum index_key key = (enum index_key)chance(INDEX_KEYS);
		struct made made;
		struct rows *rows;
		unsigned char *byte, was;

		make(&made, nested, strlen(nested), UINT32_MAX);
		rows = &made.index.rows[key];
		assert_true(rows->count > 0);
		byte = rows->bytes + chance(rows->count * rows_width(rows));
		was = *byte;
		*byte ^= (unsigned char)(1 << chance(8));
		if (key != INDEX_NAME && is_sorted(rows) && prove(&made) == PROOF_HOLDS)
			fail_msg("key %u, byte %ld from %u to %u", key, (long)(byte - rows->bytes),
			    was, *byte);
		release(&made);
	}
}

static void
test_parents(void **state)
{
	unsigned changed = 0;

	(void)state;
	for (unsigned family = INDEX_V4; family <= INDEX_V6; family++) {
		struct made made;

		make(&made, nested, strlen(nested), UINT32_MAX);
		for (size_t i = 0; i < made.index.rows[family].count; i++) {
			uint32_t was = made.index.parents[family][i];

			if (was == UINT32_MAX)
				continue;
			made.index.parents[family][i] = UINT32_MAX;
			/* Of several rows of a network only one is where a search ends. */
			changed += prove(&made) == PROOF_DIFFERS;
			made.index.parents[family][i] = was;
		}
		assert_int_equal(prove(&made), PROOF_HOLDS);
		release(&made);
	}
	assert_true(changed >= 5);
}

static void
test_memory(void **state)
{
	unsigned long failures = 1;
	bool was_short = false;

	(void)state;
	for (long count = 0; failures > 0; count++) {
		enum proof_status status = PROOF_NO_MEMORY;
		struct made made;

		alloc_fail_after(count);
		make(&made, nested, strlen(nested), UINT32_MAX);
		if (!made.is_short)
			status = prove(&made);
		failures = alloc_fail_never();
		was_short |= made.is_short;
		assert_int_equal(status, failures > 0 ? PROOF_NO_MEMORY : PROOF_HOLDS);
		release(&made);
	}
	assert_true(was_short);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_policies),
	    cmocka_unit_test(test_missing),
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_parents),
	    cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
