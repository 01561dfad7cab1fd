/*
 * NAME     reload - from the configuration that holds to the next one
 * INVARIANTS  All or nothing: any fault keeps what holds. Listeners and services go away only here.
 * LIMITS   LOOK_AGAIN_MS, for a file that is just being written.
 * SEE      decisions/inetd-reload.md, intake.h, listeners.h
 */
#include "cmd/inetd/reload.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "cmd/inetd/queue.h"
#include "cmd/inetd/clock.h"
#include "cmd/inetd/conf/load.h"
#include "cmd/inetd/log.h"
#include "cmd/inetd/pages.h"

enum { LOOK_AGAIN_MS = 50, THREAD_MS = 5, SWEEP_MS = 100, FAULT_TEXT_MAX = 256 };

/* Whom findings are told to, beside the log, while a reading is adopted; NULL: nobody. */
static struct control_sink *listening;

static void
tell_finding(enum conf_severity severity, const char *line)
{
	log_line(severity == CONF_ERROR ? LOG_ERR : LOG_WARNING, "%s", line);
	if (listening != NULL)
		listening->take(listening, severity == CONF_ERROR, line);
}

/* What a running configuration is not given up for. */
static bool
may_replace(const struct services *next)
{
	return next->conf.errors == 0 && next->first != NULL;
}

static bool
replace(struct inetd *inetd, struct services *next, bool is_first)
{
	bool ok;

	standings_prepare(&inetd->standings, next);
	activation_adapt(&inetd->activation, next);
	ok = listeners_replace(&inetd->listeners, next, is_first, tell_finding);
	activation_finish(&inetd->activation);
	return ok;
}

static void
sweep(struct alarm *alarm, int64_t now_ms)
{
	struct inetd *inetd = owner_of(alarm, struct inetd, sweep);

	(void)now_ms;
	generation_free(inetd->left);
	inetd->left = NULL;
	pages_release();
}

/* To give a thousand services back takes a third of what it takes to go over to others: not in the same
 * turn of the loop. Nobody refers to it any more. */
static void
leave(struct inetd *inetd, struct generation *generation)
{
	generation_free(inetd->left);
	inetd->left = generation;
	inetd->sweep.ring = sweep;
	reactor_set_alarm(&inetd->reactor, &inetd->sweep, clock_now_ms() + SWEEP_MS);
}

/* Takes the generation. False: it is not what holds. */
static bool
adopt(struct inetd *inetd, struct generation *next, bool is_first)
{
	struct services *services = &next->services;
	bool ok = load_tell_lines(&services->conf, tell_finding) && next->is_read &&
	    (is_first || may_replace(services)) && replace(inetd, services, is_first);
	struct generation *left = ok ? inetd->holds : next;

	inetd->loads.count++;
	inetd->loads.failed += !ok;
	inetd->loads.is_current = ok;
	if (ok) {
		inetd->holds = next;
		inetd->loads.taken_ms = clock_now_ms();
		inetd->loads.errors = services->conf.errors;
	}
	standings_settle(&inetd->standings, inetd->holds != NULL ? &inetd->holds->services : NULL);
	leave(inetd, left);
	if (ok)
		queue_reconsider(inetd);
	return ok;
}

void
reload_tell_ready(struct inetd *inetd, bool is_fresh)
{
	size_t count = 0;

	for (const struct service *s = inetd->holds->services.first; s != NULL; s = s->next)
		count++;
	notify_ready(&inetd->notify, count, is_fresh);
}

static void
finish(struct inetd *inetd, bool ok)
{
	listening = NULL;
	if (!ok)
		log_line(LOG_ERR, "nothing taken from the file: services stay as they are");
	control_reloaded(&inetd->desk.control, ok);
	reload_tell_ready(inetd, ok);
}

/* It was not read, for want of something. */
static void
give_up(struct inetd *inetd, const char *why)
{
	char storage[FAULT_TEXT_MAX];
	struct buf line;

	buf_init(&line, storage, sizeof storage, sizeof storage - 1);
	buf_add_str(&line, "cannot read the configuration: ");
	buf_add_str(&line, why);
	listening = control_listen(&inetd->desk.control);
	tell_finding(CONF_ERROR, line.bytes);
	finish(inetd, false);
}

static void
start(struct inetd *inetd)
{
	reactor_stop_alarm(&inetd->reactor, &inetd->again);
	if (inetd->intake.pid != 0) {
		inetd->is_asked_again = true;
	} else if (!access_may_fork(&inetd->access)) {
		reactor_set_alarm(&inetd->reactor, &inetd->again, clock_now_ms() + THREAD_MS);
	} else if (!intake_begin(&inetd->intake)) {
		give_up(inetd, strerror(errno));
	}
}

static void
ring(struct alarm *alarm, int64_t now_ms)
{
	(void)now_ms;
	start(owner_of(alarm, struct inetd, again));
}

void
reload_begin(struct inetd *inetd)
{
	notify_reloading(&inetd->notify);
	inetd->again.ring = ring;
	start(inetd);
}

bool
reload_child_ended(struct inetd *inetd, pid_t pid, int status)
{
	struct generation *next;

	if (pid != inetd->intake.pid)
		return false;
	next = intake_take(&inetd->intake, status);
	if (inetd->is_asked_again) {
		inetd->is_asked_again = false;
		generation_free(next);
		start(inetd);
	} else if (next == NULL) {
		give_up(inetd, "its reader ended before it was through");
	} else if (next->services.conf.is_torn) {
		log_line(LOG_DEBUG,
		    "a file of the configuration seems to be half written: looking again");
		generation_free(next);
		reactor_set_alarm(&inetd->reactor, &inetd->again, clock_now_ms() + LOOK_AGAIN_MS);
	} else {
		listening = control_listen(&inetd->desk.control);
		finish(inetd, adopt(inetd, next, false));
	}
	return true;
}

bool
reload_first(struct inetd *inetd)
{
	struct generation *next;

	inetd->intake.path = inetd->conf_path;
	inetd->intake.rules = &inetd->rules;
	inetd->intake.reactor = &inetd->reactor;
	next = intake_whole(&inetd->intake);
	if (next != NULL)
		return adopt(inetd, next, true);
	log_line(LOG_ERR, "cannot read the configuration: %s", strerror(errno));
	return false;
}

void
reload_close(struct inetd *inetd)
{
	intake_stop(&inetd->intake);
	listeners_release(&inetd->listeners);
	standings_settle(&inetd->standings, NULL);
	generation_free(inetd->left);
	generation_free(inetd->holds);
	inetd->left = inetd->holds = NULL;
}
