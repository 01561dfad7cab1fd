/*
 * Findings and rules, as lines of old or as JSON.
 */
#ifndef TCPDCHK_REPORT_H
#define TCPDCHK_REPORT_H

#include <stdbool.h>

#include "policy/rule.h"

/* Rules are shown only if is_verbose. */
void report_start(bool is_json, bool is_verbose);

/* A place in a table: what is told a second time about it, by its other reading, is left out. */
void report_place(bool is_second);

/* A rule's parts in their order. */
void report_rule(const char *file, const struct rule *, bool is_second);
void report_daemons(const struct rule *);
void report_clients(const struct rule *);
void report_option(const char *keyword, const char *value);
void report_access(bool granted);

/* Print what was collected. False: out of memory. */
bool report_end(const char *conf);

#endif
