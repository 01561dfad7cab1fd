/*
 * Opening a table or list that somebody may be in the middle of writing.
 */
#ifndef TABLE_OPEN_H
#define TABLE_OPEN_H

#include "table/store.h"

/* Open path when it is whole. A file that looks torn is looked at again for STAMP_YOUNG_MS, unless
 * an earlier generation is known: then *ret_earlier is that, with a reference, and no descriptor
 * is open. Otherwise as stamp_open. */
enum file_state open_whole(const char *path, struct stamp *ret, int *ret_fd,
    struct generation **ret_earlier, int *ret_error);

/* Open path when it is whole and old enough to be kept; wait for that, but no longer than it takes.
 * FILE_BAD also if it is torn, and an earlier generation is known. */
enum file_state open_settled(const char *path, struct stamp *ret, int *ret_fd, int *ret_error);

/* Wait a moment for a writer. */
void open_pause(void);

#endif
