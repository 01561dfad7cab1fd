/*
 * NAME     ledger - differences on purpose
 * PURPOSE  ledger.def is what a comparison may overlook; this reads it.
 * INVARIANTS  An entry is counted when it was needed. No entry lets us admit whom the original
 *             refuses.
 * SEE      docs/decisions/divergences.md
 */
#include "ledger.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PATTERN_MAX = 128,
	/* So much of a line of ours is whole: of 127 bytes of a subject, and what stands in front, what is
	 * left when the scratch folder in it is spelled @V@. */
	CUT_MIN = 80,
};

const struct ledger_entry ledger[LEDGER_IDS] = {
#define DIFFERENCE(id, way, kind, needs, ours, theirs, row)                                        \
	[LEDGER_##id] = {#id, way, ours, theirs, row, KIND_##kind, NEEDS_##needs},
#include "ledger.def"
#undef DIFFERENCE
};

static uint64_t counts[LEDGER_IDS];
uint64_t *ledger_counts = counts;

/* A line, without its newline. */
struct line {
	const char *text;
	size_t len;
};

static struct line
line_at(const char *text)
{
	return (struct line){text, strcspn(text, "\n")};
}

static const char *
behind(const struct line *line)
{
	return line->text + line->len + (line->text[line->len] == '\n');
}

/* Only the asterisk is special. */
static bool
fits(const char *pattern, const char *text, const char *end)
{
	const char *star = NULL, *retry = text;

	while (text < end) {
		if (*pattern == '*') {
			star = ++pattern;
			retry = text;
		} else if (*pattern == *text) {
			pattern++;
			text++;
		} else if (star != NULL) {
			pattern = star;
			text = ++retry;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

/* One alternative. A pattern of two lines also looks at the one behind. */
static bool
one_fits(char *pattern, const struct line *line)
{
	char *second = strchr(pattern, '\n');
	struct line next;

	if (second == NULL)
		return fits(pattern, line->text, line->text + line->len);
	*second = '\0';
	next = line_at(behind(line));
	return fits(pattern, line->text, line->text + line->len) &&
	    fits(second + 1, next.text, next.text + next.len);
}

static bool
line_fits(const char *pattern, const struct line *line)
{
	char one[PATTERN_MAX];

	while (pattern != NULL) {
		const char *bar = strchr(pattern, '|');

		snprintf(one, sizeof one, "%.*s",
		    (int)(bar != NULL ? bar - pattern : (long)strlen(pattern)), pattern);
		if (one_fits(one, line))
			return true;
		pattern = bar != NULL ? bar + 1 : NULL;
	}
	return false;
}

/* ---- entries ---- */

static const char *client_name, *client_addr, *client_user;
static bool met[NEEDS_COUNT];

static bool
has_no_port(const char *sin)
{
	return sin != NULL && strncmp(sin, "2 ", 2) != 0 && strncmp(sin, "10 ", 3) != 0;
}

/* -1: we looked up less, 1: more, 0: the same. */
static int
lookups(int ours, int theirs, const char *our_text, const char *their_text)
{
	if (ours == theirs)
		return (our_text[0] != '\0') - (their_text[0] != '\0');
	return ours < theirs ? -1 : 1;
}

static bool
is_odd_file(const char *name)
{
	return name != NULL && (name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL);
}

static unsigned
count(const char *text, const char *part)
{
	unsigned found = 0;

	while ((text = strstr(text, part)) != NULL) {
		found++;
		text++;
	}
	return found;
}

static bool
has_bad_list(const char *text)
{
	while (*text != '\0') {
		struct line line = line_at(text);

		if (line_fits("*: cannot use list *|*: list * nests too deep*|SYSLOG<0.3> warning: "
		              "*: open *",
		        &line))
			return true;
		text = behind(&line);
	}
	return false;
}

void
ledger_begin(const struct policy *policy, const struct query *query, const struct answer *ours,
    const struct answer *theirs)
{
	const struct wrap_state *mine = &ours->state, *other = &theirs->state;
	int names = lookups(mine->asked, other->asked, mine->name, other->name);
	int users = lookups(mine->asked_user, other->asked_user, mine->user, other->user);

	client_name = query->told_name != NULL ? query->told_name : query->fields[ABI_CLIENT_NAME];
	client_addr = mine->addr;
	client_user = mine->user;
	met[NEEDS_ALWAYS] = true;
	met[NEEDS_ODD_DAEMON] = is_odd_file(query->fields[ABI_DAEMON]);
	met[NEEDS_ACLEXEC] = policy->has_aclexec;
	met[NEEDS_NUL] = policy->has_nul;
	met[NEEDS_FEWER_LOOKUPS] = names <= 0 && users <= 0 && names + users < 0;
	/* Of a process that is gone nobody knows. */
	met[NEEDS_OTHER_LOOKUPS] = names != 0 || users != 0 || !theirs->has_state;
	met[NEEDS_NO_PORT] = has_no_port(query->fields[ABI_CLIENT_SIN]) ||
	    has_no_port(query->fields[ABI_SERVER_SIN]);
	met[NEEDS_NO_FILE] = query->fields[ABI_FILE] == NULL;
	met[NEEDS_OTHER_COMMANDS] =
	    count(ours->text.bytes, "COMMAND ") != count(theirs->text.bytes, "COMMAND ");
	met[NEEDS_STUCK_ACLEXEC] = count(theirs->text.bytes, "aclexec returned 1") > 1;
	met[NEEDS_BAD_LIST] = has_bad_list(ours->text.bytes);
}

/* Is the first thing in quotation marks another than a number of up to nine digits? */
static bool
has_odd_number(const struct line *line)
{
	const char *text = memchr(line->text, '"', line->len);
	size_t digits;

	if (text == NULL)
		return false;
	text += 1 + (text[1] == '-' || text[1] == '+');
	digits = strspn(text, "0123456789");
	return digits == 0 || digits > 9 || text[digits] != '"';
}

static bool
holds(const struct ledger_entry *entry, const struct line *ours)
{
	if (entry->needs == NEEDS_ODD_NUMBER)
		return ours != NULL && has_odd_number(ours);
	return met[entry->needs];
}

static bool
is_for(const struct ledger_entry *entry, enum way_asked way, enum ledger_kind kind)
{
	return entry->kind == kind &&
	    (entry->way[0] == 'b' || (entry->way[0] == 'c') == (way == ASKED_CLASSIC));
}

/* The entry of a kind whose patterns fit, or LEDGER_IDS. */
static int
find(enum way_asked way, enum ledger_kind kind, const struct line *ours, const struct line *theirs)
{
	for (int id = 0; id < LEDGER_IDS; id++) {
		const struct ledger_entry *entry = &ledger[id];

		if (is_for(entry, way, kind) && (ours == NULL || line_fits(entry->ours, ours)) &&
		    (theirs == NULL || line_fits(entry->theirs, theirs)) && holds(entry, ours))
			return id;
	}
	return LEDGER_IDS;
}

static bool
allowed(int id)
{
	if (id == LEDGER_IDS)
		return false;
	ledger_counts[id]++;
	return true;
}

bool
ledger_explains(enum way_asked way, const struct answer *ours)
{
	const char *text = ours->text.bytes;

	while (*text != '\0') {
		struct line line = line_at(text);

		if (ours->verdict != VERDICT_GRANTED &&
		    allowed(find(way, KIND_REFUSES, &line, NULL)))
			return true;
		if (allowed(find(way, KIND_FOLLOWS, &line, NULL)))
			return true;
		text = behind(&line);
	}
	return false;
}

static bool
same(const struct line *ours, const struct line *theirs)
{
	return ours->len == theirs->len && memcmp(ours->text, theirs->text, ours->len) == 0;
}

static bool
is_clean(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	    (c != '\0' && strchr("!@%-_=+:,./", c) != NULL);
}

/* How much of a line is that text, as it is or as expansions spell it. */
static size_t
skip(const struct line *line, size_t at, const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || len > line->len - at)
		return 0;
	for (size_t i = 0; i < len; i++)
		if (line->text[at + i] != text[i] &&
		    (line->text[at + i] != '_' || is_clean(text[i])))
			return 0;
	return len;
}

/* The byte at *at, which moves behind it; a \xNN is one. */
static int
unescaped(const char *text, size_t len, size_t *at)
{
	char digits[3] = "";

	if (len - *at >= 4 && text[*at] == '\\' && text[*at + 1] == 'x' &&
	    isxdigit((unsigned char)text[*at + 2]) && isxdigit((unsigned char)text[*at + 3])) {
		memcpy(digits, text + *at + 2, 2);
		*at += 4;
		return (int)strtol(digits, NULL, 16);
	}
	return (unsigned char)text[(*at)++];
}

static bool
same_cleaned(const struct line *ours, const struct line *theirs)
{
	size_t i = 0, j = 0;

	while (i < ours->len && j < theirs->len) {
		int mine = unescaped(ours->text, ours->len, &i);
		int other = unescaped(theirs->text, theirs->len, &j);

		if (other != mine && (other != '_' || is_clean((char)mine)))
			return false;
	}
	return i == ours->len && j == theirs->len;
}

/* Between different lookups: a user in front of ours, the name here and the address there. */
static bool
same_named(enum way_asked way, const struct line *ours, const struct line *theirs)
{
	bool any = way == ASKED_DEFAULT;
	size_t i = 0, j = 0;

	if (client_name == NULL)
		return false;
	while (i < ours->len && j < theirs->len) {
		size_t our_name = skip(ours, i, client_name), our_addr = skip(ours, i, client_addr);
		size_t name = skip(theirs, j, client_name), addr = skip(theirs, j, client_addr);
		size_t user = skip(ours, i, client_user);

		if (name > 0 && our_addr > our_name) {
			i += our_addr;
			j += name;
		} else if (any && addr > 0 && our_name > 0 && name == 0) {
			i += our_name;
			j += addr;
		} else if (any && user > 0 && ours->text[i + user] == '@' &&
		    skip(theirs, j, client_user) == 0) {
			i += user + 1;
		} else if (unescaped(ours->text, ours->len, &i) !=
		    unescaped(theirs->text, theirs->len, &j)) {
			return false;
		}
	}
	return i == ours->len && j == theirs->len;
}

static bool
ends_with(const struct line *line, const char *end, size_t len)
{
	return len <= line->len && memcmp(line->text + line->len - len, end, len) == 0;
}

static bool
same_escaped(const struct line *ours, const struct line *theirs)
{
	size_t i = 0, j = 0;

	while (i < ours->len && j < theirs->len) {
		size_t at = i;

		if (unescaped(ours->text, ours->len, &i) !=
		    unescaped(theirs->text, theirs->len, &j))
			return at >= CUT_MIN && ends_with(theirs, ours->text + at, ours->len - at);
	}
	return i == ours->len && (j == theirs->len || ours->len >= CUT_MIN);
}

static bool
same_but_number(const struct line *ours, const struct line *theirs)
{
	static const char tag[] = "line ";
	const char *mine = memmem(ours->text, ours->len, tag, sizeof tag - 1);
	const char *other = memmem(theirs->text, theirs->len, tag, sizeof tag - 1);
	struct line rest, other_rest;

	if (mine == NULL || other == NULL || mine - ours->text != other - theirs->text ||
	    memcmp(ours->text, theirs->text, (size_t)(mine - ours->text)) != 0)
		return false;
	mine += sizeof tag - 1;
	other += sizeof tag - 1;
	rest = line_at(mine + strspn(mine, "0123456789"));
	other_rest = line_at(other + strspn(other, "-0123456789"));
	return same(&rest, &other_rest) || same_escaped(&rest, &other_rest);
}

static bool
instead(enum way_asked way, const struct line *ours, const struct line *theirs)
{
	return same(ours, theirs) || allowed(find(way, KIND_INSTEAD, ours, theirs)) ||
	    (same_named(way, ours, theirs) && allowed(find(way, KIND_NAMED, ours, theirs))) ||
	    (same_cleaned(ours, theirs) && allowed(find(way, KIND_CLEANED, ours, theirs))) ||
	    (same_escaped(ours, theirs) && allowed(find(way, KIND_ESCAPED, ours, theirs))) ||
	    (same_but_number(ours, theirs) && allowed(find(way, KIND_LINE_NUMBER, ours, theirs)));
}

bool
ledger_same_lines(enum way_asked way, const char *ours, const char *theirs)
{
	while (*ours != '\0' || *theirs != '\0') {
		struct line mine = line_at(ours), other = line_at(theirs);
		bool both = *ours != '\0' && *theirs != '\0';

		if (both && instead(way, &mine, &other)) {
			ours = behind(&mine);
			theirs = behind(&other);
		} else if (*ours != '\0' && allowed(find(way, KIND_MORE, &mine, NULL))) {
			ours = behind(&mine);
		} else if (*theirs != '\0' && allowed(find(way, KIND_LESS, NULL, &other))) {
			theirs = behind(&other);
		} else {
			return false;
		}
	}
	return true;
}
