/*
 * All listeners at once, and the change from the services that hold to other ones: all of it, or nothing.
 */
#ifndef INETD_LISTENERS_H
#define INETD_LISTENERS_H

#include "cmd/inetd/listener.h"

typedef void listeners_tell(enum conf_severity, const char *line);

/* Go over to other services. Everything new is bound first; a fault is told as one line, with its
 * place in the text, and then, and if memory runs out, false is returned and nothing has changed.
 * An address that is not there yet is no fault. is_first: there is nothing to keep, so no fault stops
 * it; what cannot be opened is tried again. Sockets of places that stay are kept. next must outlive
 * the listeners, or the next call. */
bool listeners_replace(struct listeners *, struct services *next, bool is_first, listeners_tell *);

/* Close all, and remove their paths. */
void listeners_release(struct listeners *);

/* The service has a place again: its listeners that rest are watched. */
void listeners_wake(struct listeners *, const struct standing *);
/* All listeners of a service are left unwatched for so long. */
void listeners_pause(struct listeners *, const struct standing *, unsigned for_ms);

enum listeners_state {
	LISTENERS_OFFLINE, /* nobody can come: switched off, or no place could be had */
	LISTENERS_DEGRADED, /* some of the places could not be had, and are tried again */
	LISTENERS_ONLINE,
};

/* Of one service that holds. */
enum listeners_state listeners_state(const struct service *);
/* "online" */
const char *listeners_state_name(enum listeners_state);

#endif
