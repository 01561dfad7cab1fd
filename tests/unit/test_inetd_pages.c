/* Code that was needed once is given back, and is there when it is needed again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "cmd/inetd/pages.h"

/* Of what is a copy of files, and is not ours alone, in kB. */
static long
resident_kb(void)
{
	FILE *status = fopen("/proc/self/status", "re");
	char line[256];
	long found_kb = -1;

	assert_non_null(status);
	while (fgets(line, sizeof line, status) != NULL)
		if (strncmp(line, "RssFile:", 8) == 0)
			assert_int_equal(sscanf(line + 8, "%ld", &found_kb), 1);
	fclose(status);
	return found_kb;
}

static void
test_release(void **state)
{
	long before_kb = resident_kb(), after_kb;

	(void)state;
	pages_release();
	after_kb = resident_kb();
	print_message("# %ld kB, then %ld kB\n", before_kb, after_kb);
	assert_true(after_kb > 0);
	assert_true(after_kb < before_kb);
	pages_release();
}

static void
test_constants(void **state)
{
	static const char text[] = "as it was";
	const volatile char *seen = text;

	(void)state;
	pages_release();
	for (size_t i = 0; i < sizeof text; i++)
		assert_int_equal(seen[i], "as it was"[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_release),
	    cmocka_unit_test(test_constants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
