/*
 * NAME     batch - many clients
 * PURPOSE  Blocks of lines are divided among processors, and their results are written in order.
 * INVARIANTS  The engine decides, by tables as they are when a block is begun. Nothing is looked up.
 * LIMITS   BLOCK_BYTES of lines at a time, hence of one line; THREADS_MAX.
 * SEE      tcpwrap-explain(1)
 */
#include "cmd/tcpwrap/explain/batch.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "cmd/tcpwrap/explain/entry.h"
#include "table/store.h"
#include "table/table.h"

enum {
	BLOCK_BYTES = 1 << 20,
	PART_BYTES = 1 << 14, /* fewer are judged before a thread has begun */
	THREADS_MAX = 8, /* more would wait for the one that reads and writes */
	/* A table is read whole when there is a client for so many bytes of it: until then it costs less to
	 * look where an image says, or to read up to a match. */
	HOLD_BYTES = 4096,
};

/* Tables as they are at a moment; NULL: they are read for each client. */
struct tables {
	struct generation *held[2];
	struct stamp stamps[2];
	bool is_absent[2];
	struct generation *nothing; /* an empty table */
};

struct part {
	pthread_t thread;
	const struct batch *batch;
	const struct tables *tables;
	char *lines, *end;
	unsigned long first; /* number of the first line */
	struct buf out;
	enum batch_end worst;
};

/* ---- tables ---- */

static bool
holds(const struct tables *tables, enum table table, const char *path)
{
	struct stamp now;
	int error;

	switch (stamp_path(path, &now, &error)) {
	case FILE_ABSENT:
		return tables->is_absent[table];
	case FILE_READY:
		return tables->held[table] != NULL && !tables->is_absent[table] &&
		    stamp_eq(&tables->stamps[table], &now);
	case FILE_BAD:
		break;
	}
	return false;
}

static void
drop(struct tables *tables, enum table table)
{
	if (!tables->is_absent[table])
		generation_release(tables->held[table]);
	tables->held[table] = NULL;
	tables->is_absent[table] = false;
}

/* Have a table as it is now, if there are as many clients as it takes. */
static void
hold(struct tables *tables, enum table table, const char *path, unsigned long clients)
{
	struct generation *found;
	struct stamp stamp;
	int error;
	enum file_state state = stamp_path(path, &stamp, &error);

	if (state == FILE_ABSENT) {
		tables->held[table] = tables->nothing;
		tables->is_absent[table] = tables->nothing != NULL;
		return;
	}
	if (state != FILE_READY || (uint64_t)stamp.size > (uint64_t)clients * HOLD_BYTES ||
	    !table_keep(path))
		return;
	found = generation_if(store_get(path, &stamp), false);
	if (found != NULL && found->partial) {
		generation_release(found);
		return;
	}
	tables->held[table] = found;
	tables->stamps[table] = stamp;
}

static void
renew(struct tables *tables, const char *const paths[2], unsigned long clients)
{
	for (unsigned t = 0; t < 2; t++) {
		if (holds(tables, (enum table)t, paths[t]))
			continue;
		drop(tables, (enum table)t);
		hold(tables, (enum table)t, paths[t], clients);
	}
}

/* ---- judging ---- */

static void
judge_part(struct part *part)
{
	const struct generation *const held[2] = {part->tables->held[0], part->tables->held[1]};
	bool is_held = held[0] != NULL && held[1] != NULL;
	unsigned long number = part->first;
	struct entry entry;

	entry_init(&entry, part->batch);
	for (char *line = part->lines, *next; line < part->end; line = next, number++) {
		enum batch_end one;

		next = memchr(line, '\n', (size_t)(part->end - line));
		next = next != NULL ? next + 1 : part->end;
		one = entry_judge(
		    &entry, line, (size_t)(next - line), is_held ? held : NULL, &part->out);
		if (one == BATCH_TROUBLE && entry.why != NULL)
			fprintf(stderr, "tcpwrap explain: line %lu: %s\n", number, entry.why);
		part->worst = one > part->worst ? one : part->worst;
	}
}

static void *
run_part(void *ctx)
{
	judge_part(ctx);
	return NULL;
}

/* Where the line ends that a byte is in. */
static char *
line_end(char *at, char *end)
{
	char *newline = memchr(at, '\n', (size_t)(end - at));

	return newline != NULL ? newline + 1 : end;
}

static unsigned long
count_lines(const char *from, const char *end)
{
	unsigned long count = 0;

	for (; (from = memchr(from, '\n', (size_t)(end - from))) != NULL; from++)
		count++;
	return count;
}

struct work {
	const struct batch *batch;
	struct tables tables;
	struct part parts[THREADS_MAX];
	unsigned threads;
	unsigned long lines; /* so far */
	enum batch_end worst;
	size_t filled;
	char block[BLOCK_BYTES + 1]; /* and a NUL */
};

static bool
write_part(struct work *work, struct part *part)
{
	bool is_written = !part->out.failed &&
	    (part->out.len == 0 || fwrite(part->out.bytes, part->out.len, 1, stdout) == 1);

	work->worst = part->worst > work->worst ? part->worst : work->worst;
	part->worst = BATCH_ADMITTED;
	buf_clear(&part->out);
	return is_written;
}

/* The first part is this thread's; so is one for which there is no other. */
static bool
judge_block(struct work *work, size_t len)
{
	size_t share = len / work->threads > PART_BYTES ? len / work->threads : PART_BYTES;
	char *at = work->block, *end = work->block + len;
	bool has_thread[THREADS_MAX] = {false}, is_written = true;
	unsigned count = 0;

	renew(&work->tables, work->batch->paths, work->lines + count_lines(at, end) + 1);
	for (; at < end; count++) {
		struct part *part = &work->parts[count];
		bool is_last = count + 1 == work->threads || (size_t)(end - at) <= share;

		part->lines = at;
		part->end = is_last ? end : line_end(at + share, end);
		part->first = work->lines + 1;
		work->lines += count_lines(at, part->end);
		at = part->end;
	}
	for (unsigned i = 1; i < count; i++)
		has_thread[i] =
		    pthread_create(&work->parts[i].thread, NULL, run_part, &work->parts[i]) == 0;
	for (unsigned i = 0; i < count; i++) {
		if (has_thread[i])
			pthread_join(work->parts[i].thread, NULL);
		else
			judge_part(&work->parts[i]);
		is_written = write_part(work, &work->parts[i]) && is_written;
	}
	return fflush(stdout) == 0 && is_written;
}

/* ---- reading ---- */

static bool
has_more(int fd)
{
	struct pollfd poller = {.fd = fd, .events = POLLIN};

	return poll(&poller, 1, 0) > 0;
}

/* Read what is there, up to a block; wait for the first of it. 1, 0 at the end, or -1. */
static int
fill(struct work *work)
{
	ssize_t got;

	do {
		got = read(work->batch->fd, work->block + work->filled, BLOCK_BYTES - work->filled);
		work->filled += got > 0 ? (size_t)got : 0;
	} while (work->filled < BLOCK_BYTES &&
	    ((got < 0 && errno == EINTR) || (got > 0 && has_more(work->batch->fd))));
	return got < 0 ? -1 : got > 0;
}

/* How many bytes of the block are whole lines. */
static size_t
whole_lines_of(const struct work *work)
{
	const char *newline = memrchr(work->block, '\n', work->filled);

	return newline != NULL ? (size_t)(newline + 1 - work->block) : 0;
}

static bool
fail(const char *what, const char *why)
{
	fprintf(stderr, "tcpwrap explain: %s: %s\n", what, why);
	return false;
}

static bool
judge_all(struct work *work)
{
	int more;

	do {
		size_t len;

		more = fill(work);
		if (more < 0)
			return fail("cannot read the clients", strerror(errno));
		work->block[work->filled] = '\0';
		len = more > 0 ? whole_lines_of(work) : work->filled;
		if (len == 0 && work->filled == BLOCK_BYTES)
			return fail("cannot read the clients", "a line is too long");
		if (len > 0 && !judge_block(work, len))
			return fail("cannot write the results", strerror(errno));
		work->filled -= len;
		memmove(work->block, work->block + len, work->filled);
	} while (more > 0);
	return true;
}

static void
begin(struct work *work, const struct batch *batch)
{
	int processors = get_nprocs();

	work->batch = batch;
	work->threads = processors < 1 ? 1
	    : processors > THREADS_MAX ? THREADS_MAX
	                               : (unsigned)processors;
	work->tables.nothing = table_text("", 0, &(enum diag_code){DIAG_NONE});
	for (unsigned i = 0; i < THREADS_MAX; i++) {
		work->parts[i].batch = batch;
		work->parts[i].tables = &work->tables;
		buf_init(&work->parts[i].out, NULL, 0, ENTRY_RESULT_MAX * (size_t)BLOCK_BYTES);
	}
}

enum batch_end
batch_run(const struct batch *batch)
{
	struct work *work = calloc(1, sizeof *work);
	enum batch_end end;

	if (work == NULL) {
		fail("cannot begin", "out of memory");
		return BATCH_TROUBLE;
	}
	begin(work, batch);
	end = judge_all(work) ? work->worst : BATCH_TROUBLE;
	for (unsigned i = 0; i < THREADS_MAX; i++)
		buf_release(&work->parts[i].out);
	drop(&work->tables, TABLE_ALLOW);
	drop(&work->tables, TABLE_DENY);
	generation_release(work->tables.nothing);
	free(work);
	return end;
}
