/*
 * NAME     text - functions on text that programs were once linked with
 * PURPOSE  The engine has its own; these behave as they always did.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "libwrap/public.h"
#include "policy/classic.h"

char *
xgets(char *buf, int buf_bytes, FILE *file)
{
	char *end = buf;
	size_t got;

	while (buf_bytes > 1 && fgets(end, buf_bytes, file) != NULL) {
		got = strlen(end);
		if (got > 0 && end[got - 1] == '\n') {
			tcpd_context.line++;
			/* The backslash has to come in one piece with its newline. */
			if (got < 2 || end[got - 2] != '\\')
				return buf;
			got -= 2;
		}
		end += got;
		buf_bytes -= (int)got;
		*end = '\0';
	}
	return end > buf ? buf : NULL;
}

char *
split_at(char *text, int ch)
{
	size_t len = strlen(text), at = classic_find(text, len, (char)ch);

	if (at == len)
		return NULL;
	text[at] = '\0';
	return text + at + 1;
}

unsigned long
dot_quad_addr(char *text)
{
	uint32_t bits;

	return classic_quad(text, strlen(text), &bits) ? htonl(bits) : INADDR_NONE;
}

unsigned long
cidr_mask_addr(char *text)
{
	long bits = classic_number(text, strlen(text));

	return bits >= 1 && bits <= 32 ? htonl((uint32_t)(UINT32_MAX << (32 - bits))) : 0;
}

char *
percent_m(char *out, char *in)
{
	const char *error = strerror(errno);
	char *to = out;

	while (*in != '\0') {
		if (in[0] == '%' && in[1] == 'm') {
			to = stpcpy(to, error);
			in += 2;
		} else {
			*to++ = *in++;
		}
	}
	*to = '\0';
	return out;
}
