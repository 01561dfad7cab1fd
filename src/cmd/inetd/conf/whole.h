/*
 * What must hold between the parts of an entry. For build.c only.
 */
#ifndef INETD_WHOLE_H
#define INETD_WHOLE_H

#include "cmd/inetd/conf/attribute.h"

/* Complete the entry of a block: what it must say is there, or reported; what it need not say has
 * its meaning. */
void whole_complete(struct builder *);

/* Check an entry of either notation. at: where to tell what has no place of its own. */
void whole_check(struct builder *, const struct conf_word *at);

#endif
