/*
 * NAME     endpoint - one address that a service listens on
 * INVARIANTS  Pure. What two endpoints have in common is asked of addresses, never of their text.
 * SEE      socket(7) SO_REUSEPORT, ipv6(7) IPV6_V6ONLY
 */
#include "cmd/inetd/endpoint.h"

#include <string.h>

#include "base/addr.h"

/* Which clients come to an address? */
struct reach {
	struct addr addr;
	bool is_v4, is_v6;
	bool is_any;
};

static struct reach
reach_of(const struct sockaddr *address, bool is_dual)
{
	static const uint8_t zeros[16];
	const struct sockaddr_in *v4 = (const void *)address;
	const struct sockaddr_in6 *v6 = (const void *)address;
	struct reach reach = {0};

	if (address->sa_family == AF_INET)
		reach.addr = addr_from_v4(&v4->sin_addr);
	else
		reach.addr = addr_from_v6(&v6->sin6_addr, v6->sin6_scope_id);
	reach.is_v4 = addr_is_v4(&reach.addr);
	reach.is_v6 = !reach.is_v4;
	reach.is_any = reach.is_v4 ? addr_v4_bits(&reach.addr) == 0
	                           : memcmp(reach.addr.bytes, zeros, sizeof zeros) == 0;
	reach.is_v4 |= reach.is_any && is_dual;
	return reach;
}

static bool
meet(const struct reach *a, const struct reach *b)
{
	if (!(a->is_v4 && b->is_v4) && !(a->is_v6 && b->is_v6))
		return false;
	return a->is_any || b->is_any || addr_eq(&a->addr, &b->addr);
}

static int
device_cmp(const struct endpoint *a, const struct endpoint *b)
{
	if (a->device == NULL || b->device == NULL)
		return (a->device != NULL) - (b->device != NULL);
	return strcmp(a->device, b->device);
}

int
endpoint_cmp(const struct endpoint *a, const struct endpoint *b)
{
	sa_family_t family = a->address.any.sa_family;
	int order;

	if (family != b->address.any.sa_family)
		return family < b->address.any.sa_family ? -1 : 1;
	if (family != AF_UNIX && a->socktype != b->socktype)
		return a->socktype < b->socktype ? -1 : 1;
	order = memcmp(&a->address, &b->address, a->len); /* of one family: of one length */
	return order != 0 ? order : device_cmp(a, b);
}

bool
endpoint_shares_socket(const struct endpoint *a, const struct endpoint *b)
{
	return a->is_dual == b->is_dual && a->socktype == b->socktype;
}

bool
endpoint_overlaps(const struct endpoint *a, const struct endpoint *b)
{
	struct reach x, y;

	if (endpoint_is_path(a) || endpoint_is_path(b) || a->socktype != b->socktype ||
	    endpoint_port(a) != endpoint_port(b))
		return false;
	if (a->device != NULL && b->device != NULL && strcmp(a->device, b->device) != 0)
		return false;
	x = reach_of(&a->address.any, a->is_dual);
	y = reach_of(&b->address.any, b->is_dual);
	return meet(&x, &y);
}

bool
endpoint_takes(const struct endpoint *endpoint, const struct sockaddr *local)
{
	struct reach x, y;

	if (endpoint_is_path(endpoint) ||
	    (local->sa_family != AF_INET && local->sa_family != AF_INET6))
		return false;
	x = reach_of(&endpoint->address.any, endpoint->is_dual);
	y = reach_of(local, false);
	return meet(&x, &y);
}

bool
endpoint_format(const struct endpoint *endpoint, struct buf *buf)
{
	const char *path = endpoint->address.path.sun_path;
	char text[ADDR_TEXT_MAX];
	struct addr addr;

	if (endpoint_is_path(endpoint))
		return buf_add_escaped(buf, path, strlen(path));
	if (endpoint->address.any.sa_family == AF_INET)
		addr = addr_from_v4(&endpoint->address.v4.sin_addr);
	else
		addr = addr_from_v6(&endpoint->address.v6.sin6_addr, 0);
	addr_format(&addr, text);
	buf_add_str(buf, text);
	buf_add_str(buf, " port ");
	buf_add_number(buf, ntohs(endpoint_port(endpoint)));
	if (endpoint->device != NULL) {
		buf_add_str(buf, " on ");
		buf_add_escaped(buf, endpoint->device, strlen(endpoint->device));
	}
	return !buf->failed;
}
