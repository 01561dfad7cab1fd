/*
 * The control socket, on which inetctl(8) talks to inetd. Protocol: tool/control.h.
 */
#ifndef INETD_CONTROL_H
#define INETD_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "cmd/inetd/control/answer.h"
#include "cmd/inetd/reactor.h"

/* Not to be moved while it is open. */
struct control {
	struct watch watch;
	struct alarm alarm; /* rings when accepting is worth another try */
	struct reactor *reactor;
	const struct control_ops *ops;
	void *ctx;
	int fd; /* -1: not open */
	bool is_watched;
	const char *path;
	struct stat bound;
	struct control_client *clients;
	size_t count;
	struct answer_findings findings; /* of the reload that goes on */
};

/* Listen at path, which is to outlive it, and answer from within the reactor. Root and inetd's own
 * user are answered; others, whoever let them reach the socket, are disconnected. False: errno
 * says why, and nothing is open. */
bool control_open(
    struct control *, struct reactor *, const char *path, const struct control_ops *, void *ctx);

/* Does anybody wait for the end of a reload? Then what it finds is to be told to this, from now on; else
 * NULL. Findings of before are forgotten. */
struct control_sink *control_listen(struct control *);
/* It is over: answer them. */
void control_reloaded(struct control *, bool is_ok);

/* Disconnect everybody and remove the path. Of one that is not open: nothing. */
void control_close(struct control *);

#endif
