/*
 * NAME     crashes - pauses after servers that crash
 * INVARIANTS  A pause has an end, CRASHES_PAUSE_LAST_MS ahead at most.
 */
#include "cmd/inetd/limit/crashes.h"

bool
crashes_is_quiet(const struct crashes *crashes, int64_t now_ms)
{
	return crashes->count == 0 ||
	    (crashes->pause_ms == 0 && now_ms - crashes->last_ms >= CRASHES_QUIET_MS);
}

void
crashes_add(struct crashes *crashes, int64_t started_ms, int64_t now_ms)
{
	if (crashes_is_quiet(crashes, now_ms))
		*crashes = (struct crashes){.count = 0};
	crashes->last_ms = now_ms;
	if (crashes->count < CRASHES_LOOP)
		crashes->count++;
	if (crashes->count < CRASHES_LOOP || started_ms < crashes->until_ms)
		return;
	crashes->pause_ms = crashes->pause_ms > 0 ? 2 * crashes->pause_ms : CRASHES_PAUSE_FIRST_MS;
	if (crashes->pause_ms > CRASHES_PAUSE_LAST_MS)
		crashes->pause_ms = CRASHES_PAUSE_LAST_MS;
	crashes->until_ms = now_ms + crashes->pause_ms;
}

bool
crashes_heal(struct crashes *crashes, int64_t started_ms)
{
	if (crashes->pause_ms > 0 && started_ms < crashes->until_ms)
		return false;
	*crashes = (struct crashes){.count = 0};
	return true;
}

int64_t
crashes_rest_ms(const struct crashes *crashes)
{
	if (crashes->pause_ms > 0)
		return crashes->until_ms + crashes->pause_ms;
	return crashes->count > 0 ? crashes->last_ms + CRASHES_QUIET_MS : 0;
}
