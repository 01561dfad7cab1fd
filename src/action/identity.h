/*
 * Users and groups: who a service is to be.
 */
#ifndef ACTION_IDENTITY_H
#define ACTION_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/diag.h"

struct identity {
	bool has_user; /* else uid is not to be changed */
	uid_t uid;
	gid_t gid;
	gid_t *groups; /* supplementary, sorted, each once; owned */
	size_t group_count;
};

/* Look up a user with all its groups, or a group alone: one of the two may be NULL. With both, the
 * group takes the place of the user's own. False: diag has the reason (code, subject, error), and
 * there is no identity to fall back on. Thread-safe. */
bool identity_find(const char *user, const char *group, struct identity *ret, struct diag *diag);
void identity_release(struct identity *);

/* As in struct identity: sorted, each once. */
void identity_sort_groups(gid_t *groups, size_t *count);

/* Become that for good: groups, group, user, in this order, and ask the kernel whether it is so.
 * DIAG_NONE: it is. IDENTITY_NOT_OURS: nothing was done, as this process is somebody else's. Else
 * what failed, errno says why, and the process may be half way: it must not go on to serve.
 *
 * Two kinds of it are linked: become.c into programs that turn into the service, stay.c into the
 * library. */
enum diag_code identity_become(const struct identity *);

#endif
