/*
 * What is started on this host, by whom, and does it ask the tables?
 *
 * Made from inetd.conf, xinetd.conf and systemd's units, and from the programs themselves, which are
 * looked at when they are asked for. Nothing is started, nothing is loaded.
 */
#ifndef SERVICES_INVENTORY_H
#define SERVICES_INVENTORY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"

enum {
	INVENTORY_TEXT_MAX = 4 << 20, /* of a file: 70,000 lines of inetd.conf */
	INVENTORY_FILES_MAX = 8192, /* in a folder, and in all: some 500 are usual */
	INVENTORY_DEPTH_MAX = 16, /* of files that include files */
	INVENTORY_PATH_MAX = 4096,
};

enum wrapping {
	WRAPPING_UNKNOWN, /* nobody knows the name */
	WRAPPING_NOT,
	WRAPPING_MAYBE, /* a module or a parent may ask */
	WRAPPING_WRAPPED,
};

/* Who starts it. */
enum starter { STARTER_INETD, STARTER_XINETD, STARTER_UNIT };

/* Where a service listens, as it is written: a port's number or name, with or without an address
 * before it, or a path. */
struct place {
	struct place *next;
	bool is_dgram;
	const char *text;
};

/* A line that starts a program, or names a service that its starter does itself. */
struct service {
	struct service *next;
	enum starter starter;
	bool is_internal;
	bool is_tcpd; /* what is started is tcpd, which asks for name */
	bool skips_tables; /* the starter is told not to ask */
	bool is_wait; /* what is started gets the socket itself, and clients after the first one */
	const char *judged; /* what a starter that asks calls it */
	struct place *places;
	const char *name; /* as rules call it */
	const char *path; /* its program; NULL: not known */
	const char *file; /* where that is said */
	unsigned line;
	enum wrapping wrapping; /* by what is said there, without a look at the program */
};

/* A file that says what is started, in the order in which they were read; units are not among them. */
struct service_file {
	struct service_file *next;
	const char *path;
	bool is_xinetd;
};

enum service_note_code {
#define NOTE(id, text, remedy) SERVICE_##id,
#include "services/notes.def"
#undef NOTE
	SERVICE_NOTES
};

/* A finding. */
struct service_note {
	struct service_note *next;
	enum service_note_code code;
	const char *file;
	unsigned line; /* 0: about the file as a whole */
	int error;
	const char *args[2];
};

struct inventory {
	const char *root; /* of the host; "" = this one. Borrowed */
	struct service *services, **services_end;
	struct service_note *notes, **notes_end;
	struct service_file *files, **files_end;
	unsigned sources; /* files that were read, units included */
	bool failed; /* memory ran out: something is missing */
	struct arena arena;
};

void inventory_init(struct inventory *, const char *root);
void inventory_release(struct inventory *);

/* Read one file that says what is started: inetd.conf or xinetd.conf, whichever it looks like. NULL:
 * done; else what is wrong with it. */
const char *inventory_read_file(struct inventory *, const char *path);

/* Read whatever of the usual ones there is. */
void inventory_read_host(struct inventory *);

/* Read systemd's units alone. */
void inventory_read_units(struct inventory *);

/* Who goes by that name? *ret_service, if not NULL, receives the line that settles it; NULL: a
 * program, or a table of ours. */
enum wrapping inventory_find(
    const struct inventory *, const char *name, const struct service **ret_service);

/* Does a program ask the tables by a library that it loads, itself or through others? UNKNOWN: there is no
 * such program. */
enum wrapping inventory_linked(struct inventory *, const char *path);

/* Is that a library of this name? */
bool inventory_is_libwrap(const char *path);

/* What a program that asks is known to call itself in rules; 0: nothing is known, so that its own name is
 * to be tried. */
size_t inventory_names(const char *path, const char *ret[], size_t max);

/* Does another program ask for it? WRAPPED: *ret_helper, which it starts; MAYBE: a module; NOT. */
enum wrapping inventory_elsewhere(
    const struct inventory *, const char *path, const char **ret_helper);

/* "not wrapped", for people and scripts. */
const char *inventory_word(enum wrapping);

/* The finding's text, without its place; and how to mend it, "" if there is nothing more to say. */
bool inventory_note_text(const struct service_note *, struct buf *);
const char *inventory_note_remedy(const struct service_note *);

/* A file or folder whose path anybody may write to: told for the last part first. */
void inventory_check_writable(
    struct inventory *, const char *path, const char *file, unsigned line);

#endif
