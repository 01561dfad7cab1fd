/*
 * % expansion of option values and banners: hosts_access(5).
 */
#ifndef POLICY_EXPAND_H
#define POLICY_EXPAND_H

#include "base/buf.h"
#include "base/diag.h"

enum expansion_id {
#define EXPANSION(letter, id, help) EXPANSION_##id,
#include "expansions.def"
#undef EXPANSION
	EXPANSION_IDS
};

struct expander {
	/* The raw value; NULL: a resource ran out, and the option fails. Valid until the next call. */
	const char *(*value)(void *ctx, enum expansion_id);
	/* A letter that stands for nothing; the text goes on without it. */
	void (*report)(void *ctx, const struct diag *);
	void *ctx;
};

enum {
	EXPAND_OPTION_MAX = 8191, /* of an option's value, as in the original */
	EXPAND_BANNER_MAX = 16383, /* of a banner's line, likewise */
};

/* Append text to out, each %letter replaced by its value in which every byte outside letters,
 * digits and !@%-_=+:,./ has become '_' : nothing in it is special to a shell. %% is a percent
 * sign. False: diag has the reason (out's maximum, memory, a value that cannot be had). */
bool expand(const struct expander *, const char *text, size_t len, struct buf *out, struct diag *);

#endif
