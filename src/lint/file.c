/*
 * NAME     file - a file as a whole
 * LIMITS   SIZE_MAX_BYTES: what the library keeps of a table, too. A larger file is not looked at,
 *          which counts as one that cannot be read.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "lint/inside.h"
#include "table/stamp.h"

enum { SIZE_MAX_BYTES = 256 << 20 };

static int
read_all(int fd, char *bytes, size_t size, size_t *ret_len)
{
	ssize_t got = 1;

	for (*ret_len = 0; *ret_len < size && got != 0;) {
		got = read(fd, bytes + *ret_len, size - *ret_len);
		if (got < 0 && errno != EINTR)
			return errno;
		*ret_len += got > 0 ? (size_t)got : 0;
	}
	return got == 0 ? 0 : EFBIG; /* it has grown meanwhile */
}

char *
file_read(const char *path, size_t *ret_len, int *ret_state, int *ret_error)
{
	struct stamp stamp;
	size_t size;
	char *bytes;
	int fd;

	*ret_error = 0;
	*ret_state = (int)stamp_open(path, &stamp, &fd, ret_error);
	if (*ret_state != FILE_READY)
		return NULL;
	size = stamp.size < SIZE_MAX_BYTES ? (size_t)stamp.size : SIZE_MAX_BYTES;
	bytes = malloc(size + 1);
	*ret_error = bytes == NULL ? ENOMEM : read_all(fd, bytes, size + 1, ret_len);
	close(fd);
	if (*ret_error == 0)
		return bytes;
	free(bytes);
	*ret_state = FILE_BAD;
	return NULL;
}
