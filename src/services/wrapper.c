/*
 * NAME     wrapper - what putting tcpd in front of a program means
 * PURPOSE  tcpd starts what its own argv[0] names: the path of the program. So the path goes there, and
 *          tcpd's own path in the place of the program's; and back.
 * INVARIANTS  What is put in and taken away again is as it was, if it was started by its own name.
 * SEE      tcpd(8)
 */
#include "services/wrapper.h"

#include <stdio.h>
#include <string.h>

#include "services/part.h"

/* Where tcpd looks for a program without a path. */
#define PROGRAMS "/usr/sbin/"

const struct wrapper_spec wrapper_specs[WRAPPER_CODES] = {
#define CODE(id, name, is_trouble, text, remedy) {name, is_trouble, text, remedy},
#include "services/wrapper.def"
#undef CODE
};

bool
wrapper_is_meant(const struct wrapper *wrapper, const char *service, const char *program)
{
	const char *colon = strrchr(service, ':');

	if (strcmp(service, wrapper->service) == 0)
		return true;
	/* "192.0.2.1:ftp" */
	if (colon != NULL && strcmp(colon + 1, wrapper->service) == 0)
		return true;
	return *program != '\0' && strcmp(path_base(program), wrapper->service) == 0;
}

/* ---- words ---- */

static enum wrapper_code
take_away(const char *name, struct wrapper_words *ret)
{
	size_t len = strlen(name);
	bool is_path = name[0] == '/';

	if (len + sizeof PROGRAMS > sizeof ret->storage)
		return WRAPPER_INCOMPLETE;
	snprintf(ret->storage, sizeof ret->storage, "%s%s", is_path ? "" : PROGRAMS, name);
	ret->path = ret->storage;
	ret->name = path_base(ret->storage);
	return WRAPPER_RESTORED;
}

enum wrapper_code
wrapper_decide(
    const struct wrapper *wrapper, const char *path, const char *name, struct wrapper_words *ret)
{
	bool is_wrapped = strcmp(path_base(path), "tcpd") == 0;

	if (wrapper->removes)
		return is_wrapped ? take_away(name, ret) : WRAPPER_BARE;
	if (is_wrapped)
		return WRAPPER_WRAPPED;
	if (strcmp(path_base(name), path_base(path)) != 0 && !wrapper->is_forced)
		return WRAPPER_NAME;
	ret->path = wrapper->tcpd;
	ret->name = path;
	return WRAPPER_CHANGED;
}
