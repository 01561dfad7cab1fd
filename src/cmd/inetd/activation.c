/*
 * NAME     activation - sockets that were opened for us
 * INVARIANTS  A descriptor is used only where address, type and device are what the configuration
 *          says: a name alone opens no service to another address. What is not used is closed, so
 *          that nobody waits in its queue.
 * LIMITS   ACTIVATION_MAX.
 * SEE      sd_listen_fds(3), systemd.socket(5) FileDescriptorName=
 */
#include "cmd/inetd/activation.h"

#include <fcntl.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "cmd/inetd/log.h"

enum { FIRST_FD = 3, TEXT_MAX = 512 };

static const char *const variables[] = {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"};

/* A number in the environment; 0: none. */
static unsigned long
read_number(const char *name)
{
	const char *text = getenv(name);
	unsigned long number = 0;

	if (text != NULL)
		str_number(text, strlen(text), INT32_MAX, &number);
	return number;
}

static int
get_option(int fd, int level, int option)
{
	int value = 0;
	socklen_t len = sizeof value;

	return getsockopt(fd, level, option, &value, &len) == 0 ? value : 0;
}

/* NULL: no socket of a kind that services have, or no memory. */
static struct endpoint *
find_place(int fd)
{
	char device[IFNAMSIZ + 1] = "";
	struct endpoint *place = calloc(1, sizeof *place + sizeof device);
	socklen_t device_len = sizeof device - 1, len = sizeof place->address;
	sa_family_t family;

	if (place == NULL)
		return NULL;
	place->socktype = get_option(fd, SOL_SOCKET, SO_TYPE);
	if (getsockname(fd, &place->address.any, &len) < 0)
		place->socktype = 0;
	place->len = (uint16_t)len;
	family = place->address.any.sa_family;
	if (place->socktype == 0 ||
	    (family != AF_INET && family != AF_INET6 && family != AF_UNIX)) {
		free(place);
		return NULL;
	}
	if (family == AF_UNIX)
		place->len = sizeof place->address.path; /* as resolve.c has it */
	if (family == AF_INET6)
		place->is_dual = get_option(fd, IPPROTO_IPV6, IPV6_V6ONLY) == 0;
	if (family != AF_UNIX &&
	    getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, &device_len) == 0 &&
	    device[0] != '\0')
		place->device = memcpy(place + 1, device, sizeof device);
	return place;
}

static bool
take_one(struct given *given, int fd, const char *name, size_t name_len)
{
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return false;
	given->fd = fd;
	given->name = name_len > 0 ? strndup(name, name_len) : NULL;
	given->place = find_place(fd);
	given->is_listening = get_option(fd, SOL_SOCKET, SO_ACCEPTCONN) != 0;
	return true;
}

static size_t
take(struct activation *activation, size_t count)
{
	const char *name = getenv("LISTEN_FDNAMES");

	if (count == 0 || count > ACTIVATION_MAX)
		return 0;
	activation->items = calloc(count, sizeof *activation->items);
	if (activation->items == NULL)
		return 0;
	name = name != NULL ? name : "";
	for (size_t i = 0; i < count; i++) {
		size_t len = strcspn(name, ":");

		activation->count +=
		    take_one(&activation->items[activation->count], FIRST_FD + (int)i, name, len);
		name += len;
		name += *name == ':';
	}
	return count;
}

size_t
activation_take(struct activation *activation)
{
	bool is_ours = read_number("LISTEN_PID") == (unsigned long)getpid();
	size_t count = is_ours ? take(activation, read_number("LISTEN_FDS")) : 0;

	for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
		unsetenv(variables[i]);
	return count;
}

/* Do they differ in nothing but the family, and does the given one have both? */
static bool
is_half(const struct endpoint *endpoint, const struct endpoint *given)
{
	static const struct in6_addr any = IN6ADDR_ANY_INIT;

	return endpoint->is_implied && given->is_dual &&
	    memcmp(&given->address.v6.sin6_addr, &any, sizeof any) == 0 &&
	    (endpoint->device == NULL) == (given->device == NULL) &&
	    endpoint_overlaps(endpoint, given);
}

void
activation_adapt(const struct activation *activation, struct services *services)
{
	for (size_t i = 0; i < activation->count; i++) {
		const struct endpoint *given = activation->items[i].place;
		size_t kept = 0;

		for (size_t j = 0; given != NULL && j < services->count; j++) {
			struct endpoint *endpoint = services->endpoints[j];
			bool is_v6 = endpoint->address.any.sa_family == AF_INET6;

			if (is_half(endpoint, given) && is_v6)
				endpoint->is_dual = true;
			if (!is_half(endpoint, given) || is_v6)
				services->endpoints[kept++] = endpoint;
		}
		if (given != NULL)
			services->count = kept;
	}
}

static bool
has_name_of(const struct given *given, const struct service *service)
{
	return given->name != NULL &&
	    (strcmp(given->name, service->id) == 0 || strcmp(given->name, service->at.text) == 0);
}

int
activation_claim(struct activation *activation, const struct endpoint *endpoint)
{
	struct given *found = NULL;
	int fd;

	for (size_t i = 0; i < activation->count; i++) {
		struct given *given = &activation->items[i];

		if (given->fd < 0 || given->place == NULL ||
		    endpoint_cmp(given->place, endpoint) != 0 ||
		    !endpoint_shares_socket(given->place, endpoint))
			continue;
		if (found == NULL || has_name_of(given, endpoint->service))
			found = given;
	}
	if (found == NULL)
		return -1;
	fd = found->fd;
	found->fd = -1;
	return fd;
}

static void
report(const struct given *given)
{
	char storage[TEXT_MAX];
	struct buf text;

	buf_init(&text, storage, sizeof storage, sizeof storage - 1);
	if (given->name != NULL) {
		buf_add_str(&text, " '");
		buf_add_escaped(&text, given->name, strlen(given->name));
		buf_add_char(&text, '\'');
	}
	if (given->place != NULL) {
		buf_add_str(&text, ", bound to ");
		endpoint_format(given->place, &text);
		buf_add_str(&text, ", is of no service (give it the address and type of one)");
	} else {
		buf_add_str(&text, " is no socket of a kind that services have");
	}
	log_line(LOG_WARNING, "descriptor %d%s: closed", given->fd, text.bytes);
}

void
activation_finish(struct activation *activation)
{
	for (size_t i = 0; i < activation->count; i++) {
		struct given *given = &activation->items[i];

		if (given->fd < 0)
			continue;
		report(given);
		close(given->fd);
		given->fd = -1;
	}
}
