/*
 * NAME     holder - who holds a port or a path
 * PURPOSE  From the kernel's tables of sockets to an inode, and from there to a process that has it
 *          open.
 * INVARIANTS  Only a hint for a message: what cannot be read is passed over, nothing is decided by it.
 * LIMITS   FDS_MAX descriptors are looked at: this runs in the loop, when a load has failed.
 * SEE      proc(5) /proc/net/tcp, /proc/net/unix
 */
#include "cmd/inetd/holder.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

enum {
	FDS_MAX = 65536,
	ADDRESS_TEXT_MAX = 32, /* 128 bits in hexadecimal */
	TCP_LISTENING = 0x0a,
	PATH_BYTES = 300,
	FIELDS_BEFORE_PATH = 7,
};

/* Words of the kernel: each 32 bits as a number of the host's order. */
static bool
parse_address(const char *text, size_t len, uint8_t ret[16])
{
	for (size_t i = 0; i < len / 8; i++) {
		uint32_t word = 0;

		for (size_t j = 0; j < 8; j++) {
			const char *digits = "0123456789ABCDEF";
			const char *at = strchr(digits, text[8 * i + j]);

			if (at == NULL || *at == '\0')
				return false;
			word = word << 4 | (uint32_t)(at - digits);
		}
		memcpy(ret + 4 * i, &word, 4);
	}
	return true;
}

/* Does the line of a socket stand in the endpoint's way? 0: no; else its inode. */
static unsigned long
match_port(const char *line, const struct endpoint *endpoint, bool is_v6)
{
	char address[ADDRESS_TEXT_MAX + 1];
	unsigned port, state;
	unsigned long inode;
	struct endpoint other = {.socktype = endpoint->socktype, .is_dual = is_v6};

	if (sscanf(line, "%*u: %32[0-9A-F]:%4X %*[0-9A-F]:%*X %2X %*X:%*X %*X:%*X %*X %*u %*u %lu",
	        address, &port, &state, &inode) != 4)
		return 0;
	if ((endpoint->socktype == SOCK_STREAM && state != TCP_LISTENING) ||
	    strlen(address) != (is_v6 ? ADDRESS_TEXT_MAX : ADDRESS_TEXT_MAX / 4))
		return 0;
	other.address.any.sa_family = is_v6 ? AF_INET6 : AF_INET;
	other.address.v4.sin_port = htons((in_port_t)port);
	if (!parse_address(address, strlen(address),
	        is_v6 ? other.address.v6.sin6_addr.s6_addr : (uint8_t *)&other.address.v4.sin_addr))
		return 0;
	return endpoint_overlaps(&other, endpoint) ? inode : 0;
}

/* "Num: RefCount Protocol Flags Type St Inode Path" */
static unsigned long
match_path(const char *line, const struct endpoint *endpoint, bool is_v6)
{
	char path[PATH_BYTES];
	unsigned long inode;

	(void)is_v6;
	if (sscanf(line, "%*s %*s %*s %*s %*s %*s %lu %299[^\n]", &inode, path) != 2)
		return 0;
	return strcmp(path, endpoint->address.path.sun_path) == 0 ? inode : 0;
}

/* 0: none. */
static unsigned long
find_inode(const char *table, const struct endpoint *endpoint, bool is_v6,
    unsigned long (*match)(const char *, const struct endpoint *, bool))
{
	FILE *file = fopen(table, "re");
	char *line = NULL;
	size_t room = 0;
	unsigned long inode = 0;

	if (file == NULL)
		return 0;
	while (inode == 0 && getline(&line, &room, file) > 0)
		inode = match(line, endpoint, is_v6);
	free(line);
	fclose(file);
	return inode;
}

static unsigned long
find_socket(const struct endpoint *endpoint)
{
	bool is_udp = endpoint->socktype == SOCK_DGRAM;
	unsigned long inode;

	if (endpoint_is_path(endpoint))
		return find_inode("/proc/net/unix", endpoint, false, match_path);
	inode = find_inode(is_udp ? "/proc/net/udp" : "/proc/net/tcp", endpoint, false, match_port);
	if (inode == 0)
		inode = find_inode(
		    is_udp ? "/proc/net/udp6" : "/proc/net/tcp6", endpoint, true, match_port);
	return inode;
}

/* Has the process this socket open? *left descriptors may still be looked at. */
static bool
has_open(const char *pid, const char *wanted, size_t *left)
{
	char path[64], target[64];
	const struct dirent *entry;
	bool found = false;
	DIR *fds;

	snprintf(path, sizeof path, "/proc/%.20s/fd", pid);
	fds = opendir(path);
	if (fds == NULL)
		return false;
	while (!found && *left > 0 && (entry = readdir(fds)) != NULL) {
		ssize_t len = readlinkat(dirfd(fds), entry->d_name, target, sizeof target - 1);

		--*left;
		target[len > 0 ? len : 0] = '\0';
		found = strcmp(target, wanted) == 0;
	}
	closedir(fds);
	return found;
}

static void
add_process(const char *pid, struct buf *buf)
{
	char path[64], name[64] = "";
	FILE *file;

	snprintf(path, sizeof path, "/proc/%.20s/comm", pid);
	file = fopen(path, "re");
	if (file != NULL) {
		if (fgets(name, sizeof name, file) != NULL)
			name[strcspn(name, "\n")] = '\0';
		fclose(file);
	}
	buf_add_escaped(buf, name, strlen(name));
	buf_add_char(buf, '[');
	buf_add_str(buf, pid);
	buf_add_char(buf, ']');
}

bool
holder_format(const struct endpoint *endpoint, struct buf *buf)
{
	unsigned long inode = find_socket(endpoint), number;
	const struct dirent *entry;
	size_t left = FDS_MAX;
	char wanted[64];
	bool found = false;
	DIR *processes;

	if (inode == 0 || (processes = opendir("/proc")) == NULL)
		return false;
	snprintf(wanted, sizeof wanted, "socket:[%lu]", inode);
	while (!found && left > 0 && (entry = readdir(processes)) != NULL) {
		if (!str_number(entry->d_name, strlen(entry->d_name), INT32_MAX, &number) ||
		    !has_open(entry->d_name, wanted, &left))
			continue;
		found = true;
		add_process(entry->d_name, buf);
	}
	closedir(processes);
	return found;
}
