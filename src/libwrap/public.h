/*
 * The public header as the library sees it: any address family, and its functions visible.
 *
 * Inside, public functions are called by their public names: a program may put its own in front of
 * them, as old administration tools do.
 */
#ifndef LIBWRAP_PUBLIC_H
#define LIBWRAP_PUBLIC_H

#define INET6
#define HAVE_WEAKSYMS

#pragma GCC visibility push(default)
#include <sys/socket.h>

#include <tcpd.h>

/* Exported of old, though in no header. */
void fix_options(struct request_info *);
unsigned long cidr_mask_addr(char *text);
#pragma GCC visibility pop

#endif
