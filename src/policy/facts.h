/*
 * What is known about a request. Policy asks, lazily, through a table of callbacks; who answers is
 * none of its business. That is why the engine links without a network, a clock or a file system.
 */
#ifndef POLICY_FACTS_H
#define POLICY_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/diag.h"
#include "policy/tail.h"
#include "policy/way.h"

enum end { END_CLIENT, END_SERVER };

/* An endpoint's address, as Debian's text and as a value. */
struct addr_fact {
	/* "unknown" if there is none; a mapped "::ffff:1.2.3.4" is cut to its quad. */
	const char *text;
	size_t len;
	char canonical[ADDR_TEXT_MAX]; /* the plain way's text, if typed */
	size_t canonical_len;
	struct addr addr; /* if typed */
	bool typed; /* the text is an address, strictly */
	bool unknown; /* there is no address */
	bool agrees; /* typed, and text is canonical: one comparison serves both ways */
	bool is_v4; /* typed, and an IPv4 address: */
	uint32_t v4; /* it, in host order */
};

enum name_state { NAME_UNKNOWN, NAME_PARANOID, NAME_KNOWN };

struct name_fact {
	enum name_state state;
	const char *text; /* Debian's: "unknown" and "paranoid" spell the states */
	size_t len;
};

enum list_status {
	LIST_OK,
	LIST_END, /* nothing more to read */
	LIST_MISSING, /* does not exist: matches nothing */
	LIST_BAD, /* cannot be read, or is no regular file: unknown */
};

enum command_status {
	COMMAND_TRUE, /* exit status 0 */
	COMMAND_FALSE, /* any other but 126 and 127 */
	COMMAND_FAILED, /* not started, killed, or an option on the way failed: the rule refuses */
};

struct list_source; /* whoever implements the callbacks knows what is in it */
struct words; /* a list that is kept parsed: filelist.h */

struct facts_ops {
	/* NULL: a resource ran out, and the decision is a refusal. Pointers live as long as the
	 * decision. */
	const struct addr_fact *(*addr)(void *ctx, enum end);
	const struct name_fact *(*name)(void *ctx, enum end);
	/* The name if it is there already, without looking it up; NULL: it is not. */
	const struct name_fact *(*known_name)(void *ctx, enum end);
	const char *(*daemon)(void *ctx);
	const char *(*user)(void *ctx);
	/* -1: there is none. The classic way has one of every family. */
	int (*server_port)(void *ctx, enum way);
	/* 1, 0, or -1 as NULL above. name is NUL-terminated. */
	int (*netgroup)(void *ctx, const char *group, const char *name);
	/* An interface's index from its name or number, as it stands behind an address. 0: it is none,
	 * and *ret is untouched; -1 as NULL above. */
	int (*scope)(void *ctx, const char *text, size_t len, const struct addr *, uint32_t *ret);
	/* The verdict depends on the tail's aclexec number `number`, counted from 0: the options
	 * before it are carried out now, then its command, both once for a request and a tail's text
	 * in a file; asked again, the answer is the same. FAILED has been told.
	 * The number behind the last, where that says no and options are left: they are carried out,
	 * and FALSE stays, unless one of them fails. */
	enum command_status (*aclexec)(void *ctx, const struct tail *, unsigned number);
	/* Open a list, to be closed if LIST_OK; *ret_words != NULL: it is kept parsed (the words live
	 * until the close), and there is nothing to read. */
	enum list_status (*list_open)(void *ctx, const char *path, struct list_source **ret_source,
	    const struct words **ret_words, int *ret_error);
	/* Up to size bytes into buf. */
	enum list_status (*list_read)(
	    void *ctx, struct list_source *, char *buf, size_t size, size_t *ret_len);
	void (*list_close)(void *ctx, struct list_source *);
	/* A finding on the way. */
	void (*report)(void *ctx, const struct diag *);
};

struct facts {
	const struct facts_ops *ops;
	void *ctx;
};

/* Derive every member from Debian's text (borrowed). facts supplies the scope lookup; false: that ran
 * out of something. */
bool addr_fact_init(struct addr_fact *, const char *text, const struct facts *facts);

#endif
