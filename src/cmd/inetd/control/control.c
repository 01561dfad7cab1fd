/*
 * NAME     control - the control socket
 * PURPOSE  Reads a line, answers it, disconnects: one request a connection.
 * INVARIANTS  Nothing here waits: what a client does not take is kept until it can be sent, or
 *          until its time is over. A request is carried out only when its newline has come.
 * LIMITS   CLIENTS_MAX at a time, others wait in the queue; CLIENT_MS for a request and the same
 *          again for its answer; CONTROL_REQUEST_MAX, CONTROL_ANSWER_MAX; DRAIN_BYTES.
 * SEE      tool/control.h, unix(7) SO_PEERCRED
 */
#include "cmd/inetd/control/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmd/inetd/clock.h"
#include "cmd/inetd/control/answer.h"
#include "cmd/inetd/control/path.h"

enum {
	/* Each may hold an answer: this times CONTROL_ANSWER_MAX is what they cost at worst. */
	CLIENTS_MAX = 16,
	CLIENT_MS = 5000, /* inetctl needs one; a person at a terminal has time to type */
	/* Longer than a reading may take; then inetctl has gone away. */
	RELOAD_MS = 300000,
	SHORTAGE_MS = 1000, /* no descriptor, no memory: until it is tried again */
	DRAIN_BYTES = 16 << 10, /* what is unread at close would make a reset of the answer's end */
};

struct control_client {
	struct watch watch; /* first: a client is found by it */
	struct alarm alarm;
	struct control *control;
	struct control_client *next, **link; /* link: what points to it */
	int fd;
	enum { ASKING, WAITING, SENDING, GONE } stage; /* WAITING: for its answer */
	size_t len;
	char request[CONTROL_REQUEST_MAX];
	struct buf answer;
	size_t sent;
};

static void
watch_socket(struct control *control, bool wanted)
{
	if (control->is_watched == wanted)
		return;
	if (wanted)
		control->is_watched =
		    reactor_add(control->reactor, &control->watch, control->fd, EPOLLIN);
	else
		reactor_remove(control->reactor, control->fd);
	control->is_watched = wanted && control->is_watched;
}

/* ---- a client ---- */

static void
release(struct watch *watch)
{
	struct control_client *client = (struct control_client *)watch;

	buf_release(&client->answer);
	free(client);
}

static void
drain(int fd)
{
	char bytes[1024];

	for (size_t left = DRAIN_BYTES; left > 0; left -= sizeof bytes)
		if (recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) <= 0)
			return;
}

static void
disconnect(struct control_client *client)
{
	struct control *control = client->control;

	reactor_stop_alarm(control->reactor, &client->alarm);
	reactor_remove(control->reactor, client->fd);
	drain(client->fd);
	close(client->fd);
	*client->link = client->next;
	if (client->next != NULL)
		client->next->link = client->link;
	control->count--;
	client->stage = GONE;
	reactor_retire(control->reactor, &client->watch);
	if (!reactor_is_set(&control->alarm))
		watch_socket(control, true);
}

static void
run_out_of_time(struct alarm *alarm, int64_t now_ms)
{
	(void)now_ms;
	disconnect(owner_of(alarm, struct control_client, alarm));
}

/* What can be sent now; the rest when the client has taken some. */
static void
send_answer(struct control_client *client)
{
	struct buf *answer = &client->answer;
	ssize_t sent = send(client->fd, answer->bytes + client->sent, answer->len - client->sent,
	    MSG_NOSIGNAL | MSG_DONTWAIT);

	if (sent < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (sent > 0)
		client->sent += (size_t)sent;
	if (sent <= 0 || client->sent == answer->len)
		disconnect(client);
}

/* The answer is composed. From now on it is sent, as fast as the client takes it. */
static void
begin_to_send(struct control_client *client)
{
	struct reactor *reactor = client->control->reactor;

	client->stage = SENDING;
	if (!reactor_change(reactor, &client->watch, client->fd, EPOLLOUT) ||
	    !reactor_set_alarm(reactor, &client->alarm, clock_now_ms() + CLIENT_MS))
		disconnect(client);
	else
		send_answer(client);
}

static void
finish_answer(struct control_client *client, bool is_whole)
{
	if (is_whole ||
	    answer_error(&client->answer, "no memory, or more services than an answer holds"))
		begin_to_send(client);
	else
		disconnect(client);
}

/* For the end of a reload: only that it hangs up is news meanwhile. */
static void
wait_for_reload(struct control_client *client)
{
	struct reactor *reactor = client->control->reactor;

	if (client->stage != WAITING) /* it was over at once */
		return;
	if (!reactor_change(reactor, &client->watch, client->fd, 0) ||
	    !reactor_set_alarm(reactor, &client->alarm, clock_now_ms() + RELOAD_MS))
		disconnect(client);
}

static void
answer(struct control_client *client, size_t len)
{
	struct control *control = client->control;
	enum answer_status status;

	client->stage = WAITING;
	status = answer_request(control->ops, control->ctx, client->request, len, &client->answer);
	if (status == ANSWER_LATER)
		wait_for_reload(client);
	else
		finish_answer(client, status == ANSWER_READY);
}

static void
read_request(struct control_client *client)
{
	size_t room = sizeof client->request - client->len;
	char *start = client->request + client->len, *newline;
	ssize_t got = recv(client->fd, start, room, MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		disconnect(client);
		return;
	}
	client->len += (size_t)got;
	newline = memchr(start, '\n', (size_t)got);
	/* One that is too long is answered as what it is: no request. */
	if (newline != NULL || client->len == sizeof client->request)
		answer(client, newline != NULL ? (size_t)(newline - client->request) : client->len);
}

static void
attend(struct watch *watch, uint32_t events)
{
	struct control_client *client = (struct control_client *)watch;

	/* Else a hang-up is seen when it is read or written. */
	if (client->stage == WAITING && (events & (EPOLLHUP | EPOLLERR)) != 0)
		disconnect(client);
	else if (client->stage == SENDING)
		send_answer(client);
	else if (client->stage == ASKING)
		read_request(client);
}

/* ---- the socket ---- */

/* False: no memory; fd is the caller's. */
static bool
admit(struct control *control, int fd)
{
	struct control_client *client = calloc(1, sizeof *client);

	if (client == NULL)
		return false;
	*client = (struct control_client){.watch = {.ready = attend, .release = release},
	    .alarm = {.ring = run_out_of_time},
	    .control = control,
	    .fd = fd,
	    .next = control->clients,
	    .link = &control->clients};
	buf_init(&client->answer, NULL, 0, CONTROL_ANSWER_MAX);
	if (!reactor_set_alarm(control->reactor, &client->alarm, clock_now_ms() + CLIENT_MS) ||
	    !reactor_add(control->reactor, &client->watch, fd, EPOLLIN)) {
		reactor_stop_alarm(control->reactor, &client->alarm);
		free(client);
		return false;
	}
	if (client->next != NULL)
		client->next->link = &client->next;
	control->clients = client;
	control->count++;
	return true;
}

static void
rest(struct control *control)
{
	watch_socket(control, false);
	if (!reactor_set_alarm(control->reactor, &control->alarm, clock_now_ms() + SHORTAGE_MS))
		watch_socket(control, true);
}

static void
wake(struct alarm *alarm, int64_t now_ms)
{
	struct control *control = owner_of(alarm, struct control, alarm);

	(void)now_ms;
	watch_socket(control, control->count < CLIENTS_MAX);
}

static bool
is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static void
accept_client(struct watch *watch, uint32_t events)
{
	struct control *control = (struct control *)watch;
	int fd = accept4(control->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd < 0) {
		if (is_shortage(errno))
			rest(control);
		return;
	}
	if (!control_is_trusted(fd) || !admit(control, fd))
		close(fd);
	if (control->count >= CLIENTS_MAX)
		watch_socket(control, false);
}

bool
control_open(struct control *control, struct reactor *reactor, const char *path,
    const struct control_ops *ops, void *ctx)
{
	*control = (struct control){.watch = {.ready = accept_client},
	    .alarm = {.ring = wake},
	    .reactor = reactor,
	    .ops = ops,
	    .ctx = ctx,
	    .path = path};
	answer_findings_init(&control->findings);
	control->fd = path_listen(path, &control->bound);
	if (control->fd < 0)
		return false;
	watch_socket(control, true);
	if (control->is_watched)
		return true;
	control_close(control);
	errno = ENOMEM;
	return false;
}

static bool
is_waited_for(const struct control *control)
{
	const struct control_client *client = control->clients;

	while (client != NULL && client->stage != WAITING)
		client = client->next;
	return client != NULL;
}

struct control_sink *
control_listen(struct control *control)
{
	answer_findings_release(&control->findings);
	answer_findings_init(&control->findings);
	return is_waited_for(control) ? &control->findings.sink : NULL;
}

void
control_reloaded(struct control *control, bool is_ok)
{
	struct control_client *client = control->clients, *next;

	for (; client != NULL; client = next) {
		next = client->next;
		if (client->stage == WAITING)
			finish_answer(client,
			    answer_reload(control->ops, control->ctx, is_ok, &control->findings,
			        &client->answer));
	}
	answer_findings_release(&control->findings);
}

void
control_close(struct control *control)
{
	if (control->fd < 0 || control->path == NULL)
		return;
	while (control->clients != NULL)
		disconnect(control->clients);
	answer_findings_release(&control->findings);
	reactor_stop_alarm(control->reactor, &control->alarm);
	watch_socket(control, false);
	path_remove(control->path, &control->bound);
	close(control->fd);
	control->fd = -1;
}
