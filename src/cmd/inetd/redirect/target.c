/*
 * NAME     target - the addresses of a host that is connected to
 * LIMITS   REDIRECT_ADDRESSES_MAX: addresses after that are left out.
 * SEE      getaddrinfo(3), RFC 6724
 */
#include "cmd/inetd/redirect/target.h"

#include <netdb.h>
#include <string.h>

int
redirect_resolve(const char *host, const char *port, struct redirect_target *ret)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct redirect_target target = {0};
	struct addrinfo *found;
	int status = getaddrinfo(host, port, &hints, &found);

	if (status != 0)
		return status;
	for (const struct addrinfo *at = found; at != NULL && target.count < REDIRECT_ADDRESSES_MAX;
	     at = at->ai_next) {
		struct redirect_address *item = &target.items[target.count];

		if (at->ai_addrlen > sizeof item->address)
			continue;
		memcpy(&item->address, at->ai_addr, at->ai_addrlen);
		item->len = at->ai_addrlen;
		target.count++;
	}
	freeaddrinfo(found);
	if (target.count == 0)
		return EAI_NONAME;
	*ret = target;
	return 0;
}
