/*
 * NAME     table - tables from disk to a pass
 * PURPOSE  Rules are judged while the file is read: a first match costs the same at any size. What
 *          the second reading under one stamp has parsed is kept: all rules, or the first ones, if
 *          one of them decided.
 * INVARIANTS  A reading counts only if the stamp is the same before and after. What cannot be had
 *          refuses. No descriptor survives a decision; errno is kept.
 * LIMITS   TRIES, well within STAMP_YOUNG_MS; STORE_BYTES_MAX: a larger table is read each time.
 * SEE      docs/decisions/freshness.md, docs/decisions/faults-refuse.md
 */
#include "table/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "table/image_file.h"
#include "table/inside.h"
#include "table/open.h"
#include "table/stamp.h"
#include "table/store.h"

enum {
	TRIES = 3,
	/* A first read as small as the original's, so that a first match is as cheap; then larger. */
	FIRST_READ = 4096,
	NEXT_READ = 65536,
};

enum outcome {
	SHOWN, /* the table passed by, or all is decided */
	CHANGED, /* it was written meanwhile: what was decided counts for nothing */
	FAILED, /* it cannot be had: pass_fault was called */
};

struct scan {
	struct pass *pass;
	enum table table;
	const char *path;
	int fd;
	struct stamp stamp;
	struct generation *keep; /* keeping: rules are added as they pass */
	size_t read_bytes, rules;
	bool eof;
	bool ended; /* all lines have passed */
	bool spoilt; /* memory ran out for a rule to be kept */
	bool lost; /* a command was spared, as the text is no longer in the file */
	bool always; /* keep it, however often it was read */
	bool kept;
	size_t skip; /* rules that were shown already, if this is still the stamp: */
	struct stamp skip_stamp;
	struct skim skim; /* unless lines are kept */
	struct lines lines;
	struct buf buf; /* streaming: what is not consumed yet */
	char storage[FIRST_READ + 1];
};

/* line: where, or 0: it is not about the text. */
static enum outcome
fault(struct scan *scan, enum diag_code code, int error, unsigned line)
{
	const struct facts *facts = scan->pass->matcher.facts;
	struct diag diag = {.error = error, .file = line > 0 ? scan->path : NULL, .line = line};

	diag_set(&diag, code, scan->path, strlen(scan->path));
	facts->ops->report(facts->ctx, &diag);
	pass_fault(scan->pass, code);
	return FAILED;
}

/* ---- keeping ---- */

static void
drop_keep(struct scan *scan)
{
	generation_release(scan->keep);
	scan->keep = NULL;
}

/* Worth keeping, and possible? Then the text gets memory of its own from the start. */
static void
prepare_keep(struct scan *scan)
{
	const struct stamp *stamp = &scan->stamp;

	if (stamp->size > STORE_BYTES_MAX || !stamp_is_settled(stamp) ||
	    !(scan->always || store_was_read(scan->path, stamp)))
		return;
	scan->keep = generation_new(stamp);
	if (scan->keep == NULL)
		return;
	scan->keep->bytes = malloc((size_t)stamp->size + 1);
	if (scan->keep->bytes == NULL)
		drop_keep(scan);
}

/* ---- reading ---- */

/* Where the next bytes go, and how many to read. NULL: out of memory. */
static char *
room(struct scan *scan, size_t *ret_size)
{
	size_t consumed = lines_consumed(&scan->lines);

	*ret_size = scan->read_bytes == 0 ? FIRST_READ : NEXT_READ;
	if (scan->keep != NULL) {
		size_t left = (size_t)scan->stamp.size - scan->read_bytes;

		if (*ret_size > left)
			*ret_size = left;
		return scan->keep->bytes + scan->read_bytes;
	}
	if (consumed > 0) {
		scan->buf.len -= consumed;
		memmove(scan->buf.bytes, scan->buf.bytes + consumed, scan->buf.len);
	}
	return buf_reserve(&scan->buf, *ret_size) ? scan->buf.bytes + scan->buf.len : NULL;
}

/* Read on and hand the bytes to the lines. 0, or an errno. */
static int
read_more(struct scan *scan)
{
	size_t size, start = scan->keep != NULL ? lines_consumed(&scan->lines) : 0;
	char *into = room(scan, &size);
	ssize_t got;

	if (into == NULL)
		return ENOMEM;
	do
		got = size == 0 ? 0 : read(scan->fd, into, size);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno;
	scan->read_bytes += (size_t)got;
	scan->eof =
	    got == 0 || (scan->stamp.size > 0 && scan->read_bytes == (size_t)scan->stamp.size);
	if (scan->keep != NULL) {
		const char *bytes =
		    scan->lines.bytes != NULL ? scan->lines.bytes + start : scan->keep->bytes;

		lines_feed(&scan->lines, bytes,
		    (size_t)(scan->keep->bytes + scan->read_bytes - bytes), scan->eof);
	} else {
		scan->buf.len += (size_t)got;
		lines_feed(&scan->lines, scan->buf.bytes, scan->buf.len, scan->eof);
	}
	return 0;
}

/* Show a line's rules. False: all is decided. */
static bool
show_line(struct scan *scan, const struct line *line)
{
	struct rule rules[RULES_MAX];
	unsigned count = rule_read(rules, line);
	bool more = true;

	pass_mode(scan->pass, scan->lines.mode);
	/* Without memory only the keeping ends: the rules are judged all the same. */
	if (scan->keep != NULL && !scan->spoilt)
		scan->spoilt = !generation_add(scan->keep, line, rules, count);
	for (unsigned i = 0; i < count; i++)
		if (scan->rules++ >= scan->skip)
			more = more && pass_rule(scan->pass, &rules[i]);
	if (scan->keep == NULL)
		skim_learn(&scan->skim, line, rules, count);
	return more;
}

/* Pass over lines that do not concern the client. What is known of him is used; he is asked for by rules only. */
static void
skim(struct scan *scan)
{
	const struct matcher *matcher = &scan->pass->matcher;
	const struct facts *facts = matcher->facts;
	struct skim_client client = {.addr = NULL};
	struct skim_run run;
	const char *bytes;
	size_t len;

	/* Lines may come that are shown to nobody. */
	if (scan->skip != SIZE_MAX &&
	    (matcher->addrs[END_CLIENT] == NULL ||
	        !skim_client_init(&client, matcher->addrs[END_CLIENT],
	            facts->ops->known_name(facts->ctx, END_CLIENT))))
		return;
	if (scan->keep != NULL && !scan->spoilt) {
		scan->rules += generation_skim(scan->keep, &scan->lines, &client);
		return;
	}
	/* Those that were shown already are counted as rules, which only judging does. */
	if (scan->rules < scan->skip || scan->skim.count == 0 ||
	    (bytes = lines_ahead(&scan->lines, &len)) == NULL)
		return;
	run = skim_pass(&scan->skim, &client, bytes, len);
	lines_skip(&scan->lines, run.len, run.lines);
}

static enum outcome
show_lines(struct scan *scan)
{
	struct line line;
	int error;

	for (;;) {
		skim(scan);
		switch (lines_next(&scan->lines, &line)) {
		case LINES_LINE:
			if (!show_line(scan, &line))
				return SHOWN;
			break;
		case LINES_MORE:
			error = read_more(scan);
			if (error != 0)
				return fault(scan, DIAG_READ_FAILED, error, 0);
			break;
		case LINES_TOO_LONG:
			return fault(scan, DIAG_LINE_OVER_LIMIT, 0, scan->lines.number + 1);
		case LINES_NO_MEMORY:
			return fault(scan, DIAG_READ_FAILED, ENOMEM, 0);
		case LINES_END:
			scan->ended = true;
			return SHOWN;
		}
	}
}

/* ---- a table ---- */

static void
show_rules(
    struct pass *pass, enum table table, const char *name, const struct generation *generation)
{
	size_t shown;

	table_show(pass, table, name, generation, SIZE_MAX, &shown);
}

/* Show what is kept. False: it was only the table's beginning, and that does not decide. */
static bool
show_generation(struct scan *scan, struct generation *kept)
{
	bool enough;

	show_rules(scan->pass, scan->table, scan->path, kept);
	enough = !kept->partial || scan->pass->open == 0;
	scan->skip = kept->rule_count;
	scan->skip_stamp = kept->stamp;
	generation_release(kept);
	return enough;
}

/* Of a text to be kept: what lines were made of. */
static size_t
passed(const struct scan *scan)
{
	const struct lines *lines = &scan->lines;

	return lines->bytes != NULL ? (size_t)(lines->bytes + lines->at - scan->keep->bytes) : 0;
}

/* An index shows all of a block or nothing: it has to have passed whole. */
static bool
ends_within_block(const struct scan *scan)
{
	return scan->keep->is_indexed && scan->lines.at < scan->lines.block_end;
}

/* The file did not change while it was read: keep what was parsed, or note that it was read. */
static void
remember(struct scan *scan)
{
	if (scan->keep == NULL || scan->spoilt || ends_within_block(scan) ||
	    !generation_finish(scan->keep, passed(scan))) {
		store_note_read(scan->path, &scan->stamp);
		return;
	}
	scan->keep->mode = scan->lines.mode;
	scan->keep->partial = !scan->ended;
	scan->kept = store_put(scan->path, scan->keep);
}

enum held { HELD, REPLACED, LOST };

/* Is what was read of the file still in it? */
static enum held
compare(const struct scan *scan)
{
	struct stamp now;
	int error;

	/* It was shorter for a moment, whatever its times say. */
	if (scan->eof && scan->read_bytes < (size_t)scan->stamp.size)
		return LOST;
	if (stamp_fd(scan->fd, &now, &error) != FILE_READY)
		return LOST;
	if (stamp_eq(&scan->stamp, &now))
		return HELD;
	return stamp_is_replaced(&scan->stamp, &now) ? REPLACED : LOST;
}

/* Before a command is run for a text. Once lost, it counts for nothing, though it may come back. */
static bool
holds(void *source)
{
	struct scan *scan = source;

	scan->lost = scan->lost || compare(scan) == LOST;
	return !scan->lost;
}

static enum outcome
show_file(struct scan *scan)
{
	enum outcome outcome;
	enum held held;

	prepare_keep(scan);
	scan->pass->holds = holds;
	scan->pass->source = scan;
	outcome = show_lines(scan);
	scan->pass->holds = NULL;
	if (outcome == SHOWN) {
		held = scan->lost ? LOST : compare(scan);
		if (held == HELD)
			remember(scan);
		else if (held == LOST)
			outcome = CHANGED;
	}
	drop_keep(scan);
	return outcome;
}

/* What is kept of exactly this file, if it can be told by a look; otherwise *ret_state says what the
 * look has shown. */
static struct generation *
find_kept(struct scan *scan, enum file_state *ret_state, int *ret_error)
{
	if (!store_keeps(scan->path))
		return NULL;
	*ret_state = stamp_path(scan->path, &scan->stamp, ret_error);
	if (*ret_state != FILE_READY)
		return NULL;
	return generation_if(store_get(scan->path, &scan->stamp), false);
}

static enum outcome
scan_file(struct scan *scan)
{
	enum outcome outcome;

	if (!stamp_eq(&scan->skip_stamp, &scan->stamp))
		scan->skip = 0;
	pass_table(scan->pass, scan->table, scan->path, LINES_TWO_WAYS);
	lines_init(&scan->lines);
	scan->skim.daemon = scan->pass->matcher.daemon;
	scan->skim.daemon_len = scan->pass->matcher.daemon_len;
	buf_init(&scan->buf, scan->storage, sizeof scan->storage, LINES_MAX + 2 * NEXT_READ);
	outcome = show_file(scan);
	buf_release(&scan->buf);
	lines_release(&scan->lines);
	close(scan->fd);
	return outcome;
}

/* By the file's image, if it has one; then the file is closed. False: the text has to be read; what was
 * decided by then is so all the same. A function of its own, as an image is large on the stack: who has none
 * is to touch none of that. */
static bool __attribute__((noinline)) show_image(struct scan *scan, enum outcome *ret)
{
	const struct image_owner owner = {.folder = IMAGE_FOLDER, .path = scan->path};
	struct image image;
	enum held held;
	bool is_shown;
	int fd;

	if (image_file_open(&owner, &scan->stamp, &image, &fd) != IMAGE_FILE_READY)
		return false;
	scan->pass->holds = holds;
	scan->pass->source = scan;
	is_shown = table_show_image(scan->pass, scan->table, scan->path, &image, scan->fd);
	scan->pass->holds = NULL;
	close(fd);
	if (!is_shown)
		return false;
	held = scan->lost ? LOST : compare(scan);
	*ret = held == LOST ? CHANGED : SHOWN;
	if (held == HELD)
		store_note_image(scan->path, &scan->stamp);
	close(scan->fd);
	return true;
}

static bool
may_have_image(const struct scan *scan)
{
	return scan->stamp.size >= IMAGE_FILE_FROM_BYTES && scan->skip == 0 &&
	    !store_was_read(scan->path, &scan->stamp);
}

/* Rules from what is kept of the file, or from the file; from_last: from what was kept last,
 * whatever the file is now. */
static enum outcome
show_table(struct pass *pass, enum table table, const char *path, bool from_last)
{
	struct scan scan;
	enum file_state state = FILE_READY;
	struct generation *kept;
	enum outcome outcome;
	int error = 0;

	memset(&scan, 0, offsetof(struct scan, lines));
	scan.pass = pass;
	scan.table = table;
	scan.path = path;
	kept = from_last ? generation_if(store_get_last(path), false) : NULL;
	if (kept == NULL)
		kept = find_kept(&scan, &state, &error);
	if (kept != NULL && show_generation(&scan, kept))
		return SHOWN;
	if (state == FILE_READY)
		state = open_whole(path, &scan.stamp, &scan.fd, &kept, &error);
	else
		kept = NULL;
	if (state == FILE_ABSENT) {
		store_note_read(path, NULL);
		return SHOWN;
	}
	if (state == FILE_BAD)
		return fault(
		    &scan, error != 0 ? DIAG_CANNOT_OPEN : DIAG_TABLE_NOT_REGULAR, error, 0);
	if (kept == NULL)
		return may_have_image(&scan) && show_image(&scan, &outcome) ? outcome
		                                                            : scan_file(&scan);
	kept = generation_if(kept, false);
	if (kept == NULL) /* what is known of it is no table */
		return fault(&scan, DIAG_TABLE_UNSTABLE, 0, 0);
	show_generation(&scan, kept);
	return SHOWN;
}

bool
table_keep_file(struct pass *pass, const char *path, const struct stamp *stamp, int fd)
{
	struct scan scan;

	memset(&scan, 0, offsetof(struct scan, lines));
	scan.pass = pass;
	scan.path = path;
	scan.fd = fd;
	scan.stamp = scan.skip_stamp = *stamp;
	scan.skip = SIZE_MAX; /* no rule is shown */
	scan.always = true;
	scan_file(&scan);
	return scan.kept;
}

/* ---- a decision ---- */

struct tables {
	const char *paths[2]; /* by enum table */
	const struct generation *texts[2]; /* NULL: a file */
	bool changed[2]; /* by the last attempt */
};

/* Show both tables once. True: the decision counts. */
static bool
attempt(struct pass *pass, struct tables *tables, bool from_last)
{
	bool counts = true;

	lists_changed();
	for (unsigned t = 0; t < 2 && pass->open != 0; t++) {
		bool last = from_last && tables->changed[t];
		enum outcome outcome = SHOWN;

		if (tables->texts[t] != NULL)
			show_rules(pass, (enum table)t, tables->paths[t], tables->texts[t]);
		else
			outcome = show_table(pass, (enum table)t, tables->paths[t], last);
		if (!from_last)
			tables->changed[t] = outcome == CHANGED;
		counts = counts && outcome != CHANGED;
	}
	return !lists_changed() && counts;
}

/* A table would not hold still: what its last text says and what it said before are both asked, and
 * the lower verdict counts. Nothing known from before: refuse. */
static void
decide_unstable(struct pass *pass, struct tables *tables)
{
	struct decision seen[READINGS];
	bool known = true;

	memcpy(seen, pass->decisions, sizeof seen);
	for (unsigned t = 0; t < 2; t++) {
		struct generation *last =
		    tables->changed[t] ? store_get_last(tables->paths[t]) : NULL;

		known = known && (!tables->changed[t] || last != NULL);
		generation_release(last);
	}
	pass_restart(pass);
	if (!known || !(tables->changed[0] || tables->changed[1])) {
		struct scan scan = {.pass = pass,
		    .path = tables->paths[tables->changed[0] ? TABLE_ALLOW : TABLE_DENY]};

		fault(&scan, DIAG_TABLE_UNSTABLE, 0, 0);
		return;
	}
	attempt(pass, tables, true);
	pass_decide(pass);
	for (unsigned r = 0; r < READINGS; r++) {
		if (seen[r].verdict < pass->decisions[r].verdict)
			pass->decisions[r] = seen[r];
	}
}

static void
decide(struct pass *pass, struct tables *tables)
{
	int saved_errno = errno;
	unsigned tries = 0;

	while (!attempt(pass, tables, false)) {
		if (++tries == TRIES) {
			pass_decide(pass);
			decide_unstable(pass, tables);
			break;
		}
		pass_restart(pass);
		open_pause();
	}
	errno = saved_errno;
}

void
table_decide(struct pass *pass, const char *allow_path, const char *deny_path)
{
	struct tables tables = {.paths = {allow_path, deny_path}};

	decide(pass, &tables);
}

void
table_decide_texts(
    struct pass *pass, const char *const names[2], const struct generation *const texts[2])
{
	struct tables tables = {.paths = {names[0], names[1]}, .texts = {texts[0], texts[1]}};

	decide(pass, &tables);
}
