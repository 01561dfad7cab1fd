/*
 * NAME     hello - the least that a service can do
 * PURPOSE  A line, and the end. Without a C library to be loaded or started, so that what is measured
 *          is what stands before the service.
 * SEE      bench/tcpd.py
 */
#include <sys/syscall.h>
#include <unistd.h>

_Noreturn void _start(void);

_Noreturn void
_start(void)
{
	static const char line[] = "hello\n";
	long written = syscall(SYS_write, STDOUT_FILENO, line, sizeof line - 1);

	for (;;)
		syscall(SYS_exit_group, written == sizeof line - 1 ? 0 : 1);
}
