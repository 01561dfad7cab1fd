/*
 * NAME     resolve - words for addresses and ports to socket addresses
 * PURPOSE  "tcp" is two sockets, IPv4 and IPv6; "tcp46" is one that takes both; a host name is as
 *          many as it has addresses.
 * INVARIANTS  A literal address asks nobody. No word is taken for "all addresses" but "*".
 * SEE      inetd.conf(5), lookup.h, getaddrinfo(3)
 */
#include "cmd/inetd/resolve.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <net/if.h>
#include <netdb.h>
#include <pwd.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/str.h"

/* Redirects to redirects that are followed: who makes longer circles has to try. */
enum { HOPS_MAX = 4 };

/* Endpoints of one service on their way. */
struct chain {
	struct conf *conf;
	const struct service *service;
	struct endpoint *first, **end;
	in_port_t port; /* network order; of those that are added now */
};

static int
socktype_of(const struct conf_entry *entry)
{
	static const int types[] = {[CONF_STREAM] = SOCK_STREAM,
	    [CONF_DGRAM] = SOCK_DGRAM,
	    [CONF_SEQPACKET] = SOCK_SEQPACKET};

	return types[entry->socktype];
}

static struct endpoint *
add_endpoint(struct chain *chain, uint16_t len)
{
	struct endpoint *endpoint =
	    conf_alloc(chain->conf, offsetof(struct endpoint, address) + len);

	if (endpoint == NULL)
		return NULL;
	endpoint->len = len;
	endpoint->service = chain->service;
	endpoint->socktype = socktype_of(chain->service->entry);
	endpoint->device = chain->service->entry->interface.text;
	*chain->end = endpoint;
	chain->end = &endpoint->next;
	return endpoint;
}

static void
add_v4(struct chain *chain, const void *four_bytes, bool is_implied)
{
	struct endpoint *endpoint = add_endpoint(chain, sizeof endpoint->address.v4);

	if (endpoint == NULL)
		return;
	endpoint->is_implied = is_implied;
	endpoint->address.v4.sin_family = AF_INET;
	endpoint->address.v4.sin_port = chain->port;
	memcpy(&endpoint->address.v4.sin_addr, four_bytes, 4);
}

static void
add_v6(struct chain *chain, const void *sixteen_bytes, uint32_t scope, bool is_implied)
{
	struct endpoint *endpoint = add_endpoint(chain, sizeof endpoint->address.v6);

	if (endpoint == NULL)
		return;
	endpoint->is_implied = is_implied;
	endpoint->is_dual = chain->service->entry->families == CONF_MAPPED;
	endpoint->address.v6.sin6_family = AF_INET6;
	endpoint->address.v6.sin6_port = chain->port;
	endpoint->address.v6.sin6_scope_id = scope;
	memcpy(&endpoint->address.v6.sin6_addr, sixteen_bytes, 16);
}

static void
add_path(struct chain *chain)
{
	const char *path = chain->service->entry->service.text;
	struct endpoint *endpoint = add_endpoint(chain, sizeof endpoint->address.path);

	if (endpoint == NULL)
		return;
	endpoint->address.path.sun_family = AF_UNIX;
	memcpy(endpoint->address.path.sun_path, path, strlen(path)); /* <= CONF_PATH_MAX */
}

static void
add_everywhere(struct chain *chain)
{
	unsigned families = chain->service->entry->families;
	bool is_implied = families == (CONF_V4 | CONF_V6);

	if ((families & CONF_V4) != 0)
		add_v4(chain, &(struct in_addr){.s_addr = htonl(INADDR_ANY)}, is_implied);
	if ((families & (CONF_V6 | CONF_MAPPED)) != 0)
		add_v6(chain, &in6addr_any, 0, is_implied);
}

static void
add_literal(
    struct chain *chain, const struct conf_word *word, const struct addr *addr, uint32_t scope)
{
	unsigned families = chain->service->entry->families;

	if (addr_is_v4(addr) && (families & CONF_V4) != 0)
		add_v4(chain, addr->bytes + ADDR_V4_PREFIX_BITS / 8, false);
	else if ((families & CONF_MAPPED) != 0 || (!addr_is_v4(addr) && (families & CONF_V6) != 0))
		add_v6(chain, addr->bytes, scope, false);
	else
		conf_note(chain->conf, CONF_WRONG_FAMILY, word);
}

/* The addresses of a host in one family; their number. */
static size_t
add_host_family(struct chain *chain, const char *host, int family)
{
	bool is_mapped = chain->service->entry->families == CONF_MAPPED;
	const struct addrinfo hints = {.ai_family = family,
	    .ai_socktype = SOCK_STREAM,
	    .ai_flags = is_mapped ? AI_V4MAPPED | AI_ALL : 0};
	struct addrinfo *found;
	size_t count = 0;

	if (getaddrinfo(host, NULL, &hints, &found) != 0)
		return 0;
	for (const struct addrinfo *info = found; info != NULL; info = info->ai_next, count++) {
		struct sockaddr_storage address = {0};

		memcpy(&address, info->ai_addr, info->ai_addrlen);
		if (family == AF_INET)
			add_v4(chain, &((struct sockaddr_in *)&address)->sin_addr, false);
		else
			add_v6(chain, &((struct sockaddr_in6 *)&address)->sin6_addr,
			    ((struct sockaddr_in6 *)&address)->sin6_scope_id, false);
	}
	freeaddrinfo(found);
	return count;
}

static void
add_host(struct chain *chain, const struct conf_word *word)
{
	unsigned families = chain->service->entry->families;
	size_t count = 0;

	if ((families & CONF_V4) != 0)
		count += add_host_family(chain, word->text, AF_INET);
	if ((families & (CONF_V6 | CONF_MAPPED)) != 0)
		count += add_host_family(chain, word->text, AF_INET6);
	if (count == 0)
		conf_note(chain->conf, CONF_UNKNOWN_HOST, word);
}

/* False: no such interface. */
static bool
find_scope(struct conf *conf, const char *text, size_t len, uint32_t *ret)
{
	struct conf_word scope = {.text = text};
	unsigned long number = 0;

	if (len > 0 && !str_number(text, len, UINT32_MAX, &number)) {
		scope = conf_part(conf, &scope, 0, len);
		number = if_nametoindex(scope.text);
		if (number == 0)
			return false;
	}
	*ret = (uint32_t)number;
	return true;
}

static void
add_address(struct chain *chain, const struct conf_word *word)
{
	size_t len = strlen(word->text), scope_len = 0;
	const char *scope_text = NULL;
	struct addr addr;
	uint32_t scope = 0;

	if (strcmp(word->text, "*") == 0)
		add_everywhere(chain);
	else if (!addr_parse(word->text, len, &addr, &scope_text, &scope_len))
		add_host(chain, word);
	else if (find_scope(chain->conf, scope_text, scope_len, &scope))
		add_literal(chain, word, &addr, scope);
	else
		conf_note(chain->conf, CONF_UNKNOWN_SCOPE, word);
}

static void
add_addresses(struct chain *chain, const struct conf_entry *entry)
{
	for (size_t i = 0; i < entry->addresses.count; i++)
		add_address(chain, &entry->addresses.items[i]);
}

/* In network order; 0 = unknown, and reported. */
static in_port_t
find_port(struct conf *conf, struct lookup *lookup, const struct conf_word *word, bool is_udp)
{
	unsigned long number;
	in_port_t port;

	if (str_number(word->text, strlen(word->text), UINT16_MAX, &number) && number > 0)
		return htons((in_port_t)number);
	port = lookup_port(lookup, word->text, is_udp);
	if (port == 0)
		conf_note(conf, CONF_UNKNOWN_SERVICE, word);
	return port;
}

struct endpoint *
resolve_endpoints(struct conf *conf, struct lookup *lookup, const struct service *service)
{
	const struct conf_entry *entry = service->entry;
	struct chain chain = {.conf = conf, .service = service, .end = &chain.first};
	bool is_udp = entry->socktype == CONF_DGRAM;

	if (entry->families == CONF_UNIX) {
		add_path(&chain);
		return chain.first;
	}
	if (entry->ports.count == 0) {
		chain.port = entry->port > 0 ? htons((in_port_t)entry->port)
		                             : find_port(conf, lookup, &entry->service, is_udp);
		add_addresses(&chain, entry);
	}
	for (size_t i = 0; i < entry->ports.count; i++) {
		chain.port = find_port(conf, lookup, &entry->ports.items[i], is_udp);
		add_addresses(&chain, entry);
	}
	return chain.first;
}

/* Would a connection to there come to the service? */
static bool
takes(const struct service *service, const struct redirect_address *to)
{
	in_port_t port = to->address.v4.sin_port; /* sin6_port stands at the same place */
	struct redirect_address local = *to;
	bool is_possible = false, is_here;
	int fd;

	for (const struct endpoint *e = service->endpoints; e != NULL && !is_possible; e = e->next)
		is_possible = !endpoint_is_path(e) && endpoint_port(e) == port &&
		    endpoint_takes(e, &to->address.any);
	if (!is_possible)
		return false;
	/* An address of this host, or not? Who listens everywhere takes both. */
	local.address.v4.sin_port = 0;
	fd = socket(to->address.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	is_here = fd >= 0 && bind(fd, &local.address.any, to->len) == 0;
	if (fd >= 0)
		close(fd);
	return is_here;
}

/* Or come back to it by way of others that are redirected? Then one client would have connections made
 * until there are no descriptors left. Of a circle the last line finds out: the others are there. */
static bool
comes_back(const struct service *service, const struct service *others,
    const struct redirect_address *to, unsigned hops)
{
	if (takes(service, to))
		return true;
	for (const struct service *next = hops > 0 ? others : NULL; next != NULL; next = next->next)
		for (size_t i = 0; next->setup->target != NULL && i < next->setup->target->count &&
		     takes(next, to);
		     i++)
			if (comes_back(service, others, &next->setup->target->items[i], hops - 1))
				return true;
	return false;
}

const struct redirect_target *
resolve_target(struct conf *conf, const struct service *service, const struct service *others)
{
	const struct conf_entry *entry = service->entry;
	struct redirect_target *target = conf_alloc(conf, sizeof *target);
	int error;

	if (target == NULL)
		return NULL;
	error = redirect_resolve(entry->redirect_host.text, entry->redirect_port.text, target);
	if (error != 0)
		conf_note(conf, error == EAI_SERVICE ? CONF_UNKNOWN_SERVICE : CONF_UNKNOWN_HOST,
		    error == EAI_SERVICE ? &entry->redirect_port : &entry->redirect_host);
	for (size_t i = 0; i < target->count; i++)
		if (comes_back(service, others, &target->items[i], HOPS_MAX)) {
			conf_note(conf, CONF_ITSELF, &entry->redirect_host);
			break;
		}
	return target;
}

/* A number is itself, anything else a name; *ret is untouched where there is no word, or none such,
 * which is reported. */
static void
find_id(struct conf *conf, const struct conf_word *word, bool is_user, unsigned *ret)
{
	unsigned long number;
	const struct passwd *user;
	const struct group *group;
	int error;

	if (word->text == NULL)
		return;
	if (str_number(word->text, strlen(word->text), UINT32_MAX - 1, &number)) {
		*ret = (unsigned)number;
		return;
	}
	errno = 0;
	user = is_user ? getpwnam(word->text) : NULL;
	group = is_user ? NULL : getgrnam(word->text);
	error = errno;
	if (user != NULL)
		*ret = user->pw_uid;
	else if (group != NULL)
		*ret = group->gr_gid;
	else if (error != 0 && error != ENOENT && error != ESRCH)
		conf_note(conf, CONF_LOOKUP_FAILED, word);
	else
		conf_note(conf, is_user ? CONF_UNKNOWN_USER : CONF_UNKNOWN_GROUP, word);
}

void
resolve_socket_owner(struct conf *conf, const struct conf_entry *entry, struct setup *setup)
{
	setup->socket_uid = (uid_t)-1;
	setup->socket_gid = (gid_t)-1;
	find_id(conf, &entry->socket_user, true, &setup->socket_uid);
	find_id(conf, &entry->socket_group, false, &setup->socket_gid);
}
