/*
 * Where a service listens. For service.c only.
 */
#ifndef INETD_RESOLVE_H
#define INETD_RESOLVE_H

#include "cmd/inetd/lookup.h"

/* All endpoints of a service, chained. What cannot be resolved is reported, and the chain is then
 * not to be used. */
struct endpoint *resolve_endpoints(struct conf *, struct lookup *, const struct service *);

/* Owner and group of a unix socket. What is unknown is reported. */
void resolve_socket_owner(struct conf *, const struct conf_entry *, struct setup *);

/* Where a redirect leads; its endpoints are known, and so are others, a list. What is wrong is reported.
 * NULL: out of memory. */
const struct redirect_target *resolve_target(
    struct conf *, const struct service *, const struct service *others);

#endif
