/*
 * What inetd is to serve, as a value: entries and findings, made from texts in either notation
 * without touching the world. Grammar: inetd.conf(5). Names are resolved later, by service.h.
 */
#ifndef INETD_CONF_H
#define INETD_CONF_H

#include "base/arena.h"
#include "base/buf.h"
#include "cmd/inetd/conf/entry.h"

enum {
	/* 70,000 ordinary lines: more is a mistake, or no configuration. All files together. */
	CONF_TEXT_MAX = 4 << 20,
	/* More services than ports; a folder of more is another folder. */
	CONF_FILES_MAX = 4096,
	CONF_DEPTH_MAX = 8, /* of includes */
	/* An entry with its continuation lines; half of what exec takes as one argument. */
	CONF_ENTRY_MAX = 65536,
	CONF_WORDS_MAX = 1024,
	/* Values of a set: each service has its own copy. Longer lists belong into a table. */
	CONF_SET_MAX = 1024,
	/* Findings that are kept; those beyond are counted. */
	CONF_NOTES_MAX = 10000,
	CONF_RECENT = 256, /* texts that are looked for before they are kept again */
	CONF_SIZES = 16, /* more than there are kinds of values */
	/* A text of CONF_TEXT_MAX needs a tenth of it, unless its sets are made to multiply. */
	CONF_MEMORY_MAX = 512 << 20,
};

/* A NOTICE is nothing to mend, and not counted among the faults. */
enum conf_severity { CONF_WARNING, CONF_ERROR, CONF_NOTICE };

enum conf_code {
#define NOTE(id, severity, text, remedy) CONF_##id,
#include "cmd/inetd/conf/notes.def"
#undef NOTE
	CONF_CODES
};

struct conf_note {
	struct conf_note *next;
	enum conf_code code;
	enum conf_severity severity;
	struct conf_word at; /* text: the subject; line 0: the file as a whole */
	const char *remedy; /* instead of the code's own; NULL: that */
};

enum conf_notation { CONF_UNCLEAR, CONF_LINES, CONF_BLOCKS };

/* A file or folder that a file includes, for load.h to read. */
struct conf_request {
	struct conf_request *next;
	struct conf_word path; /* as written */
	bool is_folder;
	unsigned depth; /* of the files that are read for it */
};

struct conf_draft;

/* What was kept lately and may be kept again, by its hash; of common.h. */
struct conf_lately {
	char *texts[CONF_RECENT];
	struct conf_value {
		const void *bytes;
		size_t size_bytes;
	} values[CONF_RECENT], lasts[CONF_SIZES]; /* the last of each size, more or less */
};

/* Not to be copied: it points into itself. */
struct conf {
	struct arena arena; /* of everything below, but for the drafts */
	struct conf_entry
	    *entries; /* in the order of the files; those with an error are left out */
	struct conf_note *notes; /* in the order of their finding */
	struct conf_request *requests; /* in the order of the files */
	unsigned errors, warnings;
	bool failed; /* sticky: memory ran out, and something is missing */
	bool
	    is_torn; /* a file that has just been written is empty, or ends within a line: perhaps more is to come */

	/* for conf/ only */
	struct arena scratch; /* until conf_finish */
	struct arena entry_arena; /* of entries, until conf_forget_entries */
	struct conf_draft *drafts, **drafts_end;
	struct conf_entry **entries_end;
	struct conf_note **notes_end;
	struct conf_request **requests_end;
	const char **files;
	struct conf_lately *lately; /* as long as the entries; NULL: nothing is found again */
	size_t file_count, note_count, text_bytes;
	unsigned depth; /* of the file that is being read */
	bool has_defaults; /* were they seen? */
	bool lacks_something; /* that may have been the defaults */
};

/* Memory for it all, from whoever gives it: zeroed, and aligned for any object. NULL: the heap. */
struct conf_memory {
	void *bytes;
	size_t size_bytes;
};

/* From files to entries: init, read each file, finish. conf.requests grows while files are read. */
void conf_init(struct conf *, const struct conf_memory *);

/* Add a file's name; the index of its words. */
uint16_t conf_add_file(struct conf *, const char *name);

/* Take in a text, which need not live on. hint: the notation, if its first words do not tell it.
 * Total: whatever the bytes, each line yields a draft, a finding or nothing. False: out of memory,
 * or too long, and nothing of it was read. */
bool conf_read(struct conf *, uint16_t file, const char *text, size_t len, enum conf_notation hint);

/* Something could not be read that a file includes. */
void conf_miss(struct conf *);

/* Make entries of all that was read. False: out of memory. */
bool conf_finish(struct conf *);

/* Give the entries back; what they point to stays. */
void conf_forget_entries(struct conf *);

/* All of it for one text, whose requests are left alone. False: out of memory or too long; release
 * it all the same. */
bool conf_parse(struct conf *, const char *text, size_t len);
void conf_release(struct conf *);

/* The name of the file that a word stands in. */
const char *conf_file(const struct conf *, const struct conf_word *);

/* The name by which "enabled", "disabled" and inetctl(8) know it: its id, or its name. */
const char *conf_id(const struct conf_entry *);

/* "echo" for CONF_ECHO; NULL for CONF_SERVER and CONF_REDIRECT. */
const char *conf_internal_name(enum conf_kind);

/* Report a finding; a subject of NULL is none. */
void conf_note(struct conf *, enum conf_code, const struct conf_word *at);

/* The same with a remedy of its own, which is copied. */
void conf_note_how(struct conf *, enum conf_code, const struct conf_word *at, const char *remedy);

/* The errors since then become warnings: they are of a service that is off, and has nothing to lose.
 * here, errors: what notes_end and errors were. */
void conf_soften(struct conf *, struct conf_note **here, unsigned errors);

/* Zeroed memory of the configuration. NULL: out of memory, and failed is set. */
void *conf_alloc(struct conf *, size_t size_bytes);

/* A copy. NULL: as above. */
char *conf_text(struct conf *, const char *text);

/* The same, but others may have it too: not to be changed. */
char *conf_share(struct conf *, const char *text);

/* A copy of a part of a word, with its own place. text is never NULL. */
struct conf_word conf_part(struct conf *, const struct conf_word *, size_t from, size_t len);

/* A copy of a whole one. */
struct conf_word conf_keep(struct conf *, const struct conf_word *);

/* "FILE:LINE:COLUMN: error: text 'subject' (remedy)", hostile bytes escaped. */
bool conf_note_format(const struct conf *, const struct conf_note *, struct buf *);

/* The same as a JSON object. */
bool conf_note_json(const struct conf *, const struct conf_note *, struct buf *);

#endif
