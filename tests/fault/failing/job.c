/*
 * NAME     job - read what a test asks for
 */
#include "job.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct job job;

bool
job_has(const char *value)
{
	return *value != '\0';
}

long
job_number(const char *value)
{
	return strtol(value, NULL, 10);
}

static const struct {
	const char *key;
	size_t at, size;
} fields[] = {
#define KEY(name)                                                                                  \
	{                                                                                          \
#name, offsetof(struct job, name), sizeof job.name                                 \
	}
    KEY(allow), KEY(deny), KEY(daemon), KEY(addr), KEY(name), KEY(peer), KEY(server),
    KEY(descriptor), KEY(datagram), KEY(reverse), KEY(forward), KEY(official), KEY(group),
    KEY(domain), KEY(copies), KEY(resident), KEY(uid), KEY(starved), KEY(restless), KEY(unkept),
    KEY(again), KEY(second), KEY(before), KEY(after), KEY(fail), KEY(error), KEY(result)};

bool
job_take_line(char *line)
{
	char *value = strchr(line, ' ');

	line[strcspn(line, "\n")] = '\0';
	if (value == NULL)
		return false;
	*value++ = '\0';
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		if (strcmp(fields[i].key, line) == 0 && strlen(value) < fields[i].size) {
			memcpy((char *)&job + fields[i].at, value, strlen(value) + 1);
			return true;
		}
	}
	return false;
}
