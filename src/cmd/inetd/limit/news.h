/*
 * What the log should have of limits: each condition once when it begins, and once when it is over, with
 * the number of clients that waited or were closed.
 */
#ifndef INETD_NEWS_H
#define INETD_NEWS_H

#include "base/buf.h"
#include "cmd/inetd/limit/limits.h"

/* A condition is over when it was not met for so long, and does not hold: one that comes and goes
 * is one. */
enum { NEWS_QUIET_MS = 10000 };

enum news {
	NEWS_NONE,
	NEWS_BEGINS, /* a warning */
	NEWS_ENDS,
};

/* The next line, without the service's name, added to text. Call it until there is none: when a
 * question was not answered with GO, and when limits->news_ms has come (0: it need not be
 * called). */
enum news news_next(const struct conf_entry *, struct limits *, int64_t now_ms, struct buf *text);

/* For limits.c: a client met this condition. key is NULL if it has no source. */
void news_met(
    struct limits *, const struct limits_answer *, const struct source_key *, int64_t now_ms);

#endif
