/*
 * NAME     diag - how often findings are told
 * INVARIANTS  No lock is ever waited for: whoever misses it (another thread, or a child forked
 *          meanwhile) tells without looking.
 * LIMITS   PLACES repeatable findings in a minute.
 */
#include "event/log.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "base/hash.h"

enum { PLACES = 64, QUIET_S = 60 };

/* Findings about the text of a table: true at every connection until somebody edits it. All others
 * are events, or lines that log readers count. */
static const bool is_repeatable[DIAG_CODES] = {
    [DIAG_TABLE_NOT_REGULAR] = true,
    [DIAG_LINE_OVER_LIMIT] = true,
    [DIAG_BAD_DIRECTIVE] = true,
    [DIAG_OPEN_BRACKET] = true,
    [DIAG_NUL_BYTE] = true,
    [DIAG_BAD_NET] = true,
    [DIAG_BAD_ADDRESS] = true,
    [DIAG_BAD_BRACKETS] = true,
    [DIAG_EMPTY_HOST] = true,
    [DIAG_LIST_ABSENT] = true,
    [DIAG_LIST_NOT_REGULAR] = true,
    [DIAG_LIST_TOO_DEEP] = true,
    [DIAG_LIST_LONG_WORD] = true,
    [DIAG_READINGS_DIFFER] = true,
    [DIAG_BANNER_NOT_REGULAR] = true,
    [DIAG_BANNER_BAD_NAME] = true,
    [DIAG_IDENTITY_NOT_OURS] = true,
    [DIAG_TOO_MANY_COMMANDS] = true,
};

struct place {
	uint64_t hash;
	int64_t told_s; /* 0 = never */
};

static uint64_t
hash_diag(const struct diag *diag)
{
	uint64_t hash = HASH_INIT;
	unsigned numbers[] = {(unsigned)diag->code, diag->line, diag->column};

	hash = hash_add(hash, numbers, sizeof numbers);
	hash = hash_add(hash, diag->arg, strlen(diag->arg) + 1);
	return diag->file != NULL ? hash_add(hash, diag->file, strlen(diag->file)) : hash;
}

/* Is it time to tell? If every place was used within the minute, no: a table of a thousand bad
 * words must not fill the log at each connection. */
static bool
claim(struct place places[PLACES], uint64_t hash, int64_t now_s)
{
	struct place *oldest = &places[0];

	for (unsigned i = 0; i < PLACES; i++) {
		if (places[i].told_s != 0 && places[i].hash == hash) {
			oldest = &places[i];
			break;
		}
		if (places[i].told_s < oldest->told_s)
			oldest = &places[i];
	}
	if (oldest->told_s != 0 && now_s - oldest->told_s < QUIET_S)
		return false;
	*oldest = (struct place){.hash = hash, .told_s = now_s};
	return true;
}

static bool
is_due(const struct diag *diag)
{
	static struct place places[PLACES];
	static atomic_flag busy = ATOMIC_FLAG_INIT;
	struct timespec now;
	bool due;

	if (!is_repeatable[diag->code] || atomic_flag_test_and_set(&busy))
		return true;
	clock_gettime(CLOCK_MONOTONIC, &now);
	due = claim(places, hash_diag(diag), (int64_t)now.tv_sec + 1);
	atomic_flag_clear(&busy);
	return due;
}

void
event_diag(const struct diag *diag)
{
	char storage[EVENT_DIAG_MAX + 1];
	struct buf text;
	int saved = errno;

	if (is_due(diag)) {
		buf_init(&text, storage, sizeof storage, EVENT_DIAG_MAX);
		event_diag_text(diag, &text);
		event_syslog(
		    diag_severity(diag->code) == DIAG_INFO ? LOG_INFO : LOG_ERR, text.bytes);
	}
	errno = saved;
}

void
event_finding(const char *text)
{
	event_syslog(LOG_ERR, text);
}
