/*
 * Does a program ask for a library? Read from the file, without loading it.
 */
#ifndef SERVICES_ELF_H
#define SERVICES_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_source {
	void *ctx;
	/* Exactly len bytes from offset on. False: there are none. */
	bool (*read)(void *ctx, uint64_t offset, void *buf, size_t len);
};

enum elf_answer {
	ELF_NO,
	ELF_YES,
	ELF_UNKNOWN, /* no ELF program, or one that makes no sense */
};

/* Is library (a name like "libwrap.so.0", of at most ELF_LIBRARY_MAX bytes) among what it needs? A
 * program that is linked statically needs nothing. */
enum { ELF_LIBRARY_MAX = 63 };
enum elf_answer elf_needs(const struct elf_source *, const char *library);

#endif
