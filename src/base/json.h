/*
 * Pieces of JSON (RFC 8259).
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buf.h"

/* Append text as a string with its quotes. Bytes outside printable ASCII become \u00NN: what comes from
 * files and networks is bytes, not always text. */
bool json_add_string(struct buf *, const char *text, size_t len);

/* Append ,"name": in front of a value; the comma only if something stands before it. */
bool json_add_name(struct buf *, const char *name);

/* The same with a string behind it. */
bool json_add_member(struct buf *, const char *name, const char *text);

/* Append a comma, unless the buffer is empty or ends in an opening bracket. */
bool json_add_comma(struct buf *);

#endif
