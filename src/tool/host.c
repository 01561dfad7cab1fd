/*
 * NAME     host - what the resolver says of a host
 * PURPOSE  Names to addresses, and addresses to names in the way of the library, which tells what it
 *          does not believe.
 * SEE      tcpdmatch(8), tcpdchk(8)
 */
#define INET6

#include <sys/socket.h>

#include "tool/host.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

struct addrinfo *
host_find(const char *name)
{
	const struct addrinfo hints = {.ai_flags = AI_CANONNAME, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found;

	if (getaddrinfo(name, NULL, &hints, &found) != 0) {
		tcpd_warn("%s: host not found", name);
		return NULL;
	}
	if (found->ai_canonname != NULL && strcasecmp(found->ai_canonname, name) != 0) {
		tcpd_warn("%s: hostname alias", name);
		tcpd_warn("(official name: %.*s)", STRING_LENGTH, found->ai_canonname);
	}
	return found;
}

bool
host_is_address(const char *text)
{
	unsigned char address[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1;
}

void
host_set(struct host_info *host, const struct addrinfo *at)
{
	host->sin = at->ai_addr;
	host->addr[0] = host->name[0] = '\0';
	sock_methods(host->request);
	if (STR_EQ(eval_hostname(host), unknown))
		tcpd_warn("host address %s->name lookup failed", eval_hostaddr(host));
}

bool
host_is_link_local(const struct addrinfo *at)
{
	const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)(const void *)at->ai_addr;

	return at->ai_family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&sin6->sin6_addr);
}

bool
host_group_is_known(const char *group)
{
	char *host, *user, *domain;
	bool is_known = setnetgrent(group) == 1 && getnetgrent(&host, &user, &domain) == 1;

	endnetgrent();
	return is_known;
}
