/*
 * NAME     open - opening what may be half written
 * LIMITS   LOOKS of PAUSE_MS make up STAMP_YOUNG_MS: whatever a writer does, that is all he gets.
 * SEE      docs/decisions/freshness.md
 */
#include "table/open.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

enum { PAUSE_MS = 5, LOOKS = STAMP_YOUNG_MS / PAUSE_MS };

void
open_pause(void)
{
	struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};

	while (nanosleep(&pause, &pause) < 0 && errno == EINTR)
		;
}

/* What this process knows of the text before, if the file is in the middle of being written. */
static struct generation *
text_before(const char *path, const struct stamp *stamp, int64_t age)
{
	struct generation *last = store_get_last(path);

	if (last == NULL || age < STAMP_TORN_MS || stamp_is_cut(stamp, &last->stamp))
		return last;
	generation_release(last);
	return NULL;
}

enum file_state
open_whole(const char *path, struct stamp *ret, int *ret_fd, struct generation **ret_earlier,
    int *ret_error)
{
	*ret_earlier = NULL;
	for (unsigned look = 0;; look++) {
		enum file_state state = stamp_open(path, ret, ret_fd, ret_error);
		int64_t age = state == FILE_READY ? stamp_age_ms(ret) : INT64_MAX;
		bool cut = state == FILE_READY && stamp_may_be_cut(ret);

		if (!cut && (age >= STAMP_TORN_MS || !stamp_is_torn(ret, *ret_fd)))
			return state;
		*ret_earlier = text_before(path, ret, age);
		if (*ret_earlier == NULL && ((!cut && age >= STAMP_YOUNG_MS) || look == LOOKS))
			return state;
		close(*ret_fd);
		if (*ret_earlier != NULL)
			return state;
		open_pause();
	}
}

enum file_state
open_settled(const char *path, struct stamp *ret, int *ret_fd, int *ret_error)
{
	for (unsigned look = 0;; look++) {
		struct generation *earlier;
		enum file_state state = open_whole(path, ret, ret_fd, &earlier, ret_error);

		if (earlier != NULL) {
			generation_release(earlier);
			*ret_error = EAGAIN;
			return FILE_BAD;
		}
		/* One look more than it takes: a pause is no exact measure. */
		if (state != FILE_READY || look > LOOKS || stamp_is_settled(ret))
			return state;
		close(*ret_fd);
		open_pause();
	}
}
