/*
 * The decisions of one point, in a process of their own.
 */
#ifndef FAILING_DECISION_H
#define FAILING_DECISION_H

/* The library under test. Ends the process when it cannot. */
void decision_load(const char *path);

/* Decide as the job says; what is seen goes to fault_result. */
void decision_in_child(void);

#endif
