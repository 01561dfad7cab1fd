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

/* Tell each library that it needs, in order; a name longer than ELF_LIBRARY_MAX is left out. ELF_YES:
 * there are some. */
enum elf_answer elf_each_needed(
    const struct elf_source *, void (*tell)(void *ctx, const char *library), void *ctx);

/* What we are that wrote this file, if we did: base/mark.h. ret receives "" or the mark's text, such as
 * "libwrap 0.1.0", printable. */
enum { ELF_MARK_MAX = 63 };
bool elf_mark(const struct elf_source *, char ret[ELF_MARK_MAX + 1]);

#endif
