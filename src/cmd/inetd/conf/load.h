/*
 * From a configuration file to services, with its findings told.
 */
#ifndef INETD_LOAD_H
#define INETD_LOAD_H

#include "cmd/inetd/service.h"

/* Read and resolve a file; each finding, and what keeps the file from being read, is told as one
 * line. False: it could not be read at all. Release services in any case. */
bool load_services(struct services *, const char *path, const struct service_rules *,
    void (*tell)(enum conf_severity, const char *line));

#endif
