/*
 * NAME     reader - tables are read beside the loop
 * PURPOSE  A table of a million lines takes a second to parse: its services wait for that, others do not.
 * INVARIANTS  One thread at a time, which ends by itself; it touches the store of tables, memory and files,
 *          and takes no signal. Nobody forks while it lives.
 * LIMITS   STACK_BYTES: reading does not recurse.
 * SEE      docs/decisions/freshness.md, docs/decisions/inetd-access.md, pthreads(7)
 */
#include "cmd/inetd/access/reader.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { STACK_BYTES = 256 << 10 };

static void *
work(void *arg)
{
	struct reader *reader = arg;
	const uint64_t one = 1;

	reader->is_kept = !reader->wanted.is_list || table_list_keep(reader->wanted.path);
	for (unsigned t = 0; t < 2; t++)
		reader->is_kept &= table_keep(reader->tables[t]);
	/* Cannot fail: nobody else writes, and the count is taken before the next thread. */
	(void)!write(reader->event_fd, &one, sizeof one);
	return NULL;
}

static void
ready(struct watch *watch, uint32_t events)
{
	struct reader *reader = (struct reader *)watch;
	uint64_t count;

	(void)events;
	if (read(reader->event_fd, &count, sizeof count) != sizeof count || !reader->is_busy)
		return;
	pthread_join(reader->thread, NULL);
	reader->is_busy = false;
	reader->done(reader);
}

bool
reader_init(struct reader *reader, struct reactor *reactor, const char *const tables[2],
    void (*done)(struct reader *))
{
	int saved;

	*reader = (struct reader){.watch.ready = ready,
	    .reactor = reactor,
	    .tables = {tables[0], tables[1]},
	    .done = done};
	reader->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (reader->event_fd >= 0 &&
	    reactor_add(reactor, &reader->watch, reader->event_fd, EPOLLIN))
		return true;
	saved = errno;
	if (reader->event_fd >= 0)
		close(reader->event_fd);
	reader->event_fd = -1;
	errno = saved;
	return false;
}

void
reader_release(struct reader *reader)
{
	if (reader->is_busy)
		pthread_join(reader->thread, NULL);
	reader->is_busy = false;
	if (reader->event_fd < 0)
		return;
	reactor_remove(reader->reactor, reader->event_fd);
	reactor_retire(reader->reactor, &reader->watch);
	close(reader->event_fd);
	reader->event_fd = -1;
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
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	made = pthread_create(&reader->thread, &attributes, work, reader) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return made;
}

bool
reader_start(struct reader *reader, const struct table_kept *wanted)
{
	if (reader->is_busy)
		return true;
	reader->wanted = *wanted;
	reader->is_busy = make_thread(reader);
	return reader->is_busy;
}
