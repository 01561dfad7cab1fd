/*
 * NAME     keys - hashes of texts
 * INVARIANTS  ASCII letters of either case are one. A collision costs time, and nothing else.
 */
#include "image/keys.h"

#include "base/bytes.h"
#include "base/hash.h"
#include "base/str.h"

static uint64_t
hash_of(const char *text, size_t len)
{
	uint64_t hash = HASH_INIT;

	for (size_t i = 0; i < len; i++) {
		char lower = str_lower(text[i]);

		hash = hash_add(hash, &lower, 1);
	}
	return hash;
}

uint16_t
class_of(const char *daemon, size_t len)
{
	uint64_t hash = hash_of(daemon, len);
	uint16_t class = (uint16_t)(hash ^ hash >> 16 ^ hash >> 32 ^ hash >> 48);

	return class != CLASS_ANY ? class : 1;
}

void
name_key(const char *text, size_t len, unsigned char ret[NAME_KEY_BYTES])
{
	uint64_t hash = hash_of(text, len);

	bytes_put32(ret, (uint32_t)(hash >> 32));
	bytes_put16(ret + 4, (uint16_t)(hash >> 16));
}

uint64_t
name_shape(const char *text, size_t len)
{
	enum { DOTS_MAX = 31, SHAPES = DOTS_MAX + 1 };
	unsigned dots = 0, first = len > 0 && text[0] == '.';

	for (size_t i = first; i < len && dots < DOTS_MAX; i++)
		dots += text[i] == '.';
	return UINT64_C(1) << (first * SHAPES + dots);
}
