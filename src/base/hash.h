/*
 * Hashes of bytes, to tell texts apart that nobody chose to collide: FNV-1a, and one that is quicker.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define HASH_INIT UINT64_C(0xcbf29ce484222325)

static inline uint64_t
hash_add(uint64_t hash, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
	return hash;
}

/* Eight bytes at a time, all of them at once, and not the same everywhere: for tables in memory. */
static inline uint64_t
hash_quick(const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	uint64_t hash = len, word;

	for (; len > 0; p += sizeof word) {
		size_t part = len < sizeof word ? len : sizeof word;

		word = 0;
		if (part == sizeof word)
			memcpy(&word, p, sizeof word);
		else
			for (size_t i = 0; i < part; i++)
				word = word << 8 | p[i];
		hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15); /* the golden ratio's */
		hash ^= hash >> 32;
		len -= part;
	}
	return hash;
}

#endif
