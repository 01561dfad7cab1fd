/*
 * NAME     datagram - echo, discard, chargen, daytime and time for datagrams
 * PURPOSE  One forged datagram must not set two hosts talking to each other, nor make us say to a third
 *          more than was said to us.
 * INVARIANTS  Never an answer to a port of the system or of ours, nor to an address that is not one
 *          host's, nor to a datagram that was sent to many; never more bytes than came in; none without
 *          may_answer, which has the rate. A loop that gets past all that ends at the first datagram
 *          over the rate. A datagram leaves the queue when it is known whether it is answered.
 * LIMITS   DATAGRAMS_AT_ONCE; a datagram is echoed whole, whatever its size.
 * SEE      docs/decisions/inetd-internal.md, ip(7) IP_PKTINFO, ipv6(7) IPV6_PKTINFO, CVE-2024-2169
 */
#include "cmd/inetd/internal/internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <time.h>

#include "base/addr.h"
#include "cmd/inetd/internal/answer.h"
#include "peer/socket.h"

enum {
	DATAGRAMS_AT_ONCE = 32, /* other services wait for a fifth of a millisecond */
	DATAGRAM_MAX = 65536, /* more than UDP has */
	SYSTEM_PORTS = 1024, /* below: where services are, and clients are not */
	CHARGEN_MAX = 512, /* RFC 864 */
};

/* In pages that are touched only by datagrams that need them. */
static char space[DATAGRAM_MAX];

/* One datagram, with everything that the answer needs. */
struct request {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} sender;
	_Alignas(
	    struct cmsghdr) char control[CMSG_SPACE(sizeof(struct in6_pktinfo))]; /* the larger */
	struct iovec piece;
	struct msghdr message;
};

void
internal_datagrams_prepare(int fd, bool is_internal)
{
	int is_on = is_internal, family = AF_UNIX;
	socklen_t len = sizeof family;

	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len);
	if (family == AF_INET)
		setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &is_on, sizeof is_on);
	else if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &is_on, sizeof is_on);
}

/* Look at the first one. False: there is none. */
static bool
look_at(int fd, struct request *request)
{
	ssize_t got;

	request->piece = (struct iovec){.iov_base = space, .iov_len = sizeof space};
	request->message = (struct msghdr){.msg_name = &request->sender,
	    .msg_namelen = sizeof request->sender,
	    .msg_iov = &request->piece,
	    .msg_iovlen = 1,
	    .msg_control = &request->control,
	    .msg_controllen = sizeof request->control};
	got = recvmsg(fd, &request->message, MSG_DONTWAIT | MSG_PEEK);
	if (got < 0)
		return false;
	request->piece.iov_len = (size_t)got;
	return true;
}

/* Is it the address of one host? Directed broadcasts are told apart by the kernel alone, which does not
 * send to them unless asked to. */
static bool
is_one_host(const struct addr *addr)
{
	static const uint8_t nobody[sizeof addr->bytes];

	if (addr_is_v4(addr))
		return addr_v4_bits(addr) >> 24 != 0 && addr_v4_bits(addr) >> 24 < 224;
	return addr->bytes[0] != 0xff && memcmp(addr->bytes, nobody, sizeof nobody) != 0;
}

static bool
is_answerable(const struct internal_datagrams *service, const struct request *request)
{
	unsigned port;
	struct addr addr;

	if (request->sender.any.sa_family == AF_INET)
		addr = addr_from_v4(&request->sender.v4.sin_addr);
	else if (request->sender.any.sa_family == AF_INET6)
		addr = addr_from_v6(&request->sender.v6.sin6_addr, 0);
	else
		return false;
	port = peer_port(&request->sender.any);
	return port >= SYSTEM_PORTS && port != service->port && is_one_host(&addr) &&
	    !service->is_ours(service->ctx, port);
}

/* Was it sent to one address of this host? Then the answer is prepared to come from there, by any
 * way. Without the kernel's word for it: no. */
static bool
answers_from_there(struct request *request)
{
	struct cmsghdr *part = CMSG_FIRSTHDR(&request->message);
	struct in_pktinfo v4;
	struct in6_pktinfo v6;
	struct addr addr;

	if (part == NULL || (request->message.msg_flags & MSG_CTRUNC) != 0)
		return false;
	if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_PKTINFO) {
		memcpy(&v4, CMSG_DATA(part), sizeof v4);
		v4.ipi_ifindex = 0;
		memcpy(CMSG_DATA(part), &v4, sizeof v4);
		return v4.ipi_addr.s_addr == v4.ipi_spec_dst.s_addr;
	}
	if (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_PKTINFO) {
		memcpy(&v6, CMSG_DATA(part), sizeof v6);
		v6.ipi6_ifindex = 0;
		memcpy(CMSG_DATA(part), &v6, sizeof v6);
		addr = addr_from_v6(&v6.ipi6_addr, 0);
		return is_one_host(&addr);
	}
	return false;
}

/* The answer in place of what was asked. False: there is none that is as short. A time that is cut would
 * be another time, while characters are as good by halves. */
static bool
make_answer(enum conf_kind kind, struct iovec *piece)
{
	char text[ANSWER_CLOCK_MAX];
	size_t len;

	if (kind == CONF_ECHO)
		return true;
	if (kind == CONF_CHARGEN) {
		if (piece->iov_len > CHARGEN_MAX)
			piece->iov_len = CHARGEN_MAX;
		answer_pattern(0, piece->iov_base, piece->iov_len);
		return piece->iov_len > 0;
	}
	len = answer_clock(kind, time(NULL), text);
	if (len > piece->iov_len)
		return false;
	memcpy(piece->iov_base, text, len);
	piece->iov_len = len;
	return true;
}

static bool
send_answer(struct internal_datagrams *service, int fd, struct request *request)
{
	ssize_t sent;

	request->message.msg_flags = 0;
	sent = sendmsg(fd, &request->message, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent < 0)
		return false;
	service->bytes_out += (uint64_t)sent;
	return true;
}

static enum internal_leave
consider(struct internal_datagrams *service, struct request *request)
{
	if (!is_answerable(service, request) || !answers_from_there(request) ||
	    !make_answer(service->kind, &request->piece))
		return INTERNAL_NO;
	return service->may_answer(service->ctx, &request->sender.any);
}

bool
internal_datagrams_serve(struct internal_datagrams *service, int fd)
{
	struct request request;
	enum internal_leave leave;

	for (int i = 0; i < DATAGRAMS_AT_ONCE && look_at(fd, &request); i++) {
		size_t len = request.piece.iov_len;
		bool is_discard = service->kind == CONF_DISCARD;

		leave = is_discard ? INTERNAL_NO : consider(service, &request);
		if (leave == INTERNAL_LATER)
			return false;
		peer_drop_datagram(fd);
		service->bytes_in += len;
		if (is_discard || (leave == INTERNAL_YES && send_answer(service, fd, &request)))
			service->answered++;
		else
			service->ignored++;
	}
	return true;
}
