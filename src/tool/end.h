/*
 * The end of a program that prints: what nobody got is no success.
 */
#ifndef TOOL_END_H
#define TOOL_END_H

/* status, if all that was printed is written. Else trouble, and that is said on standard error. */
int end_status(const char *program, int status, int trouble);

#endif
