/*
 * NAME     end - was everything printed?
 */
#include "tool/end.h"

#include <stdio.h>

/* A flush that failed has thrown away what it had: a later one succeeds, and only the mark is left. */
int
end_status(const char *program, int status, int trouble)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "%s: cannot write to standard output\n", program);
	return trouble;
}
