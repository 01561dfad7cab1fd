/*
 * NAME     test_peer_ident - what an ident reply says
 * PURPOSE  The reply of RFC 1413 as text; what hostile servers do with it in time is for
 *          tests/e2e/0221-ident.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "peer/ident.h"

enum { CLIENT_PORT = 6193, SERVER_PORT = 23 };

static const char untouched[] = "untouched";

/* The user of a reply, or untouched. */
static const char *
user_of(const char *reply, size_t len)
{
	static char user[PEER_USER_MAX];

	strcpy(user, untouched);
	if (!peer_ident_parse(reply, len, CLIENT_PORT, SERVER_PORT, user))
		assert_string_equal(user, untouched);
	return user;
}

static void
replies_say_who(void **state)
{
	static const struct {
		const char *reply, *user;
	} cases[] = {
	    {"6193, 23 : USERID : UNIX : stjohns\r\n", "stjohns"},
	    {"6193,23:USERID:UNIX:joe\n", "joe"},
	    {"\t6193 ,\v23\f: USERID :X: joe smith\n", "joe"},
	    {"6193,23:USERID:OTHER , US-ASCII:a:b@c\n", "a:b@c"},
	    {"06193,023:USERID:UNIX:joe\n", "joe"},
	    {"6193,23:USERID:UNIX:joe\r\n1,2:USERID:UNIX:eve\r\n", "joe"},
	    {"6193,23:USERIDX:UNIX:joe\n", untouched},
	    {"6193,23:USERI:UNIX:joe\n", untouched},
	    {"6193,23:userid:UNIX:joe\n", untouched},
	    {"6193,23:USERID::joe\n", untouched},
	    {"6193,23:USERID:UNIX:\n", untouched},
	    {"6193,23:USERID:UNIX:  \r\n", untouched},
	    {"6193,23:USERID:UNIX\n", untouched},
	    {"6193,23:USERID:UNIX:joe", untouched},
	    {"6193,24:USERID:UNIX:joe\n", untouched},
	    {"23,6193:USERID:UNIX:joe\n", untouched},
	    {"71729,23:USERID:UNIX:joe\n", untouched}, /* 65536 + 6193 */
	    {"-6193,23:USERID:UNIX:joe\n", untouched},
	    {"-4294961103,+23:USERID:UNIX:joe\n", "joe"}, /* 6193 of 2^32, as in scanf */
	    {"4294973489,4294967319:USERID:UNIX:joe\n", "joe"},
	    {"18446744073709551615,23:USERID:UNIX:joe\n", untouched},
	    {"18446744073709557809,23:USERID:UNIX:joe\n", untouched}, /* 6193 of 2^64: too far */
	    {"-18446744073709545423,23:USERID:UNIX:joe\n", "joe"},
	    {"-18446744073709557809,23:USERID:UNIX:joe\n", untouched},
	    {"+-6193,23:USERID:UNIX:joe\n", untouched},
	    {"+ 6193,23:USERID:UNIX:joe\n", untouched},
	    {"+,23:USERID:UNIX:joe\n", untouched},
	    {"6193 23:USERID:UNIX:joe\n", untouched},
	    {"6193,23:ERROR:NO-USER\n", untouched},
	    {"\n", untouched},
	    {"", untouched},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(user_of(cases[i].reply, strlen(cases[i].reply)), cases[i].user);
	/* a NUL is the end of it */
	assert_string_equal(user_of("6193,23:USERID:UNIX:jo\0e\n", 25), "jo");
	assert_string_equal(user_of("6193,23:USERID:UNIX:\0joe\n", 25), untouched);
	assert_string_equal(user_of("\0"
	                            "6193,23:USERID:UNIX:joe\n",
	                        25),
	    untouched);
	assert_string_equal(user_of("6193,23:USERID:UNIX:joe\0", 24), untouched);
}

/* A reply cut anywhere before its newline is none. */
static void
a_cut_reply_says_nothing(void **state)
{
	static const char reply[] = "6193,23:USERID:UNIX:joe\r\n";

	(void)state;
	for (size_t len = 0; len < sizeof reply - 2; len++)
		assert_string_equal(user_of(reply, len), untouched);
	assert_string_equal(user_of(reply, sizeof reply - 1), "joe");
}

static void
names_are_cut(void **state)
{
	(void)state;
	for (size_t len = PEER_USER_MAX - 2; len <= PEER_USER_MAX; len++) {
		char reply[256];
		int total =
		    snprintf(reply, sizeof reply, "6193,23:USERID:UNIX:%0*d\n", (int)len, 7);

		assert_int_equal(strlen(user_of(reply, (size_t)total)),
		    len < PEER_USER_MAX ? len : PEER_USER_MAX - 1);
	}
}

/* PEER_REPLY_MAX bytes are looked at, whether a newline comes or not. */
static void
a_long_reply_is_looked_at_so_far(void **state)
{
	(void)state;
	for (size_t len = PEER_REPLY_MAX - 1; len <= PEER_REPLY_MAX + 1; len++) {
		char reply[PEER_REPLY_MAX + 2];

		memset(reply, ' ', sizeof reply);
		memcpy(reply, "6193,23:USERID:UNIX:joe", 23);
		assert_string_equal(user_of(reply, len), len < PEER_REPLY_MAX ? untouched : "joe");
		memset(reply, ' ', sizeof reply);
		memcpy(reply + len - 23, "6193,23:USERID:UNIX:joe", 23);
		assert_string_equal(user_of(reply, len),
		    len < PEER_REPLY_MAX       ? untouched
		        : len > PEER_REPLY_MAX ? "jo"
		                               : "joe");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(replies_say_who),
	    cmocka_unit_test(a_cut_reply_says_nothing),
	    cmocka_unit_test(names_are_cut),
	    cmocka_unit_test(a_long_reply_is_looked_at_so_far),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
