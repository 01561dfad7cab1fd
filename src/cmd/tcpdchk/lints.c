/*
 * NAME     lints - the linter's findings as lines of this tool
 * PURPOSE  What the old checker never looked for: words and lines that mean something else than they
 *          say. `tcpwrap check` shows the same with the line, both readings and how to mend it.
 * INVARIANTS  Notes are left out: they are no faults.
 * SEE      tcpwrap-check(1)
 */
#include "cmd/tcpdchk/lints.h"

#include <string.h>

#include "event/log.h"
#include "lint/lint.h"
#include "peer/name.h"
#include "tool/tell.h"

static void
take(void *ctx, const struct finding *finding)
{
	enum lint_severity severity = lint_specs[finding->id].severity;
	char storage[EVENT_DIAG_MAX + 1];
	struct buf text;

	(void)ctx;
	if (severity == LINT_NOTE)
		return;
	buf_init(&text, storage, sizeof storage, EVENT_DIAG_MAX);
	buf_add_str(&text, finding->message);
	if (finding->differs && finding->effect[0] != '\0') {
		buf_add_str(&text, "; ");
		buf_add_str(&text, finding->effect);
	}
	tell_finding(severity == LINT_ERROR, finding->file, finding->line, storage);
}

bool
lints_check(const char *allow, const char *deny)
{
	struct lint lint = {.take = take, .netgroup = peer_netgroup};
	bool ok = lint_file(&lint, TABLE_ALLOW, allow) != LINT_NO_MEMORY;

	ok = lint_file(&lint, TABLE_DENY, deny) != LINT_NO_MEMORY && ok;
	lint_release(&lint);
	return ok;
}
