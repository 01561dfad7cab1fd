/*
 * NAME     reader - tables are read beside the loop
 * PURPOSE  A table of a million lines takes a second to parse: its services wait for that, others do not.
 * INVARIANTS  One thread at a time, which ends by itself; it touches the store of tables, memory and files,
 *          and takes no signal. Nobody forks while it computes. Only a file system can keep it: then it is
 *          late, that is said, and nobody waits for it.
 * LIMITS   STACK_BYTES: reading does not recurse. The stack is given back: the C library would keep it.
 *          LATE_MS.
 * SEE      docs/decisions/freshness.md, docs/decisions/inetd-access.md, pthreads(7)
 */
#include "cmd/inetd/access/reader.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "cmd/inetd/clock.h"
#include "cmd/inetd/log.h"

/* A sanitizer has things of its own on every stack. */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define STACK_SCALE 32
#else
#define STACK_SCALE 1
#endif

enum {
	STACK_BYTES = STACK_SCALE * (256 << 10),
	GUARD_BYTES = 64 << 10, /* the largest page there is */
	LATE_MS =
	    5000, /* a disk that has to start up answers by then, and clients are still there */
	/* Of processor time in LATE_MS: whoever computes so much parses a long table, from a slow disk or on a
	 * busy host, and gets on. */
	GETS_ON_MS = LATE_MS / 1000,
	MS_OF_SECOND = 1000,
	NS_OF_MS = 1000000,
};

static void *
work(void *arg)
{
	struct reader *reader = arg;
	const uint64_t one = 1;

	reader->is_kept = !reader->wanted.is_list || table_list_keep(reader->wanted.path);
	for (unsigned t = 0; t < 2; t++) {
		reader->at = reader->tables[t];
		reader->is_kept &= table_keep(reader->tables[t]);
	}
	/* Cannot fail: nobody else writes, and the count is taken before the next thread. */
	(void)!write(reader->event_fd, &one, sizeof one);
	return NULL;
}

static void
end_thread(struct reader *reader)
{
	pthread_join(reader->thread, NULL);
	munmap(reader->stack, STACK_BYTES);
	reactor_stop_alarm(reader->reactor, &reader->look);
	if (reader->is_late)
		log_line(LOG_NOTICE, "tables were read at last, after %ld s: they count again",
		    (long)((clock_now_ms() - reader->started_ms) / MS_OF_SECOND));
	reader->is_busy = reader->is_late = false;
}

/* If it cannot be told it is at its end, and will be heard of. */
static int64_t
computed_ms(const struct reader *reader)
{
	struct timespec time;
	clockid_t clock;

	if (pthread_getcpuclockid(reader->thread, &clock) != 0 || clock_gettime(clock, &time) < 0)
		return INT64_MAX;
	return (int64_t)time.tv_sec * MS_OF_SECOND + time.tv_nsec / NS_OF_MS;
}

static void
look(struct alarm *alarm, int64_t now_ms)
{
	struct reader *reader = owner_of(alarm, struct reader, look);
	int64_t before_ms = reader->computed_ms;

	reader->computed_ms = computed_ms(reader);
	if (reader->computed_ms - before_ms >= GETS_ON_MS) {
		reactor_set_alarm(reader->reactor, alarm, now_ms + LATE_MS);
		return;
	}
	reader->is_late = true;
	log_line(LOG_ERR,
	    "%s cannot be read: no answer for %d s (does its file system hang?): "
	    "clients are refused for whom it has to be",
	    reader->at, LATE_MS / MS_OF_SECOND);
	reader->done(reader);
}

static void
ready(struct watch *watch, uint32_t events)
{
	struct reader *reader = (struct reader *)watch;
	uint64_t count;

	(void)events;
	if (read(reader->event_fd, &count, sizeof count) != sizeof count || !reader->is_busy)
		return;
	end_thread(reader);
	reader->done(reader);
}

bool
reader_init(struct reader *reader, struct reactor *reactor, const char *const tables[2],
    void (*done)(struct reader *))
{
	int saved;

	*reader = (struct reader){.watch.ready = ready,
	    .look.ring = look,
	    .reactor = reactor,
	    .tables = {tables[0], tables[1]},
	    .done = done};
	reader->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (reader->event_fd >= 0 && reactor_enroll(reactor, &reader->look) &&
	    reactor_add(reactor, &reader->watch, reader->event_fd, EPOLLIN))
		return true;
	saved = errno;
	reactor_dismiss(reactor, &reader->look);
	if (reader->event_fd >= 0)
		close(reader->event_fd);
	reader->event_fd = -1;
	errno = saved;
	return false;
}

/* True: there is none. */
static bool
wait_for_thread(struct reader *reader)
{
	struct pollfd done = {.fd = reader->event_fd, .events = POLLIN};

	if (!reader->is_busy)
		return true;
	if (poll(&done, 1, reader->is_late ? 0 : LATE_MS) != 1)
		return false;
	end_thread(reader);
	return true;
}

void
reader_release(struct reader *reader)
{
	bool is_over = wait_for_thread(reader);

	reactor_dismiss(reader->reactor, &reader->look);
	if (reader->event_fd < 0)
		return;
	reactor_remove(reader->reactor, reader->event_fd);
	reactor_retire(reader->reactor, &reader->watch);
	if (is_over) /* else it is the thread's to write to */
		close(reader->event_fd);
	reader->event_fd = -1;
}

/* The end that is reached last is nobody's. */
static void *
make_stack(void)
{
	char *stack =
	    mmap(NULL, STACK_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

	if (stack == MAP_FAILED)
		return NULL;
	if (mprotect(stack + GUARD_BYTES, STACK_BYTES - GUARD_BYTES, PROT_READ | PROT_WRITE) == 0)
		return stack;
	munmap(stack, STACK_BYTES);
	return NULL;
}

/* A new thread has the signals blocked that its maker has. */
static bool
make_thread(struct reader *reader)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	bool made;

	if (pthread_attr_init(&attributes) != 0)
		return false;
	reader->stack = make_stack();
	made = reader->stack != NULL &&
	    pthread_attr_setstack(&attributes, reader->stack, STACK_BYTES) == 0;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	made = made && pthread_create(&reader->thread, &attributes, work, reader) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	if (!made && reader->stack != NULL)
		munmap(reader->stack, STACK_BYTES);
	return made;
}

bool
reader_start(struct reader *reader, const struct table_kept *wanted)
{
	if (reader->is_busy)
		return true;
	reader->wanted = *wanted;
	reader->at = reader->wanted.path;
	reader->is_busy = make_thread(reader);
	if (!reader->is_busy)
		return false;
	reader->started_ms = clock_now_ms();
	reader->computed_ms = 0;
	reactor_set_alarm(reader->reactor, &reader->look, reader->started_ms + LATE_MS);
	return true;
}
