/*
 * NAME     value - JSON, read
 * INVARIANTS  Total and linear; nothing recurses. A value that was parsed is valid in all its
 *          parts, so looking into it cannot fail.
 * LIMITS   DEPTH_MAX
 * SEE      RFC 8259, tool/control.h
 */
#include "cmd/inetctl/value.h"

#include <stdint.h>
#include <string.h>

#include "base/str.h"

enum { DEPTH_MAX = 32 /* bits of a set; an answer has five */ };

/* What is left to be read. */
struct scan {
	const char *at, *end;
};

static bool
take_char(struct scan *scan, char c)
{
	if (scan->at == scan->end || *scan->at != c)
		return false;
	scan->at++;
	return true;
}

static bool
take_word(struct scan *scan, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(scan->end - scan->at) < len || memcmp(scan->at, word, len) != 0)
		return false;
	scan->at += len;
	return true;
}

static bool
take_number(struct scan *scan)
{
	const char *start = scan->at;

	while (scan->at < scan->end && str_is_digit(*scan->at))
		scan->at++;
	return scan->at > start;
}

/* 0 to 15; 16: it is no hexadecimal digit. */
static unsigned
hex_digit(char c)
{
	if (str_is_digit(c))
		return (unsigned)(c - '0');
	c = str_lower(c);
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

/* Behind a backslash. */
static bool
take_escape(struct scan *scan)
{
	if (scan->at == scan->end)
		return false;
	if (*scan->at != 'u')
		return strchr("\"\\/bfnrt", *scan->at) != NULL && *scan->at++ != '\0';
	scan->at++;
	for (int i = 0; i < 4; i++)
		if (scan->at == scan->end || hex_digit(*scan->at++) == 16)
			return false;
	return true;
}

static bool
take_string(struct scan *scan)
{
	if (!take_char(scan, '"'))
		return false;
	while (scan->at < scan->end) {
		unsigned char c = (unsigned char)*scan->at++;

		if (c == '"')
			return true;
		if (c < 0x20 || (c == '\\' && !take_escape(scan)))
			return false;
	}
	return false;
}

static bool
take_name(struct scan *scan)
{
	return take_string(scan) && take_char(scan, ':');
}

static bool
take_scalar(struct scan *scan)
{
	if (scan->at == scan->end)
		return false;
	if (*scan->at == '"')
		return take_string(scan);
	return take_number(scan) || take_word(scan, "true") || take_word(scan, "false") ||
	    take_word(scan, "null");
}

/* Which brackets are open: a bit for each, 1 for an object. */
struct nest {
	uint32_t objects;
	unsigned depth;
};

static bool
is_object(const struct nest *nest)
{
	return (nest->objects & 1) != 0;
}

static bool
open_bracket(struct nest *nest, char c)
{
	if (nest->depth == DEPTH_MAX)
		return false;
	nest->depth++;
	nest->objects = nest->objects << 1 | (c == '{');
	return true;
}

static void
close_brackets(struct nest *nest, struct scan *scan)
{
	while (nest->depth > 0 && take_char(scan, is_object(nest) ? '}' : ']')) {
		nest->depth--;
		nest->objects >>= 1;
	}
}

static bool
take_value(struct scan *scan)
{
	struct nest nest = {0};

	for (;;) {
		char c = scan->at < scan->end ? *scan->at : '\0';
		bool opens = c == '{' || c == '[';

		if (opens) {
			scan->at++;
			if (!open_bracket(&nest, c))
				return false;
			/* An empty one is closed below, like one that is full. */
			if (scan->at < scan->end && *scan->at != '}' && *scan->at != ']') {
				if (is_object(&nest) && !take_name(scan))
					return false;
				continue;
			}
		} else if (!take_scalar(scan)) {
			return false;
		}
		close_brackets(&nest, scan);
		if (nest.depth == 0)
			return true;
		if (!take_char(scan, ',') || (is_object(&nest) && !take_name(scan)))
			return false;
	}
}

static struct value
make(const char *text, size_t len)
{
	static const struct {
		char first;
		enum value_kind kind;
	} kinds[] = {{'{', VALUE_OBJECT}, {'[', VALUE_ARRAY}, {'"', VALUE_STRING},
	    {'t', VALUE_BOOL}, {'f', VALUE_BOOL}, {'n', VALUE_NULL}};
	struct value value = {VALUE_NUMBER, text, len};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (kinds[i].first == *text)
			value.kind = kinds[i].kind;
	return value;
}

bool
value_parse(const char *text, size_t len, struct value *ret)
{
	struct scan scan = {text, text + len};
	size_t value_len;

	if (!take_value(&scan))
		return false;
	value_len = (size_t)(scan.at - text);
	take_char(&scan, '\n');
	if (scan.at != scan.end)
		return false;
	*ret = make(text, value_len);
	return true;
}

struct value
value_member(const struct value *object, const char *name)
{
	struct scan scan = {object->text + 1, object->text + object->len};
	size_t len = strlen(name);

	while (object->kind == VALUE_OBJECT && take_char(&scan, '"')) {
		const char *found = scan.at--, *start;
		bool is_it;

		take_string(&scan);
		is_it = (size_t)(scan.at - found) == len + 1 && memcmp(found, name, len) == 0;
		take_char(&scan, ':');
		start = scan.at;
		take_value(&scan);
		if (is_it)
			return make(start, (size_t)(scan.at - start));
		take_char(&scan, ',');
	}
	return (struct value){.kind = VALUE_NONE, .text = ""};
}

bool
value_next(const struct value *array, size_t *at, struct value *ret)
{
	struct scan scan = {array->text + *at + 1, array->text + array->len};
	const char *start = scan.at;

	if (array->kind != VALUE_ARRAY || *at + 1 >= array->len || *start == ']')
		return false;
	take_value(&scan);
	*ret = make(start, (size_t)(scan.at - start));
	take_char(&scan, ',');
	*at = (size_t)(scan.at - array->text) - 1;
	return true;
}

unsigned long
value_number(const struct value *value)
{
	unsigned long number = 0;

	if (value->kind == VALUE_NUMBER)
		str_number(value->text, value->len, ~0UL, &number);
	return number;
}

bool
value_is_true(const struct value *value)
{
	return value->kind == VALUE_BOOL && value->text[0] == 't';
}

bool
value_is(const struct value *value, const char *word)
{
	return value->kind == VALUE_STRING && value->len == strlen(word) + 2 &&
	    memcmp(value->text + 1, word, value->len - 2) == 0;
}

/* \uNNNN: a byte of ours, or a character that is not printed. */
static bool
print_code(const char *digits, struct buf *buf)
{
	unsigned code = 0;
	char byte;

	for (int i = 0; i < 4; i++)
		code = code << 4 | hex_digit(digits[i]);
	byte = (char)code;
	if (code <= 0xff)
		return buf_add_escaped(buf, &byte, 1);
	return buf_add_str(buf, "\\u") && buf_add(buf, digits, 4);
}

bool
value_print(const struct value *value, struct buf *buf)
{
	bool ok = true;

	if (value->kind == VALUE_NUMBER)
		return buf_add(buf, value->text, value->len);
	if (value->kind != VALUE_STRING)
		return true;
	for (const char *at = value->text + 1, *end = value->text + value->len - 1;
	     at < end && ok;) {
		char c = *at++;

		if (c != '\\') {
			ok = c >= 0x20 && c < 0x7f ? buf_add_char(buf, c)
			                           : buf_add_escaped(buf, &c, 1);
		} else if (*at == 'u') {
			ok = print_code(at + 1, buf);
			at += 5;
		} else {
			/* What is escaped by a letter is no printable character, but these. */
			c = *at++;
			ok = strchr("\"\\/", c) != NULL ? buf_add_char(buf, c)
			                                : buf_add_char(buf, ' ');
		}
	}
	return ok;
}
