/*
 * Entries as text, in either notation.
 */
#ifndef INETD_SHOW_H
#define INETD_SHOW_H

#include "cmd/inetd/conf/conf.h"

/* All entries with what the defaults gave them, as xinetd.conf: read again it is the same. Ids are
 * made unique. False: out of memory, or over the buffer's maximum. */
bool show_blocks(const struct conf *, struct buf *);

/* As lines of inetd.conf. What they cannot say is named in a comment; a line that would serve more
 * without it is a comment itself. */
bool show_lines(const struct conf *, struct buf *);

#endif
