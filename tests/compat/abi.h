/*
 * NAME     abi - the historic interface, as an old program sees it
 * PURPOSE  The compatibility tests and the bench talk to any libwrap.so.0 through this and
 *          nothing else, so that a mistake in include/tcpd.h cannot hide one in the library.
 * SEE      hosts_access(3); tests/compat/0102-abi.py compares it with include/tcpd.h.
 */
#ifndef COMPAT_ABI_H
#define COMPAT_ABI_H

#include <setjmp.h>
#include <sys/socket.h>

enum { ABI_TEXT = 128 };

/* Keys of request_init. */
enum abi_key {
	ABI_END = 0,
	ABI_FILE = 1,
	ABI_DAEMON = 2,
	ABI_USER = 3,
	ABI_CLIENT_NAME = 4,
	ABI_CLIENT_ADDR = 5,
	ABI_CLIENT_SIN = 6,
	ABI_SERVER_NAME = 7,
	ABI_SERVER_ADDR = 8,
	ABI_SERVER_SIN = 9,
};

struct request_info;

struct host_info {
	char name[ABI_TEXT];
	char addr[ABI_TEXT];
	struct sockaddr *sin;
	void *unit;
	struct request_info *request;
};

struct request_info {
	int fd;
	char user[ABI_TEXT];
	char daemon[ABI_TEXT];
	char pid[10];
	struct host_info client[1];
	struct host_info server[1];
	void (*sink)(int);
	void (*hostname)(struct host_info *);
	void (*hostaddr)(struct host_info *);
	void (*cleanup)(struct request_info *);
	void *config;
};

struct abi_context {
	char *file;
	int line;
};

#endif
