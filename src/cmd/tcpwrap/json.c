/*
 * NAME     json - findings for scripts
 * INVARIANTS  The document is valid JSON in UTF-8 whatever the tables have in them: a byte that is no
 *          UTF-8 becomes the lone surrogate U+DC80 to U+DCFF, as in Python's surrogateescape.
 * SEE      tcpwrap-check(1), RFC 8259, RFC 3629
 */
#include <stdio.h>
#include <string.h>

#include "cmd/tcpwrap/check/fix.h"
#include "cmd/tcpwrap/show.h"

enum { VERSION = 1 };

static bool
is_tail(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

/* How many bytes the UTF-8 character at text has; 0: it is none. */
static size_t
utf8_len(const unsigned char *text, size_t len)
{
	static const struct {
		unsigned char first, last; /* of the first byte */
		unsigned char low, high; /* of the second */
		size_t len;
	} forms[] = {
	    {0x00, 0x7f, 0, 0, 1},
	    {0xc2, 0xdf, 0x80, 0xbf, 2},
	    {0xe0, 0xe0, 0xa0, 0xbf, 3},
	    {0xe1, 0xec, 0x80, 0xbf, 3},
	    {0xed, 0xed, 0x80, 0x9f, 3},
	    {0xee, 0xef, 0x80, 0xbf, 3},
	    {0xf0, 0xf0, 0x90, 0xbf, 4},
	    {0xf1, 0xf3, 0x80, 0xbf, 4},
	    {0xf4, 0xf4, 0x80, 0x8f, 4},
	};

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		size_t want = forms[i].len, at = 2;

		if (text[0] < forms[i].first || text[0] > forms[i].last)
			continue;
		if (want > len || (want > 1 && (text[1] < forms[i].low || text[1] > forms[i].high)))
			return 0;
		while (at < want && is_tail(text[at]))
			at++;
		return at >= want ? want : 0;
	}
	return 0;
}

static void
print_string(const char *text, size_t len)
{
	putchar('"');
	while (len > 0) {
		const unsigned char *at = (const unsigned char *)text;
		size_t taken = utf8_len(at, len);

		if (taken == 0)
			printf("\\udc%02x", *at);
		else if (*at == '"' || *at == '\\')
			printf("\\%c", *at);
		else if (*at < 0x20 || *at == 0x7f)
			printf("\\u%04x", *at);
		else
			fwrite(text, 1, taken, stdout);
		taken += taken == 0;
		text += taken;
		len -= taken;
	}
	putchar('"');
}

static void
print_member(const char *name, const char *text, size_t len)
{
	printf(",\"%s\":", name);
	if (text == NULL)
		fputs("null", stdout);
	else
		print_string(text, len);
}

void
json_string(const char *text)
{
	print_string(text, strlen(text));
}

void
json_text(const char *name, const char *text)
{
	print_member(name, text, strlen(text));
}

void
json_start(void)
{
	printf("{\"version\":%d,\"findings\":[", VERSION);
}

void
json_finding(struct json *json, const struct finding *finding)
{
	const struct lint_spec *spec = &lint_specs[finding->id];

	printf("%s\n{\"id\":\"%s\",\"severity\":\"%s\",\"differs\":%s",
	    json->has_findings ? "," : "", spec->name, show_severities[spec->severity],
	    finding->differs ? "true" : "false");
	json->has_findings = true;
	json_text("file", finding->file);
	json_text("table", show_tables[finding->table]);
	printf(",\"first_line\":%u,\"line\":%u,\"column\":%zu", finding->first_line, finding->line,
	    finding->column);
	print_member("text", finding->text, finding->len);
	json_text("message", finding->message);
	json_text("debian", finding->debian);
	json_text("plain", finding->plain);
	json_text("effect", finding->effect);
	json_text("remedy", finding->remedy);
	print_member("mended", finding->mended, finding->mended_len);
	printf(",\"safe\":%s}", finding->is_safe ? "true" : "false");
}

void
json_middle(void)
{
	fputs("\n],\"tables\":[", stdout);
}

void
json_table(
    bool is_first, const char *path, enum table table, bool is_present, const struct fixed *fixed)
{
	printf("%s\n{\"table\":\"%s\",\"present\":%s", is_first ? "" : ",", show_tables[table],
	    is_present ? "true" : "false");
	json_text("file", path);
	if (fixed != NULL) {
		printf(",\"mends\":%lu", fixed->count);
		json_text("backup", fixed->backup);
		print_member(
		    "fault", fixed->fault, fixed->fault != NULL ? strlen(fixed->fault) : 0);
	}
	putchar('}');
}

void
json_end(const struct counts *counts)
{
	printf("\n],\"errors\":%lu,\"warnings\":%lu,\"notes\":%lu}\n", counts->of[LINT_ERROR],
	    counts->of[LINT_WARNING], counts->of[LINT_NOTE]);
}
