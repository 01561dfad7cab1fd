/*
 * Memory that is a copy of a file.
 */
#ifndef INETD_PAGES_H
#define INETD_PAGES_H

/* Give code and constants of all that is loaded back to the page cache; what is needed comes again. */
void pages_release(void);

#endif
