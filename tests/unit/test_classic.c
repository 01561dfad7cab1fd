/*
 * NAME     test_classic - the original's readings of numbers
 * PURPOSE  The loose internet parser, against the C library's that the original used.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/classic.h"
#include "chance.h"

static unsigned
runs_of(const char *text)
{
	unsigned runs = 0;
	bool inside = false;

	for (; *text != '\0'; text++) {
		runs += *text != '.' && !inside;
		inside = *text != '.';
	}
	return runs;
}

static void
quads_are_read_as_inet_aton_does(void **state)
{
	static const char alphabet[] = "0123456789xXaf....00  \v\n.";
	static const char *const seeds[] = {"1.2.3.4", "010.0x1f.3.4", "1.2.3", "0x7f000001",
	    "1.65535", "10.0.0.0 x.y", "255.255.255.255", "1.2.3.4.", "08.1.1.1", "0x.1.1.1",
	    "4294967296.1.1.1"};
	unsigned read = 0;

	(void)state;
	for (unsigned i = 0; i < 300000; i++) {
		char text[64];
		struct in_addr parsed;
		uint32_t bits;
		bool want;

		strcpy(text, seeds[i % (sizeof seeds / sizeof *seeds)]);
		for (uint64_t times = chance(4); times > 0; times--)
			text[chance(strlen(text))] = alphabet[chance(sizeof alphabet - 1)];
		/* Its failure value is an address. */
		want = runs_of(text) == 4 && inet_aton(text, &parsed) != 0 &&
		    parsed.s_addr != INADDR_NONE;
		assert_int_equal(classic_quad(text, strlen(text), &bits), want);
		if (want)
			assert_int_equal(bits, ntohl(parsed.s_addr));
		read += want;
	}
	assert_in_range(read, 20000, 299999);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(quads_are_read_as_inet_aton_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
