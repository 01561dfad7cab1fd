/*
 * NAME     pages - code and constants that are not needed any more
 * PURPOSE  To start, to reload, to read tables takes all of the dynamic loader and half of the C library.
 *          The kernel maps sixteen pages for each that is touched, and leaves them as long as inetd lives.
 * INVARIANTS  Only what is in memory as it is in the file is given back: read-only segments, but those of
 *          an object whose text the loader had to change.
 * SEE      madvise(2) MADV_DONTNEED, dl_iterate_phdr(3)
 */
#include "cmd/inetd/pages.h"

#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static const void *
place_of(const struct dl_phdr_info *object, const ElfW(Phdr) * segment)
{
	return (const void *)(object->dlpi_addr + segment->p_vaddr);
}

static bool
is_changed(const struct dl_phdr_info *object)
{
	for (size_t i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Dyn) *entry = place_of(object, &object->dlpi_phdr[i]);

		if (object->dlpi_phdr[i].p_type != PT_DYNAMIC)
			continue;
		for (; entry->d_tag != DT_NULL; entry++)
			if (entry->d_tag == DT_TEXTREL ||
			    (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL) != 0))
				return true;
	}
	return false;
}

static int
release(struct dl_phdr_info *object, size_t size_bytes, void *ctx)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	(void)size_bytes;
	(void)ctx;
	if (is_changed(object))
		return 0;
	for (size_t i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
		uintptr_t start = (uintptr_t)place_of(object, segment), from = start / page * page;

		/* Where it cannot be, it stays. */
		if (segment->p_type == PT_LOAD && (segment->p_flags & PF_W) == 0)
			madvise((void *)from, start + segment->p_memsz - from, MADV_DONTNEED);
	}
	return 0;
}

void
pages_release(void)
{
	dl_iterate_phdr(release, NULL);
}
