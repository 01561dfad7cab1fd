/*
 * Networks as written: an address with an optional length or mask, the plain way.
 */
#ifndef POLICY_NET_H
#define POLICY_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

/* An IPv6 network or address. Pointers go into the word it was read from. */
struct net6 {
	struct addr addr;
	const char *scope; /* not looked up yet */
	uint8_t scope_len;
	uint8_t len_bits; /* 0 to 128 */
};

/* "2001:db8::1" or "2001:db8::/32", nothing around it. Such a word keeps its colons. */
bool net_is_bare_v6(const char *text, size_t len);

/* Bare or bracketed, the length inside or outside the brackets, if there is one. */
bool net_parse_v6(const char *text, size_t len, struct net6 *ret);

/* "10.0.0.0/8", "10.0.0.0/255.0.0.0": strict quads, length 0 to 32 without leading zero, host bits
 * cleared. Host order. */
bool net_parse_v4(const char *text, size_t len, uint32_t *ret_net, uint32_t *ret_mask);

#endif
