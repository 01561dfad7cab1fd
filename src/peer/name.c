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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "peer/socket.h"

enum { SERVER_S = 1 };

static const void *
address_bytes(const struct sockaddr *sa)
{
	return sa->sa_family == AF_INET
	    ? (const void *)&((const struct sockaddr_in *)(const void *)sa)->sin_addr
	    : (const void *)&((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr;
}

static socklen_t
address_len(int family)
{
	return family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);
}

/* ---- the resolver's settings ---- */

struct narrowed {
	struct __res_state *state;
	unsigned long options;
	int retrans, retry, nscount;
};

enum lookup { LOOKUP_FOUND, LOOKUP_NONE, LOOKUP_FAULT };

/* LOOKUP_NONE: there is no time left. LOOKUP_FAULT: there is no memory; to ask all the same could wait
 * for ever, for a lock that glibc keeps when its first allocation fails. */
static enum lookup
narrow(struct narrowed *ret, int64_t deadline_ms, bool forward)
{
	int64_t seconds = (deadline_ms - peer_now_ms() + 999) / 1000;
	unsigned char query[NS_PACKETSZ];

	if (seconds <= 0)
		return LOOKUP_NONE;
	/* Has the library read resolv.conf, and read it anew if it changed, while the settings are
	 * still its own: it does so only then. */
	if (res_mkquery(ns_o_query, ".", ns_c_in, ns_t_a, NULL, 0, NULL, query, sizeof query) < 0)
		return LOOKUP_FAULT;
	ret->state = &_res;
	ret->options = ret->state->options;
	ret->retrans = ret->state->retrans;
	ret->retry = ret->state->retry;
	ret->nscount = ret->state->nscount;
	ret->state->retrans = SERVER_S;
	ret->state->retry = 1;
	/* No TCP, which nobody bounds, and no names from the environment. */
	ret->state->options |= RES_IGNTC | RES_NOALIASES;
	ret->state->options &= ~(unsigned long)RES_USEVC;
	if (forward)
		ret->state->options &= ~(unsigned long)(RES_DNSRCH | RES_DEFNAMES);
	if (seconds < ret->nscount)
		ret->state->nscount = (int)seconds;
	return LOOKUP_FOUND;
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

enum {
	/* Any message of 64 KiB, with its addresses as pointers and its aliases as text. */
	ANSWER_BYTES = 256 << 10,
	/* What a lookup has open at a time: a socket for each name server, and a file. */
	LOOKUP_DESCRIPTORS = MAXNS + 1,
};

/* getnameinfo and getaddrinfo ask again, all servers, whenever their buffer proves too small. Into a
 * buffer that is large enough from the start each question is asked once. */
struct found {
	struct hostent host;
	char bytes[ANSWER_BYTES];
};

/* The C library calls it "no such name", too, when it could not open a socket. */
static bool
has_descriptors(void)
{
	int fds[LOOKUP_DESCRIPTORS], count = 0;
	bool enough = true;

	while (enough && count < LOOKUP_DESCRIPTORS) {
		fds[count] = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (fds[count] < 0) {
			enough = !peer_is_shortage(errno);
			break;
		}
		count++;
	}
	while (count > 0)
		close(fds[--count]);
	return enough;
}

static enum lookup
outcome(const struct hostent *host, int family, int error, int why)
{
	if (host != NULL && host->h_addrtype == family && host->h_name != NULL)
		return LOOKUP_FOUND;
	if (peer_is_shortage(error) ||
	    (why == NETDB_INTERNAL && (error == EAGAIN || error == ERANGE)))
		return LOOKUP_FAULT;
	return has_descriptors() ? LOOKUP_NONE : LOOKUP_FAULT;
}

static enum lookup
look_up_name(const struct sockaddr *sa, int64_t deadline_ms, struct found *ret)
{
	struct narrowed narrowed;
	enum lookup ready = narrow(&narrowed, deadline_ms, false);
	struct hostent *host = NULL;
	int error, why = 0;

	if (ready != LOOKUP_FOUND)
		return ready;
	error = gethostbyaddr_r(address_bytes(sa), address_len(sa->sa_family), sa->sa_family,
	    &ret->host, ret->bytes, sizeof ret->bytes, &host, &why);
	restore(&narrowed);
	return outcome(host, sa->sa_family, error, why);
}

static enum lookup
look_up_addresses(const char *name, int family, int64_t deadline_ms, struct found *ret)
{
	struct narrowed narrowed;
	struct hostent *host = NULL;
	enum lookup ready;
	char absolute[PEER_NAME_MAX + 1];
	int error, why = 0;

	/* gethostbyname takes all that has digits and dots for an address. It is none. */
	if (*name != '\0' && name[strspn(name, "0123456789.")] == '\0' &&
	    name[strlen(name) - 1] != '.') {
		snprintf(absolute, sizeof absolute, "%s.", name);
		name = absolute;
	}
	ready = narrow(&narrowed, deadline_ms, true);
	if (ready != LOOKUP_FOUND)
		return ready;
	error =
	    gethostbyname2_r(name, family, &ret->host, ret->bytes, sizeof ret->bytes, &host, &why);
	restore(&narrowed);
	return outcome(host, family, error, why);
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
check_answer(const struct sockaddr *sa, const struct hostent *host, struct peer_name *ret)
{
	const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)(const void *)sa;
	bool has_scope = sa->sa_family == AF_INET6 && sin6->sin6_scope_id != 0, found = false;
	char text[PEER_TEXT_MAX];
	unsigned count = 0;

	if (strcasecmp(host->h_name, ret->text) != 0 && strcasecmp(ret->text, "localhost") != 0) {
		doubt(ret, PEER_DOUBT_ALIAS, ret->text, host->h_name);
		return 0;
	}
	/* Addresses in answers have no scope. */
	for (; host->h_addr_list[count] != NULL; count++) {
		if (!has_scope &&
		    memcmp(host->h_addr_list[count], address_bytes(sa),
		        address_len(sa->sa_family)) == 0)
			found = true;
	}
	if (count > PEER_ADDRESSES_MAX)
		return -1;
	if (found) {
		ret->state = PEER_NAME_KNOWN;
		return 0;
	}
	peer_addr_text(sa, text);
	doubt(ret, PEER_DOUBT_ADDRESS, text, host->h_name);
	return 0;
}

static int
verify(const struct sockaddr *sa, int64_t deadline_ms, struct found *found, struct peer_name *ret)
{
	enum lookup lookup = LOOKUP_NONE;

	if (is_numeric(ret->text, sa->sa_family)) {
		doubt(ret, PEER_DOUBT_NUMERIC, ret->text, "");
		return 0;
	}
	/* An address of the other family is no name. */
	if (!is_numeric(ret->text, AF_UNSPEC))
		lookup = look_up_addresses(ret->text, sa->sa_family, deadline_ms, found);
	if (lookup == LOOKUP_FOUND)
		return check_answer(sa, &found->host, ret);
	if (lookup == LOOKUP_FAULT)
		return -1;
	doubt(
	    ret, PEER_DOUBT_FORWARD, ret->text, sa->sa_family == AF_INET ? "AF_INET" : "AF_INET6");
	return 0;
}

int
peer_name(const struct sockaddr *sa, int64_t deadline_ms, struct peer_name *ret)
{
	struct sockaddr_storage ss;
	const struct sockaddr *plain = (const struct sockaddr *)&ss;
	struct found *found;
	enum lookup lookup;
	int status = 0;

	memset(ret, 0, sizeof *ret);
	if (!plain_address(sa, &ss))
		return 0;
	found = malloc(sizeof *found);
	if (found == NULL)
		return -1;
	lookup = look_up_name(plain, deadline_ms, found);
	if (lookup == LOOKUP_FOUND) {
		copy(ret->text, sizeof ret->text, found->host.h_name);
		status = verify(plain, deadline_ms, found, ret);
	} else if (lookup == LOOKUP_FAULT) {
		status = -1;
	}
	free(found);
	return status;
}
