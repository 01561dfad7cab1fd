/*
 * NAME     hello - the least that a service can do
 * SEE      bench/tcpd.py
 */
#include <unistd.h>

int
main(void)
{
	static const char line[] = "hello\n";

	return write(STDOUT_FILENO, line, sizeof line - 1) == sizeof line - 1 ? 0 : 1;
}
