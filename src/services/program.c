/*
 * NAME     program - does a program ask the tables itself?
 * PURPOSE  Its file says whether it wants libwrap. What asks by a module or a further library is known
 *          by name only, as is what is not installed: data/wrapped.def.
 * INVARIANTS  A program that is there, and should name the library but does not, is not wrapped,
 *          whatever it was elsewhere or long ago.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "services/elf.h"
#include "services/part.h"

static const char *const folders[] = {
    "/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin", "/sbin", "/bin", "/usr/libexec"};

enum how { LINKED, THROUGH, ONCE };

static const struct known {
	const char *name, *program;
	enum how how;
} known[] = {
#define WRAPPED(name, program, how) {name, program, how},
#include "wrapped.def"
#undef WRAPPED
};

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

enum wrapping
program_wrapping(const struct inventory *inventory, const char *path)
{
	enum elf_answer answer = ELF_UNKNOWN;
	char full[INVENTORY_PATH_MAX];
	struct elf_source source = {.read = read_file};
	struct stat st;
	int fd;

	if (!path_below(inventory, path, full))
		return WRAPPING_UNKNOWN;
	fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return WRAPPING_UNKNOWN;
	source.ctx = &fd;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		answer = elf_needs(&source, "libwrap.so.0");
	close(fd);
	return answer == ELF_YES ? WRAPPING_WRAPPED
	    : answer == ELF_NO   ? WRAPPING_NOT
	                         : WRAPPING_UNKNOWN;
}

/* The program of that name or path. */
static enum wrapping
find_file(const struct inventory *inventory, const char *name)
{
	enum wrapping best = WRAPPING_UNKNOWN;

	if (name[0] == '/')
		return program_wrapping(inventory, name);
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		char path[INVENTORY_PATH_MAX];
		enum wrapping wrapping;

		if (strchr(name, '/') != NULL ||
		    !path_join(path, (const char *const[]){folders[i], "/", name, NULL}))
			continue;
		wrapping = program_wrapping(inventory, path);
		if (wrapping > best)
			best = wrapping;
	}
	return best;
}

/* What a row of the table says of a program that is there, or is not. */
static enum wrapping
judge(const struct inventory *inventory, const struct known *row, const char *name)
{
	enum wrapping found = find_file(inventory, row->program[0] != '\0' ? row->program : name);

	if (found == WRAPPING_UNKNOWN)
		return WRAPPING_WRAPPED;
	return found == WRAPPING_NOT && row->how == THROUGH ? WRAPPING_MAYBE : found;
}

enum wrapping
program_find(const struct inventory *inventory, const char *name)
{
	enum wrapping best = find_file(inventory, name);
	bool is_there = best != WRAPPING_UNKNOWN;

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		enum wrapping wrapping;

		if (!str_is(known[i].name, strlen(known[i].name), name))
			continue;
		/* A helper that is not installed says nothing of a program that is. */
		if (is_there && known[i].program[0] != '\0' &&
		    find_file(inventory, known[i].program) == WRAPPING_UNKNOWN)
			continue;
		wrapping = judge(inventory, &known[i], name);
		if (wrapping > best)
			best = wrapping;
	}
	return best;
}
