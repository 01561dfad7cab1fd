/*
 * NAME     inventory - services of a host
 * PURPOSE  Collects who starts what, and answers for a name.
 * INVARIANTS  Nothing is said to be wrapped that nobody said or showed to be. A file that cannot be read
 *          is a finding.
 */
#include "services/inventory.h"

#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/str.h"
#include "services/inetd_conf.h"
#include "services/part.h"
#include "services/xinetd_conf.h"

static const struct {
	const char *text, *remedy;
} notes[] = {
#define NOTE(id, text, remedy) {text, remedy},
#include "services/notes.def"
#undef NOTE
};

void
inventory_init(struct inventory *inventory, const char *root)
{
	*inventory = (struct inventory){.root = root};
	inventory->services_end = &inventory->services;
	inventory->notes_end = &inventory->notes;
	inventory->files_end = &inventory->files;
}

void
inventory_release(struct inventory *inventory)
{
	arena_release(&inventory->arena);
	inventory_init(inventory, "");
}

/* ---- collecting ---- */

static const char *
keep(struct inventory *inventory, const char *text)
{
	const char *copy = text != NULL ? arena_copy(&inventory->arena, text, strlen(text)) : NULL;

	inventory->failed |= text != NULL && copy == NULL;
	return copy;
}

void
inventory_place(struct inventory *inventory, struct place **places, bool is_dgram, const char *text)
{
	struct place *place = arena_alloc(&inventory->arena, sizeof *place);

	if (place != NULL)
		*place = (struct place){*places, is_dgram, keep(inventory, text)};
	if (place != NULL && place->text != NULL)
		*places = place;
	else
		inventory->failed = true;
}

void
inventory_add(struct inventory *inventory, const struct start *start, const char *name,
    enum wrapping wrapping)
{
	struct service *service = arena_alloc(&inventory->arena, sizeof *service);

	if (service == NULL) {
		inventory->failed = true;
		return;
	}
	*service = (struct service){.name = keep(inventory, name),
	    .path = keep(inventory, start->path),
	    .file = keep(inventory, start->file),
	    .line = start->line,
	    .wrapping = wrapping,
	    .starter = start->starter,
	    .is_internal = start->is_internal,
	    .is_tcpd = start_is_tcpd(start),
	    .skips_tables = start->skips_tables,
	    .is_wait = start->is_wait,
	    .judged = keep(inventory, start->judged != NULL ? start->judged : name),
	    .places = start->places};
	if (service->name == NULL || service->file == NULL || service->judged == NULL)
		return;
	*inventory->services_end = service;
	inventory->services_end = &service->next;
}

void
inventory_note(struct inventory *inventory, const struct start *at, enum service_note_code code,
    int error, const char *first, const char *second)
{
	struct service_note *note = arena_alloc(&inventory->arena, sizeof *note);

	if (note == NULL) {
		inventory->failed = true;
		return;
	}
	*note = (struct service_note){.code = code,
	    .file = keep(inventory, at->file),
	    .line = at->line,
	    .error = error,
	    .args = {keep(inventory, first != NULL ? first : ""),
	        keep(inventory, second != NULL ? second : "")}};
	if (note->args[0] == NULL || note->args[1] == NULL)
		return;
	*inventory->notes_end = note;
	inventory->notes_end = &note->next;
}

bool
inventory_note_text(const struct service_note *note, struct buf *buf)
{
	return diag_fill(buf, notes[note->code].text, note->args, note->error);
}

const char *
inventory_note_remedy(const struct service_note *note)
{
	return notes[note->code].remedy;
}

/* ---- files ---- */

void
inventory_file(struct inventory *inventory, const char *path, bool is_xinetd)
{
	struct service_file *file = arena_alloc(&inventory->arena, sizeof *file);

	inventory->sources++;
	if (file == NULL) {
		inventory->failed = true;
		return;
	}
	*file = (struct service_file){NULL, keep(inventory, path), is_xinetd};
	if (file->path == NULL)
		return;
	*inventory->files_end = file;
	inventory->files_end = &file->next;
}

struct inetd_context {
	struct inventory *inventory;
	const char *file;
};

/* Named as rules would, without the addresses in front. */
static void
add_internal(struct inventory *inventory, struct start *start, const char *service)
{
	const char *colon = strrchr(service, ':');

	start->is_internal = true;
	start->path = NULL;
	if (service[0] != '\0')
		inventory_add(
		    inventory, start, colon != NULL ? colon + 1 : service, WRAPPING_UNKNOWN);
}

static void
take_inetd_line(void *ctx, const struct inetd_conf_line *line)
{
	struct inetd_context *context = ctx;
	struct start start = {.file = context->file,
	    .line = line->number,
	    .path = line->path,
	    .name = line->name,
	    .argument = line->argument,
	    .protocol = line->protocol,
	    .is_wait = line->wait != NULL && strncmp(line->wait, "wait", 4) == 0};

	if (line->service[0] != '\0')
		inventory_place(context->inventory, &start.places, !line->is_stream, line->service);
	if (line->is_internal)
		add_internal(context->inventory, &start, line->service);
	else if (line->is_complete)
		start_check(context->inventory, &start);
	else
		inventory_note(context->inventory, &start, SERVICE_INCOMPLETE, 0, NULL, NULL);
}

const char *
inventory_read_file(struct inventory *inventory, const char *path)
{
	struct inetd_context context = {inventory, path};
	const char *fault;
	struct buf text;

	buf_init(&text, NULL, 0, INVENTORY_TEXT_MAX);
	fault = path_text(inventory, path, &text);
	if (fault == NULL) {
		bool is_xinetd = xinetd_conf_is(text.bytes, text.len);

		inventory_file(inventory, path, is_xinetd);
		if (is_xinetd)
			xinetd_read(inventory, path, text.bytes, text.len);
		else if (!inetd_conf_read(text.bytes, text.len, take_inetd_line, &context))
			inventory->failed = true;
	}
	buf_release(&text);
	return fault;
}

/* One of the usual files: that it is not there is no fault. */
static void
read_usual(struct inventory *inventory, const char *path)
{
	char full[INVENTORY_PATH_MAX];
	struct start at = {.file = path};
	const char *fault;

	if (!path_below(inventory, path, full) || access(full, F_OK) != 0)
		return;
	fault = inventory_read_file(inventory, path);
	if (fault != NULL)
		inventory_note(inventory, &at, SERVICE_CANNOT_READ, 0, fault, NULL);
}

/* What an editor leaves there is no configuration, as for inetd. */
static bool
is_left_over(const char *name)
{
	return name[strlen(name) - 1] == '~';
}

static void
read_folder(struct inventory *inventory, const char *folder)
{
	size_t count;
	const char **names = path_list(inventory, folder, &count);

	for (size_t i = 0; i < count; i++) {
		char path[INVENTORY_PATH_MAX];

		if (!is_left_over(names[i]) &&
		    path_join(path, (const char *const[]){folder, "/", names[i], NULL}))
			read_usual(inventory, path);
	}
}

void
inventory_read_host(struct inventory *inventory)
{
	read_usual(inventory, "/etc/inetd.conf");
	read_folder(inventory, "/etc/inetd.d");
	/* It names /etc/xinetd.d itself. */
	read_usual(inventory, "/etc/xinetd.conf");
	inventory_read_units(inventory);
}

/* ---- answers ---- */

/* No inetd but ours asks for what it does itself, and the old tools know no such names. */
static bool
is_inetds_own(const struct service *service)
{
	return service->starter == STARTER_INETD && service->is_internal;
}

/* What a line says, or else the program it starts. */
static enum wrapping
wrapping_of(const struct inventory *inventory, const struct service *service)
{
	if (service->wrapping == WRAPPING_NOT && service->path != NULL &&
	    program_wrapping(inventory, service->path) == WRAPPING_WRAPPED)
		return WRAPPING_WRAPPED;
	return service->wrapping;
}

enum wrapping
inventory_find(
    const struct inventory *inventory, const char *name, const struct service **ret_service)
{
	enum wrapping best = WRAPPING_UNKNOWN, program;
	const struct service *by = NULL;

	for (const struct service *service = inventory->services;
	     service != NULL && best != WRAPPING_WRAPPED; service = service->next) {
		enum wrapping wrapping;

		if (is_inetds_own(service) || !str_is(service->name, strlen(service->name), name))
			continue;
		wrapping = wrapping_of(inventory, service);
		if (wrapping > best) {
			best = wrapping;
			by = service;
		}
	}
	if (best != WRAPPING_WRAPPED) {
		program = program_find(inventory, name);
		if (program > best) {
			best = program;
			by = NULL;
		}
	}
	if (ret_service != NULL)
		*ret_service = by;
	return best;
}

const char *
inventory_word(enum wrapping wrapping)
{
	static const char *const words[] = {[WRAPPING_UNKNOWN] = "unknown",
	    [WRAPPING_NOT] = "not wrapped",
	    [WRAPPING_MAYBE] = "maybe",
	    [WRAPPING_WRAPPED] = "wrapped"};

	return words[wrapping];
}
