/*
 * How values are read and written, by shape: read_SHAPE and write_SHAPE for each shape of
 * data/attributes.def. For attribute.c only.
 */
#ifndef INETD_SHAPE_H
#define INETD_SHAPE_H

#include "cmd/inetd/conf/attribute.h"

#define SHAPE(name)                                                                                \
	reader read_##name;                                                                        \
	writer write_##name

/* shape.c: words and numbers */
SHAPE(word);
SHAPE(path);
SHAPE(yesno);
SHAPE(number);
SHAPE(seconds);
SHAPE(count);
SHAPE(size);
SHAPE(nice);
SHAPE(umask);
SHAPE(unix_word);
SHAPE(unix_mode);
SHAPE(groups);

/* shape_set.c: several values */
SHAPE(clients);
SHAPE(only_from);
SHAPE(env);
SHAPE(passenv);
SHAPE(log);
SHAPE(enabled);
SHAPE(disabled);
SHAPE(hours);
SHAPE(rlimit);

/* shape_limit.c: limits */
SHAPE(rate);
SHAPE(source_rate);
SHAPE(cps);
SHAPE(per_source);
SHAPE(prefix);
SHAPE(over);
SHAPE(load);

/* shape_service.c: what a service is, and where */
SHAPE(type);
SHAPE(flags);
SHAPE(socktype);
SHAPE(protocol);
SHAPE(v6only);
SHAPE(ports);
SHAPE(bind);
SHAPE(interface);
SHAPE(wait);
SHAPE(server);
SHAPE(arguments);
SHAPE(redirect);

#undef SHAPE

/* ---- help for shapes ---- */

/* Exactly so many values? False: reported. */
bool shape_has(const struct value *, size_t count);

/* The member that the attribute names. */
void *shape_member(const struct value *);
const void *shape_of(const struct conf_entry *, const struct attribute *);

/* A keyword, in any case. */
bool shape_is(const struct conf_word *, const char *keyword);

/* 0 = UNLIMITED, else 1 to most. */
bool shape_count(const char *text, size_t len, unsigned long most, unsigned *ret);

/* Words with a blank before each. */
void shape_add_words(struct buf *, const struct conf_words *);

#endif
