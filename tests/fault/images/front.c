/*
 * NAME     front - a clock and a file system that are not as they should be
 * PURPOSE  Preloaded into a program: its wall clock, and the times of its files, are moved by what the file
 *          FRONT_FILE says while it runs; with FRONT_COARSE files have whole seconds; with FRONT_SHORT no call
 *          reads or writes more than so many bytes. How often it reads at a place is counted there.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))

/* What the test and its programs share. */
struct front {
	int64_t clock_ms, stamps_ms;
	uint64_t preads;
};

static struct front nothing, *front = &nothing;
static bool is_coarse;
static size_t at_most = SIZE_MAX;

static int (*real_clock)(clockid_t, struct timespec *);
static int (*real_stat)(const char *, struct stat *);
static int (*real_fstat)(int, struct stat *);
static ssize_t (*real_read)(int, void *, size_t);
static ssize_t (*real_pread)(int, void *, size_t, off_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);

__attribute__((constructor)) static void
begin(void)
{
	const char *path = getenv("FRONT_FILE"), *bytes = getenv("FRONT_SHORT");
	int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *shared = mmap(NULL, sizeof *front, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	*(void **)&real_clock = dlsym(RTLD_NEXT, "clock_gettime");
	*(void **)&real_stat = dlsym(RTLD_NEXT, "stat");
	*(void **)&real_fstat = dlsym(RTLD_NEXT, "fstat");
	*(void **)&real_read = dlsym(RTLD_NEXT, "read");
	*(void **)&real_pread = dlsym(RTLD_NEXT, "pread64");
	*(void **)&real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
	if (shared == MAP_FAILED)
		abort(); /* a test that would test nothing */
	front = shared;
	close(fd);
	is_coarse = getenv("FRONT_COARSE") != NULL;
	if (bytes != NULL)
		at_most = strtoul(bytes, NULL, 10);
}

static void
move(struct timespec *time, int64_t ms)
{
	int64_t ns = time->tv_nsec + ms % 1000 * 1000000;

	time->tv_sec += ms / 1000 + (ns < 0 ? -1 : ns / 1000000000);
	time->tv_nsec = ns < 0 ? ns + 1000000000 : ns % 1000000000;
}

static int
move_stamps(int status, struct stat *st)
{
	struct timespec *const times[] = {&st->st_mtim, &st->st_ctim};

	for (unsigned i = 0; status == 0 && i < 2; i++) {
		move(times[i], front->stamps_ms);
		if (is_coarse)
			times[i]->tv_nsec = 0;
	}
	return status;
}

static size_t
cut(size_t size)
{
	return size < at_most ? size : at_most;
}

/* Named apart in C, as headers may give either name to the other. */
EXPORTED int front_clock(clockid_t, struct timespec *) __asm__("clock_gettime");
EXPORTED int front_stat(const char *, struct stat *) __asm__("stat");
EXPORTED int front_stat64(const char *, struct stat *) __asm__("stat64");
EXPORTED int front_fstat(int, struct stat *) __asm__("fstat");
EXPORTED int front_fstat64(int, struct stat *) __asm__("fstat64");
EXPORTED ssize_t front_read(int, void *, size_t) __asm__("read");
EXPORTED ssize_t front_pread(int, void *, size_t, off_t) __asm__("pread64");
EXPORTED ssize_t front_pwrite(int, const void *, size_t, off_t) __asm__("pwrite64");

int
front_clock(clockid_t clock, struct timespec *ret)
{
	int status = real_clock(clock, ret);

	if (clock == CLOCK_REALTIME)
		move(ret, front->clock_ms);
	return status;
}

int
front_stat(const char *path, struct stat *ret)
{
	return move_stamps(real_stat(path, ret), ret);
}

int
front_stat64(const char *path, struct stat *ret)
{
	return front_stat(path, ret);
}

int
front_fstat(int fd, struct stat *ret)
{
	return move_stamps(real_fstat(fd, ret), ret);
}

int
front_fstat64(int fd, struct stat *ret)
{
	return front_fstat(fd, ret);
}

ssize_t
front_read(int fd, void *bytes, size_t size)
{
	return real_read(fd, bytes, cut(size));
}

ssize_t
front_pread(int fd, void *bytes, size_t size, off_t at)
{
	__atomic_add_fetch(&front->preads, 1, __ATOMIC_RELAXED);
	return real_pread(fd, bytes, cut(size), at);
}

ssize_t
front_pwrite(int fd, const void *bytes, size_t size, off_t at)
{
	return real_pwrite(fd, bytes, cut(size), at);
}
