/*
 * Bytes from a stream to a stream, or to nowhere, without a buffer of ours between them.
 * Neither descriptor is waited for, whether it blocks or not.
 */
#ifndef INETD_RELAY_H
#define INETD_RELAY_H

#include <stdint.h>

enum relay {
	RELAY_EMPTY, /* nothing more to read now, or enough for one turn */
	RELAY_FULL, /* the receiver takes no more now */
	RELAY_ENDED, /* the sender has said all, and all of it has been passed on */
	RELAY_FAILED, /* errno */
};

/* Pass on what is there. from and to may be the same. moved is added to. */
enum relay relay_pass(int from, int to, uint64_t *moved);

/* Throw away what is there; never RELAY_FULL. dropped is added to. */
enum relay relay_drop(int from, uint64_t *dropped);

#endif
