/*
 * NAME     leave - turn a client away
 * PURPOSE  The client sees a handshake and a close, at once and without a byte. What it has sent is
 *          thrown away first: unread data would turn the close into a reset, and a datagram that
 *          stays would start the service again. Of a burst of refusals the log gets the first lines,
 *          and the number of the rest from a process that stays for it.
 * SEE      docs/decisions/refusals.md, docs/decisions/bursts.md
 */
#include "libwrap/leave.h"

#include <stdarg.h>
#include <stdlib.h>

#include "event/burst.h"
#include "libwrap/settings.h"
#include "libwrap/warn.h"
#include "peer/socket.h"

static void
let_go(struct request_info *request)
{
	if (request->sink != NULL)
		request->sink(request->fd);
	else if (request->fd >= 0)
		peer_drain(request->fd);
}

void
clean_exit(struct request_info *request)
{
	let_go(request);
	exit(0);
}

static void
tell_more(int priority, uint32_t more)
{
	if (more != 0)
		warn_log(priority, "refused %lu more connects in 1 s", (unsigned long)more);
}

/* The client does not wait with us. */
static void
stay(struct request_info *request, int priority, int counts, const struct burst_turn *turn)
{
	let_go(request);
	peer_hang_up(request->fd);
	burst_wait(turn);
	tell_more(priority, burst_take(counts, turn));
}

/* Who refuses a datagram is started again by inetd only when it has ended: it cannot stay. So its
 * line is always said; inetd does not start a service very often. */
static int
open_counts(const struct request_info *request)
{
	return request->sink == NULL ? burst_open(BURST_DIR, BURST_FILE) : -1;
}

void
leave_refused(struct request_info *request, int priority, const char *format, ...)
{
	int counts = open_counts(request);
	struct burst_turn turn;
	va_list args;

	switch (burst_count(counts, eval_daemon(request), priority, &turn)) {
	case BURST_LINE:
		tell_more(priority, turn.earlier);
		va_start(args, format);
		warn_log_args(priority, format, args);
		va_end(args);
		break;
	case BURST_STAY:
		stay(request, priority, counts, &turn);
		break;
	case BURST_COUNTED:
		break;
	}
	clean_exit(request);
}

void
refuse(struct request_info *request)
{
	leave_refused(request, settings_deny_severity(), "refused connect from %s (%s)",
	    eval_client(request), eval_hostaddr(request->client));
}
