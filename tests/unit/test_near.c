/*
 * NAME     test_near - did you mean
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/near.h"

static void
test_near(void **state)
{
	static const struct {
		const char *text;
		bool want;
	} cases[] = {
	    {"check", true},
	    {"CHECK", true},
	    {"chek", true},
	    {"cheeck", true},
	    {"chexk", true},
	    {"hceck", true},
	    {"checks", true},
	    {"heck", true},
	    {"chkc", false},
	    {"chxxk", false},
	    {"hcekc", false},
	    {"", false},
	    {"c", false},
	    {"checking", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(
		    near_is(cases[i].text, strlen(cases[i].text), "check"), cases[i].want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_near),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
