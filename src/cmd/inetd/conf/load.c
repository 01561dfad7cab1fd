/*
 * NAME     load - from file to services
 * INVARIANTS  A file that cannot be read is told apart from one without services.
 */
#include "cmd/inetd/conf/load.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "services/text.h"

enum { LINE_TEXT_MAX = 1024 }; /* what syslog keeps of a line */

static void
tell_fault(const char *path, const char *fault, void (*tell)(enum conf_severity, const char *line))
{
	char storage[LINE_TEXT_MAX];
	struct buf line;

	buf_init(&line, storage, sizeof storage, sizeof storage - 1);
	buf_add_str(&line, "cannot read ");
	buf_add_escaped(&line, path, strlen(path));
	buf_add_str(&line, ": ");
	buf_add_str(&line, fault);
	tell(CONF_ERROR, line.bytes);
}

static int
by_place(const void *a, const void *b)
{
	const struct conf_word *x = &(*(const struct conf_note *const *)a)->at;
	const struct conf_word *y = &(*(const struct conf_note *const *)b)->at;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return (x->column > y->column) - (x->column < y->column);
}

/* In the order of the file: resolving finds its faults after the parser. */
static bool
tell_notes(
    const struct conf *conf, const char *path, void (*tell)(enum conf_severity, const char *))
{
	size_t count = conf->errors + conf->warnings, i = 0;
	const struct conf_note **notes = calloc(count + 1, sizeof *notes);
	char storage[LINE_TEXT_MAX];
	struct buf line;

	if (notes == NULL)
		return false;
	for (const struct conf_note *note = conf->notes; note != NULL; note = note->next)
		notes[i++] = note;
	qsort(notes, count, sizeof *notes, by_place);
	for (i = 0; i < count; i++) {
		buf_init(&line, storage, sizeof storage, sizeof storage - 1);
		conf_note_format(notes[i], path, &line);
		tell(conf_severity(notes[i]->code), line.bytes);
	}
	free(notes);
	return true;
}

/* The name of the file, in each of its entries. False: out of memory. */
static bool
set_file(struct services *services, const char *path)
{
	const char *copy = conf_text(&services->conf, path);

	for (struct conf_entry *e = services->conf.entries; e != NULL; e = e->next)
		if (e->file == NULL)
			e->file = copy;
	return copy != NULL;
}

bool
load_services(struct services *services, const char *path, const struct service_rules *rules,
    void (*tell)(enum conf_severity, const char *line))
{
	struct buf text;
	const char *fault;

	buf_init(&text, NULL, 0, CONF_TEXT_MAX);
	fault = text_read(path, &text);
	if (fault == NULL &&
	    (!services_load(services, text.bytes, text.len, rules) || !set_file(services, path) ||
	        !tell_notes(&services->conf, path, tell)))
		fault = "out of memory";
	buf_release(&text);
	if (fault != NULL)
		tell_fault(path, fault, tell);
	return fault == NULL;
}
