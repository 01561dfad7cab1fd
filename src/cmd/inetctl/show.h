/*
 * Answers for people.
 */
#ifndef INETCTL_SHOW_H
#define INETCTL_SHOW_H

#include <stdbool.h>

#include "cmd/inetctl/options.h"
#include "cmd/inetctl/value.h"

/* Print an answer that is an object to stdout, and what inetd refused to stderr. */
void show_answer(const struct options *, const struct value *answer);

/* Was all done that was asked for? */
bool show_is_success(const struct value *answer);

#endif
