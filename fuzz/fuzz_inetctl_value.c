/*
 * Fuzz target: JSON as inetctl reads it. Beside crashes it walks through all of a value that was
 * taken: each part is a value in its own right, and what is printed of it is one line of printable
 * text.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/inetctl/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(int truth)
{
	if (!truth)
		abort();
}

static void
check_print(const struct value *value)
{
	struct buf buf;

	buf_init(&buf, NULL, 0, 8 * value->len + 1);
	check(value_print(value, &buf));
	for (size_t i = 0; i < buf.len; i++)
		check(buf.bytes[i] >= 0x20 && buf.bytes[i] < 0x7f);
	buf_release(&buf);
}

/* Elements, and elements of the first of each, down to the last bracket. */
static void
walk(struct value value)
{
	struct value element, again, member;

	for (size_t depth = 0; value.kind == VALUE_ARRAY; depth++) {
		struct value first = {.kind = VALUE_NONE};

		for (size_t at = 0; value_next(&value, &at, &element);) {
			check(value_parse(element.text, element.len, &again));
			check(again.kind == element.kind && again.len == element.len);
			check_print(&element);
			if (first.kind == VALUE_NONE)
				first = element;
		}
		check(depth < 64);
		value = first;
	}
	member = value_member(&value, "id");
	check(member.kind == VALUE_NONE || value_parse(member.text, member.len, &again));
	check_print(&value);
	check(value_number(&value) == 0 || value.kind == VALUE_NUMBER);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct value value, member;

	if (!value_parse(text, size, &value))
		return 0;
	check(value.text == text && (value.len == size || value.len + 1 == size));
	walk(value);
	member = value_member(&value, "services");
	if (member.kind != VALUE_NONE)
		walk(member);
	return 0;
}
