/*
 * A request of the control socket, taken apart. Pure.
 */
#ifndef INETD_CONTROL_REQUEST_H
#define INETD_CONTROL_REQUEST_H

#include <stddef.h>

#include "tool/control.h"

struct request {
	enum control_command command;
	const char *service; /* [service_len], in the line; 0 = none was named */
	size_t service_len;
};

/* Parse a line without its newline, of any bytes. NULL, and *ret; or what is wrong with it. */
const char *request_parse(const char *line, size_t len, struct request *ret);

#endif
