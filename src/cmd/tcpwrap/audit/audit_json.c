/*
 * NAME     audit_json - an audit for scripts
 * INVARIANTS  Valid JSON in UTF-8, whatever programs and files are called: as json.c has it.
 * SEE      tcpwrap-audit(1) JSON
 */
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "cmd/tcpwrap/audit/audit.h"
#include "cmd/tcpwrap/show.h"

enum { JSON_VERSION = 1, MESSAGE_MAX = 16384 };

static const char *
word_of(bool yes)
{
	return yes ? "true" : "false";
}

static void
print_text(const char *name, const char *text)
{
	if (text != NULL)
		json_text(name, text);
	else
		printf(",\"%s\":null", name);
}

/* A string that begins an object or stands in an array. */
static void
print_process(const struct host_process *process)
{
	const struct host_library *library = &process->library;

	printf("{\"pid\":%ld", (long)process->pid);
	json_text("name", process->name);
	print_text("exe", process->exe[0] != '\0' ? process->exe : NULL);
	json_text("comm", process->comm);
	print_text("library", library->path);
	if (library->path != NULL) {
		print_text("version", library->mark[0] != '\0' ? library->mark : NULL);
		printf(",\"ours\":%s,\"replaced\":%s",
		    library->mark[0] != '\0' ? "true"
		        : library->is_read   ? "false"
		                             : "null",
		    word_of(library->is_deleted));
	}
	putchar('}');
}

static void
print_processes(const struct host_socket *socket)
{
	fputs(",\"programs\":[", stdout);
	for (const struct host_holder *holder = socket->holders; holder != NULL;
	     holder = holder->next) {
		if (holder != socket->holders)
			putchar(',');
		print_process(holder->process);
	}
	putchar(']');
}

static void
print_verdicts(const struct audited *audited)
{
	fputs(",\"verdicts\":{", stdout);
	for (enum audience audience = 0; audience < AUDIENCES; audience++) {
		const struct verdict_of *verdict = &audited->verdicts[audience];

		printf("%s\"%s\":", audience > 0 ? "," : "", audit_audiences[audience]);
		if (verdict->outcome == OUTCOME_NONE)
			fputs("null", stdout);
		else
			printf("{\"verdict\":\"%s\",\"some_otherwise\":%s}",
			    audit_outcomes[verdict->outcome], word_of(verdict->is_more));
	}
	putchar('}');
}

static void
print_guard(const struct guard *guard)
{
	printf(",\"guard\":\"%s\",\"asks\":%s", guard_word(guard->kind),
	    guard_asks(guard)                  ? "true"
	        : guard->kind == GUARD_NOTHING ? "false"
	                                       : "null");
	json_text("reason", guard->reason);
	fputs(",\"daemons\":[", stdout);
	for (unsigned i = 0; i < guard->name_count; i++) {
		if (i > 0)
			putchar(',');
		json_string(guard->names[i]);
	}
	printf("],\"each\":%s,\"line\":", word_of(guard->is_each));
	if (guard->service == NULL) {
		fputs("null", stdout);
		return;
	}
	printf("{\"line\":%u", guard->service->line);
	json_text("file", guard->service->file);
	print_text("program", guard->service->path);
	putchar('}');
}

static void
print_socket(const struct audited *audited)
{
	const struct host_socket *socket = audited->socket;
	const struct passwd *user = getpwuid((uid_t)socket->line.uid);
	char address[ADDR_TEXT_MAX];

	addr_format(&socket->line.addr, address);
	printf("{\"protocol\":\"%s\",\"family\":\"%s\",\"port\":%u,\"inode\":%lu,\"uid\":%lu,"
	       "\"loopback\":%s",
	    socket->is_udp ? "udp" : "tcp", socket->is_v6 ? "ipv6" : "ipv4", socket->line.port,
	    socket->line.inode, socket->line.uid, word_of(audited->is_loopback));
	json_text("address", address);
	print_text("user", user != NULL ? user->pw_name : NULL);
	printf(",\"namespace\":{\"id\":%lu,\"own\":%s}", socket->net->id,
	    word_of(socket->net->is_own));
	print_guard(&audited->guard);
	print_processes(socket);
	print_verdicts(audited);
	putchar('}');
}

static void
print_warning(const struct audit_warning *warning)
{
	char storage[1024];
	struct buf buf;

	buf_init(&buf, storage, sizeof storage, MESSAGE_MAX);
	audit_warning_text(warning, &buf);
	printf("{\"line\":%u", warning->line);
	json_text("id", audit_warning_id(warning->code));
	print_text("file", warning->file);
	json_text("message", buf.len > 0 ? buf.bytes : "");
	json_text("remedy", audit_warning_remedy(warning->code));
	putchar('}');
	buf_release(&buf);
}

void
audit_print_json(struct audit *audit)
{
	const struct audit_counts *counts = &audit->counts;
	bool is_first = true;

	printf("{\"version\":%d,\"sockets\":[", JSON_VERSION);
	for (size_t i = 0; i < audit->count; i++) {
		if (audit->options.is_unprotected && guard_asks(&audit->sockets[i].guard))
			continue;
		fputs(is_first ? "\n" : ",\n", stdout);
		is_first = false;
		print_socket(&audit->sockets[i]);
	}
	fputs("\n],\"warnings\":[", stdout);
	for (const struct audit_warning *warning = audit->warnings; warning != NULL;
	     warning = warning->next) {
		fputs(warning == audit->warnings ? "\n" : ",\n", stdout);
		print_warning(warning);
	}
	printf("\n],\"counts\":{\"sockets\":%zu,\"asking\":%zu,\"nothing\":%zu,\"maybe\":%zu,"
	       "\"unseen\":%zu,\"loopback\":%zu},",
	    counts->all, counts->asking, counts->nothing, counts->maybe, counts->unseen,
	    counts->loopback);
	printf("\"unseen\":{\"processes\":%lu,\"lists\":%lu,\"lines\":%lu}}\n", audit->host.hidden,
	    audit->host.blind, audit->host.odd_lines);
}
