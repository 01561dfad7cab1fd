/*
 * Words that are nearly spelled alike: "did you mean".
 */
#ifndef BASE_NEAR_H
#define BASE_NEAR_H

#include <stdbool.h>
#include <stddef.h>

/* Is it at most one slip away: a byte too many, too few, wrong, or two exchanged? In any case. */
bool near_is(const char *text, size_t len, const char *word);

#endif
