/*
 * Fuzz target: xinetd.conf, in two files: a zero byte at the beginning of a line ends the first. Checks
 * what fuzz_inetd_conf does.
 */
#include <stddef.h>
#include <stdint.h>

#include "inetd_whole.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t
divide(const char *text, size_t size)
{
	for (size_t at = 0; at + 1 < size; at++)
		if (text[at] == '\n' && text[at + 1] == '\0')
			return at + 1;
	return size;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	size_t first = divide(text, size);
	struct conf conf;
	bool ok;

	conf_init(&conf, NULL);
	ok = conf_read(&conf, conf_add_file(&conf, "a"), text, first, CONF_BLOCKS);
	if (ok && first < size)
		ok = conf_read(&conf, conf_add_file(&conf, "b"), text + first + 1, size - first - 1,
		    CONF_BLOCKS);
	if (ok && conf_finish(&conf))
		check_whole(&conf, size);
	conf_release(&conf);
	return 0;
}
