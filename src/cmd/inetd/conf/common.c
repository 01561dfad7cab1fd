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

/* An entry is long, and is hashed by words; less than a word at the end would only be compared. */
static size_t
slot_of(const void *value, size_t size_bytes)
{
	const char *bytes = value;
	uint64_t hash = HASH_INIT, word;

	for (size_t at = 0; at + sizeof word <= size_bytes; at += sizeof word) {
		memcpy(&word, bytes + at, sizeof word);
		hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15); /* the golden ratio's */
		hash ^= hash >> 32;
	}
	return hash % CONF_RECENT;
}

const void *
common_value(struct conf *conf, const void *value, size_t size_bytes)
{
	struct conf_value none = {NULL, 0}, *slot = &none;
	void *copy;

	if (conf->lately != NULL)
		slot = &conf->lately->values[slot_of(value, size_bytes)];
	if (slot->size_bytes == size_bytes && memcmp(slot->bytes, value, size_bytes) == 0)
		return slot->bytes;
	copy = conf_alloc(conf, size_bytes);
	if (copy == NULL)
		return NULL;
	memcpy(copy, value, size_bytes);
	*slot = (struct conf_value){copy, size_bytes};
	return copy;
}

const struct conf_entry *
common_entry(struct conf *conf, const struct conf_entry *entry)
{
	const struct conf_entry *last;
	struct conf_entry key;

	memcpy(&key, entry, sizeof key);
	key.next = NULL;
	key.id = key.service = (struct conf_word){0};
	key.addresses = key.ports = (struct conf_words){0};
	key.port = 0;
	forget_places(&key);
	last = conf->lately != NULL ? conf->lately->entry : NULL;
	if (last == NULL || memcmp(last, &key, sizeof key) != 0)
		last = common_value(conf, &key, sizeof key);
	if (conf->lately != NULL)
		conf->lately->entry = last;
	return last;
}
