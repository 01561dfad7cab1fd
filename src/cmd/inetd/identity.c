/*
 * NAME     identity - user and group names to numbers
 * PURPOSE  Everything the child must become is looked up here, in the parent, when the file is
 *          read: the child only makes system calls.
 * INVARIANTS  An unknown user, an unknown group or a failing lookup turns the service off.
 * LIMITS   NGROUPS_MAX supplementary groups, the kernel's; a user with more is a failed lookup.
 * SEE      threats I6, initgroups(3)
 */
#include "cmd/inetd/identity.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>

/* getpwnam(3) and getgrnam(3): these mean "no such name", the rest that nobody knows. */
static enum conf_code
lookup_failure(enum conf_code unknown)
{
	return errno == 0 || errno == ENOENT || errno == ESRCH ? unknown : CONF_LOOKUP_FAILED;
}

static int
by_number(const void *a, const void *b)
{
	gid_t x = *(const gid_t *)a, y = *(const gid_t *)b;

	return (x > y) - (x < y);
}

/* Supplementary groups, as the kernel will list them. */
static void
find_groups(struct conf *conf, const struct conf_entry *entry, struct identity *identity)
{
	int room = NGROUPS_MAX;
	gid_t *groups = calloc(NGROUPS_MAX, sizeof *groups);
	size_t count = 0;

	if (groups == NULL) {
		conf->failed = true;
		return;
	}
	if (getgrouplist(entry->user.text, identity->gid, groups, &room) < 0) {
		conf_note(conf, CONF_LOOKUP_FAILED, &entry->user);
		room = 0;
	}
	qsort(groups, (size_t)room, sizeof *groups, by_number);
	for (size_t i = 0; i < (size_t)room; i++)
		if (i == 0 || groups[i] != groups[i - 1])
			groups[count++] = groups[i];
	identity->groups = conf_alloc(conf, (count + 1) * sizeof *groups);
	identity->answer = conf_alloc(conf, (count + 1) * sizeof *groups);
	for (size_t i = 0; i < count && identity->groups != NULL; i++)
		identity->groups[i] = groups[i];
	identity->count = count;
	free(groups);
}

void
identity_resolve(struct conf *conf, const struct conf_entry *entry,
    const struct service_rules *rules, struct identity *ret)
{
	const struct passwd *user;
	const struct group *group;

	errno = 0;
	user = getpwnam(entry->user.text);
	if (user == NULL) {
		conf_note(conf, lookup_failure(CONF_UNKNOWN_USER), &entry->user);
		return;
	}
	ret->uid = user->pw_uid;
	ret->gid = user->pw_gid;
	if (entry->group.text != NULL) {
		errno = 0;
		group = getgrnam(entry->group.text);
		if (group == NULL) {
			conf_note(conf, lookup_failure(CONF_UNKNOWN_GROUP), &entry->group);
			return;
		}
		ret->gid = group->gr_gid;
	}
	ret->is_own = !rules->can_switch;
	if (rules->can_switch)
		find_groups(conf, entry, ret);
	else if (ret->uid != rules->uid || ret->gid != rules->gid)
		conf_note(conf, CONF_NOT_ROOT, &entry->user);
}
