/*
 * NAME     access - the verdict in the loop
 * PURPOSE  Addresses, networks and the service's name decide nearly every client; that takes two looks
 *          at files and no waiting. Whatever else a decision comes upon makes it somebody else's.
 * INVARIANTS  Asked here, libwrap would come to the same verdict, and tcpd say the same line. Nothing is
 *          looked up, carried out or told; no table is read. What the service's user could not read is
 *          never used for it here.
 * LIMITS   LOOKS_MAX: what takes longer, a child looks at. ROUNDS: tables, and lists that lists name, are
 *          read for a client this often; then a child reads for itself.
 * SEE      docs/decisions/inetd-access.md, src/libwrap/access.c
 */
#include "cmd/inetd/access/access.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "cmd/inetd/log.h"
#include "event/log.h"

enum {
	ROUNDS = 4,
	LOOKS_MAX = 20000, /* rules and words of lists: they take some 1 ms of the loop */
	LINE_MAX_BYTES = 2 * PEER_TEXT_MAX + 64,
};

/* A client, as policy asks about it. */
struct question {
	const struct access_rules *rules;
	const struct access_client *client;
	struct facts facts;
	struct addr_fact addrs[2];
	bool has_addr[2];
	struct sockaddr_storage server;
	enum { SERVER_NOT_ASKED, SERVER_KNOWN, SERVER_UNKNOWN } server_state;
	char texts[2][PEER_TEXT_MAX];
	bool needs_child;
	struct table_kept kept;
};

/* ---- facts: what is there already ---- */

/* NULL: it has to be found out by whoever may say that it cannot be. */
static const struct sockaddr *
server_of(struct question *question)
{
	socklen_t len = sizeof question->server;

	if (question->server_state == SERVER_NOT_ASKED) {
		question->server_state = SERVER_UNKNOWN;
		if (getsockname(question->client->fd, (struct sockaddr *)&question->server, &len) ==
		        0 &&
		    peer_is_whole(&question->server, len))
			question->server_state = SERVER_KNOWN;
	}
	if (question->server_state == SERVER_KNOWN)
		return (const struct sockaddr *)&question->server;
	question->needs_child = true;
	return NULL;
}

static const struct addr_fact *
addr(void *ctx, enum end end)
{
	struct question *question = ctx;
	struct addr_fact *fact = &question->addrs[end];
	const struct sockaddr *sa =
	    end == END_CLIENT ? question->client->address : server_of(question);

	if (question->has_addr[end])
		return fact;
	question->has_addr[end] = sa != NULL && peer_addr_text(sa, question->texts[end]) &&
	    addr_fact_init(fact, question->texts[end], &question->facts);
	if (question->has_addr[end])
		return fact;
	question->needs_child = true;
	return NULL;
}

static const struct name_fact *
no_name(void *ctx, enum end end)
{
	(void)end;
	((struct question *)ctx)->needs_child = true;
	return NULL;
}

/* Nobody has looked one up. */
static const struct name_fact *
no_known_name(void *ctx, enum end end)
{
	(void)ctx;
	(void)end;
	return NULL;
}

static const char *
daemon_name(void *ctx)
{
	return ((struct question *)ctx)->rules->name;
}

static const char *
no_user(void *ctx)
{
	((struct question *)ctx)->needs_child = true;
	return NULL;
}

static int
server_port(void *ctx, enum way way)
{
	return peer_server_port(server_of(ctx), way == WAY_CLASSIC);
}

static int
no_netgroup(void *ctx, const char *group, const char *name)
{
	(void)group;
	(void)name;
	((struct question *)ctx)->needs_child = true;
	return -1;
}

static enum command_status
no_command(void *ctx, const struct tail *tail, unsigned number)
{
	(void)tail;
	(void)number;
	((struct question *)ctx)->needs_child = true;
	return COMMAND_FAILED;
}

/* Can everybody search this folder, and those that it is in? A link leads somewhere else: then it is not
 * looked into. */
static bool
is_open_folder(const char *path, size_t len)
{
	char part[PATH_MAX];
	struct stat st;

	if (len >= sizeof part)
		return false;
	memcpy(part, path, len);
	for (part[len] = '\0'; part[0] != '\0'; *strrchr(part, '/') = '\0') {
		if (lstat(part, &st) < 0 || !S_ISDIR(st.st_mode) || (st.st_mode & S_IXOTH) == 0)
			return false;
	}
	return true;
}

static size_t
folder_len(const char *path)
{
	return (size_t)(strrchr(path, '/') - path);
}

static bool
is_no_link(const char *path)
{
	struct stat st;

	return lstat(path, &st) < 0 || !S_ISLNK(st.st_mode);
}

/* Can everybody get at this file, if it is everybody's to read? */
static bool
is_open_to_all(const char *path)
{
	return is_no_link(path) && is_open_folder(path, folder_len(path));
}

static enum list_status
list_open(void *ctx, const char *path, struct list_source **ret_source,
    const struct words **ret_words, int *ret_error)
{
	struct question *question = ctx;

	if (!question->rules->reads_all && !is_open_to_all(path))
		question->kept.is_private = true;
	return table_list_kept(&question->kept, path, ret_source, ret_words, ret_error);
}

/* There is something to tell. */
static void
no_report(void *ctx, const struct diag *diag)
{
	(void)diag;
	((struct question *)ctx)->needs_child = true;
}

static const struct facts_ops ops = {addr, no_name, no_known_name, daemon_name, no_user,
    server_port, no_netgroup, peer_scope, no_command, list_open, table_list_read, table_list_close,
    no_report};

/* ---- the tables ---- */

/* Options that only say how, and not what to do. False: there are others, or an error. */
static bool
is_plain(const struct decision *decision, int *ret_priority)
{
	struct option_cursor cursor;
	struct option option;
	struct diag ignored;
	enum option_status status;
	int priority = *ret_priority;
	bool plain = true;

	option_cursor_init(&cursor, decision->way, decision->tail, decision->tail_len);
	while (plain && (status = option_next(&cursor, &option, &ignored)) != OPTION_END) {
		if (status == OPTION_FIELD && option.id == OPTION_SEVERITY)
			priority = (int)option.number;
		else
			plain = status == OPTION_FIELD &&
			    (option.id == OPTION_ALLOW || option.id == OPTION_DENY);
	}
	option_cursor_release(&cursor);
	if (plain)
		*ret_priority = priority;
	return plain;
}

/* What both tables come to, once all that was asked could be answered. */
static enum access_verdict
weigh(const struct question *question, struct pass *pass, struct access_answer *ret)
{
	const struct decision *decision = pass_decide(pass);
	bool granted = decision->verdict == VERDICT_GRANT;

	ret->priority = granted ? LOG_INFO : LOG_WARNING;
	ret->file = decision->file;
	ret->line = decision->line;
	if (question->needs_child || question->kept.is_long || pass_differing(pass) != NULL ||
	    decision->by == BY_FAULT || decision->verdict == VERDICT_TWIST || decision->failed ||
	    (decision->has_tail && !is_plain(decision, &ret->priority)))
		return ACCESS_CHILD;
	if (question->kept.is_private && !question->rules->reads_all)
		return ACCESS_CHILD;
	return granted ? ACCESS_ADMIT : ACCESS_REFUSE;
}

/* Both tables, which mostly stand in one folder. */
static bool
are_open_to_all(const struct access *access)
{
	const char *allow = access->tables[0], *deny = access->tables[1];
	size_t len = folder_len(allow);

	return is_open_to_all(allow) && is_no_link(deny) &&
	    ((folder_len(deny) == len && memcmp(allow, deny, len) == 0) ||
	        is_open_folder(deny, folder_len(deny)));
}

/* Is it going to be of use to a client who has waited so often? */
static bool
is_worth_reading(const struct access *access, unsigned rounds)
{
	const struct reader *reader = &access->reader;

	return rounds < ROUNDS && (rounds == 0 || reader->is_busy || reader->is_kept);
}

/* A child's, which reads for itself; but what does not come to an end here would not there. */
static enum access_verdict
ask_reading_child(const struct access *access, struct access_answer *ret)
{
	if (!access->reader.is_late)
		return ACCESS_CHILD;
	ret->priority = LOG_WARNING;
	ret->file = NULL;
	ret->line = 0;
	ret->reason = "tables cannot be read";
	return ACCESS_REFUSE;
}

static enum access_verdict
ask_tables(struct access *access, struct question *question, struct access_answer *ret)
{
	const struct option_context context = {.resident = false};
	enum access_verdict verdict;
	struct pass pass;

	if (!question->rules->reads_all && !are_open_to_all(access))
		return ask_reading_child(access, ret);
	pass_init(&pass, &question->facts, &context);
	table_decide_kept(&pass, access->tables[0], access->tables[1], &question->kept);
	verdict = weigh(question, &pass, ret);
	pass_release(&pass);
	if (!question->kept.must_read)
		return verdict;
	/* Whoever may wait reads what cannot be kept. */
	return !access->reader.is_late && is_worth_reading(access, question->client->rounds) &&
	        reader_start(&access->reader, &question->kept)
	    ? ACCESS_LATER
	    : ask_reading_child(access, ret);
}

/* ---- only_from and no_access ---- */

static enum access_verdict
by_origin(
    const struct access_rules *rules, const struct sockaddr *client, struct access_answer *ret)
{
	enum origin_found from = ORIGIN_YES, kept_out = ORIGIN_NO;
	struct addr address;
	unsigned line = rules->only_from_line, ignored;
	bool is_typed = origin_address(client, &address);

	/* Whoever has no address is on no list of addresses. */
	if (rules->has_only_from)
		from = is_typed ? origin_find(&rules->only_from, &address, &ignored) : ORIGIN_NO;
	if (rules->has_no_access && is_typed)
		kept_out = origin_find(&rules->no_access, &address, &line);
	if (from == ORIGIN_NO || kept_out == ORIGIN_YES) {
		ret->priority = LOG_WARNING;
		ret->file = kept_out == ORIGIN_YES ? rules->no_access_file : rules->file;
		ret->line = kept_out == ORIGIN_YES && rules->no_access_line > 0
		    ? rules->no_access_line
		    : line;
		return ACCESS_REFUSE;
	}
	return from == ORIGIN_YES && kept_out == ORIGIN_NO ? ACCESS_ADMIT : ACCESS_CHILD;
}

/* ---- the whole question ---- */

static enum access_verdict
judge(struct access *access, const struct access_rules *rules, const struct access_client *client,
    struct access_answer *ret)
{
	/* But for the text of what has to be read, which is long. */
	struct question question;
	enum access_verdict verdict = ACCESS_ADMIT;

	memset(&question, 0, offsetof(struct question, kept));
	question.kept.must_read = question.kept.is_list = question.kept.is_private = false;
	question.kept.is_long = question.kept.shows_all = false;
	question.kept.left = LOOKS_MAX;
	question.rules = rules;
	question.client = client;
	question.facts = (struct facts){.ops = &ops, .ctx = &question};
	if (rules->has_only_from || rules->has_no_access)
		verdict = by_origin(rules, client->address, ret);
	if (verdict == ACCESS_ADMIT && rules->asks_tables)
		verdict = ask_tables(access, &question, ret);
	else if (verdict == ACCESS_CHILD && rules->asks_tables)
		verdict = ask_reading_child(access, ret);
	if (verdict != ACCESS_LATER && verdict != ACCESS_CHILD) {
		if (question.has_addr[END_CLIENT])
			memcpy(ret->address, question.texts[END_CLIENT], sizeof ret->address);
		else if (!peer_addr_text(client->address, ret->address))
			return ACCESS_CHILD;
	}
	return verdict;
}

enum access_verdict
access_ask(struct access *access, const struct access_rules *rules,
    const struct access_client *client, struct access_answer *ret)
{
	static const struct sockaddr nameless = {.sa_family = AF_UNIX};
	struct access_client whole = *client;
	enum access_verdict verdict;

	*ret = (struct access_answer){.priority = LOG_INFO};
	if (!rules->asks_tables && !rules->has_only_from && !rules->has_no_access)
		return ACCESS_ADMIT;
	if (client->len == 0)
		whole.address = &nameless;
	if (!client->is_datagram && peer_has_ip_options(client->fd, whole.address))
		verdict = ACCESS_CHILD;
	else
		verdict = judge(access, rules, &whole, ret);
	return verdict == ACCESS_CHILD && !access_may_fork(access) ? ACCESS_LATER : verdict;
}

static void
read_done(struct reader *reader)
{
	struct access *access = owner_of(reader, struct access, reader);

	access->wake(access);
}

bool
access_init(struct access *access, struct reactor *reactor, const char *const tables[2],
    void (*wake)(struct access *))
{
	*access = (struct access){.tables = {tables[0], tables[1]}, .wake = wake};
	if (!reader_init(&access->reader, reactor, access->tables, read_done))
		return false;
	teller_init(&access->teller, reactor);
	return true;
}

void
access_release(struct access *access)
{
	reader_release(&access->reader);
	teller_release(&access->teller);
}

bool
access_may_fork(const struct access *access)
{
	return !access->reader.is_busy || access->reader.is_late;
}

const char *
access_unread(const struct access *access, int64_t *ret_since_ms)
{
	*ret_since_ms = access->reader.started_ms;
	return access->reader.is_late ? access->reader.at : NULL;
}

/* ---- the log ---- */

static void
say(const struct access_rules *rules, const struct access_answer *answer, pid_t pid,
    const char *what)
{
	char storage[LINE_MAX_BYTES];
	struct buf line;

	buf_init(&line, storage, sizeof storage, sizeof storage - 1);
	buf_add_str(&line, what);
	buf_add_str(&line, "connect from ");
	buf_add_str(&line, answer->address);
	buf_add_str(&line, " (");
	buf_add_str(&line, answer->address);
	buf_add_char(&line, ')');
	log_as(answer->priority, rules->tag, pid, line.bytes);
}

void
access_admitted(const struct access_rules *rules, const struct access_answer *answer, pid_t server)
{
	if (rules->asks_tables)
		say(rules, answer, server, "");
}

static void
leave_nothing(const struct access_client *client)
{
	if (client->is_datagram)
		peer_drop_datagram(client->fd);
	else if (client->fd >= 0)
		peer_drain(client->fd);
}

bool
access_failed(
    const struct access_rules *rules, const struct access_client *client, pid_t server, int error)
{
	char text[EVENT_DIAG_MAX];

	if (!rules->is_shortcut)
		return false;
	snprintf(text, sizeof text, "error: cannot execute %s: %s", rules->path, strerror(error));
	log_as(LOG_ERR, rules->tag, server, text);
	leave_nothing(client);
	return true;
}

void
access_refuse(struct access *access, const struct access_rules *rules,
    const struct access_client *client, const struct access_answer *answer)
{
	if (teller_says(&access->teller, rules->name, rules->tag, answer->priority))
		say(rules, answer, getpid(), "refused ");
	leave_nothing(client);
}
