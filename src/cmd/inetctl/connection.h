/*
 * One question to inetd.
 */
#ifndef INETCTL_CONNECTION_H
#define INETCTL_CONNECTION_H

#include "base/buf.h"

enum connection_status {
	CONNECTION_ANSWERED,
	CONNECTION_NO_INETD, /* nobody listens there */
	CONNECTION_FAILED, /* somebody does, or may: no answer was had; errno says why */
	CONNECTION_STRANGER, /* neither root's process nor one of ours listens there */
};

/* Send a request to the socket at path, and append the answer to an empty buffer. */
enum connection_status connection_ask(
    const char *path, const struct buf *request, struct buf *answer);

#endif
