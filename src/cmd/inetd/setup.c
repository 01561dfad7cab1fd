/*
 * NAME     setup - the words of an entry to what a child needs
 * PURPOSE  Everything that a server gets is looked up and checked here, in the parent, when the file
 *          is read: the child only makes system calls.
 * INVARIANTS  What is not possible turns the service off, now, and not a client away later; where
 *          only the kernel knows, the child's step fails.
 * LIMITS   ENVIRONMENT_MAX
 * SEE      inetd(8) What a server gets, steps.c
 */
#include "cmd/inetd/setup.h"

#include <linux/capability.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cmd/inetd/environment.h"
#include "cmd/inetd/service.h"

enum { DEFAULT_UMASK = 022 };

/* May inetd do what takes this capability? It does not lose it later; and a file that somebody else
 * checks is root's inetd's. */
static bool
can(const struct service_rules *rules, unsigned capability)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {{0}};

	if (rules->is_check && geteuid() != 0)
		return true;
	return syscall(SYS_capget, &head, sets) == 0 &&
	    (sets[CAP_TO_INDEX(capability)].effective & CAP_TO_MASK(capability)) != 0;
}

static void
check_limits(struct conf *conf, const struct conf_entry *entry, const struct service_rules *rules,
    struct setup *setup)
{
	for (size_t i = 0; i < entry->rlimit_count; i++) {
		const struct conf_rlimit *limit = &entry->rlimits[i];
		struct rlimit now;

		if (limit->resource == RLIMIT_NOFILE)
			setup->has_descriptor_limit = true;
		if (limit->soft > limit->hard)
			conf_note(conf, CONF_RLIMIT_ORDER, &entry->service);
		else if (syscall(SYS_prlimit64, 0, limit->resource, NULL, &now) < 0 ||
		    (limit->hard > now.rlim_max && !can(rules, CAP_SYS_RESOURCE)))
			conf_note(conf, CONF_RLIMIT_HIGH, &entry->service);
	}
}

bool
setup_is_guarded(const struct stat *st)
{
	return S_ISDIR(st->st_mode) && (st->st_uid == 0 || st->st_uid == geteuid()) &&
	    (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static void
check_chroot(struct conf *conf, const struct conf_word *path, const struct service_rules *rules)
{
	struct stat st;

	if (path->text == NULL)
		return;
	if (path->text[0] != '/')
		conf_note(conf, CONF_CHROOT_RELATIVE, path);
	else if (stat(path->text, &st) < 0 || !S_ISDIR(st.st_mode))
		conf_note(conf, CONF_CHROOT_MISSING, path);
	else if (!setup_is_guarded(&st))
		conf_note(conf, CONF_CHROOT_OPEN, path);
	else if (!can(rules, CAP_SYS_CHROOT))
		conf_note(conf, CONF_CHROOT_POWER, path);
}

/* Variables of the line's own. A later one of the same name holds. */
static void
add_own_words(struct conf *conf, const struct conf_words *words, char **variables, size_t *count)
{
	for (size_t i = 0; i < words->count; i++) {
		const struct conf_word *word = &words->items[i];
		size_t len = strcspn(word->text, "="), at;

		if (len == 0 || word->text[len] == '\0') {
			conf_note(conf, CONF_BAD_ENV, word);
		} else if (environment_is_own(word->text)) {
			conf_note(conf, CONF_OWN_ENV, word);
		} else {
			at = environment_find(variables, *count, word->text, len);
			variables[at] = conf_share(conf, word->text);
			*count += at == *count;
		}
	}
}

/* Only those that are named; of what inetd itself was given, since who names PATH wants it. */
static void
add_passed(const struct conf_words *names, char **variables, size_t *count)
{
	size_t all = 0;

	while (environ != NULL && environ[all] != NULL)
		all++;
	for (size_t i = 0; i < names->count; i++) {
		const char *name = names->items[i].text;
		size_t at = environment_find(environ, all, name, strlen(name));

		if (at < all && !environment_is_own(name) &&
		    environment_find(variables, *count, name, strlen(name)) == *count)
			variables[(*count)++] = environ[at];
	}
}

static size_t
count_variables(char *const *variables)
{
	size_t count = 0;

	while (variables != NULL && variables[count] != NULL)
		count++;
	return count;
}

/* Most services share one array, which is nobody's own. */
static void
resolve_variables(struct conf *conf, const struct conf_entry *entry,
    const struct service_rules *rules, struct setup *setup)
{
	size_t base = count_variables(rules->environment);
	size_t room = (entry->is_passenv ? entry->passenv.count : base) + entry->env.count;
	char **variables;

	setup->variables = rules->environment;
	setup->variable_count = base;
	if (!entry->is_passenv && entry->env.count == 0)
		return;
	variables = conf_alloc(conf, (room + 1) * sizeof *variables);
	if (variables == NULL)
		return;
	setup->variables = variables;
	setup->variable_count = 0;
	if (entry->is_passenv) {
		add_passed(&entry->passenv, variables, &setup->variable_count);
	} else if (base > 0) {
		memcpy(variables, rules->environment, base * sizeof *variables);
		setup->variable_count = base;
	}
	add_own_words(conf, &entry->env, variables, &setup->variable_count);
	if (setup->variable_count > ENVIRONMENT_MAX)
		conf_note(conf, CONF_MANY_ENV, &entry->env.items[0]);
}

void
setup_resolve(struct conf *conf, const struct conf_entry *entry, const struct service_rules *rules,
    struct setup *ret)
{
	ret->umask = entry->umask < 0 ? DEFAULT_UMASK : (mode_t)entry->umask;
	if (strlen(entry->id.text != NULL ? entry->id.text : entry->service.text) >
	    ENVIRONMENT_NAME_MAX)
		conf_note(
		    conf, CONF_NAME_LONG, entry->id.text != NULL ? &entry->id : &entry->service);
	check_limits(conf, entry, rules, ret);
	check_chroot(conf, &entry->chroot, rules);
	resolve_variables(conf, entry, rules, ret);
	ret->greeting = greeting_read(conf, &entry->banner);
	ret->greeting_admitted = greeting_read(conf, &entry->banner_success);
	ret->greeting_refused = greeting_read(conf, &entry->banner_fail);
}
