/*
 * NAME     ending - a client is served no more, or not at all
 * INVARIANTS  Whoever has a place gives it back here, and nowhere else.
 */
#include "cmd/inetd/ending.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include "cmd/inetd/clock.h"
#include "cmd/inetd/gate.h"
#include "cmd/inetd/log.h"
#include "peer/socket.h"

/* A server that gets a listening socket is started no more often, since one that ends at once, its client
 * still there, would be started for ever: some per cent of a processor. */
enum { AGAIN_MS = 20 };

static void
tell_record(const struct connection *connection)
{
	const struct service *service = connection->standing->service;
	struct record record = connection->record;
	char text[PEER_TEXT_MAX], storage[RECORD_LINE_MAX];
	/* If its line went, so did what it wants to be told. */
	unsigned on_success = service != NULL ? service->entry->log_on_success : 0;
	unsigned on_failure = service != NULL ? service->entry->log_on_failure : 0;
	struct buf line;

	if (connection->is_put_back ||
	    !record_is_due(connection->inetd->record_mode, record.verdict, on_failure))
		return;
	record.service = connection->standing->id;
	record.rule_file = connection->rule_file;
	record.pid = connection->pid;
	record.duration_ms = clock_now_ms() - connection->started_ms;
	if (connection->has_source) {
		peer_addr_text(&connection->peer.address.any, text);
		record.client = text;
		record.port = peer_port(&connection->peer.address.any);
	}
	buf_init(&line, storage, sizeof storage, sizeof storage - 1);
	record_format(&record, record.verdict == RECORD_ADMITTED ? on_success : on_failure, &line);
	log_text(LOG_INFO, line.bytes);
}

void
ending_finish(struct connection *connection, enum limits_end how)
{
	struct standing *standing = connection->standing;
	struct listener *listener = connection->listener;
	int64_t now_ms = clock_now_ms();
	bool is_hasty = connection->pid > 0 && now_ms - connection->started_ms < AGAIN_MS;
	bool is_free = connection->ticket.limits != NULL && standing->waiting_count > 0;

	is_free |= limits_give(&connection->ticket, how, now_ms);
	tell_record(connection);
	if (is_free) /* whoever waits is asked behind what goes on now */
		reactor_set_alarm(standing->reactor, &standing->place, now_ms);
	connection_end(connection);
	if (listener != NULL && listener->server == connection) {
		listener->server = NULL;
		if (is_hasty && listener->endpoint->socktype != SOCK_DGRAM)
			listener_pause(listener, AGAIN_MS);
		listener_resume(listener);
	}
}

void
ending_turn_away(struct connection *connection, enum record_verdict verdict, const char *reason)
{
	connection->record.verdict = verdict;
	connection->record.reason = reason;
	ending_finish(connection, LIMITS_ENDED_UNKNOWN);
}

/* It stays in the kernel's queue, and comes again: nobody has come yet. */
void
ending_put_back(struct connection *connection)
{
	connection->standing->counters.accepted--;
	connection->is_put_back = true;
	ending_finish(connection, LIMITS_ENDED_UNKNOWN);
}

/* The loop has nothing to serve a client with that is accepted already. */
void
ending_fail(struct connection *connection, const char *what, int error)
{
	connection->standing->counters.failed++;
	gate_shortage(connection->inetd, connection->standing, what, error);
	ending_turn_away(connection, RECORD_FAILED, what);
}

/* A crash is what a client cannot bring about by hanging up: not SIGPIPE, nor a status that a server
 * ends with by itself, unless it had no client. 126 and 127 are what shells and loaders say. */
static enum limits_end
judge_end(const struct connection *connection, int status)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP};
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;

	if (connection->stage != CONNECTION_SERVED)
		return LIMITS_ENDED_UNKNOWN;
	for (size_t i = 0; WIFSIGNALED(status) && i < sizeof faults / sizeof *faults; i++)
		if (WTERMSIG(status) == faults[i])
			return LIMITS_ENDED_BADLY;
	if (connection->record.verdict == RECORD_FAILED || code == 126 || code == 127 ||
	    (code != 0 && connection->is_of_listener))
		return LIMITS_ENDED_BADLY;
	return WIFEXITED(status) && code == 0 ? LIMITS_ENDED_WELL : LIMITS_ENDED_UNKNOWN;
}

void
ending_of_child(struct connection *connection, int status, const struct rusage *usage)
{
	struct counters *counters = &connection->standing->counters;

	if (connection->is_served_here) { /* it only judged */
		connection_untrack(connection);
		return;
	}
	counters->crashed += WIFSIGNALED(status);
	if (connection->stage != CONNECTION_SERVED &&
	    connection->record.verdict == RECORD_ADMITTED) {
		counters->refused++;
		connection->record.verdict = RECORD_REFUSED;
	}
	connection->record.has_status = true;
	connection->record.status = status;
	connection->record.cpu_us =
	    (int64_t)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000 +
	    usage->ru_utime.tv_usec + usage->ru_stime.tv_usec;
	ending_finish(connection, judge_end(connection, status));
}
