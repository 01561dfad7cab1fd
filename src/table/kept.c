/*
 * NAME     kept - files as they are kept, if they still are so
 * INVARIANTS  One stat for each file; nothing is opened. An earlier text is never used here.
 * SEE      docs/decisions/freshness.md
 */
#include "table/kept.h"

#include <string.h>

#include "table/store.h"

void
kept_miss(struct table_kept *kept, const char *path, bool is_list)
{
	size_t len = strnlen(path, sizeof kept->path - 1);

	if (kept->must_read)
		return;
	kept->must_read = true;
	kept->is_list = is_list;
	memcpy(kept->path, path, len);
	kept->path[len] = '\0';
}

struct generation *
kept_find(struct table_kept *kept, const char *path, bool is_list, enum file_state *ret_state,
    int *ret_error)
{
	struct generation *found;
	struct stamp stamp;

	*ret_state = stamp_path(path, &stamp, ret_error);
	found = *ret_state == FILE_READY ? generation_if(store_get(path, &stamp), is_list) : NULL;
	if (found != NULL && !stamp_is_public(&stamp))
		kept->is_private = true;
	return found;
}

bool
kept_is_there(const char *path, bool is_list)
{
	struct table_kept unused;
	enum file_state state;
	int error;
	struct generation *found = kept_find(&unused, path, is_list, &state, &error);
	bool is_there = found != NULL && !found->partial;

	generation_release(found);
	return is_there;
}
