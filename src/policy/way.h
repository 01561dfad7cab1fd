/*
 * The two ways to read a rule file, and sets of matches.
 *
 * A text is read the classic way (what the 1997 code makes of it) and the plain way (what it
 * says): decisions/two-readings.md. A match answers for both ways at once, and for what could not
 * be found out: a matchset holds, for each way, "certainly matches" and "matches if what is
 * unknown does". Rules are combined from such sets with and, or, not; nothing above knows more.
 */
#ifndef POLICY_WAY_H
#define POLICY_WAY_H

#include <stdint.h>

enum way { WAY_CLASSIC = 1, WAY_PLAIN = 2, WAY_BOTH = 3 };
typedef uint8_t ways; /* a set of enum way */

enum tri { TRI_NO, TRI_UNKNOWN, TRI_YES }; /* ordered: and is the lower, or is the higher */

/* Bits 0 and 1: matches for certain, the classic and the plain way. Bits 2 and 3: matches at least
 * if everything unknown matched. A certain match is also a possible one. */
typedef uint8_t matchset;

enum { MATCH_NONE = 0, MATCH_CERTAIN = 3, MATCH_POSSIBLE = 12, MATCH_ALL = 15 };

static inline matchset
match_of_ways(ways w)
{
	return (matchset)(w | w << 2);
}

static inline matchset
match_from_tri(enum tri t, ways w)
{
	return t == TRI_YES ? match_of_ways(w) : t == TRI_UNKNOWN ? (matchset)(w << 2) : 0;
}

/* The ways that the set speaks of. */
static inline ways
match_ways(matchset m)
{
	return (ways)((m | m >> 2) & WAY_BOTH);
}

static inline ways
match_certain(matchset m)
{
	return m & MATCH_CERTAIN;
}

static inline ways
match_unknown(matchset m)
{
	return (ways)((m >> 2) & ~m & MATCH_CERTAIN);
}

/* Exchange certain and possible: under a "not", what must be refuted is the best case. */
static inline matchset
match_turn(matchset m)
{
	return (matchset)((m << 2 | m >> 2) & MATCH_ALL);
}

#endif
