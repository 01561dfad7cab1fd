/*
 * NAME     file - a file as a whole: its bytes, and who may read and write it
 * LIMITS   SIZE_MAX_BYTES: what the library keeps of a table, too. A larger file is not looked at,
 *          which counts as one that cannot be read.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

/* May anybody write to it, or exchange it? In a folder with the sticky bit only who owns a file. */
static bool
is_open_to_all(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return false;
	return (st.st_mode & S_IWOTH) != 0 && !(S_ISDIR(st.st_mode) && (st.st_mode & S_ISVTX) != 0);
}

/* The file, or the first folder on the way to it; false: none. */
static bool
find_writable(const char *path, char ret[PATH_MAX])
{
	size_t len = strlen(path);
	bool found = false;

	if (len >= PATH_MAX)
		return false;
	memcpy(ret, path, len + 1);
	while (!found && len > 0) {
		ret[len] = '\0';
		found = is_open_to_all(ret);
		while (!found && len > 0 && ret[len - 1] != '/')
			len--;
		while (!found && len > 1 && ret[len - 1] == '/')
			len--;
		if (!found && len == 1 && ret[0] == '/')
			len = 0;
	}
	return found;
}

void
file_check_mode(struct place *place, const char *path)
{
	struct remark remark = {.id = LINT_FILE_WRITABLE};
	char writable[PATH_MAX];
	struct stat st;

	if (find_writable(path, writable)) {
		remark.subject = writable;
		remark.subject_len = strlen(writable);
		tell(place, &remark);
	}
	remark = (struct remark){.id = LINT_FILE_HIDDEN};
	if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & S_IROTH) == 0)
		tell(place, &remark);
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
