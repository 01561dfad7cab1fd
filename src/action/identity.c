/*
 * NAME     identity - user and group names to numbers
 * PURPOSE  Everything that can fail in a lookup fails here, before anything is changed.
 * INVARIANTS  An unknown name and a lookup that failed are two findings; neither has an identity.
 * LIMITS   ENTRY_MAX bytes of an entry, and as many groups as the kernel takes.
 * SEE      getpwnam_r(3), getgrouplist(3), hosts_options(5) user
 */
#include "action/identity.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

enum {
	ENTRY_FIRST = 1024,
	ENTRY_MAX = 1 << 20, /* a group with tens of thousands of members */
	GROUPS_FIRST = 64,
};

static bool
fail(struct diag *diag, enum diag_code code, const char *subject, int error)
{
	diag_set(diag, code, subject, strlen(subject));
	diag->error = error;
	return false;
}

/* One entry of either database. 0: *ret_found says whether there is one; else an errno value. */
typedef int lookup(const char *name, char *buf, size_t size, bool *ret_found, void *ret);

static int
look_up_user(const char *name, char *buf, size_t size, bool *ret_found, void *ret)
{
	struct passwd entry, *found = NULL;
	struct identity *identity = ret;
	int error = getpwnam_r(name, &entry, buf, size, &found);

	*ret_found = found != NULL;
	if (found != NULL) {
		identity->uid = entry.pw_uid;
		identity->gid = entry.pw_gid;
	}
	return error;
}

static int
look_up_group(const char *name, char *buf, size_t size, bool *ret_found, void *ret)
{
	struct group entry, *found = NULL;
	struct identity *identity = ret;
	int error = getgrnam_r(name, &entry, buf, size, &found);

	*ret_found = found != NULL;
	if (found != NULL)
		identity->gid = entry.gr_gid;
	return error;
}

/* getpwnam(3): these mean "no such name", the rest that nobody knows. */
static bool
means_unknown(int error)
{
	return error == 0 || error == ENOENT || error == ESRCH;
}

static bool
find(lookup *look_up, enum diag_code unknown, const char *name, struct identity *ret,
    struct diag *diag)
{
	bool found = false;
	int error = ERANGE;

	for (size_t size = ENTRY_FIRST; error == ERANGE && size <= ENTRY_MAX; size *= 2) {
		char *buf = malloc(size);

		if (buf == NULL)
			return fail(diag, DIAG_IDENTITY_LOOKUP, name, ENOMEM);
		do
			error = look_up(name, buf, size, &found, ret);
		while (error == EINTR);
		free(buf);
	}
	if (found)
		return true;
	return fail(diag, means_unknown(error) ? unknown : DIAG_IDENTITY_LOOKUP, name, error);
}

static int
by_number(const void *a, const void *b)
{
	gid_t x = *(const gid_t *)a, y = *(const gid_t *)b;

	return (x > y) - (x < y);
}

void
identity_sort_groups(gid_t *groups, size_t *count)
{
	size_t kept = 0;

	qsort(groups, *count, sizeof *groups, by_number);
	for (size_t i = 0; i < *count; i++) {
		if (kept == 0 || groups[i] != groups[kept - 1])
			groups[kept++] = groups[i];
	}
	*count = kept;
}

/* The groups of a user, or the group alone. */
static bool
find_groups(const char *user, struct identity *identity, struct diag *diag, const char *subject)
{
	int room = user != NULL ? GROUPS_FIRST : 1, count = room;

	for (;;) {
		gid_t *groups = reallocarray(identity->groups, (size_t)room, sizeof *groups);

		if (groups == NULL)
			return fail(diag, DIAG_IDENTITY_LOOKUP, subject, ENOMEM);
		identity->groups = groups;
		groups[0] = identity->gid;
		count = room;
		if (user == NULL || getgrouplist(user, identity->gid, groups, &count) >= 0)
			break;
		if (room >= NGROUPS_MAX)
			return fail(diag, DIAG_IDENTITY_LOOKUP, subject, E2BIG);
		room = 4 * room < NGROUPS_MAX ? 4 * room : NGROUPS_MAX;
	}
	identity->group_count = (size_t)count;
	identity_sort_groups(identity->groups, &identity->group_count);
	return true;
}

bool
identity_find(const char *user, const char *group, struct identity *ret, struct diag *diag)
{
	struct identity identity = {.has_user = user != NULL}, grouped = {.gid = 0};
	bool found =
	    (group == NULL || find(look_up_group, DIAG_UNKNOWN_GROUP, group, &grouped, diag)) &&
	    (user == NULL || find(look_up_user, DIAG_UNKNOWN_USER, user, &identity, diag));

	if (group != NULL)
		identity.gid = grouped.gid;
	found = found && find_groups(user, &identity, diag, user != NULL ? user : group);
	if (found)
		*ret = identity;
	else
		identity_release(&identity);
	return found;
}

void
identity_release(struct identity *identity)
{
	free(identity->groups);
	identity->groups = NULL;
	identity->group_count = 0;
}
