/*
 * NAME     ident - the client's user (RFC 1413)
 * INVARIANTS  There is no query yet. Who asks learns "unknown", and a decision that hangs on it is a
 *          refusal: a rule about a user must not be passed by because nobody asked.
 */
#include <string.h>

#include "libwrap/public.h"
#include "libwrap/thread.h"

void
rfc931(struct sockaddr *client, struct sockaddr *server, char *ret_user)
{
	struct thread *thread = thread_state();

	memcpy(ret_user, unknown, sizeof unknown);
	if (thread != NULL && (client->sa_family == AF_INET || client->sa_family == AF_INET6) &&
	    client->sa_family == server->sa_family)
		thread->ident_later = true;
}
