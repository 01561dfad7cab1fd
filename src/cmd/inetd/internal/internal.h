/*
 * Services that inetd is itself: no process, no thread, no buffer a client.
 * A client costs its socket and one small structure, and that only if it cannot be served at once.
 */
#ifndef INETD_INTERNAL_H
#define INETD_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "cmd/inetd/conf/conf.h"
#include "cmd/inetd/reactor.h"

/* How a connection was, when it is over. Bytes as the client sees them: it sent what came in. */
struct internal_end {
	uint64_t bytes_in, bytes_out;
	const char *how; /* "closed" by the client, "done" by us, "timed out", ... */
	int error; /* errno of what failed; 0 = nothing did */
};

/* Who wants to know. Must outlive the connection. */
struct internal_host {
	void (*ended)(void *ctx, const struct internal_end *);
};

/* Of one source, in connections to one service at a time: more than anybody needs, and a quarter of the 1024
 * descriptors that inetd has on a small host. */
enum { INTERNAL_PER_SOURCE = 256 };

/* What holds where a service that keeps connections open says nothing itself. */
void internal_complete(struct conf_entry *);

/* Serve a connection of any kind but CONF_SERVER and CONF_REDIRECT; the descriptor is taken over. It
 * is never waited for, whether it blocks or not. ended is called exactly once in any case, maybe before this returns.
 * False: errno, it could not be kept for want of memory or watches. */
bool internal_serve(
    struct reactor *, enum conf_kind, int fd, const struct internal_host *, void *ctx);

/* The client of these services that has been silent for longest goes. False: there is none. */
bool internal_push_out(void);

/* End all connections; before reactor_release. */
void internal_release(void);

enum internal_leave {
	INTERNAL_YES,
	INTERNAL_NO,
	INTERNAL_LATER, /* not known yet: the datagram stays in the queue */
};

/* A datagram service: one for each socket. */
struct internal_datagrams {
	enum conf_kind kind; /* CONF_ECHO to CONF_TIME */
	/* Is this the port, in host order, of a datagram service of our own? It gets no answer. */
	bool (*is_ours)(void *ctx, unsigned port);
	/* May this sender have an answer now? Asked last, where an answer is sure to follow. */
	enum internal_leave (*may_answer)(void *ctx, const struct sockaddr *sender);
	void *ctx;
	unsigned port; /* that it listens on, in host order */
	uint64_t answered, ignored; /* datagrams; those that discard took are answered */
	uint64_t bytes_in, bytes_out;
};

/* Answers shall come from the address that was asked, so the kernel has to tell it; said before the first
 * datagram comes, which has no answer otherwise. Off again for a server of another kind. */
void internal_datagrams_prepare(int fd, bool is_internal);

/* Deal with what is in the queue, a bounded number of datagrams. It does not block, whatever the
 * descriptor does. False: may_answer has said LATER. */
bool internal_datagrams_serve(struct internal_datagrams *, int fd);

#endif
