/*
 * NAME     client - from somebody who has come to somebody who is served
 * PURPOSE  Every client passes here: limits, rules, and then the one who serves it. What inetd cannot
 *          decide at once, a child or a later moment decides.
 * INVARIANTS  Nobody has a place (limits_take) who has not been admitted by the rules. Faults refuse.
 * SEE      gate.h, access/access.h, judging.h, serving.h, queue.h, ending.h
 */
#include "cmd/inetd/client.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmd/inetd/ending.h"
#include "cmd/inetd/gate.h"
#include "cmd/inetd/judging.h"
#include "cmd/inetd/serving.h"
#include "peer/socket.h"

enum { TABLES_PAUSE_MS = 20 }; /* a datagram, while tables are being read */

/* Of a listener's own queue: what stays there would come again at once. */
static void
drop(const struct listener *listener)
{
	int fd;

	if (listener->endpoint->socktype == SOCK_DGRAM) {
		peer_drop_datagram(listener->fd);
		return;
	}
	/* A server that went on in the background may take the client first. */
	socket_set_blocking(listener->fd, false);
	fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	socket_set_blocking(listener->fd, listener->is_blocking);
	if (fd >= 0)
		close(fd);
}

/* What the service says to those whom it refuses; a datagram has no answer. */
static void
greet_refused(const struct connection *connection)
{
	const struct setup *setup = connection->standing->service->setup;

	if (connection->is_of_listener)
		return;
	greeting_send(connection->fd, setup->greeting);
	greeting_send(connection->fd, setup->greeting_refused);
}

/* A limit says no: for now, or for good. */
static void
hold_off(struct connection *connection, const struct limits_answer *answer)
{
	struct standing *standing = connection->standing;
	enum record_verdict verdict;

	gate_tell_news(standing);
	if (connection->is_of_listener && answer->say == LIMITS_WAIT) {
		listener_rest(connection->listener, answer->until_ms);
		ending_put_back(connection);
	} else if (!connection->is_of_listener && gate_has_room(connection, answer)) {
		connection_wait(connection, answer->until_ms);
	} else {
		if (connection->is_of_listener)
			drop(connection->listener);
		verdict = gate_turn_away(standing, answer->why);
		if (verdict == RECORD_REFUSED)
			greet_refused(connection);
		ending_turn_away(connection, verdict, limits_reason(answer->why));
	}
}

static void
remember_rule(struct connection *connection, const struct access_answer *answer)
{
	connection->rule_file = answer->file != NULL ? strdup(answer->file) : NULL;
	connection->record.rule_line = answer->line;
}

static void
refuse(struct connection *connection, const struct access_client *who,
    const struct access_answer *answer)
{
	const struct service *service = connection->standing->service;

	connection->standing->counters.refused++;
	greet_refused(connection);
	access_refuse(&connection->inetd->access, service->access, who, answer);
	ending_turn_away(connection, RECORD_REFUSED, answer->reason);
}

static void
wait_for_tables(struct connection *connection)
{
	if (connection->is_of_listener) { /* the client stays where it is */
		connection->listener->rounds++;
		listener_pause(connection->listener, TABLES_PAUSE_MS);
		ending_put_back(connection);
		return;
	}
	connection->rounds++;
	connection->waits_for_tables = true;
	connection_wait(connection, LIMITS_UNTIL_GIVEN);
}

/* The next one in the listener's queue begins anew. */
static void
forget_rounds(struct connection *connection)
{
	if (connection->is_of_listener)
		connection->listener->rounds = 0;
}

/* Whoever accepts by himself is not known yet. A datagram is there; its sender may have no address. */
static bool
is_nobody(const struct connection *connection)
{
	return connection->is_of_listener &&
	    connection->standing->service->entry->socktype != CONF_DGRAM;
}

/* It was accepted, and the service has become one whose server gets the socket itself. */
static bool
is_stranded(const struct connection *connection)
{
	const struct conf_entry *entry = connection->standing->service->entry;

	return !connection->is_of_listener && (entry->is_wait || entry->socktype == CONF_DGRAM);
}

void
client_consider(struct connection *connection)
{
	const struct service *service = connection->standing->service;
	struct limits_answer limits;
	struct access_answer answer;
	struct access_client who = {.fd = connection->fd,
	    .address = &connection->peer.address.any,
	    .len = connection->peer.len,
	    .is_datagram = connection->is_of_listener,
	    .rounds = connection->rounds};

	if (service == NULL || is_stranded(connection)) {
		ending_turn_away(connection, RECORD_FAILED, "its service is gone");
		return;
	}
	if (!gate_may_go(connection, &limits)) {
		hold_off(connection, &limits);
		return;
	}
	if (is_nobody(connection)) {
		serving_begin(connection, NULL);
		return;
	}
	switch (access_ask(&connection->inetd->access, service->access, &who, &answer)) {
	case ACCESS_ADMIT:
		forget_rounds(connection);
		remember_rule(connection, &answer);
		serving_begin(connection, &answer);
		break;
	case ACCESS_REFUSE:
		forget_rounds(connection);
		remember_rule(connection, &answer);
		refuse(connection, &who, &answer);
		break;
	case ACCESS_LATER:
		wait_for_tables(connection);
		break;
	case ACCESS_CHILD:
		forget_rounds(connection);
		judging_begin(connection);
		break;
	}
}

void
client_arrive(struct listener *listener, int fd, const struct peer *peer)
{
	struct inetd *inetd = listener->all->ctx;
	struct standing *standing = gate_standing(listener);
	struct connection *connection =
	    standing != NULL ? connection_new(inetd, standing, fd, peer) : NULL;

	if (connection == NULL) {
		close(fd);
		if (standing != NULL)
			gate_shortage(inetd, standing, "remember a client", ENOMEM);
		return;
	}
	standing->counters.accepted++;
	client_consider(connection);
}

bool
client_knock(struct listener *listener, const struct peer *peer)
{
	struct inetd *inetd = listener->all->ctx;
	struct standing *standing = listener->endpoint->service->standing;
	struct connection *connection = connection_new(inetd, standing, listener->fd, peer);

	if (connection == NULL) {
		gate_shortage(inetd, standing, "remember a client", ENOMEM);
		return false;
	}
	if (listener->server != NULL) /* one that had the socket before may still be at work */
		connection_forget(listener->server);
	connection->is_of_listener = true;
	connection->rounds = listener->rounds;
	connection->listener = listener;
	listener->server = connection;
	standing->counters.accepted++;
	client_consider(connection);
	return listener->server == connection;
}
