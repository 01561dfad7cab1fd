/*
 * Ask the engine about two texts and a request, without files, network or library: for unit tests,
 * golden tests and fuzz targets.
 */
#ifndef TESTS_ASK_H
#define TESTS_ASK_H

#include "policy/decide.h"

struct ask_list {
	const char *path, *text;
	size_t len;
	enum list_status status; /* LIST_OK: text is it */
};

struct ask {
	/* Lists from somewhere else than `lists`: whole callbacks of struct facts_ops; NULL: not. */
	const struct facts_ops *list_ops;
	const char *daemon;
	const char *addr, *name, *user; /* of the client; NULL: unknown */
	const char *server_addr, *server_name;
	int server_port; /* 0: none */
	bool name_fails; /* of the client: a resource runs out */
	bool user_fails, daemon_fails; /* likewise */
	bool name_is_late; /* not known before somebody asks for it */
	bool
	    name_is_spelled; /* "unknown" and "paranoid" are names that somebody has given a host */
	const struct ask_list *lists;
	size_t list_count;
	const char *netgroup; /* the one that every known name belongs to */
	const char
	    *commands; /* what aclexecs say, as they are asked: t, f, or !: failed. NULL: yes */
	bool resident;
	bool keeps_text; /* as in struct pass */
	bool keep; /* judge kept rules instead of text */
	bool skims; /* pass over lines that do not concern the client, as the table layer does */
	size_t feed_bytes; /* hand the text over in pieces of this size; 0: at once */
};

enum { ASK_REPORTS_MAX = 16 };

struct answer {
	enum verdict verdict;
	struct decision by; /* its tail does not outlive the answer's pass */
	enum verdict readings[READINGS];
	struct decision decisions[READINGS]; /* neither do theirs: */
	uint64_t texts[READINGS]; /* hashes of the tail and the rule's text */
	unsigned names_looked_up; /* of those asked for: not known before */
	unsigned names_asked, users_asked, commands_asked, netgroups_asked, scopes_asked,
	    lists_asked;
	struct diag reports[ASK_REPORTS_MAX];
	size_t report_count;
};

/* NULL text: the table does not exist. Files are called "A" and "D". */
void ask(const struct ask *, const char *allow, size_t allow_len, const char *deny, size_t deny_len,
    struct answer *ret);

/* The same with rules from somewhere else: show is called with a pass to show them to. */
void ask_with(const struct ask *, void (*show)(struct pass *, const void *), const void *arg,
    struct answer *ret);

#endif
