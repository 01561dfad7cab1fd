/*
 * From configuration files to services, with their findings told.
 */
#ifndef INETD_LOAD_H
#define INETD_LOAD_H

#include "cmd/inetd/service.h"

/* Read a file and what it includes. False: the file itself could not be read, or memory ran out.
 * What is wrong is among the notes. Release conf in any case. */
bool load_conf(struct conf *, const char *path);

/* Tell each note as one line, in the order of the files. False: out of memory. */
bool load_tell(const struct conf *,
    void (*tell)(void *ctx, const struct conf *, const struct conf_note *), void *ctx);

/* Read and resolve; each finding but the notices is told. False: nothing can be taken from the file.
 * Release services in any case. */
bool load_services(struct services *, const char *path, const struct service_rules *,
    void (*tell)(enum conf_severity, const char *line));

#endif
