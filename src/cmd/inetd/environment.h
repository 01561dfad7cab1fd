/*
 * The environment that servers get.
 */
#ifndef INETD_ENVIRONMENT_H
#define INETD_ENVIRONMENT_H

/* Pointers to those variables of a NULL-terminated environment that a server may see: what whoever
 * started inetd has set for his shell, his terminal or his supervisor is none of its business.
 * NULL: out of memory. The caller frees the array, not the strings. */
char **environment_wash(char **environment);

#endif
