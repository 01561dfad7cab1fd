/*
 * NAME     environment - the variables that servers inherit
 * SEE      inetd(8) ENVIRONMENT, washed.def
 */
#include "cmd/inetd/environment.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char *const washed[] = {
#define WASHED(name) name,
#include "cmd/inetd/washed.def"
#undef WASHED
};

/* A variable without '=' is nobody's: it goes too. */
static bool
is_washed(const char *variable)
{
	size_t len = strcspn(variable, "=");

	if (variable[len] == '\0')
		return true;
	for (size_t i = 0; i < sizeof washed / sizeof washed[0]; i++) {
		size_t name_len = strcspn(washed[i], "*");
		bool is_prefix = washed[i][name_len] == '*';

		if ((is_prefix ? len >= name_len : len == name_len) &&
		    memcmp(variable, washed[i], name_len) == 0)
			return true;
	}
	return false;
}

char **
environment_wash(char **environment)
{
	size_t count = 0, kept = 0;
	char **result;

	while (environment[count] != NULL)
		count++;
	result = calloc(count + 1, sizeof(char *));
	for (size_t i = 0; i < count && result != NULL; i++)
		if (!is_washed(environment[i]))
			result[kept++] = environment[i];
	return result;
}
