/*
 * What a test asks for: the request, the state of the machine, and the call that fails.
 */
#ifndef FAILING_JOB_H
#define FAILING_JOB_H

#include <stdbool.h>

struct job {
	char allow[4096], deny[4096], daemon[128];
	/* A request of texts, ... */
	char addr[128], name[128];
	/* ... or of a socket: both ends, or a descriptor that is there already. */
	char peer[128], server[128], descriptor[16], datagram[2];
	/* What name services say. forward: addresses; group: its name, its only host, its domain. */
	char reverse[1100], forward[256], official[256], group[256], domain[128], copies[8];
	char resident[8], uid[16], starved[2]; /* starved: no descriptors */
	char restless[2], unkept[2]; /* see change() in calls.c */
	char before[4], after[4], again[4], second[2]; /* see decide_all() in decision.c */
	char fail[64], error[16], result[16]; /* a call; its errno; what it returns */
};

extern struct job job;

/* "KEY VALUE\n", into the field of that name. False: there is none, or it is too long for it. */
bool job_take_line(char *line);

/* Was a value given? */
bool job_has(const char *value);

long job_number(const char *value);

#endif
