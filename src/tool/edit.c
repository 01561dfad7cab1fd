/*
 * NAME     edit - a file replaced whole
 * PURPOSE  The new text is written beside the file, flushed, and renamed: whoever reads sees the one or
 *          the other. Owner, group and mode are those of the file; a new one is root's, 0644.
 * INVARIANTS  A failure leaves the file as it was, and no other behind it. A file that somebody else
 *          has changed meanwhile is not touched.
 * SEE      diff(1)
 */
#include "tool/edit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define DIFF "/usr/bin/diff"

/* ---- reading ---- */

static const char *
read_all(struct edit *edit, int fd)
{
	char piece[65536];
	ssize_t got;

	if (fstat(fd, &edit->was) != 0)
		return strerror(errno);
	if (!S_ISREG(edit->was.st_mode))
		return "not a regular file";
	while ((got = read(fd, piece, sizeof piece)) != 0) {
		if (got < 0 && errno != EINTR)
			return strerror(errno);
		if (got > 0 && !buf_add(&edit->text, piece, (size_t)got))
			return "file too large, or out of memory";
	}
	return NULL;
}

const char *
edit_read(struct edit *edit, const char *path, size_t max, bool may_be_new)
{
	const char *fault;
	int fd;

	memset(edit, 0, sizeof *edit);
	buf_init(&edit->text, NULL, 0, max);
	if (realpath(path, edit->path) == NULL) {
		if (errno != ENOENT || !may_be_new || strlen(path) >= sizeof edit->path)
			return strerror(errno);
		memcpy(edit->path, path, strlen(path) + 1);
		edit->is_new = true;
		return NULL;
	}
	fd = open(edit->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
	if (fd < 0)
		return strerror(errno);
	fault = read_all(edit, fd);
	close(fd);
	if (fault != NULL)
		buf_release(&edit->text);
	return fault;
}

void
edit_release(struct edit *edit)
{
	buf_release(&edit->text);
}

/* ---- showing ---- */

/* A text as a file without a name. */
static int
as_file(const char *text, size_t len)
{
	int fd = memfd_create("text", 0);
	size_t done = 0;

	while (fd >= 0 && done < len) {
		ssize_t put = pwrite(fd, text + done, len - done, (off_t)done);

		if (put <= 0 && errno != EINTR) {
			close(fd);
			return -1;
		}
		done += put > 0 ? (size_t)put : 0;
	}
	return fd;
}

_Noreturn static void
become_diff(const struct edit *edit, int before, int after)
{
	char old_path[32], new_path[32], label[PATH_MAX + 16];
	const char *no_color = getenv("NO_COLOR");
	bool is_plain = no_color != NULL && *no_color != '\0';

	snprintf(old_path, sizeof old_path, "/dev/fd/%d", before);
	snprintf(new_path, sizeof new_path, "/dev/fd/%d", after);
	snprintf(label, sizeof label, "--label=%s", edit->path);
	execl(DIFF, "diff", "-u", is_plain ? "--color=never" : "--color=auto",
	    edit->is_new ? "--label=/dev/null" : label, label, old_path, new_path, (char *)NULL);
	_exit(127);
}

bool
edit_show(const struct edit *edit, const char *text, size_t len)
{
	int before = as_file(edit->text.bytes, edit->text.len), after = as_file(text, len);
	int status = -1;
	pid_t child;

	fflush(stdout);
	child = before >= 0 && after >= 0 ? fork() : -1;
	if (child == 0)
		become_diff(edit, before, after);
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (before >= 0)
		close(before);
	if (after >= 0)
		close(after);
	return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) <= 1;
}

/* ---- writing ---- */

static bool
is_as_read(const struct edit *edit)
{
	struct stat now;

	if (lstat(edit->path, &now) != 0)
		return errno == ENOENT && edit->is_new;
	return !edit->is_new && now.st_dev == edit->was.st_dev && now.st_ino == edit->was.st_ino &&
	    now.st_size == edit->was.st_size && now.st_mtim.tv_sec == edit->was.st_mtim.tv_sec &&
	    now.st_mtim.tv_nsec == edit->was.st_mtim.tv_nsec &&
	    now.st_ctim.tv_sec == edit->was.st_ctim.tv_sec &&
	    now.st_ctim.tv_nsec == edit->was.st_ctim.tv_nsec;
}

static bool
put_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t put = write(fd, text, len);

		if (put < 0 && errno != EINTR)
			return false;
		text += put > 0 ? put : 0;
		len -= put > 0 ? (size_t)put : 0;
	}
	return true;
}

/* Make a file that does not exist, with that text. False: errno says why, and there is none. */
static bool
make_file(const struct edit *edit, const char *path, const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600), error;
	mode_t mode = edit->is_new ? 0644 : edit->was.st_mode & 07777;
	bool ok;

	if (fd < 0)
		return false;
	/* The owner in front of the mode: chown(2) takes bits away. */
	ok = put_all(fd, text, len) &&
	    (edit->is_new || fchown(fd, edit->was.st_uid, edit->was.st_gid) == 0) &&
	    fchmod(fd, mode) == 0 && fsync(fd) == 0;
	error = errno;
	if (close(fd) != 0 && ok) {
		error = errno;
		ok = false;
	}
	if (!ok)
		unlink(path);
	errno = error;
	return ok;
}

static bool
make_backup(struct edit *edit)
{
	for (unsigned i = 1; i <= EDIT_BACKUPS_MAX; i++) {
		int len = snprintf(edit->backup, sizeof edit->backup, "%s.~%u~", edit->path, i);

		if (len < 0 || (size_t)len >= sizeof edit->backup) {
			errno = ENAMETOOLONG;
			break;
		}
		if (make_file(edit, edit->backup, edit->text.bytes, edit->text.len))
			return true;
		if (errno != EEXIST)
			break;
	}
	edit->backup[0] = '\0';
	return false;
}

static bool
flush_folder(const char *path)
{
	char folder[PATH_MAX];
	int fd;

	snprintf(folder, sizeof folder, "%.*s/", (int)(strrchr(path, '/') - path), path);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	/* Some file systems cannot; the rename is whole all the same. */
	fsync(fd);
	close(fd);
	return true;
}

static const char *
replace(struct edit *edit, const char *fresh)
{
	const char *fault = NULL;

	if (!edit->is_new && !make_backup(edit))
		fault = strerror(errno);
	else if (!is_as_read(edit))
		fault = "somebody else has changed it meanwhile: nothing is written";
	else if (rename(fresh, edit->path) != 0)
		fault = strerror(errno);
	if (fault == NULL)
		return NULL;
	unlink(fresh);
	if (edit->backup[0] != '\0')
		unlink(edit->backup);
	edit->backup[0] = '\0';
	return fault;
}

const char *
edit_write(struct edit *edit, const char *text, size_t len)
{
	const char *base = strrchr(edit->path, '/'), *fault;
	char fresh[PATH_MAX];
	int fits;

	if (base == NULL)
		return "no absolute path";
	fits = snprintf(fresh, sizeof fresh, "%.*s/.%s.%ld~", (int)(base - edit->path), edit->path,
	    base + 1, (long)getpid());
	if (fits < 0 || (size_t)fits >= sizeof fresh)
		return strerror(ENAMETOOLONG);
	if (!make_file(edit, fresh, text, len))
		return strerror(errno);
	fault = replace(edit, fresh);
	if (fault == NULL)
		flush_folder(edit->path);
	return fault;
}

const char *
edit_remove(const struct edit *edit)
{
	if (!is_as_read(edit))
		return "somebody else has changed it meanwhile: it is not removed";
	if (unlink(edit->path) != 0)
		return strerror(errno);
	flush_folder(edit->path);
	return NULL;
}
