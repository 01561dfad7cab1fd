/*
 * What the library knows about requests from sockets, beside the public functions.
 */
#ifndef LIBWRAP_SOCKET_H
#define LIBWRAP_SOCKET_H

#include <stdbool.h>

#include "libwrap/public.h"

/* Could sock_host not find out who is there, because something ran out? */
bool socket_failed(const struct request_info *);

#endif
