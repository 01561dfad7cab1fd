/*
 * NAME     guard - does anybody ask the tables for this socket?
 * PURPOSE  A program asks by the library that it has mapped; for those that a super-server starts its
 *          configuration says who asks, and by which name.
 * INVARIANTS  Of several answers the worst is told: a guard is claimed only where nothing speaks against
 *          it, and what cannot be seen is no guard.
 * SEE      tcpwrap-audit(1), data/wrapped.def
 */
#include "host/guard.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "host/setting.h"
#include "host/starter.h"

static const char *const words[] = {
    [GUARD_NOTHING] = "nothing",
    [GUARD_UNSEEN] = "unseen",
    [GUARD_MAYBE] = "maybe",
    [GUARD_LINKED] = "linked",
    [GUARD_HELPER] = "helper",
    [GUARD_TCPD] = "tcpd",
    [GUARD_STARTER] = "super-server",
};

static const char first_only[] =
    "only the first client is judged: what is started has the socket from then on";

/* A configuration, read. */
struct guard_file {
	struct guard_file *next;
	const struct host_root *root;
	const char *path; /* NULL: of systemd */
	struct inventory inventory;
};

const char *
guard_word(enum guard_kind kind)
{
	return words[kind];
}

bool
guard_asks(const struct guard *guard)
{
	return guard->kind >= GUARD_LINKED;
}

void
guard_init(struct guard_files *files, struct host *host)
{
	*files = (struct guard_files){.host = host};
}

void
guard_release(struct guard_files *files)
{
	for (struct guard_file *file = files->files; file != NULL; file = file->next)
		inventory_release(&file->inventory);
	files->files = NULL;
}

/* ---- configurations ---- */

static bool
is_same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
is_relative(const char *path)
{
	return path != NULL && path[0] != '/';
}

/* As the process sees it. A relative path is looked for where the process is now. */
static const char *
read_file(struct inventory *inventory, const struct host_process *process, const char *path)
{
	char full[HOST_PATH_MAX];

	if (is_relative(path)) {
		if (snprintf(full, sizeof full, "/proc/%ld/cwd/%s", (long)process->pid, path) >=
		    (int)sizeof full)
			return "path too long";
		inventory->root = "";
		return inventory_read_file(inventory, full);
	}
	return inventory_read_file(inventory, path);
}

/* NULL: out of memory. */
static struct guard_file *
find_file(struct guard_files *files, const struct host_process *process, const char *path)
{
	struct guard_file *file = files->files;

	while (file != NULL &&
	    (file->root != process->root || !is_same(file->path, path) || is_relative(path)))
		file = file->next;
	if (file != NULL)
		return file;
	file = arena_alloc(&files->host->arena, sizeof *file);
	files->host->failed |= file == NULL;
	if (file == NULL)
		return NULL;
	file->root = process->root;
	file->path = path;
	inventory_init(&file->inventory, process->root->path);
	if (path == NULL)
		inventory_read_units(&file->inventory);
	else
		read_file(&file->inventory, process, path);
	files->host->failed |= file->inventory.failed;
	file->next = files->files;
	files->files = file;
	return file;
}

/* ---- a program by itself ---- */

static void
add_name(struct guard *guard, const char *name)
{
	for (unsigned i = 0; i < guard->name_count; i++) {
		if (str_is(guard->names[i], strlen(guard->names[i]), name))
			return;
	}
	if (guard->name_count < GUARD_NAMES_MAX)
		guard->names[guard->name_count++] = name;
}

static void
add_names(struct guard *guard, const char *path)
{
	const char *names[GUARD_NAMES_MAX];
	size_t count = inventory_names(path, names, GUARD_NAMES_MAX);

	for (size_t i = 0; i < count; i++)
		add_name(guard, names[i]);
	if (count == 0)
		add_name(guard, host_last_part(path));
}

static void
judge_program(struct guard_files *files, const struct host_process *process, struct guard *guard)
{
	struct inventory own;
	const char *helper;

	guard->process = process;
	add_names(guard, process->exe[0] != '\0' ? process->exe : process->name);
	if (process->is_called_otherwise)
		add_name(guard, process->comm);
	if (process->library.path != NULL) {
		guard->kind = GUARD_LINKED;
		guard->library = process->library.path;
		setting_apply(files->host, process, guard);
		return;
	}
	if (!process->has_maps || process->exe[0] == '\0') {
		guard->kind = GUARD_UNSEEN;
		guard->reason = "what it has loaded cannot be seen";
		return;
	}
	inventory_init(&own, process->root->path);
	switch (inventory_elsewhere(&own, process->exe, &helper)) {
	case WRAPPING_WRAPPED:
		guard->kind = GUARD_HELPER;
		guard->reason = helper;
		break;
	case WRAPPING_MAYBE:
		guard->kind = GUARD_MAYBE;
		guard->reason = "a module or a helper of it may ask; none is loaded now";
		break;
	case WRAPPING_UNKNOWN:
	case WRAPPING_NOT:
		guard->kind = GUARD_NOTHING;
		break;
	}
	inventory_release(&own);
}

/* ---- what a super-server starts ---- */

static const char *
name_of(const struct starting *starting, const struct service *service)
{
	bool has_own = service->starter == STARTER_INETD && service->path != NULL;

	return has_own && !service->is_tcpd && starting->is_by_path ? host_last_part(service->path)
	                                                            : service->judged;
}

/* Does what is started ask by itself? */
static void
judge_started(struct guard_file *file, const struct service *service, struct guard *guard)
{
	guard->is_each = false;
	guard->name_count = 0;
	add_names(guard, service->path);
	switch (inventory_linked(&file->inventory, service->path)) {
	case WRAPPING_WRAPPED:
		guard->kind = GUARD_LINKED;
		guard->library = "libwrap.so.0";
		if (setting_is_asked(host_last_part(service->path))) {
			guard->kind = GUARD_MAYBE;
			guard->reason = "the program asks only if its configuration says so";
		}
		break;
	case WRAPPING_UNKNOWN:
		guard->kind = GUARD_UNSEEN;
		guard->reason = "the program that is started cannot be read";
		break;
	case WRAPPING_MAYBE:
	case WRAPPING_NOT:
		guard->kind = GUARD_NOTHING;
		guard->reason = "what is started does not ask, nor does who starts it";
		break;
	}
}

/* Who asks before something is started. False: nobody. */
static bool
judge_start(const struct starting *starting, const struct service *service, struct guard *guard)
{
	bool asks = service->is_internal ? starting->asks_own : starting->asks;

	guard->is_each = true;
	asks = asks && !service->skips_tables && (!service->is_wait || starting->asks_wait);
	if (asks) {
		guard->kind = GUARD_STARTER;
		add_name(guard, name_of(starting, service));
	}
	if (service->is_tcpd && !(asks && starting->is_tcpd)) {
		guard->kind = asks ? GUARD_STARTER : GUARD_TCPD;
		add_name(guard, service->name);
	}
	return guard->kind >= GUARD_TCPD;
}

static void
judge_service(struct guard_file *file, const struct starting *starting,
    const struct service *service, struct guard *guard)
{
	struct guard started = *guard;
	bool is_program = !service->is_internal && !service->is_tcpd && service->path != NULL;
	bool is_asked = judge_start(starting, service, guard);

	guard->service = started.service = service;
	if (is_asked && (!service->is_wait || service->is_internal))
		return;
	if (is_program) {
		judge_started(file, service, &started);
		if (!is_asked || started.kind >= GUARD_LINKED) {
			*guard = started;
			return;
		}
	}
	if (is_asked) {
		guard->kind = GUARD_MAYBE;
		guard->reason = first_only;
	} else {
		add_name(guard, service->name);
		guard->reason = "the super-server does it itself, and does not ask";
	}
}

static bool
listens(const struct service *service, const struct host_socket *socket)
{
	for (const struct place *place = service->places; place != NULL; place = place->next) {
		if (starting_is_place(place, socket->is_udp, socket->line.port))
			return true;
	}
	return false;
}

static void
take_worst(struct guard *worst, const struct guard *other)
{
	if (worst->process == NULL || other->kind < worst->kind)
		*worst = *other;
}

static void
judge_starter(struct guard_files *files, const struct host_process *process,
    const struct starting *starting, const struct host_socket *socket, struct guard *guard)
{
	struct guard_file *file = find_file(files, process, starting->conf);
	const struct service *service = file != NULL ? file->inventory.services : NULL;
	struct guard one;

	for (; service != NULL; service = service->next) {
		if (!listens(service, socket))
			continue;
		one = (struct guard){
		    .process = process, .reason = "", .library = process->library.path};
		judge_service(file, starting, service, &one);
		take_worst(guard, &one);
	}
	if (guard->process != NULL)
		return;
	guard->process = process;
	guard->kind = GUARD_UNSEEN;
	guard->reason = "no line of its configuration is known to be for this socket";
}

/* ---- sockets ---- */

static void
judge_process(struct guard_files *files, const struct host_process *process,
    const struct host_socket *socket, struct guard *ret, bool *ret_is_starter)
{
	struct starting starting;

	*ret = (struct guard){.reason = ""};
	*ret_is_starter = starting_read(process, &starting);
	if (*ret_is_starter)
		judge_starter(files, process, &starting, socket, ret);
	else
		judge_program(files, process, ret);
}

/* A server that was given a socket that listens: tcpd, or who started it, has judged the first client
 * and nobody else. */
static void
join(struct guard *server, const struct guard *starter)
{
	if (server->kind != GUARD_NOTHING || starter->kind < GUARD_MAYBE)
		return;
	server->kind = GUARD_MAYBE;
	server->service = starter->service;
	server->reason = starter->kind == GUARD_MAYBE ? starter->reason : first_only;
}

static bool
is_other_program(const struct guard *guard, const struct host_process *process)
{
	return guard->process != NULL && strcmp(guard->process->exe, process->exe) != 0;
}

void
guard_find(struct guard_files *files, const struct host_socket *socket, struct guard *ret)
{
	struct guard server = {.reason = ""}, starter = {.reason = ""}, one;
	bool is_starter, is_shared = false;

	for (const struct host_holder *holder = socket->holders; holder != NULL;
	     holder = holder->next) {
		judge_process(files, holder->process, socket, &one, &is_starter);
		is_shared |= is_other_program(is_starter ? &starter : &server, holder->process);
		take_worst(is_starter ? &starter : &server, &one);
	}
	if (server.process != NULL && starter.process != NULL)
		join(&server, &starter);
	*ret = server.process != NULL ? server : starter;
	ret->is_shared = is_shared;
	if (ret->process != NULL)
		return;
	ret->kind = GUARD_UNSEEN;
	ret->reason = files->host->hidden > 0
	    ? "its process cannot be seen: ask as root"
	    : "no process has it: the kernel, or one outside of what can be seen";
}
