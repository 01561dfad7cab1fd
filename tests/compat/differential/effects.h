/*
 * What options do to the process, told instead of done: between effects_begin and effects_end each
 * such call of a library becomes a line of front_text.
 */
#ifndef COMPAT_EFFECTS_H
#define COMPAT_EFFECTS_H

#include <setjmp.h>
#include <stdbool.h>

/* The descriptor of each request's connection; a socket that nobody reads from. */
enum { EFFECTS_FD = 200 };

/* Where a library that ends the process comes out, with 1. */
extern jmp_buf effects_left;

/* False: errno says why. */
bool effects_open(void);

/* Called by a child that decides. */
void effects_adopt(void);

void effects_begin(void);
void effects_end(void);

#endif
