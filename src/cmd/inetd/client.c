/*
 * NAME     client - from somebody who has come to somebody who is served
 * PURPOSE  Every client passes here: limits, rules, limits again when it is admitted, and then the
 *          one who serves it. What inetd cannot decide at once, a child or a later moment decides.
 * INVARIANTS  Nobody has a place (limits_take) who has not been admitted by the rules. Whoever takes
 *          one gives it back at the end. A client that waits is in the line of its service, and has
 *          an alarm, or somebody will call: tables that are being read, a place that is given back.
 *          Faults refuse.
 * LIMITS   WAITING_MAX: sockets that inetd keeps for clients of one service whom it does not serve yet.
 * SEE      limit/limits.h, access/access.h, child.h
 */
#include "cmd/inetd/client.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/inetd/access/child.h"
#include "cmd/inetd/clock.h"
#include "cmd/inetd/internal/internal.h"
#include "cmd/inetd/limit/news.h"
#include "cmd/inetd/log.h"
#include "cmd/inetd/redirect/redirect.h"
#include "peer/socket.h"

enum {
	WAITING_MAX = 256,
	HELD_MAX = WAITING_MAX / 2, /* of them, when those who are over a limit of their own come */
	/* Children that judge for one service: each may wait ten seconds for a name. So one source, which
	 * can make them wait, never has all of them. */
	JUDGED_MAX = 256,
	JUDGED_OF_SOURCE_MAX = 32,
	SHORTAGE_PAUSE_MS = 250, /* no descriptor, memory or process */
	TABLES_PAUSE_MS = 20, /* a datagram, while tables are being read */
	SHORTAGE_TELL_MS = 60000, /* a flood must not flood the log */
	FAILURE_PAUSE_MS = 1000, /* a server that cannot be started, its client still there */
	/* A server that gets a listening socket is started no more often, since one that ends at
	 * once, its client still there, would be started for ever: some per cent of a processor. */
	AGAIN_MS = 20,
	NEWS_MAX = 256,
};

static void consider(struct connection *);

static const struct conf_entry *
entry_of(const struct connection *connection)
{
	return connection->standing->service->entry;
}

/* ---- the end ---- */

static void
tell_record(const struct connection *connection)
{
	const struct service *service = connection->standing->service;
	struct record record = connection->record;
	char text[PEER_TEXT_MAX], storage[RECORD_LINE_MAX];
	unsigned parts;
	struct buf line;

	if (connection->is_put_back ||
	    service == NULL || /* its line went: so did what it wants to be told */
	    !record_is_due(
	        connection->inetd->record_mode, record.verdict, service->entry->log_on_failure))
		return;
	parts = record.verdict == RECORD_ADMITTED ? service->entry->log_on_success
	                                          : service->entry->log_on_failure;
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
	record_format(&record, parts, &line);
	log_line(LOG_INFO, "%s", line.bytes);
}

/* Give its place back, tell, and let go. Whoever waits for the place may be served in here. */
static void
finish(struct connection *connection, enum limits_end how)
{
	struct inetd *inetd = connection->inetd;
	struct standing *standing = connection->standing;
	struct listener *listener = connection->listener;
	int64_t now_ms = clock_now_ms();
	bool is_hasty = connection->pid > 0 && now_ms - connection->started_ms < AGAIN_MS;
	bool is_free = limits_give(&connection->ticket, how, now_ms);

	tell_record(connection);
	standing->connections++; /* it may have been the last one */
	connection_end(connection);
	if (listener != NULL && listener->server == connection) {
		listener->server = NULL;
		if (is_hasty && listener->endpoint->socktype != SOCK_DGRAM)
			listener_pause(listener, AGAIN_MS);
		listener_resume(listener);
	}
	if (is_free)
		clients_wake(inetd, standing);
	standing_leave(&inetd->standings, standing);
}

static void
turn_away(struct connection *connection, enum record_verdict verdict, const char *reason)
{
	connection->record.verdict = verdict;
	connection->record.reason = reason;
	finish(connection, LIMITS_ENDED_UNKNOWN);
}

/* It stays in the kernel's queue, and comes again: nobody has come yet. */
static void
put_back(struct connection *connection)
{
	connection->standing->counters.accepted--;
	connection->is_put_back = true;
	finish(connection, LIMITS_ENDED_UNKNOWN);
}

/* ---- limits ---- */

void
client_tell_news(struct standing *standing)
{
	int64_t now_ms = clock_now_ms();
	char storage[NEWS_MAX];
	struct buf text;
	enum news news;

	if (standing->service == NULL)
		return;
	for (;;) {
		buf_init(&text, storage, sizeof storage, sizeof storage - 1);
		news = news_next(standing->service->entry, &standing->limits, now_ms, &text);
		if (news == NEWS_NONE)
			break;
		log_line(news == NEWS_BEGINS ? LOG_WARNING : LOG_NOTICE, "%s: %s",
		    standing->service->name, text.bytes);
	}
	if (standing->limits.news_ms != 0)
		reactor_set_alarm(standing->reactor, &standing->news, standing->limits.news_ms);
}

void
client_ring_news(struct alarm *alarm, int64_t now_ms)
{
	(void)now_ms;
	client_tell_news((struct standing *)((char *)alarm - offsetof(struct standing, news)));
}

/* By those who are there and not served yet. */
static bool
is_crowded(const struct standing *standing)
{
	return standing->waiting_count >= WAITING_MAX || standing->judged_count >= JUDGED_MAX;
}

bool
client_may_come(struct listener *listener)
{
	const struct service *service = listener->endpoint->service;
	struct limits_answer answer =
	    limits_door(service->entry, &service->standing->limits, clock_now_ms());

	if (answer.say != LIMITS_GO) {
		client_tell_news(service->standing);
		listener_rest(listener, answer.until_ms);
	} else if (is_crowded(service->standing)) {
		listener_pause(listener, SHORTAGE_PAUSE_MS);
		return false;
	}
	return answer.say == LIMITS_GO;
}

bool
client_may_follow(const struct listener *listener)
{
	const struct service *service = listener->endpoint->service;

	return listener->is_armed && !is_crowded(service->standing) &&
	    limits_door(service->entry, &service->standing->limits, clock_now_ms()).say ==
	    LIMITS_GO;
}

/* For inetctl. */
static void
note_error(struct standing *standing, const char *what, int error)
{
	char storage[NEWS_MAX];
	struct buf text;

	buf_init(&text, storage, sizeof storage, sizeof storage - 1);
	buf_add_str(&text, "cannot ");
	buf_add_str(&text, what);
	buf_add_str(&text, ": ");
	buf_add_str(&text, strerror(error));
	standing_note_error(standing, text.bytes);
}

void
client_shortage(struct inetd *inetd, struct standing *standing, const char *what, int error)
{
	int64_t now_ms = clock_now_ms();

	if (standing->shortage_ms == 0 || now_ms - standing->shortage_ms >= SHORTAGE_TELL_MS) {
		standing->shortage_ms = now_ms;
		log_line(LOG_ERR, "%s: cannot %s: %s (pausing; those in the queue wait)",
		    standing->service != NULL ? standing->service->name : standing->id, what,
		    strerror(error));
	}
	note_error(standing, what, error);
	listeners_pause(&inetd->listeners, standing, SHORTAGE_PAUSE_MS);
}

/* The loop has nothing to serve a client with that is accepted already. */
static void
fail(struct connection *connection, const char *what, int error)
{
	connection->standing->counters.failed++;
	client_shortage(connection->inetd, connection->standing, what, error);
	turn_away(connection, RECORD_FAILED, what);
}

/* May it wait? Sources that are over leave room for those that are not. */
static bool
has_room(const struct connection *connection, const struct limits_answer *answer)
{
	size_t most = answer->say == LIMITS_WAIT ? WAITING_MAX : HELD_MAX;

	if (answer->say != LIMITS_WAIT && answer->say != LIMITS_HOLD_SOURCE)
		return false;
	return connection->at_waiting != NULL || connection->standing->waiting_count < most;
}

/* Of a listener's own queue: what stays there would come again at once. */
static void
drop(const struct listener *listener)
{
	int fd;

	if (listener->endpoint->socktype == SOCK_DGRAM) {
		peer_drop_datagram(listener->fd);
		return;
	}
	fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0)
		close(fd);
}

/* A limit says no: for now, or for good. */
static void
hold_off(struct connection *connection, const struct limits_answer *answer)
{
	struct standing *standing = connection->standing;

	client_tell_news(standing);
	if (connection->is_of_listener && answer->say == LIMITS_WAIT) {
		listener_rest(connection->listener, answer->until_ms);
		put_back(connection);
	} else if (!connection->is_of_listener && has_room(connection, answer)) {
		connection_wait(connection, answer->until_ms);
	} else {
		if (connection->is_of_listener)
			drop(connection->listener);
		standing->counters.limited++;
		turn_away(connection, RECORD_LIMITED, limits_reason(answer->why));
	}
}

static bool
may_go(const struct connection *connection, struct limits_answer *ret)
{
	if (connection->standing->is_paused) {
		*ret = (struct limits_answer){.say = LIMITS_WAIT, .until_ms = LIMITS_UNTIL_GIVEN};
		return false;
	}
	*ret = limits_ask(entry_of(connection), &connection->standing->limits,
	    connection->has_source ? &connection->source : NULL, clock_now_ms());
	return ret->say == LIMITS_GO;
}

static bool
take_place(struct connection *connection)
{
	connection->ticket = limits_take(entry_of(connection), &connection->standing->limits,
	    connection->has_source ? &connection->source : NULL, clock_now_ms());
	if (connection->ticket.limits == NULL)
		return false;
	connection_stop_waiting(connection);
	connection->standing->counters.admitted++;
	connection->stage = CONNECTION_SERVED;
	return true;
}

/* ---- who serves ---- */

static void
tell_failure(struct connection *connection, const struct child_failure *failure)
{
	const struct service *service = connection->standing->service;
	const struct access_client who = {
	    .fd = connection->fd, .is_datagram = connection->is_of_listener};

	connection->standing->counters.failed++;
	connection->record.verdict = RECORD_FAILED;
	connection->record.reason = failure->step;
	note_error(connection->standing, failure->step, failure->error);
	if (service == NULL || strcmp(failure->step, "execute") != 0 ||
	    !access_failed(&service->access, &who, connection->pid, failure->error))
		log_line(LOG_ERR, "%s: %s: cannot %s: %s", connection->standing->id,
		    service != NULL ? service->server : "server", failure->step,
		    strerror(failure->error));
	if (connection->is_of_listener && connection->listener != NULL)
		listener_pause(connection->listener, FAILURE_PAUSE_MS);
}

static void
start_server(struct connection *connection, const struct access_answer *answer)
{
	const struct service *service = connection->standing->service;
	const struct child_client client = {
	    .peer = connection->peer.len > 0 ? &connection->peer.address.any : NULL};
	struct child_failure failure;
	pid_t pid =
	    child_start(service, connection->fd, &client, &connection->inetd->world, &failure);

	if (pid < 0) {
		fail(connection, "make a process for a client", errno);
		return;
	}
	connection_track(connection, pid);
	if (connection->peer.len > 0)
		access_admitted(&service->access, answer, pid);
	if (failure.step != NULL)
		tell_failure(connection, &failure);
	else
		log_line(LOG_DEBUG, "%s: started %s[%d]", service->name, service->server, (int)pid);
	connection_close_fd(connection);
}

static void
ended(void *ctx, const struct internal_end *end)
{
	struct connection *connection = ctx;

	connection->record.has_traffic = true;
	connection->record.in_bytes = end->bytes_in;
	connection->record.out_bytes = end->bytes_out;
	connection->record.end = end->error != 0 ? strerror(end->error) : end->how;
	finish(connection, LIMITS_ENDED_WELL);
}

/* By inetd itself: the connection may be over before this returns. */
static void
serve_here(struct connection *connection)
{
	static const struct internal_host host = {.ended = ended};
	const struct service *service = connection->standing->service;
	struct reactor *reactor = &connection->inetd->reactor;
	int fd = connection->fd;

	connection->fd = -1;
	connection->is_served_here = true;
	greeting_send(fd, service->setup.greeting_admitted);
	if (service->entry->kind == CONF_REDIRECT)
		redirect_serve(reactor, service->target, fd, &host, connection);
	else
		internal_serve(reactor, service->entry->kind, fd, &host, connection);
}

static void
serve(struct connection *connection, const struct access_answer *answer)
{
	const struct service *service = connection->standing->service;

	if (!take_place(connection)) {
		fail(connection, "remember a client", ENOMEM);
	} else if (service->entry->kind == CONF_SERVER) {
		start_server(connection, answer);
	} else {
		access_admitted(&service->access, answer, getpid());
		greeting_send(connection->fd, service->setup.greeting);
		serve_here(connection);
	}
}

/* ---- the child that judges ---- */

static int
judge(void *context)
{
	const struct access_question *question = context;

	child_name(access_judge_here(question));
	if (question->is_all)
		_exit(EXIT_SUCCESS);
	return 0;
}

static void
ask_child(struct connection *connection)
{
	const struct service *service = connection->standing->service;
	const struct child_client client = {.peer = &connection->peer.address.any};
	int ends[2];
	struct access_question question = {.rules = &service->access,
	    .greeting = service->setup.greeting_refused,
	    .fd = connection->fd,
	    .is_confined = service->entry->chroot.text != NULL,
	    .is_all = service->entry->kind != CONF_SERVER};
	struct child_judge how = {.ask = judge, .context = &question, .log_fd = -1};
	pid_t pid;

	if (connection_count_judged(connection) >= JUDGED_OF_SOURCE_MAX) {
		connection->standing->counters.limited++;
		turn_away(connection, RECORD_LIMITED, "too many of its source are being judged");
		return;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
		fail(connection, "judge a client", errno);
		return;
	}
	question.loop_fd = how.link_fd = ends[1];
	connection->link_fd = ends[0];
	pid = reactor_add(&connection->inetd->reactor, &connection->link_watch, ends[0], EPOLLIN)
	    ? child_fork_judge(service, connection->fd, &client, &connection->inetd->world, &how)
	    : -1;
	close(ends[1]);
	if (pid < 0) {
		fail(connection, "make a process for a client", errno);
		return;
	}
	connection_stop_waiting(connection);
	connection->stage = CONNECTION_JUDGED;
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

/* It is gone, or a program serves now whom inetd itself would have served: then the child does not. */
static bool
is_another_service(const struct connection *connection)
{
	return connection->standing->service == NULL ||
	    (connection->fd >= 0 && !connection->is_of_listener &&
	        entry_of(connection)->kind == CONF_SERVER);
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
static void
seek_place(struct connection *connection)
{
	struct limits_answer answer;

	connection->stage = CONNECTION_ASKED;
	connection_stop_judging(connection);
	if (is_another_service(connection)) {
		deny_place(connection, RECORD_FAILED, "its service is gone");
	} else if (!may_go(connection, &answer)) {
		client_tell_news(connection->standing);
		if (has_room(connection, &answer)) {
			connection_wait(connection, answer.until_ms);
			return;
		}
		connection->standing->counters.limited++;
		deny_place(connection, RECORD_LIMITED, limits_reason(answer.why));
	} else if (!take_place(connection)) {
		deny_place(connection, RECORD_FAILED, "remember a client");
	} else {
		answer_child(connection, ACCESS_GOES);
		if (connection->fd >= 0)
			serve_here(connection);
	}
}

void
client_hear(struct watch *watch, uint32_t events)
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
			tell_failure(connection, &failure);
		else if (len == 1 && message[0] == ACCESS_ASKS &&
		    connection->stage == CONNECTION_JUDGED)
			seek_place(connection);
	}
	connection_close_link(connection); /* it serves now, or it is at its end */
	if (connection->stage == CONNECTION_JUDGED)
		connection_close_fd(connection);
}

/* ---- the way ---- */

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
	if (!who->is_datagram)
		greeting_send(connection->fd, service->setup.greeting_refused);
	access_refuse(&connection->inetd->access, &service->access, who, answer);
	turn_away(connection, RECORD_REFUSED, NULL);
}

static void
wait_for_tables(struct connection *connection)
{
	if (connection->is_of_listener) { /* the client stays where it is */
		connection->listener->rounds++;
		listener_pause(connection->listener, TABLES_PAUSE_MS);
		put_back(connection);
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

/* Whoever accepts by himself is not known yet. */
static bool
is_nobody(const struct connection *connection)
{
	return connection->is_of_listener && connection->peer.len == 0;
}

static void
consider(struct connection *connection)
{
	const struct service *service = connection->standing->service;
	struct limits_answer limits;
	struct access_answer answer;
	struct access_client who = {.fd = connection->fd,
	    .address = &connection->peer.address.any,
	    .len = connection->peer.len,
	    .is_datagram = connection->is_of_listener,
	    .rounds = connection->rounds};

	if (service == NULL) {
		turn_away(connection, RECORD_FAILED, "its service is gone");
		return;
	}
	if (!may_go(connection, &limits)) {
		hold_off(connection, &limits);
		return;
	}
	if (is_nobody(connection)) {
		serve(connection, NULL);
		return;
	}
	switch (access_ask(&connection->inetd->access, &service->access, &who, &answer)) {
	case ACCESS_ADMIT:
		forget_rounds(connection);
		remember_rule(connection, &answer);
		serve(connection, &answer);
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
		ask_child(connection);
		break;
	}
}

void
client_arrive(struct listener *listener, int fd, const struct peer *peer)
{
	struct inetd *inetd = listener->all->ctx;
	struct standing *standing = listener->endpoint->service->standing;
	struct connection *connection = connection_new(inetd, standing, fd, peer);

	if (connection == NULL) {
		close(fd);
		client_shortage(inetd, standing, "remember a client", ENOMEM);
		return;
	}
	standing->counters.accepted++;
	consider(connection);
}

bool
client_knock(struct listener *listener, const struct peer *peer)
{
	struct inetd *inetd = listener->all->ctx;
	struct standing *standing = listener->endpoint->service->standing;
	struct connection *connection = connection_new(inetd, standing, listener->fd, peer);

	if (connection == NULL) {
		client_shortage(inetd, standing, "remember a client", ENOMEM);
		return false;
	}
	if (listener->server != NULL) /* one that had the socket before may still be at work */
		connection_forget(listener->server);
	connection->is_of_listener = true;
	connection->rounds = listener->rounds;
	connection->listener = listener;
	listener->server = connection;
	standing->counters.accepted++;
	consider(connection);
	return listener->server == connection;
}

/* ---- those who wait ---- */

/* It stays in line, where it is, if it has to wait again. */
static void
retry(struct connection *connection)
{
	reactor_stop_alarm(&connection->inetd->reactor, &connection->alarm);
	connection->waits_for_tables = false;
	if (connection->stage == CONNECTION_ASKED)
		seek_place(connection);
	else
		consider(connection);
}

/* The oldest first. What retry does may end others, and call in here again: then the outer call
 * goes on from the start. */
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
clients_wake(struct inetd *inetd, struct standing *standing)
{
	if (standing->is_waking)
		return;
	standing->is_waking = true;
	ask_again(standing, false);
	standing->is_waking = false;
	listeners_wake(&inetd->listeners, standing);
}

/* A wait is over: it may be another one's turn. Those who wait on get other times. */
void
client_ring(struct alarm *alarm, int64_t now_ms)
{
	struct connection *connection =
	    (struct connection *)((char *)alarm - offsetof(struct connection, alarm));
	struct inetd *inetd = connection->inetd;
	struct standing *standing = connection->standing;

	(void)now_ms;
	standing->connections++; /* it may be its last one */
	clients_wake(inetd, standing);
	standing_leave(&inetd->standings, standing);
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
clients_tables_read(struct inetd *inetd)
{
	ask_all(inetd, true);
}

void
clients_reconsider(struct inetd *inetd)
{
	ask_all(inetd, false);
}

/* ---- a child that has ended ---- */

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
client_child_ended(struct connection *connection, int status, const struct rusage *usage)
{
	struct counters *counters = &connection->standing->counters;

	if (connection->link_fd >= 0)
		client_hear(&connection->link_watch, EPOLLIN); /* what it said last */
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
	finish(connection, judge_end(connection, status));
}
