/*
 * Who holds a port or a path that we cannot have?
 */
#ifndef INETD_HOLDER_H
#define INETD_HOLDER_H

#include "cmd/inetd/endpoint.h"

/* Append "nginx[123]" for the first process, not this one, that can be seen to listen on what
 * overlaps the endpoint. False: nobody can be seen, and nothing was added. */
bool holder_format(const struct endpoint *, struct buf *);

#endif
