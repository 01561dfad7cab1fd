/*
 * NAME     place - policies on disk
 * INVARIANTS  Names are used again and again, by files of other contents: whoever remembers a file
 *             has
 *          to notice. Contents are written whole, then their time is set back, so that nobody waits
 *          for a writer.
 */
#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"

static const char directive[] = "#!tcpwrap classic\n";
static const char mark[] = "@V@";

enum {
	FILE_MAX_BYTES = 4 << 20,
	/* Texts are this old: nobody waits for the rest of one. An empty file that is younger than
	 * a minute might be one that a writer has just cut. */
	WRITTEN_S = 1,
	EMPTIED_S = 3600,
	MARK_LEN = sizeof mark - 1,
	DIRECTIVE_LEN = sizeof directive - 1,
};

bool
place_init(struct place *place, const char *folder)
{
	memset(place, 0, sizeof *place);
	if (strlen(folder) >= sizeof place->folder) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(place->folder, folder, strlen(folder) + 1);
	for (int way = 0; way < ASKED_WAYS; way++) {
		for (int table = 0; table < PLACE_TABLES; table++)
			snprintf(place->tables[way][table], PLACE_PATH_MAX, "%s/%c%d", folder,
			    "AD"[table], way);
	}
	return mkdir(folder, 0755) == 0;
}

/* ---- writing ---- */

static bool
add_placed(struct buf *out, const struct blob *blob, const char *folder)
{
	const char *at = blob->bytes, *end = at + blob->len, *found;

	while ((found = memmem(at, (size_t)(end - at), mark, MARK_LEN)) != NULL) {
		buf_add(out, at, (size_t)(found - at));
		buf_add_str(out, folder);
		at = found + MARK_LEN;
	}
	return buf_add(out, at, (size_t)(end - at)) && !out->failed;
}

static bool
write_file(const char *path, const struct buf *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	struct timespec times[2];
	bool ok;

	if (fd < 0)
		return false;
	clock_gettime(CLOCK_REALTIME, &times[0]);
	times[0].tv_sec -= text->len > 0 ? WRITTEN_S : EMPTIED_S;
	times[1] = times[0];
	ok = (text->len == 0 || write(fd, text->bytes, text->len) == (ssize_t)text->len) &&
	    futimens(fd, times) == 0;
	close(fd);
	return ok;
}

static bool
is_absent(const char *path)
{
	return unlink(path) == 0 || errno == ENOENT;
}

static bool
write_table(struct place *place, const struct blob *blob, enum place_table which)
{
	const char *plain = place->tables[ASKED_DEFAULT][which];
	const char *classic = place->tables[ASKED_CLASSIC][which];
	char storage[8 << 10];
	struct buf text;
	bool ok;

	place->shift[which] = blob->len > 0;
	if (blob->bytes == NULL)
		return is_absent(plain) && is_absent(classic);
	buf_init(&text, storage, sizeof storage, FILE_MAX_BYTES);
	ok = add_placed(&text, blob, place->folder) && write_file(plain, &text);
	buf_clear(&text);
	if (blob->len > 0)
		buf_add(&text, directive, DIRECTIVE_LEN);
	ok = ok && add_placed(&text, blob, place->folder) && write_file(classic, &text);
	buf_release(&text);
	return ok;
}

static void
remove_lists(struct place *place)
{
	char path[PLACE_PATH_MAX];

	for (size_t i = 0; i < place->list_count; i++) {
		char *slash = strrchr(place->lists[i], '/');

		snprintf(path, sizeof path, "%s/%s", place->folder, place->lists[i]);
		unlink(path);
		if (slash != NULL) {
			snprintf(path, sizeof path, "%s/%.*s", place->folder,
			    (int)(slash - place->lists[i]), place->lists[i]);
			rmdir(path);
		}
	}
	place->list_count = 0;
}

static bool
write_list(struct place *place, const struct policy_file *file)
{
	const char *slash = strrchr(file->name, '/');
	char path[PLACE_PATH_MAX], *name = place->lists[place->list_count++];
	struct buf text;
	bool ok;

	snprintf(name, sizeof place->lists[0], "%s", file->name);
	if (slash != NULL) {
		snprintf(path, sizeof path, "%s/%.*s", place->folder, (int)(slash - file->name),
		    file->name);
		if (mkdir(path, 0755) != 0 && errno != EEXIST)
			return false;
	}
	snprintf(path, sizeof path, "%s/%s", place->folder, name);
	buf_init(&text, NULL, 0, FILE_MAX_BYTES);
	ok = add_placed(&text, &file->blob, place->folder) && write_file(path, &text);
	buf_release(&text);
	return ok;
}

bool
place_write(struct place *place, const struct policy *policy)
{
	bool ok = write_table(place, &policy->allow, PLACE_ALLOW) &&
	    write_table(place, &policy->deny, PLACE_DENY);

	remove_lists(place);
	for (size_t i = 0; i < policy->file_count && ok; i++)
		ok = write_list(place, &policy->files[i]);
	return ok;
}

void
place_release(struct place *place)
{
	remove_lists(place);
	for (int way = 0; way < ASKED_WAYS; way++)
		for (int table = 0; table < PLACE_TABLES; table++)
			unlink(place->tables[way][table]);
	rmdir(place->folder);
}

/* ---- reading what was said about it ---- */

static void
replace(char *text, size_t *len, size_t at, size_t gone, const char *by)
{
	size_t by_len = strlen(by);

	memmove(text + at + by_len, text + at + gone, *len - at - gone + 1);
	memcpy(text + at, by, by_len);
	*len = *len - gone + by_len;
}

/* A table's name behind the folder's, and the line behind that. */
static void
replace_table(const struct place *place, enum way_asked way, char *text, size_t *len, size_t at)
{
	const char which = text[at + strlen(place->folder) + 1];
	int shift = way == ASKED_CLASSIC ? place->shift[which == 'D'] : 0;
	char spelled[16] = {which}, *end;
	size_t number;

	replace(text, len, at, strlen(place->folder) + 3, spelled);
	number = at + 1 + (text[at + 1] == ',');
	if (shift == 0 || strncmp(text + number, " line ", 6) != 0)
		return;
	number += 6;
	snprintf(spelled, sizeof spelled, "%ld", strtol(text + number, &end, 10) - shift);
	replace(text, len, number, (size_t)(end - text) - number, spelled);
}

size_t
place_rewrite(const struct place *place, enum way_asked way, char *text, size_t len)
{
	size_t folder_len = strlen(place->folder);
	char *found = text;

	while ((found = strstr(found, place->folder)) != NULL) {
		const char *name = found + folder_len;

		if (name[0] == '/' && (name[1] == 'A' || name[1] == 'D') && name[2] == "01"[way])
			replace_table(place, way, text, &len, (size_t)(found - text));
		else
			replace(text, &len, (size_t)(found - text), folder_len, mark);
		found++;
	}
	return len;
}
