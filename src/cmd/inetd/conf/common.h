/*
 * What services have in common, kept once.
 */
#ifndef INETD_COMMON_H
#define INETD_COMMON_H

#include "cmd/inetd/conf/conf.h"

/* That value, whose pointers and padding count as bytes: of two that are the same the same one, as a rule.
 * It lives as long as the configuration. NULL: out of memory. */
const void *common_value(struct conf *, const void *value, size_t size_bytes);

/* An entry without what tells it apart (next, id, service, addresses, ports) and without the places of its
 * words: of two that are the same otherwise the same one, as a rule. It lives as long as the
 * configuration. NULL: out of memory. */
const struct conf_entry *common_entry(struct conf *, const struct conf_entry *);

#endif
