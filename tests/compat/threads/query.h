/*
 * Requests whose verdicts, texts and log lines are known beforehand.
 */
#ifndef THREADS_QUERY_H
#define THREADS_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

enum log_rule { LOG_ANY, LOG_NONE, LOG_LINE, LOG_MAYBE };

struct query {
	char *client, *server, *daemon, *user, *name, *addr, *server_name, *server_addr;
	struct sockaddr_storage ends[2];
	bool has_end[2];
	bool granted;
	enum log_rule log;
	int line;
};

extern struct query *query_list;
extern size_t query_count;

/* A line each. Ends the process when it cannot, and when there are none. */
void query_read_all(const char *path);

/* Each thread goes its own way through the queries. */
struct query *query_pick(unsigned thread, unsigned number);

#endif
