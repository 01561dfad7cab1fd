/*
 * NAME     peers - a client's socket and the name services, with answers of the test's choice
 * INVARIANTS  Nobody is asked: without an answer of the job there is none. Nothing here allocates.
 */
#include "peers.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "calls.h"
#include "fault.h"
#include "job.h"

#define EXPORTED __attribute__((visibility("default")))

enum { ADDRESSES_MAX = 1100 };

/* ---- a client's socket ---- */

EXPORTED int front_getpeername(int, struct sockaddr *, socklen_t *) __asm__("getpeername");
EXPORTED int front_getsockname(int, struct sockaddr *, socklen_t *) __asm__("getsockname");
EXPORTED ssize_t front_recvfrom(int, void *, size_t, int, struct sockaddr *, socklen_t *) __asm__(
    "recvfrom");
static int (*real_getpeername)(int, struct sockaddr *, socklen_t *);
static int (*real_getsockname)(int, struct sockaddr *, socklen_t *);
static ssize_t (*real_recvfrom)(int, void *, size_t, int, struct sockaddr *, socklen_t *);

/* ADDRESS or ADDRESS%INTERFACE-NUMBER, from port 1024. */
static socklen_t
make_address(const char *spelled, struct sockaddr_storage *ret)
{
	struct sockaddr_in *v4 = (void *)ret;
	struct sockaddr_in6 *v6 = (void *)ret;
	char text[128];
	char *scope;

	memset(ret, 0, sizeof *ret);
	snprintf(text, sizeof text, "%s", spelled);
	scope = strchr(text, '%');
	if (scope != NULL)
		*scope++ = '\0';
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(1024);
		return sizeof *v4;
	}
	if (inet_pton(AF_INET6, text, &v6->sin6_addr) != 1)
		return 0;
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(1024);
	v6->sin6_scope_id = scope != NULL ? (uint32_t)job_number(scope) : 0;
	return sizeof *v6;
}

static void
give_address(const char *text, struct sockaddr *ret, socklen_t *ret_len)
{
	struct sockaddr_storage made;
	socklen_t len = make_address(text, &made);

	memcpy(ret, &made, len < *ret_len ? len : *ret_len);
	*ret_len = len;
}

int
front_getpeername(int fd, struct sockaddr *ret, socklen_t *ret_len)
{
	if (fault_fails("getpeername"))
		return -1;
	if (!job_has(job.peer))
		return real_getpeername(fd, ret, ret_len);
	if (job_has(job.datagram)) {
		errno = ENOTCONN;
		return -1;
	}
	give_address(job.peer, ret, ret_len);
	return 0;
}

int
front_getsockname(int fd, struct sockaddr *ret, socklen_t *ret_len)
{
	if (fault_fails("getsockname"))
		return -1;
	if (!job_has(job.peer))
		return real_getsockname(fd, ret, ret_len);
	give_address(job.server, ret, ret_len);
	return 0;
}

ssize_t
front_recvfrom(int fd, void *to, size_t size, int flags, struct sockaddr *ret, socklen_t *ret_len)
{
	if (fault_fails("recvfrom"))
		return -1;
	if (!job_has(job.peer) || !job_has(job.datagram))
		return real_recvfrom(fd, to, size, flags, ret, ret_len);
	give_address(job.peer, ret, ret_len);
	return 1;
}

/* ---- name services ---- */

EXPORTED int front_gethostbyaddr_r(const void *, socklen_t, int, struct hostent *, char *, size_t,
    struct hostent **, int *) __asm__("gethostbyaddr_r");
EXPORTED int front_gethostbyname2_r(const char *, int, struct hostent *, char *, size_t,
    struct hostent **, int *) __asm__("gethostbyname2_r");
EXPORTED int front_getaddrinfo(
    const char *, const char *, const struct addrinfo *, struct addrinfo **) __asm__("getaddrinfo");
EXPORTED void front_freeaddrinfo(struct addrinfo *) __asm__("freeaddrinfo");
EXPORTED int front_innetgr(const char *, const char *, const char *, const char *) __asm__(
    "innetgr");
EXPORTED int front_getdomainname(char *, size_t) __asm__("getdomainname");
EXPORTED int front_res_mkquery(int, const char *, int, int, const unsigned char *, int,
    const unsigned char *, unsigned char *, int) __asm__("res_mkquery");

/* Addresses of answers, as struct hostent has them. */
static struct {
	struct in6_addr bytes[ADDRESSES_MAX];
	char *list[ADDRESSES_MAX + 1];
	char official[sizeof job.reverse];
} answer;

/* As the C library answers: 0 or an errno, and why. */
static int
no_host(struct hostent **ret_found, int *ret_why)
{
	*ret_found = NULL;
	*ret_why = (int)job_number(job.result);
	return fault.error;
}

static int
give_host(const char *official, int family, unsigned addresses, struct hostent *ret,
    struct hostent **ret_found, int *ret_why)
{
	answer.list[addresses] = NULL;
	*ret = (struct hostent){.h_name = answer.official,
	    .h_addrtype = family,
	    .h_length = family == AF_INET ? 4 : 16,
	    .h_addr_list = answer.list};
	snprintf(answer.official, sizeof answer.official, "%s", official);
	*ret_found = job_has(official) && addresses > 0 ? ret : NULL;
	*ret_why = *ret_found != NULL ? NETDB_SUCCESS : HOST_NOT_FOUND;
	return 0;
}

int
front_gethostbyaddr_r(const void *address, socklen_t len, int family, struct hostent *ret,
    char *buf, size_t size, struct hostent **ret_found, int *ret_why)
{
	(void)buf, (void)size;
	if (fault_fails("gethostbyaddr_r"))
		return no_host(ret_found, ret_why);
	memcpy(&answer.bytes[0], address, len);
	answer.list[0] = (char *)&answer.bytes[0];
	return give_host(job.reverse, family, 1, ret, ret_found, ret_why);
}

/* Each of the addresses `copies` times; those of another family are left out. */
int
front_gethostbyname2_r(const char *name, int family, struct hostent *ret, char *buf, size_t size,
    struct hostent **ret_found, int *ret_why)
{
	unsigned copies = job_has(job.copies) ? (unsigned)job_number(job.copies) : 1, given = 0;
	char text[sizeof job.forward], *rest;

	(void)buf, (void)size;
	if (fault_fails("gethostbyname2_r"))
		return no_host(ret_found, ret_why);
	snprintf(text, sizeof text, "%s", job.forward);
	for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		for (unsigned i = 0; i < copies && given < ADDRESSES_MAX; i++) {
			if (inet_pton(family, word, &answer.bytes[given]) != 1)
				continue;
			answer.list[given] = (char *)&answer.bytes[given];
			given++;
		}
	}
	return give_host(
	    job_has(job.official) ? job.official : name, family, given, ret, ret_found, ret_why);
}

/* Only asked whether a name is a number. */
int
front_getaddrinfo(
    const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **ret)
{
	static struct addrinfo found;
	struct sockaddr_storage own;

	(void)service;
	if (fault_fails("getaddrinfo"))
		return (int)job_number(job.result);
	if (make_address(name, &own) == 0 ||
	    (hints->ai_family != AF_UNSPEC && hints->ai_family != own.ss_family))
		return EAI_NONAME;
	fault.live += fault.counting;
	*ret = &found;
	return 0;
}

void
front_freeaddrinfo(struct addrinfo *list)
{
	fault.live -= list != NULL && fault.counting;
}

/* Without a domain any domain will do, as innetgr(3) has it. */
int
front_innetgr(const char *group, const char *host, const char *user, const char *domain)
{
	char name[256] = "", member[256] = "", where[256] = "";

	(void)user;
	if (fault_fails("innetgr"))
		return 0;
	sscanf(job.group, "%255s %255s %255s", name, member, where);
	return strcmp(group, name) == 0 && strcmp(host, member) == 0 &&
	    (domain == NULL || !job_has(where) || strcmp(domain, where) == 0);
}

int
front_getdomainname(char *ret, size_t size)
{
	if (fault_fails("getdomainname"))
		return -1;
	snprintf(ret, size, "%s", job_has(job.domain) ? job.domain : "(none)");
	return 0;
}

/* Not the C library's: where memory ends in its first call, that waits for itself in the second. */
int
front_res_mkquery(int op, const char *name, int class, int type, const unsigned char *data, int len,
    const unsigned char *none, unsigned char *ret, int size)
{
	(void)op, (void)name, (void)class, (void)type, (void)data, (void)len, (void)none, (void)ret,
	    (void)size;
	return fault_fails("res_mkquery") ? -1 : 0;
}

void
peers_find_real(void)
{
	calls_find(RTLD_NEXT, "getpeername", &real_getpeername);
	calls_find(RTLD_NEXT, "getsockname", &real_getsockname);
	calls_find(RTLD_NEXT, "recvfrom", &real_recvfrom);
}
