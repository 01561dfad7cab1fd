/*
 * NAME     teller - refusals, counted and told
 * PURPOSE  As tcpd does, through the same file; but this process does not end, so it stays for the number
 *          by an alarm, and keeps what it counts until then to itself.
 * INVARIANTS  Lines said and numbers told are all refusals. Without memory or an alarm it is a line.
 * LIMITS   One stay for each service and priority that has more than BURST_LINES refusals in a second.
 * SEE      docs/decisions/bursts.md
 */
#include "cmd/inetd/access/teller.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/inetd/clock.h"
#include "cmd/inetd/log.h"
#include "event/burst.h"
#include "peer/socket.h"

enum { TEXT_MAX = 64, SECOND_MS = 1000 };

struct stay {
	struct alarm alarm;
	struct stay *next;
	struct teller *teller;
	struct burst_turn turn;
	unsigned long own; /* counted here alone */
	int priority;
	char *name, *tag; /* both in text[] */
	char text[];
};

static void
tell(int priority, const char *tag, unsigned long more)
{
	char text[TEXT_MAX];

	if (more == 0)
		return;
	snprintf(text, sizeof text, "refused %lu more connects in 1 s", more);
	log_as(priority, tag, getpid(), text);
}

void
teller_init(struct teller *teller, struct reactor *reactor)
{
	*teller = (struct teller){.reactor = reactor, .bursts = burst_open(BURST_DIR, BURST_FILE)};
}

static void
end_stay(struct stay *stay)
{
	struct stay **at = &stay->teller->stays;

	while (*at != stay)
		at = &(*at)->next;
	*at = stay->next;
	reactor_stop_alarm(stay->teller->reactor, &stay->alarm);
	tell(stay->priority, stay->tag, stay->own + burst_take(stay->teller->bursts, &stay->turn));
	free(stay);
}

void
teller_release(struct teller *teller)
{
	while (teller->stays != NULL)
		end_stay(teller->stays);
	if (teller->bursts >= 0)
		close(teller->bursts);
	teller->bursts = -1;
}

static void
ring(struct alarm *alarm, int64_t now_ms)
{
	(void)now_ms;
	end_stay((struct stay *)alarm);
}

static struct stay *
find(const struct teller *teller, const char *name, int priority)
{
	struct stay *stay = teller->stays;

	while (stay != NULL && (stay->priority != priority || strcmp(stay->name, name) != 0))
		stay = stay->next;
	return stay;
}

/* Until the second of the turn is over, with what is counted till then. False: it cannot. */
static bool
begin_stay(struct teller *teller, const char *name, const char *tag, int priority,
    const struct burst_turn *turn)
{
	size_t name_len = strlen(name) + 1, tag_len = strlen(tag) + 1;
	struct stay *stay = calloc(1, sizeof *stay + name_len + tag_len);
	/* The second is one of the monotonic clock. */
	int64_t left_ms = ((int64_t)turn->second + 1) * SECOND_MS - peer_now_ms();

	if (stay == NULL)
		return false;
	*stay = (struct stay){.alarm.ring = ring,
	    .next = teller->stays,
	    .teller = teller,
	    .turn = *turn,
	    .priority = priority,
	    .name = stay->text,
	    .tag = stay->text + name_len};
	memcpy(stay->name, name, name_len);
	memcpy(stay->tag, tag, tag_len);
	if (!reactor_set_alarm(teller->reactor, &stay->alarm, clock_now_ms() + left_ms)) {
		free(stay);
		return false;
	}
	teller->stays = stay;
	return true;
}

bool
teller_says(struct teller *teller, const char *name, const char *tag, int priority)
{
	struct stay *stay = find(teller, name, priority);
	struct burst_turn turn;

	if (stay != NULL && clock_now_ms() < stay->alarm.due.at_ms) {
		stay->own++;
		return false;
	}
	switch (burst_count(teller->bursts, name, priority, &turn)) {
	case BURST_LINE:
		tell(priority, tag, turn.earlier);
		return true;
	case BURST_STAY:
		if (!begin_stay(teller, name, tag, priority, &turn))
			tell(priority, tag, burst_take(teller->bursts, &turn));
		return false;
	case BURST_COUNTED:
		return false;
	}
	return true;
}
