/*
 * What one case is made of: two tables, the lists that they name, and the requests to ask.
 */
#ifndef COMPAT_POLICY_H
#define COMPAT_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "wrap.h"

enum {
	POLICY_FILES = 8,
	POLICY_REQUESTS = 1024,
};

/* bytes NULL: there is no such file. */
struct blob {
	const char *bytes;
	size_t len;
};

struct policy_file {
	const char *name; /* in the policy's folder; one slash at most */
	struct blob blob;
};

/* Texts live in an arena of who made them. @V@ in a text stands for the folder where it will be. */
struct policy {
	uint64_t number; /* of the generator; for others, of the input */
	struct blob allow, deny;
	struct policy_file files[POLICY_FILES];
	size_t file_count;
	struct query *requests;
	size_t request_count;
	int verbose; /* hosts_access_verbose */
	int repeat; /* ask ours so often */
	bool has_aclexec, has_nul; /* policy_look */
	bool is_fresh; /* written right before it is asked, and so never kept by ours */
};

/* Do its tables have that word, in any case? */
bool policy_has(const struct policy *, const char *word);

/* Set what follows from the texts. */
void policy_look(struct policy *);

#endif
