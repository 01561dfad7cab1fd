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

static const void *
keep(struct conf *conf, const void *value, size_t size_bytes)
{
	void *copy = conf_alloc(conf, size_bytes);

	if (copy != NULL)
		memcpy(copy, value, size_bytes);
	return copy;
}

static bool
is_kept(const struct conf_value *kept, const void *value, size_t size_bytes)
{
	return kept->size_bytes == size_bytes && memcmp(kept->bytes, value, size_bytes) == 0;
}

/* Mostly it is what the last one of its size was; to hash it takes longer than to see that. */
const void *
common_value(struct conf *conf, const void *value, size_t size_bytes)
{
	struct conf_value *last, *slot;

	if (conf->lately == NULL)
		return keep(conf, value, size_bytes);
	last = &conf->lately->lasts[size_bytes / sizeof(void *) % CONF_SIZES];
	if (is_kept(last, value, size_bytes))
		return last->bytes;
	slot = &conf->lately->values[hash_quick(value, size_bytes) % CONF_RECENT];
	if (!is_kept(slot, value, size_bytes)) {
		const void *copy = keep(conf, value, size_bytes);

		if (copy == NULL)
			return NULL;
		*slot = (struct conf_value){copy, size_bytes};
	}
	*last = *slot;
	return slot->bytes;
}

const struct conf_entry *
common_entry(struct conf *conf, const struct conf_entry *entry)
{
	struct conf_entry key;

	memcpy(&key, entry, sizeof key);
	key.next = NULL;
	key.id = key.service = (struct conf_word){0};
	key.addresses = key.ports = (struct conf_words){0};
	key.port = 0;
	forget_places(&key);
	return common_value(conf, &key, sizeof key);
}
