/*
 * NAME     queue - clients who are there and have to wait
 * INVARIANTS  Who waits is in the line of his service, and has an alarm, or somebody will call: tables that
 *          are being read, a place that is given back, another configuration. The oldest is asked first.
 */
#include "cmd/inetd/queue.h"

#include <stddef.h>

#include "cmd/inetd/client.h"
#include "cmd/inetd/judging.h"

/* It stays in line, where it is, if it has to wait again. */
static void
retry(struct connection *connection)
{
	reactor_stop_alarm(&connection->inetd->reactor, &connection->alarm);
	connection->waits_for_tables = false;
	if (connection->stage == CONNECTION_ASKED)
		judging_seek_place(connection);
	else
		client_consider(connection);
}

/* The oldest first. What retry does may end others: then it goes on from the start. */
static void
ask_again(struct standing *standing, bool for_tables)
{
	size_t left = standing->waiting_count;
	struct connection *connection = standing->waiting, *next;

	for (; connection != NULL && left > 0; left--, connection = next) {
		next = connection->next_waiting;
		if (connection->waits_for_tables != for_tables)
			continue;
		retry(connection);
		if (next != NULL && next->at_waiting == NULL)
			next = standing->waiting;
	}
}

void
queue_wake(struct inetd *inetd, struct standing *standing)
{
	standing->connections++; /* those who are asked may be its last ones */
	ask_again(standing, false);
	listeners_wake(&inetd->listeners, standing);
	standing_leave(&inetd->standings, standing);
}

/* A wait is over: it may be another one's turn. Those who wait on get other times. */
void
queue_ring(struct alarm *alarm, int64_t now_ms)
{
	struct connection *connection = owner_of(alarm, struct connection, alarm);

	(void)now_ms;
	queue_wake(connection->inetd, connection->standing);
}

void
queue_ring_place(struct alarm *alarm, int64_t now_ms)
{
	struct standing *standing = owner_of(alarm, struct standing, place);

	(void)now_ms;
	queue_wake(standing->all->ctx, standing);
}

static void
ask_all(struct inetd *inetd, bool for_tables)
{
	for (size_t i = 0; i < STANDING_BUCKETS; i++)
		for (struct standing *s = inetd->standings.buckets[i], *next; s != NULL; s = next) {
			s->connections++; /* those who are asked may be its last ones */
			ask_again(s, for_tables);
			next = s->next;
			standing_leave(&inetd->standings, s);
		}
}

void
queue_tables_read(struct inetd *inetd)
{
	ask_all(inetd, true);
}

void
queue_reconsider(struct inetd *inetd)
{
	ask_all(inetd, false);
}
