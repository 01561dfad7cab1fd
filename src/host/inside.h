/*
 * Between the parts of this room.
 */
#ifndef HOST_INSIDE_H
#define HOST_INSIDE_H

#include "host/host.h"

enum { PROC_PATH_MAX = 64, READ_BYTES = 65536 };

/* "/proc/PID/NAME"; pid 0 is oneself. */
void proc_path(char ret[PROC_PATH_MAX], pid_t pid, const char *name);

/* Call back for each process, until that says no. -1: /proc cannot be read; errno. */
int proc_each(bool (*take)(void *ctx, pid_t), void *ctx);

/* Call back for each line of a file, without its newline; of one longer than READ_BYTES, the beginning.
 * False: it cannot be read. */
bool proc_lines(const char *path, void (*take)(void *ctx, const char *line, size_t len), void *ctx);

/* A whole file or a link, of at most size - 1 bytes, and a NUL. -1: it cannot be read. */
ssize_t proc_text(const char *path, char *buf, size_t size);
ssize_t proc_link(const char *path, char *buf, size_t size);

/* A copy in the arena; NULL and failed: no memory. */
const char *host_keep(struct host *, const char *text, size_t len);

/* The namespace of a process; NULL: it has gone, or there is no memory. */
struct host_net *nets_of(struct host *, pid_t, bool *ret_is_new);
/* Its sockets. */
void nets_read(struct host *, struct host_net *, pid_t);
/* When all are read: those that serve IPv6 only, since there is another one for IPv4. */
void nets_pair(struct host *);

/* Who holds the sockets, which are sorted. */
int processes_read(struct host *);

/* The library that asks, from maps; and what it is. */
void library_find(struct host *, struct host_process *);

#endif
