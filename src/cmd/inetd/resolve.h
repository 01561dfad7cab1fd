/*
 * Where a service listens. For service.c only.
 */
#ifndef INETD_RESOLVE_H
#define INETD_RESOLVE_H

#include "cmd/inetd/service.h"

/* All endpoints of a service, chained. What cannot be resolved is reported, and the chain is then
 * not to be used. */
struct endpoint *resolve_endpoints(struct conf *, const struct service *);

#endif
