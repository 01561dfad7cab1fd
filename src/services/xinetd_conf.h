/*
 * xinetd.conf for an inventory: which program an entry starts, and whether xinetd asks the tables.
 */
#ifndef SERVICES_XINETD_CONF_H
#define SERVICES_XINETD_CONF_H

#include <stdbool.h>
#include <stddef.h>

enum {
	XINETD_CONF_LINE_MAX = 16384, /* what xinetd itself reads of one */
	XINETD_CONF_WORD_MAX = 4096, /* of a path or name: longer ones are none */
};

/* A piece of the text. len 0: there is none. */
struct xinetd_conf_span {
	size_t at, len;
};

struct xinetd_conf_entry {
	unsigned number; /* of the line that names it */
	bool is_off; /* disable = yes */
	bool is_internal; /* xinetd does it itself: */
	bool is_redirect; /* it passes clients on to another host */
	bool skips_tables; /* flag NOLIBWRAP */
	bool has_name; /* flag NAMEINARGS: argv[0] is the first of server_args */
	bool is_wait; /* the server gets the listening socket */
	bool is_dgram;
	/* The values that were given last, without blanks around. */
	struct xinetd_conf_span server_at, arguments_at, flags_at;
	/* NUL-terminated, "" if not there. */
	char service[XINETD_CONF_WORD_MAX], id[XINETD_CONF_WORD_MAX];
	char server[XINETD_CONF_WORD_MAX];
	char first[XINETD_CONF_WORD_MAX], second[XINETD_CONF_WORD_MAX]; /* of server_args */
	char libwrap[XINETD_CONF_WORD_MAX]; /* the name that tables are asked about */
	char port[XINETD_CONF_WORD_MAX]; /* "": the service's name says it */
};

struct xinetd_conf_reader {
	void *ctx;
	/* The entry lives until this returns. */
	void (*entry)(void *ctx, const struct xinetd_conf_entry *);
	/* A line "include PATH" or "includedir PATH". */
	void (*include)(void *ctx, const char *path, bool is_folder, unsigned line);
};

/* Does a text look like xinetd.conf, not like inetd.conf? */
bool xinetd_conf_is(const char *text, size_t len);

/* Read a text. Lines that make no sense are passed over. */
void xinetd_conf_read(const char *text, size_t len, const struct xinetd_conf_reader *);

#endif
