/*
 * NAME     netgroup - membership of a host
 * LIMITS   DOMAIN_MAX: a domain of the name service; utsname(2) holds 64 bytes.
 * SEE      innetgr(3)
 */
#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "peer/name.h"
#include "peer/socket.h"

enum { DOMAIN_MAX = 256 };

int
peer_netgroup(void *ctx, const char *group, const char *host)
{
	char domain[DOMAIN_MAX];
	int saved = errno, found;
	bool has_domain;

	(void)ctx;
	if (getdomainname(domain, sizeof domain) != 0) {
		errno = saved;
		return -1;
	}
	has_domain = *domain != '\0' && strcmp(domain, "(none)") != 0;
	errno = 0;
	found = innetgr(group, host, NULL, has_domain ? domain : NULL);
	if (found == 0 && peer_is_shortage(errno))
		found = -1;
	errno = saved;
	return found;
}
