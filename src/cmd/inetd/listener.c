/*
 * NAME     listener - one open socket and its pauses
 * INVARIANTS  Armed means: open, no pause of its own or of its service, no server has it. A listener is
 *          taken out of the reactor before its descriptor is closed, since servers may hold copies that
 *          keep it there.
 * LIMITS   A place that cannot be opened is tried again every LISTENER_RETRY_MS: addresses may come
 *          late at boot, and a process that holds the port may end.
 * SEE      epoll(7), questions 6 of its FAQ
 */
#include "cmd/inetd/listener.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "cmd/inetd/activation.h"
#include "cmd/inetd/clock.h"
#include "cmd/inetd/connection.h"
#include "cmd/inetd/log.h"
#include "cmd/inetd/standing.h"

enum { PLACE_TEXT_MAX = 512 };

static void
disarm(struct listener *listener)
{
	if (listener->is_armed)
		reactor_remove(listener->all->reactor, listener->fd);
	listener->is_armed = false;
}

void
listener_pause(struct listener *listener, unsigned for_ms)
{
	int64_t until_ms = clock_now_ms() + for_ms;

	disarm(listener);
	if (!reactor_is_set(&listener->alarm) || listener->alarm.due.at_ms < until_ms)
		reactor_set_alarm(listener->all->reactor, &listener->alarm, until_ms);
}

void
listener_hold(struct listener *listener)
{
	disarm(listener);
	listener->is_held = true;
}

/* Who reads from the socket? A server that gets a whole one expects that it blocks. */
static void
set_blocking(struct listener *listener)
{
	bool is_blocking = listener->endpoint->socktype == SOCK_DGRAM ||
	    listener->endpoint->service->entry->is_wait;

	if (listener->is_blocking != is_blocking)
		socket_set_blocking(listener->fd, is_blocking);
	listener->is_blocking = is_blocking;
}

void
listener_rest(struct listener *listener, int64_t until_ms)
{
	disarm(listener);
	listener->is_resting = true;
	if (until_ms != LIMITS_UNTIL_GIVEN)
		reactor_set_alarm(listener->all->reactor, &listener->alarm, until_ms);
}

void
listener_wake(struct listener *listener)
{
	if (!listener->is_resting)
		return;
	listener->is_resting = false;
	reactor_stop_alarm(listener->all->reactor, &listener->alarm);
	listener_resume(listener);
}

/* NULL: it has none. */
static struct socket_path *
path_of(struct listener *listener)
{
	return endpoint_is_path(listener->endpoint) ? &listener->more->path : NULL;
}

static void
close_socket(struct listener *listener)
{
	disarm(listener);
	if (listener->fd < 0)
		return;
	if (listener->left == NULL && !listener->is_given)
		socket_unlink(listener->endpoint, path_of(listener));
	close(listener->fd);
	listener->fd = -1;
	listener->is_given = false;
}

void
listener_resume(struct listener *listener)
{
	listener->is_held &= listener->server != NULL;
	if (listener->is_dropped && !listener->is_held)
		close_socket(listener);
	if (listener->is_armed || listener->fd < 0 || listener_is_pausing(listener) ||
	    listener->is_held || listener->is_resting ||
	    standing_is_paused(listener->endpoint->service->standing))
		return;
	set_blocking(listener);
	if (reactor_add(listener->all->reactor, &listener->watch, listener->fd, EPOLLIN))
		listener->is_armed = true;
	else
		listener_pause(listener, LISTENER_RETRY_MS);
}

void
listener_disarm(struct listener *listener)
{
	disarm(listener);
}

/* A port that a server has is kept for the next load, which could not open it again while that runs. */
void
listener_drop(struct listener *listener)
{
	bool is_busy = listener->is_held && listener->server != NULL;

	if (!is_busy || endpoint_is_path(listener->endpoint))
		close_socket(listener);
	reactor_stop_alarm(listener->all->reactor, &listener->alarm);
	listener->is_dropped = true;
}

bool
listener_is_absent(const struct listener *listener)
{
	return listener->error == EADDRNOTAVAIL || listener_is_forgiven(listener);
}

bool
listener_is_forgiven(const struct listener *listener)
{
	return listener->endpoint->is_implied &&
	    (listener->error == EAFNOSUPPORT || listener->error == EADDRNOTAVAIL);
}

/* A socket that was made for this place by whoever started inetd. */
static bool
take_given(struct listener *listener)
{
	const struct endpoint *endpoint = listener->endpoint;

	listener->fd = activation_claim(listener->all->given, endpoint);
	if (listener->fd < 0)
		return false;
	listener->is_given = true;
	socket_set_blocking(listener->fd, true);
	socket_apply(listener->fd, endpoint->service->entry);
	return true;
}

static bool
share_one(struct listener *listener, const struct listener *newcomer)
{
	const struct endpoint *place = listener->left != NULL ? listener->left : listener->endpoint;

	if (listener == newcomer || listener->fd < 0 ||
	    !endpoint_overlaps(place, newcomer->endpoint))
		return false;
	socket_share(listener->fd, true);
	listener->is_shared = true;
	return true;
}

/* Let the newcomer's socket be bound, and listen, beside ours that overlap its place. False: there
 * are none. */
static bool
share(const struct listener *newcomer)
{
	struct listeners *all = newcomer->all;
	bool is_any = false;

	for (size_t i = 0; i < all->count; i++)
		is_any |= share_one(all->items[i], newcomer);
	for (struct listener *l = all->leaving; l != NULL; l = l->next_leaving)
		is_any |= share_one(l, newcomer);
	for (size_t i = 0; i < all->next_count; i++)
		is_any |= share_one(all->next[i], newcomer);
	return is_any;
}

static void
unshare_one(struct listener *listener)
{
	if (listener->is_shared && listener->fd >= 0)
		socket_share(listener->fd, false);
	listener->is_shared = false;
}

void
listener_unshare(struct listeners *all)
{
	for (size_t i = 0; i < all->count; i++)
		unshare_one(all->items[i]);
	for (struct listener *l = all->leaving; l != NULL; l = l->next_leaving)
		unshare_one(l);
}

bool
listener_bind(struct listener *listener)
{
	const struct endpoint *endpoint = listener->endpoint;

	listener->is_blocking = true;
	if (take_given(listener))
		return true;
	listener->fd = socket_open(endpoint, false, path_of(listener));
	if (listener->fd < 0 && errno == EADDRINUSE && share(listener)) {
		listener->fd = socket_open(endpoint, true, path_of(listener));
		listener->is_shared = listener->fd >= 0;
	}
	listener->error = listener->fd < 0 ? errno : 0;
	return listener->fd >= 0;
}

/* The kernel compares places again: one that was only bound, before, may be listened on by now. */
static bool
let_clients_come(struct listener *listener)
{
	const struct endpoint *endpoint = listener->endpoint;
	int backlog = listener->all->backlog;

	if (socket_listen(listener->fd, endpoint, backlog))
		return true;
	if (errno != EADDRINUSE || !share(listener))
		return false;
	socket_share(listener->fd, true);
	listener->is_shared = true;
	return socket_listen(listener->fd, endpoint, backlog);
}

bool
listener_start(struct listener *listener)
{
	if (listener->fd >= 0 && !let_clients_come(listener)) {
		listener->error = errno;
		close_socket(listener);
	}
	if (listener->fd < 0)
		listener_pause(listener, LISTENER_RETRY_MS);
	else
		listener_resume(listener);
	return listener->fd >= 0;
}

/* Outside a load. */
static void
open_again(struct listener *listener, bool is_retry)
{
	const struct endpoint *endpoint = listener->endpoint;
	char storage[PLACE_TEXT_MAX];
	struct buf place;

	listener_bind(listener);
	listener_start(listener);
	listener_unshare(listener->all);
	buf_init(&place, storage, sizeof storage, sizeof storage - 1);
	endpoint_format(endpoint, &place);
	if (listener->fd >= 0 && is_retry)
		log_line(
		    LOG_NOTICE, "%s: listening on %s at last", endpoint->service->id, place.bytes);
	else if (listener->fd < 0 && !is_retry)
		log_line(LOG_ERR, "%s: cannot listen on %s again: %s (tried every %d s)",
		    endpoint->service->id, place.bytes, strerror(listener->error),
		    LISTENER_RETRY_MS / 1000);
}

void
listener_reopen(struct listener *listener)
{
	close_socket(listener);
	if (listener->left == NULL) /* else its place is another's by now */
		open_again(listener, false);
}

static void
ready(struct watch *watch, uint32_t events)
{
	struct listener *listener = (struct listener *)watch;

	if (listener->is_armed)
		listener->all->ready(listener->all->ctx, listener, events);
}

static void
ring(struct alarm *alarm, int64_t now_ms)
{
	struct listener *listener = owner_of(alarm, struct listener, alarm);

	(void)now_ms;
	listener->is_resting = false;
	if (listener->fd >= 0)
		listener_resume(listener);
	else if (!listener->is_dropped)
		open_again(listener, true);
}

static void
release(struct watch *watch)
{
	struct listener *listener = (struct listener *)watch;

	free(listener->left);
	free(listener);
}

/* Does the kernel know already what the entry says? */
static bool
is_same_socket(const struct service *a, const struct service *b)
{
	const struct conf_entry *x = a->entry, *y = b->entry;

	return x->sndbuf_bytes == y->sndbuf_bytes && x->rcvbuf_bytes == y->rcvbuf_bytes &&
	    x->is_keepalive == y->is_keepalive && x->is_nodelay == y->is_nodelay &&
	    x->defer_accept_s == y->defer_accept_s && x->backlog == y->backlog &&
	    (x->kind == CONF_SERVER) == (y->kind == CONF_SERVER) &&
	    x->socket_mode == y->socket_mode && a->setup->socket_uid == b->setup->socket_uid &&
	    a->setup->socket_gid == b->setup->socket_gid;
}

static void
apply(struct listener *listener)
{
	const struct endpoint *endpoint = listener->endpoint;

	socket_apply(listener->fd, endpoint->service->entry);
	socket_listen(listener->fd, endpoint, listener->all->backlog);
	if (endpoint_is_path(endpoint) && !listener->is_given && !socket_set_access(endpoint))
		log_line(LOG_ERR, "%s: cannot set owner and mode: %s", endpoint->service->id,
		    strerror(errno));
}

/* Its path was removed, or its device: nobody can come any more. */
static bool
has_lost_place(const struct listener *listener)
{
	const struct endpoint *endpoint = listener->endpoint;

	if (listener->is_given)
		return false;
	return endpoint_is_path(endpoint) ? !socket_is_linked(endpoint, &listener->more->path)
	                                  : !socket_has_device(listener->fd, endpoint);
}

void
listener_keep(struct listener *listener, const struct endpoint *next)
{
	bool is_same = is_same_socket(listener->endpoint->service, next->service);

	listener->endpoint = next;
	listener->is_dropped = false;
	listener->is_resting = false; /* what it waits for may have changed */
	if (listener->fd < 0)
		return;
	if (has_lost_place(listener)) {
		listener_reopen(listener);
		return;
	}
	if (!is_same)
		apply(listener);
	if (!listener->is_held)
		set_blocking(listener);
	reactor_stop_alarm(listener->all->reactor, &listener->alarm);
	listener_resume(listener);
}

void
listener_remove(struct listener *listener)
{
	close_socket(listener);
	if (listener->server != NULL)
		connection_forget(listener->server);
	reactor_dismiss(listener->all->reactor, &listener->alarm);
	reactor_retire(listener->all->reactor, &listener->watch);
}

void
listener_discard(struct listener *listener)
{
	close_socket(listener);
	reactor_dismiss(listener->all->reactor, &listener->alarm);
	free(listener);
}

struct listener *
listener_new(struct listeners *listeners, const struct endpoint *endpoint)
{
	bool has_more = endpoint_is_path(endpoint) || endpoint->socktype == SOCK_DGRAM;
	struct listener *listener =
	    calloc(1, sizeof *listener + (has_more ? sizeof *listener->more : 0));

	if (listener == NULL)
		return NULL;
	listener->all = listeners;
	listener->endpoint = endpoint;
	listener->has_more = has_more;
	listener->fd = -1;
	listener->watch = (struct watch){.ready = ready, .release = release};
	listener->alarm.ring = ring;
	if (reactor_enroll(listeners->reactor, &listener->alarm))
		return listener;
	free(listener);
	return NULL;
}
