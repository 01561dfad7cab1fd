/*
 * Did a list change while it was read? Part of the table layer.
 */
#ifndef TABLE_LISTS_H
#define TABLE_LISTS_H

#include <stdbool.h>

/* Since the last call, in this thread: then what was decided counts for nothing. */
bool lists_changed(void);

#endif
