/*
 * NAME     room - a part of the descriptors is for others
 * PURPOSE  Whoever holds connections to what inetd serves itself costs it nothing but descriptors. Without
 *          a bound it would have none to accept anybody else with.
 * INVARIANTS  The kernel gives the lowest descriptor that is free. Clients have none but the lower ones, so the
 *          upper ones are there for others. Who comes is preferred to who is silent. Redirects are never
 *          pushed out: their silence may be that of somebody who reads.
 * LIMITS   RESERVE: of the descriptors that inetd may have, one in so many.
 */
#include "cmd/inetd/internal/room.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cmd/inetd/internal/internal.h"
#include "cmd/inetd/internal/tarpit.h"

/* Of 1024, the least that is usual, 256: for as many clients who are judged, or started for, at a time. */
enum { RESERVE = 4 };

static rlim_t most; /* 0: not known yet */

int
room_place(int fd)
{
	struct rlimit files;
	int lower;

	if (most == 0 && getrlimit(RLIMIT_NOFILE, &files) == 0)
		most = files.rlim_cur - files.rlim_cur / RESERVE;
	if ((rlim_t)fd < most)
		return fd;
	if (!tarpit_push_out() && !internal_push_out()) {
		errno = EMFILE;
		return -1;
	}
	lower = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (lower >= 0)
		close(fd);
	return lower;
}

void
room_forget(void)
{
	most = 0;
}
