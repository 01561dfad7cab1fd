/*
 * Lines that differ from one that was judged by addresses, networks and hosts' names only, and lines for other
 * daemons: a block list is hardly anything else.
 *
 * What such a line means is known, so it need not be read as a rule to see that it does not concern a client: it
 * says nothing, looks nothing up, and does not match him. The same goes for words of a /file list.
 */
#ifndef POLICY_SKIM_H
#define POLICY_SKIM_H

#include "policy/facts.h"
#include "policy/rule.h"

enum {
	SKIM_PREFIX_MAX = 64,
	SKIM_FORMS =
	    4, /* as many daemon lists take turns in a table; more only cost what they ever did */
};

struct skim_form {
	size_t len;
	char prefix
	    [SKIM_PREFIX_MAX]; /* all up to the client list's first word; of others, the list */
	uint64_t head, head_mask; /* its first bytes, to be compared at once */
	bool is_others; /* it names daemons, and not the one that is asked for */
};

/* All zero: no line is known. */
struct skim {
	const char *daemon; /* NULL: lines are looked at whomever they are for */
	size_t daemon_len;
	struct skim_form forms[SKIM_FORMS];
	unsigned count, next; /* the one that makes room */
};

/* Whom lines may concern, as far as he is known. All zero: nobody; then only addresses and networks are
 * passed over. */
struct skim_client {
	const struct addr_fact *addr;
	uint64_t high, low; /* of an IPv6 address */
	bool has_name; /* if not, whatever asks for it concerns him */
	bool may_be_net6; /* his name is known, and has what is an address to the classic way */
	const char *name;
	size_t name_len;
};

/* name NULL: it is not known yet. False: he is spelled so that nothing can be told by bytes. */
bool skim_client_init(
    struct skim_client *, const struct addr_fact *addr, const struct name_fact *name);

struct skim_net {
	uint32_t net, mask; /* host order */
	bool is_v6; /* then it is this: */
	uint64_t high, low;
	unsigned bits;
};

/* A line has been judged. The form that others may be of, to be passed over; NULL: none. */
const struct skim_form *skim_learn(
    struct skim *, const struct line *, const struct rule *, unsigned count);

struct skim_run {
	size_t len; /* bytes */
	unsigned lines;
};

/* How many lines of known forms begin the bytes, none of which concerns the client. Lines near the end of the
 * bytes are left alone. */
struct skim_run skim_pass(
    const struct skim *, const struct skim_client *, const char *bytes, size_t len);

/* The same of one line with a single word: the network it is, as both ways have it. Returns how many bytes it
 * has; 0: it is another line. */
size_t skim_net(const struct skim_form *, const struct skim_client *, const char *bytes, size_t len,
    struct skim_net *ret);

/* The address of an IPv6 one. */
struct addr skim_addr(const struct skim_net *);

/* A list's words from one on, or from the end of one, that do not concern him: where the last of them
 * ends. */
size_t skim_words(const struct skim_client *, const char *bytes, size_t from, size_t len);

#endif
