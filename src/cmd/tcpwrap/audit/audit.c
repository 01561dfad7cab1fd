/*
 * NAME     audit - tcpwrap audit
 * PURPOSE  Is it protected? Every socket that anybody may talk to, who asks the tables for it, and what
 *          these say.
 * INVARIANTS  0 is said only if each socket is known to be asked for. Nothing is sent, run or changed.
 * SEE      tcpwrap-audit(1), host/guard.h
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "cmd/tcpwrap/audit/audit.h"
#include "cmd/tcpwrap/command.h"
#include "cmd/tcpwrap/show.h"
#include "tool/end.h"
#include "tool/flags.h"

enum { EXIT_PROTECTED, EXIT_UNPROTECTED };

static const struct flag table[] = {
#define FLAG(letter, name, argument, member, help)                                                 \
	{letter, name, argument, offsetof(struct audit_options, member), help},
#include "cmd/tcpwrap/audit/audit.def"
#undef FLAG
};

static const struct flags flags = {
    .program = "tcpwrap audit",
    .usage = "[option ...]",
    .hints = "tcpwrap audit --help says more\n",
    .about =
        "Show every socket that listens, or is bound for datagrams, with its program; who asks\n"
        "hosts.allow and hosts.deny for it, if anybody does; the name that rules have to use; and\n"
        "what they say of anybody, this host and private networks.\n",
    .statuses =
        "Exit status: 0 the tables are asked for each socket, or there is none; 1 not for each,\n"
        "or that cannot be seen; 2 bad usage, or it cannot be found out.\n",
    .flags = table,
    .count = sizeof table / sizeof *table,
    .usage_status = EXIT_TROUBLE,
};

static const struct {
	const char *id, *text, *remedy;
} codes[] = {
#define AUDIT(id, text, remedy) [AUDIT_##id] = {#id, text, remedy},
#include "listeners.def"
#undef AUDIT
};

/* ---- warnings ---- */

const char *
audit_warning_id(enum audit_code code)
{
	return codes[code].id;
}

const char *
audit_warning_remedy(enum audit_code code)
{
	return codes[code].remedy;
}

bool
audit_warning_text(const struct audit_warning *warning, struct buf *buf)
{
	return diag_fill(buf, codes[warning->code].text, warning->args, 0);
}

void
audit_warn(struct audit *audit, enum audit_code code, const char *file, unsigned line,
    const char *first, const char *second)
{
	struct audit_warning *warning = arena_alloc(&audit->arena, sizeof *warning);

	audit->failed |= warning == NULL;
	if (warning == NULL)
		return;
	*warning = (struct audit_warning){NULL, code, file, line, {first, second}};
	*audit->warnings_end = warning;
	audit->warnings_end = &warning->next;
}

const char *
audit_place(struct audit *audit, const struct host_socket *socket, bool has_protocol)
{
	char storage[ADDR_TEXT_MAX + 32], address[ADDR_TEXT_MAX];
	const char *text;
	struct buf buf;

	buf_init(&buf, storage, sizeof storage, sizeof storage - 1);
	addr_format(&socket->line.addr, address);
	if (has_protocol)
		buf_add_str(&buf, socket->is_udp ? "udp " : "tcp ");
	buf_add_str(&buf, strchr(address, ':') != NULL ? "[" : "");
	buf_add_str(&buf, address);
	buf_add_str(&buf, strchr(address, ':') != NULL ? "]:" : ":");
	buf_add_number(&buf, socket->line.port);
	text = arena_copy(&audit->arena, buf.bytes, buf.len);
	audit->failed |= text == NULL;
	return text != NULL ? text : "";
}

/* Of a process once, however many sockets it has. */
static bool
is_told(const struct audit *audit, enum audit_code code, const char *first)
{
	for (const struct audit_warning *warning = audit->warnings; warning != NULL;
	     warning = warning->next) {
		if (warning->code == code && strcmp(warning->args[0], first) == 0)
			return true;
	}
	return false;
}

/* "name[pid]" */
static const char *
process_text(struct audit *audit, const struct host_process *process)
{
	const char *text = NULL;
	struct buf buf;

	buf_init(&buf, NULL, 0, HOST_PATH_MAX);
	buf_add_str(&buf, process->name);
	buf_add_char(&buf, '[');
	buf_add_number(&buf, (unsigned long)process->pid);
	if (buf_add_char(&buf, ']'))
		text = arena_copy(&audit->arena, buf.bytes, buf.len);
	buf_release(&buf);
	audit->failed |= text == NULL;
	return text != NULL ? text : "";
}

static const char *
holders_text(struct audit *audit, const struct host_socket *socket)
{
	const char *text;
	struct buf buf;

	buf_init(&buf, NULL, 0, HOST_PATH_MAX);
	for (const struct host_holder *holder = socket->holders; holder != NULL;
	     holder = holder->next) {
		buf_add_str(&buf, holder == socket->holders ? "" : ", ");
		buf_add_str(&buf, process_text(audit, holder->process));
	}
	text = buf.len > 0 ? arena_copy(&audit->arena, buf.bytes, buf.len) : NULL;
	buf_release(&buf);
	audit->failed |= text == NULL;
	return text != NULL ? text : "";
}

static void
check_socket(struct audit *audit, const struct audited *audited)
{
	const struct guard *guard = &audited->guard;
	const char *name;

	if (guard->is_shared)
		audit_warn(audit, AUDIT_SOCKET_SHARED, NULL, 0,
		    audit_place(audit, audited->socket, true),
		    holders_text(audit, audited->socket));
	for (const struct host_holder *holder = audited->socket->holders; holder != NULL;
	     holder = holder->next) {
		name = process_text(audit, holder->process);
		if (holder->process->library.is_deleted &&
		    !is_told(audit, AUDIT_LIBRARY_REPLACED, name))
			audit_warn(audit, AUDIT_LIBRARY_REPLACED, NULL, 0, name,
			    holder->process->library.path);
		if (holder->process->root->path[0] != '\0' &&
		    !is_told(audit, AUDIT_OTHER_TABLES, name))
			audit_warn(
			    audit, AUDIT_OTHER_TABLES, NULL, 0, name, holder->process->root->path);
	}
}

/* ---- sockets ---- */

static bool
is_wanted(const struct audit_options *options, const struct host_socket *socket)
{
	return options->is_tcp == options->is_udp ||
	    (socket->is_udp ? options->is_udp : options->is_tcp);
}

static void
count(struct audit *audit, const struct audited *audited)
{
	struct audit_counts *counts = &audit->counts;

	counts->all++;
	if (guard_asks(&audited->guard))
		counts->asking++;
	else if (audited->is_loopback && !audit->options.counts_loopback)
		counts->loopback++;
	else if (audited->guard.kind == GUARD_NOTHING)
		counts->nothing++;
	else if (audited->guard.kind == GUARD_MAYBE)
		counts->maybe++;
	else
		counts->unseen++;
}

/* Namespace by namespace, one's own first; those that nobody asks for before the others; then by port. */
static int
compare(const void *a, const void *b)
{
	const struct audited *one = a, *other = b;
	const struct net_line *x = &one->socket->line, *y = &other->socket->line;

	if (one->socket->net != other->socket->net) {
		if (one->socket->net->is_own != other->socket->net->is_own)
			return one->socket->net->is_own ? -1 : 1;
		return one->socket->net->ino < other->socket->net->ino ? -1 : 1;
	}
	if (one->guard.kind != other->guard.kind &&
	    (!guard_asks(&one->guard) || !guard_asks(&other->guard)))
		return one->guard.kind < other->guard.kind ? -1 : 1;
	if (one->socket->is_udp != other->socket->is_udp)
		return one->socket->is_udp ? 1 : -1;
	if (x->port != y->port)
		return x->port < y->port ? -1 : 1;
	return memcmp(x->addr.bytes, y->addr.bytes, sizeof x->addr.bytes);
}

static bool
look(struct audit *audit)
{
	const char *which = audit->options.namespaces;

	if (host_read(&audit->host, which == NULL || strcmp(which, "all") == 0) < 0) {
		fprintf(stderr, "tcpwrap audit: cannot read /proc: %s\n", strerror(errno));
		return false;
	}
	audit->sockets = calloc(audit->host.count + 1, sizeof *audit->sockets);
	audit->failed |= audit->sockets == NULL;
	for (size_t i = 0; i < audit->host.count && audit->sockets != NULL; i++) {
		struct audited *audited = &audit->sockets[audit->count];

		audited->socket = &audit->host.sockets[i];
		if (!is_wanted(&audit->options, audited->socket))
			continue;
		audited->is_loopback = host_is_loopback(&audited->socket->line.addr);
		guard_find(&audit->files, audited->socket, &audited->guard);
		audit_judge(audit, audited);
		count(audit, audited);
		audit->count++;
	}
	if (audit->count > 0)
		qsort(audit->sockets, audit->count, sizeof *audit->sockets, compare);
	for (size_t i = 0; i < audit->count; i++)
		check_socket(audit, &audit->sockets[i]);
	audit_check_rules(audit);
	return true;
}

static int
status_of(const struct audit *audit)
{
	const struct audit_counts *counts = &audit->counts;

	if (audit->failed || audit->host.failed) {
		fputs("tcpwrap audit: out of memory, or a limit: not everything was looked at\n",
		    stderr);
		return EXIT_TROUBLE;
	}
	return counts->nothing + counts->maybe + counts->unseen > 0 || audit->host.blind > 0 ||
	        audit->host.odd_lines > 0
	    ? EXIT_UNPROTECTED
	    : EXIT_PROTECTED;
}

static int
run(struct audit *audit)
{
	if (!look(audit))
		return EXIT_TROUBLE;
	if (audit->options.is_json)
		audit_print_json(audit);
	else if (!audit->options.is_quiet)
		audit_show(audit);
	return status_of(audit);
}

static bool
parse(struct audit_options *options, int argc, char **argv)
{
	int at = flags_parse(&flags, argc, argv, options);
	const char *which = options->namespaces;

	if (at < argc)
		fprintf(stderr, "tcpwrap audit: there is nothing to be named: it looks at all\n");
	else if (which != NULL && strcmp(which, "all") != 0 && strcmp(which, "own") != 0)
		fprintf(stderr, "tcpwrap audit: --namespace is all or own\n");
	else
		return true;
	fprintf(stderr, "%s", flags.hints);
	return false;
}

int
command_audit(int argc, char **argv)
{
	struct audit audit = {.count = 0};
	int status;

	if (!parse(&audit.options, argc, argv))
		return EXIT_TROUBLE;
	show_absent(flags.program, (const char *const[]){audit.options.allow, audit.options.deny});
	audit.warnings_end = &audit.warnings;
	host_init(&audit.host);
	guard_init(&audit.files, &audit.host);
	status = run(&audit);
	guard_release(&audit.files);
	audit_tables_release(&audit);
	free(audit.sockets);
	arena_release(&audit.arena);
	host_release(&audit.host);
	return end_status(flags.program, status, EXIT_TROUBLE);
}
