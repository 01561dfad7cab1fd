/*
 * The descriptors of this process.
 */
#ifndef GUEST_DESCRIPTORS_H
#define GUEST_DESCRIPTORS_H

#include <stdbool.h>
#include <sys/resource.h>

enum {
	DESCRIPTORS_MAX = 256,
	DESCRIPTORS_TEXT = DESCRIPTORS_MAX * 64,
};

/* Numbers and targets of all descriptors, as one text. */
void descriptors_list(char ret[DESCRIPTORS_TEXT]);

/* Says how two such texts differ, if they do. */
bool descriptors_differ(const char *before, const char *after);

/* How many there may be; ends the process when it cannot. */
void descriptors_limit(rlim_t most);

#endif
