/*
 * Fuzz target: inetd.conf, or what looks like xinetd.conf. Beside crashes it checks that each entry
 * that comes out is whole, that each finding has a place in the text, and that what is printed of the
 * entries is read as the same.
 */
#include <stddef.h>
#include <stdint.h>

#include "inetd_whole.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf conf;

	if (conf_parse(&conf, (const char *)data, size))
		check_whole(&conf, size);
	conf_release(&conf);
	return 0;
}
