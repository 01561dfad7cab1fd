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

static enum origin_found
find_v4(const struct origins *origins, uint32_t client)
{
	uint8_t bytes[] = {(uint8_t)(client >> 24), (uint8_t)(client >> 16), (uint8_t)(client >> 8),
	    (uint8_t)client};
	struct addr addr = addr_from_v4(bytes);
	unsigned line;

	return origin_find(origins, &addr, &line);
}

static void
check_v4(const struct origins *origins)
{
	for (size_t i = 0; i < origins->v4_count; i++) {
		const struct origin_range4 *range = &origins->v4[i];

		check(range->first <= range->last && range->line == 1);
		check(i == 0 || range->first > origins->v4[i - 1].last);
		check(find_v4(origins, range->first) == ORIGIN_YES);
		check(find_v4(origins, range->last) == ORIGIN_YES);
		if (range->first > 0 && (i == 0 || origins->v4[i - 1].last + 1 < range->first))
			check(find_v4(origins, range->first - 1) != ORIGIN_YES);
	}
}

static void
check_v6(const struct origins *origins)
{
	for (size_t i = 0; i < origins->v6_count; i++) {
		const struct origin_range6 *range = &origins->v6[i];
		struct addr first = addr_from_v6(range->first, 0);
		struct addr last = addr_from_v6(range->last, 0);
		unsigned line;

		check(memcmp(range->first, range->last, 16) <= 0);
		check(i == 0 || memcmp(range->first, origins->v6[i - 1].last, 16) > 0);
		check(addr_is_v4(&first) || origin_find(origins, &first, &line) == ORIGIN_YES);
		check(addr_is_v4(&last) || origin_find(origins, &last, &line) == ORIGIN_YES);
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
	    conf.errors + origins.v4_count + origins.v6_count + origins.name_count > 0);
	check(conf.errors <= items.count && origins.name_count <= items.count);
	check_v4(&origins);
	check_v6(&origins);
	for (size_t i = 0; i < origins.name_count; i++) {
		const char *name = origins.names[i].text;

		check(*name != 'n');
		check(*name == '.' || origin_find_name(&origins, name, &line));
	}
	conf_release(&conf);
	free(text);
	return 0;
}
