/*
 * NAME     name - the verified name of an address
 * PURPOSE  Address to name, name back to addresses, and only what comes full circle is believed.
 * INVARIANTS  glibc's resolver keeps its settings for each thread: they are narrowed for one lookup
 *          and put back after it, so the program around sees none of it.
 * LIMITS   PEER_NAME_BUDGET_MS for both lookups together, as far as the modules "files" and "dns" of
 *          nsswitch.conf go: a server has one second, and as many are asked as seconds are left.
 *          Other modules set their own time.
 * SEE      docs/decisions/names-and-time.md
 */
#include "peer/name.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <string.h>
#include <strings.h>

#include "peer/socket.h"

enum { SERVER_S = 1 };

/* ---- the resolver's settings ---- */

struct narrowed {
	struct __res_state *state;
	unsigned long options;
	int retrans, retry, nscount;
};

/* False: there is no time left. */
static bool
narrow(struct narrowed *ret, int64_t deadline_ms, bool forward)
{
	int64_t seconds = (deadline_ms - peer_now_ms() + 999) / 1000;
	unsigned char query[NS_PACKETSZ];

	if (seconds <= 0)
		return false;
	/* Has the library read resolv.conf, and read it anew if it changed, while the settings are
	 * still its own: it does so only then. */
	res_mkquery(ns_o_query, ".", ns_c_in, ns_t_a, NULL, 0, NULL, query, sizeof query);
	ret->state = &_res;
	ret->options = ret->state->options;
	ret->retrans = ret->state->retrans;
	ret->retry = ret->state->retry;
	ret->nscount = ret->state->nscount;
	ret->state->retrans = SERVER_S;
	ret->state->retry = 1;
	/* No second try over TCP, whose connect nobody bounds. */
	ret->state->options |= RES_IGNTC;
	if (forward)
		ret->state->options &= ~(unsigned long)(RES_DNSRCH | RES_DEFNAMES);
	if (seconds < ret->nscount)
		ret->state->nscount = (int)seconds;
	return true;
}

static void
restore(const struct narrowed *narrowed)
{
	narrowed->state->options = narrowed->options;
	narrowed->state->retrans = narrowed->retrans;
	narrowed->state->retry = narrowed->retry;
	narrowed->state->nscount = narrowed->nscount;
}

/* ---- lookups ---- */

/* A fault of this machine, and no answer about the name. */
static bool
is_fault(int status)
{
	return status == EAI_MEMORY || (status == EAI_SYSTEM &&
	    (errno == ENOMEM || errno == EMFILE || errno == ENFILE || errno == EAGAIN));
}

static int
look_up_name(const struct sockaddr *sa, socklen_t len, int64_t deadline_ms, char ret[NI_MAXHOST])
{
	struct narrowed narrowed;
	int status;

	if (!narrow(&narrowed, deadline_ms, false))
		return EAI_AGAIN;
	status = getnameinfo(sa, len, ret, NI_MAXHOST, NULL, 0, NI_NAMEREQD);
	restore(&narrowed);
	return status;
}

static int
look_up_addresses(const char *name, int family, int64_t deadline_ms, struct addrinfo **ret)
{
	struct addrinfo hints = {
	    .ai_family = family, .ai_socktype = SOCK_STREAM, .ai_flags = AI_CANONNAME};
	struct narrowed narrowed;
	int status;

	if (!narrow(&narrowed, deadline_ms, true))
		return EAI_AGAIN;
	status = getaddrinfo(name, NULL, &hints, ret);
	restore(&narrowed);
	return status;
}

/* ---- belief ---- */

static socklen_t
family_bytes(int family)
{
	return family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

/* A mapped address is looked up as the IPv4 address that it is. False: no name for this family. */
static bool
plain_address(const struct sockaddr *sa, struct sockaddr_storage *ret)
{
	const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)(const void *)sa;
	struct sockaddr_in sin = {.sin_family = AF_INET};

	memset(ret, 0, sizeof *ret);
	if (sa->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&sin6->sin6_addr)) {
		memcpy(&sin.sin_addr, &sin6->sin6_addr.s6_addr[12], sizeof sin.sin_addr);
		memcpy(ret, &sin, sizeof sin);
		return true;
	}
	if (sa->sa_family != AF_INET && sa->sa_family != AF_INET6)
		return false;
	memcpy(ret, sa, family_bytes(sa->sa_family));
	return true;
}

static bool
is_numeric(const char *name, int family)
{
	struct addrinfo hints = {
	    .ai_family = family, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST};
	struct addrinfo *found;

	if (getaddrinfo(name, NULL, &hints, &found) != 0)
		return false;
	freeaddrinfo(found);
	return true;
}

static bool
is_same(const struct sockaddr *a, const struct sockaddr *b)
{
	const struct sockaddr_in *a4 = (const void *)a, *b4 = (const void *)b;
	const struct sockaddr_in6 *a6 = (const void *)a, *b6 = (const void *)b;

	if (a->sa_family != b->sa_family)
		return false;
	if (a->sa_family == AF_INET)
		return a4->sin_addr.s_addr == b4->sin_addr.s_addr;
	return memcmp(&a6->sin6_addr, &b6->sin6_addr, sizeof a6->sin6_addr) == 0 &&
	    a6->sin6_scope_id == b6->sin6_scope_id;
}

static void
copy(char *to, size_t size, const char *from)
{
	size_t len = strnlen(from, size - 1);

	memcpy(to, from, len);
	to[len] = '\0';
}

static void
doubt(struct peer_name *ret, enum peer_doubt why, const char *first, const char *second)
{
	ret->state = PEER_NAME_PARANOID;
	ret->doubt = why;
	copy(ret->first, sizeof ret->first, first);
	copy(ret->second, sizeof ret->second, second);
}

/* The forward answer against the address. -1: it is larger than we look at. */
static int
check_answer(const struct sockaddr *sa, const struct addrinfo *list, struct peer_name *ret)
{
	const char *official = list->ai_canonname != NULL ? list->ai_canonname : ret->text;
	char text[PEER_TEXT_MAX];
	unsigned count = 0;

	if (strcasecmp(official, ret->text) != 0 && strcasecmp(ret->text, "localhost") != 0) {
		doubt(ret, PEER_DOUBT_ALIAS, ret->text, official);
		return 0;
	}
	for (const struct addrinfo *at = list; at != NULL; at = at->ai_next) {
		if (++count > PEER_ADDRESSES_MAX)
			return -1;
		if (is_same(sa, at->ai_addr)) {
			ret->state = PEER_NAME_KNOWN;
			return 0;
		}
	}
	peer_addr_text(sa, text);
	doubt(ret, PEER_DOUBT_ADDRESS, text, official);
	return 0;
}

static int
verify(const struct sockaddr *sa, int64_t deadline_ms, struct peer_name *ret)
{
	struct addrinfo *list = NULL;
	int status;

	if (is_numeric(ret->text, sa->sa_family)) {
		doubt(ret, PEER_DOUBT_NUMERIC, ret->text, "");
		return 0;
	}
	status = look_up_addresses(ret->text, sa->sa_family, deadline_ms, &list);
	if (status != 0) {
		if (is_fault(status))
			return -1;
		doubt(ret, PEER_DOUBT_FORWARD, ret->text,
		    sa->sa_family == AF_INET ? "AF_INET" : "AF_INET6");
		return 0;
	}
	status = check_answer(sa, list, ret);
	freeaddrinfo(list);
	return status;
}

int
peer_name(const struct sockaddr *sa, int64_t deadline_ms, struct peer_name *ret)
{
	struct sockaddr_storage ss;
	const struct sockaddr *plain = (const struct sockaddr *)&ss;
	char name[NI_MAXHOST];
	int status;

	memset(ret, 0, sizeof *ret);
	if (deadline_ms == 0)
		deadline_ms = peer_now_ms() + PEER_NAME_BUDGET_MS;
	if (!plain_address(sa, &ss))
		return 0;
	status = look_up_name(plain, family_bytes(plain->sa_family), deadline_ms, name);
	if (status != 0)
		return is_fault(status) ? -1 : 0;
	copy(ret->text, sizeof ret->text, name);
	return verify(plain, deadline_ms, ret);
}
