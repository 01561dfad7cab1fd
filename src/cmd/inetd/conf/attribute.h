/*
 * The attributes of xinetd's notation, data/attributes.def. For conf/ only.
 */
#ifndef INETD_ATTRIBUTE_H
#define INETD_ATTRIBUTE_H

#include <sys/resource.h>

#include "cmd/inetd/conf/draft.h"

enum attribute_id {
#define ATTRIBUTE(name, where, signs, in_line, shape, member, least, most, argument, help) A_##name,
#define FLAG(name, bit)
#define REFUSED(of, name, severity, why)
#include "attributes.def"
#undef ATTRIBUTE
	ATTRIBUTES
};

enum { IN_SERVICE = 1, IN_DEFAULTS = 2 };

enum flag_bit {
	FLAG_NAMEINARGS = 1,
	FLAG_NODELAY = 2,
	FLAG_KEEPALIVE = 4,
	FLAG_NOLIBWRAP = 8,
	FLAG_IPV4 = 16,
	FLAG_IPV6 = 32,
	FLAG_REUSE = 64, /* always so */
};

/* An entry that is being made from the defaults and its own settings. */
struct builder {
	struct conf *conf;
	struct conf_entry entry;
	bool is_defaults;
	bool is_given[ATTRIBUTES]; /* here or in the defaults */
	bool is_seen[ATTRIBUTES]; /* here */
	struct conf_word type_internal; /* text NULL: none */
	bool has_socktype;
	bool is_v6only;
	unsigned flags; /* of enum flag_bit */
	struct conf_words args; /* in the configuration's memory */
	struct conf_words enabled, disabled; /* of the defaults */
};

struct attribute;

/* A setting on its way into a builder. A reader's false: reported. */
struct value {
	struct builder *builder;
	const struct attribute *attribute;
	enum sign sign;
	const struct conf_word *name;
	const struct conf_word *items;
	size_t count;
};

typedef bool reader(const struct value *);

/* Append what an entry has, as it is read again. False: nothing is to be said. */
typedef bool writer(const struct conf_entry *, const struct attribute *, struct buf *);

enum signs { SIGNS_ONCE, SIGNS_ADD, SIGNS_SET };
enum in_line { IN_LINE, IN_BLOCK, IN_GUARD };

struct attribute {
	const char *name;
	unsigned where;
	enum signs signs;
	enum in_line in_line;
	reader *read;
	writer *write;
	size_t member; /* its offset */
	long least, most;
	const char *argument, *help;
};

extern const struct attribute attributes[ATTRIBUTES];

/* Take a setting; what is wrong with it is reported. */
void attribute_set(struct builder *, const struct setting *);

/* A word of "flags": its bit into *ret; else why it is refused, and whether that loses the service;
 * NULL: there is no such word. */
struct refusal {
	const char *of, *name;
	enum conf_severity severity;
	const char *why;
};
bool attribute_flag(const char *word, unsigned *ret);
const struct refusal *attribute_refusal(const char *of, const char *name);
const char *attribute_flag_name(size_t index, unsigned *ret_bit); /* NULL: beyond the last */

/* Report a value with "write NAME = ARGUMENT" behind it; always false. */
bool attribute_bad(const struct value *, enum conf_code, const struct conf_word *at);

#endif
