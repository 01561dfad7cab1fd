/*
 * NAME     control - what both ends of the control socket do
 * SEE      unix(7)
 */
#include "tool/control.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

bool
control_address(const char *path, struct sockaddr_un *ret)
{
	size_t len = strlen(path);

	if (len == 0 || len >= sizeof ret->sun_path) {
		errno = ENAMETOOLONG;
		return false;
	}
	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(ret->sun_path, path, len);
	return true;
}

bool
control_is_trusted(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof peer;

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	    (peer.uid == 0 || peer.uid == geteuid());
}
