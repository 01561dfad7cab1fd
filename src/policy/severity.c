/*
 * NAME     severity - names of syslog.h
 * PURPOSE  Knows no name itself: data/severities.def.
 */
#include "policy/severity.h"

#include <string.h>

#include "base/str.h"
#include "policy/classic.h"

enum { PLAIN = WAY_PLAIN, BOTH = WAY_BOTH, NAME_SIZE = sizeof "authpriv" };

struct name {
	char name[NAME_SIZE]; /* no pointer, which each process would relocate */
	int code;
	ways ways;
};

static const struct name facilities[] = {
#define FACILITY(name, code, ways) {name, code, ways},
#define LEVEL(name, code, ways)
#include "severities.def"
#undef FACILITY
#undef LEVEL
};

static const struct name levels[] = {
#define FACILITY(name, code, ways)
#define LEVEL(name, code, ways) {name, code, ways},
#include "severities.def"
#undef FACILITY
#undef LEVEL
};

static int
find(const struct name *names, size_t count, enum way way, const char *text, size_t len)
{
	for (size_t i = 0; i < count; i++) {
		if ((names[i].ways & way) != 0 && str_is(text, len, names[i].name))
			return names[i].code;
	}
	return -1;
}

static int
find_facility(const char *text, size_t len, enum way way)
{
	return find(facilities, sizeof facilities / sizeof *facilities, way, text, len);
}

bool
severity_parse(const char *text, size_t len, enum way way, int *ret)
{
	const char *dot = memchr(text, '.', len);
	size_t skip = dot != NULL ? (size_t)(dot - text) + 1 : 0;
	int facility = 0, level;

	if (dot != NULL)
		facility = find_facility(text, skip - 1, way);
	level = find(levels, sizeof levels / sizeof *levels, way, text + skip, len - skip);
	if (facility < 0 || level < 0)
		return false;
	*ret = facility << 3 | level;
	return true;
}

const char *
severity_unknown(const char *text, size_t *len, enum way way)
{
	/* The original looks for the dot outside of brackets; no name has any. */
	size_t facility = classic_find(text, *len, '.');

	if (facility == *len)
		return text;
	if (find_facility(text, facility, way) < 0) {
		*len = facility;
		return text;
	}
	*len -= facility + 1;
	return text + facility + 1;
}
