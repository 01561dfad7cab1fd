/*
 * A request from the inside.
 */
#ifndef LIBTCPWRAP_REQUEST_H
#define LIBTCPWRAP_REQUEST_H

#include "libtcpwrap/public.h"

struct request_end {
	bool has_address;
	struct sockaddr_storage address;
	enum tw_name name_state;
	char name[TW_WORD_MAX + 1]; /* of TW_NAME_KNOWN */
};

/* What a request consists of. */
enum request_field {
	FIELD_DAEMON = 1,
	FIELD_CLIENT = 2,
	FIELD_SERVER = 4,
	FIELD_CLIENT_NAME = 8,
	FIELD_SERVER_NAME = 16,
	FIELD_USER = 32,
};

struct tw_request {
	/* Fields that are needed and not set, or whose setter has failed: a set of enum request_field.
	 * Not 0: nobody is granted anything. */
	unsigned wrong;
	bool is_datagram; /* who sent one cannot be asked */
	bool has_user;
	struct request_end ends[2]; /* by enum end */
	char daemon[TW_WORD_MAX + 1];
	char user[TW_WORD_MAX + 1]; /* "": not known */
};

#endif
