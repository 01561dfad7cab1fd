/*
 * NAME     burst - refusals, counted across processes
 * PURPOSE  Above BURST_LINES refusals of a service in a second, the log gets their number.
 * INVARIANTS  Lines said and numbers told are all refusals: what is not said is in a count, and who takes
 *          a number out of a count tells it. A file that cannot be had, or is not as we left it, means
 *          that every line is said. A lock is held for a read and a write, and not waited for long.
 * LIMITS   SLOTS: services, times the priorities of their lines, until the next boot. PROBES, TRIES.
 * SEE      docs/decisions/bursts.md
 */
#include "event/burst.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"

enum {
	SLOTS = 256, /* more than a host has services */
	PROBES = 16, /* how far from its place a name may stand */
	TRIES = 20, /* for a lock that is held for microseconds, if its process runs */
	PAUSE_NS = 1000000,
};

static const uint32_t COUNT_MAX = 1U << 24; /* more than any host refuses in a second */

/* Some service's refusals, of a second; all zero: nobody's. The name, a hash, stays. */
struct count {
	uint64_t name;
	uint32_t second;
	uint32_t number;
	uint32_t has_teller; /* somebody stays for them */
	uint32_t unused;
	uint64_t check; /* of the rest */
};

/* What is locked, read and looked through. */
struct window {
	struct count counts[PROBES];
};

static const off_t FILE_BYTES = (SLOTS + PROBES - 1) * (off_t)sizeof(struct count);

/* ---- the file ---- */

static int
open_file(const char *file, int create)
{
	return open(file, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | create,
	    S_IRUSR | S_IWUSR);
}

static int
open_or_make(const char *dir, const char *file)
{
	int fd = open_file(file, 0);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	mkdir(dir, S_IRWXU | S_IRGRP | S_IXGRP | S_IROTH | S_IXOTH);
	return open_file(file, O_CREAT);
}

static bool
is_ours(int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != 0 ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)) != 0 || st.st_nlink != 1)
		return false;
	/* A new one. Two that do it at a time do no harm. */
	if (st.st_size == 0)
		return ftruncate(fd, FILE_BYTES) == 0;
	return st.st_size == FILE_BYTES;
}

int
burst_open(const char *dir, const char *file)
{
	int saved = errno, fd = -1;

	/* Of a set-user-ID program any user chooses how often it refuses, and in whose name. */
	if (getuid() == 0 && geteuid() == 0)
		fd = open_or_make(dir, file);
	if (fd >= 0 && !is_ours(fd)) {
		close(fd);
		fd = -1;
	}
	errno = saved;
	return fd;
}

/* ---- windows ---- */

static uint64_t
name_of(const char *service, int priority)
{
	uint64_t hash = hash_add(HASH_INIT, &priority, sizeof priority);

	while (*service != '\0')
		hash = hash_add(hash, service++, 1);
	return hash | 1; /* never 0 */
}

static uint64_t
check_of(const struct count *count)
{
	return hash_add(HASH_INIT, count, offsetof(struct count, check));
}

static off_t
place_of(uint64_t name)
{
	/* Spread over the highest bits, whatever the last letters of names are. */
	return (off_t)((name * 0x9e3779b97f4a7c15 >> 32) % SLOTS * sizeof(struct count));
}

static int
try_lock(int fd, uint64_t name, short type)
{
	struct flock range = {.l_type = type,
	    .l_whence = SEEK_SET,
	    .l_start = place_of(name),
	    .l_len = sizeof(struct window)};

	return fcntl(fd, F_OFD_SETLK, &range);
}

static bool
lock(int fd, uint64_t name)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};

	for (int i = 0; i < TRIES; i++) {
		if (try_lock(fd, name, F_WRLCK) == 0)
			return true;
		if (errno != EAGAIN && errno != EACCES)
			break;
		clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
	}
	return false;
}

static void
unlock(int fd, uint64_t name)
{
	try_lock(fd, name, F_UNLCK);
}

/* The count of a name, or an empty one, where it belongs. NULL: there is no room, or it is damaged. */
static struct count *
find(int fd, uint64_t name, struct window *window)
{
	if (pread(fd, window, sizeof *window, place_of(name)) != sizeof *window)
		return NULL;
	for (struct count *count = window->counts; count < window->counts + PROBES; count++) {
		if (count->name == name)
			return count->check == check_of(count) ? count : NULL;
		if (count->name == 0) {
			*count = (struct count){.name = name};
			return count;
		}
	}
	return NULL;
}

static bool
save(int fd, const struct window *window, struct count *count)
{
	off_t at = place_of(count->name) + (count - window->counts) * (off_t)sizeof *count;

	count->check = check_of(count);
	return pwrite(fd, count, sizeof *count, at) == sizeof *count;
}

/* ---- counts ---- */

static uint32_t
untold(const struct count *count)
{
	return count->number > BURST_LINES ? count->number - BURST_LINES : 0;
}

/* Not so: the count, or the clock, is not to be trusted. */
static bool
add(struct count *count, struct burst_turn *turn, enum burst_say *ret_say)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0 || count->second > (uint32_t)now.tv_sec ||
	    count->number >= COUNT_MAX)
		return false;
	turn->second = (uint32_t)now.tv_sec;
	if (count->second != turn->second) {
		turn->earlier = untold(count);
		*count = (struct count){.name = turn->name, .second = turn->second};
	}
	count->number++;
	*ret_say = BURST_LINE;
	if (untold(count) != 0) {
		*ret_say = count->has_teller ? BURST_COUNTED : BURST_STAY;
		count->has_teller = 1;
	}
	return true;
}

enum burst_say
burst_count(int fd, const char *service, int priority, struct burst_turn *ret)
{
	struct burst_turn turn = {.is_counted = true, .name = name_of(service, priority)};
	enum burst_say say = BURST_LINE;
	struct window window;
	struct count *count;
	int saved = errno;

	*ret = (struct burst_turn){.is_counted = false};
	if (fd >= 0 && lock(fd, turn.name)) {
		count = find(fd, turn.name, &window);
		if (count != NULL && add(count, &turn, &say) && save(fd, &window, count))
			*ret = turn;
		unlock(fd, turn.name);
	}
	errno = saved;
	return ret->is_counted ? say : BURST_LINE;
}

void
burst_wait(const struct burst_turn *turn)
{
	struct timespec end = {.tv_sec = (time_t)turn->second + 1};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL) == EINTR)
		;
}

uint32_t
burst_take(int fd, const struct burst_turn *turn)
{
	struct window window;
	struct count *count;
	uint32_t taken = 0;
	int saved = errno;

	if (turn->is_counted && lock(fd, turn->name)) {
		count = find(fd, turn->name, &window);
		if (count != NULL && count->second == turn->second) {
			taken = untold(count);
			count->number -= taken;
			count->has_teller = 0; /* should the second go on after all */
			if (!save(fd, &window, count))
				taken = 0;
		}
		unlock(fd, turn->name);
	}
	errno = saved;
	return taken;
}
