/*
 * NAME     program - does a program ask the tables itself?
 * PURPOSE  Its file says whether it wants libwrap. What asks by a module or a further library is known
 *          by name only, as is what is not installed: data/wrapped.def.
 * INVARIANTS  A program that is there, and should name the library but does not, is not wrapped,
 *          whatever it was elsewhere or long ago.
 */
#include <string.h>

#include "base/str.h"
#include "services/elf_file.h"
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

enum wrapping
program_wrapping(const struct inventory *inventory, const char *path)
{
	enum elf_answer answer = ELF_UNKNOWN;
	char full[INVENTORY_PATH_MAX];
	struct elf_file file;

	if (!path_below(inventory, path, full) || !elf_file_open(&file, full))
		return WRAPPING_UNKNOWN;
	answer = elf_needs(&file.source, "libwrap.so.0");
	elf_file_close(&file);
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

/* ---- for whoever has the program, and wants its name in rules ---- */

static bool
is_of(const struct known *row, const char *path)
{
	const char *program = row->program[0] != '\0' ? row->program : row->name;

	/* A path in the table is a helper's, which is judged under its own. */
	return strcmp(program[0] == '/' ? path : path_base(path), program) == 0;
}

size_t
inventory_names(const char *path, const char *ret[], size_t max)
{
	size_t count = 0;

	for (size_t i = 0; i < sizeof known / sizeof *known && count < max; i++) {
		bool is_new = is_of(&known[i], path);

		for (size_t j = 0; j < count && is_new; j++)
			is_new = strcmp(ret[j], known[i].name) != 0;
		if (is_new)
			ret[count++] = known[i].name;
	}
	return count;
}

enum wrapping
inventory_elsewhere(const struct inventory *inventory, const char *path, const char **ret_helper)
{
	enum wrapping best = WRAPPING_NOT;

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		const struct known *row = &known[i];
		bool is_helper = row->program[0] == '/' && strcmp(row->program, path) != 0;

		if (is_helper && strcmp(row->name, path_base(path)) == 0 &&
		    program_wrapping(inventory, row->program) == WRAPPING_WRAPPED) {
			*ret_helper = row->program;
			return WRAPPING_WRAPPED;
		}
		if (row->how == THROUGH && is_of(row, path))
			best = WRAPPING_MAYBE;
	}
	return best;
}
