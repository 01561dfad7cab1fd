/*
 * NAME     whole - a table, all of it
 * INVARIANTS  Every line is had as by whoever decides: the bytes of one stamp, under which no later write can
 *          go unnoticed.
 * LIMITS   UINT32_MAX bytes, as places in a text are counted. WAIT_MS, for file systems that keep whole
 *          seconds.
 * SEE      docs/decisions/freshness.md
 */
#include "table/whole.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "table/open.h"

enum {
	WAIT_MS = 2 * STAMP_COARSE_MS,
	WAIT_PER_LOOK_MS = STAMP_YOUNG_MS, /* what open_settled waits by itself */
	PIECE_BYTES = 1 << 20,
	STEP_LINES = 1 << 14, /* between two calls of step */
};

static void
step(const struct progress *progress, const char *what, size_t done, size_t all)
{
	if (progress != NULL && progress->step != NULL)
		progress->step(progress->ctx, what, done, all);
}

static bool
take_facts(struct whole *whole, struct table_fault *fault)
{
	struct stat st;

	if (!stamp_is_settled(&whole->stamp))
		return table_fault(fault, TABLE_CANNOT_TABLE_UNSTABLE, 0);
	if (fstat(whole->fd, &st) != 0)
		return table_fault(fault, TABLE_CANNOT_TABLE_READ, errno);
	if (whole->stamp.size < 0 || whole->stamp.size >= UINT32_MAX)
		return table_fault(fault, TABLE_CANNOT_TABLE_LARGE, 0);
	whole->group = st.st_gid;
	whole->size = (size_t)whole->stamp.size;
	return true;
}

bool
whole_open(struct whole *whole, const char *path, struct table_fault *fault)
{
	*whole = (struct whole){.path = path, .fd = -1};
	for (unsigned waited = 0;; waited += WAIT_PER_LOOK_MS) {
		int error;
		enum file_state state = open_settled(path, &whole->stamp, &whole->fd, &error);

		if (state == FILE_ABSENT) {
			whole->fd = -1;
			return true;
		}
		if (state == FILE_BAD && error != EAGAIN)
			return table_fault(fault,
			    error != 0 ? TABLE_CANNOT_TABLE_OPEN : TABLE_CANNOT_TABLE_IRREGULAR,
			    error);
		if (state == FILE_READY && (stamp_is_settled(&whole->stamp) || waited >= WAIT_MS))
			return take_facts(whole, fault);
		if (state == FILE_READY)
			close(whole->fd);
		whole->fd = -1;
		if (waited >= WAIT_MS)
			return table_fault(fault, TABLE_CANNOT_TABLE_UNSTABLE, 0);
	}
}

bool
whole_read(struct whole *whole, const struct progress *progress, struct table_fault *fault)
{
	size_t done = 0;

	whole->bytes = malloc(whole->size + 1);
	if (whole->bytes == NULL)
		return table_fault(fault, TABLE_CANNOT_MEMORY, 0);
	while (done < whole->size) {
		size_t left = whole->size - done, want = left < PIECE_BYTES ? left : PIECE_BYTES;
		ssize_t got = read(whole->fd, whole->bytes + done, want);

		if (got == 0) /* it was shorter for a moment */
			return table_fault(fault, TABLE_CANNOT_TABLE_UNSTABLE, 0);
		if (got < 0 && errno != EINTR)
			return table_fault(fault, TABLE_CANNOT_TABLE_READ, errno);
		done += got > 0 ? (size_t)got : 0;
		step(progress, "reading", done, whole->size);
	}
	return true;
}

void
whole_release(struct whole *whole)
{
	if (whole->fd >= 0)
		close(whole->fd);
	free(whole->bytes);
	whole->fd = -1;
	whole->bytes = NULL;
}

bool
whole_holds(const struct whole *whole)
{
	struct stamp now;
	int error;

	return stamp_path(whole->path, &now, &error) == FILE_READY && stamp_eq(&whole->stamp, &now);
}

/* ---- lines ---- */

static bool
line_fault(struct table_fault *fault, enum table_problem problem, unsigned line)
{
	table_fault(fault, problem, 0);
	fault->line = line;
	return false;
}

static bool
take_line(void *ctx, whole_take *take, const struct line *line, struct lines *lines,
    struct table_fault *fault)
{
	struct rule rules[RULES_MAX];

	return take(ctx, line, rules, rule_read(rules, line), lines) ||
	    table_fault(fault, TABLE_CANNOT_MEMORY, 0);
}

static bool
take_lines(struct whole *whole, struct lines *lines, const struct progress *progress, void *ctx,
    whole_take *take, struct table_fault *fault)
{
	size_t count = 0;
	struct line line;

	for (;;) {
		switch (lines_next(lines, &line)) {
		case LINES_LINE:
			if (!take_line(ctx, take, &line, lines, fault))
				return false;
			break;
		case LINES_TOO_LONG:
			return line_fault(fault, TABLE_CANNOT_LINE_OVER_LIMIT, lines->number + 1);
		case LINES_NO_MEMORY:
			return table_fault(fault, TABLE_CANNOT_MEMORY, 0);
		case LINES_MORE:
		case LINES_END:
			step(progress, "parsing", whole->size, whole->size);
			return true;
		}
		if (++count % STEP_LINES == 0)
			step(progress, "parsing", lines->at, whole->size);
	}
}

bool
whole_lines(struct whole *whole, const struct progress *progress, void *ctx, whole_take *take,
    struct table_fault *fault)
{
	struct lines lines;
	bool is_done;

	lines_init(&lines);
	lines_feed(&lines, whole->bytes, whole->size, true);
	is_done = take_lines(whole, &lines, progress, ctx, take, fault);
	whole->mode = lines.mode;
	lines_release(&lines);
	return is_done;
}
