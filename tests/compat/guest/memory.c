/*
 * NAME     memory - how much of it a library takes, and whether it ends
 */
#include "modes.h"

#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host.h"
#include "library.h"

enum {
	STACK_BYTES = 128 << 10,
	PAINT = 0xa5,
	SHORT_THREADS = 20000,
	REWRITES = 30,
	REWRITE_MS = 70, /* longer than a table is too young to be kept */
};

struct on_stack {
	const struct library *library;
	const struct query *query;
	const char *top;
};

/* Three times: a table is read, read and kept, and found kept. */
static void *
decide_on_stack(void *arg)
{
	struct on_stack *on_stack = arg;

	on_stack->top = __builtin_frame_address(0);
	for (unsigned i = 0; i < 3; i++)
		library_decide(on_stack->library, on_stack->query);
	return NULL;
}

static long
stack_of(struct on_stack *on_stack)
{
	pthread_attr_t attributes;
	pthread_t thread;
	unsigned char *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
	                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
	              *lowest = stack;

	if (stack == MAP_FAILED)
		host_die("mmap");
	memset(stack, PAINT, STACK_BYTES);
	pthread_attr_init(&attributes);
	pthread_attr_setstack(&attributes, stack, STACK_BYTES);
	if (pthread_create(&thread, &attributes, decide_on_stack, on_stack) != 0)
		host_die("pthread_create");
	pthread_join(thread, NULL);
	pthread_attr_destroy(&attributes);
	while (*lowest == PAINT)
		lowest++;
	munmap(stack, STACK_BYTES);
	return (long)((uintptr_t)on_stack->top - (uintptr_t)lowest);
}

void
memory_stack(void)
{
	struct library library = library_open();
	long most = 0;

	for (unsigned q = 0; q < library_task.query_count; q++) {
		struct on_stack on_stack = {&library, &library_task.queries[q], NULL};
		long used = stack_of(&on_stack);

		host_say("# %s: %ld bytes of stack\n", library_task.queries[q].daemon, used);
		most = used > most ? used : most;
	}
	host_say("stack=%ld ", most);
}

static long
resident_kib(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	long size, pages = -1;

	if (file == NULL || fscanf(file, "%ld %ld", &size, &pages) != 2)
		host_die("/proc/self/statm");
	fclose(file);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void
compare_memory(const struct library *library, void (*work)(const struct library *))
{
	long resident, heap;

	work(library);
	resident = resident_kib();
	heap = (long)mallinfo2().uordblks;
	work(library);
	host_say("heap_grown=%ld grown_kib=%ld ", (long)mallinfo2().uordblks - heap,
	    resident_kib() - resident);
}

static void
many_decisions(const struct library *library)
{
	library_decide_all(library);
}

void
memory_decisions(void)
{
	struct library library = library_open();

	compare_memory(&library, many_decisions);
}

static void *
decide_once(void *arg)
{
	const struct library *library = arg;

	library_decide(library, &library_task.queries[0]);
	return NULL;
}

static void
many_threads(const struct library *library)
{
	for (unsigned i = 0; i < SHORT_THREADS; i++) {
		struct library copy = *library;
		pthread_t thread;

		if (pthread_create(&thread, NULL, decide_once, &copy) != 0)
			host_die("pthread_create");
		pthread_join(thread, NULL);
	}
}

void
memory_threads(void)
{
	struct library library = library_open();

	compare_memory(&library, many_threads);
}

/* The same text in a new file. */
static void
rewrite(const char *path)
{
	static char bytes[1 << 20];
	char fresh[PATH_MAX];
	int in = open(path, O_RDONLY | O_CLOEXEC), out;
	ssize_t len = read(in, bytes, sizeof bytes);

	snprintf(fresh, sizeof fresh, "%s.new", path);
	out = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (len < 0 || out < 0 || write(out, bytes, (size_t)len) != len || rename(fresh, path) != 0)
		host_die(path);
	close(in);
	close(out);
}

static void
many_rewrites(const struct library *library)
{
	for (unsigned i = 0; i < REWRITES; i++) {
		int64_t until_us = host_now_us() + REWRITE_MS * 1000;

		rewrite(library_task.tables[i % 2]);
		while (host_now_us() < until_us)
			library_decide_all(library);
	}
}

void
memory_rewrites(void)
{
	struct library library = library_open();

	compare_memory(&library, many_rewrites);
}
