/*
 * NAME     draft - words and drafts in scratch memory
 * LIMITS   CONF_WORDS_MAX words: more are told, never cut.
 */
#include "cmd/inetd/conf/draft.h"

#include <string.h>

static void *
scratch(struct conf *conf, size_t size_bytes)
{
	void *memory = arena_alloc(&conf->scratch, size_bytes);

	conf->failed |= memory == NULL;
	return memory;
}

struct conf_draft *
draft_add(struct conf *conf, enum draft_kind kind)
{
	struct conf_draft *draft = scratch(conf, sizeof *draft);

	if (draft == NULL)
		return NULL;
	draft->kind = kind;
	draft->settings_end = &draft->settings;
	*conf->drafts_end = draft;
	conf->drafts_end = &draft->next;
	return draft;
}

struct conf_words
draft_words(struct conf *conf, const struct conf_word *items, size_t count)
{
	struct conf_words words = {scratch(conf, count * sizeof *items), count};

	if (words.items == NULL)
		return (struct conf_words){0};
	if (count > 0)
		memcpy(words.items, items, count * sizeof *items);
	return words;
}

static size_t
skip_blanks(const char *text, size_t len, size_t at)
{
	while (at < len && (text[at] == ' ' || text[at] == '\t'))
		at++;
	return at;
}

enum words_end
words_add(struct conf *conf, struct words *words, const char *text, size_t len,
    const struct conf_word *place, size_t *ret_column)
{
	const char *nul = memchr(text, '\0', len), *cr = memchr(text, '\r', len);
	size_t end;

	if (nul != NULL || cr != NULL) { /* a CR would be lost, or not, by where its word stands */
		*ret_column = (size_t)((nul != NULL ? nul : cr) - text) + 1;
		return nul != NULL ? WORDS_NUL : WORDS_CR;
	}
	for (size_t at = skip_blanks(text, len, 0); at < len; at = skip_blanks(text, len, end)) {
		struct conf_word word = *place;

		for (end = at; end < len && text[end] != ' ' && text[end] != '\t';)
			end++;
		*ret_column = at + 1;
		if (words->count == CONF_WORDS_MAX)
			return WORDS_MANY;
		word.text = arena_copy(&conf->scratch, text + at, end - at);
		conf->failed |= word.text == NULL;
		if (word.text == NULL)
			return WORDS_DONE;
		word.column = at < UINT16_MAX ? (uint16_t)(at + 1) : UINT16_MAX;
		words->items[words->count++] = word;
	}
	return WORDS_DONE;
}

enum conf_code
words_fault(enum words_end end)
{
	return end == WORDS_NUL ? CONF_NUL : end == WORDS_CR ? CONF_CR : CONF_MANY_WORDS;
}
