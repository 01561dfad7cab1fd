/*
 * Files that are at rest, without a system call for each look at them.
 */
#ifndef COMPAT_READER_H
#define COMPAT_READER_H

/* From now on files are looked at on disk the first time only: what fopen reads and stat says is
 * remembered until reader_end. */
void reader_begin(void);
void reader_end(void);

#endif
