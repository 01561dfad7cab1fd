/*
 * The identity that a server runs as. For service.c only.
 */
#ifndef INETD_IDENTITY_H
#define INETD_IDENTITY_H

#include "cmd/inetd/service.h"

/* Look up the user and group of an entry. Whatever cannot be looked up is reported, and *ret is
 * then not to be used: there is no identity to fall back on. */
void identity_resolve(
    struct conf *, const struct conf_entry *, const struct service_rules *, struct identity *ret);

#endif
