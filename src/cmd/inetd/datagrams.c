/*
 * NAME     datagrams - who gets an answer
 * PURPOSE  Asks limits and rules for internal/datagram.c. Whoever would have to wait for a name or a
 *          child gets no answer, as if the network had lost it.
 * INVARIANTS  There is always a rate. Only answers count towards it. Nothing is held for a sender, and no
 *          line is written for an answer: addresses of senders prove nothing.
 * SEE      docs/decisions/inetd-internal.md
 */
#include "cmd/inetd/datagrams.h"

#include <arpa/inet.h>

#include "cmd/inetd/gate.h"
#include "cmd/inetd/clock.h"
#include "cmd/inetd/internal/internal.h"

enum {
	READING_MS = 20
}; /* tables are read in far less, and the queue holds what comes meanwhile */

void
datagrams_complete(struct conf_entry *entry, unsigned rate_per_minute)
{
	unsigned rate = rate_per_minute > 0 ? rate_per_minute : DATAGRAMS_RATE;

	if (!entry->has_rate)
		entry->rate = (struct conf_rate){rate, CONF_MINUTE_MS};
	if (entry->source_rate.count == 0)
		entry->source_rate = (struct conf_rate){DATAGRAMS_SOURCE_RATE, CONF_MINUTE_MS};
}

static bool
is_ours(void *ctx, unsigned port)
{
	const struct listener *listener = ctx;
	const struct inetd *inetd = listener->all->ctx;
	const struct services *services = &inetd->holds->services;

	for (size_t i = 0; i < services->count; i++) {
		const struct endpoint *endpoint = services->endpoints[i];

		if (endpoint->socktype == SOCK_DGRAM && !endpoint_is_path(endpoint) &&
		    endpoint->service->entry->kind != CONF_SERVER &&
		    ntohs(endpoint_port(endpoint)) == port)
			return true;
	}
	return false;
}

/* What do the rules say of the sender, as far as that can be said now? */
static enum internal_leave
judge(struct listener *listener, const struct sockaddr *sender)
{
	struct inetd *inetd = listener->all->ctx;
	const struct service *service = listener->endpoint->service;
	bool is_v6 = sender->sa_family == AF_INET6;
	struct access_client who = {.fd = listener->fd,
	    .address = sender,
	    .len = is_v6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in),
	    .is_datagram = true,
	    .rounds = listener->rounds};
	struct access_answer answer;
	enum access_verdict verdict = access_ask(&inetd->access, service->access, &who, &answer);

	listener->rounds = verdict == ACCESS_LATER ? listener->rounds + 1 : 0;
	if (verdict == ACCESS_REFUSE) {
		who.fd = -1; /* who reads the queue takes the datagram out of it */
		service->standing->counters.refused++;
		access_refuse(&inetd->access, service->access, &who, &answer);
	}
	if (verdict == ACCESS_LATER)
		return INTERNAL_LATER;
	return verdict == ACCESS_ADMIT ? INTERNAL_YES : INTERNAL_NO;
}

static enum internal_leave
may_answer(void *ctx, const struct sockaddr *sender)
{
	struct listener *listener = ctx;
	struct standing *standing = listener->endpoint->service->standing;
	const struct conf_entry *entry = listener->endpoint->service->entry;
	int64_t now_ms = clock_now_ms();
	enum internal_leave leave;
	struct limits_answer limit;
	struct limits_ticket ticket;
	struct addr source;

	if (!origin_address(sender, &source))
		return INTERNAL_NO;
	limit = limits_ask(entry, &standing->limits, &source, now_ms);
	if (limit.say != LIMITS_GO) {
		gate_turn_away(standing, limit.why);
		gate_tell_news(standing);
		return INTERNAL_NO;
	}
	leave = judge(listener, sender);
	if (leave != INTERNAL_YES)
		return leave;
	ticket = limits_take(entry, &standing->limits, &source, now_ms);
	if (ticket.limits == NULL)
		return INTERNAL_NO;
	standing->counters.admitted++;
	limits_give(&ticket, LIMITS_ENDED_WELL, now_ms);
	return INTERNAL_YES;
}

void
datagrams_serve(struct listener *listener)
{
	struct internal_datagrams service = {.kind = listener->endpoint->service->entry->kind,
	    .is_ours = is_ours,
	    .may_answer = may_answer,
	    .ctx = listener,
	    .port = ntohs(endpoint_port(listener->endpoint))};
	struct standing *standing = gate_standing(listener);

	if (standing == NULL)
		return;
	if (!internal_datagrams_serve(&service, listener->fd))
		listener_pause(listener, READING_MS);
	standing->counters.accepted += service.answered + service.ignored;
}
