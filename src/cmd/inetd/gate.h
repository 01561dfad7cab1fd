/*
 * The gate: limits, as clients and listeners meet them.
 */
#ifndef INETD_GATE_H
#define INETD_GATE_H

#include "cmd/inetd/inetd.h"

/* Where its clients are counted. NULL: out of memory; the listener rests for a moment, and that is told. */
struct standing *gate_standing(struct listener *);

/* May anybody be served? If not, the listener rests, and that is told: somebody is there. */
bool gate_may_come(struct listener *);
/* May another one, if there is one? */
bool gate_may_follow(const struct listener *);

/* May this client be served now? Its service holds. */
bool gate_may_go(const struct connection *, struct limits_answer *ret);
/* May it wait? Sources that are over leave room for those that are not. */
bool gate_has_room(const struct connection *, const struct limits_answer *);
/* It is turned away for good: counted, and the verdict of its record. Outside of the hours of a
 * service it is refused, as by a rule. */
enum record_verdict gate_turn_away(struct standing *, enum limits_why);
/* Take the place, right after it may go. False: out of memory. */
bool gate_take_place(struct connection *);

/* Nothing is left to serve with: said once a minute, and the service's listeners rest for a moment. */
void gate_shortage(struct inetd *, struct standing *, const char *what, int error);
/* For inetctl: a client was not served. */
void gate_note_error(struct standing *, const char *what, int error);

/* Begins and ends of limits go to the log. */
void gate_tell_news(struct standing *);
/* For standings: it is time for that. */
void gate_ring_news(struct alarm *, int64_t now_ms);

#endif
