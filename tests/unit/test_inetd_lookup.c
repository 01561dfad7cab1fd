/* Names that are looked up once a reading: the answers are those of the C library. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/inetd/lookup.h"

enum { NAMES_MAX = 8192 };

static char *names[NAMES_MAX];
static size_t count;

static void
add(const char *name)
{
	assert_true(count < NAMES_MAX);
	names[count] = strdup(name);
	assert_non_null(names[count++]);
}

static in_port_t
ask_library(const char *name, const char *protocol)
{
	const struct servent *found = getservbyname(name, protocol);

	return found != NULL ? (in_port_t)found->s_port : 0;
}

static void
test_every_name(void **state)
{
	struct lookup lookup = {0}, backwards = {0};
	const struct servent *service;
	size_t known = 0;

	(void)state;
	setservent(1);
	while ((service = getservent()) != NULL) {
		add(service->s_name);
		for (char **alias = service->s_aliases; *alias != NULL; alias++)
			add(*alias);
	}
	endservent();
	add("");
	add("no-such-service");
	add("21");
	/* The table is read as far as each name, or at once. */
	for (size_t i = count; i-- > 0;)
		assert_int_equal(
		    lookup_port(&backwards, names[i], false), ask_library(names[i], "tcp"));
	lookup_release(&backwards);
	for (size_t i = 0; i < count; i++) {
		in_port_t tcp = lookup_port(&lookup, names[i], false);

		assert_int_equal(tcp, ask_library(names[i], "tcp"));
		assert_int_equal(
		    lookup_port(&lookup, names[i], true), ask_library(names[i], "udp"));
		known += tcp != 0;
		free(names[i]);
	}
	print_message("# %zu names, %zu of tcp\n", count, known);
	assert_true(known > 10);
	lookup_release(&lookup);
	assert_null(lookup.ports);
}

static const struct identity *
ask(struct lookup *lookup, struct conf *conf, const char *user, const char *group)
{
	const struct service_rules rules = {.can_switch = true};
	struct conf_entry *entry = conf_alloc(conf, sizeof *entry);

	assert_non_null(entry);
	entry->user.text = user;
	entry->group.text = group;
	return lookup_identity(lookup, conf, entry, &rules);
}

static void
test_identities(void **state)
{
	struct lookup lookup = {0};
	struct conf conf = {0};
	const struct identity *root, *again, *grouped;
	unsigned errors;

	(void)state;
	conf_init(&conf, NULL);
	root = ask(&lookup, &conf, "root", NULL);
	grouped = ask(&lookup, &conf, "root", "nogroup");
	again = ask(&lookup, &conf, "root", NULL);
	assert_int_equal(root->uid, 0);
	assert_int_equal(root->gid, 0);
	assert_int_not_equal(grouped->gid, 0);
	assert_ptr_equal(again, root); /* it was not asked for twice */
	assert_int_equal(conf.errors, 0);
	/* A fault is every line's own. */
	ask(&lookup, &conf, "no-such-user", NULL);
	errors = conf.errors;
	assert_true(errors > 0);
	ask(&lookup, &conf, "no-such-user", NULL);
	assert_int_equal(conf.errors, 2 * errors);
	lookup_release(&lookup);
	conf_release(&conf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_name),
	    cmocka_unit_test(test_identities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
