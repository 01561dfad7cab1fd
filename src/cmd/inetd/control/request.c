/*
 * NAME     request - one line of the control socket
 * INVARIANTS  A request of another version, or with anything that is not understood, is no request:
 *          half of a command is never carried out.
 * SEE      tool/control.h, data/control.def
 */
#include "cmd/inetd/control/request.h"

#include <stdbool.h>
#include <string.h>

#include "base/str.h"

static const struct spec {
	const char *name;
	enum control_takes takes;
} specs[] = {
#define COMMAND(name, id, takes, help) [CONTROL_##id] = {name, CONTROL_##takes},
#include "control.def"
};

static bool
is_printable(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (line[i] < 0x20 || line[i] > 0x7e)
			return false;
	return true;
}

/* The longest name that text begins with as a word of its own; CONTROL_COMMANDS: none. */
static enum control_command
find(const char *text, size_t len)
{
	enum control_command found = CONTROL_COMMANDS;
	size_t found_len = 0;

	for (size_t i = 0; i < CONTROL_COMMANDS; i++) {
		size_t name_len = strlen(specs[i].name);

		if (name_len <= found_len || name_len > len ||
		    memcmp(text, specs[i].name, name_len) != 0)
			continue;
		if (name_len < len && text[name_len] != ' ')
			continue;
		found = (enum control_command)i;
		found_len = name_len;
	}
	return found;
}

const char *
request_parse(const char *line, size_t len, struct request *ret)
{
	const char *space = memchr(line, ' ', len);
	size_t at = space != NULL ? (size_t)(space - line) : len;
	enum control_command command;
	unsigned long version;

	if (!is_printable(line, len))
		return "a request is one line of printable text";
	if (!str_number(line, at, CONTROL_VERSION, &version) || version != CONTROL_VERSION)
		return "unknown version of the protocol (inetctl and inetd are of different "
		       "releases)";
	at += at < len;
	command = find(line + at, len - at);
	if (command == CONTROL_COMMANDS)
		return "unknown command (inetctl --help)";
	at += strlen(specs[command].name);
	at += at < len;
	if (at == len && specs[command].takes == CONTROL_SERVICE)
		return "the command needs a service";
	if (at < len && specs[command].takes == CONTROL_NOTHING)
		return "the command takes no service";
	*ret = (struct request){command, line + at, len - at};
	return NULL;
}
