/*
 * A service as it was written, in either notation, inetd.conf(5).
 */
#ifndef INETD_ENTRY_H
#define INETD_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	/* A rate above this is no limit, and the product with a minute in ms stays in 32 bits. */
	CONF_RATE_MAX = 1000000,
	CONF_BUFFER_MAX = 1 << 30,
	CONF_PATH_MAX = 107, /* sun_path, but for its NUL */
	CONF_HOST_MAX = 255, /* RFC 1035, 2.3.4 */
	CONF_DEVICE_MAX = 15, /* IFNAMSIZ, but for its NUL */
	CONF_SECOND_MS = 1000,
	CONF_MINUTE_MS = 60000,
	CONF_HOUR_MS = 3600000,
};

/* A word of a file and its place; lines and columns are counted from 1, columns in bytes, and the
 * last column stands for all behind it. */
struct conf_word {
	const char *text; /* NUL-terminated; NULL = none */
	unsigned line;
	uint16_t column;
	uint16_t file; /* conf_file() */
};

enum conf_socktype { CONF_STREAM, CONF_DGRAM, CONF_SEQPACKET };

/* Families of a protocol word; tcp and udp are V4 | V6. */
enum conf_family { CONF_V4 = 1, CONF_V6 = 2, CONF_MAPPED = 4, CONF_UNIX = 8 };

struct conf_words {
	struct conf_word *items;
	size_t count;
};

/* Who serves. All but SERVER and REDIRECT are internal: inetd does them itself. */
enum conf_kind {
	CONF_SERVER, /* a program */
	CONF_REDIRECT, /* another host and port, connected to */
	CONF_ECHO,
	CONF_DISCARD,
	CONF_CHARGEN,
	CONF_DAYTIME,
	CONF_TIME,
	CONF_DECOY, /* accepts, logs, closes */
	CONF_TARPIT, /* accepts, and says a byte now and then */
};

/* So many, in so long; count 0 = no limit. Exactly count may come at once, then they flow in evenly. */
struct conf_rate {
	unsigned count;
	unsigned per_ms;
};

enum conf_over_limit {
	CONF_OVER_DEFAULT, /* wait, as long as the queue of the kernel takes them */
	CONF_OVER_WAIT,
	CONF_OVER_CLOSE,
};

/* From a minute of the day, to one, both included; until < from: over midnight. */
struct conf_hours {
	unsigned from_minute, until_minute;
};

struct conf_rlimit {
	int resource; /* RLIMIT_CPU ... */
	uint64_t soft, hard; /* UINT64_MAX = unlimited */
};

enum conf_log { /* bits: what a record of a connection has besides what it always has */
	CONF_LOG_PID = 1,
	CONF_LOG_HOST = 2,
	CONF_LOG_USERID = 4,
	CONF_LOG_EXIT = 8,
	CONF_LOG_DURATION = 16,
	CONF_LOG_TRAFFIC = 32,
	CONF_LOG_ATTEMPT = 64,
};

/* A service as it was written, in either notation. What was not written is 0 or NULL, and has the
 * meaning that is said here. */
struct conf_entry {
	struct conf_entry *next;
	const char *file; /* that it stands in */
	struct conf_word
	    id; /* what tells it apart from others of its name; text NULL: the service's name */
	bool is_xinetd; /* else a line of inetd.conf */
	bool is_off; /* checked, but not started */

	/* where it listens */
	struct conf_words
	    addresses; /* "*", a host name, an address without brackets; of no meaning to a unix socket */
	struct conf_word interface; /* that its sockets are bound to; text NULL: all */
	struct conf_word service; /* name, number or path */
	struct conf_words ports; /* names or numbers; count 0: the service's name or number */
	unsigned port; /* 0 = service is a name or a path */
	enum conf_socktype socktype;
	struct conf_word protocol;
	unsigned families; /* of enum conf_family */
	struct conf_word socket_user, socket_group; /* of a unix socket; text NULL: inetd's */
	int socket_mode; /* of a unix socket; 0: 0600 */
	int backlog; /* 0: the command line's */
	int sndbuf_bytes, rcvbuf_bytes; /* 0 = the system's */
	unsigned defer_accept_s; /* a connection counts when it has spoken, or after so long */
	bool is_free_bind; /* an address may come later: bind it now */
	bool is_keepalive, is_nodelay;

	/* who serves */
	enum conf_kind kind;
	struct conf_word redirect_host, redirect_port;
	bool is_wait;
	bool passes_listen_fds; /* to a "wait" server: as descriptor 3, and 0 to 2 are /dev/null */
	struct conf_word server; /* "internal" or "redirect" if no program serves */
	char *const
	    *argv; /* NULL-terminated; argv[0] is the server's base name if none was written */

	/* how often; 0 = no limit */
	struct conf_rate rate; /* of admitted clients; inetd.conf: wait.N and nowait.N */
	bool has_rate; /* else the command line's */
	bool has_per_source; /* else inetd's own services have a limit all the same */
	struct conf_rate source_rate; /* of one source */
	unsigned instances; /* that run at a time */
	unsigned per_source; /* that run at a time for one source */
	unsigned prefix4_bits, prefix6_bits; /* addresses that are one source; 0: 32 and 64 */
	enum conf_over_limit over_limit;
	unsigned max_load_milli; /* of the host's load, a minute's */
	struct conf_hours *hours; /* when it serves */
	size_t hours_count; /* 0: always */

	/* for whom */
	bool skips_tables; /* NOLIBWRAP: hosts.allow and hosts.deny are not asked */
	struct conf_word
	    libwrap; /* its name in rules; text NULL: the base name of the server, an internal one's name */
	struct conf_words only_from, no_access; /* as xinetd has them, one item a word */
	bool has_only_from; /* even if it is empty, and refuses everybody */

	/* as what the server runs */
	struct conf_word user; /* text NULL: inetd serves itself, and none is said */
	struct conf_word group; /* text NULL = the user's own */
	bool
	    has_no_groups; /* xinetd's "groups = no", its default: no supplementary ones but group */
	bool has_nice;
	int nice;
	int umask; /* -1 (both parsers set it): inetd's 022 */
	struct conf_rlimit *rlimits;
	size_t rlimit_count;
	struct conf_word chroot; /* text NULL: none */
	bool is_no_new_privs;
	struct conf_words env; /* NAME=VALUE, added */
	struct conf_words passenv; /* the names that are passed on, if is_passenv */
	bool is_passenv;
	struct conf_word banner, banner_success, banner_fail; /* files, sent as they are */

	/* what is told */
	unsigned log_on_success, log_on_failure; /* of enum conf_log */
};

#endif
