/*
 * The fields of one entry. For conf.c only.
 */
#ifndef INETD_FIELD_H
#define INETD_FIELD_H

#include "cmd/inetd/conf/conf.h"

/* "a,b,[c]" into *ret. False: reported; *ret is untouched. */
bool field_addresses(struct conf *, const struct conf_word *list, struct conf_words *ret);

/* count >= 1 words of an entry; the addresses that hold where none are written (count 0: that line
 * was bad, and whoever relies on it is lost). NULL: every fault was reported. */
struct conf_entry *field_entry(struct conf *, const struct conf_word *words, size_t count,
    const struct conf_words *fallback);

#endif
