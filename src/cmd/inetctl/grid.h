/*
 * A table whose columns stand below each other.
 */
#ifndef INETCTL_GRID_H
#define INETCTL_GRID_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum { GRID_COLUMNS_MAX = 16 };

struct grid {
	struct buf cells; /* each with a NUL behind it, row by row */
	size_t columns;
	bool is_number[GRID_COLUMNS_MAX]; /* they stand at the right of their column */
	size_t widths[GRID_COLUMNS_MAX];
	size_t count; /* cells that are whole */
	size_t start; /* of the cell that is being filled */
};

void grid_init(struct grid *);
void grid_release(struct grid *);

/* The next column, with its title in capitals. All of them come before the first cell. */
void grid_column(struct grid *, const char *title, bool is_number);

/* What is appended to cells makes up a cell; this ends it. */
void grid_end_cell(struct grid *);

/* To stdout. paint, unless NULL, says what a cell's text is to be wrapped in on a terminal: the
 * number of an SGR colour, or NULL. False: memory ran out. */
bool grid_print(const struct grid *, const char *(*paint)(const char *text));

#endif
