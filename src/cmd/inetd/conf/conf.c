/*
 * NAME     conf - what the parts of a reading share: memory, files, words
 * INVARIANTS  No system call, no name lookup, no log.
 * LIMITS   CONF_FILES_MAX, CONF_MEMORY_MAX.
 * SEE      inetd.conf(5)
 */
#include "cmd/inetd/conf/conf.h"

#include <string.h>

#include "base/hash.h"

void *
conf_alloc(struct conf *conf, size_t size_bytes)
{
	void *memory = arena_alloc(&conf->arena, size_bytes);

	if (memory == NULL)
		conf->failed = true;
	return memory;
}

char *
conf_text(struct conf *conf, const char *text)
{
	char *copy = arena_copy(&conf->arena, text, strlen(text));

	conf->failed |= copy == NULL;
	return copy;
}

/* A thousand services have a handful of users, protocols and programs: what was kept lately is found
 * by its hash, and is not kept twice. */
static char *
share(struct conf *conf, const char *text, size_t len)
{
	char *none = NULL, **recent = &none;

	if (conf->lately != NULL)
		recent = &conf->lately->texts[hash_quick(text, len) % CONF_RECENT];
	if (*recent == NULL || strncmp(*recent, text, len) != 0 || (*recent)[len] != '\0') {
		char *copy = arena_copy(&conf->arena, text, len);

		conf->failed |= copy == NULL;
		if (copy == NULL)
			return NULL;
		*recent = copy;
	}
	return *recent;
}

char *
conf_share(struct conf *conf, const char *text)
{
	return share(conf, text, strlen(text));
}

struct conf_word
conf_part(struct conf *conf, const struct conf_word *word, size_t from, size_t len)
{
	const char *text = share(conf, word->text + from, len);
	size_t column = word->column + from;

	return (struct conf_word){.text = text != NULL ? text : "",
	    .line = word->line,
	    .column = column < UINT16_MAX ? (uint16_t)column : UINT16_MAX,
	    .file = word->file};
}

struct conf_word
conf_keep(struct conf *conf, const struct conf_word *word)
{
	return conf_part(conf, word, 0, strlen(word->text));
}

const char *
conf_file(const struct conf *conf, const struct conf_word *word)
{
	return word->file < conf->file_count ? conf->files[word->file] : "";
}

const char *
conf_id(const struct conf_entry *entry)
{
	return entry->id.text != NULL ? entry->id.text : entry->service.text;
}

static const char *const internal_names[] = {[CONF_ECHO] = "echo",
    [CONF_DISCARD] = "discard",
    [CONF_CHARGEN] = "chargen",
    [CONF_DAYTIME] = "daytime",
    [CONF_TIME] = "time",
    [CONF_DECOY] = "decoy",
    [CONF_TARPIT] = "tarpit"};

const char *
conf_internal_name(enum conf_kind kind)
{
	return internal_names[kind];
}

void
conf_init(struct conf *conf, const struct conf_memory *memory)
{
	*conf = (struct conf){.arena.max_bytes = CONF_MEMORY_MAX,
	    .scratch.max_bytes = CONF_MEMORY_MAX,
	    .entry_arena.max_bytes = CONF_MEMORY_MAX,
	    .drafts_end = &conf->drafts,
	    .entries_end = &conf->entries,
	    .notes_end = &conf->notes,
	    .requests_end = &conf->requests};
	if (memory != NULL)
		arena_init_on(&conf->arena, memory->bytes, memory->size_bytes);
	conf->lately = arena_alloc(&conf->entry_arena, sizeof *conf->lately);
}

/* The list of files doubles at each power of two. */
uint16_t
conf_add_file(struct conf *conf, const char *name)
{
	size_t count = conf->file_count;
	const char *copy = conf_text(conf, name);

	if ((count & (count - 1)) == 0) {
		const char **files = conf_alloc(conf, (2 * count + 1) * sizeof *files);

		for (size_t i = 0; i < count && files != NULL; i++)
			files[i] = conf->files[i];
		if (files != NULL)
			conf->files = files;
	}
	if (conf->failed || count > UINT16_MAX) {
		conf->failed = true;
		return 0;
	}
	conf->files[count] = copy;
	conf->file_count++;
	return (uint16_t)count;
}

void
conf_miss(struct conf *conf)
{
	conf->lacks_something = true;
}

void
conf_forget_entries(struct conf *conf)
{
	arena_release(&conf->entry_arena);
	conf->lately = NULL;
	conf->entries = NULL;
	conf->entries_end = &conf->entries;
}

void
conf_release(struct conf *conf)
{
	arena_release(&conf->arena);
	arena_release(&conf->scratch);
	arena_release(&conf->entry_arena);
	*conf = (struct conf){0};
}
