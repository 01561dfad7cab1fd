/*
 * How the 1997 code reads numbers and cuts text: kept exactly, for the classic way only.
 */
#ifndef POLICY_CLASSIC_H
#define POLICY_CLASSIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Four runs between dots that the loose internet parser takes: octal and hexadecimal parts, and
 * anything behind a blank. 255.255.255.255 is its failure value, hence false. *ret: host order. */
bool classic_quad(const char *text, size_t len, uint32_t *ret);

/* A mask: a quad with any bit pattern, or a length from 1 to 32 with anything behind the digits. */
bool classic_mask(const char *text, size_t len, uint32_t *ret);

/* A leading number as atoi reads it: blanks, sign, digits; 0 if there is none. */
long classic_number(const char *text, size_t len);

/* A daemon word that is a port as a whole: blanks, sign, digits, and a wrap at 32 bits. */
bool classic_port(const char *text, size_t len, unsigned *ret);

/* The first c at bracket depth 0; len if there is none. */
size_t classic_find(const char *text, size_t len, char c);

#endif
