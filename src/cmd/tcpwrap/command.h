/*
 * What main hands over to: one function a command, with "tcpwrap NAME" as argv[0]. Returns the exit status.
 */
#ifndef TCPWRAP_COMMAND_H
#define TCPWRAP_COMMAND_H

/* Bad usage, or a failure of tcpwrap itself: no command uses it for an answer of another kind. */
enum { EXIT_TROUBLE = 2 };

#define COMMAND(name, function, help) int command_##function(int argc, char **argv);
#include "cmd/tcpwrap/commands.def"
#undef COMMAND

#endif
