/*
 * inetd.conf as a value: entries and findings, made from a text without touching the world.
 * Grammar: inetd.conf(5). Names are resolved later, by service.h.
 */
#ifndef INETD_CONF_H
#define INETD_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"

enum {
	/* 70,000 ordinary lines: more is a mistake, or no configuration. */
	CONF_TEXT_MAX = 4 << 20,
	/* An entry with its continuation lines; half of what exec takes as one argument. */
	CONF_ENTRY_MAX = 65536,
	CONF_WORDS_MAX = 1024,
	/* A rate above this is no limit, and the product with a minute in ms stays in 32 bits. */
	CONF_RATE_MAX = 1000000,
	CONF_BUFFER_MAX = 1 << 30,
	CONF_PATH_MAX = 107, /* sun_path, but for its NUL */
	CONF_HOST_MAX = 255, /* RFC 1035, 2.3.4 */
};

enum conf_severity { CONF_WARNING, CONF_ERROR };

enum conf_code {
#define NOTE(id, severity, text, remedy) CONF_##id,
#include "cmd/inetd/notes.def"
#undef NOTE
	CONF_CODES
};

/* A word of the file and its place, both counted from 1, columns in bytes. */
struct conf_word {
	const char *text; /* NUL-terminated; NULL = none */
	unsigned line;
	unsigned column;
};

struct conf_note {
	struct conf_note *next;
	enum conf_code code;
	struct conf_word at; /* text: the subject */
};

enum conf_socktype { CONF_STREAM, CONF_DGRAM };

/* Families of a protocol word; tcp and udp are V4 | V6. */
enum conf_family { CONF_V4 = 1, CONF_V6 = 2, CONF_MAPPED = 4, CONF_UNIX = 8 };

struct conf_addresses {
	struct conf_word *words; /* "*", a host name, or an address without brackets */
	size_t count;
};

struct conf_entry {
	struct conf_entry *next;
	struct conf_addresses addresses; /* of no meaning to a unix socket */
	struct conf_word service; /* name, number or path */
	unsigned port; /* 0 = service is a name or a path */
	enum conf_socktype socktype;
	struct conf_word protocol;
	unsigned families; /* of enum conf_family */
	int sndbuf_bytes, rcvbuf_bytes; /* 0 = the system's */
	bool is_wait;
	unsigned rate_per_minute; /* starts; 0 = not given */
	struct conf_word user;
	struct conf_word group; /* text NULL = the user's own */
	struct conf_word server;
	char **argv; /* NULL-terminated; argv[0] is the server's base name if none was written */
};

/* Not to be copied: it points into itself. */
struct conf {
	struct arena arena; /* of everything below */
	struct conf_entry *entries; /* in the order of the file; those with an error are left out */
	struct conf_note *notes; /* in the order of their finding */
	struct conf_entry **entries_end;
	struct conf_note **notes_end;
	unsigned errors, warnings;
	bool failed; /* sticky: memory ran out, and something is missing */
};

/* Parse a whole file of len <= CONF_TEXT_MAX bytes. Total: whatever the bytes, each line yields an
 * entry, a finding or nothing. False: out of memory or too long; release it all the same. */
bool conf_parse(struct conf *, const char *text, size_t len);
void conf_release(struct conf *);

/* Report a finding; a subject of NULL is none. */
void conf_note(struct conf *, enum conf_code, const struct conf_word *at);

/* Zeroed memory of the configuration. NULL: out of memory, and failed is set. */
void *conf_alloc(struct conf *, size_t size_bytes);

/* A copy. NULL: as above. */
char *conf_text(struct conf *, const char *text);

/* A copy of a part of a word, with its own place. text is never NULL. */
struct conf_word conf_part(struct conf *, const struct conf_word *, size_t from, size_t len);

/* "FILE:LINE:COLUMN: error: text 'subject' (remedy)", hostile bytes escaped. */
bool conf_note_format(const struct conf_note *, const char *file, struct buf *);
enum conf_severity conf_severity(enum conf_code);

#endif
