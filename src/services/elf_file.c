/*
 * NAME     elf_file - a program or library as the ELF reader wants it
 * INVARIANTS  Never waits: a FIFO or a device is no program.
 */
#include "services/elf_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static bool
read_file(void *ctx, uint64_t offset, void *buf, size_t len)
{
	const int *fd = ctx;
	size_t got = 0;
	ssize_t now = 1;

	while (got < len && now != 0) {
		now = pread(*fd, (char *)buf + got, len - got, (off_t)(offset + got));
		if (now < 0 && errno != EINTR)
			return false;
		got += now > 0 ? (size_t)now : 0;
	}
	return got == len;
}

bool
elf_file_open(struct elf_file *file, const char *path)
{
	struct stat st;

	file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	file->source = (struct elf_source){&file->fd, read_file};
	if (file->fd >= 0 && fstat(file->fd, &st) == 0 && S_ISREG(st.st_mode))
		return true;
	if (file->fd >= 0)
		close(file->fd);
	return false;
}

void
elf_file_close(struct elf_file *file)
{
	close(file->fd);
}
