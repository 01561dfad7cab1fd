/*
 * What a server gets besides its identity, as far as it can be known when the file is read, and its
 * socket. The rest of it is in the entry itself.
 */
#ifndef INETD_SETUP_H
#define INETD_SETUP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "cmd/inetd/conf/conf.h"
#include "cmd/inetd/greeting.h"
#include "cmd/inetd/redirect/target.h"

struct service_rules;

struct setup {
	const char *server; /* its path: for logs, escaped */
	uid_t socket_uid; /* of a unix socket; -1 = inetd's */
	gid_t socket_gid;
	mode_t umask;
	bool has_descriptor_limit; /* else the one that inetd was started with */
	/* All variables that do not depend on the client; each name once, none of inetd's own. */
	char *const *variables;
	size_t variable_count;
	const struct redirect_target *target; /* of a redirect */
	const struct greeting *greeting, *greeting_admitted, *greeting_refused; /* NULL = none */
};

/* Make a setup of an entry. What cannot be had is reported, and the entry is then not to be used:
 * nothing falls back on less. Only a greeting that cannot be read is left out, with a warning.
 * The setup lives as long as the conf and the rules' environment. */
void setup_resolve(
    struct conf *, const struct conf_entry *, const struct service_rules *, struct setup *ret);

/* May this be the root folder of a server? Who can write there puts his own server and libraries
 * there. */
bool setup_is_guarded(const struct stat *);

#endif
