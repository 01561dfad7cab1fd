/*
 * NAME     path - where the control socket stands
 * INVARIANTS  The socket is born with mode 0600. What is not a socket, not ours, or alive is never
 *          removed.
 * LIMITS   sun_path. BACKLOG: more than that wait at once for nobody.
 * SEE      unix(7)
 */
#include "cmd/inetd/control/path.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tool/control.h"

enum { BACKLOG = 64, FOLDER_MODE = 0755, SOCKET_UMASK = 0177, FOLDER_UMASK = 022 };

/* One folder, not a whole way of them: a path that was mistyped shall fail. */
static void
make_folder(const char *path)
{
	char folder[sizeof((struct sockaddr_un *)NULL)->sun_path];
	const char *slash = strrchr(path, '/');
	mode_t before;

	if (slash == NULL || slash == path)
		return;
	memcpy(folder, path, (size_t)(slash - path));
	folder[slash - path] = '\0';
	before = umask(FOLDER_UMASK);
	mkdir(folder, FOLDER_MODE); /* bind says what is wrong, if it is */
	umask(before);
}

static bool
is_dead(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool is_refused = fd >= 0 &&
	    connect(fd, (const struct sockaddr *)address, sizeof *address) < 0 &&
	    errno == ECONNREFUSED;

	if (fd >= 0)
		close(fd);
	return is_refused;
}

static void
clear(const struct sockaddr_un *address)
{
	struct stat found;

	if (lstat(address->sun_path, &found) == 0 && S_ISSOCK(found.st_mode) &&
	    found.st_uid == geteuid() && is_dead(address))
		unlink(address->sun_path);
}

static bool
listen_at(int fd, const struct sockaddr_un *address, struct stat *ret_bound)
{
	mode_t before = umask(SOCKET_UMASK);
	bool ok = bind(fd, (const struct sockaddr *)address, sizeof *address) == 0;

	umask(before);
	return ok && lstat(address->sun_path, ret_bound) == 0 && listen(fd, BACKLOG) == 0;
}

int
path_listen(const char *path, struct stat *ret_bound)
{
	struct sockaddr_un address;
	struct stat bound;
	int fd, error;

	if (!control_address(path, &address))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	make_folder(path);
	clear(&address);
	if (listen_at(fd, &address, &bound)) {
		*ret_bound = bound;
		return fd;
	}
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

void
path_remove(const char *path, const struct stat *bound)
{
	struct stat now;

	if (lstat(path, &now) == 0 && now.st_dev == bound->st_dev && now.st_ino == bound->st_ino)
		unlink(path);
}
