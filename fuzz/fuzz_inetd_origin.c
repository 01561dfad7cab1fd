/*
 * Fuzz target: items of only_from and no_access. The ranges that come out ascend and do not touch; each of
 * their ends is found and what is beside them is not; each item is in the ranges, a name, or noted.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/inetd/access/origin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ITEMS_MAX = 200 };

static void
check(int truth)
{
	if (!truth)
		abort();
}

/* Names that begin with n are networks. */
static bool
network(const char *name, uint32_t *ret)
{
	*ret = 0xc0000200;
	return *name == 'n';
}

static size_t
divide(char *text, struct conf_word words[ITEMS_MAX])
{
	size_t count = 0, column = 0;

	while (count < ITEMS_MAX && text[column += strspn(text + column, " \n")] != '\0') {
		size_t len = strcspn(text + column, " \n");

		words[count++] = (struct conf_word){
		    .text = text + column, .line = 1, .column = (uint16_t)(column + 1)};
		column += len;
		if (text[column] != '\0')
			text[column++] = '\0';
	}
	return count;
}

/* Both ends of each range are in it, and what stands in front of it is in none. */
static void
check_ranges(const struct origins *origins, const struct origin_ranges *ranges)
{
	unsigned line;

	for (size_t i = 0; i < ranges->count; i++) {
		const struct origin_range *range = &ranges->items[i], *before = range - 1;
		struct addr first = addr_from_v6(range->first, 0);
		struct addr last = addr_from_v6(range->last, 0), front = first;
		bool is_v4 = ranges == &origins->v4;

		check(memcmp(range->first, range->last, 16) <= 0 && range->line == 1);
		check(i == 0 || memcmp(range->first, before->last, 16) > 0);
		check(addr_is_v4(&first) || !is_v4);
		check(addr_is_v4(&first) != is_v4 ||
		    origin_find(origins, &first, &line) == ORIGIN_YES);
		check(
		    addr_is_v4(&last) != is_v4 || origin_find(origins, &last, &line) == ORIGIN_YES);
		for (size_t at = 16; at-- > 0 && front.bytes[at]-- == 0;)
			;
		if (memcmp(front.bytes, range->first, 16) < 0 && addr_is_v4(&front) == is_v4 &&
		    (i == 0 || memcmp(front.bytes, before->last, 16) > 0))
			check(origin_find(origins, &front, &line) != ORIGIN_YES);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf conf;
	struct conf_word words[ITEMS_MAX];
	struct conf_words items = {words, 0};
	struct origins origins;
	char *text = malloc(size + 1);
	unsigned line;

	check(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	items.count = divide(text, words);
	memset(&conf, 0, sizeof conf);
	conf.notes_end = &conf.notes;
	origin_compile(&conf, &items, network, &origins);
	check(conf.failed || items.count == 0 ||
	    conf.errors + origins.v4.count + origins.v6.count + origins.name_count > 0);
	check(conf.errors <= items.count && origins.name_count <= items.count);
	check_ranges(&origins, &origins.v4);
	check_ranges(&origins, &origins.v6);
	for (size_t i = 0; i < origins.name_count; i++) {
		const char *name = origins.names[i].text;

		check(*name != 'n');
		check(*name == '.' || origin_find_name(&origins, name, &line));
	}
	conf_release(&conf);
	free(text);
	return 0;
}
