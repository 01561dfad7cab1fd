/*
 * Answers, as lines of old or as JSON.
 */
#ifndef TCPDMATCH_REPORT_H
#define TCPDMATCH_REPORT_H

#include <stdbool.h>

#include <tcpd.h>

/* From here on lines are collected, to be printed by report_end. */
void report_json(void);

/* An answer begins, with who asks. */
void report_begin(struct request_info *);
/* It ends with that. */
void report_access(const char *verdict);

/* Print what was collected. daemon and wrapping stand in front of it. False: out of memory. */
bool report_end(const char *daemon, const char *wrapping);

#endif
