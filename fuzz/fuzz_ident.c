/*
 * NAME     fuzz_ident - any bytes as an ident reply
 * PURPOSE  No crash; a user is one word within bounds, and out of the reply; nothing is written
 *          otherwise. The ports are those that the seeds have.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "peer/ident.h"

enum { CLIENT_PORT = 6193, SERVER_PORT = 23, UNTOUCHED = 0x5a };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char user[PEER_USER_MAX], *copy = malloc(len + 1);
	size_t user_len;

	if (copy == NULL)
		return 0;
	/* Of exactly this size, so that a byte too many is seen. */
	copy = realloc(copy, len > 0 ? len : 1);
	if (len > 0)
		memcpy(copy, bytes, len);
	memset(user, UNTOUCHED, sizeof user);
	if (!peer_ident_parse(copy, len, CLIENT_PORT, SERVER_PORT, user)) {
		for (size_t i = 0; i < sizeof user; i++)
			if (user[i] != UNTOUCHED)
				abort();
	} else {
		user_len = strnlen(user, sizeof user);
		if (user_len == 0 || user_len == sizeof user)
			abort();
		for (size_t i = 0; i < user_len; i++)
			if (str_is_space(user[i]))
				abort();
		if (memmem(copy, len, user, user_len) == NULL)
			abort();
	}
	free(copy);
	return 0;
}
