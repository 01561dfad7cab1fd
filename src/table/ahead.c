/*
 * NAME     ahead - decisions that may not wait, and reading ahead for them
 * PURPOSE  Who serves many clients in one thread decides by the tables that are kept, while their stamps
 *          hold, and learns what somebody else has to read before it can.
 * SEE      docs/decisions/freshness.md, docs/decisions/inetd-access.md
 */
#include "table/table.h"

#include <errno.h>

#include "table/inside.h"
#include "table/open.h"

/* NULL: it is as if it were empty, or something has to be read. */
static struct generation *
find_table(struct table_kept *kept, const char *path)
{
	enum file_state state;
	int error;
	struct generation *found = kept_find(kept, path, false, &state, &error);

	if (found != NULL && !found->partial)
		return found;
	generation_release(found);
	if (state == FILE_ABSENT)
		store_note_read(path, NULL);
	else
		kept_miss(kept, path, false);
	return NULL;
}

static void
show(struct pass *pass, enum table table, const char *name, const struct generation *found,
    struct table_kept *kept)
{
	size_t shown;

	kept->is_long |= !table_show(pass, table, name, found, kept->left, &shown);
	/* Lists have taken of it meanwhile. */
	kept->left -= shown < kept->left ? shown : kept->left;
}

void
table_decide_kept(
    struct pass *pass, const char *allow_path, const char *deny_path, struct table_kept *kept)
{
	const char *const names[2] = {allow_path, deny_path};
	const struct facts *facts = pass->matcher.facts;
	int saved_errno = errno;

	kept->shows_all = !index_tells(facts->ops->addr(facts->ctx, END_CLIENT));
	/* Where the first one decides, nobody looks at the second. */
	for (unsigned t = 0; t < 2 && pass->open != 0 && !kept->must_read && !kept->is_long; t++) {
		struct generation *found = find_table(kept, names[t]);

		if (found != NULL)
			show(pass, (enum table)t, names[t], found, kept);
		generation_release(found);
	}
	errno = saved_errno;
}

/* ---- reading ahead ---- */

static const char *
no_daemon(void *ctx)
{
	(void)ctx;
	return "";
}

/* Whoever decides by the table finds the same, and tells. */
static void
say_nothing(void *ctx, const struct diag *diag)
{
	(void)ctx;
	(void)diag;
}

bool
table_keep(const char *path)
{
	static const struct facts_ops mute = {.daemon = no_daemon, .report = say_nothing};
	const struct facts facts = {.ops = &mute};
	const struct option_context context = {.resident = true};
	int saved_errno = errno, fd, error;
	enum file_state state;
	struct stamp stamp;
	struct pass pass;
	bool kept;

	if (kept_is_there(path, false))
		return true;
	state = open_settled(path, &stamp, &fd, &error);
	if (state == FILE_ABSENT)
		store_note_read(path, NULL);
	kept = state == FILE_ABSENT;
	if (state == FILE_READY) {
		pass_init(&pass, &facts, &context);
		kept = table_keep_file(&pass, path, &stamp, fd);
		pass_release(&pass);
	}
	errno = saved_errno;
	return kept;
}
