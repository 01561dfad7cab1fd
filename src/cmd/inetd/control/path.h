/*
 * The path of the control socket.
 */
#ifndef INETD_CONTROL_PATH_H
#define INETD_CONTROL_PATH_H

#include <sys/stat.h>

/* A listening socket there, mode 0600, non-blocking and close-on-exec; ret_bound is what was
 * bound. Its folder is made, 0755, if there is none. What a dead process of ours left behind is
 * removed, anything else stays. -1: errno; EADDRINUSE: somebody answers there, or it is not ours.
 * */
int path_listen(const char *path, struct stat *ret_bound);

/* Remove the path, if it is still that which was bound. */
void path_remove(const char *path, const struct stat *bound);

#endif
