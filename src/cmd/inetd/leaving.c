/*
 * NAME     leaving - listeners whose place went
 * PURPOSE  `*:p` becomes `127.0.0.1:p`, or two families one socket: the new socket is open beside
 *          the old one, and gets who comes from then on; who came before is in the old one's queue.
 * INVARIANTS  The old socket brings nobody new: see socket_freeze().
 *          Whoever is taken from its queue is served by the listener that his address has now, or
 *          not at all.
 * LIMITS   LINGER_MS for handshakes that are under way: the round trip of a far client. After that it
 *          closes as soon as its queue is empty, which may wait for the limits of the service. There
 *          is nothing under way with datagrams.
 * SEE      decisions/inetd-reload.md
 */
#include "cmd/inetd/leaving.h"

#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmd/inetd/clock.h"

enum { LINGER_MS = 300, CONTROL_BYTES = 256 };

/* Who gets clients of that place now? Not a server that takes a listening socket whole: it cannot be
 * asked about each client. */
static struct listener *
find_heir(const struct listeners *listeners, const struct endpoint *place)
{
	for (size_t i = 0; i < listeners->count; i++) {
		struct listener *listener = listeners->items[i];
		bool takes_whole =
		    place->socktype != SOCK_DGRAM && listener->endpoint->service->entry->is_wait;

		if (!takes_whole && endpoint_overlaps(listener->endpoint, place))
			return listener;
	}
	return NULL;
}

static struct endpoint *
copy_place(const struct endpoint *place)
{
	size_t len = offsetof(struct endpoint, address) + place->len;
	size_t device_len = place->device != NULL ? strlen(place->device) + 1 : 0;
	struct endpoint *copy = malloc(len + device_len);

	if (copy == NULL)
		return NULL;
	memcpy(copy, place, len);
	if (device_len > 0)
		copy->device = memcpy((char *)copy + len, place->device, device_len);
	return copy;
}

static void
see_off(struct listeners *listeners)
{
	if (listeners->leaving != NULL && !reactor_is_set(&listeners->farewell))
		reactor_set_alarm(
		    listeners->reactor, &listeners->farewell, clock_now_ms() + LINGER_MS);
}

/* Those that are past their time, or of no use, go. */
static void
dismiss(struct listeners *listeners, bool is_time)
{
	struct listener **at = &listeners->leaving;

	while (*at != NULL) {
		struct listener *listener = *at;

		if (listener->fd >= 0 && listener->endpoint != NULL &&
		    (!is_time || socket_has_client(listener->fd))) {
			at = &listener->next_leaving;
		} else {
			*at = listener->next_leaving;
			listener_remove(listener);
		}
	}
}

static void
ring(struct alarm *alarm, int64_t now_ms)
{
	struct listeners *listeners = owner_of(alarm, struct listeners, farewell);

	(void)now_ms;
	dismiss(listeners, true);
	/* Nobody else wakes one that rests until its service may serve again. */
	for (struct listener *l = listeners->leaving; l != NULL; l = l->next_leaving) {
		l->is_resting = false;
		listener_resume(l);
	}
	see_off(listeners);
}

void
leaving_begin(struct listener *listener)
{
	struct listeners *all = listener->all;
	const struct endpoint *place = listener->endpoint;
	/* One that was given is not ours alone. */
	bool is_port = listener->fd >= 0 && !endpoint_is_path(place) && !listener->is_given;
	struct listener *heir = is_port ? find_heir(all, place) : NULL;
	/* Also where nobody goes on: a server may hold a copy for as long as it likes. */
	bool is_frozen = is_port && socket_freeze(listener->fd, place->socktype);

	listener->left = heir != NULL && is_frozen ? copy_place(place) : NULL;
	if (listener->left == NULL ||
	    (place->socktype == SOCK_DGRAM && !socket_has_client(listener->fd))) {
		listener_remove(listener);
		return;
	}
	listener->endpoint = heir->endpoint;
	listener->next_leaving = all->leaving;
	all->leaving = listener;
	all->farewell.ring = ring;
	listener->is_resting = false; /* another service's limits count now */
	reactor_stop_alarm(all->reactor, &listener->alarm);
	listener_resume(listener);
	see_off(all);
}

void
leaving_review(struct listeners *listeners)
{
	for (struct listener *l = listeners->leaving; l != NULL; l = l->next_leaving) {
		struct listener *heir = find_heir(listeners, l->left);

		l->endpoint = heir != NULL ? heir->endpoint : NULL;
	}
	dismiss(listeners, false);
}

void
leaving_release(struct listeners *listeners)
{
	while (listeners->leaving != NULL) {
		struct listener *listener = listeners->leaving;

		listeners->leaving = listener->next_leaving;
		listener_remove(listener);
	}
	reactor_stop_alarm(listeners->reactor, &listeners->farewell);
}

/* A listener on one device is none of theirs, since by which one they came is not known. */
static struct listener *
find_owner(const struct listener *leaving, const struct sockaddr *local)
{
	const struct listeners *all = leaving->all;

	for (size_t i = 0; i < all->count; i++) {
		const struct endpoint *endpoint = all->items[i]->endpoint;

		if (endpoint->device == NULL && endpoint_overlaps(endpoint, leaving->left) &&
		    endpoint_takes(endpoint, local))
			return all->items[i];
	}
	return NULL;
}

struct listener *
leaving_owner(struct listener *listener, int fd)
{
	struct sockaddr_storage local = {0};
	socklen_t len = sizeof local;

	if (listener->left == NULL)
		return listener;
	if (getsockname(fd, (struct sockaddr *)&local, &len) < 0)
		return NULL;
	return find_owner(listener, (struct sockaddr *)&local);
}

/* The address that a datagram was sent to. */
static bool
parse_target(struct msghdr *message, struct sockaddr_storage *ret)
{
	for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL;
	     part = CMSG_NXTHDR(message, part)) {
		if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;

			memcpy(&info, CMSG_DATA(part), sizeof info);
			*(struct sockaddr_in *)ret =
			    (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = info.ipi_addr};
			return true;
		}
		if (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;

			memcpy(&info, CMSG_DATA(part), sizeof info);
			*(struct sockaddr_in6 *)ret = (struct sockaddr_in6){
			    .sin6_family = AF_INET6, .sin6_addr = info.ipi6_addr};
			return true;
		}
	}
	return false;
}

/* False: the queue is empty. *ret_owner: NULL = nobody. */
static bool
peek_owner(const struct listener *listener, struct listener **ret_owner)
{
	union {
		struct cmsghdr align;
		char bytes[CONTROL_BYTES];
	} control;
	struct msghdr message = {.msg_control = &control, .msg_controllen = sizeof control};
	struct sockaddr_storage local = {0};

	if (recvmsg(listener->fd, &message, MSG_PEEK | MSG_DONTWAIT) < 0)
		return false;
	*ret_owner =
	    parse_target(&message, &local) ? find_owner(listener, (struct sockaddr *)&local) : NULL;
	return true;
}

/* The kernel tells the target of what is queued already, too. */
static void
ask_for_target(const struct listener *listener, int is_asked)
{
	bool is_v6 = listener->left->address.any.sa_family == AF_INET6;

	setsockopt(listener->fd, is_v6 ? IPPROTO_IPV6 : IPPROTO_IP,
	    is_v6 ? IPV6_RECVPKTINFO : IP_PKTINFO, &is_asked, sizeof is_asked);
}

bool
leaving_has_datagram(struct listener *listener)
{
	struct listener *owner = NULL;
	bool is_there;
	char byte;

	if (listener->left == NULL)
		return true;
	ask_for_target(listener, 1);
	while ((is_there = peek_owner(listener, &owner)) && owner == NULL)
		(void)!recv(listener->fd, &byte, sizeof byte, MSG_DONTWAIT);
	ask_for_target(listener, 0);
	if (is_there)
		listener->endpoint = owner->endpoint;
	return is_there;
}
