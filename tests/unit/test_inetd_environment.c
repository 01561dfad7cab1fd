/* What servers inherit: each name of the table goes, its neighbours stay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/inetd/environment.h"

static const char *const names[] = {
#define WASHED(name) name,
#include "cmd/inetd/washed.def"
#undef WASHED
};

static bool
stays(char *variable)
{
	char *environment[] = {variable, NULL};
	char **washed = environment_wash(environment);
	bool ret;

	assert_non_null(washed);
	ret = washed[0] == variable;
	assert_true(ret || washed[0] == NULL);
	free(washed);
	return ret;
}

static void
test_every_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char variable[64], neighbour[64];
		int len = (int)strcspn(names[i], "*");
		bool is_prefix = names[i][len] == '*';

		snprintf(
		    variable, sizeof variable, "%.*s%s=x", len, names[i], is_prefix ? "Z" : "");
		assert_false(stays(variable));
		snprintf(variable, sizeof variable, "%.*s=", len, names[i]);
		assert_false(stays(variable));
		snprintf(neighbour, sizeof neighbour, "A%.*s=x", len, names[i]);
		assert_true(stays(neighbour));
		if (!is_prefix && strcmp(names[i], "_") != 0) {
			snprintf(neighbour, sizeof neighbour, "%sQ9=x", names[i]);
			assert_true(stays(neighbour));
		}
	}
}

static void
test_order_and_oddities(void **state)
{
	char a[] = "LANG=C", b[] = "LD_PRELOAD=x", c[] = "TZ=UTC", d[] = "broken", e[] = "";
	char *environment[] = {a, b, c, d, e, NULL};
	char **washed = environment_wash(environment);

	(void)state;
	assert_non_null(washed);
	assert_ptr_equal(washed[0], a);
	assert_ptr_equal(washed[1], c);
	assert_null(washed[2]);
	free(washed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_name),
	    cmocka_unit_test(test_order_and_oddities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
