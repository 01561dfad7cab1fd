/*
 * A policy from the inside: two tables, as files or as texts.
 */
#ifndef LIBTCPWRAP_POLICY_H
#define LIBTCPWRAP_POLICY_H

#include "libtcpwrap/public.h"
#include "table/store.h"

/* Never changes but for its count. Both arrays go by enum table. */
struct tw_policy {
	unsigned references; /* atomic: its opener's, and one of each decision */
	const char *names[2]; /* paths, or what stands for one */
	struct generation *texts[2]; /* NULL: files */
	char paths[];
};

struct tw_policy *policy_share(struct tw_policy *);

#endif
