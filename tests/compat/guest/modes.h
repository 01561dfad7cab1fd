/*
 * What state the host is in, and what it looks at. Each is run once in its process.
 */
#ifndef GUEST_MODES_H
#define GUEST_MODES_H

enum { MODES_ALARM_S = 3 }; /* longer than the decisions of a mode take */

void signals_alarm(void);
void signals_timer(void);
void signals_child_ignored(void);
void signals_child_handled(void);
void signals_child_default(void);
void descriptors_closed(void);
void descriptors_few(void);
void descriptors_none(void);
void together_everything(void);
void together_reload(void);
void state_errno(void);
void state_all(void);
void state_trace(void);
void memory_stack(void);
void memory_decisions(void);
void memory_threads(void);
void memory_rewrites(void);

#endif
