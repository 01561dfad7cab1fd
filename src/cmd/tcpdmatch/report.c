/*
 * NAME     report - what is printed
 * PURPOSE  The lines are those of old, byte for byte. For JSON the same lines are taken apart again:
 *          what the library tells, it tells as text.
 * LIMITS   REPORT_MAX of JSON: some thousands of addresses.
 */
#define INET6

#include <sys/socket.h>

#include "cmd/tcpdmatch/report.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "tool/tell.h"

enum {
	REPORT_MAX = 16 << 20,
	FACT_MAX = STRING_LENGTH,
};

/* The facts of a request that are told, if they are known. */
static const struct {
	const char *line, *end, *name, *letter;
} facts[] = {
    {"client:   hostname ", "client", "hostname", "%n"},
    {"client:   address  ", "client", "address", "%a"},
    {"client:   username ", "client", "username", "%u"},
    {"server:   hostname ", "server", "hostname", "%N"},
    {"server:   address  ", "server", "address", "%A"},
    {"server:   process  ", "server", "process", "%d"},
};

enum { FACTS = sizeof facts / sizeof *facts };

/* JSON that is collected. */
static struct {
	bool is_on, is_lost; /* a part of it found no memory */
	bool is_answer; /* what comes is about the answer at hand */
	struct buf findings; /* before any answer */
	struct buf answers;
	struct buf answer; /* at hand: the object so far; and what it will hold: */
	struct buf matched, options, notes;
} json;

/* ---- lines, taken apart ---- */

/* "FILE line N" */
static void
add_matched(const char *text)
{
	const char *end = text, *found;

	while ((found = strstr(end, " line ")) != NULL)
		end = found + 1;
	buf_clear(&json.matched);
	buf_add_char(&json.matched, '{');
	json_add_name(&json.matched, "file");
	json_add_string(&json.matched, text, end > text ? (size_t)(end - 1 - text) : strlen(text));
	json_add_name(&json.matched, "line");
	buf_add_str(&json.matched, end > text ? end + strlen("line ") : "0");
	buf_add_char(&json.matched, '}');
}

/* "KEYWORD VALUE" */
static void
add_option(const char *text)
{
	size_t len = strcspn(text, " ");

	json_add_comma(&json.options);
	buf_add_char(&json.options, '{');
	json_add_name(&json.options, "option");
	json_add_string(&json.options, text, len);
	json_add_member(&json.options, "value", text + len + (text[len] != '\0'));
	buf_add_char(&json.options, '}');
}

static void
collect(void *ctx, const char *text)
{
	static const char matched[] = "matched:  ", option[] = "option:   ";

	(void)ctx;
	if (tell_json(json.is_answer ? &json.notes : &json.findings, text))
		return;
	if (strncmp(text, matched, sizeof matched - 1) == 0)
		add_matched(text + sizeof matched - 1);
	else if (strncmp(text, option, sizeof option - 1) == 0)
		add_option(text + sizeof option - 1);
}

void
report_json(void)
{
	struct buf *const all[] = {
	    &json.findings, &json.answers, &json.answer, &json.matched, &json.options, &json.notes};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		buf_init(all[i], NULL, 0, REPORT_MAX);
	json.is_on = true;
	tell_to(collect, NULL);
}

/* ---- answers ---- */

/* The fact's text, with what is odd in it made harmless. NULL: it is not known. */
static const char *
fact_of(struct request_info *request, size_t i, char text[FACT_MAX])
{
	char letter[3];

	memcpy(letter, facts[i].letter, sizeof letter);
	percent_x(text, FACT_MAX, letter, request);
	return STR_EQ(text, unknown) ? NULL : text;
}

static void
begin_json(struct request_info *request)
{
	char text[FACT_MAX];
	const char *end = "";

	json.is_answer = true;
	buf_clear(&json.answer);
	buf_add_char(&json.answer, '{');
	for (size_t i = 0; i < FACTS; i++) {
		const char *fact = fact_of(request, i, text);

		if (strcmp(facts[i].end, end) != 0) {
			buf_add_str(&json.answer, end[0] != '\0' ? "}" : "");
			end = facts[i].end;
			json_add_name(&json.answer, end);
			buf_add_char(&json.answer, '{');
		}
		if (fact != NULL)
			json_add_member(&json.answer, facts[i].name, fact);
	}
	buf_add_char(&json.answer, '}');
}

void
report_begin(struct request_info *request)
{
	char text[FACT_MAX];

	if (json.is_on) {
		begin_json(request);
		return;
	}
	for (size_t i = 0; i < FACTS; i++) {
		const char *fact = fact_of(request, i, text);

		if (fact != NULL)
			printf("%s%s\n", facts[i].line, fact);
	}
	fflush(stdout);
}

static void
add_part(const char *name, const struct buf *part, const char *brackets)
{
	json.is_lost |= part->failed;
	json_add_name(&json.answer, name);
	buf_add(&json.answer, brackets, brackets[0] != '\0');
	if (part->len > 0)
		buf_add(&json.answer, part->bytes, part->len);
	buf_add_str(&json.answer, brackets[0] != '\0' ? brackets + 1 : "");
}

void
report_access(const char *verdict)
{
	if (!json.is_on) {
		printf("access:   %s\n", verdict);
		fflush(stdout);
		return;
	}
	if (json.matched.len > 0)
		add_part("matched", &json.matched, "");
	add_part("options", &json.options, "[]");
	add_part("findings", &json.notes, "[]");
	json_add_member(&json.answer, "access", verdict);
	buf_add_char(&json.answer, '}');
	json.is_lost |= json.answer.failed;
	json_add_comma(&json.answers);
	buf_add(&json.answers, json.answer.bytes, json.answer.len);
	buf_clear(&json.matched);
	buf_clear(&json.options);
	buf_clear(&json.notes);
	json.is_answer = false;
}

bool
report_end(const char *daemon, const char *wrapping)
{
	if (!json.is_on)
		return true;
	buf_clear(&json.answer);
	buf_add_char(&json.answer, '{');
	json_add_member(&json.answer, "daemon", daemon);
	json_add_member(&json.answer, "service", wrapping);
	add_part("findings", &json.findings, "[]");
	add_part("answers", &json.answers, "[]");
	buf_add_char(&json.answer, '}');
	return !json.is_lost && !json.answer.failed && puts(json.answer.bytes) >= 0;
}
