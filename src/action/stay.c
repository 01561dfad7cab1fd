/*
 * NAME     stay - as whoever this process is
 * PURPOSE  For the library: the identity of a daemon is the daemon's.
 */
#include "action/identity.h"

enum diag_code
identity_become(const struct identity *identity)
{
	(void)identity;
	return DIAG_IDENTITY_NOT_OURS;
}
