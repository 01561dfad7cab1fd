/*
 * The one record of a connection, a line of the log at its end. Pure.
 */
#ifndef INETD_RECORD_H
#define INETD_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

/* Room for any record. */
enum { RECORD_LINE_MAX = 2048 };

enum record_verdict {
	RECORD_ADMITTED,
	RECORD_REFUSED, /* by rules, lists or hours */
	RECORD_LIMITED, /* by a limit */
	RECORD_FAILED, /* it could not be served */
};

/* Texts may be any bytes. */
struct record {
	const char *service;
	const char *client; /* its address; NULL: it has none, on a unix socket */
	unsigned port; /* 0: none */
	enum record_verdict verdict;
	const char *rule_file; /* of the rule that decided; NULL: none did */
	unsigned rule_line;
	const char *reason; /* of a limit or a failure; NULL */
	pid_t pid; /* of the server; 0: there was none */
	int64_t duration_ms;
	bool has_status; /* a server ended */
	int status; /* as wait4 has it */
	int64_t cpu_us; /* of the server and what it has waited for: user and system */
	const char *end; /* how a connection that inetd served ended; NULL */
	bool has_traffic; /* inetd itself carried the bytes */
	uint64_t in_bytes, out_bytes; /* from the client, to it */
};

/* Of which connections there are records. */
enum record_mode {
	RECORD_OFF,
	RECORD_OF_ADMITTED, /* of others, if the service's log_on_failure says so */
	RECORD_OF_ALL,
};

/* False: it is none of them, "off", "admitted", "all". */
bool record_mode_parse(const char *text, enum record_mode *ret);

/* Is there a record, so that a connection makes at most one line more than it does with tcpd?
 * Those that are turned away have their line from whoever turned them away. log_on_failure is of
 * enum conf_log. */
bool record_is_due(enum record_mode, enum record_verdict, unsigned log_on_failure);

/* Append "record service=NAME client=ADDRESS ..." without a newline. parts, of enum conf_log, are
 * what the service's log_on_success or log_on_failure asks for; 0: the usual ones. */
bool record_format(const struct record *, unsigned parts, struct buf *);

#endif
