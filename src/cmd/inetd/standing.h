/*
 * What a service has that outlives the text it was read from: limits, counters, and whether the
 * administrator has paused it. A service of the next reading with the same id goes on with it.
 * It is made when there is something to remember: of a thousand services most never have a client.
 */
#ifndef INETD_STANDING_H
#define INETD_STANDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cmd/inetd/limit/limits.h"
#include "cmd/inetd/reactor.h"

struct connection;
struct service;
struct services;

struct counters {
#define COUNTER(member, help) uint64_t member;
#include "control.def"
};

struct standing {
	struct standing *next; /* of its bucket */
	char *id;
	const struct service *service; /* of the configuration that holds; NULL = it has none */
	size_t connections; /* that refer to it */
	bool is_wanted; /* by the configuration that is being prepared */
	bool is_paused;
	struct connection *waiting,
	    **waiting_end; /* clients that are there and not served, the oldest first */
	size_t waiting_count;
	struct connection
	    *judged; /* by children that have not answered yet, or have become commands */
	size_t judged_count; /* without commands */
	size_t command_count; /* that a rule has put in the server's place */
	struct limits limits;
	int64_t shortage_ms; /* when one was last told; 0 = never */
	struct standings *all;
	struct reactor *reactor;
	struct alarm news; /* of limits: when to look for them */
	struct alarm place; /* rings when one was given back */
	struct counters counters;
	char *last_error; /* why a client was not served, the last time; NULL = it never was so */
	int64_t last_error_ms;
};

enum { STANDING_BUCKETS = 1024 }; /* a thousand services are many */

/* All zero: none. */
struct standings {
	struct standing *buckets[STANDING_BUCKETS];
	struct services *services; /* that hold; NULL: none do */
	int64_t shortage_ms; /* when it was last told that one could not be made; 0 = never */
	struct limits_world *world;
	struct reactor *reactor;
	void (*ring_news)(struct alarm *, int64_t now_ms);
	void (*ring_place)(struct alarm *, int64_t now_ms);
	void *ctx; /* of who rings */
};

/* Of a service that holds; it is made if there is none. NULL: out of memory. */
struct standing *standings_get(struct standings *, const struct service *);

/* Give the services of the next configuration those that there are. */
void standings_prepare(struct standings *, struct services *next);
/* This configuration holds: who is not in it, and has no connection, is forgotten. NULL: none does. */
void standings_settle(struct standings *, struct services *);

/* NULL is that of a service which has none yet. */
static inline bool
standing_is_paused(const struct standing *standing)
{
	return standing != NULL && standing->is_paused;
}

/* A client was not served. */
void standing_note_error(struct standing *, const char *error);

/* A connection that referred to it is over. */
void standing_leave(struct standings *, struct standing *);

#endif
