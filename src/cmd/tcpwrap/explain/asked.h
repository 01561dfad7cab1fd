/*
 * Who is asked about: what the command line says of a client and a server, what was looked up of them, and
 * which facts a decision wanted.
 */
#ifndef EXPLAIN_ASKED_H
#define EXPLAIN_ASKED_H

#include <stdint.h>
#include <sys/socket.h>

#include "peer/name.h"
#include "peer/socket.h"
#include "policy/facts.h"

/* What has to be looked up on a real connection. */
enum asked_fact { ASKED_CLIENT_NAME, ASKED_SERVER_NAME, ASKED_USER, ASKED_FACTS };

enum asked_source {
	ASKED_GIVEN, /* by the command line */
	ASKED_LOOKED_UP, /* now */
	ASKED_NOT, /* nobody wanted it */
	ASKED_IMPOSSIBLE, /* wanted, and not to be had here: it is unknown */
};

struct asked_end {
	const char *addr; /* text; "unknown" if there is none */
	struct sockaddr_storage socket; /* to look a name up by; AF_UNSPEC: it has none */
	bool has_name; /* given: */
	const char *name; /* "unknown" and "paranoid" are the states */
};

struct asked {
	struct facts facts; /* for pass_init */
	const char *daemon;
	const char *user; /* NULL: not given */
	int port; /* of the server; -1: not given */
	struct asked_end ends[2]; /* by enum end */
	bool looks_up; /* names, once; if not, those that are not given are unknown */
	void (*report)(void *ctx, const struct diag *); /* NULL: findings are dropped */
	void *ctx;
	/* From asked_begin on: */
	unsigned wanted; /* set of 1 << enum asked_fact, since it was last cleared */
	unsigned known; /* names that were looked up */
	bool failed[2]; /* a lookup ran out of something */
	struct addr_fact addrs[2];
	struct name_fact names[2];
	struct peer_name found[2];
	int64_t names_spent_ms;
	char *tail; /* whole, of a rule with aclexec that was asked last; heap */
	size_t tail_len;
	const char *tail_file;
	unsigned tail_line;
};

/* All members up to ctx are set. */
void asked_begin(struct asked *);
void asked_end(struct asked *);

/* For whoever goes the way again: what was not looked up is not looked up now. */
void asked_is_over(struct asked *);

enum asked_source asked_source(const struct asked *, enum asked_fact);
/* Its text as rules see it; "unknown" if there is none. */
const char *asked_text(struct asked *, enum asked_fact);

/* As the library is told names: two words spell the states. */
struct name_fact asked_name_fact(const char *text);

#endif
