/*
 * NAME     image_file - the image of a table or list
 * INVARIANTS  An image is believed if it is root's alone, whole, of this format, and of exactly the text that
 *          its owner is now. Whatever else: the text is read.
 * SEE      image/image.h, docs/decisions/any-size.md
 */
#include "table/image_file.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"

enum { HASH_DIGITS = 16 };

bool
image_file_path(const struct image_owner *owner, char ret[IMAGE_FILE_PATH_MAX])
{
	static const char digits[] = "0123456789abcdef";
	const char *end = owner->is_list ? ".list" : ".image";
	uint64_t hash = hash_add(HASH_INIT, owner->path, strlen(owner->path));
	size_t len = strlen(owner->folder), end_len = strlen(end);

	if (owner->path[0] != '/' || len + 1 + HASH_DIGITS + end_len >= IMAGE_FILE_PATH_MAX)
		return false;
	memcpy(ret, owner->folder, len);
	ret[len++] = '/';
	for (unsigned i = 0; i < HASH_DIGITS; i++)
		ret[len++] = digits[hash << 4 * i >> 60];
	memcpy(ret + len, end, end_len + 1);
	return true;
}

void
image_file_stamp(const struct stamp *stamp, uint64_t ret[IMAGE_STAMP_WORDS])
{
	const uint64_t words[IMAGE_STAMP_WORDS] = {(uint64_t)stamp->dev, (uint64_t)stamp->ino,
	    (uint64_t)stamp->size, (uint64_t)stamp->mtime.tv_sec, (uint64_t)stamp->mtime.tv_nsec,
	    (uint64_t)stamp->ctime.tv_sec, (uint64_t)stamp->ctime.tv_nsec, stamp->mode};

	memcpy(ret, words, sizeof words);
}

static enum image_file_state
judge(const struct image_owner *owner, const struct stamp *stamp, struct image *image, int fd)
{
	uint64_t want[IMAGE_STAMP_WORDS];
	struct stat file;

	if (fstat(fd, &file) != 0 || !S_ISREG(file.st_mode) || file.st_uid != 0 ||
	    (file.st_mode & (S_IWGRP | S_IWOTH)) != 0 || !image_read(image, fd) ||
	    file.st_size != (off_t)image->page_count * IMAGE_PAGE_BYTES ||
	    image->facts.is_list != owner->is_list)
		return IMAGE_FILE_BAD;
	image_file_stamp(stamp, want);
	return memcmp(want, image->facts.stamp, sizeof want) == 0 &&
	        image->facts.text_bytes == (uint64_t)stamp->size
	    ? IMAGE_FILE_READY
	    : IMAGE_FILE_STALE;
}

enum image_file_state
image_file_open(
    const struct image_owner *owner, const struct stamp *stamp, struct image *image, int *ret_fd)
{
	char path[IMAGE_FILE_PATH_MAX];
	enum image_file_state state;
	int fd;

	fd = image_file_path(owner, path)
	    ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
	    : -1;
	if (fd < 0)
		return IMAGE_FILE_NONE;
	state = judge(owner, stamp, image, fd);
	if (state == IMAGE_FILE_READY)
		*ret_fd = fd;
	else
		close(fd);
	return state;
}
