/*
 * NAME     diag - findings as values
 * PURPOSE  Texts live in data/messages.def; nothing here knows a single message.
 * LIMITS   DIAG_ARG_MAX bytes of subject.
 */
#include "base/diag.h"

#include <string.h>

#include "base/str.h"

static const struct {
	const char *text;
	enum diag_severity severity;
} messages[DIAG_CODES] = {
    [DIAG_NONE] = {"", DIAG_WARNING},
#define MESSAGE(id, severity, text, remedy) [DIAG_##id] = {text, DIAG_##severity},
#include "messages.def"
#undef MESSAGE
};

void
diag_set(struct diag *diag, enum diag_code code, const char *arg, size_t arg_len)
{
	if (arg_len >= sizeof diag->arg)
		arg_len = sizeof diag->arg - 1;
	diag->code = code;
	if (arg_len > 0)
		memcpy(diag->arg, arg, arg_len);
	diag->arg[arg_len] = '\0';
}

enum diag_severity
diag_severity(enum diag_code code)
{
	return messages[code].severity;
}

bool
diag_fill(struct buf *buf, const char *text, const char *const args[], int error)
{
	bool ok = true;

	for (const char *p = text; *p != '\0' && ok; p++) {
		if (p[0] == '%' && p[1] == 's') {
			ok = buf_add_escaped(buf, *args, strlen(*args));
			args++;
			p++;
		} else if (p[0] == '%' && p[1] == 'm') {
			ok = buf_add_str(buf, strerror(error));
			p++;
		} else {
			ok = buf_add_char(buf, *p);
		}
	}
	return ok;
}

bool
diag_format(const struct diag *diag, struct buf *buf)
{
	/* No message has more than one subject, but may have it twice. */
	const char *const args[] = {diag->arg, diag->arg};

	return diag_fill(buf, messages[diag->code].text, args, diag->error);
}
