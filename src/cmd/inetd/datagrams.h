/*
 * Datagrams that inetd answers itself.
 */
#ifndef INETD_DATAGRAMS_H
#define INETD_DATAGRAMS_H

#include "cmd/inetd/listener.h"

enum {
	/* Answers a minute, where nothing else is said: of a service, as it is for starts; of a source,
	 * so that one that is forged does not use up everybody's. */
	DATAGRAMS_RATE = 256,
	DATAGRAMS_SOURCE_RATE = 64,
};

/* Fill in what an entry of an internal datagram service leaves open. */
void datagrams_complete(struct conf_entry *, unsigned rate_per_minute);

/* The listener, of such a service, has datagrams. */
void datagrams_serve(struct listener *);

#endif
