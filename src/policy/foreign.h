/*
 * Words of a client list, or of a /file list, that do not concern a client, whichever way they are read.
 *
 * Each function reads a word where one begins, and returns where it ends. NULL: it may concern him, or it is something
 * else. What stands behind it is for the caller to look at.
 */
#ifndef POLICY_FOREIGN_H
#define POLICY_FOREIGN_H

#include "base/str.h"
#include "policy/skim.h"

/* So many bytes have to be there from the word on: more than a quad and its mask, or eight groups and a
 * length, and what ends them. */
enum { FOREIGN_AHEAD = 64 };

/* An IPv4 network; an IPv6 one in brackets; a name, or what names end in, if the client's is known. */
const char *foreign_net(const char *at, const struct skim_client *, struct skim_net *ret);
const char *foreign_bracketed(const char *at, const struct skim_client *, struct skim_net *ret);
const char *foreign_name(const char *at, const char *end, const struct skim_client *);

/* Any of these. */
static inline const char *
foreign_word(const char *at, const char *end, const struct skim_client *client)
{
	struct skim_net net;

	if (str_is_digit(*at))
		return foreign_net(at, client, &net);
	if (*at == '[')
		return foreign_bracketed(at, client, &net);
	return client->has_name ? foreign_name(at, end, client) : NULL;
}

/* An IPv6 network without brackets: in a line, and in a /file list. */
const char *foreign_bare(const char *at, const struct skim_client *);
const char *foreign_in_list(const char *at, const struct skim_client *);

#endif
