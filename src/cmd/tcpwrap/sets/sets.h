/*
 * Sets of addresses, for who and diff: policies opened, and what is said of their intervals.
 */
#ifndef TCPWRAP_SETS_H
#define TCPWRAP_SETS_H

#include <stdio.h>

#include "cmd/tcpwrap/images/images.h"
#include "reach/point.h"
#include "reach/reach.h"

/* NULL: it is told why. */
struct reach *sets_open(const char *command, const char *const paths[2], bool is_quiet);
/* Two policies at once. False: told, and there is none. */
bool sets_open_both(const char *command, const char *const before[2], const char *const after[2],
    bool is_quiet, struct reach *ret[2]);
/* A number from 1 to 65535, or a word that is none (NULL: fine). False: told. */
bool sets_port(const char *command, const char *text, int *ret);
/* An address, or NULL. False: told. */
bool sets_server(const char *command, const char *text);

extern const char *const sets_outcomes[]; /* by enum reach_outcome */

/* A number of addresses of up to 128 bits: all of them are one less than it seems, and all of IPv6 never are. */
struct sets_count {
	struct point number;
};
void sets_add(struct sets_count *, struct point first, struct point last);
void sets_print_count(const struct sets_count *);

/* The prefixes that make up an interval, in order: the fewest. One of IPv6 may have the mapped addresses in it, or
 * at its end: no client of IPv6 has one, and so no prefix need stop there. They are not counted. */
struct sets_prefixes {
	struct point at, last;
	bool is_v4, is_over;
};
void sets_prefixes_init(struct sets_prefixes *, struct point first, struct point last);
/* False: there is no more. */
bool sets_next(struct sets_prefixes *, struct point *ret, unsigned *ret_bits);

enum { SETS_TEXT_MAX = 2 * ADDR_TEXT_MAX };
/* "10.0.0.0/8", or a single address; "10.0.0.0-10.255.255.255". Into SETS_TEXT_MAX bytes. */
size_t sets_prefix_text(struct point, unsigned bits, char *ret);
size_t sets_range_text(struct point first, struct point last, char *ret);
/* The last of them that a client can have. */
size_t sets_end_text(struct point first, struct point last, char *ret);

/* But for their addresses, as far as they are shown. */
bool sets_is_alike(const struct reach_interval *, const struct reach_interval *);

/* Which rule, and what of it: "/etc/hosts.allow:3". */
void sets_print_rule(const struct reach *, uint32_t rule, bool is_fault);
/* "refused by /etc/hosts.deny:1, unless /etc/hosts.allow:3, 4 or 2 more match". */
void sets_print_interval(const struct reach *, const struct reach_interval *);
/* "admitted by /etc/hosts.allow:3", or the same as above. */
void sets_print_fate(const struct reach *, const struct reach_interval *);
/* The same as members of a JSON object; the first of it, and the addresses behind others. */
void sets_print_json_addresses(struct point first, struct point last, bool has_prefixes);
void sets_print_json(const struct reach *, const struct reach_interval *);

#endif
