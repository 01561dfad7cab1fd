/*
 * Run a shell command beside a host process that must not notice.
 */
#ifndef ACTION_SHELL_H
#define ACTION_SHELL_H

#include "base/diag.h"

/* Run `/bin/sh -c command` and wait for it. DIAG_NONE: *ret_status is its status as wait(2) gives
 * it. Else it did not run: errno and the code (SHELL_FORK, SHELL_STDIO, SHELL_EXEC) say why.
 *
 * Thread-safe. The caller gets no SIGCHLD, and no child of its own is waited for, whatever it does
 * with SIGCHLD itself; signals for the calling thread wait until the command is done. The command
 * has an empty signal mask, default dispositions but SIGHUP ignored, and no descriptor but 0 to 2,
 * which are /dev/null.
 * There is no time limit: a command that takes long ends in "&". */
enum diag_code action_shell(const char *command, int *ret_status);

/* The environment for commands: the process's own; in a set-user-ID program, where a stranger made
 * it, a fixed PATH and nothing else. */
char *const *shell_environment(void);

#endif
