/*
 * tcpd put in front of a service's program, or taken away: a configuration's text with that change, and
 * nothing else changed in it. Pure.
 */
#ifndef SERVICES_WRAPPER_H
#define SERVICES_WRAPPER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "services/unit.h"

enum wrapper_code {
#define CODE(id, name, is_trouble, text, remedy) WRAPPER_##id,
#include "services/wrapper.def"
#undef CODE
	WRAPPER_CODES
};

struct wrapper_spec {
	const char *name; /* for scripts; never changed */
	bool is_trouble; /* what was asked for cannot be */
	const char *text, *remedy;
};

extern const struct wrapper_spec wrapper_specs[WRAPPER_CODES];

struct wrapper {
	const char
	    *service; /* as the configuration calls it, or the last part of its program's path */
	const char *tcpd; /* path */
	bool removes;
	bool is_forced; /* also where the program loses its name */
	/* Once for each place that starts the service; line 0: all of it. program is "" if there is none. */
	void (*tell)(void *ctx, unsigned line, enum wrapper_code, const char *program);
	void *ctx;
};

/* Append the text of an inetd.conf, or of an xinetd.conf, as it is to be. False: out of memory, or over
 * the buffer's maximum, and what was appended is of no use. */
bool wrapper_inetd(const struct wrapper *, const char *text, size_t len, struct buf *);
bool wrapper_xinetd(const struct wrapper *, const char *text, size_t len, struct buf *);

/* Append a drop-in for a service unit as it is now, to put tcpd in front. Nothing is appended unless
 * CHANGED is told. False: as above. */
bool wrapper_unit(const struct wrapper *, const struct unit *, struct buf *);

/* ---- for the parts ---- */

/* Is it the service that is meant? Its program may be "". */
bool wrapper_is_meant(const struct wrapper *, const char *service, const char *program);

/* What is to be done with a program that is started by that name. changes: of *ret, if true is returned,
 * the words that are to stand in the place of path and name. */
struct wrapper_words {
	const char *path, *name;
	char storage[UNIT_WORD_MAX];
};
enum wrapper_code wrapper_decide(
    const struct wrapper *, const char *path, const char *name, struct wrapper_words *ret);

#endif
