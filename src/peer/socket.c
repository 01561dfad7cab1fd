/*
 * NAME     socket - the two ends of a socket
 * INVARIANTS  No call here waits for the network. Lengths that the kernel gives are checked before
 *          an address is believed.
 * LIMITS   DRAIN_BYTES: more than a stream's default receive buffer, less than a flood is worth.
 * SEE      tcpd(8)
 */
#include "peer/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <time.h>

#include "base/str.h"

enum { DRAIN_BYTES = 4 << 20 };

bool
peer_is_shortage(int error)
{
	return error == ENOMEM || error == ENOBUFS || error == EMFILE || error == ENFILE;
}

int64_t
peer_now_ms(void)
{
	struct timespec now = {.tv_sec = 0};

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool
peer_is_whole(const struct sockaddr_storage *ss, socklen_t len)
{
	if (len < sizeof(sa_family_t))
		return false;
	if (ss->ss_family == AF_INET)
		return len >= sizeof(struct sockaddr_in);
	if (ss->ss_family == AF_INET6)
		return len >= sizeof(struct sockaddr_in6);
	return true;
}

/* Why there is no peer; 0: a datagram may tell. What is left to read in a stream whose client is gone
 * comes without an address, and must not be taken for a neighbour's. */
static int
without_peer(int fd, int error)
{
	int type, listens = 0;
	socklen_t len = sizeof type;

	if (error != ENOTCONN && error != EOPNOTSUPP)
		return error;
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0)
		return errno;
	if (type == SOCK_DGRAM || type == SOCK_RAW)
		return 0;
	len = sizeof listens;
	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) < 0)
		return errno;
	return listens ? ENOTCONN : ECONNRESET;
}

void
peer_socket(int fd, struct peer_ends *ret)
{
	struct sockaddr *client = (struct sockaddr *)&ret->client;
	struct sockaddr *server = (struct sockaddr *)&ret->server;
	socklen_t len = sizeof ret->client;
	char byte;

	memset(ret, 0, sizeof *ret);
	if (getpeername(fd, client, &len) < 0) {
		ret->client_error = without_peer(fd, errno);
		if (ret->client_error != 0)
			return;
		ret->datagram = true;
		len = sizeof ret->client;
		if (recvfrom(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT, client, &len) < 0) {
			ret->client_error = errno;
			return;
		}
	}
	/* A peer without an address of its own (a socketpair, an unbound unix socket). */
	if (len == 0) {
		ret->client.ss_family = AF_UNIX;
		len = sizeof(sa_family_t);
	}
	ret->has_client = peer_is_whole(&ret->client, len);
	len = sizeof ret->server;
	if (getsockname(fd, server, &len) < 0)
		ret->server_error = errno;
	else
		ret->has_server = peer_is_whole(&ret->server, len);
}

void
peer_drop_datagram(int fd)
{
	char byte;

	(void)recv(fd, &byte, 1, MSG_DONTWAIT);
}

void
peer_drain(int fd)
{
	char waste[16384];
	size_t total = 0;
	ssize_t got;

	while (total < DRAIN_BYTES && (got = recv(fd, waste, sizeof waste, MSG_DONTWAIT)) > 0)
		total += (size_t)got;
}

void
peer_hang_up(int fd)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof peer;

	if (getpeername(fd, (struct sockaddr *)&peer, &len) == 0)
		shutdown(fd, SHUT_RDWR);
}

static bool
v6_text(const struct sockaddr_in6 *sin6, char ret[PEER_TEXT_MAX])
{
	char name[IF_NAMESIZE];
	bool by_name =
	    IN6_IS_ADDR_LINKLOCAL(&sin6->sin6_addr) || IN6_IS_ADDR_MC_LINKLOCAL(&sin6->sin6_addr);
	size_t len;

	addr_format_v6(sin6->sin6_addr.s6_addr, ret);
	if (sin6->sin6_scope_id == 0)
		return true;
	len = strlen(ret);
	if (by_name && if_indextoname(sin6->sin6_scope_id, name) != NULL) {
		snprintf(ret + len, PEER_TEXT_MAX - len, "%%%s", name);
		return true;
	}
	snprintf(ret + len, PEER_TEXT_MAX - len, "%%%u", (unsigned)sin6->sin6_scope_id);
	return !by_name || errno == ENXIO || errno == ENODEV;
}

bool
peer_addr_text(const struct sockaddr *sa, char ret[PEER_TEXT_MAX])
{
	struct addr addr;

	_Static_assert((int)PEER_TEXT_MAX >= (int)ADDR_TEXT_MAX, "an address fits");
	if (sa->sa_family == AF_INET) {
		addr = addr_from_v4(&((const struct sockaddr_in *)(const void *)sa)->sin_addr);
		addr_format(&addr, ret);
	} else if (sa->sa_family == AF_INET6) {
		return v6_text((const struct sockaddr_in6 *)(const void *)sa, ret);
	} else {
		stpcpy(ret, sa->sa_family == AF_UNIX ? "localhost" : "unknown");
	}
	return true;
}

unsigned
peer_port(const struct sockaddr *sa)
{
	if (sa->sa_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)(const void *)sa)->sin_port);
	if (sa->sa_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)(const void *)sa)->sin6_port);
	return 0;
}

int
peer_server_port(const struct sockaddr *sa, bool classic)
{
	uint16_t port;

	if (sa == NULL)
		return -1;
	if (sa->sa_family == AF_INET || sa->sa_family == AF_INET6)
		return (int)peer_port(sa);
	if (!classic)
		return -1;
	memcpy(&port, sa->sa_data, sizeof port);
	return ntohs(port);
}

int
peer_scope(void *ctx, const char *text, size_t len, const struct addr *addr, uint32_t *ret)
{
	const uint8_t *b = addr->bytes;
	/* Of a link; as glibc has it, multicast within the node too. */
	bool link_local = (b[0] == 0xfe && (b[1] & 0xc0) == 0x80) ||
	    (b[0] == 0xff && ((b[1] & 0x0f) == 1 || (b[1] & 0x0f) == 2));
	char name[IF_NAMESIZE];
	unsigned long number = 0;
	unsigned index = 0;
	int saved_errno = errno, none = 0;

	(void)ctx;
	if (link_local && len < sizeof name) {
		memcpy(name, text, len);
		name[len] = '\0';
		index = if_nametoindex(name);
		none = index != 0 || errno == ENODEV ? 0 : -1; /* it needs a descriptor */
		errno = saved_errno;
	}
	if (index == 0 && !str_number(text, len, UINT32_MAX, &number))
		return none;
	*ret = index != 0 ? index : (uint32_t)number;
	return 1;
}

/* Walk options as RFC 791 lays them out; Linux gives them from the first byte. 1, 0, or -1: they are
 * laid out otherwise, and may hide a route. */
static int
is_routed(const unsigned char *bytes, size_t len)
{
	for (size_t i = 0; i < len && bytes[i] != IPOPT_EOL;) {
		if (bytes[i] == IPOPT_LSRR || bytes[i] == IPOPT_SSRR)
			return 1;
		if (bytes[i] == IPOPT_NOP)
			i++;
		else if (len - i >= 2 && bytes[i + 1] >= 2 && bytes[i + 1] <= len - i)
			i += bytes[i + 1];
		else
			return -1;
	}
	return 0;
}

/* IPv4 packets may also come to an IPv6 socket. */
static bool
is_ipv4(const struct sockaddr *sa)
{
	const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)(const void *)sa;

	return sa->sa_family == AF_INET ||
	    (sa->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&sin6->sin6_addr));
}

bool
peer_has_ip_options(int fd, const struct sockaddr *client)
{
	unsigned char bytes[PEER_OPTIONS_MAX];
	socklen_t len = sizeof bytes;

	if (!is_ipv4(client))
		return false;
	if (getsockopt(fd, IPPROTO_IP, IP_OPTIONS, bytes, &len) < 0)
		return errno != ENOPROTOOPT;
	return len > 0;
}

enum peer_options
peer_ip_options(int fd, unsigned char ret_bytes[PEER_OPTIONS_MAX], size_t *ret_len)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof ss;
	int routed;

	*ret_len = 0;
	if (getsockname(fd, (struct sockaddr *)&ss, &len) < 0)
		return PEER_OPTIONS_FAILED;
	if (!is_ipv4((const struct sockaddr *)&ss))
		return PEER_OPTIONS_NONE;
	len = PEER_OPTIONS_MAX;
	if (getsockopt(fd, IPPROTO_IP, IP_OPTIONS, ret_bytes, &len) < 0)
		return errno == ENOPROTOOPT ? PEER_OPTIONS_NONE : PEER_OPTIONS_FAILED;
	*ret_len = len;
	if (len == 0)
		return PEER_OPTIONS_NONE;
	routed = is_routed(ret_bytes, len);
	if (routed < 0)
		errno = EBADMSG;
	if (routed != 0)
		return routed > 0 ? PEER_OPTIONS_ROUTED : PEER_OPTIONS_FAILED;
	return setsockopt(fd, IPPROTO_IP, IP_OPTIONS, NULL, 0) < 0 ? PEER_OPTIONS_FAILED
	                                                           : PEER_OPTIONS_CLEARED;
}
