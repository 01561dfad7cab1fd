/*
 * NAME     thread - storage of each thread
 * INVARIANTS  One pointer of static TLS: a larger block could not be had in a program that loads
 *          this library late. A forked child goes on with its own thread's.
 *          The first thread that comes gets a block that is always there: most programs have one
 *          thread, and decide once.
 */
#include "libwrap/thread.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

static __thread struct thread *current __attribute__((tls_model("initial-exec")));
static struct thread first;
static atomic_flag first_is_taken = ATOMIC_FLAG_INIT;
static pthread_key_t at_end;
static bool has_key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
release(void *state)
{
	current = NULL;
	free(state);
}

static void
make_key(void)
{
	has_key = pthread_key_create(&at_end, release) == 0;
}

static struct thread *
allocate(void)
{
	struct thread *thread = calloc(1, sizeof *thread);

	/* Without a key the block outlives its thread, which harms nobody else. */
	if (thread != NULL && pthread_once(&once, make_key) == 0 && has_key)
		pthread_setspecific(at_end, thread);
	return thread;
}

struct thread *
thread_state(void)
{
	if (current == NULL)
		current = atomic_flag_test_and_set(&first_is_taken) ? allocate() : &first;
	return current;
}

static struct name_note *
find_note(struct thread *thread, const struct host_info *host)
{
	for (unsigned i = 0; i < 2; i++) {
		if (thread->notes[i].host == host)
			return &thread->notes[i];
	}
	return NULL;
}

void
thread_note_name(struct thread *thread, const struct host_info *host, bool is_name)
{
	struct name_note *note = find_note(thread, host);

	if (note == NULL && !is_name)
		return;
	if (note == NULL)
		note = &thread->notes[thread->next_note++ % 2];
	*note = (struct name_note){.host = is_name ? host : NULL, .is_name = is_name};
}

bool
thread_is_name(const struct thread *thread, const struct host_info *host)
{
	for (unsigned i = 0; i < 2; i++) {
		if (thread->notes[i].host == host)
			return thread->notes[i].is_name;
	}
	return false;
}
