/*
 * Words of lists, and the facts that sit on their boundaries.
 */
#ifndef COMPAT_FACTS_H
#define COMPAT_FACTS_H

#include "base/arena.h"
#include "base/buf.h"
#include "random.h"

enum { FACTS_POOL = 96 };

/* Texts to draw requests from. */
struct pool {
	const char *texts[FACTS_POOL];
	unsigned count;
};

struct facts {
	struct random *random;
	struct arena *arena;
	struct pool addrs, names, daemons, users;
};

/* A host pattern onto out; what lies on its boundary into the pools. */
void facts_host_word(struct facts *, struct buf *out);

/* The same for the part of a daemon or of a user in front of an @. */
void facts_daemon_word(struct facts *, struct buf *out);
void facts_user_word(struct facts *, struct buf *out);

/* Facts that every policy begins with. */
void facts_start(struct facts *);

const char *facts_pick(struct facts *, const struct pool *);

#endif
