/*
 * What the index files things by, of tests and of requests. For index.c and file.c, and for
 * claim.c, which proves them.
 */
#ifndef IMAGE_KEYS_H
#define IMAGE_KEYS_H

#include <stddef.h>
#include <stdint.h>

enum { CLASS_ANY = 0 };

/* Of a daemon's name: equal for names that are equal but for case, and rarely else. Never CLASS_ANY. */
uint16_t class_of(const char *daemon, size_t len);

/* Of a name, or of what it ends in, with its first dot. */
enum { NAME_KEY_BYTES = 6 };
void name_key(const char *text, size_t len, unsigned char ret[NAME_KEY_BYTES]);
/* One bit of how many labels it has, and whether it begins with a dot: names of a shape that no rule has need
 * not be searched for. */
uint64_t name_shape(const char *text, size_t len);

/* A network: its first address and its length in bits. */
enum { NET4_KEY_BYTES = 5, NET6_KEY_BYTES = 17 };

#endif
