/*
 * A policy on disk: the same two tables twice, as they stand and with a first line
 * `#!tcpwrap classic`, and the lists that they name once.
 */
#ifndef COMPAT_PLACE_H
#define COMPAT_PLACE_H

#include "policy.h"

enum way_asked { ASKED_DEFAULT, ASKED_CLASSIC, ASKED_WAYS };
enum place_table { PLACE_ALLOW, PLACE_DENY, PLACE_TABLES };

enum {
	PLACE_FOLDER_MAX = 64,
	PLACE_PATH_MAX = PLACE_FOLDER_MAX + 32,
};

/* A folder that one policy after another is written to. */
struct place {
	char folder[PLACE_FOLDER_MAX];
	char tables[ASKED_WAYS][PLACE_TABLES][PLACE_PATH_MAX];
	int shift[PLACE_TABLES]; /* lines in front of the classic text */
	char lists[POLICY_FILES][16]; /* names of files that are there */
	size_t list_count;
};

/* Make the folder. False: errno says why. */
bool place_init(struct place *, const char *folder);

/* Write a policy, a second old by its mtime. False: errno says why. */
bool place_write(struct place *, const struct policy *);

/* Remove what is there, and the folder. */
void place_release(struct place *);

/* Spell the paths of that place as they are spelled everywhere, tables as A and D, and their lines
 * as without the first: texts about the same policy are then the same, wherever it is. The text
 * shrinks; the new length is returned. */
size_t place_rewrite(const struct place *, enum way_asked, char *text, size_t len);

#endif
