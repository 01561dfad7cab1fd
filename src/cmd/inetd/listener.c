/*
 * NAME     listener - open sockets and their pauses
 * PURPOSE  Reload is the merge of two sorted lists: the places we listen on, and the places we
 *          shall listen on.
 * INVARIANTS  A place that stays keeps its socket, its queue and its limits. Armed means: open, not
 *          paused, no server has it. A listener is taken out of the reactor before its descriptor
 *          is closed, since servers may hold copies that keep it there.
 * LIMITS   A place that cannot be opened is tried again every OPEN_RETRY_MS: addresses may come
 *          late at boot, and a server that holds the port may end.
 * SEE      epoll(7), questions 6 of its FAQ
 */
#include "cmd/inetd/listener.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "cmd/inetd/clock.h"
#include "cmd/inetd/connection.h"
#include "cmd/inetd/log.h"
#include "cmd/inetd/socket.h"

enum { OPEN_RETRY_MS = 5000, PLACE_TEXT_MAX = 512 };

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
	disarm(listener);
	reactor_set_alarm(listener->all->reactor, &listener->alarm, clock_now_ms() + for_ms);
}

void
listener_hold(struct listener *listener)
{
	disarm(listener);
}

void
listener_resume(struct listener *listener)
{
	bool is_held = listener->server != NULL && listener->endpoint->service->entry->is_wait;

	if (listener->is_armed || listener->fd < 0 || listener_is_pausing(listener) || is_held)
		return;
	if (reactor_add(listener->all->reactor, &listener->watch, listener->fd, EPOLLIN))
		listener->is_armed = true;
	else
		listener_pause(listener, OPEN_RETRY_MS);
}

static void
close_socket(struct listener *listener)
{
	disarm(listener);
	if (listener->fd < 0)
		return;
	socket_unlink(listener->endpoint, &listener->path);
	close(listener->fd);
	listener->fd = -1;
}

/* A family that was only implied and that this host does not have is no fault. */
static bool
is_forgiven(const struct endpoint *endpoint, int error)
{
	return endpoint->is_implied && (error == EAFNOSUPPORT || error == EADDRNOTAVAIL);
}

static void
open_socket(struct listener *listener, bool is_retry)
{
	const struct endpoint *endpoint = listener->endpoint;
	char storage[PLACE_TEXT_MAX];
	struct buf place;
	int error;

	listener->fd = socket_open(endpoint, listener->all->backlog, &listener->path);
	error = errno;
	if (listener->fd < 0)
		listener_pause(listener, OPEN_RETRY_MS);
	buf_init(&place, storage, sizeof storage, sizeof storage - 1);
	socket_format(endpoint, &place);
	if (listener->fd >= 0 && is_retry)
		log_line(LOG_NOTICE, "%s: listening on %s at last", endpoint->service->name,
		    place.bytes);
	else if (listener->fd < 0 && !is_retry && !is_forgiven(endpoint, error))
		log_line(LOG_ERR, "%s: cannot listen on %s: %s (line %u; tried again every %d s)",
		    endpoint->service->name, place.bytes, strerror(error),
		    endpoint->service->entry->service.line, OPEN_RETRY_MS / 1000);
	listener_resume(listener);
}

void
listener_reopen(struct listener *listener)
{
	close_socket(listener);
	open_socket(listener, false);
}

static void
ready(struct watch *watch, uint32_t events)
{
	struct listener *listener = (struct listener *)watch;

	if (listener->is_armed)
		listener->all->ready(listener->all->ctx, listener, events);
}

static void
resume(struct alarm *alarm, int64_t now_ms)
{
	struct listener *listener =
	    (struct listener *)((char *)alarm - offsetof(struct listener, alarm));

	(void)now_ms;
	if (listener->fd < 0)
		open_socket(listener, true);
	else
		listener_resume(listener);
}

static void
release(struct watch *watch)
{
	free(watch);
}

/* The listener goes on for another line, or for the same line read again. */
static void
keep(struct listener *listener, const struct endpoint *next)
{
	bool is_path = next->address.any.sa_family == AF_UNIX;

	listener->endpoint = next;
	if (listener->fd < 0)
		return;
	if (is_path && !socket_is_linked(next, &listener->path)) {
		listener_reopen(listener);
		return;
	}
	socket_set_buffers(listener->fd, next->service->entry);
	listener_resume(listener);
}

static void
remove_listener(struct listener *listener)
{
	close_socket(listener);
	if (listener->server != NULL)
		connection_forget(listener->server);
	reactor_dismiss(listener->all->reactor, &listener->alarm);
	reactor_retire(listener->all->reactor, &listener->watch);
}

/* One that was made, and not used. */
static void
discard(struct listener *listener)
{
	if (listener == NULL)
		return;
	reactor_dismiss(listener->all->reactor, &listener->alarm);
	free(listener);
}

static struct listener *
make(struct listeners *listeners)
{
	struct listener *listener = calloc(1, sizeof *listener);

	if (listener == NULL)
		return NULL;
	listener->all = listeners;
	listener->fd = -1;
	listener->watch = (struct watch){.ready = ready, .release = release};
	listener->alarm.ring = resume;
	if (reactor_enroll(listeners->reactor, &listener->alarm))
		return listener;
	free(listener);
	return NULL;
}

/* Memory for all of them first, so that nothing can fail half way. */
static struct listener **
allocate(struct listeners *listeners, const struct services *next)
{
	struct listener **items = calloc(next->count + 1, sizeof(struct listener *));

	for (size_t i = 0; items != NULL && i < next->count; i++) {
		items[i] = make(listeners);
		if (items[i] == NULL) {
			while (i > 0)
				discard(items[--i]);
			free(items);
			return NULL;
		}
	}
	return items;
}

/* Merge: what stays moves from old to items, what went is closed, what is new is made but not yet
 * opened: a place may have gone under one name and come under another. */
static size_t
merge(struct listeners *listeners, const struct services *next, struct listener **items)
{
	struct listener **old = listeners->items, **end = old + listeners->count;
	size_t kept = 0;

	for (size_t i = 0; i < next->count; i++) {
		const struct endpoint *endpoint = next->endpoints[i];

		while (old < end && endpoint_cmp((*old)->endpoint, endpoint) < 0)
			remove_listener(*old++);
		if (old < end && endpoint_cmp((*old)->endpoint, endpoint) == 0) {
			if (endpoint_shares_socket((*old)->endpoint, endpoint)) {
				struct listener *fresh = items[i];

				items[i] = *old;
				keep(items[i], endpoint);
				discard(fresh);
				kept++;
			} else {
				remove_listener(*old);
			}
			old++;
		}
	}
	while (old < end)
		remove_listener(*old++);
	return kept;
}

bool
listeners_replace(struct listeners *listeners, const struct services *next)
{
	struct listener **items = allocate(listeners, next);
	size_t before = listeners->count, kept;

	if (items == NULL)
		return false;
	kept = merge(listeners, next, items);
	free(listeners->items);
	listeners->items = items;
	listeners->count = next->count;
	for (size_t i = 0; i < next->count; i++) {
		if (items[i]->endpoint == NULL) {
			items[i]->endpoint = next->endpoints[i];
			open_socket(items[i], false);
		}
	}
	log_line(LOG_INFO, "%zu sockets: %zu kept, %zu new, %zu closed", next->count, kept,
	    next->count - kept, before - kept);
	return true;
}

void
listeners_release(struct listeners *listeners)
{
	for (size_t i = 0; i < listeners->count; i++)
		remove_listener(listeners->items[i]);
	free(listeners->items);
	listeners->items = NULL;
	listeners->count = 0;
}
