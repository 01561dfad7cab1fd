/*
 * NAME     host - what listens here
 * PURPOSE  First the sockets of each namespace, then the processes that hold them.
 * INVARIANTS  What cannot be seen is counted. Nothing is run, and no namespace is entered: each one's
 *          lists are below the /proc of a process in it.
 * LIMITS   HOST_SOCKETS_MAX, HOST_NETS_MAX. A namespace without a process is not seen.
 */
#include "host/host.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/inside.h"

void
host_init(struct host *host)
{
	*host = (struct host){.count = 0};
}

void
host_release(struct host *host)
{
	free(host->sockets);
	arena_release(&host->arena);
	host_init(host);
}

const char *
host_keep(struct host *host, const char *text, size_t len)
{
	const char *copy = arena_copy(&host->arena, text, len);

	host->failed |= copy == NULL;
	return copy;
}

static bool
take_process(void *ctx, pid_t pid)
{
	struct host *host = ctx;
	bool is_new = false;
	struct host_net *net = nets_of(host, pid, &is_new);

	if (net != NULL && is_new)
		nets_read(host, net, pid);
	return true;
}

static int
compare(const void *a, const void *b)
{
	const struct host_socket *one = a, *other = b;

	return (one->line.inode > other->line.inode) - (one->line.inode < other->line.inode);
}

int
host_read(struct host *host, bool is_all)
{
	/* Its own one first. */
	take_process(host, getpid());
	if (host->nets != NULL)
		host->nets->is_own = true;
	if (is_all && proc_each(take_process, host) < 0)
		return -1;
	nets_pair(host);
	if (host->count > 0)
		qsort(host->sockets, host->count, sizeof *host->sockets, compare);
	return processes_read(host);
}

const char *
host_last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

bool
host_is_loopback(const struct addr *addr)
{
	static const uint8_t one[16] = {[15] = 1};

	if (addr_is_v4(addr))
		return addr_v4_bits(addr) >> 24 == 127;
	return memcmp(addr->bytes, one, sizeof one) == 0;
}

bool
host_is_any(const struct addr *addr)
{
	static const uint8_t zero[16];

	return addr_is_v4(addr) ? addr_v4_bits(addr) == 0
	                        : memcmp(addr->bytes, zero, sizeof zero) == 0;
}
