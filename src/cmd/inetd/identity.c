/*
 * NAME     identity - users and groups, by name or number
 * PURPOSE  Everything the child must become is looked up here, in the parent, when the file is
 *          read: the child only makes system calls.
 * INVARIANTS  An unknown user, an unknown group or a failing lookup turns the service off. A word
 *          of digits is a name first, as in chown(1). A number that is nobody's is taken if a group
 *          stands beside it: then that is its only group.
 * LIMITS   NGROUPS_MAX supplementary groups, the kernel's; a user with more is a failed lookup.
 * SEE      threats I6, initgroups(3)
 */
#include "cmd/inetd/identity.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

enum { NOBODY = 65534 }; /* the kernel's overflowuid and overflowgid */

/* getpwnam(3) and getgrnam(3): these mean "no such name", the rest that nobody knows. */
static bool
is_unknown(void)
{
	return errno == 0 || errno == ENOENT || errno == ESRCH;
}

static int
by_number(const void *a, const void *b)
{
	gid_t x = *(const gid_t *)a, y = *(const gid_t *)b;

	return (x > y) - (x < y);
}

/* Supplementary groups of a user (name NULL: of nobody known), as the kernel will list them. */
static void
find_groups(
    struct conf *conf, const struct conf_word *user, const char *name, struct identity *identity)
{
	int room = NGROUPS_MAX;
	gid_t *groups = calloc(NGROUPS_MAX, sizeof *groups);
	size_t count = 0;

	if (groups == NULL) {
		conf->failed = true;
		return;
	}
	if (name == NULL) {
		groups[0] = identity->gid;
		room = 1;
	} else if (getgrouplist(name, identity->gid, groups, &room) < 0) {
		conf_note(conf, CONF_LOOKUP_FAILED, user);
		room = 0;
	}
	qsort(groups, (size_t)room, sizeof *groups, by_number);
	for (size_t i = 0; i < (size_t)room; i++)
		if (i == 0 || groups[i] != groups[i - 1])
			groups[count++] = groups[i];
	identity->groups = conf_alloc(conf, (count + 1) * sizeof *groups);
	for (size_t i = 0; i < count && identity->groups != NULL; i++)
		identity->groups[i] = groups[i];
	identity->count = count;
	free(groups);
}

/* A user or group by number. The last one is none: to system calls it means "leave it". */
static bool
parse_number(const char *text, uint32_t *ret)
{
	unsigned long number;

	if (!str_number(text, strlen(text), UINT32_MAX - 1, &number))
		return false;
	*ret = (uint32_t)number;
	return true;
}

/* By name, or by number if no name is spelled like it. False: reported. *ret_name is whose
 * groups count, NULL for a number that is nobody's. */
static bool
find_user(
    struct conf *conf, const struct conf_entry *entry, struct identity *ret, const char **ret_name)
{
	const struct passwd *user;

	errno = 0;
	user = getpwnam(entry->user.text);
	if (user == NULL && is_unknown() && parse_number(entry->user.text, &ret->uid)) {
		errno = 0;
		user = getpwuid(ret->uid);
		if (user == NULL && is_unknown()) {
			if (entry->group.text == NULL)
				conf_note(conf, CONF_NUMBER_ALONE, &entry->user);
			return entry->group.text != NULL;
		}
	}
	if (user == NULL) {
		conf_note(
		    conf, is_unknown() ? CONF_UNKNOWN_USER : CONF_LOOKUP_FAILED, &entry->user);
		return false;
	}
	ret->uid = user->pw_uid;
	ret->gid = user->pw_gid;
	*ret_name = conf_share(conf, user->pw_name);
	return *ret_name != NULL;
}

static bool
find_group(struct conf *conf, const struct conf_word *word, struct identity *ret)
{
	const struct group *group;

	if (word->text == NULL)
		return true;
	errno = 0;
	group = getgrnam(word->text);
	if (group != NULL) {
		ret->gid = group->gr_gid;
		return true;
	}
	if (is_unknown() && parse_number(word->text, &ret->gid))
		return true;
	conf_note(conf, is_unknown() ? CONF_UNKNOWN_GROUP : CONF_LOOKUP_FAILED, word);
	return false;
}

/* A service that inetd does itself needs no user; but its clients may have to be judged in a process
 * of its own, which shall not be root's for want of a word. */
static void
be_nobody(const struct service_rules *rules, struct identity *ret)
{
	static gid_t groups[] = {NOBODY};

	*ret = rules->can_switch
	    ? (struct identity){.uid = NOBODY, .gid = NOBODY, .groups = groups, .count = 1}
	    : (struct identity){.is_own = true, .uid = rules->uid, .gid = rules->gid};
}

void
identity_resolve(struct conf *conf, const struct conf_entry *entry,
    const struct service_rules *rules, struct identity *ret)
{
	const char *name = NULL;

	if (entry->user.text == NULL) {
		if (entry->kind == CONF_SERVER)
			conf_note(conf, CONF_BAD_USER, &entry->service);
		else
			be_nobody(rules, ret);
		return;
	}
	if (!find_user(conf, entry, ret, &name) || !find_group(conf, &entry->group, ret))
		return;
	ret->is_own = !rules->can_switch;
	if (rules->can_switch)
		find_groups(conf, &entry->user, entry->has_no_groups ? NULL : name, ret);
	else if (ret->uid != rules->uid || ret->gid != rules->gid)
		conf_note(conf, CONF_NOT_ROOT, &entry->user);
}
