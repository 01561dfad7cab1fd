/*
 * A line of /proc/PID/maps: pure.
 */
#ifndef HOST_MAPS_TEXT_H
#define HOST_MAPS_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct maps_line {
	const char *range; /* "55d0-55d1": its name in /proc/PID/map_files */
	size_t range_len;
	const char *path; /* of the file, as the process has it; a newline in it is "\012" */
	size_t path_len;
	bool is_deleted; /* the file has lost its name since */
};

/* Read a line, without its newline. False: it maps no file. */
bool maps_text_line(const char *text, size_t len, struct maps_line *ret);

#endif
