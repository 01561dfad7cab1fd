/*
 * NAME     grid - columns
 * LIMITS   CELLS_MAX; a width that one odd cell has is that of its whole column.
 */
#include "cmd/inetctl/grid.h"

#include <stdio.h>
#include <string.h>

#include "tool/control.h"

/* An answer, each byte of it escaped. */
enum { CELLS_MAX = 4 * CONTROL_ANSWER_MAX };

void
grid_init(struct grid *grid)
{
	*grid = (struct grid){0};
	buf_init(&grid->cells, NULL, 0, CELLS_MAX);
}

void
grid_release(struct grid *grid)
{
	buf_release(&grid->cells);
}

void
grid_column(struct grid *grid, const char *title, bool is_number)
{
	grid->is_number[grid->columns++] = is_number;
	for (; *title != '\0'; title++)
		buf_add_char(&grid->cells,
		    *title >= 'a' && *title <= 'z' ? (char)(*title - 'a' + 'A') : *title);
	grid->widths[grid->columns - 1] = grid->cells.len - grid->start;
	buf_add(&grid->cells, "", 1);
	grid->start = grid->cells.len;
	grid->count++;
}

void
grid_end_cell(struct grid *grid)
{
	size_t column = grid->count++ % grid->columns, width = grid->cells.len - grid->start;

	if (width > grid->widths[column])
		grid->widths[column] = width;
	buf_add(&grid->cells, "", 1);
	grid->start = grid->cells.len;
}

static void
print_blanks(size_t count)
{
	while (count-- > 0)
		putchar(' ');
}

static void
print_cell(const struct grid *grid, size_t column, const char *text, const char *colour)
{
	size_t blanks = grid->widths[column] - strlen(text);
	bool is_last = column + 1 == grid->columns;

	if (grid->is_number[column])
		print_blanks(blanks);
	if (colour != NULL)
		printf("\033[%sm%s\033[m", colour, text);
	else
		fputs(text, stdout);
	if (!grid->is_number[column] && !is_last)
		print_blanks(blanks);
	fputs(is_last ? "\n" : "  ", stdout);
}

bool
grid_print(const struct grid *grid, const char *(*paint)(const char *text))
{
	const char *text = grid->cells.bytes;

	for (size_t i = 0; i < grid->count && !grid->cells.failed; i++) {
		print_cell(grid, i % grid->columns, text, paint != NULL ? paint(text) : NULL);
		text += strlen(text) + 1;
	}
	return !grid->cells.failed;
}
