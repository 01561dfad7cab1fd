/*
 * May this client be served? Asked in the loop, which never waits; what it cannot decide alone, a child
 * decides that has the identity of the service.
 */
#ifndef INETD_ACCESS_ACCESS_H
#define INETD_ACCESS_ACCESS_H

#include "cmd/inetd/access/reader.h"
#include "cmd/inetd/access/rules.h"
#include "cmd/inetd/access/teller.h"
#include "cmd/inetd/reactor.h"
#include "peer/socket.h"

enum access_verdict {
	ACCESS_ADMIT, /* start its server, then call access_admitted */
	ACCESS_REFUSE, /* call access_refuse, then close */
	ACCESS_CHILD, /* a name, a user or a command is needed, or an option is to be carried out */
	ACCESS_LATER, /* a table is being read: keep the client, and ask again when woken */
};

struct access {
	const char *tables[2]; /* by enum table; borrowed */
	struct reader reader;
	struct teller teller;
	/* A table has been read, or is not going to be: whoever was told LATER is to be asked again now, the
	 * oldest first. No other client may be asked before them. */
	void (*wake)(struct access *);
};

struct access_client {
	int fd; /* the connection, or the socket that has the datagram */
	const struct sockaddr *address; /* as accept(2) or recvfrom(2) gave it */
	socklen_t len;
	bool is_datagram;
	unsigned rounds; /* how often the answer has been LATER */
};

/* Beside the verdict, for the log and the record. file and line: of the rule, NULL and 0 if none. */
struct access_answer {
	int priority; /* of the line in the log */
	const char *file;
	unsigned line;
	const char *reason; /* why no rule was found that decides; NULL: rules decided */
	char address[PEER_TEXT_MAX]; /* of the client */
};

/* False: errno, and everything is released. Both arguments are borrowed. */
bool access_init(
    struct access *, struct reactor *, const char *const tables[2], void (*wake)(struct access *));
/* Waits for a table that is being read, but not for long. */
void access_release(struct access *);

/* Never waits, never tells. */
enum access_verdict access_ask(struct access *, const struct access_rules *,
    const struct access_client *, struct access_answer *ret);

/* May a child be forked now? Not while a thread parses a table; one that waits for a file system has
 * nothing in its hands. */
bool access_may_fork(const struct access *);

/* What cannot be read, and since when; NULL: nothing of the kind. */
const char *access_unread(const struct access *, int64_t *ret_since_ms);

/* Say what tcpd would say of an admitted client, whose server has this pid. */
void access_admitted(const struct access_rules *, const struct access_answer *, pid_t server);

/* Say what tcpd would say of a server that cannot be executed, in whose place inetd has started it, and leave
 * nothing of what the client has sent. False: it is not said, since it was not in tcpd's place. */
bool access_failed(
    const struct access_rules *, const struct access_client *, pid_t server, int error);

/* Say so, and leave nothing of what the client has sent: the close that follows is a FIN. A datagram is
 * taken out of the queue. */
void access_refuse(struct access *, const struct access_rules *, const struct access_client *,
    const struct access_answer *);

#endif
