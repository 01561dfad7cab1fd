/*
 * What must hold of a configuration, whatever text it was made of. For the fuzz targets of both
 * notations.
 */
#ifndef FUZZ_INETD_WHOLE_H
#define FUZZ_INETD_WHOLE_H

#include <stdlib.h>
#include <string.h>

#include "cmd/inetd/conf/show.h"

enum { NOTE_TEXT_MAX = 8 * CONF_ENTRY_MAX, BLOCKS_TEXT_MAX = 1 << 30 };

static void
check(int truth)
{
	if (!truth)
		abort();
}

static void
check_entry(const struct conf_entry *entry)
{
	bool is_server = entry->kind == CONF_SERVER;

	check(entry->service.text != NULL && entry->service.text[0] != '\0');
	check((entry->families == CONF_UNIX) == (entry->service.text[0] == '/'));
	check(entry->families != 0 && entry->protocol.text != NULL);
	check(entry->families == CONF_UNIX || entry->addresses.count > 0);
	check(entry->port <= 65535 && entry->rate.count <= CONF_RATE_MAX);
	check((entry->rate.count == 0) == (entry->rate.per_ms == 0));
	check(!is_server || (entry->user.text != NULL && entry->user.text[0] != '\0'));
	check(entry->group.text == NULL || entry->group.text[0] != '\0');
	check(!is_server || entry->server.text[0] == '/');
	check(entry->server.text != NULL && entry->file != NULL);
	check(entry->argv != NULL && entry->argv[0] != NULL);
	check((entry->kind == CONF_REDIRECT) == (entry->redirect_host.text != NULL) ||
	    !entry->is_xinetd || is_server);
	check(entry->sndbuf_bytes >= 0 && entry->sndbuf_bytes <= CONF_BUFFER_MAX);
	check(entry->rcvbuf_bytes >= 0 && entry->rcvbuf_bytes <= CONF_BUFFER_MAX);
	check(entry->only_from.count <= CONF_SET_MAX && entry->no_access.count <= CONF_SET_MAX);
	check(entry->umask >= -1 && entry->umask <= 0777);
	for (size_t i = 0; i < entry->rlimit_count; i++)
		check(entry->rlimits[i].soft <= entry->rlimits[i].hard);
	for (size_t i = 0; i < entry->hours_count; i++)
		check(entry->hours[i].from_minute < 24 * 60 &&
		    entry->hours[i].until_minute < 24 * 60);
}

static void
check_note(const struct conf *conf, const struct conf_note *note, size_t size)
{
	struct buf line;

	check(note->at.line > 0 && note->at.line <= size + 1);
	check(note->at.column > 0 && note->at.column <= size + 1);
	buf_init(&line, NULL, 0, NOTE_TEXT_MAX);
	check(conf_note_format(conf, note, &line));
	check(memchr(line.bytes, '\n', line.len) == NULL);
	buf_clear(&line);
	check(conf_note_json(conf, note, &line));
	check(memchr(line.bytes, '\n', line.len) == NULL);
	buf_release(&line);
}

/* What is printed is read without an error, and printed as the same. */
static void
check_round(const struct conf *conf)
{
	struct buf first, second, lines;
	struct conf again;

	buf_init(&first, NULL, 0, BLOCKS_TEXT_MAX);
	buf_init(&second, NULL, 0, BLOCKS_TEXT_MAX);
	buf_init(&lines, NULL, 0, BLOCKS_TEXT_MAX);
	check(show_blocks(conf, &first) && show_lines(conf, &lines));
	if (first.len > 0 && first.len <= CONF_TEXT_MAX) {
		check(conf_parse(&again, first.bytes, first.len));
		check(again.errors == 0);
		check(show_blocks(&again, &second));
		check(first.len == second.len && memcmp(first.bytes, second.bytes, first.len) == 0);
		conf_release(&again);
	}
	buf_release(&first);
	buf_release(&second);
	buf_release(&lines);
}

static void
check_whole(const struct conf *conf, size_t size)
{
	for (const struct conf_entry *entry = conf->entries; entry != NULL; entry = entry->next)
		check_entry(entry);
	for (const struct conf_note *note = conf->notes; note != NULL; note = note->next)
		check_note(conf, note, size);
	for (const struct conf_request *request = conf->requests; request != NULL;
	     request = request->next)
		check(request->path.text[0] != '\0' && request->depth == 1);
	check_round(conf);
}

#endif
