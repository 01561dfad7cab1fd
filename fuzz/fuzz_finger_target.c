/*
 * NAME     fuzz_finger_target - any text as the argument of safe_finger
 * PURPOSE  A query is one line of printable ASCII with no second word, and says what the argument said.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/safe_finger/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
check(bool truth)
{
	if (!truth)
		abort();
}

static void
check_target(const char *text, bool is_long, const struct target *target)
{
	const char *rest = target->query + (is_long ? strlen("/W") : 0), *end;
	size_t host_len = strlen(target->host), rest_len;

	check(strlen(target->query) == target->query_len && target->query_len < TARGET_QUERY_MAX);
	end = target->query + target->query_len - strlen("\r\n");
	check(strcmp(end, "\r\n") == 0 && rest <= end);
	check(!is_long || strncmp(target->query, "/W", 2) == 0);
	if (is_long && rest < end)
		check(*rest++ == ' ');
	rest_len = (size_t)(end - rest);
	for (const char *at = rest; at < end; at++)
		check(*at > ' ' && *at <= '~');
	check(rest_len == 0 || *rest != '/');
	check(host_len > 0 && host_len <= TARGET_HOST_MAX);
	check(memcmp(text, rest, rest_len) == 0 && text[rest_len] == '@');
	text += rest_len + 1;
	text += *text == '[';
	check(strncmp(text, target->host, host_len) == 0);
	check(text[host_len] == '\0' || strcmp(text + host_len, "]") == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	/* Of exactly this size, so that a byte too many is seen. */
	char *text = malloc(len + 1);
	struct target target;

	if (text == NULL)
		return 0;
	if (len > 0)
		memcpy(text, bytes, len);
	text[len] = '\0';
	for (int is_long = 0; is_long < 2; is_long++)
		if (target_parse(text, is_long, &target) == NULL)
			check_target(text, is_long, &target);
	free(text);
	return 0;
}
