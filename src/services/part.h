/*
 * Between the parts of the inventory.
 */
#ifndef SERVICES_PART_H
#define SERVICES_PART_H

#include "services/inventory.h"

/* A line that starts something, as it stands there. Texts are borrowed until the call returns. */
struct start {
	const char *file;
	unsigned line;
	const char *path; /* of the program */
	const char *name; /* its argv[0] */
	const char *argument; /* its argv[1]; NULL: none */
	const char *protocol; /* NULL: not said */
	enum starter starter;
	bool is_internal, skips_tables, is_wait;
	const char *judged; /* NULL: the name */
	struct place *places; /* copied */
};

/* Look at it as the old tools did, tell what is wrong, and add it. */
void start_check(struct inventory *, const struct start *);

/* Does it start tcpd? No: also if it starts nothing. */
bool start_is_tcpd(const struct start *);

/* A place in the arena, in front of those that were found before. The text is copied. */
void inventory_place(struct inventory *, struct place **, bool is_dgram, const char *text);

/* Add a service without a look. */
void inventory_add(struct inventory *, const struct start *, const char *name, enum wrapping);

/* Count a file that was read, and remember it. */
void inventory_file(struct inventory *, const char *path, bool is_xinetd);

/* Tell. args may be NULL. */
void inventory_note(struct inventory *, const struct start *at, enum service_note_code, int error,
    const char *first, const char *second);

/* The last part of a path. */
const char *path_base(const char *path);

/* The path below the inventory's root. False: it is too long. */
bool path_below(const struct inventory *, const char *path, char ret[INVENTORY_PATH_MAX]);

/* Parts, up to a NULL, as one path. False: it is too long. */
bool path_join(char ret[INVENTORY_PATH_MAX], const char *const parts[]);

/* Names in a folder but hidden ones, sorted, in the arena; *ret_count of them. NULL: none. */
const char **path_list(struct inventory *, const char *folder, size_t *ret_count);

/* Read a file below the root. NULL: done; else what is wrong with it. buf's maximum counts. */
const char *path_text(const struct inventory *, const char *path, struct buf *);

void xinetd_read(struct inventory *, const char *path, const char *text, size_t len);

/* Does a program below the root ask for the library? WRAPPING_UNKNOWN: there is none, or it is no
 * program that says. */
enum wrapping program_wrapping(const struct inventory *, const char *path);
/* The same for a name, in the folders of programs, and by the table of those that are known. */
enum wrapping program_find(const struct inventory *, const char *name);

#endif
