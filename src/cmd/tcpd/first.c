/*
 * NAME     first - tcpd without the loader
 * PURPOSE  Most connections are decided by addresses and names of daemons. For these tcpd is linked
 *          with nothing to be loaded, which is most of what starting it costs. As soon as a decision
 *          needs more, the same connection is given to tcpd-full, which begins anew.
 * INVARIANTS  Here nothing is told, looked up or carried out but for a decision that is complete: so
 *          nothing is done twice. A second stage that cannot be started refuses.
 * SEE      docs/decisions/tcpd-stages.md
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include "action/action.h"
#include "action/shell.h"
#include "cmd/tcpd/stage.h"
#include "event/log.h"
#include "peer/ident.h"
#include "peer/name.h"

/* Beside this program, as in a build folder; where `make install` puts it, seen from sbin, wherever
 * that is; and as it was configured, for a copy of this program that stands in for a service. */
static const char *const places[] = {"tcpd-full", "../libexec/tcpwrap/tcpd-full"};
static const char installed[] = TCPD_FULL;

static char *const *arguments;
static struct request_info *request;

void
stage_begin(char *const argv[], struct request_info *client)
{
	arguments = argv;
	request = client;
}

/* Start what stands at a path from this program's own folder, if that can be found. */
static void
try_beside(const char *place)
{
	char path[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", path, sizeof path);
	char *slash = len > 0 ? memrchr(path, '/', (size_t)len) : NULL;

	if (slash == NULL || (size_t)(slash + 1 - path) + strlen(place) >= sizeof path)
		return;
	stpcpy(slash + 1, place);
	execv(path, arguments);
}

_Noreturn static void
hand_over(void)
{
	char line[EVENT_DIAG_MAX];

	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		try_beside(places[i]);
	execv(installed, arguments);
	snprintf(
	    line, sizeof line, "error: cannot execute %s: %s", installed, stage_error_text(errno));
	event_syslog(LOG_ERR, line);
	clean_exit(request);
	abort(); /* clean_exit does not come back */
}

/* musl has words of its own for some of what execve(2) may say. */
const char *
stage_error_text(int error)
{
	switch (error) {
	case EIO:
		return "Input/output error";
	case ELOOP:
		return "Too many levels of symbolic links";
	case EMFILE:
		return "Too many open files";
	case ENAMETOOLONG:
		return "File name too long";
	case ENOMEM:
		return "Cannot allocate memory";
	default:
		return strerror(error);
	}
}

/* ---- in the place of what asks, tells and does ---- */

int
peer_name(const struct sockaddr *sa, int64_t deadline_ms, struct peer_name *ret)
{
	(void)sa;
	(void)deadline_ms;
	(void)ret;
	hand_over();
}

int
peer_netgroup(void *ctx, const char *group, const char *host)
{
	(void)ctx;
	(void)group;
	(void)host;
	hand_over();
}

enum peer_ident
peer_ident(const struct sockaddr *client, const struct sockaddr *server, int64_t deadline_ms,
    char ret_user[PEER_USER_MAX])
{
	(void)client;
	(void)server;
	(void)deadline_ms;
	(void)ret_user;
	hand_over();
}

enum action_result
action_run(const struct action_env *env, const struct tail *tail, size_t *at, struct diag *ret)
{
	(void)env;
	(void)tail;
	(void)at;
	(void)ret;
	hand_over();
}

enum diag_code
action_shell(const char *command, int *ret_status)
{
	(void)command;
	(void)ret_status;
	hand_over();
}

void
event_diag(const struct diag *diag)
{
	(void)diag;
	hand_over();
}

void
event_finding(const char *text)
{
	(void)text;
	hand_over();
}
