/*
 * NAME     connection - who is being served
 * INVARIANTS  A connection counts as running in its standing from connection_new to connection_end.
 */
#include "cmd/inetd/connection.h"

#include <stddef.h>
#include <stdlib.h>

#include "cmd/inetd/clock.h"

struct connection *
connection_new(struct standing *standing, const struct peer *peer)
{
	struct connection *connection = calloc(1, sizeof *connection);

	if (connection == NULL)
		return NULL;
	connection->standing = standing;
	connection->peer = *peer;
	connection->started_ms = clock_now_ms();
	standing->connections++;
	standing->running++;
	return connection;
}

static struct connection **
bucket(struct connections *connections, pid_t pid)
{
	return &connections->buckets[(unsigned)pid % CONNECTION_BUCKETS];
}

void
connection_track(struct connections *connections, struct connection *connection, pid_t pid)
{
	struct connection **first = bucket(connections, pid);

	connection->pid = pid;
	connection->next = *first;
	*first = connection;
}

struct connection *
connection_find(struct connections *connections, pid_t pid)
{
	struct connection *connection = *bucket(connections, pid);

	while (connection != NULL && connection->pid != pid)
		connection = connection->next;
	return connection;
}

void
connection_end(struct connections *connections, struct connection *connection)
{
	struct connection **at = bucket(connections, connection->pid);

	while (*at != NULL && *at != connection)
		at = &(*at)->next;
	if (*at != NULL)
		*at = connection->next;
	connection->standing->running--;
	standing_leave(connections->standings, connection->standing);
	free(connection);
}

void
connection_forget(struct connection *connection)
{
	connection->listener = NULL;
}
