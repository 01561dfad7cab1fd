/*
 * NAME     descriptors - a host that has few descriptors, or not the first ones
 */
#include "descriptors.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "host.h"
#include "library.h"
#include "modes.h"

void
descriptors_list(char ret[DESCRIPTORS_TEXT])
{
	ret[0] = '\0';
	for (int fd = 0; fd < DESCRIPTORS_MAX; fd++) {
		char path[32], target[48] = "";
		size_t len = strlen(ret);

		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
		if (readlink(path, target, sizeof target - 1) >= 0)
			snprintf(ret + len, DESCRIPTORS_TEXT - len, "%d=%s(%d) ", fd, target,
			    fcntl(fd, F_GETFD));
	}
}

bool
descriptors_differ(const char *before, const char *after)
{
	if (strcmp(before, after) == 0)
		return false;
	host_say("# descriptors before: %.200s\n# and after: %.200s\n", before, after);
	return true;
}

static void
decide_and_compare_fds(const struct library *library)
{
	static char before[DESCRIPTORS_TEXT], after[DESCRIPTORS_TEXT];

	descriptors_list(before);
	library_decide_all(library);
	descriptors_list(after);
	host_say("fds_differ=%d ", descriptors_differ(before, after));
}

void
descriptors_closed(void)
{
	struct library library = library_open();

	for (int fd = 0; fd <= 2; fd++)
		close(fd);
	decide_and_compare_fds(&library);
}

void
descriptors_limit(rlim_t most)
{
	struct rlimit limit = {most, most};

	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		host_die("setrlimit");
}

/* 0 to 2 are there, and five more can be had. */
void
descriptors_few(void)
{
	struct library library = library_open();

	descriptors_limit(8);
	decide_and_compare_fds(&library);
}

/* None can be had: nobody gets in. Then there are some again. */
void
descriptors_none(void)
{
	struct library library = library_open();
	int opened[8], count = 0, granted = 0;
	unsigned before;

	descriptors_limit(8);
	while (count < 8 && (opened[count] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
		count++;
	for (unsigned q = 0; q < library_task.query_count; q++)
		granted += library_decide(&library, &library_task.queries[q]);
	before = atomic_exchange(&library_wrong, 0);
	while (count > 0)
		close(opened[--count]);
	decide_and_compare_fds(&library);
	host_say("granted_without=%d refused_without=%u ", granted, before);
}
