/*
 * Random policies in the language of hosts_access(5), and the requests to ask them.
 */
#ifndef COMPAT_GENERATE_H
#define COMPAT_GENERATE_H

#include "policy.h"

/* Requests for each pair of tables; half of them go through all subsets of the nine fields. */
enum { GENERATE_REQUESTS = 60 };

/* Policy `number` of a seed: always the same one. Its texts live in the arena. */
void generate_policy(struct policy *, uint64_t seed, uint64_t number, struct arena *);

#endif
