/*
 * NAME     judging - a child decides what the loop cannot decide at once
 * INVARIANTS  A child that has admitted its client asks for a place before it becomes the server, and gives
 *          up if there is no answer.
 * LIMITS   JUDGED_MAX, JUDGED_OF_SOURCE_MAX, COMMANDS_MAX
 * SEE      access/child.h, child.h
 */
#include "cmd/inetd/judging.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmd/inetd/access/child.h"
#include "cmd/inetd/clock.h"
#include "cmd/inetd/ending.h"
#include "cmd/inetd/gate.h"
#include "cmd/inetd/serving.h"
#include "peer/socket.h"

enum {
	/* Children that judge for one service: each may wait ten seconds for a name. Those who need one
	 * more wait; whom the loop can judge does not. */
	JUDGED_MAX = 256,
	JUDGED_RETRY_MS = 100,
	/* One source, which can make children wait for a name, never has all that there may be. */
	JUDGED_OF_SOURCE_MAX = 32,
	/* Of a service. They keep nobody waiting whom the loop can judge: strangers may have brought
	 * them about, and keep them running. */
	COMMANDS_MAX = 256,
};

static int
judge(void *context)
{
	const struct access_question *question = context;

	child_name(access_judge_here(question));
	if (question->is_all)
		_exit(EXIT_SUCCESS);
	return 0;
}

/* Until another child has decided. They take no more room than sources that are over a limit. */
static bool
waits(struct connection *connection)
{
	static const struct limits_answer held = {.say = LIMITS_HOLD_SOURCE};

	if (connection->standing->judged_count < JUDGED_MAX || connection->is_of_listener ||
	    !gate_has_room(connection, &held))
		return false;
	connection_wait(connection, clock_now_ms() + JUDGED_RETRY_MS);
	return true;
}

/* True: it is turned away. */
static bool
is_over(struct connection *connection)
{
	const char *reason = NULL;

	if (connection->standing->judged_count >= JUDGED_MAX)
		reason = "too many are being judged";
	else if (connection->standing->command_count >= COMMANDS_MAX)
		reason = "too many commands run in its server's place";
	else if (connection_count_judged(connection) >= JUDGED_OF_SOURCE_MAX)
		reason = "too many of its source are being judged";
	if (reason == NULL)
		return false;
	if (connection->is_of_listener) /* its datagram would bring it back at once */
		peer_drop_datagram(connection->fd);
	connection->standing->counters.limited++;
	ending_turn_away(connection, RECORD_LIMITED, reason);
	return true;
}

void
judging_begin(struct connection *connection)
{
	const struct service *service = connection->standing->service;
	const struct child_client client = {
	    .peer = connection->peer.len > 0 ? &connection->peer.address.any : NULL};
	int ends[2];
	struct access_question question = {.rules = service->access,
	    .greeting = service->setup->greeting_refused,
	    .fd = connection->fd,
	    .is_confined = service->entry->chroot.text != NULL,
	    .is_all = service->entry->kind != CONF_SERVER};
	struct child_judge how = {.ask = judge, .context = &question, .log_fd = -1};
	pid_t pid;

	if (waits(connection) || is_over(connection))
		return;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
		ending_fail(connection, "judge a client", errno);
		return;
	}
	question.loop_fd = how.link_fd = ends[1];
	connection->link_fd = ends[0];
	pid = reactor_add(&connection->inetd->reactor, &connection->link_watch, ends[0], EPOLLIN)
	    ? child_fork_judge(service, connection->fd, &client, &connection->inetd->world, &how)
	    : -1;
	close(ends[1]);
	if (pid < 0) {
		ending_fail(connection, "make a process for a client", errno);
		return;
	}
	connection_stop_waiting(connection);
	connection->stage = CONNECTION_JUDGED;
	connection->terms = service_terms(service);
	connection_judge(connection);
	connection_track(connection, pid);
	if (!question.is_all)
		connection_close_fd(connection);
}

static void
answer_child(struct connection *connection, char answer)
{
	if (send(connection->link_fd, &answer, 1, MSG_DONTWAIT | MSG_NOSIGNAL) != 1)
		connection_close_link(connection); /* then it has to give up */
}

/* It is gone, or not what the client was judged for: the child knows only the one that was. */
static bool
is_another_service(const struct connection *connection)
{
	const struct service *service = connection->standing->service;

	return service == NULL || service_terms(service) != connection->terms;
}

static void
deny_place(struct connection *connection, enum record_verdict verdict, const char *reason)
{
	connection_stop_waiting(connection);
	connection->record.verdict = verdict;
	connection->record.reason = reason;
	answer_child(connection, ACCESS_CLOSES);
}

/* It has admitted the client: is there a place? */
void
judging_seek_place(struct connection *connection)
{
	struct limits_answer answer;

	connection->stage = CONNECTION_ASKED;
	connection_stop_judging(connection);
	if (is_another_service(connection)) {
		deny_place(connection, RECORD_FAILED, "its service is gone");
	} else if (!gate_may_go(connection, &answer)) {
		gate_tell_news(connection->standing);
		if (gate_has_room(connection, &answer)) {
			connection_wait(connection, answer.until_ms);
			return;
		}
		deny_place(connection, gate_turn_away(connection->standing, answer.why),
		    limits_reason(answer.why));
	} else if (!gate_take_place(connection)) {
		deny_place(connection, RECORD_FAILED, "remember a client");
	} else {
		answer_child(connection, ACCESS_GOES);
		if (connection->fd >= 0)
			serving_here(connection);
	}
}

void
judging_hear(struct watch *watch, uint32_t events)
{
	struct connection *connection = (struct connection *)watch;
	struct child_failure failure;
	char message[64];
	ssize_t len;

	(void)events;
	while (connection->link_fd >= 0 &&
	    (len = recv(connection->link_fd, message, sizeof message, MSG_DONTWAIT)) != 0) {
		if (len < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (len < 0)
			break;
		if (child_hear(message, (size_t)len, &failure))
			serving_tell_failure(connection, &failure);
		else if (len == 1 && message[0] == ACCESS_ASKS &&
		    connection->stage == CONNECTION_JUDGED)
			judging_seek_place(connection);
	}
	connection_close_link(connection); /* it serves now, or it is at its end */
	if (connection->stage == CONNECTION_JUDGED) {
		connection_close_fd(connection);
		connection_note_command(connection);
	}
}
