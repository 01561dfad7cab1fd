/*
 * NAME     nobody - never as root
 * PURPOSE  What a stranger answers is taken apart with no right but to read what everybody may read.
 * INVARIANTS  Nobody has no group besides its own, and is not root, whatever passwd says of it.
 * LIMITS   Where there is no such user, NOBODY, the kernel's number for it.
 * SEE      safe_finger(8), action/become.c
 */
#include "cmd/safe_finger/nobody.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "action/identity.h"

enum { NOBODY = 65534 };

static bool
has_root(void)
{
	uid_t real, effective, saved;

	return getresuid(&real, &effective, &saved) < 0 || real == 0 || effective == 0 ||
	    saved == 0;
}

bool
nobody_become(struct diag *diag)
{
	const struct passwd *entry;
	gid_t none = NOBODY;
	struct identity nobody = {.has_user = true, .uid = NOBODY, .gid = NOBODY, .groups = &none};
	enum diag_code code;

	if (!has_root())
		return true;
	entry = getpwnam("nobody");
	if (entry != NULL && entry->pw_uid != 0 && entry->pw_gid != 0) {
		nobody.uid = entry->pw_uid;
		nobody.gid = entry->pw_gid;
	}
	/* Where only the real uid is root's, the rest needs the effective one, too. */
	code = seteuid(0) < 0 ? DIAG_SETUID_FAILED : identity_become(&nobody);
	diag->error = errno;
	diag_set(diag, code, "nobody", strlen("nobody"));
	return code == DIAG_NONE;
}
