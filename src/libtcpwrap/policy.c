/*
 * NAME     policy - two tables
 * INVARIANTS  A path is absolute: where a program has gone to since never decides which tables count.
 * LIMITS   TW_PATH_MAX; TW_TEXT_MAX, LINES_MAX.
 */
#include "libtcpwrap/policy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "table/table.h"

static enum tw_status
check_path(const char *path)
{
	if (path == NULL || *path != '/')
		return TW_BAD_ARGUMENT;
	return strnlen(path, TW_PATH_MAX + 1) > TW_PATH_MAX ? TW_TOO_LONG : TW_OK;
}

static struct tw_policy *
allocate(size_t paths_bytes)
{
	int saved_errno = errno;
	struct tw_policy *policy = calloc(1, sizeof *policy + paths_bytes);

	errno = saved_errno;
	if (policy != NULL)
		policy->references = 1;
	return policy;
}

enum tw_status
tw_policy_open_files(const char *allow_path, const char *deny_path, struct tw_policy **ret)
{
	enum tw_status status = check_path(allow_path);
	struct tw_policy *policy;
	size_t allow_size;

	if (status == TW_OK)
		status = check_path(deny_path);
	if (status == TW_OK && ret == NULL)
		status = TW_BAD_ARGUMENT;
	if (status != TW_OK)
		return status;
	allow_size = strlen(allow_path) + 1;
	policy = allocate(allow_size + strlen(deny_path) + 1);
	if (policy == NULL)
		return TW_NO_MEMORY;
	policy->names[TABLE_ALLOW] = memcpy(policy->paths, allow_path, allow_size);
	policy->names[TABLE_DENY] =
	    memcpy(policy->paths + allow_size, deny_path, strlen(deny_path) + 1);
	*ret = policy;
	return TW_OK;
}

static enum tw_status
parse(struct tw_policy *policy, enum table table, const char *text, size_t len)
{
	enum diag_code code;
	int saved_errno = errno;

	policy->texts[table] = table_text(text, len, &code);
	errno = saved_errno;
	if (policy->texts[table] != NULL)
		return TW_OK;
	return code == DIAG_LINE_OVER_LIMIT ? TW_TOO_LONG : TW_NO_MEMORY;
}

enum tw_status
tw_policy_open_texts(
    const char *allow, size_t allow_len, const char *deny, size_t deny_len, struct tw_policy **ret)
{
	enum tw_status status;
	struct tw_policy *policy;

	if (ret == NULL || (allow == NULL && allow_len > 0) || (deny == NULL && deny_len > 0))
		return TW_BAD_ARGUMENT;
	if (allow_len > TW_TEXT_MAX || deny_len > TW_TEXT_MAX)
		return TW_TOO_LONG;
	policy = allocate(0);
	if (policy == NULL)
		return TW_NO_MEMORY;
	policy->names[TABLE_ALLOW] = "<allow>";
	policy->names[TABLE_DENY] = "<deny>";
	status = parse(policy, TABLE_ALLOW, allow, allow_len);
	if (status == TW_OK)
		status = parse(policy, TABLE_DENY, deny, deny_len);
	if (status == TW_OK)
		*ret = policy;
	else
		tw_policy_close(policy);
	return status;
}

struct tw_policy *
policy_share(struct tw_policy *policy)
{
	__atomic_add_fetch(&policy->references, 1, __ATOMIC_RELAXED);
	return policy;
}

void
tw_policy_close(struct tw_policy *policy)
{
	if (policy == NULL || __atomic_sub_fetch(&policy->references, 1, __ATOMIC_ACQ_REL) != 0)
		return;
	generation_release(policy->texts[TABLE_ALLOW]);
	generation_release(policy->texts[TABLE_DENY]);
	free(policy);
}
