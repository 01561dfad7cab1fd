/*
 * NAME     start - a line that starts a program, checked
 * PURPOSE  What the old tools found: programs that are not there, tcpd where it does no good.
 * SEE      tcpdchk(8)
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "services/part.h"

#define SERVICE_FOLDER "/usr/sbin"

static const char *const insecure[] = {"rexd", "rpc.rexd"};

bool
start_is_tcpd(const struct start *start)
{
	return start->path != NULL && strcmp(path_base(start->path), "tcpd") == 0;
}

/* ---- files ---- */

static int
look(const struct inventory *inventory, const char *path, struct stat *ret)
{
	char full[INVENTORY_PATH_MAX];

	if (path_below(inventory, path, full))
		return stat(full, ret) == 0 ? 0 : errno;
	return ENAMETOOLONG;
}

void
inventory_check_writable(
    struct inventory *inventory, const char *path, const char *file, unsigned line)
{
	struct start at = {.file = file, .line = line};
	char part[INVENTORY_PATH_MAX];
	struct stat st;
	char *slash;

	if (!path_join(part, (const char *const[]){path, NULL}))
		return;
	do {
		if (look(inventory, part, &st) == 0 && (st.st_mode & S_IWOTH) != 0 &&
		    !S_ISCHR(st.st_mode))
			inventory_note(inventory, &at, SERVICE_WORLD_WRITABLE, 0, part, NULL);
		slash = strrchr(part, '/');
		if (slash != NULL)
			*slash = '\0';
	} while (slash != NULL && slash != part);
}

/* Look at a program. False: it is not there. */
static bool
check_program(
    struct inventory *inventory, const struct start *start, const char *path, struct stat *ret)
{
	int error = look(inventory, path, ret);

	if (error == ENOENT || error == ENOTDIR)
		inventory_note(inventory, start, SERVICE_NOT_FOUND, error, path, NULL);
	else if (error != 0)
		inventory_note(inventory, start, SERVICE_FILE_LOOKUP, error, path, NULL);
	if (error != 0)
		return false;
	inventory_check_writable(inventory, path, start->file, start->line);
	if (!S_ISREG(ret->st_mode) || (ret->st_mode & 0111) == 0)
		inventory_note(inventory, start, SERVICE_NOT_EXECUTABLE, 0, path, NULL);
	return true;
}

/* ---- tcpd ---- */

/* The service that tcpd is to start. */
static void
check_service(struct inventory *inventory, const struct start *start)
{
	char path[INVENTORY_PATH_MAX];
	struct stat st;
	int error;

	if (start->name[0] == '/') {
		check_program(inventory, start, start->name, &st);
		return;
	}
	if (!path_join(path, (const char *const[]){SERVICE_FOLDER, "/", start->name, NULL}))
		return;
	error = look(inventory, path, &st);
	if (error != 0)
		inventory_note(
		    inventory, start, SERVICE_NOT_IN_FOLDER, error, start->name, SERVICE_FOLDER);
}

static void
check_tcpd(struct inventory *inventory, const struct start *start, const struct stat *st)
{
	const char *name = path_base(start->name);

	if (strcmp(name, "tcpd") == 0)
		inventory_note(inventory, start, SERVICE_RECURSIVE, 0, name, NULL);
	if (st != NULL && (st->st_mode & (S_ISUID | S_ISGID)) != 0)
		inventory_note(inventory, start, SERVICE_SET_ID, 0, start->path, NULL);
	if (start->argument != NULL && start->name[0] == '/' && strcmp(start->argument, name) == 0)
		inventory_note(inventory, start, SERVICE_INSERTED, 0, start->path, start->name);
	check_service(inventory, start);
	if (start->protocol != NULL && strcmp(start->protocol, "rpc/tcp") == 0)
		inventory_note(inventory, start, SERVICE_RPC_TCP, 0, name, NULL);
}

/* ---- both ---- */

/* A program that stands elsewhere may be a tcpd under the service's name, in whose folder the service
 * itself is then. */
static enum wrapping
judge_other(const struct inventory *inventory, const struct start *start, const struct stat *found)
{
	char path[INVENTORY_PATH_MAX];
	const char *name = path_base(start->path);
	struct stat st;

	if (strcmp(name, "miscd") == 0)
		return WRAPPING_WRAPPED;
	if (found == NULL ||
	    !path_join(path, (const char *const[]){SERVICE_FOLDER, "/", name, NULL}) ||
	    look(inventory, path, &st) != 0)
		return WRAPPING_NOT;
	return st.st_dev == found->st_dev && st.st_ino == found->st_ino ? WRAPPING_NOT
	                                                                : WRAPPING_MAYBE;
}

void
start_check(struct inventory *inventory, const struct start *start)
{
	const char *name = path_base(start->name);
	struct stat st, *found = NULL;

	if (check_program(inventory, start, start->path, &st))
		found = &st;
	for (size_t i = 0; i < sizeof insecure / sizeof *insecure; i++) {
		if (strcmp(name, insecure[i]) == 0)
			inventory_note(inventory, start, SERVICE_INSECURE, 0, name, NULL);
	}
	if (start_is_tcpd(start))
		check_tcpd(inventory, start, found);
	inventory_add(inventory, start, name,
	    start_is_tcpd(start) ? WRAPPING_WRAPPED : judge_other(inventory, start, found));
}
