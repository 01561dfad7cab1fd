/*
 * From configuration files to entries, with their findings told.
 */
#ifndef INETD_LOAD_H
#define INETD_LOAD_H

#include "cmd/inetd/conf/conf.h"

/* Read a file and what it includes, into memory that conf_init takes. False: the file itself could not be
 * read, or memory ran out. What is wrong is among the notes. Release conf in any case. */
bool load_conf(struct conf *, const struct conf_memory *, const char *path);

/* Tell each note as one line, in the order of the files. False: out of memory. */
bool load_tell(const struct conf *,
    void (*tell)(void *ctx, const struct conf *, const struct conf_note *), void *ctx);

/* The same for a log: all but the notices. */
bool load_tell_lines(const struct conf *, void (*tell)(enum conf_severity, const char *line));

#endif
