/* only_from and no_access: each kind of item, who is in it and who is just outside, what is no item. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <time.h>

#include "base/str.h"
#include "cmd/inetd/access/origin.h"

static struct conf conf;

static bool
network(const char *name, uint32_t *ret)
{
	*ret = strcmp(name, "subnet") == 0 ? 0x0a010000 : 0;
	return strcmp(name, "subnet") == 0 || strcmp(name, "default") == 0;
}

/* Items are divided by blanks, and stand in lines of their own. */
static struct origins
compile(const char *text)
{
	static char copy[4096];
	static struct conf_word words[256];
	struct conf_words items = {words, 0};
	struct origins origins;

	snprintf(copy, sizeof copy, "%s", text);
	for (char *at = copy; *(at += strspn(at, " ")) != '\0';) {
		size_t len = strcspn(at, " ");

		words[items.count] =
		    (struct conf_word){.text = at, .line = (unsigned)items.count + 1, .column = 5};
		items.count++;
		at += len;
		if (*at != '\0')
			*at++ = '\0';
	}
	memset(&conf, 0, sizeof conf);
	conf.notes_end = &conf.notes;
	origin_compile(&conf, &items, network, &origins);
	return origins;
}

static struct addr
address(const char *text)
{
	struct addr addr;
	const char *scope;
	size_t scope_len;

	assert_true(addr_parse(text, strlen(text), &addr, &scope, &scope_len));
	return addr;
}

/* 0: not, or by name; else the item's number. */
static unsigned
find(const struct origins *origins, const char *client)
{
	struct addr addr = address(client);
	unsigned line = 0;

	return origin_find(origins, &addr, &line) == ORIGIN_YES ? line : 0;
}

static void
test_items(void **state)
{
	static const struct {
		const char *item, *inside, *outside;
	} cases[] = {
	    {"192.0.2.1", "192.0.2.1", "192.0.2.0 192.0.2.2 ::c000:201"},
	    {"192.0.2.0", "192.0.2.0 192.0.2.255", "192.0.1.255 192.0.3.0"},
	    {"192.168.0.0", "192.168.0.0 192.168.255.255", "192.167.255.255 192.169.0.0"},
	    {"10.0.0.0", "10.0.0.0 10.255.255.255", "9.255.255.255 11.0.0.0"},
	    {"0.0.0.0", "0.0.0.0 255.255.255.255 ::ffff:1.2.3.4", "::1 2001:db8::1"},
	    {"10.0.0.5", "10.0.0.5", "10.0.0.4 10.0.0.6"},
	    {"192.0.2.{1,2,7}", "192.0.2.1 192.0.2.2 192.0.2.7", "192.0.2.0 192.0.2.3 192.0.2.6"},
	    {"192.0.2.{0,4}", "192.0.2.0 192.0.2.4", "192.0.2.1 192.0.2.5"},
	    {"10.1.{0,3}", "10.1.0.0 10.1.0.255 10.1.3.9", "10.1.1.0 10.1.2.255 10.1.4.0"},
	    {"10.{1,2}", "10.1.0.0 10.2.255.255", "10.0.255.255 10.3.0.0"},
	    {"{127}", "127.0.0.1 127.255.255.255", "126.0.0.1 128.0.0.0"},
	    {"10.1.2.3/8", "10.0.0.0 10.255.255.255", "9.255.255.255 11.0.0.0"},
	    {"10.1.2.3/31", "10.1.2.2 10.1.2.3", "10.1.2.1 10.1.2.4"},
	    {"10.1.2.3/32", "10.1.2.3", "10.1.2.2 10.1.2.4"},
	    {"10.1.2.3/0", "0.0.0.0 255.255.255.255", "::1"},
	    {"2001:db8::1", "2001:db8::1", "2001:db8:: 2001:db8::2"},
	    {"2001:db8::", "2001:db8::", "2001:db8::1"},
	    {"2001:db8::/33", "2001:db8:: 2001:db8:7fff:ffff:ffff:ffff:ffff:ffff",
	        "2001:db8:8000:: 2001:db7:ffff:ffff:ffff:ffff:ffff:ffff"},
	    {"::/0", ":: ::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "1.2.3.4 ::ffff:1.2.3.4"},
	    {"::ffff:192.0.2.1", "192.0.2.1 ::ffff:192.0.2.1", "192.0.2.2"},
	    {"::ffff:0:0/96", "1.2.3.4", "::1"},
	    {"::ffff:10.0.0.0/104", "10.9.9.9", "11.0.0.0"},
	    {"subnet", "10.1.0.0 10.1.255.255", "10.0.255.255 10.2.0.0"},
	    {"default", "1.2.3.4", "::1"},
	    {"host.example.org", "", "1.2.3.4 ::1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct origins origins = compile(cases[i].item);
		char text[512], *rest = text;

		assert_int_equal(conf.errors, 0);
		snprintf(text, sizeof text, "%s", cases[i].inside);
		for (char *client; (client = strsep(&rest, " ")) != NULL;)
			if (*client != '\0' && find(&origins, client) != 1)
				fail_msg("%s is not in %s", client, cases[i].item);
		snprintf(text, sizeof text, "%s", cases[i].outside);
		rest = text;
		for (char *client; (client = strsep(&rest, " ")) != NULL;)
			if (find(&origins, client) != 0)
				fail_msg("%s is in %s", client, cases[i].item);
		conf_release(&conf);
	}
}

static void
test_findings(void **state)
{
	static const char *const bad[] = {"127.1", "127", "1.2.3", "127.1.2.03", "1.2.3.256",
	    "1.2.3.4/33", "1.2.3.4/08", "1.2.3.4/", "1.2.3.4/255.255.0.0", "1.2/16", "1.2.3.{3-9}",
	    "1.2.3.{3,}", "1.2.3.{}", "1.2.3.{300}", "1.2.{2,3}.0", "1.2.3.4.{5}", "1.2.3{4}",
	    "1.2.3.{4", "1.2.3.4}", "{", "{}", "a.{1}", "::1/129", "1::2::3", "fe80::1%lo", "[::1",
	    "*", "ALL!", ".", "..", "a..b", "-.5", ".5", "a/b", "1.2.3.{1}x", "1.2.3.{1,2}/8"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct origins origins = compile(bad[i]);

		if (conf.errors != 1 || conf.notes->code != CONF_BAD_ORIGIN ||
		    conf.notes->at.line != 1 || conf.notes->at.column != 5)
			fail_msg("%s is not noted", bad[i]);
		assert_int_equal(origins.v4.count + origins.v6.count + origins.name_count, 0);
		conf_release(&conf);
	}
}

static void
test_names(void **state)
{
	struct origins origins = compile("host.example.org .example.net 10.1.2.3 EXAMPLE.com.");
	struct addr client = address("10.1.2.4");
	unsigned line = 0;

	(void)state;
	assert_int_equal(origins.name_count, 3);
	assert_int_equal(origin_find(&origins, &client, &line), ORIGIN_MAYBE);
	assert_int_equal(find(&origins, "10.1.2.3"), 3);
	assert_true(origin_find_name(&origins, "HOST.example.org", &line));
	assert_int_equal(line, 1);
	assert_true(origin_find_name(&origins, "a.example.net.", &line));
	assert_int_equal(line, 2);
	assert_true(origin_find_name(&origins, "example.com", &line));
	assert_false(origin_find_name(&origins, "a.host.example.org", &line));
	assert_false(origin_find_name(&origins, "example.net", &line));
	assert_false(origin_find_name(&origins, ".example.net", &line));
	assert_false(origin_find_name(&origins, "xexample.net", &line));
	assert_false(origin_find_name(&origins, "", &line));
	conf_release(&conf);
}

static void
test_empty(void **state)
{
	struct origins origins = compile("");
	struct addr client = address("10.1.2.4");
	unsigned line;

	(void)state;
	assert_int_equal(origin_find(&origins, &client, &line), ORIGIN_NO);
	memset(&origins, 0, sizeof origins);
	assert_int_equal(origin_find(&origins, &client, &line), ORIGIN_NO);
	conf_release(&conf);
}

/* Ranges within ranges, beside and across each other. */
static void
test_overlaps(void **state)
{
	struct origins origins = compile(
	    "10.1.2.3 10.0.0.0/8 10.2.0.0 192.0.2.1 192.0.2.2 9.0.0.0 2001:db8::1 2001:db8::/32");

	(void)state;
	for (unsigned i = 0; i < 256; i++) {
		char client[32];

		snprintf(client, sizeof client, "%u.1.2.3", i);
		assert_int_equal(find(&origins, client) != 0, i == 9 || i == 10);
		snprintf(client, sizeof client, "192.0.2.%u", i);
		assert_int_equal(find(&origins, client) != 0, i == 1 || i == 2);
	}
	assert_true(find(&origins, "2001:db8::2") != 0);
	assert_int_equal(find(&origins, "2001:db9::"), 0);
	conf_release(&conf);
}

/* A thousand items cost hardly more than one. */
static void
test_many(void **state)
{
	enum { ITEMS = 1000, ASKED = 100000 };
	static struct conf_word words[ITEMS];
	static char texts[ITEMS][32];
	struct conf_words items = {words, ITEMS};
	struct timespec from, to;
	struct origins origins;
	unsigned found = 0, line;
	double ns;

	(void)state;
	for (unsigned i = 0; i < ITEMS; i++) {
		snprintf(texts[i], sizeof texts[i], "10.%u.%u.0/24", i / 100, i % 100 * 2);
		words[i] = (struct conf_word){.text = texts[i], .line = i + 1, .column = 1};
	}
	memset(&conf, 0, sizeof conf);
	conf.notes_end = &conf.notes;
	origin_compile(&conf, &items, NULL, &origins);
	assert_int_equal(origins.v4.count, ITEMS);
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (unsigned i = 0; i < ASKED; i++) {
		uint8_t bytes[] = {10, (uint8_t)(i % 10), (uint8_t)(i / 10 % 200), (uint8_t)i};
		struct addr client = addr_from_v4(bytes);

		found += origin_find(&origins, &client, &line) == ORIGIN_YES;
	}
	clock_gettime(CLOCK_MONOTONIC, &to);
	ns =
	    ((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec)) / ASKED;
	assert_int_equal(found, ASKED / 2);
	assert_true(ns < 5000); /* some 50 on an idle machine */
	conf_release(&conf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_items),
	    cmocka_unit_test(test_findings),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_empty),
	    cmocka_unit_test(test_overlaps),
	    cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
