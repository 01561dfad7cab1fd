/*
 * What goes on beside the threads that ask. Each is the function of one more thread.
 */
#ifndef THREADS_BESIDE_H
#define THREADS_BESIDE_H

#include <stdatomic.h>

struct beside_counts {
	atomic_uint replaced;
	atomic_uint forked, fork_wrong, fork_hung; /* all, and of them wrong or late */
	atomic_uint seen; /* children that the host never made */
	atomic_uint reaped_wrong; /* or not at all */
};

extern struct beside_counts beside_counts;

void *beside_replace(void *);
void *beside_fork(void *);
void *beside_watch(void *);
void *beside_make_children(void *);

#endif
