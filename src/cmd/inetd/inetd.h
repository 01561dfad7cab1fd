/*
 * The daemon as a whole: what its parts share.
 */
#ifndef INETD_INETD_H
#define INETD_INETD_H

#include <stdbool.h>

#include "cmd/inetd/access/access.h"
#include "cmd/inetd/activation.h"
#include "cmd/inetd/child.h"
#include "cmd/inetd/connection.h"
#include "cmd/inetd/desk.h"
#include "cmd/inetd/intake.h"
#include "cmd/inetd/listeners.h"
#include "cmd/inetd/notify.h"
#include "cmd/inetd/options.h"
#include "cmd/inetd/reactor.h"
#include "cmd/inetd/service.h"
#include "cmd/inetd/standing.h"

struct inetd {
	const char *conf_path; /* absolute */
	struct service_rules rules;
	struct child_world world;
	struct reactor reactor;
	struct listeners listeners;
	struct activation activation;
	struct notify notify;
	struct standings standings;
	struct connections connections;
	struct limits_world limits;
	struct access access;
	enum record_mode record_mode;
	struct generation *holds; /* the configuration; NULL = none yet */
	struct generation *left; /* the one before, until sweep rings */
	struct alarm sweep;
	struct intake intake; /* of the next one */
	struct alarm again; /* rings when it is to be tried again */
	bool is_asked_again; /* while it went on */
	struct desk desk;
	int64_t started_ms;
	struct {
		unsigned long count, failed;
		bool is_current; /* the last one was taken */
		int64_t taken_ms; /* when that was which holds */
		unsigned errors; /* in it: the first may have some */
	} loads; /* of the configuration */
	struct watch signals;
	struct alarm launches; /* rings while children are on their way to exec */
	bool has_launched; /* and what only the first of them needed was given back */
	struct alarm log; /* rings when what it did not take is to be tried again */
	int signal_fd;
	bool is_ending;
};

#endif
