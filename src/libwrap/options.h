/*
 * The options of a rule, carried out for a request.
 */
#ifndef LIBWRAP_OPTIONS_H
#define LIBWRAP_OPTIONS_H

#include "action/action.h"
#include "libwrap/thread.h"

/* As action_run; what the options look up, set and run is this request's and this library's. */
enum action_result options_run(
    struct request_info *, struct thread *, const struct tail *, size_t *at, struct diag *ret);

/* Verbose logging of the rule whose options come now. */
void options_tell_match(const char *file, unsigned line);

#endif
