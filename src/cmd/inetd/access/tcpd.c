/*
 * NAME     tcpd - lines that start it
 * INVARIANTS  By the file itself, through all links; a name proves nothing.
 * SEE      docs/decisions/inetd-access.md
 */
#include "cmd/inetd/access/tcpd.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where it is installed, and Debian's. */
static const char *const installed[] = {TCPD_PATH, "/usr/sbin/tcpd"};
/* Seen from this program: where `make install` puts both, and in a build folder. */
static const char *const beside[] = {"tcpd", "../tcpd/tcpd"};

static bool
is_same(const char *path, const struct stat *file)
{
	struct stat other;

	return stat(path, &other) == 0 && other.st_dev == file->st_dev &&
	    other.st_ino == file->st_ino;
}

static bool
is_beside(const struct stat *file)
{
	char path[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", path, sizeof path);
	char *slash = len > 0 ? memrchr(path, '/', (size_t)len) : NULL;

	for (size_t i = 0; i < sizeof beside / sizeof *beside && slash != NULL; i++) {
		if ((size_t)(slash + 1 - path) + strlen(beside[i]) >= sizeof path)
			return false;
		stpcpy(slash + 1, beside[i]);
		if (is_same(path, file))
			return true;
	}
	return false;
}

bool
tcpd_is_one(const char *path)
{
	struct stat file;

	if (stat(path, &file) < 0 || !S_ISREG(file.st_mode))
		return false;
	for (size_t i = 0; i < sizeof installed / sizeof *installed; i++)
		if (is_same(installed[i], &file))
			return true;
	return is_beside(&file);
}
