/*
 * Whom to ask, and for what: [USER]@HOST[@HOST...]. Pure.
 */
#ifndef SAFE_FINGER_TARGET_H
#define SAFE_FINGER_TARGET_H

#include <stdbool.h>
#include <stddef.h>

enum {
	/* A whole target; servers of old have 512 bytes for a query, and none asks for more. */
	TARGET_MAX = 500,
	TARGET_HOST_MAX = 253, /* RFC 1035: 255 in a message */
	TARGET_QUERY_MAX = TARGET_MAX + 8, /* with "/W ", CR LF and a NUL */
};

struct target {
	char host[TARGET_HOST_MAX + 1]; /* the last one, without brackets */
	bool is_address; /* of IPv4 or IPv6, perhaps with a scope; else a name */
	char
	    query[TARGET_QUERY_MAX]; /* one line of printable ASCII and its CR LF (RFC 1288, 2.3) */
	size_t query_len;
};

/* NULL, or what is wrong with the text; then *ret is not to be used. is_long: ask for all there is. */
const char *target_parse(const char *text, bool is_long, struct target *ret);

#endif
