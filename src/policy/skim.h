/*
 * Lines that differ from one that was judged by IPv4 addresses, networks and hosts' names only: a block list is
 * hardly anything else.
 *
 * What such a line means is known, so it need not be read as a rule to see that it does not concern a client: it
 * says nothing, looks nothing up, and does not match him. The same goes for words of a /file list.
 */
#ifndef POLICY_SKIM_H
#define POLICY_SKIM_H

#include "policy/facts.h"
#include "policy/rule.h"

enum { SKIM_PREFIX_MAX = 64 };

/* All zero: no line is known. */
struct skim {
	size_t len;
	char prefix[SKIM_PREFIX_MAX]; /* all up to the client list's first word */
	uint64_t head, head_mask; /* its first bytes, to be compared at once */
};

/* Whom lines may concern, as far as he is known. All zero: nobody; then only addresses and networks are
 * passed over. */
struct skim_client {
	const struct addr_fact *addr;
	bool has_name; /* if not, whatever asks for it concerns him */
	const char *name;
	size_t name_len;
};

/* name NULL: it is not known yet. False: he is spelled so that nothing can be told by bytes. */
bool skim_client_init(
    struct skim_client *, const struct addr_fact *addr, const struct name_fact *name);

struct skim_net {
	uint32_t net, mask; /* host order */
};

/* A line has been judged. True: others of its form can be passed over now. */
bool skim_learn(struct skim *, const struct line *, const struct rule *, unsigned count);

/* How many lines of that form begin the bytes, none of which concerns the client. *ret_len: how many bytes they
 * have. Lines near the end of the bytes are left alone. */
unsigned skim_pass(const struct skim *, const struct skim_client *, const char *bytes, size_t len,
    size_t *ret_len);

/* The same of one line with a single word: the network it is. Returns how many bytes it has; 0: it is another
 * line. */
size_t skim_net(const struct skim *, const struct skim_client *, const char *bytes, size_t len,
    struct skim_net *ret);

/* A list's words from one on, or from the end of one, that do not concern him: where the last of them
 * ends. */
size_t skim_words(const struct skim_client *, const char *bytes, size_t from, size_t len);

#endif
