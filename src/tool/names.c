/*
 * NAME     names - daemons' names, looked up
 */
#include "tool/names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "event/log.h"
#include "tool/tell.h"

#define INETD_CONF "/etc/inetd.conf"

static void
tell_note(const struct service_note *note, bool has_place)
{
	char storage[EVENT_DIAG_MAX + 1];
	struct buf text;

	buf_init(&text, storage, sizeof storage, EVENT_DIAG_MAX);
	inventory_note_text(note, &text);
	tell_finding(false, has_place ? note->file : NULL, note->line, text.bytes);
}

/* What a host was looked through for: of old, one file. */
static const char *
name_of_conf(const struct inventory *inventory)
{
	const struct service *service = inventory->services;

	while (service != NULL && strcmp(service->file, INETD_CONF) == 0)
		service = service->next;
	return inventory->sources > 0 && service == NULL && inventory->services != NULL
	    ? INETD_CONF
	    : "the configuration of this host";
}

/* A slip would show a host without tables, that lets everybody in. */
static bool
is_folder(const char *root)
{
	int fd = open(root[0] != '\0' ? root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) {
		fprintf(stderr, "open %s: %s\n", root, strerror(errno));
		return false;
	}
	close(fd);
	return true;
}

bool
names_read(struct names *names, const char *conf_path, const char *root)
{
	const char *fault = NULL;

	if (!is_folder(root))
		return false;
	inventory_init(&names->inventory, root);
	if (conf_path != NULL)
		fault = inventory_read_file(&names->inventory, conf_path);
	else
		inventory_read_host(&names->inventory);
	if (fault != NULL) {
		fprintf(stderr, "open %s: %s\n", conf_path, fault);
		names_release(names);
		return false;
	}
	names->conf = conf_path != NULL ? conf_path : name_of_conf(&names->inventory);
	for (const struct service_note *note = names->inventory.notes; note != NULL;
	     note = note->next)
		tell_note(note, true);
	if (names->inventory.failed)
		tell_line("error: out of memory: not every service was looked at");
	return true;
}

void
names_release(struct names *names)
{
	inventory_release(&names->inventory);
}

bool
names_doubt(const struct names *names, const char *name, struct buf *ret)
{
	enum wrapping wrapping = inventory_find(&names->inventory, name, NULL);
	const char *const args[] = {name, names->conf};

	if (wrapping == WRAPPING_UNKNOWN)
		return diag_fill(ret, "%s: no such process name in %s", args, 0);
	return wrapping == WRAPPING_NOT &&
	    diag_fill(ret, "%s: service possibly not wrapped", args, 0);
}

void
names_check_table(const char *path)
{
	struct inventory own;

	inventory_init(&own, "");
	inventory_check_writable(&own, path, path, 0);
	for (const struct service_note *note = own.notes; note != NULL; note = note->next)
		tell_note(note, false);
	inventory_release(&own);
}
