/*
 * The public header as the library sees it: its functions are visible.
 */
#ifndef LIBTCPWRAP_PUBLIC_H
#define LIBTCPWRAP_PUBLIC_H

#pragma GCC visibility push(default)
#include <tcpwrap.h>
#pragma GCC visibility pop

#endif
