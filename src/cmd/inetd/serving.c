/*
 * NAME     serving - who serves an admitted client
 * INVARIANTS  Nobody is served without a place.
 * SEE      child.h, internal/internal.h, redirect/redirect.h
 */
#include "cmd/inetd/serving.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cmd/inetd/clock.h"
#include "cmd/inetd/ending.h"
#include "cmd/inetd/gate.h"
#include "cmd/inetd/internal/internal.h"
#include "cmd/inetd/log.h"
#include "cmd/inetd/redirect/redirect.h"

enum { FAILURE_PAUSE_MS = 1000 }; /* a server that cannot be started, its client still there */

void
serving_tell_failure(struct connection *connection, const struct child_failure *failure)
{
	const struct service *service = connection->standing->service;
	const struct access_client who = {
	    .fd = connection->fd, .is_datagram = connection->is_of_listener};

	connection->standing->counters.failed++;
	connection->record.verdict = RECORD_FAILED;
	connection->record.reason = failure->step;
	gate_note_error(connection->standing, failure->step, failure->error);
	if (service == NULL || strcmp(failure->step, "execute") != 0 ||
	    !access_failed(service->access, &who, connection->pid, failure->error))
		log_line(LOG_ERR, "%s: %s: cannot %s: %s", connection->standing->id,
		    service != NULL ? service->setup->server : "server", failure->step,
		    strerror(failure->error));
	if (!connection->is_of_listener || connection->listener == NULL)
		return;
	if (connection->listener->has_more &&
	    connection->listener->endpoint->service->entry->is_wait)
		connection->listener->more->handed_ns = 0; /* nobody could read its datagram */
	listener_pause(connection->listener, FAILURE_PAUSE_MS);
}

void
serving_hear_failure(struct connection *connection)
{
	struct child_failure failure = connection->failure;

	if (!child_has_failed(&connection->failure))
		return;
	connection->failure = (struct child_failure){0};
	serving_tell_failure(connection, &failure);
}

static void
start_server(struct connection *connection, const struct access_answer *answer)
{
	const struct service *service = connection->standing->service;
	const struct child_client client = {
	    .peer = connection->peer.len > 0 ? &connection->peer.address.any : NULL};
	pid_t pid = child_start(
	    service, connection->fd, &client, &connection->inetd->world, &connection->failure);

	if (pid < 0) {
		ending_fail(connection, "make a process for a client", errno);
		return;
	}
	connection->fd = -1;
	connection_track(connection, pid);
	if (answer != NULL)
		access_admitted(service->access, answer, pid);
	log_line(LOG_DEBUG, "%s: started %s[%d]", service->id, service->setup->server, (int)pid);
	if (!reactor_is_set(&connection->inetd->launches))
		reactor_set_alarm(&connection->inetd->reactor, &connection->inetd->launches,
		    clock_now_ms() + CHILD_LOOK_MS);
}

static void
ended(void *ctx, const struct internal_end *end)
{
	struct connection *connection = ctx;

	connection->record.has_traffic = true;
	connection->record.in_bytes = end->bytes_in;
	connection->record.out_bytes = end->bytes_out;
	connection->record.end = end->error != 0 ? strerror(end->error) : end->how;
	ending_finish(connection, LIMITS_ENDED_WELL);
}

/* By inetd itself: the connection may be over before this returns. */
void
serving_here(struct connection *connection)
{
	static const struct internal_host host = {.ended = ended};
	const struct service *service = connection->standing->service;
	struct reactor *reactor = &connection->inetd->reactor;
	int fd = connection->fd;

	connection->fd = -1;
	connection->is_served_here = true;
	greeting_send(fd, service->setup->greeting_admitted);
	if (service->entry->kind == CONF_REDIRECT)
		redirect_serve(reactor, service->setup->target, fd, &host, connection);
	else
		internal_serve(reactor, service->entry->kind, fd, &host, connection);
}

void
serving_begin(struct connection *connection, const struct access_answer *answer)
{
	const struct service *service = connection->standing->service;

	if (!gate_take_place(connection)) {
		ending_fail(connection, "remember a client", ENOMEM);
	} else if (service->entry->kind == CONF_SERVER) {
		start_server(connection, answer);
	} else {
		access_admitted(service->access, answer, getpid());
		greeting_send(connection->fd, service->setup->greeting);
		serving_here(connection);
	}
}
