/*
 * The identity that a server runs as. For lookup.c only, which asks once for all entries that say
 * the same.
 */
#ifndef INETD_IDENTITY_H
#define INETD_IDENTITY_H

#include "cmd/inetd/service.h"

/* Look up the user and group of an entry: names, or else numbers. Whatever cannot be had is
 * reported, and *ret is then not to be used: there is no identity to fall back on. */
void identity_resolve(
    struct conf *, const struct conf_entry *, const struct service_rules *, struct identity *ret);

#endif
