/*
 * NAME     units - systemd's units in the inventory
 * PURPOSE  Every service unit starts a program; where that is tcpd, it guards what it is given. Drop-ins
 *          and folders are looked at in systemd's order: the first file of a name counts.
 * LIMITS   INVENTORY_FILES_MAX
 * SEE      systemd.unit(5)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/part.h"
#include "services/unit.h"
#include "services/units.h"

static const char *const folders[] = {"/etc/systemd/system", "/run/systemd/system",
    "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"};

enum { FOLDERS = sizeof folders / sizeof folders[0] };

/* A file of a folder, and where it stands in the order. */
struct found {
	const char *name;
	unsigned folder;
};

/* A socket unit. */
struct listener {
	const char *service; /* that it is for */
	bool is_accept; /* which is started for each connection */
	struct place *places;
};

struct units {
	struct inventory *inventory;
	struct listener *listeners;
	size_t listener_count;
	struct unit unit;
	char path[INVENTORY_PATH_MAX]; /* of the file that the command stands in */
	struct buf text;
};

static bool
ends_in(const char *name, const char *end)
{
	size_t len = strlen(name), end_len = strlen(end);

	return len > end_len && strcmp(name + len - end_len, end) == 0;
}

static int
compare(const void *a, const void *b)
{
	const struct found *one = a, *other = b;
	int order = strcmp(one->name, other->name);

	return order != 0 ? order : (int)one->folder - (int)other->folder;
}

/* The files with that end in sub, a folder below all folders; sub ends in a slash if it is not "". */
static struct found *
list(struct inventory *inventory, const char *sub, const char *end, size_t *ret_count)
{
	const char **names[FOLDERS];
	size_t counts[FOLDERS], total = 0;
	char path[INVENTORY_PATH_MAX];
	struct found *all;

	*ret_count = 0;
	for (unsigned i = 0; i < FOLDERS; i++) {
		counts[i] = 0;
		if (path_join(path, (const char *const[]){folders[i], "/", sub, NULL}))
			names[i] = path_list(inventory, path, &counts[i]);
		total += counts[i];
	}
	all = total > 0 ? arena_alloc(&inventory->arena, total * sizeof *all) : NULL;
	inventory->failed |= total > 0 && all == NULL;
	for (unsigned i = 0; all != NULL && i < FOLDERS; i++) {
		for (size_t j = 0; j < counts[i]; j++) {
			if (ends_in(names[i][j], end))
				all[(*ret_count)++] = (struct found){names[i][j], i};
		}
	}
	if (*ret_count > 0)
		qsort(all, *ret_count, sizeof *all, compare);
	return all;
}

/* Apply one file. */
static void
apply(struct units *units, const char *sub, const struct found *file)
{
	const char *const parts[] = {folders[file->folder], "/", sub, file->name, NULL};
	unsigned before = units->unit.commands;
	char path[INVENTORY_PATH_MAX];

	buf_clear(&units->text);
	/* Masked units are links to /dev/null, which is no regular file. */
	if (!path_join(path, parts) || path_text(units->inventory, path, &units->text) != NULL)
		return;
	unit_read(&units->unit, units->text.bytes, units->text.len);
	if (units->unit.commands != before)
		path_join(units->path, parts);
	units->inventory->sources++;
}

/* Of files with the same name, sorted, the first one counts. */
static bool
is_first(const struct found *all, size_t i)
{
	return i == 0 || strcmp(all[i].name, all[i - 1].name) != 0;
}

/* Read the unit and what is dropped in. */
static void
read_unit(struct units *units, const struct found *file)
{
	char sub[INVENTORY_PATH_MAX];
	struct found *drops;
	size_t count;

	memset(&units->unit, 0, sizeof units->unit);
	apply(units, "", file);
	if (!path_join(sub, (const char *const[]){file->name, ".d/", NULL}))
		return;
	drops = list(units->inventory, sub, ".conf", &count);
	for (size_t i = 0; i < count; i++) {
		if (is_first(drops, i))
			apply(units, sub, &drops[i]);
	}
}

/* ---- sockets ---- */

/* Remember which service a socket is for. */
static void
take_socket(struct units *units, const struct found *file)
{
	size_t stem = strlen(file->name) - strlen(".socket");
	const struct unit *unit = &units->unit;
	struct listener *listener = &units->listeners[units->listener_count];
	char name[UNIT_WORD_MAX];
	struct buf buf;

	if (units->listener_count == INVENTORY_FILES_MAX)
		return;
	buf_init(&buf, name, sizeof name, sizeof name - 1);
	if (unit->service[0] != '\0')
		buf_add_str(&buf, unit->service);
	else if (buf_add(&buf, file->name, stem))
		buf_add_str(&buf, unit->is_accept ? "@.service" : ".service");
	listener->service = arena_copy(&units->inventory->arena, name, buf.len);
	listener->is_accept = unit->is_accept;
	for (unsigned i = 0; i < unit->place_count; i++)
		inventory_place(units->inventory, &listener->places, unit->places[i].is_dgram,
		    unit->places[i].text);
	units->inventory->failed |= listener->service == NULL;
	units->listener_count += listener->service != NULL;
}

/* Is the service handed a socket while that listens? Its places, those of all its sockets. */
static bool
take_listeners(struct units *units, const char *service, struct place **places)
{
	bool is_handed = false;

	for (size_t i = 0; i < units->listener_count; i++) {
		const struct listener *listener = &units->listeners[i];

		if (strcmp(listener->service, service) != 0)
			continue;
		is_handed |= !listener->is_accept;
		for (const struct place *at = listener->places; at != NULL; at = at->next)
			inventory_place(units->inventory, places, at->is_dgram, at->text);
	}
	return is_handed;
}

/* ---- services ---- */

static void
take_service(struct units *units, const struct found *file)
{
	const struct unit *unit = &units->unit;
	struct start start = {.file = units->path,
	    .line = unit->number,
	    .path = unit->path,
	    .name = unit->has_name ? unit->first : unit->path,
	    .argument = unit->has_name ? unit->second : unit->first,
	    .starter = STARTER_UNIT};
	bool is_handed;

	if (unit->number == 0)
		return;
	is_handed = take_listeners(units, file->name, &start.places);
	start.is_wait = is_handed;
	if (!start_is_tcpd(&start)) {
		inventory_add(units->inventory, &start, path_base(unit->path), WRAPPING_NOT);
		return;
	}
	start_check(units->inventory, &start);
	if (is_handed)
		inventory_note(units->inventory, &start, SERVICE_LISTENER, 0, file->name, NULL);
}

static void
read_kind(struct units *units, const char *end, void (*take)(struct units *, const struct found *))
{
	size_t count;
	const struct found *found = list(units->inventory, "", end, &count);

	for (size_t i = 0; i < count; i++) {
		if (is_first(found, i)) {
			read_unit(units, &found[i]);
			take(units, &found[i]);
		}
	}
}

void
inventory_read_units(struct inventory *inventory)
{
	struct units *units = arena_alloc(&inventory->arena, sizeof *units);

	if (units != NULL)
		units->listeners =
		    arena_alloc(&inventory->arena, INVENTORY_FILES_MAX * sizeof *units->listeners);
	if (units == NULL || units->listeners == NULL) {
		inventory->failed = true;
		return;
	}
	units->inventory = inventory;
	buf_init(&units->text, NULL, 0, INVENTORY_TEXT_MAX);
	read_kind(units, ".socket", take_socket);
	read_kind(units, ".service", take_service);
	buf_release(&units->text);
}

/* ---- one of them ---- */

/* Look for a unit of that name and read it. False: there is none. */
static bool
find_unit(struct units *units, const char *name)
{
	const char *dot = strrchr(name, '.');
	size_t count;
	const struct found *found = dot != NULL ? list(units->inventory, "", dot, &count) : NULL;

	for (size_t i = 0; found != NULL && i < count; i++) {
		if (is_first(found, i) && strcmp(found[i].name, name) == 0) {
			read_unit(units, &found[i]);
			return true;
		}
	}
	return false;
}

/* The name of a socket's service. */
static bool
name_service(const struct units *units, const char *stem, char ret[UNIT_WORD_MAX])
{
	int len;

	if (units->unit.service[0] != '\0')
		len = snprintf(ret, UNIT_WORD_MAX, "%s", units->unit.service);
	else
		len = snprintf(
		    ret, UNIT_WORD_MAX, "%s%s.service", stem, units->unit.is_accept ? "@" : "");
	return len > 0 && len < UNIT_WORD_MAX;
}

bool
units_find(struct inventory *inventory, const char *stem, struct units_found *ret)
{
	struct units *units = arena_alloc(&inventory->arena, sizeof *units);
	char name[UNIT_WORD_MAX];
	bool is_found = false;

	if (units == NULL) {
		inventory->failed = true;
		return false;
	}
	units->inventory = inventory;
	buf_init(&units->text, NULL, 0, INVENTORY_TEXT_MAX);
	if ((size_t)snprintf(name, sizeof name, "%s.socket", stem) < sizeof name &&
	    find_unit(units, name) && name_service(units, stem, ret->name)) {
		ret->is_accept = units->unit.is_accept;
		is_found = find_unit(units, ret->name);
		ret->unit = units->unit;
		memcpy(ret->path, units->path, sizeof ret->path);
	}
	buf_release(&units->text);
	return is_found;
}
