/*
 * NAME     text - findings as lines
 * LIMITS   EVENT_DIAG_MAX, FILE_MAX
 */
#include "event/log.h"

/* Of a path, escaped: with the longest message behind it the line still fits. */
enum { FILE_MAX = 384 };

static void
add_escaped_cut(struct buf *out, const char *text, size_t max)
{
	size_t stop = out->len + max;

	while (*text != '\0' && out->len + 4 <= stop && buf_add_escaped(out, text, 1))
		text++;
}

void
event_diag_text(const struct diag *diag, struct buf *out)
{
	static const char *const tags[] = {
	    [DIAG_INFO] = "", [DIAG_WARNING] = "warning: ", [DIAG_ERROR] = "error: "};
	char storage[EVENT_DIAG_MAX + 1];
	struct buf line;
	enum diag_severity severity = diag_severity(diag->code);

	buf_init(&line, storage, sizeof storage, EVENT_DIAG_MAX);
	buf_add_str(&line, tags[severity]);
	if (diag->file != NULL && severity != DIAG_INFO) {
		add_escaped_cut(&line, diag->file, FILE_MAX);
		buf_add_str(&line, ", line ");
		buf_add_number(&line, diag->line);
		buf_add_str(&line, ": ");
	}
	diag_format(diag, &line);
	buf_add(out, line.bytes, line.len);
}
