/*
 * Numbers as big-endian bytes, which compare as the numbers do.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

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

#endif
