/*
 * Sources: what each address, or prefix of addresses, has running and owes, for each service.
 *
 * Remembered are only sources that run something (as many as there are servers) and those that owe
 * something (SOURCES_OWING_MAX, of all services). Whoever is refused is not in here. When it is full, one
 * at rest is forgotten, else, of the service that has the most, the one that would be at rest first: a
 * flood pushes out its own, whoever has used his limit up last, and nobody is kept out for want of room.
 */
#ifndef INETD_SOURCES_H
#define INETD_SOURCES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "cmd/inetd/heap.h"
#include "cmd/inetd/limit/bucket.h"
#include "cmd/inetd/limit/crashes.h"

enum {
	/* A mebibyte and a quarter. To have one forgotten that has used its limit up, so many others
	 * must have used up theirs, by the number of services that are flooded. */
	SOURCES_OWING_MAX = 8192,
	SOURCES_HEADS = 4096, /* two owing a chain, in the mean */
	SOURCES_WORDS = 7, /* of a key */
};

/* Of one service: its number, the address without what is behind the prefix, and how long that
 * is. */
struct source_key {
	uint32_t service;
	uint32_t bits; /* as addr_has_prefix counts them */
	uint32_t scope;
	uint8_t bytes[16];
};

/* What a service has in the table. */
struct sources_share {
	struct sources_share *next, **link; /* of those who owe something; link NULL: nobody does */
	uint32_t service; /* a number, never used again */
	size_t count; /* of all its sources */
	struct heap resting; /* of those of which nothing runs */
};

struct source {
	struct heap_item rest; /* when it is at rest */
	struct source *next; /* of its chain */
	struct sources_share *share;
	struct source_key key;
	unsigned running; /* exact */
	struct bucket bucket;
	struct crashes crashes; /* that it brought about */
	unsigned row; /* of the service's crashes, that it is counted in */
};

struct sources {
	struct source *heads[SOURCES_HEADS];
	uint64_t secret[SOURCES_WORDS + 1];
	struct sources_share *shares;
	size_t owing; /* of which nothing runs */
	uint32_t services; /* that have been */
};

/* All zero before. Random numbers decide who shares a chain: nobody outside can tell. */
void sources_init(struct sources *, const uint64_t secret[SOURCES_WORDS + 1]);

/* All zero before. Before it is released, all is given back. */
void sources_share_init(struct sources *, struct sources_share *);
void sources_share_release(struct sources *, struct sources_share *);

/* Prefixes as conf.h has them: 0 is 32 and 64. A v4-mapped address is its v4. */
struct source_key sources_key(const struct sources_share *, const struct addr *,
    unsigned prefix4_bits, unsigned prefix6_bits);

/* NULL: at rest, or forgotten. It stays where it is until the next take or give, of whomever. */
struct source *sources_find(const struct sources *, const struct source_key *);

/* One more runs. It stays where it is until the last is given back. NULL: out of memory. */
struct source *sources_take(
    struct sources *, struct sources_share *, const struct source_key *, int64_t now_ms);

/* One less. rest_ms: when nothing of it need be remembered. */
void sources_give(struct sources *, struct source *, int64_t rest_ms, int64_t now_ms);

#endif
