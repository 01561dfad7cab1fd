/*
 * NAME     buf - bounded byte buffer
 * INVARIANTS  len <= max_bytes; bytes[len] is NUL after each successful call; failed is sticky.
 */
#include "base/buf.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

void
buf_init(struct buf *buf, char *storage, size_t storage_bytes, size_t max_bytes)
{
	*buf = (struct buf){.bytes = storage,
	    .size_bytes = storage_bytes,
	    .fixed = storage,
	    .max_bytes = max_bytes};
	if (storage_bytes > 0)
		storage[0] = '\0';
}

void
buf_release(struct buf *buf)
{
	if (buf->bytes != buf->fixed)
		free(buf->bytes);
	*buf = (struct buf){.max_bytes = buf->max_bytes};
}

void
buf_clear(struct buf *buf)
{
	buf->len = 0;
	buf->failed = false;
	if (buf->size_bytes > 0)
		buf->bytes[0] = '\0';
}

bool
buf_reserve(struct buf *buf, size_t more_bytes)
{
	size_t need, size;
	char *bytes;

	if (more_bytes > buf->max_bytes - buf->len) {
		buf->failed = true;
		return false;
	}
	need = buf->len + more_bytes + 1;
	if (need <= buf->size_bytes)
		return true;
	size = buf->size_bytes < 128 ? 256 : buf->size_bytes * 2;
	if (size < need)
		size = need;
	if (buf->bytes == buf->fixed) {
		bytes = malloc(size);
		if (bytes != NULL && buf->len > 0)
			memcpy(bytes, buf->bytes, buf->len);
	} else {
		bytes = realloc(buf->bytes, size);
	}
	if (bytes == NULL) {
		buf->failed = true;
		return false;
	}
	bytes[buf->len] = '\0';
	buf->bytes = bytes;
	buf->size_bytes = size;
	return true;
}

/* As mostly: then buf_reserve has nothing to do. */
static bool
has_room(const struct buf *buf, size_t more_bytes)
{
	return more_bytes < buf->size_bytes - buf->len && more_bytes <= buf->max_bytes - buf->len;
}

bool
buf_add(struct buf *buf, const char *text, size_t len)
{
	if (!has_room(buf, len) && !buf_reserve(buf, len))
		return false;
	if (len > 0)
		memcpy(buf->bytes + buf->len, text, len);
	buf->len += len;
	buf->bytes[buf->len] = '\0';
	return true;
}

bool
buf_add_char(struct buf *buf, char c)
{
	if (!has_room(buf, 1) && !buf_reserve(buf, 1))
		return false;
	buf->bytes[buf->len++] = c;
	buf->bytes[buf->len] = '\0';
	return true;
}

bool
buf_add_str(struct buf *buf, const char *text)
{
	return buf_add(buf, text, strlen(text));
}

bool
buf_add_number(struct buf *buf, unsigned long number)
{
	char digits[24];
	size_t at = sizeof digits;

	do
		digits[--at] = (char)('0' + number % 10);
	while ((number /= 10) != 0);
	return buf_add(buf, digits + at, sizeof digits - at);
}

static size_t
plain_len(const char *text, size_t len)
{
	size_t plain = 0;

	while (plain < len && text[plain] >= 0x20 && text[plain] < 0x7f && text[plain] != '\\')
		plain++;
	return plain;
}

bool
buf_add_escaped(struct buf *buf, const char *text, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	bool ok = true;

	for (size_t i = 0, run; i < len && ok; i += run) {
		size_t room = buf->max_bytes - buf->len;
		unsigned char c = (unsigned char)text[i];

		run = plain_len(text + i, len - i);
		if (run > room) /* as much as there is room for */
			ok = buf_add(buf, text + i, room) && buf_add_char(buf, text[i + room]);
		else if (run > 0)
			ok = buf_add(buf, text + i, run);
		else
			ok = buf_add(buf, (char[]){'\\', 'x', hex[c >> 4], hex[c & 15]}, 4);
		run += run == 0;
	}
	return ok;
}
