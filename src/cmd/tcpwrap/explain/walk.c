/*
 * NAME     walk - the tables, line by line
 * PURPOSE  Shows a second pass of the engine the rules of the tables, and the trace what becomes of each.
 *          So a decision is explained without a decision having to be watched.
 * INVARIANTS  Both passes must come to the same by the same lines.
 * SEE      table/show.c, which shows a pass what an image proposes; docs/decisions/any-size.md
 */
#include "cmd/tcpwrap/explain/walk.h"

#include <string.h>
#include <unistd.h>

#include "cmd/tcpwrap/images/images.h"
#include "table/image_file.h"
#include "table/whole.h"
#include "table/window.h"

struct walk {
	struct trace *trace;
	struct asked *asked;
	struct pass pass;
	enum table table;
	const char *path;
	bool is_done; /* all is decided */
	bool reads_all; /* no image is asked */
};

/* ---- rules ---- */

static bool
show_rule(struct walk *walk, const struct rule *rule)
{
	struct pass *pass = &walk->pass;
	struct trace_step step = {.rule = rule,
	    .table = walk->table,
	    .want = pass->want & match_of_ways(rule->ways),
	    .wanted = walk->asked->wanted};
	unsigned open = pass->open;

	walk->is_done = !pass_rule(pass, rule);
	step.decides = open & ~pass->open;
	if (step.want != MATCH_NONE)
		trace_add(walk->trace, &step);
	return !walk->is_done;
}

/* ---- the text ---- */

static bool
take_line(void *ctx, const struct line *line, const struct rule *rules, unsigned count,
    struct lines *behind)
{
	struct walk *walk = ctx;

	(void)line;
	pass_mode(&walk->pass, behind->mode);
	for (unsigned i = 0; i < count; i++)
		if (!show_rule(walk, &rules[i]))
			return false;
	return !walk->trace->failed;
}

/* False: it cannot be read. */
static bool
walk_text(struct walk *walk)
{
	const struct progress progress = {&(struct bar){.table = walk->path}, bar_step};
	struct table_fault fault = {.problem = TABLE_FINE};
	struct whole whole;
	bool is_read;

	bar_begin(progress.ctx, false, walk->path);
	is_read = whole_open(&whole, walk->path, &fault) &&
	    (whole.fd < 0 ||
	        (whole_read(&whole, &progress, &fault) &&
	            whole_lines(&whole, &progress, walk, take_line, &fault)));
	bar_end(progress.ctx);
	whole_release(&whole);
	return is_read || walk->is_done;
}

/* ---- what an image proposes ---- */

struct proposal {
	struct walk *walk;
	struct image *image;
	struct window window;
	struct lines lines;
	unsigned last, shown; /* number of the last line; how many were shown */
	char storage[WINDOW_BYTES + 1];
};

/* Physical lines before that place. */
static unsigned
number_of(struct proposal *proposal, size_t at)
{
	const char *from = window_at(&proposal->window, window_piece(at));
	const char *end = window_at(&proposal->window, at);
	unsigned number = image_newlines(proposal->image, at);

	for (; from < end; from++)
		number += *from == '\n';
	return number;
}

/* All lines of the block that begins there. False: all is decided, or it cannot be had. */
static bool
show_block(struct proposal *proposal, size_t at, bool *ret_failed)
{
	struct window *window = &proposal->window;
	struct lines *lines = &proposal->lines;
	struct rule rules[RULES_MAX];
	struct line line;
	bool is_first = true;

	*ret_failed = !window_have(window, at);
	if (*ret_failed)
		return false;
	lines_feed(lines, window->bytes, window->len, window_is_last(window));
	lines_seek(lines, at - window->from, number_of(proposal, at));
	lines->classic_ended = at > proposal->image->facts.error_at;
	while (window_line(&proposal->window, at, &proposal->lines, &line) == LINES_LINE &&
	    (is_first || line.begin == NULL)) {
		unsigned count = rule_read(rules, &line);

		is_first = false;
		proposal->shown += line.number - proposal->last > 0;
		proposal->last = line.number;
		for (unsigned i = 0; i < count; i++)
			if (!show_rule(proposal->walk, &rules[i]))
				return false;
		if (lines->bytes + lines->at > window_at(window, at) &&
		    lines->at >= lines->block_end)
			break;
	}
	*ret_failed = is_first;
	return !is_first;
}

/* All lines of the text. False: its end cannot be had. */
static bool
count_lines(struct proposal *proposal)
{
	size_t size = (size_t)proposal->image->facts.text_bytes;

	if (size == 0 || !window_have(&proposal->window, size - 1))
		return size == 0;
	proposal->last = number_of(proposal, size - 1) + 1;
	return !image_has_failed(proposal->image);
}

/* False: the index cannot tell, or something is damaged. */
static bool
walk_items(struct proposal *proposal)
{
	struct walk *walk = proposal->walk;
	const struct facts *facts = walk->pass.matcher.facts;
	struct matcher *matcher = &walk->pass.matcher;
	struct index_cursor cursor;
	uint32_t item;
	bool failed = false;

	index_begin(&cursor, &proposal->image->index, facts->ops->addr(facts->ctx, END_CLIENT),
	    matcher->daemon, matcher->daemon_len);
	cursor.shows_all |= !matcher->daemon_agrees || matcher->failed;
	for (;;) {
		switch (
		    index_next(&cursor, facts->ops->known_name(facts->ctx, END_CLIENT), &item)) {
		case INDEX_ITEM:
			if (!show_block(proposal, item, &failed))
				return !failed && !image_has_failed(proposal->image);
			break;
		case INDEX_END:
			return count_lines(proposal);
		case INDEX_ALL:
			return false;
		}
	}
}

enum by_image { BY_IMAGE, BY_TEXT, HALF_WAY /* and no further */ };

static enum by_image
walk_image(struct walk *walk, struct image *image, int fd)
{
	struct proposal proposal;
	struct trace *trace = walk->trace;
	bool is_whole;

	memset(&proposal, 0, offsetof(struct proposal, storage));
	proposal.walk = walk;
	proposal.image = image;
	window_of_file(&proposal.window, fd, (size_t)image->facts.text_bytes, proposal.storage);
	lines_init(&proposal.lines);
	proposal.lines.mode = image->facts.mode;
	pass_mode(&walk->pass, image->facts.mode);
	is_whole = walk_items(&proposal);
	lines_release(&proposal.lines);
	window_release(&proposal.window);
	if (!is_whole)
		return proposal.shown > 0 ? HALF_WAY : BY_TEXT;
	trace->has_index[walk->table] = true;
	trace->unread[walk->table] = proposal.last - proposal.shown;
	return BY_IMAGE;
}

static enum by_image
try_image(struct walk *walk)
{
	const struct image_owner owner = {.folder = IMAGE_FOLDER, .path = walk->path};
	enum by_image by = BY_TEXT;
	struct image image;
	struct stamp stamp;
	int fd, image_fd, error;

	if (walk->reads_all || stamp_open(walk->path, &stamp, &fd, &error) != FILE_READY)
		return BY_TEXT;
	if (stamp.size >= IMAGE_FILE_FROM_BYTES &&
	    image_file_open(&owner, &stamp, &image, &image_fd) == IMAGE_FILE_READY) {
		by = walk_image(walk, &image, fd);
		close(image_fd);
	}
	close(fd);
	return by;
}

/* ---- both tables ---- */

static bool
walk_table(struct walk *walk, enum table table, const char *path)
{
	enum by_image by;

	walk->table = table;
	walk->path = path;
	pass_table(&walk->pass, table, path, LINES_TWO_WAYS);
	by = try_image(walk);
	return by == BY_IMAGE || (by == BY_TEXT && walk_text(walk));
}

static bool
is_same(const struct decision *a, const struct decision *b)
{
	return a->verdict == b->verdict && a->by == b->by && a->fault == b->fault &&
	    a->file == b->file && a->line == b->line;
}

static enum walk_end
walk_once(struct trace *trace, const struct verdict_found *found, const char *const paths[2],
    bool reads_all)
{
	const struct option_context context = {.resident = false};
	struct walk walk = {.trace = trace, .asked = trace->asked, .reads_all = reads_all};
	enum walk_end end = WALK_AGREES;

	pass_init(&walk.pass, &trace->asked->facts, &context);
	for (unsigned t = 0; t < 2 && !walk.is_done && end == WALK_AGREES; t++)
		if (!walk_table(&walk, (enum table)t, paths[t]))
			end = WALK_CUT;
	pass_decide(&walk.pass);
	for (unsigned r = 0; r < READINGS && end == WALK_AGREES; r++)
		if (!is_same(&walk.pass.decisions[r], &found->pass.decisions[r]))
			end = WALK_DISAGREES;
	pass_release(&walk.pass);
	return end;
}

enum walk_end
walk_again(struct trace *trace, const struct verdict_found *found, const char *const paths[2])
{
	enum walk_end end = walk_once(trace, found, paths, trace->is_all);

	/* An image that is damaged is no way at all: the text is. */
	if (end == WALK_CUT && !trace->is_all) {
		trace_release(trace);
		trace->asked->wanted = 0;
		end = walk_once(trace, found, paths, true);
	}
	return end;
}
