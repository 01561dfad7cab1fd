/*
 * The one place where inetd waits: descriptors that are watched, and alarms that are due.
 *
 * A watch or an alarm is a member of whatever it is about, and its function is called with it.
 */
#ifndef INETD_REACTOR_H
#define INETD_REACTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cmd/inetd/heap.h"

/* The structure of that type whose member a pointer is to. */
#define owner_of(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

struct watch {
	void (*ready)(struct watch *, uint32_t events); /* of epoll(7) */
	/* Give the memory back; called when no event can refer to it any more. NULL: not ours. */
	void (*release)(struct watch *);
	struct watch
	    *next_gone; /* retired: its events are not delivered; the last is its own next */
};

struct alarm {
	void (*ring)(struct alarm *, int64_t now_ms);
	struct heap_item due; /* on clock.h's clock */
};

/* All zero but epoll_fd, which is -1 or that of epoll_create1. */
struct reactor {
	int epoll_fd;
	struct heap alarms; /* that are set */
	size_t reserved; /* of its room, for enrolled alarms that are not set */
	struct watch *gone; /* retired in the batch that is dealt with */
};

/* Add, change, stop: errno on false. A descriptor is to be taken out before it is closed: a server may
 * hold a copy, which would keep it there. */
bool reactor_add(struct reactor *, struct watch *, int fd, uint32_t events);
bool reactor_change(struct reactor *, struct watch *, int fd, uint32_t events);
void reactor_remove(struct reactor *, int fd);
/* After it was taken out: nothing more is delivered, and release is called behind the batch. */
void reactor_retire(struct reactor *, struct watch *);

/* Keep room for it, so that it can always be set, until it is dismissed. False: out of memory. */
bool reactor_enroll(struct reactor *, struct alarm *);
void reactor_dismiss(struct reactor *, struct alarm *);

/* Ring once, at at_ms or as soon after it as may be. Set again, it moves. False: out of memory, and it
 * is as it was; never for an enrolled one. An alarm that rings is not set any more. */
bool reactor_set_alarm(struct reactor *, struct alarm *, int64_t at_ms);
void reactor_stop_alarm(struct reactor *, struct alarm *);

static inline bool
reactor_is_set(const struct alarm *alarm)
{
	return alarm->due.place != 0;
}

/* Wait for events or the next alarm, and deal with one batch. False: errno. */
bool reactor_turn(struct reactor *);
/* The same without waiting. False: there was no event. */
bool reactor_poll(struct reactor *);

/* Release what was retired, and the heap; epoll_fd is closed. */
void reactor_release(struct reactor *);

#endif
