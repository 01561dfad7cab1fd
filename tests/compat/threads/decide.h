/*
 * One decision of the library, compared with what is known of it.
 */
#ifndef THREADS_DECIDE_H
#define THREADS_DECIDE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "query.h"

/* How much was not as it should be. */
extern atomic_uint decide_wrong;

/* Log by the C library after all. Before there are threads. */
void decide_log_for_real(void);

/* Each second one that can be is asked by hosts_ctl. Returns the verdict. */
bool decide_query(struct query *, unsigned number);

#endif
