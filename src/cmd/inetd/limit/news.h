/*
 * What the log should have of limits: each condition once when it begins, and once when it is over, with
 * the number of clients that waited or were closed.
 */
#ifndef INETD_NEWS_H
#define INETD_NEWS_H

#include "base/buf.h"
#include "cmd/inetd/limit/limits.h"

enum news {
	NEWS_NONE,
	NEWS_BEGINS, /* a warning */
	NEWS_ENDS,
};

/* The next line, without the service's name, added to text. Call it until there is none: when a
 * question was not answered with GO, and when limits->news_ms has come (0: it need not be
 * called). */
enum news news_next(const struct conf_entry *, struct limits *, int64_t now_ms, struct buf *text);

#endif
