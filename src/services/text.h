/*
 * A configuration file as text.
 */
#ifndef SERVICES_TEXT_H
#define SERVICES_TEXT_H

#include "base/buf.h"

/* Append a whole regular file of at most buf->max_bytes. NULL: done; else what is wrong with it, a
 * text that lives until the next call. */
const char *text_read(const char *path, struct buf *);

#endif
