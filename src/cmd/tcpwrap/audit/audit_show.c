/*
 * NAME     audit_show - an audit for people
 * PURPOSE  A table, what is to be said of it, and a line that sums it up.
 * INVARIANTS  What programs and files are called is escaped. Colour says nothing that words do not.
 * LIMITS   CELL_MAX: of a longer text, its beginning.
 */
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "cmd/tcpwrap/audit/audit.h"
#include "cmd/tcpwrap/show.h"

enum { CELL_MAX = 60, MESSAGE_MAX = 16384 };

enum column {
	MARK,
	PROTOCOL,
	PLACE,
	PROGRAM,
	USER,
	GUARD,
	DAEMON,
	ANYBODY,
	LOOPBACK,
	PRIVATE,
	COLUMNS
};

static const char *const headings[COLUMNS] = {
    "", "PROTO", "ADDRESS", "PROGRAM", "USER", "ASKS", "DAEMON", "ANYBODY", "LOOPBACK", "PRIVATE"};

/* What stands in front of a row. */
static const char *const marks[] = {[GUARD_NOTHING] = "!",
    [GUARD_UNSEEN] = "?",
    [GUARD_MAYBE] = "?",
    [GUARD_LINKED] = "",
    [GUARD_HELPER] = "",
    [GUARD_TCPD] = "",
    [GUARD_STARTER] = ""};

struct row {
	char cells[COLUMNS][4 * CELL_MAX + 1];
};

static void
set(struct row *row, enum column column, const char *text)
{
	size_t len = strlen(text);
	struct buf buf;

	buf_init(
	    &buf, row->cells[column], sizeof row->cells[column], sizeof row->cells[column] - 1);
	buf_add_escaped(&buf, text, len < CELL_MAX ? len : CELL_MAX);
}

/* ---- cells ---- */

/* Others that hold it are only counted. */
static void
set_program(struct row *row, const struct audited *audited)
{
	const struct host_process *process = audited->guard.process;
	unsigned others = 0;
	char text[256], called[64];

	for (const struct host_holder *holder = audited->socket->holders; holder != NULL;
	     holder = holder->next)
		others += holder->process != process;
	if (process != NULL && process->is_called_otherwise)
		snprintf(called, sizeof called, "%.36s(%.16s)", process->name, process->comm);
	else if (process != NULL)
		snprintf(called, sizeof called, "%.40s", process->name);
	if (process == NULL)
		snprintf(text, sizeof text, "?[inode %lu]", audited->socket->line.inode);
	else if (others > 0)
		snprintf(text, sizeof text, "%s[%ld]+%u", called, (long)process->pid, others);
	else
		snprintf(text, sizeof text, "%s[%ld]", called, (long)process->pid);
	set(row, PROGRAM, text);
}

static void
set_user(struct row *row, const struct audited *audited)
{
	const struct passwd *user = getpwuid((uid_t)audited->socket->line.uid);
	char text[32];

	snprintf(text, sizeof text, "%lu", audited->socket->line.uid);
	set(row, USER, user != NULL ? user->pw_name : text);
}

/* "libwrap 0.1.0 (tcpwrap)", "libwrap.so.0.7.6", "tcpd /etc/inetd.conf:3" */
static void
set_guard(struct row *row, const struct guard *guard)
{
	const struct host_library *library =
	    guard->process != NULL && guard->service == NULL ? &guard->process->library : NULL;
	char text[256];

	if (!guard_asks(guard))
		snprintf(text, sizeof text, "%s", guard_word(guard->kind));
	else if (guard->service != NULL)
		snprintf(text, sizeof text, "%s %.40s:%u",
		    guard->kind == GUARD_STARTER ? guard->process->name : guard_word(guard->kind),
		    host_last_part(guard->service->file), guard->service->line);
	else if (library != NULL && library->path != NULL)
		snprintf(text, sizeof text, "%s%s%s",
		    library->mark[0] != '\0' ? library->mark : host_last_part(library->path),
		    library->mark[0] != '\0' ? " (tcpwrap)" : "",
		    library->is_deleted ? " replaced" : "");
	else
		snprintf(text, sizeof text, "helper %.40s", host_last_part(guard->reason));
	set(row, GUARD, text);
}

static void
set_daemon(struct row *row, const struct guard *guard)
{
	char storage[CELL_MAX + 1];
	struct buf buf;

	buf_init(&buf, storage, sizeof storage, CELL_MAX);
	buf_add_str(&buf, guard->name_count == 0 ? "-" : "");
	for (unsigned i = 0; i < guard->name_count; i++) {
		buf_add_str(&buf, i == 0 ? "" : guard->is_each ? "+" : "|");
		buf_add_str(&buf, guard->names[i]);
	}
	set(row, DAEMON, buf.bytes);
}

static void
set_verdict(struct row *row, enum column column, struct verdict_of verdict)
{
	char text[32];

	snprintf(text, sizeof text, "%s%s", audit_outcomes[verdict.outcome],
	    verdict.is_more && verdict.outcome != OUTCOME_NONE ? "*" : "");
	set(row, column, text);
}

static void
fill(struct audit *audit, const struct audited *audited, struct row *row)
{
	set(row, MARK, marks[audited->guard.kind]);
	set(row, PROTOCOL, audited->socket->is_udp ? "udp" : "tcp");
	set(row, PLACE, audit_place(audit, audited->socket, false));
	set_program(row, audited);
	set_user(row, audited);
	set_guard(row, &audited->guard);
	set_daemon(row, &audited->guard);
	set_verdict(row, ANYBODY, audited->verdicts[AUDIENCE_ANYBODY]);
	set_verdict(row, LOOPBACK, audited->verdicts[AUDIENCE_LOOPBACK]);
	set_verdict(row, PRIVATE, audit_private(audited));
}

/* ---- the table ---- */

struct widths {
	size_t of[COLUMNS];
};

static bool
is_shown(const struct audit *audit, const struct audited *audited)
{
	return !audit->options.is_unprotected || !guard_asks(&audited->guard);
}

static struct widths
measure(struct audit *audit)
{
	struct widths widths = {{1}};
	struct row row;

	for (enum column column = PROTOCOL; column < COLUMNS; column++)
		widths.of[column] = strlen(headings[column]);
	for (size_t i = 0; i < audit->count; i++) {
		if (!is_shown(audit, &audit->sockets[i]))
			continue;
		fill(audit, &audit->sockets[i], &row);
		for (enum column column = MARK; column < COLUMNS; column++) {
			size_t len = strlen(row.cells[column]);

			widths.of[column] = len > widths.of[column] ? len : widths.of[column];
		}
	}
	return widths;
}

static void
print_cell(const struct widths *widths, enum column column, const char *text)
{
	if (column + 1 < COLUMNS)
		printf("%-*s ", (int)widths->of[column], text);
	else
		puts(text);
}

static void
print_row(const struct audit *audit, const struct widths *widths, const struct row *row,
    const struct audited *audited)
{
	static const char *const colours[] = {
	    [GUARD_NOTHING] = "31", [GUARD_UNSEEN] = "33", [GUARD_MAYBE] = "33"};
	bool is_coloured = !guard_asks(&audited->guard) && show_is_coloured();

	(void)audit;
	if (is_coloured)
		printf("\033[1;%sm", colours[audited->guard.kind]);
	for (enum column column = MARK; column < COLUMNS; column++) {
		if (column == PROGRAM && is_coloured)
			fputs("\033[0m", stdout);
		print_cell(widths, column, row->cells[column]);
	}
	if (guard_asks(&audited->guard) || audited->guard.reason[0] == '\0')
		return;
	fputs("  (", stdout);
	show_escaped(audited->guard.reason, strlen(audited->guard.reason));
	puts(")");
}

static void
print_namespace(const struct host_net *net)
{
	if (net->id != 0)
		printf("namespace net:[%lu]%s\n", net->id, net->is_own ? ", this one" : "");
	else
		printf(
		    "a namespace whose number cannot be seen%s\n", net->is_own ? ", this one" : "");
}

static void
print_table(struct audit *audit)
{
	struct widths widths = measure(audit);
	const struct host_net *net = NULL;
	bool has_others = false, has_rows = false;
	struct row row;

	for (size_t i = 0; i < audit->count; i++)
		has_others |= !audit->sockets[i].socket->net->is_own;
	for (size_t i = 0; i < audit->count; i++) {
		const struct audited *audited = &audit->sockets[i];

		if (!is_shown(audit, audited))
			continue;
		for (enum column column = MARK; column < COLUMNS && !has_rows; column++)
			print_cell(&widths, column, headings[column]);
		has_rows = true;
		if (has_others && audited->socket->net != net)
			print_namespace(audited->socket->net);
		net = audited->socket->net;
		fill(audit, audited, &row);
		print_row(audit, &widths, &row, audited);
	}
}

/* ---- what is to be said ---- */

static void
print_warning(const struct audit_warning *warning)
{
	char storage[1024];
	struct buf buf;

	if (warning->file != NULL) {
		show_escaped(warning->file, strlen(warning->file));
		printf(":%u: ", warning->line);
	}
	buf_init(&buf, storage, sizeof storage, MESSAGE_MAX);
	audit_warning_text(warning, &buf);
	printf("warning: %s\n", buf.len > 0 ? buf.bytes : "");
	if (audit_warning_remedy(warning->code)[0] != '\0')
		printf("\tremedy: %s\n", audit_warning_remedy(warning->code));
	buf_release(&buf);
}

static void
print_count(size_t count, const char *what)
{
	if (count > 0)
		printf(", %zu %s", count, what);
}

static void
print_unseen(const struct host *host)
{
	if (host->hidden > 0)
		printf("not seen: what %lu processes of others have open; ask as root\n",
		    host->hidden);
	if (host->blind > 0)
		printf("not seen: %lu lists of sockets that cannot be read\n", host->blind);
	if (host->odd_lines > 0)
		printf("not seen: %lu lines of the kernel that make no sense\n", host->odd_lines);
}

static bool
has_more(const struct audited *audited)
{
	bool found = false;

	for (enum audience audience = 0; audience < AUDIENCES; audience++)
		found |= audited->verdicts[audience].is_more;
	return found;
}

static void
print_sum(const struct audit *audit)
{
	const struct audit_counts *counts = &audit->counts;
	size_t nothing = 0;

	for (size_t i = 0; i < audit->count; i++)
		nothing += audit->sockets[i].guard.kind == GUARD_NOTHING;
	if (counts->all == 0) {
		puts("nothing listens here");
		return;
	}
	printf("%zu of %zu listening sockets never %s the tables", nothing, counts->all,
	    nothing == 1 ? "asks" : "ask");
	print_count(counts->maybe, "may ask");
	print_count(counts->unseen, "cannot be seen");
	print_count(
	    counts->loopback, "of those that do not ask can be reached from this host only");
	putchar('\n');
}

void
audit_show(struct audit *audit)
{
	bool found = false;

	print_table(audit);
	for (size_t i = 0; i < audit->count && !found; i++)
		found = is_shown(audit, &audit->sockets[i]) && has_more(&audit->sockets[i]);
	if (found)
		puts("* but for some, by rules on names, users, commands or the server's address");
	for (const struct audit_warning *warning = audit->warnings; warning != NULL;
	     warning = warning->next)
		print_warning(warning);
	print_unseen(&audit->host);
	print_sum(audit);
}
