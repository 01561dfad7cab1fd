/*
 * NAME     query - read what is asked
 * SEE      threads.c, for the twelve fields
 */
#include "query.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "threads.h"

enum {
	FIELDS = 12,
	LINE_BYTES = 2048,
};

struct query *query_list;
size_t query_count;

static char *
keep(const char *text)
{
	char *copy = strcmp(text, "-") == 0 ? NULL : strdup(text);

	if (copy == NULL && strcmp(text, "-") != 0)
		threads_die("strdup");
	return copy;
}

static bool
read_end(const char *text, struct sockaddr_storage *ret)
{
	struct sockaddr_in *sin = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)ret;
	char addr[INET6_ADDRSTRLEN];
	const char *comma = strchr(text, ',');
	in_port_t port;

	if (comma == NULL)
		return false;
	snprintf(addr, sizeof addr, "%.*s", (int)(comma - text), text);
	port = htons((in_port_t)strtoul(comma + 1, NULL, 10));
	if (inet_pton(AF_INET, addr, &sin->sin_addr) == 1) {
		sin->sin_family = AF_INET;
		sin->sin_port = port;
		return true;
	}
	sin6->sin6_family = AF_INET6;
	sin6->sin6_port = port;
	return inet_pton(AF_INET6, addr, &sin6->sin6_addr) == 1;
}

static enum log_rule
read_log_rule(const char *text, int *ret_line)
{
	bool maybe = *text == '?';

	if (*text == '-')
		return LOG_ANY;
	*ret_line = (int)strtol(text + maybe, NULL, 10);
	return maybe ? LOG_MAYBE : *ret_line == 0 ? LOG_NONE : LOG_LINE;
}

static void
read_query(char *line, struct query *ret)
{
	char *fields[FIELDS], *rest = line;

	for (unsigned i = 0; i < FIELDS; i++) {
		fields[i] = strsep(&rest, "\t\n");
		if (fields[i] == NULL || *fields[i] == '\0') {
			fprintf(stderr, "threads: a query has too few fields\n");
			exit(2);
		}
	}
	ret->granted = *fields[0] == '1';
	ret->log = read_log_rule(fields[1], &ret->line);
	ret->client = keep(fields[2]);
	ret->server = keep(fields[3]);
	ret->daemon = keep(fields[4]);
	ret->user = keep(fields[5]);
	ret->name = keep(fields[6]);
	ret->addr = keep(fields[7]);
	ret->has_end[0] = read_end(fields[8], &ret->ends[0]);
	ret->server_name = keep(fields[9]);
	ret->server_addr = keep(fields[10]);
	ret->has_end[1] = read_end(fields[11], &ret->ends[1]);
}

void
query_read_all(const char *path)
{
	FILE *file = fopen(path, "re");
	char line[LINE_BYTES];
	size_t size = 0;

	if (file == NULL)
		threads_die(path);
	while (fgets(line, sizeof line, file) != NULL) {
		if (query_count == size) {
			size = size == 0 ? 1024 : size * 2;
			query_list = realloc(query_list, size * sizeof *query_list);
			if (query_list == NULL)
				threads_die("realloc");
		}
		memset(&query_list[query_count], 0, sizeof *query_list);
		read_query(line, &query_list[query_count++]);
	}
	fclose(file);
	if (query_count == 0) {
		fprintf(stderr, "threads: no queries\n");
		exit(2);
	}
}

struct query *
query_pick(unsigned thread, unsigned number)
{
	uint64_t x = (uint64_t)thread << 32 | number;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9; /* the mixer of splitmix64 */
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return &query_list[(x ^ x >> 31) % query_count];
}
