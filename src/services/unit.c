/*
 * NAME     unit - settings of systemd's units
 * PURPOSE  ExecStart= of a service; Accept=, Service= and where it listens of a socket; drop-ins are
 *          applied in turn.
 * INVARIANTS  Total, and linear in the text. An empty ExecStart= takes the command back, as for
 *          systemd; of several the first one counts, since inventories ask who serves, not what else.
 * LIMITS   UNIT_LINE_MAX: of a longer setting nothing is used; UNIT_WORD_MAX; UNIT_PLACES_MAX.
 * SEE      systemd.service(5), systemd.socket(5)
 */
#include "services/unit.h"

#include <string.h>

#include "base/buf.h"
#include "base/str.h"

enum section { SECTION_OTHER, SECTION_SERVICE, SECTION_SOCKET };

struct state {
	struct unit *unit;
	enum section section;
	unsigned line;
};

/* ---- a command ---- */

bool
unit_next(const char **text, size_t *len, char ret[UNIT_WORD_MAX])
{
	const char *p = *text, *end = *text + *len;
	size_t used = 0;
	char quote = '\0';

	while (p < end && str_is_space(*p))
		p++;
	*ret = '\0';
	if (p == end)
		return false;
	for (; p < end && (quote != '\0' || !str_is_space(*p)); p++) {
		if (*p == quote)
			quote = '\0';
		else if (quote == '\0' && (*p == '"' || *p == '\''))
			quote = *p;
		else if (used + 1 < UNIT_WORD_MAX && *p != '\0')
			ret[used++] = *p;
		else
			used = UNIT_WORD_MAX;
		if (used == UNIT_WORD_MAX)
			return false;
	}
	ret[used] = '\0';
	*len = (size_t)(end - p);
	*text = p;
	return used > 0;
}

static void
set_command(struct unit *unit, unsigned line, const char *text, size_t len)
{
	if (len == 0) {
		unit->number = 0;
		return;
	}
	unit->has_several = unit->number > 0;
	if (unit->has_several)
		return;
	unit->has_name = false;
	memcpy(unit->command, text, len);
	unit->command[len] = '\0';
	for (; len > 0 && strchr("@-:+!|", *text) != NULL && *text != '\0'; text++, len--)
		unit->has_name |= *text == '@';
	unit->first[0] = unit->second[0] = '\0';
	if (!unit_next(&text, &len, unit->path))
		return;
	unit->number = line;
	unit->commands++;
	if (unit_next(&text, &len, unit->first))
		unit_next(&text, &len, unit->second);
}

/* ---- settings ---- */

static bool
is_true(const char *text, size_t len)
{
	return str_is(text, len, "yes") || str_is(text, len, "true") || str_is(text, len, "on") ||
	    str_is(text, len, "1");
}

/* An empty one takes all of both kinds back, as for systemd. */
static void
add_place(struct unit *unit, bool is_dgram, const char *text, size_t len)
{
	struct unit_place *place = &unit->places[unit->place_count];

	if (len == 0) {
		unit->place_count = 0;
		return;
	}
	if (unit->place_count == UNIT_PLACES_MAX || len >= UNIT_PLACE_MAX ||
	    memchr(text, '\0', len) != NULL)
		return;
	place->is_dgram = is_dgram;
	memcpy(place->text, text, len);
	place->text[len] = '\0';
	unit->place_count++;
}

static void
set(struct state *state, const char *text, size_t len)
{
	const char *equals = memchr(text, '=', len);
	size_t name_len = equals != NULL ? (size_t)(equals - text) : len;
	const char *value = text + name_len + (equals != NULL);
	size_t value_len = len - name_len - (equals != NULL);

	str_trim(&text, &name_len);
	str_trim(&value, &value_len);
	if (equals == NULL)
		return;
	if (state->section == SECTION_SERVICE && str_is(text, name_len, "ExecStart"))
		set_command(state->unit, state->line, value, value_len);
	else if (state->section == SECTION_SERVICE && str_is(text, name_len, "StandardInput"))
		state->unit->is_input = str_is(value, value_len, "socket");
	else if (state->section == SECTION_SOCKET && str_is(text, name_len, "Accept"))
		state->unit->is_accept = is_true(value, value_len);
	else if (state->section == SECTION_SOCKET && str_is(text, name_len, "Service"))
		unit_next(&value, &value_len, state->unit->service);
	else if (state->section == SECTION_SOCKET && str_is(text, name_len, "ListenStream"))
		add_place(state->unit, false, value, value_len);
	else if (state->section == SECTION_SOCKET && str_is(text, name_len, "ListenDatagram"))
		add_place(state->unit, true, value, value_len);
}

static void
take_line(struct state *state, const char *text, size_t len)
{
	str_trim(&text, &len);
	if (len == 0 || *text == '#' || *text == ';')
		return;
	if (*text != '[')
		set(state, text, len);
	else if (str_is(text, len, "[Service]"))
		state->section = SECTION_SERVICE;
	else if (str_is(text, len, "[Socket]"))
		state->section = SECTION_SOCKET;
	else
		state->section = SECTION_OTHER;
}

/* One line, its continuations included. Returns where the next one begins. */
static size_t
read_line(struct state *state, const char *text, size_t at, size_t len)
{
	char line[UNIT_LINE_MAX];
	size_t used = 0;
	bool goes_on = true, fits = true;

	while (goes_on && at < len) {
		const char *newline = memchr(text + at, '\n', len - at);
		size_t end = newline != NULL ? (size_t)(newline - text) : len, count = end - at;

		/* A comment amid continuations is passed over. */
		goes_on = used > 0 && count > 0 && (text[at] == '#' || text[at] == ';');
		state->line++;
		if (!goes_on) {
			goes_on = count > 0 && text[end - 1] == '\\';
			fits = fits && used + count <= sizeof line;
			memcpy(line + used, text + at, fits ? count : 0);
			used += fits ? count : 0;
			if (goes_on && fits)
				line[used - 1] = ' ';
		}
		at = end + (newline != NULL);
	}
	if (fits)
		take_line(state, line, used);
	return at;
}

void
unit_read(struct unit *unit, const char *text, size_t len)
{
	struct state state = {.unit = unit};
	size_t at = 0;

	while (at < len)
		at = read_line(&state, text, at, len);
}
