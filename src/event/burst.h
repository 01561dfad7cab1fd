/*
 * Refusals, counted across processes: of many in a second the first lines are said as always, and the
 * rest as a number.
 *
 * A process that ends with its refusal waits if it is told to stay. A resident one keeps the file
 * open, and calls burst_take by a timer of its own.
 */
#ifndef EVENT_BURST_H
#define EVENT_BURST_H

#include <stdbool.h>
#include <stdint.h>

#define BURST_DIR "/run/tcpwrap"
#define BURST_FILE BURST_DIR "/bursts"

/* Lines in a second that are never left out: more than one reads, fewer than fill a disk. */
enum { BURST_LINES = 100 };

enum burst_say {
	BURST_LINE, /* say it as always */
	BURST_COUNTED, /* say nothing: another one will tell */
	BURST_STAY, /* say nothing, and tell how many, by burst_take, when the second is over */
};

struct burst_turn {
	bool is_counted;
	uint64_t name; /* of the count */
	uint32_t second; /* on the monotonic clock */
	uint32_t earlier; /* of an earlier second, not told yet: the caller's to tell now */
};

/* Open the file, or make it; dir is the folder it is in. -1 where that cannot be, or where anybody but
 * root could have written it. errno is kept. */
int burst_open(const char *dir, const char *file);

/* Count a refusal. Each service has a count for each priority that its lines have. Without a file, and
 * at any fault, it is a line. errno is kept. */
enum burst_say burst_count(int fd, const char *service, int priority, struct burst_turn *ret);

/* Sleep until the second of that turn is over. */
void burst_wait(const struct burst_turn *);

/* How many there were without a line; 0: somebody else has told already, or will. errno is kept. */
uint32_t burst_take(int fd, const struct burst_turn *);

#endif
