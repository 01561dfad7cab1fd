/*
 * A client of a batch: its line, and the line that is the answer.
 */
#ifndef EXPLAIN_ENTRY_H
#define EXPLAIN_ENTRY_H

#include "cmd/tcpwrap/explain/batch.h"
#include "cmd/tcpwrap/explain/verdict.h"

/* Bytes of a result for a byte of a line and of what belongs to it, generously: escapes, names of members, a
 * path that is told each time. */
enum { ENTRY_RESULT_MAX = 4096 };

/* Reused for one line after the other. Not to be moved. */
struct entry {
	const struct batch *batch;
	struct asked asked;
	const char *client; /* as the line has it */
	const char *why; /* the line could not be judged; NULL: it could */
	char canonical[ADDR_TEXT_MAX];
	struct verdict_found found;
};

void entry_init(struct entry *, const struct batch *);

/* Judge the client of a line, which ends in a newline or has a NUL behind it, and is written to; texts as for
 * verdict_find. The result is appended to out. An empty line, and one that begins with '#', has none. */
enum batch_end entry_judge(struct entry *, char *line, size_t len,
    const struct generation *const texts[2], struct buf *out);

#endif
