/*
 * NAME     audit_rules - rules that nobody reads
 * PURPOSE  A rule that names a daemon which listens here, and does not ask, is worth nothing: told with
 *          its line.
 */
#include <string.h>

#include "base/str.h"
#include "cmd/tcpwrap/audit/audit_tables.h"

static bool
is_name(const char *name, const char *other)
{
	return str_is(name, strlen(name), other);
}

/* By what its program, its process or its line is called. */
static bool
is_called(const struct audited *audited, const char *name)
{
	const struct guard *guard = &audited->guard;

	for (unsigned i = 0; i < guard->name_count; i++) {
		if (is_name(name, guard->names[i]))
			return true;
	}
	return guard->service != NULL && is_name(name, guard->service->name);
}

/* Somebody of that name who listens, of one kind. */
static const struct audited *
find(const struct audit *audit, const struct host_root *root, const char *name, bool asks)
{
	for (size_t i = 0; i < audit->count; i++) {
		const struct audited *audited = &audit->sockets[i];
		const struct guard *guard = &audited->guard;
		bool is_kind = asks ? guard->kind != GUARD_NOTHING : guard->kind == GUARD_NOTHING;

		if (is_kind && guard->process != NULL && guard->process->root == root &&
		    is_called(audited, name))
			return audited;
	}
	return NULL;
}

/* The two readings of a line name the same daemons. */
static bool
is_told(const struct audit *audit, const struct table_name *name)
{
	for (const struct audit_warning *warning = audit->warnings; warning != NULL;
	     warning = warning->next) {
		if (warning->code == AUDIT_RULE_UNREAD && warning->line == name->line &&
		    warning->file == name->file && is_name(warning->args[0], name->name))
			return true;
	}
	return false;
}

void
audit_check_rules(struct audit *audit)
{
	/* Tables whose daemons all do not ask have not been read by now. */
	for (size_t i = 0; i < audit->count; i++) {
		if (audit->sockets[i].guard.process != NULL)
			audit_tables_of(audit, audit->sockets[i].guard.process->root);
	}
	for (const struct audit_tables *tables = audit->tables; tables != NULL;
	     tables = tables->next) {
		for (const struct table_name *name = tables->names; name != NULL;
		     name = name->next) {
			const struct audited *deaf = find(audit, tables->root, name->name, false);

			if (deaf != NULL && !is_told(audit, name) &&
			    find(audit, tables->root, name->name, true) == NULL)
				audit_warn(audit, AUDIT_RULE_UNREAD, name->file, name->line,
				    name->name, audit_place(audit, deaf->socket, true));
		}
	}
}
