/*
 * What all threads of the program share.
 */
#ifndef THREADS_THREADS_H
#define THREADS_THREADS_H

#include <pthread.h>
#include <stdatomic.h>

/* All of them begin at once. */
extern pthread_barrier_t threads_start;

/* Those that ask are done. */
extern atomic_bool threads_finished;

/* Tells errno, and ends the process: the test itself does not work. */
void threads_die(const char *what) __attribute__((noreturn));

long threads_now_ms(void);

#endif
