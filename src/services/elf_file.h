/*
 * A file that may be an ELF one, open.
 */
#ifndef SERVICES_ELF_FILE_H
#define SERVICES_ELF_FILE_H

#include "services/elf.h"

struct elf_file {
	int fd;
	struct elf_source source; /* points into this: not to be moved */
};

/* Only a regular file. False: there is none, or it cannot be read; nothing is to be closed. */
bool elf_file_open(struct elf_file *, const char *path);
void elf_file_close(struct elf_file *);

#endif
