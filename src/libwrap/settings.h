/*
 * The library's public variables, and what rules change in them.
 */
#ifndef LIBWRAP_SETTINGS_H
#define LIBWRAP_SETTINGS_H

#include <stdbool.h>

/* A decision begins: what the last one's rule set is taken back, unless the program has set
 * something else since. Returns whether this process is one that must not be replaced: not so in a dry run,
 * which replaces nobody. */
bool settings_begin(void);

/* A rule's options. The values stay until the next decision: the program logs with them. */
void settings_set_severity(int priority);
void settings_set_ident_timeout(int seconds);

/* Read as other threads may write. */
int settings_allow_severity(void);
int settings_deny_severity(void);
int settings_ident_timeout(void);
int settings_verbose(void);
bool settings_dry_run(void);
bool settings_is_resident(void);

/* Tell a tool that the client would be handed to a command. */
void settings_clear_dry_run(void);

#endif
