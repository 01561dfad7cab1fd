/*
 * NAME     load - from files to entries
 * PURPOSE  Reads the configuration file, what it includes, and the folder beside it.
 * INVARIANTS  A file that cannot be read is told apart from one without services. What an include
 *          lacks may have been the defaults: conf_miss().
 * LIMITS   CONF_FILES_MAX, CONF_DEPTH_MAX, CONF_TEXT_MAX; no file is read twice.
 * SEE      inetd.conf(5) FILES
 */
#include "cmd/inetd/conf/load.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/buf.h"
#include "base/str.h"
#include "cmd/inetd/conf/draft.h"
#include "services/text.h"

enum {
	LINE_TEXT_MAX = 1024, /* what syslog keeps of a line */
	PATH_TEXT_MAX = 4096, /* PATH_MAX */
	TORN_S = 2, /* in whole seconds of the clock, so one at least */
};

struct loader {
	struct conf *conf;
	struct {
		dev_t device;
		ino_t file;
	} seen[CONF_FILES_MAX];
	size_t count;
};

/* Who asks for a file: the place, how deep it is, and which notation is meant if it is not clear. */
struct asker {
	struct conf_word at;
	unsigned depth;
	enum conf_notation notation;
};

/* ---- files ---- */

static void
fail(struct loader *loader, const struct asker *asker, enum conf_code code, const char *path,
    const char *why)
{
	struct conf_word at = asker->at;

	at.text = at.line > 0 ? path : NULL; /* the file itself stands in front of the finding */
	conf_note_how(loader->conf, code, &at, why);
	conf_miss(loader->conf);
}

static bool
is_new(struct loader *loader, const struct asker *asker, const char *path)
{
	struct conf_word at = asker->at;
	struct stat found;

	if (stat(path, &found) < 0)
		return true; /* reading it will say why */
	for (size_t i = 0; i < loader->count; i++) {
		if (loader->seen[i].device == found.st_dev &&
		    loader->seen[i].file == found.st_ino) {
			at.text = path;
			conf_note(loader->conf, CONF_READ_TWICE, &at);
			return false;
		}
	}
	loader->seen[loader->count].device = found.st_dev;
	loader->seen[loader->count++].file = found.st_ino;
	return true;
}

/* Who writes a file anew empties it first, and does not write it at once. A text that ends at the end of
 * a line is taken for a whole one, and so is one that has been as it is for a while. */
static void
look_for_tear(struct conf *conf, const char *path, const struct buf *text)
{
	struct timespec now = {0};
	struct stat found;

	if ((text->len > 0 && text->bytes[text->len - 1] == '\n') || stat(path, &found) < 0)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	conf->is_torn |=
	    now.tv_sec - found.st_mtim.tv_sec < TORN_S && now.tv_sec >= found.st_mtim.tv_sec;
}

/* False: it could not be read, and that is told. */
static bool
read_file(struct loader *loader, const struct asker *asker, const char *path, struct buf *text)
{
	const char *fault;

	if (loader->count == CONF_FILES_MAX) {
		fail(loader, asker, CONF_MANY_FILES, path, NULL);
		return false;
	}
	if (!is_new(loader, asker, path))
		return true;
	fault = text_read(path, text);
	if (fault != NULL)
		fail(loader, asker, CONF_NO_FILE, path, fault);
	else
		look_for_tear(loader->conf, path, text);
	return fault == NULL;
}

static bool
take_file(struct loader *loader, const struct asker *asker, const char *path)
{
	struct conf *conf = loader->conf;
	struct buf text;
	bool ok;

	buf_init(&text, NULL, 0, CONF_TEXT_MAX);
	ok = read_file(loader, asker, path, &text);
	if (ok && text.len > 0) {
		conf->depth = asker->depth;
		ok = conf_read(
		    conf, conf_add_file(conf, path), text.bytes, text.len, asker->notation);
		if (!ok && !conf->failed)
			fail(loader, asker, CONF_LARGE, path, NULL);
	}
	buf_release(&text);
	return ok;
}

/* ---- folders ---- */

/* xinetd.conf(5): no dot, no tilde at the end. */
static bool
is_block_file(const char *name)
{
	size_t len = strlen(name);

	return strchr(name, '.') == NULL && len > 0 && name[len - 1] != '~';
}

/* In the folder beside inetd.conf: what an editor or a package manager leaves there is neither. */
static bool
is_line_file(const char *name)
{
	size_t len = strlen(name);

	if (len > 5 && strcmp(name + len - 5, ".conf") == 0)
		len -= 5;
	return str_consists_of(
	    name, len, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
}

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

struct names {
	char *items[CONF_FILES_MAX];
	size_t count;
	bool is_full;
};

/* An errno value; 0: done. */
static int
list_folder(const char *path, struct names *names)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	int error;

	if (folder == NULL)
		return errno;
	while (errno = 0, (entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] == '.' || entry->d_type == DT_DIR)
			continue;
		names->is_full = names->count == CONF_FILES_MAX;
		if (names->is_full || (names->items[names->count] = strdup(entry->d_name)) == NULL)
			break;
		names->count++;
	}
	error = names->is_full ? 0 : errno;
	closedir(folder);
	qsort(names->items, names->count, sizeof names->items[0], by_bytes);
	return error;
}

static void
take_named(struct loader *loader, const struct asker *asker, const char *folder, const char *name)
{
	bool is_lines = asker->notation == CONF_LINES;
	struct conf_word at = asker->at;
	char storage[PATH_TEXT_MAX];
	struct buf path;

	buf_init(&path, storage, sizeof storage, sizeof storage - 1);
	buf_add_str(&path, folder);
	buf_add_str(&path, "/");
	buf_add_str(&path, name);
	if (path.failed) {
		fail(loader, asker, CONF_NO_FILE, name, strerror(ENAMETOOLONG));
	} else if (is_lines ? is_line_file(name) : is_block_file(name)) {
		take_file(loader, asker, path.bytes);
	} else if (is_lines) {
		at.text = path.bytes;
		conf_note(loader->conf, CONF_SKIPPED, &at);
	}
}

/* In the order of their bytes. */
static void
take_folder(struct loader *loader, const struct asker *asker, const char *path)
{
	struct names *names = calloc(1, sizeof *names);
	int error = names != NULL ? list_folder(path, names) : ENOMEM;

	if (error != 0)
		fail(loader, asker, CONF_NO_FILE, path, strerror(error));
	else if (names->is_full)
		fail(loader, asker, CONF_MANY_FILES, path, NULL);
	for (size_t i = 0; names != NULL && i < names->count; i++) {
		if (error == 0 && !names->is_full)
			take_named(loader, asker, path, names->items[i]);
		free(names->items[i]);
	}
	free(names);
}

/* "/etc/inetd.conf" has "/etc/inetd.d", if there is such a folder. */
static void
take_folder_beside(struct loader *loader, const char *path)
{
	struct asker asker = {.at = {.line = 1, .column = 1}, .depth = 1, .notation = CONF_LINES};
	size_t len = strlen(path);
	char storage[PATH_TEXT_MAX];
	struct buf folder;
	struct stat found;

	if (len > 5 && strcmp(path + len - 5, ".conf") == 0)
		len -= 5;
	buf_init(&folder, storage, sizeof storage, sizeof storage - 1);
	buf_add(&folder, path, len);
	buf_add_str(&folder, ".d");
	if (folder.failed)
		return;
	if (stat(folder.bytes, &found) == 0 ? S_ISDIR(found.st_mode) : errno != ENOENT)
		take_folder(loader, &asker, folder.bytes);
}

/* ---- includes ---- */

/* A relative path begins in the folder of the file that says it. */
static bool
place_path(const struct conf *conf, const struct conf_word *path, struct buf *ret)
{
	const char *file = conf_file(conf, path), *slash = strrchr(file, '/');

	if (path->text[0] != '/' && slash != NULL)
		buf_add(ret, file, (size_t)(slash + 1 - file));
	return buf_add_str(ret, path->text);
}

static void
serve(struct loader *loader, const struct conf_request *request)
{
	struct asker asker = {request->path, request->depth, CONF_BLOCKS};
	char storage[PATH_TEXT_MAX];
	struct buf path;

	buf_init(&path, storage, sizeof storage, sizeof storage - 1);
	if (request->depth > CONF_DEPTH_MAX)
		fail(loader, &asker, CONF_DEEP, request->path.text, NULL);
	else if (!place_path(loader->conf, &request->path, &path))
		fail(loader, &asker, CONF_NO_FILE, request->path.text, strerror(ENAMETOOLONG));
	else if (request->is_folder)
		take_folder(loader, &asker, path.bytes);
	else
		take_file(loader, &asker, path.bytes);
}

/* The file itself; which notation is it in? */
static bool
take_first(struct loader *loader, const char *path, bool *ret_has_folder)
{
	struct conf *conf = loader->conf;
	const struct asker asker = {.notation = CONF_LINES};
	struct buf text;
	bool ok;

	buf_init(&text, NULL, 0, CONF_TEXT_MAX);
	conf_add_file(conf, path);
	ok = read_file(loader, &asker, path, &text);
	if (ok) {
		*ret_has_folder =
		    text.len == 0 || blocks_notation(text.bytes, text.len) != CONF_BLOCKS;
		ok = text.len == 0 || conf_read(conf, 0, text.bytes, text.len, CONF_LINES);
	}
	buf_release(&text);
	return ok;
}

bool
load_conf(struct conf *conf, const struct conf_memory *memory, const char *path)
{
	struct loader *loader = calloc(1, sizeof *loader);
	bool has_folder = false, ok;

	conf_init(conf, memory);
	if (loader == NULL) {
		conf->failed = true;
		return false;
	}
	loader->conf = conf;
	ok = take_first(loader, path, &has_folder);
	for (const struct conf_request *request = conf->requests; request != NULL;
	     request = request->next)
		serve(loader, request);
	if (has_folder)
		take_folder_beside(loader, path);
	free(loader);
	if (!conf_finish(conf))
		return false;
	if (ok && conf->entries == NULL && conf->errors == 0)
		conf_note(conf, CONF_NO_SERVICES, &(struct conf_word){0});
	return ok;
}

/* ---- telling ---- */

static int
by_place(const void *a, const void *b)
{
	const struct conf_word *x = &(*(const struct conf_note *const *)a)->at;
	const struct conf_word *y = &(*(const struct conf_note *const *)b)->at;

	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return (x->column > y->column) - (x->column < y->column);
}

static bool
is_same(const struct conf_note *a, const struct conf_note *b)
{
	return a->code == b->code && by_place(&a, &b) == 0 && a->at.text != NULL &&
	    b->at.text != NULL && strcmp(a->at.text, b->at.text) == 0;
}

/* In the order of the files: resolving finds its faults after the parser. What the defaults say is
 * found bad for each service, and told once. */
bool
load_tell(const struct conf *conf,
    void (*tell)(void *ctx, const struct conf *, const struct conf_note *), void *ctx)
{
	const struct conf_note **notes = calloc(conf->note_count + 1, sizeof *notes);
	size_t i = 0;

	if (notes == NULL)
		return false;
	for (const struct conf_note *note = conf->notes; note != NULL; note = note->next)
		notes[i++] = note;
	qsort(notes, conf->note_count, sizeof *notes, by_place);
	for (i = 0; i < conf->note_count; i++)
		if (i == 0 || !is_same(notes[i], notes[i - 1]))
			tell(ctx, conf, notes[i]);
	free(notes);
	return true;
}

struct teller {
	void (*tell)(enum conf_severity, const char *line);
};

static void
tell_line(void *ctx, const struct conf *conf, const struct conf_note *note)
{
	const struct teller *teller = ctx;
	char storage[LINE_TEXT_MAX];
	struct buf line;

	if (note->severity == CONF_NOTICE)
		return;
	buf_init(&line, storage, sizeof storage, sizeof storage - 1);
	conf_note_format(conf, note, &line);
	teller->tell(note->severity, line.bytes);
}

bool
load_tell_lines(const struct conf *conf, void (*tell)(enum conf_severity, const char *line))
{
	struct teller teller = {tell};

	if (!conf->failed && load_tell(conf, tell_line, &teller))
		return true;
	tell(CONF_ERROR, "out of memory");
	return false;
}
