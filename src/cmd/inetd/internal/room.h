/*
 * Descriptors that clients of inetd's own may not take: others are served with them.
 */
#ifndef INETD_ROOM_H
#define INETD_ROOM_H

/* A descriptor of a client's, which nothing refers to yet, or the one that has taken its place. If there is no
 * room, somebody else is pushed out: a client of a tarpit, or the one of a stream service that has been silent for
 * longest. -1: errno, there is nobody, and fd is as it was. */
int room_place(int fd);

/* The limit has changed: for tests. */
void room_forget(void);

#endif
