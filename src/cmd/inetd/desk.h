/*
 * What inetctl sees of inetd, and does to it.
 */
#ifndef INETD_DESK_H
#define INETD_DESK_H

#include "cmd/inetd/control/control.h"

struct inetd;
struct service;

enum { DESK_TEXT_MAX = 512 }; /* the longest path, escaped */

struct desk {
	struct control control;
	struct inetd *inetd;
	const struct service *at; /* the service that was asked for last, and its number */
	size_t number;
	char text[DESK_TEXT_MAX]; /* of the address that was asked for last */
};

/* Open the control socket at path; "none" is none. If that fails it is logged, as an error only if
 * somebody has asked for it, and inetd goes on without. */
void desk_open(struct inetd *, const char *path, bool is_asked);
void desk_close(struct inetd *);

#endif
