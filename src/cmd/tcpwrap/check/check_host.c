/*
 * NAME     check_host - what tcpwrap check asks this host
 * PURPOSE  Who serves, and asks the tables; the addresses of its interfaces, and the one that whoever runs this
 *          comes from; whether a large table has its image.
 * LIMITS   OWN_MAX, NAMES_MAX: what is behind them is not told.
 * SEE      services/inventory.h
 */
#include <ifaddrs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>

#include "cmd/tcpwrap/check/check.h"
#include "services/inventory.h"
#include "table/image_file.h"

enum { OWN_MAX = 256, NAMES_MAX = 1024, NAME_LEN_MAX = 128 };

struct check_host {
	struct inventory inventory;
	struct addr own[OWN_MAX];
	size_t own_count;
	char *names[NAMES_MAX]; /* asked about already */
	size_t name_count;
};

static void
add_own(struct check_host *host, const struct sockaddr *address)
{
	struct addr addr;

	if (address == NULL || host->own_count == OWN_MAX)
		return;
	if (address->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, address, sizeof in);
		addr = addr_from_v4(&in.sin_addr);
	} else if (address->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, address, sizeof in6);
		addr = addr_from_v6(&in6.sin6_addr, 0);
	} else {
		return;
	}
	host->own[host->own_count++] = addr;
}

static void
read_interfaces(struct check_host *host)
{
	struct ifaddrs *list = NULL;

	if (getifaddrs(&list) != 0)
		return;
	for (const struct ifaddrs *at = list; at != NULL; at = at->ifa_next)
		add_own(host, at->ifa_addr);
	freeifaddrs(list);
}

/* "ADDRESS PORT ADDRESS PORT": whoever runs this by ssh must not lock himself out. */
static void
read_session(struct check_host *host)
{
	const char *session = getenv("SSH_CONNECTION"), *scope;
	size_t scope_len;

	if (session != NULL && host->own_count < OWN_MAX &&
	    addr_parse(
	        session, strcspn(session, " "), &host->own[host->own_count], &scope, &scope_len))
		host->own_count++;
}

/* False: it was asked about before, or is none that could be. */
static bool
is_new(struct check_host *host, const char *name, size_t len)
{
	for (size_t i = 0; i < host->name_count; i++) {
		if (strncmp(host->names[i], name, len) == 0 && host->names[i][len] == '\0')
			return false;
	}
	if (host->name_count == NAMES_MAX || len > NAME_LEN_MAX)
		return false;
	host->names[host->name_count] = strndup(name, len);
	if (host->names[host->name_count] == NULL)
		return false;
	host->name_count++;
	return true;
}

/* Told once: the second time it asks the tables, whatever was said the first. */
static enum lint_daemon
ask(void *ctx, const char *name, size_t len)
{
	struct check_host *host = ctx;

	if (!is_new(host, name, len))
		return LINT_ASKS;
	switch (inventory_find(&host->inventory, host->names[host->name_count - 1], NULL)) {
	case WRAPPING_UNKNOWN:
		return LINT_ASKS_NOBODY;
	case WRAPPING_NOT:
		return LINT_ASKS_NOT;
	case WRAPPING_MAYBE:
	case WRAPPING_WRAPPED:
		break;
	}
	return LINT_ASKS;
}

struct check_host *
check_host_begin(struct lint *lint)
{
	struct check_host *host = calloc(1, sizeof *host);

	if (host == NULL)
		return NULL;
	inventory_init(&host->inventory, "");
	inventory_read_host(&host->inventory);
	read_interfaces(host);
	read_session(host);
	lint->daemon = ask;
	lint->own = host->own;
	lint->own_count = host->own_count;
	lint->daemon_ctx = host;
	return host;
}

void
check_host_release(struct check_host *host)
{
	if (host == NULL)
		return;
	for (size_t i = 0; i < host->name_count; i++)
		free(host->names[i]);
	inventory_release(&host->inventory);
	free(host);
}

bool
check_host_lacks_image(const char *path)
{
	struct image_owner owner = {.folder = IMAGE_FOLDER};
	char *whole = realpath(path, NULL);
	enum image_file_state state;
	struct image image;
	struct stamp stamp;
	int error, fd = -1;
	bool lacks = false;

	if (whole != NULL && stamp_path(whole, &stamp, &error) == FILE_READY &&
	    stamp.size >= IMAGE_FILE_FROM_BYTES) {
		owner.path = whole;
		state = image_file_open(&owner, &stamp, &image, &fd);
		lacks = state != IMAGE_FILE_READY;
		if (fd >= 0)
			close(fd);
	}
	free(whole);
	return lacks;
}
