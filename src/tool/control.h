/*
 * How inetctl and inetd talk: one request and one answer a connection, on a unix stream socket.
 *
 *   request = version " " command [" " service] "\n"     version is CONTROL_VERSION, in decimal
 *   answer  = a JSON object "\n", then the end of the stream
 *
 * Commands, states and counters are lines of data/control.def. A service is named by its id as
 * answers spell it, by its name, or by what stands in front of the name's slash. An answer always
 * has "version" and "ok"; one with "ok":false has "error", and nothing was done.
 */
#ifndef TOOL_CONTROL_H
#define TOOL_CONTROL_H

#include <stdbool.h>
#include <sys/un.h>

#define CONTROL_PATH "/run/tcpwrap/inetd.sock"

enum {
	CONTROL_VERSION = 1,
	/* With its newline: the longest id (a path, escaped) with a command in front of it. */
	CONTROL_REQUEST_MAX = 1024,
	/* 10,000 services of 800 bytes. */
	CONTROL_ANSWER_MAX = 8 << 20,
};

enum control_command {
#define COMMAND(name, id, takes, help) CONTROL_##id,
#include "control.def"
	CONTROL_COMMANDS
};

enum control_takes { CONTROL_NOTHING, CONTROL_MAYBE, CONTROL_SERVICE };

enum control_state {
#define STATE(id, name, help) CONTROL_##id,
#include "control.def"
	CONTROL_STATES
};

/* The address of a path. False: it is empty or too long; errno is ENAMETOOLONG. */
bool control_address(const char *path, struct sockaddr_un *ret);

/* Is whoever is at the other end root, or our own user? Each side asks that of the other. */
bool control_is_trusted(int fd);

#endif
