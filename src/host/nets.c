/*
 * NAME     nets - sockets of each network namespace
 * PURPOSE  The lists of a namespace are below /proc/PID/net of any process in it, also for those who may
 *          not see what ns/net is: a namespace is known by the inode of its list.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "host/inside.h"

enum { SOCKETS_FIRST = 64, ID_TEXT_MAX = 64 };

static const char *const lists[NET_KINDS] = {
    [NET_TCP] = "net/tcp", [NET_TCP6] = "net/tcp6", [NET_UDP] = "net/udp", [NET_UDP6] = "net/udp6"};

/* The number in "net:[N]"; 0: it is not to be seen. */
static unsigned long
read_id(pid_t pid)
{
	char path[PROC_PATH_MAX], text[ID_TEXT_MAX];
	unsigned long id;
	ssize_t len;

	proc_path(path, pid, "ns/net");
	len = proc_link(path, text, sizeof text);
	if (len < 7 || strncmp(text, "net:[", 5) != 0 ||
	    !str_number(text + 5, (size_t)len - 6, ULONG_MAX, &id))
		return 0;
	return id;
}

struct host_net *
nets_of(struct host *host, pid_t pid, bool *ret_is_new)
{
	char path[PROC_PATH_MAX];
	struct host_net *net = host->nets;
	struct stat st;
	size_t count = 0;

	proc_path(path, pid, lists[NET_TCP]);
	if (stat(path, &st) != 0)
		return NULL;
	for (; net != NULL && (net->dev != st.st_dev || net->ino != st.st_ino); net = net->next)
		count++;
	*ret_is_new = net == NULL;
	if (net == NULL && count < HOST_NETS_MAX)
		net = arena_alloc(&host->arena, sizeof *net);
	host->failed |= net == NULL;
	if (net == NULL)
		return NULL;
	if (*ret_is_new) {
		*net = (struct host_net){.next = host->nets, .dev = st.st_dev, .ino = st.st_ino};
		host->nets = net;
	}
	if (net->id == 0)
		net->id = read_id(pid);
	return net;
}

struct list {
	struct host *host;
	struct host_net *net;
	enum net_kind kind;
};

static bool
make_room(struct host *host)
{
	size_t size = host->size > 0 ? 2 * host->size : SOCKETS_FIRST;
	struct host_socket *sockets;

	if (host->count < host->size)
		return true;
	sockets = size <= HOST_SOCKETS_MAX ? realloc(host->sockets, size * sizeof *sockets) : NULL;
	host->failed |= sockets == NULL;
	if (sockets == NULL)
		return false;
	host->sockets = sockets;
	host->size = size;
	return true;
}

enum { PORT_BYTES = (UINT16_MAX + 1) / 8 };

static void
note_any(struct host *host, const struct list *list, unsigned port)
{
	uint8_t **ports = &list->net->any_v4[list->kind == NET_UDP];

	if (*ports == NULL)
		*ports = arena_alloc(&host->arena, PORT_BYTES);
	host->failed |= *ports == NULL;
	if (*ports != NULL)
		(*ports)[port / 8] |= (uint8_t)(1U << port % 8);
}

static void
take_line(void *ctx, const char *text, size_t len)
{
	struct list *list = ctx;
	struct host *host = list->host;
	struct net_line line;
	enum net_answer answer = net_text_line(list->kind, text, len, &line);

	host->odd_lines += answer == NET_ODD;
	if (answer != NET_WAITS || !make_room(host))
		return;
	host->sockets[host->count++] = (struct host_socket){
	    .is_udp = list->kind == NET_UDP || list->kind == NET_UDP6,
	    .is_v6 = list->kind == NET_TCP6 || list->kind == NET_UDP6,
	    .line = line,
	    .net = list->net,
	};
	if ((list->kind == NET_TCP || list->kind == NET_UDP) && host_is_any(&line.addr))
		note_any(host, list, line.port);
}

void
nets_pair(struct host *host)
{
	for (size_t i = 0; i < host->count; i++) {
		struct host_socket *socket = &host->sockets[i];
		const uint8_t *ports = socket->net->any_v4[socket->is_udp];
		unsigned port = socket->line.port;

		socket->is_v6_only = socket->is_v6 && ports != NULL &&
		    (ports[port / 8] >> port % 8 & 1) != 0 && host_is_any(&socket->line.addr);
	}
}

void
nets_read(struct host *host, struct host_net *net, pid_t pid)
{
	for (enum net_kind kind = NET_TCP; kind < NET_KINDS; kind++) {
		struct list list = {host, net, kind};
		char path[PROC_PATH_MAX];

		proc_path(path, pid, lists[kind]);
		/* Without IPv6 there is no list of it. */
		if (!proc_lines(path, take_line, &list) && access(path, F_OK) == 0)
			host->blind++;
	}
}
