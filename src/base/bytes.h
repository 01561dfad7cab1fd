/*
 * Numbers as big-endian bytes, which compare as the numbers do.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stddef.h>
#include <stdint.h>

static inline void
bytes_put16(unsigned char *bytes, uint16_t value)
{
	bytes[0] = (unsigned char)(value >> 8);
	bytes[1] = (unsigned char)value;
}

static inline void
bytes_put32(unsigned char *bytes, uint32_t value)
{
	bytes_put16(bytes, (uint16_t)(value >> 16));
	bytes_put16(bytes + 2, (uint16_t)value);
}

static inline void
bytes_put64(unsigned char *bytes, uint64_t value)
{
	bytes_put32(bytes, (uint32_t)(value >> 32));
	bytes_put32(bytes + 4, (uint32_t)value);
}

static inline uint16_t
bytes_get16(const unsigned char *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static inline uint32_t
bytes_get32(const unsigned char *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	    bytes[3];
}

static inline uint64_t
bytes_get64(const unsigned char *bytes)
{
	return (uint64_t)bytes_get32(bytes) << 32 | bytes_get32(bytes + 4);
}

/* memcmp, where a call takes longer than the few bytes. */
static inline int
bytes_compare(const unsigned char *a, const unsigned char *b, size_t len)
{
	for (; len >= 8; a += 8, b += 8, len -= 8)
		if (bytes_get64(a) != bytes_get64(b))
			return bytes_get64(a) < bytes_get64(b) ? -1 : 1;
	for (; len >= 4; a += 4, b += 4, len -= 4)
		if (bytes_get32(a) != bytes_get32(b))
			return bytes_get32(a) < bytes_get32(b) ? -1 : 1;
	for (; len > 0; a++, b++, len--)
		if (*a != *b)
			return *a < *b ? -1 : 1;
	return 0;
}

#endif
