/*
 * NAME     xinetd - entries of xinetd.conf in the inventory
 * PURPOSE  xinetd asks the tables for each entry itself, if it is one that can.
 * LIMITS   INVENTORY_DEPTH_MAX, INVENTORY_FILES_MAX
 */
#include <string.h>

#include "services/part.h"
#include "services/xinetd_conf.h"

struct context {
	struct inventory *inventory;
	const char *file;
	const struct context *outer; /* of the file that includes this one; NULL: none does */
	unsigned depth;
};

static void read_text(struct context *, const char *text, size_t len);

static enum wrapping
wrapping_by_xinetd(const struct inventory *inventory, const struct xinetd_conf_entry *entry)
{
	if (entry->skips_tables)
		return WRAPPING_NOT;
	/* One that is not here, or somewhere else, may ask. */
	return program_find(inventory, "xinetd") == WRAPPING_NOT ? WRAPPING_NOT : WRAPPING_WRAPPED;
}

/* What xinetd asks about: xinetd.conf(5) libwrap. */
static const char *
name_for_tables(const struct xinetd_conf_entry *entry)
{
	if (entry->libwrap[0] != '\0')
		return entry->libwrap;
	if (entry->is_internal)
		return entry->id[0] != '\0' && !entry->is_redirect ? entry->id : entry->service;
	return path_base(entry->has_name && entry->first[0] != '\0' ? entry->first : entry->server);
}

static void
take_entry(void *ctx, const struct xinetd_conf_entry *entry)
{
	struct context *context = ctx;
	struct start start = {.file = context->file,
	    .line = entry->number,
	    .path = entry->server,
	    .name = entry->has_name ? entry->first : path_base(entry->server),
	    .argument = entry->has_name ? entry->second : entry->first,
	    .starter = STARTER_XINETD,
	    .is_internal = entry->is_internal,
	    .skips_tables = entry->skips_tables,
	    .is_wait = entry->is_wait,
	    .judged = name_for_tables(entry)};

	if (entry->is_off)
		return;
	inventory_place(context->inventory, &start.places, entry->is_dgram,
	    entry->port[0] != '\0' ? entry->port : entry->service);
	if (!entry->is_internal && entry->server[0] == '\0') {
		inventory_note(context->inventory, &start, SERVICE_INCOMPLETE, 0, NULL, NULL);
	} else if (!entry->is_internal && start_is_tcpd(&start)) {
		start_check(context->inventory, &start);
	} else {
		if (entry->is_internal)
			start.path = NULL;
		inventory_add(context->inventory, &start, start.judged,
		    wrapping_by_xinetd(context->inventory, entry));
	}
}

/* Why a file is not to be read. NULL: it is. */
static const char *
find_fault(const struct context *context)
{
	if (context->depth == INVENTORY_DEPTH_MAX)
		return "included too deep";
	if (context->inventory->sources >= INVENTORY_FILES_MAX)
		return "too many files";
	for (const struct context *at = context->outer; at != NULL; at = at->outer) {
		if (strcmp(at->file, context->file) == 0)
			return "it includes itself";
	}
	return NULL;
}

static void
read_file(struct context *outer, const char *path, unsigned line)
{
	struct context context = {outer->inventory, path, outer, outer->depth + 1};
	struct start at = {.file = outer->file, .line = line};
	const char *fault = find_fault(&context);
	struct buf text;

	buf_init(&text, NULL, 0, INVENTORY_TEXT_MAX);
	if (fault == NULL)
		fault = path_text(context.inventory, path, &text);
	if (fault == NULL) {
		inventory_file(context.inventory, path, true);
		read_text(&context, text.bytes, text.len);
	} else {
		inventory_note(context.inventory, &at, SERVICE_CANNOT_INCLUDE, 0, path, fault);
	}
	buf_release(&text);
}

/* xinetd passes over names with a dot in them, and those that end in a tilde. */
static bool
is_included(const char *name)
{
	return strchr(name, '.') == NULL && name[strlen(name) - 1] != '~';
}

static void
include(void *ctx, const char *path, bool is_folder, unsigned line)
{
	struct context *context = ctx;
	char file[INVENTORY_PATH_MAX];
	size_t count = 0;
	const char **names = is_folder ? path_list(context->inventory, path, &count) : NULL;

	if (!is_folder)
		read_file(context, path, line);
	for (size_t i = 0; i < count; i++) {
		if (is_included(names[i]) &&
		    path_join(file, (const char *const[]){path, "/", names[i], NULL}))
			read_file(context, file, line);
	}
}

static void
read_text(struct context *context, const char *text, size_t len)
{
	struct xinetd_conf_reader reader = {context, take_entry, include};

	xinetd_conf_read(text, len, &reader);
}

void
xinetd_read(struct inventory *inventory, const char *path, const char *text, size_t len)
{
	struct context context = {inventory, path, NULL, 0};

	read_text(&context, text, len);
}
