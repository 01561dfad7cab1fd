/*
 * An address as a value: 128 bits in network order, IPv4 in its v4-mapped place, and a scope.
 * Every comparison in the project is made on these bytes, never on text (decisions/addresses.md).
 */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ADDR_BITS = 128,
	ADDR_V4_PREFIX_BITS = 96,
	/* "ffff:...:255.255.255.255" (45), "%" and an interface name or number, and a NUL. */
	ADDR_TEXT_MAX = 80,
	ADDR_SCOPE_MAX = 32,
};

struct addr {
	uint8_t bytes[16];
	uint32_t scope; /* interface index; 0 = none given */
};

/* Parse exactly len bytes as a dotted quad: four decimal numbers of 0 to 255 without leading
 * zeros. False: not that; *ret is untouched. */
bool addr_parse_v4(const char *text, size_t len, struct addr *ret);

/* Parse exactly len bytes as an IPv6 address (RFC 4291, 2.2), without brackets, with an optional
 * "%scope". ret_scope receives a pointer into text and its length (0 = no scope); *ret has scope 0,
 * since turning a scope's name into a number is a system call and left to the caller.
 * False: not an address; nothing is written. */
bool addr_parse_v6(
    const char *text, size_t len, struct addr *ret, const char **ret_scope, size_t *ret_scope_len);

/* Either of the two. */
bool addr_parse(
    const char *text, size_t len, struct addr *ret, const char **ret_scope, size_t *ret_scope_len);

/* An address from four bytes in network order. */
struct addr addr_from_v4(const void *four_bytes);
/* An address from sixteen bytes in network order. */
struct addr addr_from_v6(const void *sixteen_bytes, uint32_t scope);

bool addr_is_v4(const struct addr *a);
/* The last 32 bits in host order: of an IPv4 address, all there is. */
uint32_t addr_v4_bits(const struct addr *a);

/* Equal in all 128 bits; scopes count only when both are given. */
bool addr_eq(const struct addr *a, const struct addr *b);

/* Do the first len_bits (0 to 128) of both agree? IPv4 prefixes count from 96. Scopes count only
 * when both are given. */
bool addr_has_prefix(const struct addr *a, const struct addr *net, unsigned len_bits);

/* Sixteen bytes in network order as IPv6 text, as inet_ntop(3) of glibc writes them: mapped ones as
 * "::ffff:1.2.3.4". Into a buffer of ADDR_TEXT_MAX bytes. Returns the length. */
size_t addr_format_v6(const uint8_t bytes[16], char *ret);

/* Canonical text (RFC 5952; IPv4 as a dotted quad; the scope is left out) into a buffer of
 * ADDR_TEXT_MAX bytes. Returns its length. */
size_t addr_format(const struct addr *a, char *ret);

#endif
