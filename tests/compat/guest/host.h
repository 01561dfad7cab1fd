/*
 * The host of the library: what it says, and what it counts while the library is at work.
 */
#ifndef GUEST_HOST_H
#define GUEST_HOST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	HOST_RESULT_FD = 100, /* out of reach of who closes 0 to 2 */
	HOST_OWN_ERRNO = 12345, /* which no call sets */
};

extern atomic_uint host_ticks, host_sigchlds; /* signals that came */
extern atomic_uint host_asked_environment, host_logged; /* calls of the library */

/* To who started this process. */
void host_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says errno, and ends the process: the test itself does not work. */
void host_die(const char *what) __attribute__((noreturn));

int64_t host_now_us(void);

/* By how much the running alarm would come after due_us. */
int64_t host_alarm_moved_us(int64_t due_us);

/* Calls are interrupted by the signal. The two handlers count. */
void host_set_handler(int number, void (*handler)(int));
void host_on_tick(int number);
void host_on_child(int number);

bool host_has_child(void);

#endif
