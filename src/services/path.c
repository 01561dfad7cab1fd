/*
 * NAME     path - files and folders of the host that is looked at
 * LIMITS   INVENTORY_PATH_MAX, INVENTORY_FILES_MAX
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "services/part.h"
#include "services/text.h"

const char *
path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

bool
path_join(char ret[INVENTORY_PATH_MAX], const char *const parts[])
{
	struct buf buf;

	buf_init(&buf, ret, INVENTORY_PATH_MAX, INVENTORY_PATH_MAX - 1);
	while (*parts != NULL && buf_add_str(&buf, *parts))
		parts++;
	return !buf.failed;
}

bool
path_below(const struct inventory *inventory, const char *path, char ret[INVENTORY_PATH_MAX])
{
	/* A relative path is this process's own: the user has named it. */
	return path_join(
	    ret, (const char *const[]){path[0] == '/' ? inventory->root : "", path, NULL});
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static size_t
count_names(DIR *dir)
{
	size_t count = 0;

	while (count < INVENTORY_FILES_MAX && readdir(dir) != NULL)
		count++;
	rewinddir(dir);
	return count;
}

/* Names that came since they were counted are left out. */
static size_t
read_names(struct inventory *inventory, DIR *dir, const char **names, size_t max)
{
	const struct dirent *entry;
	size_t count = 0;

	while (count < max && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		names[count] = arena_copy(&inventory->arena, entry->d_name, strlen(entry->d_name));
		if (names[count] == NULL) {
			inventory->failed = true;
			break;
		}
		count++;
	}
	return count;
}

const char **
path_list(struct inventory *inventory, const char *folder, size_t *ret_count)
{
	char path[INVENTORY_PATH_MAX];
	DIR *dir = path_below(inventory, folder, path) ? opendir(path) : NULL;
	const char **names;
	size_t max;

	*ret_count = 0;
	if (dir == NULL)
		return NULL;
	max = count_names(dir);
	names = arena_alloc(&inventory->arena, (max + 1) * sizeof *names);
	if (names != NULL)
		*ret_count = read_names(inventory, dir, names, max);
	inventory->failed |= names == NULL;
	closedir(dir);
	if (*ret_count > 0)
		qsort(names, *ret_count, sizeof *names, compare);
	return names;
}

const char *
path_text(const struct inventory *inventory, const char *path, struct buf *buf)
{
	char full[INVENTORY_PATH_MAX];

	return path_below(inventory, path, full) ? text_read(full, buf) : "path too long";
}
