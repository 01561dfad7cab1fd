/*
 * NAME     fault - count calls, and let the n-th of a kind fail
 * INVARIANTS  Nothing here allocates.
 */
#include "fault.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "job.h"

struct fault_result *fault_result;
struct fault fault;

static void
note_made(const char *call)
{
	size_t len = strlen(call), at = strlen(fault_result->made);

	for (const char *s = fault_result->made; (s = strstr(s, call)) != NULL; s += len)
		if (s[len] == ' ' && (s == fault_result->made || s[-1] == ' '))
			return;
	if (at + len + 2 <= sizeof fault_result->made)
		snprintf(fault_result->made + at, sizeof fault_result->made - at, "%s ", call);
}

bool
fault_fails(const char *call)
{
	if (!fault.armed)
		return false;
	note_made(call);
	if (strcmp(job.fail, call) != 0 || ++fault.seen != fault.nth)
		return false;
	fault_result->reached = true;
	errno = fault.error;
	return true;
}
