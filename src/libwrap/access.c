/*
 * NAME     access - the decision
 * PURPOSE  A request, two tables, one verdict; then the options of the rule that counts, once.
 * INVARIANTS  1 is returned only where both readings admit the client, nothing failed, and no option
 *          said otherwise. All state is on this stack or this thread's. errno is kept.
 * SEE      hosts_access(3), docs/decisions/two-readings.md, docs/decisions/faults-refuse.md
 */
#include <errno.h>
#include <stdio.h>
#include <syslog.h>

#include "event/log.h"
#include "libwrap/answer.h"
#include "libwrap/options.h"
#include "libwrap/settings.h"
#include "libwrap/socket.h"
#include "libwrap/warn.h"
#include "policy/decide.h"
#include "table/table.h"

/* The two readings come to different verdicts: where, and what the other one says. */
static void
tell_differing(const struct pass *pass, const struct decision *counts, const struct decision *other)
{
	static const char *const verdicts[] = {
	    [VERDICT_REFUSE] = "refused", [VERDICT_TWIST] = "twisted", [VERDICT_GRANT] = "granted"};
	bool is_plain = counts == &pass->decisions[READING_PLAIN];
	const struct decision *place = counts->file != NULL ? counts : other;
	struct diag diag = {.code = DIAG_READINGS_DIFFER, .file = place->file, .line = place->line};
	int len = snprintf(diag.arg, sizeof diag.arg, "%s by the %s reading; the %s one: %s",
	    verdicts[counts->verdict], is_plain ? "plain" : "classic",
	    is_plain ? "classic" : "plain", verdicts[other->verdict]);

	if (other->file == NULL)
		snprintf(diag.arg + len, sizeof diag.arg - (size_t)len, ", as no rule matches");
	else if (other != place)
		snprintf(diag.arg + len, sizeof diag.arg - (size_t)len, " at %s, line %u",
		    other->file, other->line);
	event_diag(&diag);
}

/* Carry out the options of the rule that counts. */
static bool
run_tail(struct request_info *request, struct thread *thread, const struct decision *decision,
    bool by_table)
{
	struct tail tail = {
	    decision->file, decision->line, decision->way, decision->tail, decision->tail_len};
	struct diag diag;
	size_t at = 0;

	switch (options_run(request, thread, &tail, &at, &diag)) {
	case ACTION_END:
		return by_table;
	case ACTION_ALLOW:
		return true;
	case ACTION_DENY:
		return false;
	case ACTION_TWISTED:
		if (diag.code != DIAG_NONE)
			break;
		/* How a tool learns that the client would be handed to a command. */
		settings_clear_dry_run();
		return by_table;
	case ACTION_TRUE: /* not here: a decision asks them all before it is one */
	case ACTION_FALSE:
		return false;
	case ACTION_ERROR:
		break;
	}
	event_diag(&diag);
	return false;
}

static bool
carry_out(const struct answers *answers, const struct decision *decision)
{
	bool by_table = decision->table == TABLE_ALLOW;

	if (decision->by != BY_RULE)
		return decision->verdict == VERDICT_GRANT;
	if (!command_was_asked(answers, decision->file, decision->line))
		options_tell_match(decision->file, decision->line);
	if (decision->has_tail)
		by_table = run_tail(answers->request, answers->thread, decision, by_table);
	/* Not wider than what was decided, whatever the options came to. */
	return by_table && decision->verdict != VERDICT_REFUSE;
}

/* A twist that only the plain reading asks for, beside a grant with options. Only one rule's
 * options are carried out; had one of the other's failed, as for a user who is not there, the
 * original would refuse. */
static bool
is_refused_unseen(const struct pass *pass, const struct decision *counts)
{
	const struct decision *classic = &pass->decisions[READING_CLASSIC];

	return counts != classic && counts->verdict == VERDICT_TWIST && classic->has_tail;
}

static bool
decide(struct request_info *request, struct thread *thread, const char *allow, const char *deny)
{
	struct option_context context = {.resident = settings_begin()};
	const struct decision *decision, *other;
	struct answers answers;
	struct pass pass;
	bool granted;

	thread->names_spent_ms = 0;
	thread->lookup_failed = false;
	thread->is_resident = context.resident;
	answers_init(&answers, request, thread);
	pass_init(&pass, &answers.facts, &context);
	thread->place = &pass.matcher.place;
	table_decide(&pass, allow, deny);
	decision = pass_decide(&pass);
	other = pass_differing(&pass);
	if (other != NULL)
		tell_differing(&pass, decision, other);
	granted = !is_refused_unseen(&pass, decision) && carry_out(&answers, decision);
	thread->place = NULL;
	pass_release(&pass);
	answers_release(&answers);
	return granted;
}

/* As opening it would fail: a program that has taken the name away means no empty table. */
static void
refuse_without_table(void)
{
	errno = EFAULT;
	warn_diag(DIAG_CANNOT_OPEN, "(null)");
}

int
hosts_access(struct request_info *request)
{
	const char *allow = hosts_allow_table, *deny = hosts_deny_table;
	struct thread *thread = thread_state();
	int saved_errno = errno;
	bool granted = false;

	/* sock_host has said what is wrong. */
	if (socket_failed(request))
		return 0;
	if (thread == NULL)
		warn_diag(DIAG_NO_MEMORY, "");
	else if (allow == NULL || deny == NULL)
		refuse_without_table();
	else
		granted = decide(request, thread, allow, deny);
	errno = saved_errno;
	return granted;
}

int
hosts_ctl(
    const char *daemon, const char *client_name, const char *client_addr, const char *client_user)
{
	struct request_info request;

	request_init(&request, RQ_DAEMON, daemon, RQ_CLIENT_NAME, client_name, RQ_CLIENT_ADDR,
	    client_addr, RQ_USER, client_user, 0);
	return hosts_access(&request);
}
