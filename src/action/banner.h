/*
 * The banners option: greet the client with a file.
 */
#ifndef ACTION_BANNER_H
#define ACTION_BANNER_H

#include <stdbool.h>

#include "action/action.h"

/* Send DIRECTORY/DAEMON to the client, % letters replaced, lines ended by CR LF. That there is no
 * such file is no fault; other troubles with the file are reported, and the rule goes on. A client
 * that does not read it all within BANNER_WAIT_MS is left alone. False: an expansion failed, *ret
 * says why, and the rule refuses. */
bool banner_send(const struct action_env *, const char *directory, struct diag *ret);

enum { BANNER_WAIT_MS = 5000 }; /* as long as the original kept a refused client */

#endif
