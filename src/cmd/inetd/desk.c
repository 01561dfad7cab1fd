/*
 * NAME     desk - services for the control socket
 * INVARIANTS  A pause is the standing's, and no listener of a paused service is armed. A listener
 *          that was dropped stays closed until a load that is taken makes a new one; one whose port a
 *          server has is closed when that ends, or taken on by that load.
 * LIMITS   DESK_TEXT_MAX for an address, else it is cut.
 * SEE      control/ops.h, inetctl(8)
 */
#include "cmd/inetd/desk.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "cmd/inetd/queue.h"
#include "cmd/inetd/clock.h"
#include "cmd/inetd/log.h"
#include "cmd/inetd/reload.h"

static const char *const socktypes[] = {
    [CONF_STREAM] = "stream", [CONF_DGRAM] = "dgram", [CONF_SEQPACKET] = "seqpacket"};

/* ---- what is shown ---- */

static const struct services *
current(const struct inetd *inetd)
{
	return &inetd->holds->services;
}

static void
show_daemon(void *ctx, struct control_daemon *ret)
{
	const struct inetd *inetd = ((struct desk *)ctx)->inetd;
	int64_t now_ms = clock_now_ms(), since_ms;
	const char *unread = access_unread(&inetd->access, &since_ms);

	*ret = (struct control_daemon){.pid = getpid(),
	    .up_ms = now_ms - inetd->started_ms,
	    .conf_path = inetd->conf_path,
	    .loads = inetd->loads.count,
	    .failed_loads = inetd->loads.failed,
	    .is_current = inetd->loads.is_current,
	    .loaded_ms = now_ms - inetd->loads.taken_ms,
	    .errors = inetd->loads.errors,
	    .unread = unread,
	    .unread_ms = now_ms - since_ms};
}

static const char *
kind_of(const struct conf_entry *entry)
{
	if (entry->kind == CONF_SERVER)
		return "server";
	return entry->kind == CONF_REDIRECT ? "redirect" : conf_internal_name(entry->kind);
}

static size_t
count_services(void *ctx)
{
	struct desk *desk = ctx;
	size_t count = 0;

	for (const struct service *s = current(desk->inetd)->first; s != NULL; s = s->next)
		count++;
	desk->at = NULL; /* a reload may have been since */
	return count;
}

/* Asked for in order, as they are: then it is the next one. */
static const struct service *
find(struct desk *desk, size_t number)
{
	if (desk->at == NULL || number < desk->number) {
		desk->at = current(desk->inetd)->first;
		desk->number = 0;
	}
	for (; desk->number < number; desk->number++)
		desk->at = desk->at->next;
	return desk->at;
}

static bool
is_dropped(const struct service *service)
{
	for (const struct endpoint *e = service->endpoints; e != NULL; e = e->next)
		if (e->listener != NULL && !e->listener->is_dropped)
			return false;
	return service->endpoints != NULL;
}

static enum control_state
state_of(const struct service *service)
{
	static const enum control_state states[] = {[LISTENERS_OFFLINE] = CONTROL_OFFLINE,
	    [LISTENERS_DEGRADED] = CONTROL_DEGRADED,
	    [LISTENERS_ONLINE] = CONTROL_ONLINE};

	if (service->endpoints == NULL)
		return CONTROL_OFF;
	if (is_dropped(service))
		return CONTROL_DROPPED;
	return standing_is_paused(service->standing) ? CONTROL_PAUSED
	                                             : states[listeners_state(service)];
}

/* Why it serves nobody now; NULL: it does. */
static const char *
limit_of(struct inetd *inetd, const struct service *service)
{
	struct limits untouched = {.world = &inetd->limits};
	struct limits *limits = service->standing != NULL ? &service->standing->limits : &untouched;
	int64_t now_ms = clock_now_ms();

	for (unsigned why = 0; why < LIMITS_OF_SOURCE; why++)
		if (limits_is_over(service->entry, limits, why, now_ms))
			return limits_reason(why);
	return NULL;
}

static void
show_service(void *ctx, size_t number, struct control_service *ret)
{
	static const struct standing untouched; /* of a service that had no client yet */
	struct desk *desk = ctx;
	const struct service *service = find(desk, number);
	const struct conf_entry *entry = service->entry;
	const struct standing *standing =
	    service->standing != NULL ? service->standing : &untouched;

	*ret = (struct control_service){.id = service->id,
	    .name = service->name,
	    .state = state_of(service),
	    .kind = kind_of(entry),
	    .socktype = socktypes[entry->socktype],
	    .protocol = entry->protocol.text,
	    .is_wait = entry->is_wait,
	    .server = entry->server.text,
	    .user = entry->user.text,
	    .file = entry->file,
	    .line = service->at.line,
	    .running = standing->limits.running,
	    .waiting = standing->waiting_count,
	    .limit = limit_of(desk->inetd, service),
#define COUNTER(member, help) .counters.member = (unsigned long)standing->counters.member,
#include "control.def"
	    .last_error = standing->last_error,
	    .last_error_ms = clock_now_ms() - standing->last_error_ms};
	for (const struct endpoint *e = service->endpoints; e != NULL; e = e->next)
		ret->addresses++;
}

/* A place that another one of the service has taken along: one socket for both families was given. */
static const struct listener *
find_listener(const struct service *service, const struct endpoint *endpoint)
{
	for (const struct endpoint *e = service->endpoints; e != NULL; e = e->next)
		if (e->listener != NULL && e->is_dual && endpoint_overlaps(e, endpoint))
			return e->listener;
	return NULL;
}

static void
show_address(void *ctx, size_t number, size_t which, struct control_address *ret)
{
	struct desk *desk = ctx;
	const struct service *service = find(desk, number);
	const struct endpoint *endpoint = service->endpoints;
	const struct listener *listener;
	struct buf text;

	for (size_t i = 0; i < which; i++)
		endpoint = endpoint->next;
	buf_init(&text, desk->text, sizeof desk->text, sizeof desk->text - 1);
	endpoint_format(endpoint, &text);
	ret->text = desk->text;
	listener =
	    endpoint->listener != NULL ? endpoint->listener : find_listener(service, endpoint);
	if (listener == NULL) {
		ret->state = CONTROL_OFFLINE;
		ret->error = "another line has this place";
	} else if (listener->is_dropped) {
		ret->state = CONTROL_DROPPED;
	} else if (listener->fd < 0) {
		ret->state = CONTROL_OFFLINE;
		ret->error = strerror(listener->error);
	} else {
		ret->state = CONTROL_ONLINE;
	}
}

/* ---- what is done ---- */

static enum control_result
pause_service(void *ctx, size_t number, bool is_paused)
{
	struct inetd *inetd = ((struct desk *)ctx)->inetd;
	const struct service *service = find(ctx, number);
	struct standing *standing;

	if (standing_is_paused(service->standing) == is_paused)
		return CONTROL_ALREADY;
	standing = standings_get(&inetd->standings, service);
	if (standing == NULL) {
		log_line(LOG_ERR, "%s: not paused: %s", service->id, strerror(ENOMEM));
		return CONTROL_FAILED;
	}
	standing->is_paused = is_paused;
	for (const struct endpoint *e = service->endpoints; e != NULL; e = e->next) {
		if (e->listener != NULL && is_paused)
			listener_disarm(e->listener);
		else if (e->listener != NULL)
			listener_resume(e->listener);
	}
	if (!is_paused)
		queue_wake(inetd, standing);
	log_line(LOG_NOTICE, "%s: %s by inetctl", service->id, is_paused ? "paused" : "resumed");
	return CONTROL_DONE;
}

/* A socket that was given to us cannot be made again. */
static bool
is_given(const struct service *service)
{
	for (const struct endpoint *e = service->endpoints; e != NULL; e = e->next)
		if (e->listener != NULL && e->listener->is_given)
			return true;
	return false;
}

static enum control_result
drop(void *ctx, size_t number)
{
	const struct service *service = find(ctx, number);

	if (service->endpoints == NULL || is_dropped(service))
		return CONTROL_ALREADY;
	if (is_given(service)) {
		log_line(LOG_ERR, "%s: not dropped: its sockets were given to inetd (pause it)",
		    service->id);
		return CONTROL_FAILED;
	}
	for (const struct endpoint *e = service->endpoints; e != NULL; e = e->next)
		if (e->listener != NULL)
			listener_drop(e->listener);
	log_line(LOG_NOTICE, "%s: dropped by inetctl, until the next reload", service->id);
	return CONTROL_DONE;
}

static unsigned long
end_running(void *ctx, size_t number)
{
	struct desk *desk = ctx;
	const struct standing *standing = find(desk, number)->standing;
	const struct connections *all = &desk->inetd->connections;
	unsigned long ended = 0;

	for (size_t i = 0; i < CONNECTION_BUCKETS; i++) {
		for (const struct connection *c = all->buckets[i]; c != NULL; c = c->next) {
			if (c->standing != standing || c->pid <= 0)
				continue;
			/* A server leads a process group; it may have left it. */
			kill(-c->pid, SIGTERM);
			ended += kill(c->pid, SIGTERM) == 0;
		}
	}
	return ended;
}

static void
reload(void *ctx)
{
	reload_begin(((struct desk *)ctx)->inetd);
}

static const struct control_ops ops = {
    .daemon = show_daemon,
    .count = count_services,
    .service = show_service,
    .address = show_address,
    .pause = pause_service,
    .drop = drop,
    .end_running = end_running,
    .reload = reload,
};

/* ---- the socket ---- */

void
desk_open(struct inetd *inetd, const char *path, bool is_asked)
{
	struct desk *desk = &inetd->desk;

	desk->inetd = inetd;
	desk->control.fd = -1;
	if (strcmp(path, "none") == 0 ||
	    control_open(&desk->control, &inetd->reactor, path, &ops, desk))
		return;
	log_line(is_asked ? LOG_ERR : LOG_INFO, "no control socket at %s: %s%s", path,
	    strerror(errno), errno == EADDRINUSE ? " (another inetd answers there)" : "");
}

void
desk_close(struct inetd *inetd)
{
	control_close(&inetd->desk.control);
}
