/*
 * Who is at the other end, and what name services say of it: as the job has it.
 */
#ifndef FAILING_PEERS_H
#define FAILING_PEERS_H

/* The C library's own, for sockets that the job says nothing about. */
void peers_find_real(void);

#endif
