/*
 * NAME     option_tail - a rule's options, compared
 * PURPOSE  Both ways must see the same options with the same values, or refuse both.
 * INVARIANTS  An error that both ways see refuses with Debian's library, too: a note. Not so with
 *          numbers, where that is not certain.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/tables/check.h"
#include "policy/option.h"

/* What one way makes of the next field. */
struct reading {
	struct option_cursor cursor;
	enum option_status status;
	struct option option;
	struct diag diag;
};

static void
advance(struct reading *reading)
{
	reading->status = option_next(&reading->cursor, &reading->option, &reading->diag);
}

static bool
agree(const struct reading *a, const struct reading *b)
{
	if (a->status != b->status || a->status != OPTION_FIELD)
		return a->status == b->status;
	return a->option.id == b->option.id && a->option.number == b->option.number &&
	    a->option.value_len == b->option.value_len &&
	    memcmp(a->option.value, b->option.value, a->option.value_len) == 0;
}

/* The original takes numbers that we do not: they wrap there, and may have blanks before them. */
static bool
is_odd_number(const struct diag *diag)
{
	switch ((int)diag->code) {
	case DIAG_BAD_RFC931:
	case DIAG_BAD_UMASK:
	case DIAG_BAD_NICE:
	case DIAG_BAD_LINGER:
		return strpbrk(diag->arg, "0123456789") != NULL;
	default:
		return false;
	}
}

static void
tell_bad(struct check *check, const struct rule *rule, const struct diag *diag)
{
	enum weight weight = is_odd_number(diag) ? STOP : NOTE;

	finding_code(check, weight, rule->tail, diag->code, diag->arg, strlen(diag->arg));
}

/* Options that mean something else with Debian's library. */
static void
tell_changed(struct check *check, const struct rule *rule, enum option_id id)
{
	if (id == OPTION_ACLEXEC)
		finding(check, STOP, rule->tail,
		    "a command of aclexec that says no counts for this rule alone; with Debian's "
		    "library, also for later ones that have options",
		    "see that no rule depends on that");
	else if (id == OPTION_USER || id == OPTION_GROUP)
		finding(check, STOP, rule->tail,
		    "tcpd becomes this user or group; Debian's stays root",
		    "see that the service works as that user, or take the option out");
}

static void
compare(struct check *check, const struct rule *rule, struct reading *one, struct reading *other)
{
	advance(one);
	advance(other);
	while (agree(one, other) && one->status == OPTION_FIELD) {
		tell_changed(check, rule, one->option.id);
		advance(one);
		advance(other);
	}
	if (!agree(one, other))
		finding(check, STOP, rule->tail,
		    "the readings differ in an option that one of them does not know",
		    diag_remedy(DIAG_READINGS_DIFFER));
	if (one->status == OPTION_BAD)
		tell_bad(check, rule, &one->diag);
	else if (other->status == OPTION_BAD)
		tell_bad(check, rule, &other->diag);
}

void
option_tail_check(struct check *check, const struct rule *rule)
{
	struct reading readings[2] = {{.diag = {.code = DIAG_NONE}}, {.diag = {.code = DIAG_NONE}}};
	/* A rule that stands in one way is compared with itself. */
	static const enum way ways_of[WAY_BOTH + 1][2] = {
	    [WAY_CLASSIC] = {WAY_CLASSIC, WAY_CLASSIC},
	    [WAY_PLAIN] = {WAY_PLAIN, WAY_PLAIN},
	    [WAY_BOTH] = {WAY_CLASSIC, WAY_PLAIN},
	};

	for (unsigned i = 0; i < 2; i++)
		option_cursor_init(&readings[i].cursor, ways_of[rule->ways & WAY_BOTH][i],
		    rule->tail, rule->tail_len);
	compare(check, rule, &readings[0], &readings[1]);
	for (unsigned i = 0; i < 2; i++)
		option_cursor_release(&readings[i].cursor);
}
