/*
 * Steps that change the process, run in a child. Behind <cmocka.h>.
 */
#ifndef TESTS_IN_CHILD_H
#define TESTS_IN_CHILD_H

#include <sys/wait.h>
#include <unistd.h>

/* body returns the number of the step that failed, or 0. */
static inline int
run_in_child(int (*body)(void))
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0)
		_exit(body());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static inline void
assert_child_ok(int (*body)(void))
{
	assert_int_equal(run_in_child(body), 0);
}

#endif
