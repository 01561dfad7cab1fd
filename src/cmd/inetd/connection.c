/*
 * NAME     connection - who is being served, or waits to be
 * INVARIANTS  Its standing lives as long as it does. Descriptors that it has are closed with it.
 */
#include "cmd/inetd/connection.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/inetd/clock.h"
#include "cmd/inetd/inetd.h"

/* Of a unix socket, and of any other family, there is no source. */
static bool
find_source(const struct peer *peer, struct addr *ret)
{
	if (peer->len >= sizeof peer->address.v4 && peer->address.any.sa_family == AF_INET)
		*ret = addr_from_v4(&peer->address.v4.sin_addr);
	else if (peer->len >= sizeof peer->address.v6 && peer->address.any.sa_family == AF_INET6)
		*ret = addr_from_v6(&peer->address.v6.sin6_addr, peer->address.v6.sin6_scope_id);
	else
		return false;
	return true;
}

static void
release(struct watch *watch)
{
	struct connection *connection = (struct connection *)watch;

	free(connection->rule_file);
	free(connection);
}

struct connection *
connection_new(struct inetd *inetd, struct standing *standing, int fd, const struct peer *peer)
{
	struct connection *connection = calloc(1, sizeof *connection);

	if (connection == NULL)
		return NULL;
	connection->alarm.ring = inetd->connections.ring;
	if (!reactor_enroll(&inetd->reactor, &connection->alarm)) {
		free(connection);
		return NULL;
	}
	connection->link_watch =
	    (struct watch){.ready = inetd->connections.hear, .release = release};
	connection->inetd = inetd;
	connection->standing = standing;
	connection->peer = *peer;
	connection->has_source = find_source(peer, &connection->source);
	connection->fd = fd;
	connection->link_fd = -1;
	connection->started_ms = clock_now_ms();
	standing->connections++;
	return connection;
}

static struct connection **
bucket(struct connections *connections, pid_t pid)
{
	return &connections->buckets[(unsigned)pid % CONNECTION_BUCKETS];
}

void
connection_track(struct connection *connection, pid_t pid)
{
	struct connection **first = bucket(&connection->inetd->connections, pid);

	connection->pid = pid;
	connection->next = *first;
	*first = connection;
}

void
connection_untrack(struct connection *connection)
{
	struct connection **at = bucket(&connection->inetd->connections, connection->pid);

	while (*at != NULL && *at != connection)
		at = &(*at)->next;
	if (*at != NULL)
		*at = connection->next;
	connection->pid = 0;
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
connection_wait(struct connection *connection, int64_t at_ms)
{
	struct standing *standing = connection->standing;

	if (connection->at_waiting == NULL) {
		connection->next_waiting = NULL;
		connection->at_waiting = standing->waiting_end;
		*standing->waiting_end = connection;
		standing->waiting_end = &connection->next_waiting;
		standing->waiting_count++;
	}
	if (at_ms != LIMITS_UNTIL_GIVEN)
		reactor_set_alarm(&connection->inetd->reactor, &connection->alarm, at_ms);
}

void
connection_stop_waiting(struct connection *connection)
{
	struct standing *standing = connection->standing;

	if (connection->at_waiting == NULL)
		return;
	*connection->at_waiting = connection->next_waiting;
	if (connection->next_waiting != NULL)
		connection->next_waiting->at_waiting = connection->at_waiting;
	else
		standing->waiting_end = connection->at_waiting;
	connection->at_waiting = NULL;
	standing->waiting_count--;
	reactor_stop_alarm(&connection->inetd->reactor, &connection->alarm);
}

void
connection_judge(struct connection *connection)
{
	struct standing *standing = connection->standing;

	connection->next_judged = standing->judged;
	connection->at_judged = &standing->judged;
	if (connection->next_judged != NULL)
		connection->next_judged->at_judged = &connection->next_judged;
	standing->judged = connection;
	standing->judged_count++;
}

void
connection_stop_judging(struct connection *connection)
{
	if (connection->at_judged == NULL)
		return;
	*connection->at_judged = connection->next_judged;
	if (connection->next_judged != NULL)
		connection->next_judged->at_judged = connection->at_judged;
	connection->at_judged = NULL;
	if (connection->is_command)
		connection->standing->command_count--;
	else
		connection->standing->judged_count--;
}

void
connection_note_command(struct connection *connection)
{
	if (connection->at_judged == NULL || connection->is_command)
		return;
	connection->is_command = true;
	connection->standing->judged_count--;
	connection->standing->command_count++;
}

static struct source_key
key_of(const struct connection *connection)
{
	const struct conf_entry *entry = connection->standing->service->entry;

	return sources_key(&connection->standing->limits.share, &connection->source,
	    entry->prefix4_bits, entry->prefix6_bits);
}

size_t
connection_count_judged(const struct connection *connection)
{
	struct source_key own, other;
	size_t count = 0;

	if (!connection->has_source || connection->standing->service == NULL)
		return 0;
	own = key_of(connection);
	for (const struct connection *c = connection->standing->judged; c != NULL;
	     c = c->next_judged) {
		other = key_of(c);
		count += c->has_source && memcmp(&own, &other, sizeof own) == 0;
	}
	return count;
}

void
connection_close_fd(struct connection *connection)
{
	if (connection->fd >= 0 && !connection->is_of_listener)
		close(connection->fd);
	connection->fd = -1;
}

void
connection_close_link(struct connection *connection)
{
	if (connection->link_fd < 0)
		return;
	reactor_remove(&connection->inetd->reactor, connection->link_fd);
	close(connection->link_fd);
	connection->link_fd = -1;
}

void
connection_end(struct connection *connection)
{
	connection_stop_waiting(connection);
	connection_stop_judging(connection);
	connection_close_fd(connection);
	connection_close_link(connection);
	if (connection->pid > 0)
		connection_untrack(connection);
	reactor_dismiss(&connection->inetd->reactor, &connection->alarm);
	standing_leave(&connection->inetd->standings, connection->standing);
	reactor_retire(&connection->inetd->reactor, &connection->link_watch);
}

void
connection_forget(struct connection *connection)
{
	connection->listener = NULL;
}
