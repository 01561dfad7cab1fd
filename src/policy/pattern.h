/*
 * A word of a list, as tests.
 *
 * A word says one or two things (user@host, daemon@host), and may say something else the classic
 * than the plain way. It becomes one to four tests: two that belong together carry TEST_AND, and
 * each says in which ways it stands. Words that mean the same both ways, nearly all, are one.
 */
#ifndef POLICY_PATTERN_H
#define POLICY_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/net.h"
#include "policy/way.h"

enum test_kind {
	TEST_VOID, /* matches nobody; diag says why, if anything is to be said */
	TEST_EXCEPT, /* not a test: what follows takes away */
	/* of a text: the daemon, the user, or an end's address and then its name */
	TEST_ALL,
	TEST_KNOWN,
	TEST_GLOB,
	TEST_SUFFIX,
	TEST_PREFIX,
	TEST_EXACT,
	/* of an end */
	TEST_ADDR4,
	TEST_NET4,
	TEST_NET6,
	TEST_NETGROUP,
	TEST_LIST, /* a /file */
	TEST_HOST_KNOWN,
	TEST_LOCAL,
	TEST_NAME_UNKNOWN, /* the states, the plain way */
	TEST_NAME_PARANOID,
	/* of the server */
	TEST_PORT,
	TEST_KINDS
};

enum test_subject { SUBJECT_HOST, SUBJECT_DAEMON, SUBJECT_USER };

enum test_flag {
	TEST_AND = 1, /* the next test must match too */
	TEST_NAME = 2, /* if the address does not match, the name may */
	TEST_NAME_SEEN = 4, /* the name may, but is not worth a lookup */
	TEST_STARS = 8, /* of a glob: its final stars stand for one byte at least */
};

struct test {
	uint8_t kind;
	uint8_t subject;
	uint8_t flags;
	ways ways;
	uint32_t len;
	const char *text; /* what is matched; borrowed from the line or its generation */
	union {
		struct {
			uint32_t net, mask; /* host order */
		} v4;
		const struct net6 *v6;
		unsigned port;
		unsigned diag; /* of TEST_VOID: enum diag_code */
	};
};

enum role { ROLE_DAEMONS, ROLE_CLIENTS, ROLE_FILE /* a word of a /file list: a host */ };

enum { PATTERN_TESTS_MAX = 4 };

/* A word read: tests[0..count), their networks beside them. Not to be moved. */
struct pattern {
	struct test tests[PATTERN_TESTS_MAX];
	struct net6 nets[PATTERN_TESTS_MAX];
	unsigned count;
};

/* A host's name, or what it ends in, in letters, digits, hyphens and dots: with a dot, which no wildcard has, and a
 * letter, which no number has. It means the same both ways. */
bool pattern_is_name(const char *text, size_t len);

/* Read a word; text is borrowed by the tests. */
void pattern_read(struct pattern *, enum role, ways, const char *text, size_t len);

#endif
