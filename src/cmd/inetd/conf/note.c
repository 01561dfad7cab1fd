/*
 * NAME     note - findings: kept, and put into words
 * INVARIANTS  Whatever the subject, a finding is one printable line.
 * LIMITS   CONF_NOTES_MAX are kept, the rest is counted; SUBJECT_MAX bytes of a subject.
 * SEE      notes.def
 */
#include <string.h>

#include "base/json.h"
#include "cmd/inetd/conf/conf.h"

enum { SUBJECT_MAX = 256 }; /* to recognise it by */

static const struct {
	enum conf_severity severity;
	const char *name, *text, *remedy;
} notes[] = {
#define WARNING CONF_WARNING
#define ERROR CONF_ERROR
#define NOTICE CONF_NOTICE
#define NOTE(id, severity, text, remedy) {severity, #id, text, remedy},
#include "cmd/inetd/conf/notes.def"
#undef NOTE
#undef WARNING
#undef ERROR
#undef NOTICE
};

static const char *const severities[] = {
    [CONF_WARNING] = "warning", [CONF_ERROR] = "error", [CONF_NOTICE] = "notice"};

void
conf_soften(struct conf *conf, struct conf_note **here, unsigned errors)
{
	conf->warnings += conf->errors - errors;
	conf->errors = errors;
	for (struct conf_note *note = *here; note != NULL; note = note->next)
		if (note->severity == CONF_ERROR)
			note->severity = CONF_WARNING;
}

void
conf_note_how(
    struct conf *conf, enum conf_code code, const struct conf_word *at, const char *remedy)
{
	struct conf_note *note;

	conf->errors += notes[code].severity == CONF_ERROR;
	conf->warnings += notes[code].severity == CONF_WARNING;
	if (conf->note_count == CONF_NOTES_MAX)
		return;
	note = conf_alloc(conf, sizeof *note);
	if (note == NULL)
		return;
	conf->note_count++;
	note->code = code;
	note->severity = notes[code].severity;
	note->at = *at;
	if (at->text != NULL)
		note->at.text = conf_part(conf, at, 0, strnlen(at->text, SUBJECT_MAX)).text;
	if (remedy != NULL)
		note->remedy = conf_text(conf, remedy);
	*conf->notes_end = note;
	conf->notes_end = &note->next;
}

void
conf_note(struct conf *conf, enum conf_code code, const struct conf_word *at)
{
	conf_note_how(conf, code, at, NULL);
}

static const char *
remedy_of(const struct conf_note *note)
{
	return note->remedy != NULL ? note->remedy : notes[note->code].remedy;
}

bool
conf_note_format(const struct conf *conf, const struct conf_note *note, struct buf *buf)
{
	const char *file = conf_file(conf, &note->at);

	buf_add_escaped(buf, file, strlen(file));
	if (note->at.line > 0) {
		buf_add_char(buf, ':');
		buf_add_number(buf, note->at.line);
		buf_add_char(buf, ':');
		buf_add_number(buf, note->at.column);
	}
	buf_add_str(buf, ": ");
	buf_add_str(buf, severities[note->severity]);
	buf_add_str(buf, ": ");
	buf_add_str(buf, notes[note->code].text);
	if (note->at.text != NULL) {
		buf_add_str(buf, " '");
		buf_add_escaped(buf, note->at.text, strlen(note->at.text));
		buf_add_char(buf, '\'');
	}
	buf_add_str(buf, " (");
	buf_add_escaped(buf, remedy_of(note), strlen(remedy_of(note)));
	buf_add_char(buf, ')');
	return !buf->failed;
}

/* BAD_PORT is "bad-port". */
static void
add_code(struct buf *buf, const char *name)
{
	json_add_name(buf, "code");
	buf_add_char(buf, '"');
	for (; *name != '\0'; name++)
		buf_add_char(buf, *name == '_' ? '-' : (char)(*name | 0x20));
	buf_add_char(buf, '"');
}

bool
conf_note_json(const struct conf *conf, const struct conf_note *note, struct buf *buf)
{
	buf_add_char(buf, '{');
	json_add_member(buf, "file", conf_file(conf, &note->at));
	json_add_name(buf, "line");
	buf_add_number(buf, note->at.line);
	json_add_name(buf, "column");
	buf_add_number(buf, note->at.column);
	json_add_member(buf, "severity", severities[note->severity]);
	add_code(buf, notes[note->code].name);
	json_add_member(buf, "message", notes[note->code].text);
	if (note->at.text != NULL)
		json_add_member(buf, "subject", note->at.text);
	json_add_member(buf, "remedy", remedy_of(note));
	buf_add_char(buf, '}');
	return !buf->failed;
}
