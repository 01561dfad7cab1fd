/*
 * What the control socket may ask of inetd, and what it is told: a table of functions, so that it
 * knows nothing of listeners, and a test needs none.
 *
 * Services are counted from 0; a number holds for as long as one request is dealt with, unless the
 * request is a reload. Texts live as long, and may be any bytes, but for ids.
 */
#ifndef INETD_CONTROL_OPS_H
#define INETD_CONTROL_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "tool/control.h"

struct control_counters {
#define COUNTER(member, help) unsigned long member;
#include "control.def"
};

struct control_service {
	const char *id; /* unique, printable ASCII: "*:ftp/tcp", or what an id attribute says */
	const char *name; /* as the log has it, also printable: "ftp/tcp" */
	enum control_state state;
	const char *kind; /* "server", "redirect", "echo" ... */
	const char *socktype, *protocol; /* "stream", "tcp" */
	bool is_wait;
	const char *server, *user; /* NULL: it has none */
	const char *file; /* where it is written */
	unsigned line;
	size_t addresses;
	unsigned long running; /* servers, or connections that inetd itself serves */
	unsigned long waiting; /* clients that have been accepted and are not served yet */
	struct control_counters counters;
	const char *limit; /* why it serves nobody now, "over its rate" ...; NULL: it does */
	const char *last_error; /* NULL: none since inetd started */
	int64_t last_error_ms; /* ago */
};

/* One place that a service listens on. */
struct control_address {
	const char *text; /* "192.0.2.1 port 21", "[::1] port 21", a path */
	enum control_state state; /* ONLINE, OFFLINE or DROPPED */
	const char *error; /* why it is offline; NULL: it is not */
};

/* inetd itself. */
struct control_daemon {
	pid_t pid;
	int64_t up_ms;
	const char *conf_path;
	unsigned long loads, failed_loads; /* of the configuration, the first included */
	bool is_current; /* the last reading was taken */
	int64_t loaded_ms; /* ago: when that which holds was read */
	unsigned errors; /* in it */
	const char *unread; /* a table or list that cannot be read; NULL: there is none */
	int64_t unread_ms; /* for how long */
};

enum control_result {
	CONTROL_DONE,
	CONTROL_ALREADY, /* it was so before */
	CONTROL_FAILED,
};

/* Takes one finding of a reload: "FILE:LINE:COLUMN: error: TEXT", one line. */
struct control_sink {
	void (*take)(struct control_sink *, bool is_error, const char *line);
};

struct control_ops {
	void (*daemon)(void *ctx, struct control_daemon *ret);
	size_t (*count)(void *ctx);
	void (*service)(void *ctx, size_t service, struct control_service *ret);
	void (*address)(void *ctx, size_t service, size_t address, struct control_address *ret);
	/* Clients are left in the queue, or not any more. A pause outlives reloads. */
	enum control_result (*pause)(void *ctx, size_t service, bool is_paused);
	/* The sockets are closed. The next reload that is taken opens them again. */
	enum control_result (*drop)(void *ctx, size_t service);
	/* SIGTERM to each server of the service, and to its process group; inetd's own connections
 *          of
	 * it are closed. How many there were. */
	unsigned long (*end_running)(void *ctx, size_t service);
	/* Begin to read the configuration. At its end, which may be in here, control_reloaded is called;
	 * of several that were asked for meanwhile, for the last one. */
	void (*reload)(void *ctx);
};

#endif
