/*
 * NAME     entry - a client of a batch
 * PURPOSE  "[USER@]ADDRESS [DAEMON] [KEY=VALUE ...]" to a decision, and that to a line.
 * INVARIANTS  What a line has that is not understood is told, and the client not judged.
 * SEE      tcpwrap-explain(1)
 */
#include "cmd/tcpwrap/explain/entry.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"

enum { PORT_MAX = 65535 };

static const char blanks[] = " \t\r\n";

/* ---- what a line says ---- */

/* As of a program that sets a fact to an empty text: it is not known. */
static void
set_end_addr(struct entry *entry, enum end end, const char *value)
{
	entry->asked.ends[end].addr = value[0] != '\0' ? value : "unknown";
}

static void
set_end_name(struct entry *entry, enum end end, const char *value)
{
	entry->asked.ends[end].name = value;
	entry->asked.ends[end].has_name = value[0] != '\0';
}

static bool
set_addr(struct entry *entry, const char *value)
{
	set_end_addr(entry, END_CLIENT, value);
	return true;
}

static bool
set_name(struct entry *entry, const char *value)
{
	set_end_name(entry, END_CLIENT, value);
	return true;
}

static bool
set_user(struct entry *entry, const char *value)
{
	entry->asked.user = value;
	return true;
}

static bool
set_daemon(struct entry *entry, const char *value)
{
	entry->asked.daemon = value;
	return true;
}

static bool
set_server(struct entry *entry, const char *value)
{
	set_end_addr(entry, END_SERVER, value);
	return true;
}

static bool
set_server_name(struct entry *entry, const char *value)
{
	set_end_name(entry, END_SERVER, value);
	return true;
}

static bool
set_port(struct entry *entry, const char *value)
{
	unsigned long port;

	if (!str_number(value, strlen(value), PORT_MAX, &port))
		return false;
	entry->asked.port = (int)port;
	return true;
}

static const struct {
	const char *key;
	bool (*set)(struct entry *, const char *value);
} keys[] = {
    {"addr", set_addr},
    {"daemon", set_daemon},
    {"name", set_name},
    {"port", set_port},
    {"server", set_server},
    {"server-name", set_server_name},
    {"user", set_user},
};

static bool
take_pair(struct entry *entry, char *word, char *equals)
{
	*equals = '\0';
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (strcmp(keys[i].key, word) == 0)
			return keys[i].set(entry, equals + 1);
	return false;
}

/* The next word, NUL-terminated. NULL: there is none. */
static char *
next_word(char **at)
{
	char *word = *at + strspn(*at, blanks), *end;

	if (*word == '\0')
		return NULL;
	end = word + strcspn(word, blanks);
	*at = *end != '\0' ? end + 1 : end;
	*end = '\0';
	return word;
}

/* "USER@CLIENT", "CLIENT", or "-": none of both. */
static void
take_client(struct entry *entry, char *word)
{
	char *at = strchr(word, '@');
	struct asked_end *end = &entry->asked.ends[END_CLIENT];

	if (at != NULL) {
		*at = '\0';
		entry->asked.user = word;
		word = at + 1;
	}
	entry->client = word;
	if (strcmp(word, "-") == 0 || strcasecmp(word, "unknown") == 0 ||
	    strcasecmp(word, "paranoid") == 0) {
		end->addr = "unknown";
		if (!end->has_name)
			end->name = word;
		end->has_name |= word[0] != '-';
		return;
	}
	end->addr = word;
}

static bool
wrong(struct entry *entry, const char *why)
{
	entry->why = why;
	return false;
}

static bool
parse(struct entry *entry, char *line)
{
	const struct asked *like = entry->batch->like;
	struct asked *asked = &entry->asked;
	const char *given;
	char *word;

	asked->daemon = like->daemon;
	asked->user = like->user;
	asked->port = like->port;
	for (unsigned end = 0; end < 2; end++) {
		asked->ends[end].addr = like->ends[end].addr;
		asked->ends[end].has_name = like->ends[end].has_name;
		asked->ends[end].name = like->ends[end].name;
	}
	take_client(entry, next_word(&line));
	given = asked->ends[END_CLIENT].addr;
	while ((word = next_word(&line)) != NULL) {
		char *equals = strchr(word, '=');

		if (equals == NULL)
			asked->daemon = word;
		else if (!take_pair(entry, word, equals))
			return wrong(entry, "there is no such KEY=VALUE");
	}
	asked_begin(asked);
	/* A program has an address in its own spelling. */
	if (given == asked->ends[END_CLIENT].addr && !asked->addrs[END_CLIENT].agrees &&
	    !asked->addrs[END_CLIENT].unknown) {
		if (!asked->addrs[END_CLIENT].typed)
			return wrong(entry, "no address: names are not looked up here");
		memcpy(
		    entry->canonical, asked->addrs[END_CLIENT].canonical, sizeof entry->canonical);
		asked->ends[END_CLIENT].addr = entry->canonical;
		asked_begin(asked);
	}
	return true;
}

/* ---- the result ---- */

static void
add_place(struct buf *out, const struct decision *decision)
{
	if (decision->file == NULL) {
		buf_add_char(out, '-');
		return;
	}
	buf_add_escaped(out, decision->file, strlen(decision->file));
	if (decision->line > 0) {
		buf_add_char(out, ':');
		buf_add_number(out, decision->line);
	}
}

/* What a rule wanted, and nobody gave. */
static const char *
missing(const struct asked *asked)
{
	bool name = asked_source(asked, ASKED_CLIENT_NAME) == ASKED_IMPOSSIBLE ||
	    asked_source(asked, ASKED_SERVER_NAME) == ASKED_IMPOSSIBLE;
	bool user = asked_source(asked, ASKED_USER) == ASKED_IMPOSSIBLE;

	return name && user ? "name,user" : name ? "name" : user ? "user" : "-";
}

static void
add_text(const struct entry *entry, struct buf *out)
{
	const struct verdict_found *found = &entry->found;

	buf_add_escaped(out, entry->client, strlen(entry->client));
	buf_add_char(out, '\t');
	if (entry->why != NULL) {
		buf_add_str(out, "error\t-\t-\t-\n");
		return;
	}
	buf_add_str(out, verdict_text(found->verdict));
	buf_add_char(out, '\t');
	add_place(out, found->counts);
	buf_add_char(out, '\t');
	buf_add_str(out, verdict_is_both(found) ? "both" : verdict_reading(found, found->counts));
	buf_add_char(out, '\t');
	buf_add_str(out, missing(&entry->asked));
	buf_add_char(out, '\n');
}

static void
add_json(const struct entry *entry, struct buf *out)
{
	const struct verdict_found *found = &entry->found;

	buf_add_str(out, "{\"client\":");
	json_add_string(out, entry->client, strlen(entry->client));
	if (entry->why != NULL) {
		json_add_member(out, "verdict", "error");
		json_add_member(out, "message", entry->why);
		buf_add_str(out, "}\n");
		return;
	}
	json_add_member(out, "daemon", entry->asked.daemon);
	json_add_member(out, "verdict", verdict_text(found->verdict));
	json_add_name(out, "file");
	if (found->counts->file != NULL)
		json_add_string(out, found->counts->file, strlen(found->counts->file));
	else
		buf_add_str(out, "null");
	json_add_name(out, "line");
	buf_add_number(out, found->counts->line);
	json_add_member(out, "reading",
	    verdict_is_both(found) ? "both" : verdict_reading(found, found->counts));
	json_add_member(out, "missing", missing(&entry->asked));
	buf_add_str(out, "}\n");
}

void
entry_init(struct entry *entry, const struct batch *batch)
{
	memset(entry, 0, sizeof *entry);
	entry->batch = batch;
}

enum batch_end
entry_judge(struct entry *entry, char *line, size_t len, const struct generation *const texts[2],
    struct buf *out)
{
	enum batch_end end = BATCH_TROUBLE;
	size_t start;

	if (len > 0 && line[len - 1] == '\n')
		line[--len] = '\0';
	start = strspn(line, blanks);
	if (start == len || line[start] == '#')
		return BATCH_ADMITTED;
	entry->why = NULL;
	entry->client = "";
	if (memchr(line, '\0', len) != NULL)
		wrong(entry, "a NUL byte");
	else if (parse(entry, line + start)) {
		verdict_find(&entry->found, &entry->asked, entry->batch->paths, texts);
		end = entry->found.verdict == VERDICT_GRANT ? BATCH_ADMITTED : BATCH_REFUSED;
	}
	if (entry->batch->is_json)
		add_json(entry, out);
	else
		add_text(entry, out);
	if (entry->why == NULL)
		verdict_release(&entry->found);
	asked_end(&entry->asked);
	return end;
}
