/*
 * NAME     listeners - from the sockets that are open to those that shall be
 * PURPOSE  Reload is the merge of two sorted lists, the places we listen on and the places we shall
 *          listen on. Prepare binds all that is new; commit cannot fail, and lets clients come.
 * INVARIANTS  Nothing that holds is touched before commit. A place that stays keeps its socket, its
 *          queue and its servers. Datagram sockets are bound last, since clients come to them at once.
 * LIMITS   HOLDERS_MAX: who holds a port is looked for in the whole of /proc.
 * SEE      decisions/inetd-reload.md, leaving.h
 */
#include "cmd/inetd/listeners.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/inetd/holder.h"
#include "cmd/inetd/leaving.h"
#include "cmd/inetd/log.h"

enum {
	LINE_TEXT_MAX = 1024, /* what syslog keeps of a line */
	HOLDER_TEXT_MAX = 128, /* a name, of 15 bytes, escaped, and a number */
	HOLDERS_MAX = 4, /* that are looked for in one load */
};

struct swap {
	struct listener **items; /* [next->count]: those that stay, and new ones */
	struct services *next;
	size_t kept;
	bool is_first;
	listeners_tell *tell;
	size_t faults;
	unsigned holders;
};

/* ---- prepare ---- */

/* holder: who has the place; "" = that is not known. */
static void
tell_fault(struct swap *swap, const struct listener *listener, const char *holder)
{
	const struct service *service = listener->endpoint->service;
	const char *file = service->entry->file;
	bool is_fault = !listener_is_absent(listener);
	char storage[LINE_TEXT_MAX];
	struct buf line;

	buf_init(&line, storage, sizeof storage, sizeof storage - 1);
	buf_add_escaped(&line, file, strlen(file));
	buf_add_char(&line, ':');
	buf_add_number(&line, service->at.line);
	buf_add_char(&line, ':');
	buf_add_number(&line, service->at.column);
	buf_add_str(
	    &line, is_fault ? ": error: cannot listen on " : ": warning: cannot listen on ");
	endpoint_format(listener->endpoint, &line);
	buf_add_str(&line, " for '");
	buf_add_str(&line, listener->endpoint->service->name);
	buf_add_str(&line, "': ");
	buf_add_str(&line, strerror(listener->error));
	buf_add_str(&line, holder[0] != '\0' ? ", by " : "");
	buf_add_str(&line, holder);
	buf_add_str(&line, !is_fault || swap->is_first ? " (it is tried again)" : "");
	swap->tell(is_fault ? CONF_ERROR : CONF_WARNING, line.bytes);
}

static void
discard(struct listeners *all, struct swap *swap)
{
	for (size_t i = 0; i < swap->next->count && swap->items[i] != NULL; i++) {
		bool is_kept = swap->items[i]->is_kept;

		swap->items[i]->is_kept = false;
		if (!is_kept)
			listener_discard(swap->items[i]);
	}
	listener_unshare(all);
	free(swap->items);
}

/* Who stays, and who is new? False: out of memory. */
static bool
plan(struct listeners *all, struct swap *swap)
{
	struct listener **old = all->items, **end = old + all->count;

	for (size_t i = 0; i < swap->next->count; i++) {
		const struct endpoint *endpoint = swap->next->endpoints[i];
		bool is_same;

		while (old < end && endpoint_cmp((*old)->endpoint, endpoint) < 0)
			old++;
		is_same = old < end && endpoint_cmp((*old)->endpoint, endpoint) == 0;
		if (is_same && (!(*old)->is_dropped || (*old)->fd >= 0) &&
		    endpoint_shares_socket((*old)->endpoint, endpoint)) {
			swap->items[i] = *old++;
			swap->items[i]->is_kept = true;
			swap->kept++;
			continue;
		}
		swap->items[i] = listener_new(all, endpoint);
		if (swap->items[i] == NULL)
			return false;
		/* Two sockets have one port, if need be, but never one path. */
		swap->items[i]->is_late = is_same && endpoint_is_path(endpoint);
		old += is_same;
	}
	return true;
}

/* Who holds a place may be seen; and while we look for him he may have gone: a process that is about
 * to end, or one that has a copy of a socket only until it executes something. */
static void
bind_one(struct swap *swap, struct listener *listener)
{
	char storage[HOLDER_TEXT_MAX];
	struct buf holder;

	if (listener_bind(listener))
		return;
	buf_init(&holder, storage, sizeof storage, sizeof storage - 1);
	if (listener->error == EADDRINUSE && swap->holders++ < HOLDERS_MAX &&
	    !holder_format(listener->endpoint, &holder)) {
		if (listener_bind(listener))
			return;
		buf_add_str(&holder, "a process that cannot be seen");
	}
	if (!listener_is_forgiven(listener))
		tell_fault(swap, listener, holder.len > 0 ? holder.bytes : "");
	swap->faults += !listener_is_absent(listener);
}

static void
bind_new(struct swap *swap, bool is_dgram)
{
	for (size_t i = 0; i < swap->next->count; i++) {
		struct listener *listener = swap->items[i];

		if (!listener->is_kept && !listener->is_late &&
		    (listener->endpoint->socktype == SOCK_DGRAM) == is_dgram)
			bind_one(swap, listener);
	}
}

static bool
prepare(struct listeners *all, struct swap *swap)
{
	swap->items = calloc(swap->next->count + 1, sizeof(struct listener *));
	if (swap->items == NULL)
		return false;
	if (!plan(all, swap))
		return false;
	all->next = swap->items;
	all->next_count = swap->next->count;
	bind_new(swap, false);
	if (swap->faults == 0 || swap->is_first)
		bind_new(swap, true);
	return swap->faults == 0 || swap->is_first;
}

/* ---- commit ---- */

static void
start_new(struct swap *swap)
{
	for (size_t i = 0; i < swap->next->count; i++) {
		struct listener *listener = swap->items[i];
		bool is_open = listener->fd >= 0;

		/* Somebody was quicker, in the moment between bind and listen. */
		if (!listener->is_kept && !listener->is_late && !listener_start(listener) &&
		    is_open)
			tell_fault(swap, listener, "");
	}
}

static void
start_late(struct swap *swap)
{
	for (size_t i = 0; i < swap->next->count; i++) {
		struct listener *listener = swap->items[i];

		if (!listener->is_late)
			continue;
		listener->is_late = false;
		listener_bind(listener);
		if (!listener_start(listener))
			tell_fault(swap, listener, "");
	}
}

static void
commit(struct listeners *all, struct swap *swap)
{
	struct listener **old = all->items;
	size_t before = all->count;

	start_new(swap);
	for (size_t i = 0; i < swap->next->count; i++) {
		swap->next->endpoints[i]->listener = swap->items[i];
		if (swap->items[i]->is_kept)
			listener_keep(swap->items[i], swap->next->endpoints[i]);
	}
	all->items = swap->items;
	all->count = swap->next->count;
	leaving_review(all);
	for (size_t i = 0; i < before; i++)
		if (!old[i]->is_kept)
			leaving_begin(old[i]);
	start_late(swap);
	for (size_t i = 0; i < all->count; i++)
		all->items[i]->is_kept = false;
	listener_unshare(all);
	free(old);
	log_line(LOG_INFO, "%zu sockets: %zu kept, %zu new, %zu closed", all->count, swap->kept,
	    all->count - swap->kept, before - swap->kept);
}

bool
listeners_replace(struct listeners *all, struct services *next, bool is_first, listeners_tell *tell)
{
	struct swap swap = {.next = next, .is_first = is_first, .tell = tell};
	bool ok;

	ok = prepare(all, &swap);
	if (ok)
		commit(all, &swap);
	else if (swap.items != NULL)
		discard(all, &swap);
	all->next = NULL;
	all->next_count = 0;
	return ok;
}

void
listeners_wake(struct listeners *all, const struct standing *standing)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->items[i]->endpoint->service->standing == standing)
			listener_wake(all->items[i]);
	for (struct listener *l = all->leaving; l != NULL; l = l->next_leaving)
		if (l->endpoint != NULL && l->endpoint->service->standing == standing)
			listener_wake(l);
}

void
listeners_pause(struct listeners *all, const struct standing *standing, unsigned for_ms)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->items[i]->endpoint->service->standing == standing)
			listener_pause(all->items[i], for_ms);
	for (struct listener *l = all->leaving; l != NULL; l = l->next_leaving)
		if (l->endpoint != NULL && l->endpoint->service->standing == standing)
			listener_pause(l, for_ms);
}

void
listeners_release(struct listeners *all)
{
	leaving_release(all);
	for (size_t i = 0; i < all->count; i++)
		listener_remove(all->items[i]);
	free(all->items);
	all->items = NULL;
	all->count = 0;
}

enum listeners_state
listeners_state(const struct service *service)
{
	size_t open = 0, missing = 0;

	for (const struct endpoint *e = service->endpoints; e != NULL; e = e->next) {
		if (e->listener == NULL)
			continue;
		if (e->listener->fd >= 0)
			open++;
		else if (!listener_is_forgiven(e->listener))
			missing++;
	}
	if (open == 0)
		return LISTENERS_OFFLINE;
	return missing > 0 ? LISTENERS_DEGRADED : LISTENERS_ONLINE;
}

const char *
listeners_state_name(enum listeners_state state)
{
	static const char *const names[] = {"offline", "degraded", "online"};

	return names[state];
}
