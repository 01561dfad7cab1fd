/*
 * NAME     diag_help - names of findings, and how to mend them
 * PURPOSE  Apart from their texts: who only writes to the log, as libwrap does, carries none of these.
 */
#include "base/diag.h"

static const struct {
	const char *name, *remedy;
} help[DIAG_CODES] = {
    [DIAG_NONE] = {"none", ""},
#define MESSAGE(id, severity, text, remedy) [DIAG_##id] = {#id, remedy},
#include "messages.def"
#undef MESSAGE
};

const char *
diag_name(enum diag_code code)
{
	return help[code].name;
}

const char *
diag_remedy(enum diag_code code)
{
	return help[code].remedy;
}
