/*
 * NAME     linked - does a program load libwrap, itself or through its libraries?
 * PURPOSE  Follows what ELF files need, in the folders that the loader looks into. For programs that do
 *          not run: of one that does, its mappings say it.
 * INVARIANTS  A library that is not found is passed over, and the answer is then "not" or "unknown",
 *          never "wrapped".
 * LIMITS   LIBRARIES_MAX: large programs have some hundred; FOLDERS_MAX, lines of ld.so.conf.
 * SEE      ld.so(8). RUNPATH and LD_PRELOAD are not looked at.
 */
#include <string.h>

#include "services/elf_file.h"
#include "services/part.h"

enum { LIBRARIES_MAX = 512, FOLDERS_MAX = 64 };

/* By the first name that is found of each. */
struct search {
	struct inventory *inventory;
	const char *folders[FOLDERS_MAX];
	size_t folder_count;
	const char *names[LIBRARIES_MAX];
	size_t count;
	bool is_found;
};

bool
inventory_is_libwrap(const char *path)
{
	static const char *const libraries[] = {"libwrap.so.0", "libtcpwrap.so.0"};
	const char *name = path_base(path);

	for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
		size_t len = strlen(libraries[i]);

		/* Its file may have more of a version. */
		if (strncmp(name, libraries[i], len) == 0 &&
		    (name[len] == '\0' || name[len] == '.'))
			return true;
	}
	return false;
}

static void
add_folder(struct search *search, const char *path, size_t len)
{
	const char *copy;

	if (len == 0 || path[0] != '/' || search->folder_count == FOLDERS_MAX)
		return;
	copy = arena_copy(&search->inventory->arena, path, len);
	search->inventory->failed |= copy == NULL;
	if (copy != NULL)
		search->folders[search->folder_count++] = copy;
}

/* Each line is a folder, or something else that does not begin with a slash. */
static void
read_conf(struct search *search, const char *path)
{
	struct buf text;

	buf_init(&text, NULL, 0, INVENTORY_TEXT_MAX);
	if (path_text(search->inventory, path, &text) == NULL) {
		for (size_t at = 0; at < text.len;) {
			size_t len = strcspn(text.bytes + at, "\n");

			add_folder(search, text.bytes + at, strcspn(text.bytes + at, " \t\r#\n"));
			at += len + 1;
		}
	}
	buf_release(&text);
}

static void
read_confs(struct search *search)
{
	static const char folder[] = "/etc/ld.so.conf.d";
	size_t count;
	const char **names = path_list(search->inventory, folder, &count);

	read_conf(search, "/etc/ld.so.conf");
	for (size_t i = 0; i < count; i++) {
		char path[INVENTORY_PATH_MAX];

		if (path_join(path, (const char *const[]){folder, "/", names[i], NULL}))
			read_conf(search, path);
	}
}

static void
find_folders(struct search *search)
{
	static const char *const usual[] = {"/lib", "/usr/lib", "/lib64", "/usr/lib64"};

	read_confs(search);
	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
		add_folder(search, usual[i], strlen(usual[i]));
}

static void
take_library(void *ctx, const char *library)
{
	struct search *search = ctx;
	const char *copy;

	search->is_found |= inventory_is_libwrap(library);
	for (size_t i = 0; i < search->count; i++) {
		if (strcmp(search->names[i], library) == 0)
			return;
	}
	if (search->count == LIBRARIES_MAX)
		return;
	copy = arena_copy(&search->inventory->arena, library, strlen(library));
	search->inventory->failed |= copy == NULL;
	if (copy != NULL)
		search->names[search->count++] = copy;
}

static enum elf_answer
read_needed(struct search *search, const char *path)
{
	enum elf_answer answer = ELF_UNKNOWN;
	char full[INVENTORY_PATH_MAX];
	struct elf_file file;

	if (!path_below(search->inventory, path, full) || !elf_file_open(&file, full))
		return ELF_UNKNOWN;
	answer = elf_each_needed(&file.source, take_library, search);
	elf_file_close(&file);
	return answer;
}

static void
find_library(struct search *search, const char *library)
{
	char path[INVENTORY_PATH_MAX];

	for (size_t i = 0; i < search->folder_count; i++) {
		const char *const parts[] = {search->folders[i], "/", library, NULL};

		if (path_join(path, parts) && read_needed(search, path) != ELF_UNKNOWN)
			return;
	}
}

enum wrapping
inventory_linked(struct inventory *inventory, const char *path)
{
	struct search search = {.inventory = inventory};
	enum elf_answer answer = read_needed(&search, path);

	if (answer == ELF_UNKNOWN)
		return WRAPPING_UNKNOWN;
	find_folders(&search);
	for (size_t i = 0; i < search.count && !search.is_found; i++)
		find_library(&search, search.names[i]);
	return search.is_found ? WRAPPING_WRAPPED : WRAPPING_NOT;
}
