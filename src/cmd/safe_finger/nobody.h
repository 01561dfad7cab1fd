/*
 * Who the program is.
 */
#ifndef SAFE_FINGER_NOBODY_H
#define SAFE_FINGER_NOBODY_H

#include <stdbool.h>

#include "base/diag.h"

/* If any uid of this process is root's, become nobody for good. False: diag has the reason, and this
 * process must end. */
bool nobody_become(struct diag *);

#endif
