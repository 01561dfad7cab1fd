/*
 * NAME     policy - what a case is made of
 */
#include "policy.h"

#include <string.h>
#include <strings.h>

static bool
blob_has(const struct blob *blob, const char *word, size_t len)
{
	for (size_t at = 0; at + len <= blob->len; at++)
		if (strncasecmp(blob->bytes + at, word, len) == 0)
			return true;
	return false;
}

bool
policy_has(const struct policy *policy, const char *word)
{
	size_t len = strlen(word);

	return blob_has(&policy->allow, word, len) || blob_has(&policy->deny, word, len);
}

static bool
blob_has_nul(const struct blob *blob)
{
	return blob->len > 0 && memchr(blob->bytes, 0, blob->len) != NULL;
}

void
policy_look(struct policy *policy)
{
	policy->has_aclexec = policy_has(policy, "aclexec");
	policy->has_nul = blob_has_nul(&policy->allow) || blob_has_nul(&policy->deny);
	for (size_t i = 0; i < policy->file_count; i++)
		policy->has_nul = policy->has_nul || blob_has_nul(&policy->files[i].blob);
}
