/*
 * NAME     ident - the client's user (RFC 1413)
 * INVARIANTS  Who cannot be asked, does not answer or does not say is "unknown"; that something ran out
 *          here is none of these, and who asks refuses.
 */
#include <errno.h>
#include <string.h>

#include "libwrap/public.h"
#include "libwrap/settings.h"
#include "libwrap/thread.h"
#include "peer/ident.h"
#include "peer/socket.h"

void
rfc931(struct sockaddr *client, struct sockaddr *server, char *ret_user)
{
	struct thread *thread = thread_state();
	int64_t seconds = settings_ident_timeout();
	/* As a timer, 0 or less would be none at all. */
	int64_t deadline_ms = seconds > 0 ? peer_now_ms() + seconds * 1000 : INT64_MAX;
	int saved_errno = errno;

	_Static_assert(PEER_USER_MAX <= STRING_LENGTH, "a user fits");
	memcpy(ret_user, unknown, sizeof unknown);
	if (peer_ident(client, server, deadline_ms, ret_user) == PEER_IDENT_FAULT) {
		tcpd_warn("socket: %s", strerror(errno));
		if (thread != NULL)
			thread->lookup_failed = true;
	}
	errno = saved_errno;
}
