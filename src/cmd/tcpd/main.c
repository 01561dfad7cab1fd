/*
 * NAME     tcpd - judge a client, then become the service
 * PURPOSE  inetd starts this in a service's place, with the client's socket as standard input.
 *          It comes in two stages of the same code: first.c says why.
 * INVARIANTS  Whoever is not let in gets not a byte, and everybody but the service ends with status 0:
 *          a super-server takes anything else for a crash. Nothing is started but by a path that the
 *          administrator wrote: a relative name stays in SERVICE_DIR.
 * LIMITS   A path has PATH_MAX bytes, as for exec.
 * SEE      tcpd(8)
 */
#define INET6

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <syslog.h>
#include <tcpd.h>
#include <unistd.h>

#include "cmd/tcpd/stage.h"
#include "event/log.h"
#include "event/message.h"

#define SERVICE_DIR "/usr/sbin/"

enum { CLIENT = STDIN_FILENO };

/* Exported of old, though in no header: hosts_access(3). */
void fix_options(struct request_info *);

/* What argv[0] asks for. */
struct service {
	char path[PATH_MAX];
	char *name; /* what rules and logs call it: the end of argv[0] */
};

/* As whom it started us: to do that again would have no end. */
static bool
is_ourself(const char *path)
{
	const char *own = (const char *)getauxval(AT_EXECFN);

	return own != NULL && strcmp(own, path) == 0;
}

/* False: it is none that may be started. */
static bool
find_service(char *arg, struct service *ret)
{
	char *slash = strrchr(arg, '/');
	bool is_absolute = arg[0] == '/';
	struct buf path;

	buf_init(&path, ret->path, sizeof ret->path, sizeof ret->path - 1);
	ret->name = is_absolute ? slash + 1 : arg;
	return buf_add_str(&path, is_absolute ? "" : SERVICE_DIR) && buf_add_str(&path, arg) &&
	    *ret->name != '\0' && (is_absolute || slash == NULL) && !is_ourself(ret->path);
}

static void
open_log(const char *name)
{
	static char tag[PATH_MAX];

	message_tag(name, tag, sizeof tag);
	stage_open_log(tag);
}

static void
cannot_execute(struct request_info *request, const char *path)
{
	char line[EVENT_LINE_MAX];

	snprintf(line, sizeof line, "error: cannot execute %s: %s", path, stage_error_text(errno));
	event_syslog(LOG_ERR, line);
	clean_exit(request);
}

static void
start(struct request_info *request, const struct service *service, char **argv)
{
	char line[EVENT_DIAG_MAX];

	snprintf(line, sizeof line, "connect from %s (%s)", eval_client(request),
	    eval_hostaddr(request->client));
	event_syslog(allow_severity, line);
	execv(service->path, argv);
	cannot_execute(request, service->path);
}

int
main(int argc, char **argv)
{
	static struct request_info request;
	static struct service service;
	bool is_service = argc > 0 && find_service(argv[0], &service);
	const char *name = is_service ? service.name : "tcpd";

	/* Free, the descriptor would be given to the log's socket, and that be taken for the client. */
	if (fcntl(CLIENT, F_GETFD) < 0 && open("/dev/null", O_RDWR) != CLIENT)
		return 0;
	stage_begin(argv, &request);
	umask(022);
	open_log(name);
	request_init(&request, RQ_DAEMON, name, RQ_FILE, CLIENT, 0);
	sock_host(&request);
	if (!is_service) {
		errno = EINVAL;
		cannot_execute(&request, argc > 0 ? argv[0] : "");
	}
	fix_options(&request);
	if (!hosts_access(&request))
		refuse(&request);
	argv[0] = service.name;
	start(&request, &service, argv);
	return 0;
}
