/*
 * NAME     library - which library asks the tables, in a process
 * PURPOSE  What is mapped is what runs: what the program needs, through others too, and what it has
 *          loaded as a module.
 */
#include <stdio.h>
#include <string.h>

#include "host/inside.h"
#include "host/maps_text.h"
#include "services/elf_file.h"
#include "services/inventory.h"

struct search {
	struct host *host;
	struct host_process *process;
	char range[PROC_PATH_MAX];
};

static void
take_mapping(void *ctx, const char *text, size_t len)
{
	struct search *search = ctx;
	struct host_library *library = &search->process->library;
	char path[HOST_PATH_MAX];
	struct maps_line line;

	search->process->has_maps = true;
	if (library->path != NULL || !maps_text_line(text, len, &line) ||
	    line.path_len >= sizeof path || line.range_len >= sizeof search->range)
		return;
	memcpy(path, line.path, line.path_len);
	path[line.path_len] = '\0';
	if (!inventory_is_libwrap(path))
		return;
	library->path = host_keep(search->host, path, line.path_len);
	library->is_deleted = line.is_deleted;
	memcpy(search->range, line.range, line.range_len);
	search->range[line.range_len] = '\0';
}

/* By its mapping, which is what runs, if that may be opened; else by its path, if that is the same. */
static bool
open_library(const struct search *search, struct elf_file *file)
{
	const struct host_process *process = search->process;
	char path[HOST_PATH_MAX + PROC_PATH_MAX];

	snprintf(path, sizeof path, "/proc/%ld/map_files/%s", (long)process->pid, search->range);
	if (elf_file_open(file, path))
		return true;
	snprintf(path, sizeof path, "/proc/%ld/root%s", (long)process->pid, process->library.path);
	return !process->library.is_deleted && elf_file_open(file, path);
}

void
library_find(struct host *host, struct host_process *process)
{
	struct search search = {.host = host, .process = process};
	char path[PROC_PATH_MAX];
	struct elf_file file;

	proc_path(path, process->pid, "exe");
	if (elf_file_open(&file, path)) {
		elf_mark(&file.source, process->mark);
		elf_file_close(&file);
	}
	proc_path(path, process->pid, "maps");
	if (!proc_lines(path, take_mapping, &search))
		process->has_maps = false;
	if (process->library.path == NULL || !open_library(&search, &file))
		return;
	process->library.is_read = true;
	elf_mark(&file.source, process->library.mark);
	elf_file_close(&file);
}
