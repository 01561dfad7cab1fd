/*
 * The verified name of an address.
 */
#ifndef PEER_NAME_H
#define PEER_NAME_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum {
	PEER_NAME_MAX = 128, /* as the historic struct has it; a longer name is cut */
	/* A forward answer with more addresses than this is no answer. */
	PEER_ADDRESSES_MAX = 1024,
	/* For the lookups of one request together. */
	PEER_NAME_BUDGET_MS = 5000,
};

enum peer_name_state { PEER_NAME_UNKNOWN, PEER_NAME_PARANOID, PEER_NAME_KNOWN };

/* Why a name is not believed. */
enum peer_doubt {
	PEER_DOUBT_NONE,
	PEER_DOUBT_NUMERIC, /* the name is an address: first */
	PEER_DOUBT_FORWARD, /* it has no address of the family (first: the name, second: the family) */
	PEER_DOUBT_ALIAS, /* its official name is another (first: the name, second: the official one) */
	PEER_DOUBT_ADDRESS, /* the client is not among its addresses (first: address, second: official) */
};

struct peer_name {
	enum peer_name_state state;
	char text[PEER_NAME_MAX]; /* of PEER_NAME_KNOWN, in the resolver's spelling */
	enum peer_doubt doubt;
	char first[PEER_NAME_MAX], second[256];
};

/* Look an address up, and the name back: steps in docs/decisions/names-and-time.md. Addresses of
 * other families have no name. 0, or -1: memory, descriptors or processes ran out, or an answer is
 * over PEER_ADDRESSES_MAX; then nothing is known, and whoever asks refuses. deadline_ms: on
 * CLOCK_MONOTONIC. The resolver's settings of the thread are as before afterwards. */
int peer_name(const struct sockaddr *, int64_t deadline_ms, struct peer_name *ret);

/* Is the host in the netgroup? 1, 0, or -1: a resource ran out. A host without a domain of its own
 * matches members of any. errno is kept. For struct facts_ops; ctx is not looked at. */
int peer_netgroup(void *ctx, const char *group, const char *host);

#endif
