/*
 * Tables in a folder of the test's own, and time. Behind <cmocka.h>.
 */
#ifndef TESTS_IN_FOLDER_H
#define TESTS_IN_FOLDER_H

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char folder[64], allow[128], deny[128], list[128];

static inline void
put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* Make it look as if it had been written long ago; ctime stays young. */
static inline void
age(const char *path)
{
	struct timespec then[2] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_NOW}};

	clock_gettime(CLOCK_REALTIME, &then[1]);
	then[1].tv_sec -= 100;
	assert_int_equal(utimensat(AT_FDCWD, path, then, 0), 0);
}

static inline void
pause_ms(long ms)
{
	struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};

	nanosleep(&pause, NULL);
}

static inline double
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static inline unsigned
open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned count = 0;

	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count;
}

static inline int
setup(void **state)
{
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/tcpwrap-table-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(allow, sizeof allow, "%s/allow", folder);
	snprintf(deny, sizeof deny, "%s/deny", folder);
	snprintf(list, sizeof list, "%s/list", folder);
	return 0;
}

static inline int
teardown(void **state)
{
	(void)state;
	unlink(allow);
	unlink(deny);
	unlink(list);
	return rmdir(folder);
}

#endif
