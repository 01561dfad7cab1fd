/*
 * tcpwrap wrap and unwrap: between the work and its report.
 */
#ifndef TCPWRAP_WRAP_H
#define TCPWRAP_WRAP_H

#include <stdbool.h>

#include "base/arena.h"
#include "services/inventory.h"
#include "services/wrapper.h"

struct wrap_options {
	const char *file, *root, *tcpd; /* NULL: not said */
	bool is_forced, is_json, is_dry, is_quiet;
	bool removes; /* unwrap */
	const char *service;
	const char *command; /* "tcpwrap wrap", in front of messages */
};

/* What starts the services of a file, and has to be told. */
enum wrap_kind { WRAP_INETD, WRAP_XINETD, WRAP_SYSTEMD };

/* One place. */
struct wrap_place {
	struct wrap_place *next;
	enum wrap_kind kind;
	enum wrapper_code code;
	const char *file;
	unsigned line; /* 0: the file as a whole */
	const char *program;
	const char *backup; /* "": none */
	const char *fault; /* why it could not be written; "": it was, or is not to be */
};

struct wrap {
	const struct wrap_options *options;
	struct wrap_place *places, **places_end;
	const struct inventory *before;
	struct inventory after; /* the host as it is then */
	struct arena arena;
	bool failed; /* memory ran out */
};

/* Is that what was asked for? */
bool wrap_is_done(const struct wrap_place *);
/* Does it change its file? */
bool wrap_is_change(const struct wrap_place *);

/* Say what was found and done; all of it stands in wrap. */
void wrap_show(const struct wrap *);
void wrap_show_json(const struct wrap *);

#endif
