/*
 * The options of a rule, carried out for a request.
 */
#ifndef LIBWRAP_OPTIONS_H
#define LIBWRAP_OPTIONS_H

#include "action/action.h"
#include "libwrap/thread.h"

/* As action_run; what the options look up, set and run is this request's and this library's.
 * ret->file and ret->line name the rule. */
enum action_result options_run(struct request_info *, struct thread *, bool is_resident, enum way,
    const char *tail, size_t len, struct diag *ret);

#endif
