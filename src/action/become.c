/*
 * NAME     become - somebody else, for good
 * PURPOSE  For programs that turn into the service they guard.
 * INVARIANTS  Success that a call reports is not enough: the kernel is asked, and whoever has left root
 *          must not be able to return, and keeps no capability. A process that is that already needs no
 *          right to become it.
 * SEE      setresuid(2), capabilities(7), user_namespaces(7)
 */
#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>

#include "action/identity.h"

static bool
has_groups(const struct identity *identity)
{
	int room = getgroups(0, NULL), got;
	gid_t *groups = room < 0 ? NULL : calloc((size_t)room + 1, sizeof *groups);
	size_t count;
	bool same = false;

	if (groups == NULL)
		return false;
	got = getgroups(room, groups);
	if (got >= 0) {
		count = (size_t)got;
		identity_sort_groups(groups, &count);
		same = count == identity->group_count &&
		    memcmp(groups, identity->groups, count * sizeof *groups) == 0;
	}
	free(groups);
	return same;
}

static bool
has_ids(const struct identity *identity)
{
	uid_t uid[3];
	gid_t gid[3];

	if (getresuid(&uid[0], &uid[1], &uid[2]) != 0 || getresgid(&gid[0], &gid[1], &gid[2]) != 0)
		return false;
	for (int i = 0; i < 3; i++) {
		if (gid[i] != identity->gid || (identity->has_user && uid[i] != identity->uid))
			return false;
	}
	return true;
}

static bool
can_return(const struct identity *identity)
{
	if (!identity->has_user || identity->uid == 0)
		return false;
	return setresuid((uid_t)-1, 0, (uid_t)-1) == 0 ||
	    (identity->gid != 0 && setresgid((gid_t)-1, 0, (gid_t)-1) == 0);
}

/* Who was that user already may have been given some, for the service to inherit. */
static bool
has_left_powers(const struct identity *identity)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{.effective = 0}};

	return !identity->has_user || identity->uid == 0 || syscall(SYS_capset, &head, none) == 0;
}

enum diag_code
identity_become(const struct identity *identity)
{
	gid_t gid = identity->gid;
	uid_t uid = identity->uid;

	if (!has_groups(identity) && setgroups(identity->group_count, identity->groups) != 0)
		return DIAG_SETGROUPS_FAILED;
	/* Also if it has these: where a user namespace has no number for it, any user looks like nobody, and
	 * only this fails. */
	if (setresgid(gid, gid, gid) != 0)
		return DIAG_SETGID_FAILED;
	if (identity->has_user && setresuid(uid, uid, uid) != 0)
		return DIAG_SETUID_FAILED;
	errno = EPERM;
	if (!has_ids(identity) || !has_groups(identity) || can_return(identity) ||
	    !has_left_powers(identity))
		return DIAG_IDENTITY_KEPT;
	return DIAG_NONE;
}
