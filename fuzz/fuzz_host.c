/*
 * Fuzz target: lines of /proc that an audit reads. The first byte says which: a list of sockets, or
 * mappings of a process.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/maps_text.h"
#include "host/net_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(int truth)
{
	if (!truth)
		abort();
}

static void
check_net(enum net_kind kind, const char *text, size_t len)
{
	struct net_line line = {.port = 0};

	if (net_text_line(kind, text, len, &line) != NET_WAITS)
		check(line.port == 0);
	else
		check(line.port > 0 && line.port <= 65535);
}

static void
check_maps(const char *text, size_t len)
{
	struct maps_line line;

	if (!maps_text_line(text, len, &line))
		return;
	check(line.range == text && line.range_len < len);
	check(line.path > text && line.path[0] == '/' && line.path_len > 0);
	check(line.path + line.path_len <= text + len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data + 1;

	if (size == 0)
		return 0;
	if (data[0] < '0' + NET_KINDS && data[0] >= '0')
		check_net((enum net_kind)(data[0] - '0'), text, size - 1);
	else
		check_maps(text, size - 1);
	return 0;
}
