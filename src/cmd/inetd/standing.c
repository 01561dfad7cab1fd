/*
 * NAME     standing - what outlives a reload
 * INVARIANTS  A standing lives as long as a service of the configuration or a connection refers to it.
 *          A service that holds has none only if there is none with its id.
 */
#include "cmd/inetd/standing.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "cmd/inetd/clock.h"
#include "cmd/inetd/service.h"

static struct standing **
find(struct standings *standings, const char *id)
{
	uint64_t hash = hash_quick(id, strlen(id));
	struct standing **at = &standings->buckets[hash % STANDING_BUCKETS];

	while (*at != NULL && strcmp((*at)->id, id) != 0)
		at = &(*at)->next;
	return at;
}

static struct standing *
make(struct standings *standings, const char *id)
{
	struct standing *standing = calloc(1, sizeof *standing);

	if (standing == NULL)
		return NULL;
	standing->id = strdup(id);
	standing->all = standings;
	standing->news.ring = standings->ring_news;
	standing->place.ring = standings->ring_place;
	standing->reactor = standings->reactor;
	standing->waiting_end = &standing->waiting;
	if (standing->id != NULL && reactor_enroll(standings->reactor, &standing->news) &&
	    reactor_enroll(standings->reactor, &standing->place)) {
		limits_init(&standing->limits, standings->world);
		return standing;
	}
	reactor_dismiss(standing->reactor, &standing->news);
	free(standing->id);
	free(standing);
	return NULL;
}

void
standings_prepare(struct standings *standings, struct services *next)
{
	for (struct service *s = next->first; s != NULL; s = s->next)
		s->standing = *find(standings, s->id);
}

/* Lines for the same place have one id, and the last one holds. */
struct standing *
standings_get(struct standings *standings, const struct service *service)
{
	struct standing **at;

	if (service->standing != NULL)
		return service->standing;
	at = find(standings, service->id);
	if (*at == NULL)
		*at = make(standings, service->id);
	if (*at == NULL)
		return NULL;
	for (struct service *s = standings->services->first; s != NULL; s = s->next)
		if (strcmp(s->id, service->id) == 0) {
			s->standing = *at;
			s->standing->service = s;
		}
	return *at;
}

static void
forget(struct standing **at)
{
	struct standing *standing = *at;

	*at = standing->next;
	limits_release(&standing->limits);
	reactor_dismiss(standing->reactor, &standing->news);
	reactor_dismiss(standing->reactor, &standing->place);
	free(standing->id);
	free(standing->last_error);
	free(standing);
}

void
standings_settle(struct standings *standings, struct services *services)
{
	for (size_t i = 0; i < STANDING_BUCKETS; i++)
		for (struct standing *s = standings->buckets[i]; s != NULL; s = s->next)
			s->service = NULL;
	standings->services = services;
	for (struct service *s = services != NULL ? services->first : NULL; s != NULL; s = s->next)
		if (s->standing != NULL)
			s->standing->service = s;
	for (size_t i = 0; i < STANDING_BUCKETS; i++) {
		struct standing **at = &standings->buckets[i];

		while (*at != NULL) {
			if ((*at)->service == NULL && (*at)->connections == 0)
				forget(at);
			else
				at = &(*at)->next;
		}
	}
}

void
standing_note_error(struct standing *standing, const char *error)
{
	bool is_same = standing->last_error != NULL && strcmp(standing->last_error, error) == 0;
	char *copy = is_same ? NULL : strdup(error);

	if (copy != NULL) {
		free(standing->last_error);
		standing->last_error = copy;
	}
	if (is_same || copy != NULL)
		standing->last_error_ms = clock_now_ms();
}

void
standing_leave(struct standings *standings, struct standing *standing)
{
	struct standing **at;

	if (--standing->connections > 0 || standing->service != NULL)
		return;
	at = find(standings, standing->id);
	if (*at == standing)
		forget(at);
}
