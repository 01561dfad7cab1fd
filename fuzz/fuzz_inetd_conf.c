/*
 * Fuzz target: inetd.conf. Beside crashes it checks that each entry that comes out is whole, that
 * each finding has a place in the text, and that every finding can be formatted on one line.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/inetd/conf/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOTE_TEXT_MAX = 8 * CONF_ENTRY_MAX };

static void
check(int truth)
{
	if (!truth)
		abort();
}

static void
check_entry(const struct conf_entry *entry)
{
	check(entry->service.text != NULL && entry->service.text[0] != '\0');
	check((entry->families == CONF_UNIX) == (entry->service.text[0] == '/'));
	check(entry->families == CONF_UNIX || entry->addresses.count > 0);
	check(entry->port <= 65535 && entry->rate.count <= CONF_RATE_MAX);
	check(entry->user.text[0] != '\0');
	check(entry->group.text == NULL || entry->group.text[0] != '\0');
	check(
	    entry->kind == CONF_SERVER ? entry->server.text[0] == '/' : entry->server.text != NULL);
	check(entry->argv != NULL && entry->argv[0] != NULL);
	check(entry->sndbuf_bytes >= 0 && entry->sndbuf_bytes <= CONF_BUFFER_MAX);
	check(entry->rcvbuf_bytes >= 0 && entry->rcvbuf_bytes <= CONF_BUFFER_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf conf;
	struct buf line;

	if (conf_parse(&conf, (const char *)data, size)) {
		for (const struct conf_entry *entry = conf.entries; entry != NULL;
		     entry = entry->next)
			check_entry(entry);
		for (const struct conf_note *note = conf.notes; note != NULL; note = note->next) {
			check(note->at.line > 0 && note->at.line <= size + 1);
			check(note->at.column > 0 && note->at.column <= size + 1);
			buf_init(&line, NULL, 0, NOTE_TEXT_MAX);
			check(conf_note_format(&conf, note, &line));
			check(memchr(line.bytes, '\n', line.len) == NULL);
			buf_release(&line);
		}
	}
	conf_release(&conf);
	return 0;
}
