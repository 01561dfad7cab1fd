/*
 * systemd's unit files for an inventory: which program a unit starts.
 */
#ifndef SERVICES_UNIT_H
#define SERVICES_UNIT_H

#include <stdbool.h>
#include <stddef.h>

enum {
	/* systemd allows 1 MiB; of the settings of use none is longer than a command. */
	UNIT_LINE_MAX = 16384,
	UNIT_WORD_MAX = 4096,
	/* Of a socket unit; what is behind them is not looked at. dbus.socket has two, others fewer. */
	UNIT_PLACES_MAX = 32,
	UNIT_PLACE_MAX = 128, /* "[address]:port%interface"; longer ones are paths */
};

/* Where a socket unit listens. */
struct unit_place {
	bool is_dgram;
	char text[UNIT_PLACE_MAX]; /* a port, address:port, a path, ... */
};

struct unit {
	unsigned number; /* of the line of its ExecStart; 0: it has none */
	unsigned commands; /* how often it was set */
	bool has_name; /* "@": argv[0] is not the path */
	bool has_several; /* commands at once, of which the first one counts */
	bool is_input; /* the socket of a client is its standard input */
	bool is_accept; /* a socket unit that starts one service for each connection */
	/* NUL-terminated, "" if not there. Of ExecStart: */
	char path[UNIT_WORD_MAX], first[UNIT_WORD_MAX], second[UNIT_WORD_MAX];
	char service[UNIT_WORD_MAX]; /* of a socket unit: Service= */
	struct unit_place places[UNIT_PLACES_MAX];
	unsigned place_count;
	char command[UNIT_LINE_MAX + 1]; /* ExecStart as it stands there, without blanks around */
};

/* Apply a unit file, or a drop-in after it: what is set anew takes the place of what was. */
void unit_read(struct unit *, const char *text, size_t len);

/* Take a word of a command, with its quotes away. What \ and % stand for is not looked at: names of
 * programs have neither. False: there is none, or it is too long. */
bool unit_next(const char **text, size_t *len, char ret[UNIT_WORD_MAX]);

#endif
