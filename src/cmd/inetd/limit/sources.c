/*
 * NAME     sources - who has how much, in bounded memory
 * INVARIANTS  A source is in its chain from its first take until it is forgotten, and in its share's heap
 *          if and only if nothing of it runs. That heap has room for all: to give cannot fail.
 * LIMITS   SOURCES_OWING_MAX, and one for each server that runs. FORGET_AT_ONCE: more than a take adds,
 *          so those at rest do not pile up, and no take has thousands to clear away.
 * SEE      docs/decisions/inetd-limits.md; Dietzfelbinger 1996 on universal hashing
 */
#include "cmd/inetd/limit/sources.h"

#include <stdlib.h>
#include <string.h>

enum { FORGET_AT_ONCE = 4, HASH_SHIFT = 32 };

void
sources_init(struct sources *sources, const uint64_t secret[SOURCES_WORDS + 1])
{
	memcpy(sources->secret, secret, sizeof sources->secret);
}

struct source_key
sources_key(const struct sources_share *share, const struct addr *addr, unsigned prefix4_bits,
    unsigned prefix6_bits)
{
	struct source_key key = {.service = share->service, .scope = addr->scope};
	unsigned whole, rest;

	if (addr_is_v4(addr))
		key.bits = ADDR_V4_PREFIX_BITS + (prefix4_bits > 0 ? prefix4_bits : 32);
	else
		key.bits = prefix6_bits > 0 ? prefix6_bits : 64;
	if (key.bits > ADDR_BITS)
		key.bits = ADDR_BITS;
	whole = key.bits / 8;
	rest = key.bits % 8;
	memcpy(key.bytes, addr->bytes, whole);
	if (rest > 0)
		key.bytes[whole] = (uint8_t)(addr->bytes[whole] & (0xff00U >> rest));
	return key;
}

/* A sum of products by random numbers: whatever keys a stranger picks, they meet by chance only. */
static size_t
chain_of(const struct sources *sources, const struct source_key *key)
{
	uint32_t words[SOURCES_WORDS];
	uint64_t sum = sources->secret[SOURCES_WORDS];

	_Static_assert(sizeof words == sizeof *key, "a key is its words, without a gap");
	memcpy(words, key, sizeof words);
	for (unsigned i = 0; i < SOURCES_WORDS; i++)
		sum += words[i] * sources->secret[i];
	return (size_t)(sum >> HASH_SHIFT) % SOURCES_HEADS;
}

struct source *
sources_find(const struct sources *sources, const struct source_key *key)
{
	struct source *source = sources->heads[chain_of(sources, key)];

	while (source != NULL && memcmp(&source->key, key, sizeof *key) != 0)
		source = source->next;
	return source;
}

/* ---- those of which nothing runs ---- */

/* rest is the first member of its source. */
static struct source *
first_at_rest(const struct sources_share *share)
{
	return (struct source *)heap_first(&share->resting);
}

static void
remember(struct sources *sources, struct source *source, int64_t rest_ms)
{
	struct sources_share *share = source->share;

	heap_set(&share->resting, &source->rest, rest_ms);
	sources->owing++;
	if (share->link != NULL)
		return;
	share->next = sources->shares;
	share->link = &sources->shares;
	if (share->next != NULL)
		share->next->link = &share->next;
	sources->shares = share;
}

static void
recall(struct sources *sources, struct source *source)
{
	struct sources_share *share = source->share;

	heap_drop(&share->resting, &source->rest);
	sources->owing--;
	if (share->resting.count > 0)
		return;
	*share->link = share->next;
	if (share->next != NULL)
		share->next->link = share->link;
	share->link = NULL;
}

static void
forget(struct sources *sources, struct source *source)
{
	struct source **at = &sources->heads[chain_of(sources, &source->key)];

	while (*at != source)
		at = &(*at)->next;
	*at = source->next;
	source->share->count--;
	free(source);
}

static void
forget_those_at_rest(struct sources *sources, const struct sources_share *share, int64_t now_ms)
{
	for (unsigned i = 0; i < FORGET_AT_ONCE; i++) {
		struct source *source = first_at_rest(share);

		if (source == NULL || source->rest.at_ms > now_ms)
			return;
		recall(sources, source);
		forget(sources, source);
	}
}

static void
forget_one(struct sources *sources, int64_t now_ms)
{
	struct source *found = NULL;
	size_t most = 0;

	for (struct sources_share *share = sources->shares; share != NULL; share = share->next) {
		struct source *first = first_at_rest(share);

		if (first == NULL)
			continue;
		if (share->resting.count > most) {
			most = share->resting.count;
			found = first;
		}
		if (first->rest.at_ms <= now_ms) {
			found = first;
			break;
		}
	}
	if (found == NULL)
		return;
	recall(sources, found);
	forget(sources, found);
}

/* ---- take and give ---- */

static struct source *
make(struct sources *sources, struct sources_share *share, const struct source_key *key)
{
	struct source *source, **head = &sources->heads[chain_of(sources, key)];

	if (!heap_reserve(&share->resting, share->count + 1))
		return NULL;
	source = calloc(1, sizeof *source);
	if (source == NULL)
		return NULL;
	source->share = share;
	source->key = *key;
	source->next = *head;
	*head = source;
	share->count++;
	return source;
}

struct source *
sources_take(struct sources *sources, struct sources_share *share, const struct source_key *key,
    int64_t now_ms)
{
	struct source *source;

	forget_those_at_rest(sources, share, now_ms);
	source = sources_find(sources, key);
	if (source == NULL) {
		source = make(sources, share, key);
		if (source == NULL)
			return NULL;
	} else if (source->running == 0) {
		recall(sources, source);
		if (source->rest.at_ms <= now_ms)
			source->crashes = (struct crashes){.count = 0};
	}
	source->running++;
	return source;
}

void
sources_give(struct sources *sources, struct source *source, int64_t rest_ms, int64_t now_ms)
{
	if (--source->running > 0)
		return;
	if (rest_ms <= now_ms) {
		forget(sources, source);
		return;
	}
	remember(sources, source, rest_ms);
	if (sources->owing > SOURCES_OWING_MAX)
		forget_one(sources, now_ms);
}

/* ---- services ---- */

void
sources_share_init(struct sources *sources, struct sources_share *share)
{
	share->service = ++sources->services;
}

void
sources_share_release(struct sources *sources, struct sources_share *share)
{
	struct source *source;

	while ((source = first_at_rest(share)) != NULL) {
		recall(sources, source);
		forget(sources, source);
	}
	heap_release(&share->resting);
}
