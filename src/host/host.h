/*
 * What listens on this host, and the programs that do: from /proc, and nothing is asked of anybody.
 */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include <sys/types.h>

#include "base/arena.h"
#include "host/net_text.h"
#include "services/elf.h"

enum {
	HOST_PATH_MAX = 4096,
	/* Of a command line: flags and files are at its beginning. */
	HOST_COMMAND_MAX = 16384,
	HOST_WORDS_MAX = 256,
	/* Larger than any host has: each takes some hundred bytes here. */
	HOST_SOCKETS_MAX = 1 << 20,
	HOST_NETS_MAX = 1 << 16,
};

/* A file system as processes see it: where /etc is, and so the tables. */
struct host_root {
	struct host_root *next;
	const char *path; /* "" or "/proc/PID/root" */
	dev_t dev;
	ino_t ino;
};

/* A library that asks the tables, in a process. */
struct host_library {
	const char *path; /* as the process has it; NULL: none */
	bool is_deleted; /* its file was replaced or removed since */
	char mark[ELF_MARK_MAX + 1]; /* of ours; "" = not ours, or it cannot be read */
	bool is_read; /* so that "" says that it is not ours */
};

struct host_process {
	struct host_process *next;
	pid_t pid;
	const char *exe; /* "" = it cannot be seen */
	const char *name; /* its last part; comm, if there is none */
	const char *comm; /* what it is called, at most 15 bytes: anybody may choose that */
	bool is_called_otherwise; /* than its program */
	const char **words; /* of its command line, up to a NULL */
	unsigned word_count;
	const struct host_root *root;
	struct host_library library;
	bool has_maps; /* so that no library says that there is none */
	char mark[ELF_MARK_MAX + 1]; /* of the program */
};

struct host_net {
	struct host_net *next;
	dev_t
	    dev; /* of a file that each has one of its own of, also for those who may not see ns/net */
	ino_t ino;
	unsigned long id; /* as in "net:[ID]"; 0: it cannot be seen */
	bool is_own; /* of whoever asks */
	uint8_t *
	    any_v4[2]; /* ports that sockets of IPv4 have for all addresses: TCP, UDP; NULL: none */
};

/* A process that has the socket. */
struct host_holder {
	struct host_holder *next;
	struct host_process *process;
};

struct host_socket {
	bool is_udp, is_v6;
	bool is_v6_only; /* clients of IPv4 have another socket of that port */
	struct net_line line;
	const struct host_net *net;
	struct host_holder *holders; /* by pid; NULL: nobody who can be seen */
};

struct host {
	struct arena arena;
	struct host_socket *sockets; /* by inode */
	size_t count, size;
	struct host_net *nets;
	struct host_root *roots;
	struct host_process *processes; /* that hold one of them */
	unsigned long hidden; /* processes whose files cannot be seen */
	unsigned long odd_lines; /* of the kernel's lists */
	unsigned long blind; /* lists that cannot be read */
	bool failed; /* memory ran out, or a limit was hit: something is missing */
};

void host_init(struct host *);
void host_release(struct host *);

/* Look. is_all: in all network namespaces that can be seen, else in one's own. 0, or -1: there is no
 * /proc to look at; errno. */
int host_read(struct host *, bool is_all);

/* The last part of a path. */
const char *host_last_part(const char *path);

/* Is the socket for this host's own programs only? */
bool host_is_loopback(const struct addr *);
/* Is it bound to all addresses? */
bool host_is_any(const struct addr *);

#endif
