/*
 * NAME     leave - turn a client away
 * PURPOSE  The client sees a handshake and a close, at once and without a byte. What it has sent is
 *          thrown away first: unread data would turn the close into a reset, and a datagram that
 *          stays would start the service again.
 */
#include <stdlib.h>

#include "libwrap/public.h"
#include "libwrap/settings.h"
#include "libwrap/warn.h"
#include "peer/socket.h"

void
clean_exit(struct request_info *request)
{
	if (request->sink != NULL)
		request->sink(request->fd);
	else if (request->fd >= 0)
		peer_drain(request->fd);
	exit(0);
}

void
refuse(struct request_info *request)
{
	warn_log(settings_deny_severity(), "refused connect from %s (%s)", eval_client(request),
	    eval_hostaddr(request->client));
	clean_exit(request);
}
