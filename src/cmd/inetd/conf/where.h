/*
 * Words that both notations use for where a service listens. For conf/ only.
 */
#ifndef INETD_WHERE_H
#define INETD_WHERE_H

#include "cmd/inetd/conf/conf.h"

/* "*": where a service listens that says nothing. */
extern const struct conf_words where_everywhere;

/* "a,b,[c]" into *ret. False: reported; *ret is untouched. */
bool where_addresses(struct conf *, const struct conf_word *list, struct conf_words *ret);

/* Is it an address, without brackets? */
bool where_is_address(const char *text);

/* A port's name or number: 0 into *ret for a name. False: reported. */
bool where_port(struct conf *, const struct conf_word *, unsigned *ret);

/* False: there is no such type. */
bool where_socktype(const char *text, enum conf_socktype *ret);
const char *where_socktype_name(enum conf_socktype);

/* The families of a protocol's name of len bytes, and the socket type that goes with it (of no
 * meaning for unix). 0: there is no such protocol. */
unsigned where_protocol(const char *text, size_t len, enum conf_socktype *ret_socktype);

/* "tcp46"; NULL: there is none. */
const char *where_protocol_name(enum conf_socktype, unsigned families);

/* "N", "Nk" or "Nm" into bytes from 1 to CONF_BUFFER_MAX. */
bool where_size(const char *text, size_t len, int *ret);

#endif
