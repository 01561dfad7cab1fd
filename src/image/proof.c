/*
 * NAME     proof - an index beside what it owes
 * PURPOSE  Walks the index as whoever decides does, at every address where what is owed changes, and
 *          compares. All that is owed is shown, and nothing else.
 * INVARIANTS  What is owed comes from owed.c, which shares neither order nor search with the index. Many items
 *          are compared as one number: tally.
 * LIMITS   PROOF_WALKS_MAX, PROOF_DIFFERENCES_MAX. RUN_MIN: shorter runs are walked each time.
 *          A client's name is not looked up: rows of names are counted.
 */
#include "image/proof.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "image/keys.h"

enum { RUN_MIN = 8, RUNS_FIRST = 64, STEP_NETWORKS = 1 << 13, NEIGHBOURS = 4 };

/* ---- runs: what rows say, each walked once ---- */

struct proof_runs {
	struct run {
		struct index_run run; /* end 0: not used */
		struct tally tally;
	} * slots;
	size_t count, size;
};

static struct run *
find_run(const struct proof_runs *runs, const struct index_run *run)
{
	size_t at = (size_t)((run->at * UINT64_C(0x9e3779b97f4a7c15)) >> 20) + run->key;

	for (;; at++) {
		struct run *found = &runs->slots[at & (runs->size - 1)];

		if (found->run.end == 0 ||
		    (found->run.at == run->at && found->run.end == run->end &&
		        found->run.key == run->key))
			return found;
	}
}

static bool
grow_runs(struct proof_runs *runs)
{
	struct proof_runs larger = {
	    .count = runs->count, .size = runs->size > 0 ? runs->size * 2 : RUNS_FIRST};

	larger.slots = calloc(larger.size, sizeof *larger.slots);
	if (larger.slots == NULL)
		return false;
	for (size_t i = 0; i < runs->size; i++)
		if (runs->slots[i].run.end != 0)
			*find_run(&larger, &runs->slots[i].run) = runs->slots[i];
	free(runs->slots);
	*runs = larger;
	return true;
}

/* The items of one run, as a walk that has no other gives them. */
static struct tally
walk_run(struct proof *proof, const struct index_run *run)
{
	struct index_cursor *alone = &proof->alone;
	struct tally tally = {0, 0};
	enum index_step step;
	uint32_t item;

	alone->index = proof->index;
	alone->class = proof->cursor.class;
	alone->from = 0;
	alone->shows_all = alone->has_name = false;
	alone->has_pending = true; /* if it is the run */
	alone->run_count = 1;
	alone->runs[0] = *run;
	while ((step = index_next(alone, NULL, &item)) == INDEX_ITEM)
		tally_add(proof->owed, &tally, item);
	proof->is_damaged |= step != INDEX_END;
	return tally;
}

static struct tally
tally_run(struct proof *proof, const struct index_run *run)
{
	struct proof_runs *runs = proof->runs;
	struct run *kept;

	if (run->end - run->at < RUN_MIN)
		return walk_run(proof, run);
	if (runs->count + 1 > runs->size / 2 && !grow_runs(runs)) {
		proof->is_short = true;
		return (struct tally){0, 0};
	}
	kept = find_run(runs, run);
	if (kept->run.end == 0) {
		*kept = (struct run){*run, walk_run(proof, run)};
		runs->count++;
	}
	return kept->tally;
}

/* ---- one address ---- */

static struct addr_fact
fact_of(enum index_key family, struct place place)
{
	struct addr_fact fact = {.typed = true, .agrees = true, .is_v4 = family == INDEX_V4};
	uint8_t bytes[16];

	for (unsigned i = 0; i < 8; i++) {
		bytes[i] = (uint8_t)(place.high >> (56 - 8 * i));
		bytes[8 + i] = (uint8_t)(place.low >> (56 - 8 * i));
	}
	fact.addr = fact.is_v4 ? addr_from_v4(bytes) : addr_from_v6(bytes, 0);
	fact.v4 = (uint32_t)(place.high >> 32);
	return fact;
}

static void
begin_walk(struct proof *proof, enum index_key family, struct place place, uint16_t class)
{
	const struct owed_daemon *daemon = &proof->owed->daemons[class];
	struct addr_fact fact = fact_of(family, place);
	const char *name = class == CLASS_ANY ? proof->nobody : daemon->name;

	index_begin(&proof->cursor, proof->index, &fact, name,
	    class == CLASS_ANY ? strlen(name) : daemon->len);
	index_add_pending(&proof->cursor);
	proof->is_damaged |= proof->cursor.shows_all;
}

static void
note_difference(struct proof *proof, const struct proof_difference *difference)
{
	if (proof->difference_count < PROOF_DIFFERENCES_MAX)
		proof->differences[proof->difference_count] = *difference;
	proof->difference_count++;
}

static void
compare(struct proof *proof, enum index_key family, struct place place, uint16_t class)
{
	struct tally owed, shown = {0, 0};

	if (class == CLASS_ANY && !proof->has_nobody)
		return;
	owed = owed_at(proof->owed, family, place, class);
	begin_walk(proof, family, place, class);
	for (size_t i = 0; i < proof->cursor.run_count; i++) {
		struct tally run = tally_run(proof, &proof->cursor.runs[i]);

		shown.sum += run.sum;
		shown.count += run.count;
	}
	proof->walks++;
	if (owed.sum != shown.sum || owed.count != shown.count)
		note_difference(proof,
		    &(struct proof_difference){.family = family,
		        .place = place,
		        .class = class,
		        .owed = owed.count,
		        .shown = shown.count});
}

/* For the daemon of a network, and for others. */
static void
compare_place(struct proof *proof, enum index_key family, struct place place, uint16_t class)
{
	compare(proof, family, place, CLASS_ANY);
	if (!proof->of_all_daemons && class != CLASS_ANY)
		compare(proof, family, place, class);
	for (size_t i = 0; i < proof->class_count && proof->of_all_daemons; i++)
		compare(proof, family, place, proof->classes[i]);
}

/* ---- all addresses ---- */

/* The one before or behind; false: there is none. */
static bool
next_to(enum index_key family, struct place place, bool is_behind, struct place *ret)
{
	struct place next = place;

	if (family == INDEX_V4) {
		uint64_t one = UINT64_C(1) << 32;

		next.high = is_behind ? place.high + one : place.high - one;
		*ret = next;
		return is_behind ? next.high > place.high : place.high > 0;
	}
	next.low = is_behind ? place.low + 1 : place.low - 1;
	if (is_behind)
		next.high += next.low == 0;
	else
		next.high -= place.low == 0;
	*ret = next;
	return is_behind ? next.low != 0 || next.high != 0 : (place.low | place.high) != 0;
}

static struct place
last_of(const struct owed_net *net, enum index_key family)
{
	struct place mask = place_mask(net->bits), last;

	last.high = net->place.high | ~mask.high;
	last.low = family == INDEX_V4 ? 0 : net->place.low | ~mask.low;
	if (family == INDEX_V4)
		last.high &= UINT64_MAX << 32;
	return last;
}

static void
compare_net(struct proof *proof, enum index_key family, const struct owed_net *net)
{
	struct place first = net->place, last = last_of(net, family), beside;

	if (next_to(family, first, false, &beside))
		compare_place(proof, family, beside, net->class);
	compare_place(proof, family, first, net->class);
	if (last.high != first.high || last.low != first.low)
		compare_place(proof, family, last, net->class);
	if (next_to(family, last, true, &beside))
		compare_place(proof, family, beside, net->class);
}

static int
by_place(const void *a, const void *b)
{
	const struct owed_net *const *one = a, *const *other = b;
	const struct place *x = &(*one)->place, *y = &(*other)->place;

	if (x->high != y->high)
		return x->high < y->high ? -1 : 1;
	if (x->low != y->low)
		return x->low < y->low ? -1 : 1;
	return 0;
}

static size_t
count_nets(const struct owed *owed, unsigned family)
{
	size_t count = 0;

	for (unsigned bits = 0; bits < OWED_LENGTHS; bits++)
		count += owed->nets[family][bits].count;
	return count;
}

/* In their order: neighbours are in the same pages. */
static const struct owed_net **
sort_nets(const struct owed *owed, unsigned family, size_t count)
{
	const struct owed_net **sorted = malloc((count + 1) * sizeof *sorted);
	size_t filled = 0;

	for (unsigned bits = 0; bits < OWED_LENGTHS && sorted != NULL; bits++) {
		const struct owed_nets *nets = &owed->nets[family][bits];

		for (size_t i = 0; i < nets->size; i++)
			if (nets->slots[i].is_used)
				sorted[filled++] = &nets->slots[i];
	}
	if (sorted != NULL)
		qsort(sorted, count, sizeof *sorted, by_place);
	return sorted;
}

static void
compare_family(struct proof *proof, enum index_key family)
{
	size_t count = count_nets(proof->owed, family);
	const struct owed_net **sorted = sort_nets(proof->owed, family, count);

	proof->is_short |= sorted == NULL;
	for (size_t i = 0; i < count && sorted != NULL && !proof->is_damaged; i++) {
		compare_net(proof, family, sorted[i]);
		if (++proof->networks % STEP_NETWORKS == 0 && proof->step != NULL)
			proof->step(proof->ctx, proof->networks, proof->all);
	}
	free(sorted);
}

/* The ends of both families, for every daemon: also what has no network is shown there. */
static void
compare_ends(struct proof *proof)
{
	static const struct place ends[] = {{0, 0}, {UINT64_MAX, UINT64_MAX}};

	for (unsigned family = INDEX_V4; family <= INDEX_V6; family++) {
		for (unsigned i = 0; i < 2; i++) {
			struct place end = ends[i];

			if (family == INDEX_V4)
				end = (struct place){end.high & UINT64_MAX << 32, 0};
			compare(proof, (enum index_key)family, end, CLASS_ANY);
			for (size_t c = 0; c < proof->class_count; c++)
				compare(proof, (enum index_key)family, end, proof->classes[c]);
		}
	}
}

/* A network that no rule names is at no address that is looked at. */
static void
compare_rows(struct proof *proof, enum index_key family)
{
	const struct rows *rows = &proof->index->rows[family];
	size_t address_len = (size_t)rows->key_bytes - 1;

	for (size_t i = 0; i < rows->count && !proof->rows_differ; i++) {
		const unsigned char *row = rows_at(rows, i);
		unsigned char address[16] = {0};
		struct place place;

		memcpy(address, row, address_len);
		place.high = bytes_get64(address);
		place.low = bytes_get64(address + 8);
		proof->rows_differ |= !owed_has(proof->owed, family, place, row[address_len],
		    bytes_get16(row + rows->key_bytes));
	}
}

/* ---- the whole ---- */

static void
collect_classes(struct proof *proof)
{
	for (unsigned class = 1; class < OWED_CLASSES; class ++)
		if (proof->owed->daemons[class].name != NULL)
			proof->classes[proof->class_count++] = (uint16_t) class;
	for (unsigned i = 0; i < OWED_CLASSES && !proof->has_nobody; i++) {
		int len = snprintf(proof->nobody, sizeof proof->nobody, "any-other-%u", i);

		proof->has_nobody =
		    proof->owed->daemons[class_of(proof->nobody, (size_t)len)].name == NULL;
	}
}

enum proof_status
proof_run(struct proof *proof)
{
	struct proof_runs runs = {.slots = NULL};

	proof->runs = &runs;
	collect_classes(proof);
	proof->all = count_nets(proof->owed, INDEX_V4) + count_nets(proof->owed, INDEX_V6);
	proof->of_all_daemons =
	    (proof->class_count + 1) * proof->all <= PROOF_WALKS_MAX / NEIGHBOURS;
	for (unsigned key = 0; key < INDEX_KEYS; key++)
		proof->rows_differ |= proof->owed->rows[key] != proof->index->rows[key].count;
	compare_rows(proof, INDEX_V4);
	compare_rows(proof, INDEX_V6);
	compare_ends(proof);
	compare_family(proof, INDEX_V4);
	compare_family(proof, INDEX_V6);
	free(runs.slots);
	proof->runs = NULL;
	if (proof->is_short)
		return PROOF_NO_MEMORY;
	if (proof->is_damaged)
		return PROOF_DAMAGED;
	return proof->difference_count > 0 || proof->rows_differ ? PROOF_DIFFERS : PROOF_HOLDS;
}

/* ---- whose fault ---- */

struct blaming {
	const struct proof_difference *difference;
	bool is_owed;
};

static bool
blame_claim(void *ctx, const struct claim *claim)
{
	struct blaming *blaming = ctx;
	const struct proof_difference *difference = blaming->difference;
	struct place net = place_and(difference->place, place_mask(claim->bits));

	if (claim->class != CLASS_ANY && claim->class != difference->class)
		return true;
	if (claim->key == INDEX_ALWAYS || claim->key == INDEX_PENDING ||
	    (claim->key == difference->family && net.high == claim->place.high &&
	        net.low == claim->place.low))
		blaming->is_owed = true;
	return !blaming->is_owed;
}

static bool
is_shown(struct proof *proof, const struct proof_difference *difference, uint32_t item)
{
	uint32_t shown;

	begin_walk(proof, difference->family, difference->place, difference->class);
	proof->cursor.from = item;
	return index_next(&proof->cursor, NULL, &shown) == INDEX_ITEM && shown == item;
}

/* test NULL: a rule. */
static void
blame(struct proof *proof, uint32_t item, unsigned line, const struct rule *rule,
    const struct test *test)
{
	for (size_t i = 0; i < proof->difference_count && i < PROOF_DIFFERENCES_MAX; i++) {
		struct proof_difference *difference = &proof->differences[i];
		struct blaming blaming = {difference, false};

		if (difference->has_missing)
			continue;
		if (test != NULL)
			claim_test(test, &blaming, blame_claim);
		else
			claim_rule(rule, &blaming, blame_claim);
		if (!blaming.is_owed || is_shown(proof, difference, item))
			continue;
		difference->has_missing = true;
		difference->missing = item;
		difference->line = line;
	}
}

void
proof_blame(struct proof *proof, uint32_t item, unsigned line, const struct rule *rule)
{
	blame(proof, item, line, rule, NULL);
}

void
proof_blame_test(struct proof *proof, uint32_t item, unsigned line, const struct test *test)
{
	blame(proof, item, line, NULL, test);
}

void
proof_address(const struct proof_difference *difference, char *ret)
{
	struct addr_fact fact = fact_of(difference->family, difference->place);

	addr_format(&fact.addr, ret);
}
