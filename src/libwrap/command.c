/*
 * NAME     command - what aclexec says, once
 * PURPOSE  A verdict may depend on a command. However often the same text is reached - two readings, a
 *          table that changed meanwhile - the options up to there are carried out once, and the
 *          command's answer stays.
 * INVARIANTS  What went wrong on the way stays COMMAND_FAILED.
 * SEE      hosts_options(5) aclexec
 */
#include <string.h>

#include "event/log.h"
#include "libwrap/answer.h"
#include "libwrap/options.h"

struct command_answer {
	enum command_status says;
	struct command_answer *next;
};

struct command_note {
	const char *file; /* one of the two names of tables: the same as long as a decision lasts */
	unsigned line;
	const char *text;
	size_t len;
	size_t at; /* up to here the tail was carried out */
	struct command_answer *answers, **end;
	struct command_note *next;
};

static struct command_note *
find_note(struct answers *answers, const struct tail *tail)
{
	struct command_note *note = answers->commands;

	while (note != NULL &&
	    (note->file != tail->file || note->len != tail->len ||
	        memcmp(note->text, tail->text, tail->len) != 0))
		note = note->next;
	return note;
}

static struct command_note *
add_note(struct answers *answers, const struct tail *tail)
{
	struct command_note *note = arena_alloc(&answers->arena, sizeof *note);
	const char *text = arena_copy(&answers->arena, tail->text, tail->len);

	if (note == NULL || text == NULL)
		return NULL;
	*note = (struct command_note){.file = tail->file,
	    .line = tail->line,
	    .text = text,
	    .len = tail->len,
	    .next = answers->commands};
	note->end = &note->answers;
	answers->commands = note;
	options_tell_match(tail->file, tail->line);
	return note;
}

bool
command_was_asked(const struct answers *answers, const char *file, unsigned line)
{
	const struct command_note *note = answers->commands;

	while (note != NULL && (note->file != file || note->line != line))
		note = note->next;
	return note != NULL;
}

/* Carry out what stands up to the next aclexec, or, behind a last one that said no, up to the end. */
static enum command_status
ask(struct answers *answers, struct command_note *note, const struct tail *tail)
{
	struct diag diag;
	enum action_result result =
	    options_run(answers->request, answers->thread, tail, &note->at, &diag);

	if (result == ACTION_TRUE)
		return COMMAND_TRUE;
	if (result == ACTION_FALSE || result == ACTION_END)
		return COMMAND_FALSE;
	event_diag(&diag);
	return COMMAND_FAILED;
}

static enum command_status
no_memory(const struct tail *tail)
{
	struct diag diag = {.code = DIAG_NO_MEMORY, .file = tail->file, .line = tail->line};

	event_diag(&diag);
	return COMMAND_FAILED;
}

enum command_status
command_aclexec(void *ctx, const struct tail *tail, unsigned number)
{
	struct answers *answers = ctx;
	struct command_note *note = find_note(answers, tail);
	struct command_answer *answer;

	if (note == NULL)
		note = add_note(answers, tail);
	if (note == NULL)
		return no_memory(tail);
	for (answer = note->answers; answer != NULL && number > 0; number--)
		answer = answer->next;
	if (answer != NULL)
		return answer->says;
	answer = arena_alloc(&answers->arena, sizeof *answer);
	if (answer == NULL)
		return no_memory(tail);
	answer->says = ask(answers, note, tail);
	*note->end = answer;
	note->end = &answer->next;
	return answer->says;
}
