/*
 * NAME     test_event_burst - refusals, counted across processes
 * PURPOSE  Which of many are lines, that lines and numbers are all, which files are used, and each call
 *          failed. The file is real, in a scratch folder; whose it is, and what time, is what this
 *          program says in the place of the system.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "event/burst.h"

enum {
	COUNT_BYTES = 32, /* name, second, number, whether somebody stays, nothing, check */
	NAMES_MAX = 256 + 16 - 1,
	FILE_BYTES = NAMES_MAX * COUNT_BYTES,
	WARNING = 4,
	ALERT = 1,
	DESCRIPTORS = 256,
	WORKERS = 4,
	EACH = 20000, /* refusals of a worker */
};

/* ---- the system ---- */

static struct world {
	uid_t uid, euid, owner;
	unsigned fail_at, calls; /* the call that fails, from 1, with this errno; 0: none */
	int error;
	bool is_short; /* a read or write does less, in place of failing */
} world;

static bool is_real; /* time is the clock's */
static int64_t clock_s = 1000;

static bool
fails(void)
{
	if (++world.calls != world.fail_at)
		return false;
	errno = world.error;
	return true;
}

int __real_open64(const char *, int, ...);
int __real_fstat64(int, struct stat *);
int __real_mkdir(const char *, mode_t);
int __real_ftruncate64(int, off_t);
int __real_fcntl64(int, int, ...);
ssize_t __real_pread64(int, void *, size_t, off_t);
ssize_t __real_pwrite64(int, const void *, size_t, off_t);
int __real_clock_gettime(clockid_t, struct timespec *);
int __real_clock_nanosleep(clockid_t, int, const struct timespec *, struct timespec *);
int __wrap_open64(const char *, int, ...);
int __wrap_fstat64(int, struct stat *);
int __wrap_mkdir(const char *, mode_t);
int __wrap_ftruncate64(int, off_t);
int __wrap_fcntl64(int, int, ...);
ssize_t __wrap_pread64(int, void *, size_t, off_t);
ssize_t __wrap_pwrite64(int, const void *, size_t, off_t);
int __wrap_clock_gettime(clockid_t, struct timespec *);
int __wrap_clock_nanosleep(clockid_t, int, const struct timespec *, struct timespec *);
uid_t __wrap_getuid(void);
uid_t __wrap_geteuid(void);

int
__wrap_open64(const char *path, int flags, ...)
{
	assert_int_equal(
	    flags & ~(O_CREAT | O_TRUNC), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fails() ? -1 : __real_open64(path, flags, 0600);
}

int
__wrap_fstat64(int fd, struct stat *ret)
{
	int result = fails() ? -1 : __real_fstat64(fd, ret);

	ret->st_uid = world.owner;
	return result;
}

int
__wrap_mkdir(const char *path, mode_t mode)
{
	assert_int_equal(mode, 0755);
	return fails() ? -1 : __real_mkdir(path, mode);
}

int
__wrap_ftruncate64(int fd, off_t len)
{
	return fails() ? -1 : __real_ftruncate64(fd, len);
}

int
__wrap_fcntl64(int fd, int command, ...)
{
	va_list args;
	struct flock *lock;

	va_start(args, command);
	lock = va_arg(args, struct flock *);
	va_end(args);
	if (command != F_OFD_SETLK)
		return __real_fcntl64(fd, command, lock);
	return fails() ? -1 : __real_fcntl64(fd, command, lock);
}

ssize_t
__wrap_pread64(int fd, void *to, size_t len, off_t at)
{
	if (fails())
		return world.is_short ? (ssize_t)len - 1 : -1;
	return __real_pread64(fd, to, len, at);
}

/* One that is short has written nothing here: the file is as it was. */
ssize_t
__wrap_pwrite64(int fd, const void *from, size_t len, off_t at)
{
	if (fails())
		return world.is_short ? (ssize_t)len - 1 : -1;
	return __real_pwrite64(fd, from, len, at);
}

static unsigned pauses;

int
__wrap_clock_nanosleep(
    clockid_t id, int flags, const struct timespec *when, struct timespec *ret_left)
{
	assert_int_equal(id, CLOCK_MONOTONIC);
	pauses++;
	return is_real ? __real_clock_nanosleep(id, flags, when, ret_left) : 0;
}

/* That this is the clock which nobody can set is what makes jumps of the other one harmless. */
int
__wrap_clock_gettime(clockid_t id, struct timespec *ret)
{
	assert_int_equal(id, CLOCK_MONOTONIC);
	if (is_real)
		return __real_clock_gettime(id, ret);
	if (fails())
		return -1;
	*ret = (struct timespec){.tv_sec = (time_t)clock_s};
	return 0;
}

uid_t
__wrap_getuid(void)
{
	return world.uid;
}

uid_t
__wrap_geteuid(void)
{
	return world.euid;
}

/* ---- scenes ---- */

static char top[] = "/tmp/test_event_burst.XXXXXX", folder[64], path[80];

static int
set_up(void **state)
{
	(void)state;
	world = (struct world){.fail_at = 0};
	pauses = 0;
	clock_s += 1000;
	unlink(path);
	rmdir(folder);
	return 0;
}

static int
must_open(void)
{
	int burst = burst_open(folder, path);

	assert_true(burst >= 0);
	return burst;
}

static struct burst_turn turn;

static enum burst_say
refuse(int burst, const char *service)
{
	return burst_count(burst, service, WARNING, &turn);
}

static void
say_lines(int burst, const char *service, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(refuse(burst, service), BURST_LINE);
		assert_int_equal(turn.earlier, 0);
	}
}

static void
say_nothing(int burst, const char *service, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(refuse(burst, service), BURST_COUNTED);
}

static void
write_file(const void *bytes, size_t len)
{
	int fd;

	mkdir(folder, 0755);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
	    0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
}

static void
read_file(unsigned char ret[FILE_BYTES])
{
	FILE *file = fopen(path, "re");

	assert_non_null(file);
	assert_int_equal(fread(ret, 1, FILE_BYTES, file), FILE_BYTES);
	assert_int_equal(fgetc(file), EOF);
	fclose(file);
}

/* Of the only name in the file. */
static size_t
place_of_name(const unsigned char bytes[FILE_BYTES])
{
	uint64_t name;

	for (size_t at = 0; at < FILE_BYTES; at += COUNT_BYTES) {
		memcpy(&name, bytes + at, sizeof name);
		if (name != 0)
			return at;
	}
	fail_msg("no name in the file");
	return 0;
}

/* With a check that is right. */
static void
set_count(int burst, uint64_t second, uint64_t number)
{
	unsigned char bytes[FILE_BYTES];
	uint64_t words[4] = {0, second | number << 32, 0, 0xcbf29ce484222325};
	size_t at, len = 3 * sizeof words[0];

	read_file(bytes);
	at = place_of_name(bytes);
	memcpy(words, bytes + at, sizeof words[0]);
	for (size_t i = 0; i < len; i++)
		words[3] = (words[3] ^ ((unsigned char *)words)[i]) * 0x100000001b3;
	assert_int_equal(pwrite(burst, words, sizeof words, (off_t)at), sizeof words);
}

/* ---- counting ---- */

static void
the_first_hundred_are_lines(void **state)
{
	int burst = must_open();
	struct burst_turn stays;

	(void)state;
	for (unsigned second = 0; second < 3; second++, clock_s++) {
		say_lines(burst, "svc", BURST_LINES);
		assert_int_equal(refuse(burst, "svc"), BURST_STAY);
		stays = turn;
		say_nothing(burst, "svc", 41);
		assert_int_equal(burst_take(burst, &stays), 42);
		assert_int_equal(burst_take(burst, &stays), 0);
	}
	close(burst);
}

static void
services_and_priorities_have_their_own(void **state)
{
	int burst = must_open();

	(void)state;
	say_lines(burst, "svc", BURST_LINES);
	assert_int_equal(refuse(burst, "svc"), BURST_STAY);
	say_lines(burst, "svd", BURST_LINES);
	say_lines(burst, "sv", BURST_LINES);
	say_lines(burst, "", BURST_LINES);
	for (unsigned i = 0; i < BURST_LINES; i++)
		assert_int_equal(burst_count(burst, "svc", ALERT, &turn), BURST_LINE);
	assert_int_equal(burst_count(burst, "svc", ALERT, &turn), BURST_STAY);
	close(burst);
}

static void
the_next_refusal_tells_what_nobody_told(void **state)
{
	int burst = must_open();
	struct burst_turn stays;

	(void)state;
	say_lines(burst, "svc", BURST_LINES);
	assert_int_equal(refuse(burst, "svc"), BURST_STAY);
	stays = turn;
	say_nothing(burst, "svc", 6);
	clock_s += 5000;
	assert_int_equal(refuse(burst, "svc"), BURST_LINE);
	assert_int_equal(turn.earlier, 7);
	assert_int_equal(burst_take(burst, &stays), 0);
	say_lines(burst, "svc", BURST_LINES - 1);
	assert_int_equal(refuse(burst, "svc"), BURST_STAY);
	close(burst);
}

static void
without_a_file_all_are_lines(void **state)
{
	(void)state;
	say_lines(-1, "svc", 5 * BURST_LINES);
}

/* What is in the count is not believed: also a second that has not come yet. */
static void
a_damaged_count_is_let_be(void **state)
{
	static const uint64_t numbers[] = {1 << 24, (1 << 24) + 5, (1U << 31) - 1, UINT32_MAX};
	int burst = must_open();
	uint64_t now = (uint64_t)clock_s;

	(void)state;
	say_lines(burst, "svc", 1);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		set_count(burst, now, numbers[i]);
		say_lines(burst, "svc", 2 * BURST_LINES);
		assert_false(turn.is_counted);
		set_count(burst, now - 1, numbers[i]);
		say_lines(burst, "svc", 2 * BURST_LINES);
	}
	set_count(burst, now + 1, 5);
	say_lines(burst, "svc", 2 * BURST_LINES);
	set_count(burst, UINT32_MAX, 5000);
	say_lines(burst, "svc", 2 * BURST_LINES);
	clock_s += 100;
	set_count(burst, now, (1 << 24) - 1);
	assert_int_equal(refuse(burst, "svc"), BURST_LINE);
	assert_int_equal(turn.earlier, (1 << 24) - 1 - BURST_LINES);
	close(burst);
}

static void
names_that_find_no_place_are_lines(void **state)
{
	int burst = must_open();
	char name[16];
	unsigned counted = 0;

	(void)state;
	for (unsigned i = 0; i < 4 * NAMES_MAX; i++) {
		snprintf(name, sizeof name, "d%u", i);
		assert_int_equal(refuse(burst, name), BURST_LINE);
		counted += turn.is_counted;
	}
	assert_in_range(counted, NAMES_MAX * 3 / 4, NAMES_MAX);
	close(burst);
}

/* Whatever bit of a count changes, it is not believed; nor is one with another's name and check. */
static void
a_changed_bit_is_seen(void **state)
{
	int burst = must_open();
	unsigned char bytes[FILE_BYTES], good[COUNT_BYTES], bad[COUNT_BYTES];
	size_t at;

	(void)state;
	say_lines(burst, "svc", BURST_LINES);
	read_file(bytes);
	at = place_of_name(bytes);
	memcpy(good, bytes + at, sizeof good);
	for (unsigned bit = 0; bit < 8 * COUNT_BYTES; bit++) {
		memcpy(bad, good, sizeof bad);
		bad[bit / 8] ^= (unsigned char)(1 << bit % 8);
		assert_int_equal(pwrite(burst, bad, sizeof bad, (off_t)at), sizeof bad);
		assert_int_equal(refuse(burst, "svc"), BURST_LINE);
	}
	assert_int_equal(pwrite(burst, good, sizeof good, (off_t)at), sizeof good);
	assert_int_equal(refuse(burst, "svc"), BURST_STAY);
	close(burst);
}

/* Who holds the lock for long, as it was stopped, costs others a while, and hides nothing. */
static void
a_lock_is_not_waited_for(void **state)
{
	struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int burst = must_open(), other = must_open();
	struct burst_turn stays;

	(void)state;
	say_lines(burst, "svc", BURST_LINES);
	assert_int_equal(refuse(burst, "svc"), BURST_STAY);
	stays = turn;
	assert_int_equal(fcntl(other, F_OFD_SETLK, &all), 0);
	pauses = 0;
	say_lines(burst, "svc", 5);
	assert_false(turn.is_counted);
	assert_int_equal(pauses, 5 * 20);
	assert_int_equal(burst_take(burst, &stays), 0);
	close(other);
	say_nothing(burst, "svc", 1);
	assert_int_equal(burst_take(burst, &stays), 2);
	assert_int_equal(pauses, 6 * 20);
	close(burst);
}

static void
without_a_clock_it_is_a_line(void **state)
{
	int burst = must_open();

	(void)state;
	say_lines(burst, "svc", BURST_LINES);
	world = (struct world){.fail_at = 3, .error = EINVAL};
	assert_int_equal(refuse(burst, "svc"), BURST_LINE);
	assert_false(turn.is_counted);
	assert_int_equal(refuse(burst, "svc"), BURST_STAY);
	close(burst);
}

/* ---- many at a time ---- */

struct tally {
	unsigned long lines, told, stays;
};

/* Refuse as fast as may be, and tell what is ours to tell. */
static void
work(int burst, struct tally *tally)
{
	struct burst_turn stays = {.is_counted = false};

	for (unsigned i = 0; i < EACH; i++) {
		switch (refuse(burst, "svc")) {
		case BURST_LINE:
			tally->lines++;
			tally->told += turn.earlier;
			break;
		case BURST_STAY:
			if (stays.is_counted)
				tally->told += burst_take(burst, &stays);
			stays = turn;
			tally->stays++;
			break;
		case BURST_COUNTED:
			break;
		}
	}
	if (stays.is_counted) {
		burst_wait(&stays);
		tally->told += burst_take(burst, &stays);
	}
}

static void
lines_and_numbers_of_many_processes_are_all(void **state)
{
	struct tally *tallies = mmap(NULL, sizeof *tallies * WORKERS, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct tally all = {0};
	struct timespec began, ended;
	int status;

	(void)state;
	assert_true(tallies != MAP_FAILED);
	is_real = true;
	clock_gettime(CLOCK_MONOTONIC, &began);
	for (unsigned i = 0; i < WORKERS; i++) {
		if (fork() == 0) {
			work(must_open(), &tallies[i]);
			_exit(0);
		}
	}
	for (unsigned i = 0; i < WORKERS; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	clock_gettime(CLOCK_MONOTONIC, &ended);
	is_real = false;
	for (unsigned i = 0; i < WORKERS; i++) {
		all.lines += tallies[i].lines;
		all.told += tallies[i].told;
		all.stays += tallies[i].stays;
	}
	munmap(tallies, sizeof *tallies * WORKERS);
	assert_int_equal(all.lines + all.told, WORKERS * EACH);
	assert_in_range(all.stays, 1, ended.tv_sec - began.tv_sec + 1);
	assert_in_range(all.lines, BURST_LINES, (ended.tv_sec - began.tv_sec + 1) * BURST_LINES);
}

/* ---- the file ---- */

static void
only_roots_own_programs_have_it(void **state)
{
	(void)state;
	world.euid = 1000;
	assert_int_equal(burst_open(folder, path), -1);
	world = (struct world){.uid = 1000};
	assert_int_equal(burst_open(folder, path), -1);
	assert_int_equal(access(folder, F_OK), -1);
}

static void
it_is_used_again(void **state)
{
	int burst = must_open();

	(void)state;
	say_lines(burst, "svc", BURST_LINES);
	close(burst);
	burst = must_open();
	assert_int_equal(refuse(burst, "svc"), BURST_STAY);
	close(burst);
}

static void
a_file_that_is_not_as_we_left_it_is_not_used(void **state)
{
	unsigned char bytes[FILE_BYTES + 1] = {0};
	static const mode_t modes[] = {0602, 0620, 0666, 0777};
	char other[100];

	(void)state;
	for (size_t len = 1; len <= sizeof bytes;
	     len += len < 64 || len > FILE_BYTES - 8 ? 1 : 61) {
		write_file(bytes, len);
		if (len != FILE_BYTES)
			assert_int_equal(burst_open(folder, path), -1);
	}
	write_file(bytes, FILE_BYTES);
	close(must_open());
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		chmod(path, modes[i]);
		assert_int_equal(burst_open(folder, path), -1);
	}
	chmod(path, 0600);
	world.owner = 1000;
	assert_int_equal(burst_open(folder, path), -1);
	world.owner = 0;
	snprintf(other, sizeof other, "%s.other", path);
	assert_int_equal(link(path, other), 0);
	assert_int_equal(burst_open(folder, path), -1);
	unlink(path);
	assert_int_equal(symlink(other, path), 0);
	assert_int_equal(burst_open(folder, path), -1);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(burst_open(folder, path), -1);
	unlink(path);
	assert_int_equal(rename(other, path), 0);
	close(must_open());
}

/* Of bytes that mean nothing: nothing is counted, and they stay. */
static void
a_file_of_noise_counts_nobody(void **state)
{
	unsigned char bytes[FILE_BYTES], after[FILE_BYTES];
	uint64_t noise = 1;
	int burst;

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++) {
		noise = noise * 6364136223846793005 + 1442695040888963407;
		bytes[i] = (unsigned char)(noise >> 56);
	}
	for (unsigned i = 0; i < 2; i++) {
		write_file(bytes, sizeof bytes);
		burst = must_open();
		say_lines(burst, "svc", 3 * BURST_LINES);
		say_lines(burst, "another", 3 * BURST_LINES);
		close(burst);
		read_file(after);
		assert_memory_equal(after, bytes, sizeof bytes);
		memset(bytes, 0xff, sizeof bytes);
	}
}

static unsigned
open_descriptors(void)
{
	unsigned count = 0;

	for (int fd = 0; fd < DESCRIPTORS; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* A refusal of a burst in which a call fails: how many calls there were. */
static unsigned
refuse_failing(unsigned at, int error, bool is_made, bool *ret_is_line)
{
	unsigned descriptors = open_descriptors();
	int burst;

	set_up(NULL);
	if (is_made) {
		burst = must_open();
		say_lines(burst, "svc", BURST_LINES);
		close(burst);
	}
	world = (struct world){.fail_at = at, .error = error, .is_short = error == 0};
	errno = EDOM;
	burst = burst_open(folder, path);
	*ret_is_line = refuse(burst, "svc") == BURST_LINE;
	assert_int_equal(errno, EDOM);
	if (burst >= 0)
		close(burst);
	assert_int_equal(open_descriptors(), descriptors);
	return world.calls;
}

/* Whichever call fails, it is a line, nothing is left open, and errno is as it was. */
static void
a_call_that_fails_means_a_line(void **state)
{
	static const int errors[] = {
	    EACCES, EAGAIN, ENOSPC, EMFILE, ENOMEM, EROFS, EINTR, ENOENT, EEXIST, ENOLCK, 0};
	enum { CALLS = 7, CALLS_TO_MAKE = 10, LOCK = 3, UNLOCK = 7 };
	bool is_line;

	(void)state;
	assert_int_equal(refuse_failing(0, 0, true, &is_line), CALLS);
	assert_false(is_line);
	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
		for (unsigned at = 1; at <= CALLS; at++) {
			refuse_failing(at, errors[i], true, &is_line);
			/* No fault: another one holds the lock, the file is not there yet; the
			 * lock goes with the descriptor. */
			if ((at == LOCK && (errors[i] == EAGAIN || errors[i] == EACCES)) ||
			    (at == 1 && errors[i] == ENOENT) || at == UNLOCK)
				assert_false(is_line);
			else
				assert_true(is_line);
		}
		for (unsigned at = 1; at <= CALLS_TO_MAKE; at++) {
			refuse_failing(at, errors[i], false, &is_line);
			assert_true(is_line);
		}
	}
	assert_int_equal(refuse_failing(0, 0, false, &is_line), CALLS_TO_MAKE);
}

/* A number that could not be written back was not taken: it is told once, by the next. */
static void
a_number_is_told_once_though_calls_fail(void **state)
{
	struct burst_turn stays;
	uint32_t taken;
	int burst;

	for (unsigned at = 1; at <= 4; at++) {
		set_up(state);
		burst = must_open();
		say_lines(burst, "svc", BURST_LINES);
		assert_int_equal(refuse(burst, "svc"), BURST_STAY);
		stays = turn;
		say_nothing(burst, "svc", 2);
		world = (struct world){.fail_at = at, .error = EIO};
		taken = burst_take(burst, &stays);
		assert_int_equal(taken, at == 4 ? 3 : 0);
		clock_s++;
		assert_int_equal(refuse(burst, "svc"), BURST_LINE);
		assert_int_equal(turn.earlier + taken, 3);
		close(burst);
	}
}

static int
set_up_all(void **state)
{
	(void)state;
	if (mkdtemp(top) == NULL)
		return -1;
	snprintf(folder, sizeof folder, "%s/run", top);
	snprintf(path, sizeof path, "%s/bursts", folder);
	return 0;
}

static int
clean_up_all(void **state)
{
	(void)state;
	unlink(path);
	rmdir(folder);
	return rmdir(top);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(the_first_hundred_are_lines, set_up),
	    cmocka_unit_test_setup(services_and_priorities_have_their_own, set_up),
	    cmocka_unit_test_setup(the_next_refusal_tells_what_nobody_told, set_up),
	    cmocka_unit_test_setup(without_a_file_all_are_lines, set_up),
	    cmocka_unit_test_setup(a_damaged_count_is_let_be, set_up),
	    cmocka_unit_test_setup(names_that_find_no_place_are_lines, set_up),
	    cmocka_unit_test_setup(a_changed_bit_is_seen, set_up),
	    cmocka_unit_test_setup(a_lock_is_not_waited_for, set_up),
	    cmocka_unit_test_setup(without_a_clock_it_is_a_line, set_up),
	    cmocka_unit_test_setup(lines_and_numbers_of_many_processes_are_all, set_up),
	    cmocka_unit_test_setup(only_roots_own_programs_have_it, set_up),
	    cmocka_unit_test_setup(it_is_used_again, set_up),
	    cmocka_unit_test_setup(a_file_that_is_not_as_we_left_it_is_not_used, set_up),
	    cmocka_unit_test_setup(a_file_of_noise_counts_nobody, set_up),
	    cmocka_unit_test_setup(a_call_that_fails_means_a_line, set_up),
	    cmocka_unit_test_setup(a_number_is_told_once_though_calls_fail, set_up),
	};

	return cmocka_run_group_tests(tests, set_up_all, clean_up_all);
}
