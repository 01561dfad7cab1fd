/*
 * inetd as a process: what it takes over from whoever started it, and what not.
 */
#ifndef INETD_PROCESS_H
#define INETD_PROCESS_H

#include <signal.h>
#include <stdbool.h>

#include "cmd/inetd/child.h"

/* Descriptors, signals, umask, limits; fills in what servers get. Given descriptors, from 3 on, stay
 * open. False: errno says why. */
bool process_prepare(struct child_world *, bool keeps_environment, size_t given);

/* An absolute path for a path of the command line, since inetd works in "/". NULL: errno. */
char *process_absolute(const char *path);

/* Block the signals that inetd reads from a descriptor. -1: errno. */
int process_signal_fd(void);

/* Fork; the parent waits until the child calls process_ready or dies, and exits 0 or 1. Returns in
 * the child. False: errno. */
bool process_detach(void);
void process_ready(void);

/* Has the session a terminal? True also if it cannot be known. */
bool process_has_terminal(void);

/* May this process give its children another identity? */
bool process_can_switch(void);

#endif
