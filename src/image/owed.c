/*
 * NAME     owed - claims by network
 * PURPOSE  A network is found by its bits alone: no order, no search, no parents.
 * LIMITS   Memory: a slot for each network, daemon and length, at least three of four in use.
 */
#include "image/owed.h"

#include <stdlib.h>
#include <string.h>

#include "image/keys.h"

enum { SLOTS_FIRST = 16 };

struct owed *
owed_new(uint64_t seed)
{
	struct owed *owed = calloc(1, sizeof *owed);

	if (owed != NULL)
		owed->seed = seed;
	return owed;
}

void
owed_free(struct owed *owed)
{
	if (owed == NULL)
		return;
	for (unsigned family = 0; family < OWED_FAMILIES; family++)
		for (unsigned bits = 0; bits < OWED_LENGTHS; bits++)
			free(owed->nets[family][bits].slots);
	arena_release(&owed->arena);
	free(owed);
}

/* Every bit of the result depends on every bit of value. */
static uint64_t
mix(uint64_t value)
{
	value = (value ^ value >> 31) * UINT64_C(0x9fb21c651e98df25);
	value = (value ^ value >> 29) * UINT64_C(0xd6e8feb86659fd93);
	return value ^ value >> 32;
}

void
tally_add(const struct owed *owed, struct tally *tally, uint32_t item)
{
	tally->sum += mix(mix(item + UINT64_C(1)) ^ owed->seed);
	tally->count++;
}

static void
join(struct tally *tally, const struct tally *more)
{
	tally->sum += more->sum;
	tally->count += more->count;
}

/* ---- networks ---- */

/* Where it is, or would be. size is not 0. */
static struct owed_net *
find(const struct owed *owed, const struct owed_nets *nets, struct place place, uint16_t class)
{
	uint64_t hash = mix(mix(place.high ^ owed->seed) ^ place.low) + class;

	for (size_t at = (size_t)mix(hash);; at++) {
		struct owed_net *net = &nets->slots[at & (nets->size - 1)];

		if (!net->is_used ||
		    (net->place.high == place.high && net->place.low == place.low &&
		        net->class == class))
			return net;
	}
}

static bool
grow(const struct owed *owed, struct owed_nets *nets)
{
	struct owed_nets larger = {
	    .count = nets->count, .size = nets->size > 0 ? nets->size * 2 : SLOTS_FIRST};

	larger.slots = calloc(larger.size, sizeof *larger.slots);
	if (larger.slots == NULL)
		return false;
	for (size_t i = 0; i < nets->size; i++)
		if (nets->slots[i].is_used)
			*find(owed, &larger, nets->slots[i].place, nets->slots[i].class) =
			    nets->slots[i];
	free(nets->slots);
	*nets = larger;
	return true;
}

static bool
add_net(struct owed *owed, const struct claim *claim, uint32_t item)
{
	struct owed_nets *nets = &owed->nets[claim->key][claim->bits];
	struct owed_net *net;

	if (nets->count + 1 > nets->size / 4 * 3 && !grow(owed, nets))
		return false;
	net = find(owed, nets, claim->place, claim->class);
	if (net->is_used && net->last == item)
		return true;
	nets->count += !net->is_used;
	net->is_used = true;
	net->place = claim->place;
	net->class = claim->class;
	net->bits = (uint8_t)claim->bits;
	net->last = item;
	tally_add(owed, &net->tally, item);
	return true;
}

/* ---- rules ---- */

struct adding {
	struct owed *owed;
	uint32_t item;
};

static void
add_plain(struct owed *owed, struct tally *tally, uint32_t *last, uint32_t item)
{
	if (tally->count == 0 || *last != item)
		tally_add(owed, tally, item);
	*last = item;
}

static bool
add_daemon(struct owed *owed, const struct claim *claim)
{
	struct owed_daemon *daemon = &owed->daemons[claim->class];

	if (claim->daemon == NULL || daemon->name != NULL)
		return true;
	daemon->name = arena_copy(&owed->arena, claim->daemon, claim->daemon_len);
	daemon->len = claim->daemon_len;
	return daemon->name != NULL;
}

static bool
add(void *ctx, const struct claim *claim)
{
	const struct adding *adding = ctx;
	struct owed *owed = adding->owed;
	uint16_t class = claim->class;

	owed->rows[claim->key]++;
	if (!add_daemon(owed, claim))
		return false;
	switch (claim->key) {
	case INDEX_V4:
	case INDEX_V6:
		return add_net(owed, claim, adding->item);
	case INDEX_ALWAYS:
		add_plain(owed, &owed->always[class], &owed->last_always[class], adding->item);
		break;
	case INDEX_PENDING:
		add_plain(owed, &owed->pending[class], &owed->last_pending[class], adding->item);
		break;
	case INDEX_NAME:
	case INDEX_KEYS:
		break;
	}
	return true;
}

bool
owed_add(struct owed *owed, uint32_t item, const struct rule *rule)
{
	struct adding adding = {owed, item};

	return claim_rule(rule, &adding, add);
}

bool
owed_add_test(struct owed *owed, uint32_t item, const struct test *test)
{
	struct adding adding = {owed, item};

	return claim_test(test, &adding, add);
}

/* ---- addresses ---- */

static void
join_net(const struct owed *owed, const struct owed_nets *nets, struct place place, uint16_t class,
    struct tally *tally)
{
	const struct owed_net *net = find(owed, nets, place, class);

	if (net->is_used)
		join(tally, &net->tally);
}

struct tally
owed_at(const struct owed *owed, enum index_key family, struct place place, uint16_t class)
{
	struct tally tally = owed->always[CLASS_ANY];

	join(&tally, &owed->pending[CLASS_ANY]);
	if (class != CLASS_ANY) {
		join(&tally, &owed->always[class]);
		join(&tally, &owed->pending[class]);
	}
	for (unsigned bits = 0; bits < OWED_LENGTHS; bits++) {
		const struct owed_nets *nets = &owed->nets[family][bits];
		struct place net = place_and(place, place_mask(bits));

		if (nets->count == 0)
			continue;
		join_net(owed, nets, net, CLASS_ANY, &tally);
		if (class != CLASS_ANY)
			join_net(owed, nets, net, class, &tally);
	}
	return tally;
}

bool
owed_has(const struct owed *owed, enum index_key family, struct place place, unsigned bits,
    uint16_t class)
{
	const struct owed_nets *nets = bits < OWED_LENGTHS ? &owed->nets[family][bits] : NULL;

	return nets != NULL && nets->count > 0 && find(owed, nets, place, class)->is_used;
}
