/*
 * NAME     common - what services have in common, kept once
 * PURPOSE  A thousand services that differ in their ports are to cost a thousand ports, not a thousand
 *          times all that a service may say.
 * INVARIANTS  Texts are compared by where they are: conf_share() has kept equal ones once. Where it has
 *          not, an entry is kept twice, and nothing else comes of it.
 * SEE      CONF_RECENT
 */
#include "cmd/inetd/conf/common.h"

#include <stddef.h>
#include <string.h>

#include "base/hash.h"

/* Where a word stands is of no matter any more. */
static void
forget_places(struct conf_entry *entry)
{
	static const size_t words[] = {offsetof(struct conf_entry, interface),
	    offsetof(struct conf_entry, protocol), offsetof(struct conf_entry, socket_user),
	    offsetof(struct conf_entry, socket_group), offsetof(struct conf_entry, redirect_host),
	    offsetof(struct conf_entry, redirect_port), offsetof(struct conf_entry, server),
	    offsetof(struct conf_entry, libwrap), offsetof(struct conf_entry, user),
	    offsetof(struct conf_entry, group), offsetof(struct conf_entry, chroot),
	    offsetof(struct conf_entry, banner), offsetof(struct conf_entry, banner_success),
	    offsetof(struct conf_entry, banner_fail)};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		struct conf_word *word = (void *)((char *)entry + words[i]);

		word->line = 0;
		word->column = word->file = 0;
	}
}

static bool
has_arguments(const struct conf_entry *entry, char *const argv[])
{
	size_t i = 0;

	while (entry->argv[i] != NULL && entry->argv[i] == argv[i])
		i++;
	return entry->argv[i] == NULL && argv[i] == NULL;
}

const struct conf_entry *
common_entry(struct conf *conf, const struct conf_entry *entry)
{
	struct conf_entry key, **slot, kept;

	memcpy(&key, entry, sizeof key);
	key.next = NULL;
	key.id = key.service = (struct conf_word){0};
	key.addresses = key.ports = (struct conf_words){0};
	key.port = 0;
	key.argv = NULL;
	forget_places(&key);
	slot = &conf->common[hash_add(HASH_INIT, &key, sizeof key) % CONF_RECENT];
	if (*slot != NULL) {
		memcpy(&kept, *slot, sizeof kept);
		kept.argv = NULL;
		if (memcmp(&kept, &key, sizeof key) == 0 && has_arguments(*slot, entry->argv))
			return *slot;
	}
	*slot = conf_alloc(conf, sizeof **slot);
	if (*slot == NULL)
		return NULL;
	key.argv = entry->argv;
	memcpy(*slot, &key, sizeof key);
	return *slot;
}
