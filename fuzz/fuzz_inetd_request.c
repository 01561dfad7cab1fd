/*
 * Fuzz target: requests of the control socket. Beside crashes it checks that what is taken for a
 * request is whole, and that taking it apart again by its own rules leads back to the line.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/inetd/control/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(int truth)
{
	if (!truth)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {
#define COMMAND(name, id, takes, help) name,
#include "control.def"
	};
	static const enum control_takes takes[] = {
#define COMMAND(name, id, takes, help) CONTROL_##takes,
#include "control.def"
	};
	const char *line = (const char *)data;
	struct request request = {.command = CONTROL_COMMANDS};
	size_t len;

	if (request_parse(line, size, &request) != NULL) {
		check(request.command == CONTROL_COMMANDS);
		return 0;
	}
	check(request.command < CONTROL_COMMANDS);
	check(request.service + request.service_len == line + size);
	check(request.service_len > 0 || takes[request.command] != CONTROL_SERVICE);
	check(request.service_len == 0 || takes[request.command] != CONTROL_NOTHING);
	check(size < 2 || memchr(line, '\n', size) == NULL);
	len = strlen(names[request.command]);
	check(size - request.service_len >= 2 + len);
	check(memmem(line, size - request.service_len, names[request.command], len) != NULL);
	return 0;
}
