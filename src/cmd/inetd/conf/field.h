/*
 * The fields of a line of inetd.conf. For build.c only.
 */
#ifndef INETD_FIELD_H
#define INETD_FIELD_H

#include "cmd/inetd/conf/attribute.h"

/* Words of a line into an entry. Every fault is reported. */
void field_fill(struct builder *, const struct conf_draft *);

/* The internal service of that name, of a path its last part; CONF_SERVER: there is none. */
enum conf_kind field_internal(const char *service);

#endif
