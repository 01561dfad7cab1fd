/*
 * NAME     elf - what an ELF program needs
 * PURPOSE  Program headers, dynamic section, string table, notes: of 32 and 64 bits, of either byte order.
 * INVARIANTS  Every offset is of the file and goes through the source, which says whether it is there.
 *          Nothing that the file says is a size of memory here.
 * LIMITS   SEGMENTS_MAX, ENTRIES_MAX: programs have some ten of the one and some thirty of the other.
 *          NOTES_MAX: of a segment; they have some three.
 * SEE      elf(5)
 */
#include "services/elf.h"

#include <string.h>

#include "base/mark.h"

enum {
	SEGMENTS_MAX = 128,
	ENTRIES_MAX = 4096,
	NOTES_MAX = 64,
	HEADER_BYTES = 64,
	SEGMENT_BYTES = 56,
	ENTRY_BYTES = 16,
	/* Values of the format. */
	CLASS_32 = 1,
	CLASS_64 = 2,
	ORDER_LITTLE = 1,
	ORDER_BIG = 2,
	SEGMENT_LOAD = 1,
	SEGMENT_DYNAMIC = 2,
	SEGMENT_NOTE = 4,
	TAG_NEEDED = 1,
	TAG_STRINGS = 5,
};

/* Where a number stands in a header: for 32 and for 64 bits. */
struct field {
	uint8_t at32, size32, at64, size64;
};

static const struct field segments_at = {28, 4, 32, 8}, segment_size = {42, 2, 54, 2},
                          segment_count = {44, 2, 56, 2}, segment_type = {0, 4, 0, 4},
                          segment_offset = {4, 4, 8, 8}, segment_address = {8, 4, 16, 8},
                          segment_bytes = {16, 4, 32, 8}, entry_tag = {0, 4, 0, 8},
                          entry_value = {4, 4, 8, 8};

struct elf {
	const struct elf_source *source;
	bool is_64, is_big;
	uint64_t segments, segment_size;
	unsigned segment_count;
	uint64_t dynamic, entries; /* offset and number of entries */
	uint64_t strings; /* offset */
};

static uint64_t
number(const struct elf *elf, const unsigned char *bytes, struct field field)
{
	unsigned at = elf->is_64 ? field.at64 : field.at32;
	unsigned size = elf->is_64 ? field.size64 : field.size32;
	uint64_t value = 0;

	for (unsigned i = 0; i < size; i++)
		value = value << 8 | bytes[at + (elf->is_big ? i : size - 1 - i)];
	return value;
}

static bool
read_at(const struct elf *elf, uint64_t offset, void *buf, size_t len)
{
	return offset <= INT64_MAX - len && elf->source->read(elf->source->ctx, offset, buf, len);
}

static bool
read_header(struct elf *elf)
{
	unsigned char header[HEADER_BYTES] = {0};
	uint64_t count;

	if (!read_at(elf, 0, header, 52) || memcmp(header, "\177ELF", 4) != 0 ||
	    header[4] < CLASS_32 || header[4] > CLASS_64 || header[5] < ORDER_LITTLE ||
	    header[5] > ORDER_BIG)
		return false;
	elf->is_64 = header[4] == CLASS_64;
	elf->is_big = header[5] == ORDER_BIG;
	if (elf->is_64 && !read_at(elf, 0, header, HEADER_BYTES))
		return false;
	elf->segments = number(elf, header, segments_at);
	elf->segment_size = number(elf, header, segment_size);
	count = number(elf, header, segment_count);
	elf->segment_count = (unsigned)count;
	return count <= SEGMENTS_MAX && elf->segment_size >= (elf->is_64 ? 56U : 32U);
}

static bool
read_segment(const struct elf *elf, unsigned i, unsigned char segment[SEGMENT_BYTES])
{
	return elf->segments <= INT64_MAX / 2 &&
	    read_at(elf, elf->segments + i * elf->segment_size, segment, elf->is_64 ? 56 : 32);
}

/* Where an address of the running program stands in the file. */
static bool
find_address(const struct elf *elf, uint64_t address, uint64_t *ret_offset)
{
	unsigned char segment[SEGMENT_BYTES];

	for (unsigned i = 0; i < elf->segment_count && read_segment(elf, i, segment); i++) {
		uint64_t start = number(elf, segment, segment_address);

		if (number(elf, segment, segment_type) == SEGMENT_LOAD && address >= start &&
		    address - start < number(elf, segment, segment_bytes)) {
			*ret_offset = number(elf, segment, segment_offset) + (address - start);
			return true;
		}
	}
	return false;
}

/* Find the dynamic section. False: there is none. */
static bool
find_dynamic(struct elf *elf)
{
	unsigned char segment[SEGMENT_BYTES];
	unsigned i = 0;

	while (i < elf->segment_count && read_segment(elf, i, segment) &&
	    number(elf, segment, segment_type) != SEGMENT_DYNAMIC)
		i++;
	if (i == elf->segment_count || !read_segment(elf, i, segment))
		return false;
	elf->dynamic = number(elf, segment, segment_offset);
	elf->entries = number(elf, segment, segment_bytes) / (elf->is_64 ? 16 : 8);
	if (elf->entries > ENTRIES_MAX)
		elf->entries = ENTRIES_MAX;
	return true;
}

/* The next entry with this tag. False: no more. */
static bool
next_entry(const struct elf *elf, uint64_t tag, uint64_t *at, uint64_t *ret_value)
{
	unsigned char entry[ENTRY_BYTES];
	unsigned size = elf->is_64 ? 16 : 8;
	uint64_t found = 1;

	while (found != 0 && *at < elf->entries && elf->dynamic <= INT64_MAX / 2 &&
	    read_at(elf, elf->dynamic + *at * size, entry, size)) {
		++*at;
		found = number(elf, entry, entry_tag);
		*ret_value = number(elf, entry, entry_value);
		if (found == tag)
			return true;
	}
	return false;
}

static bool
is_string(const struct elf *elf, uint64_t at, const char *text, size_t len)
{
	char found[ELF_LIBRARY_MAX + 1];

	return at <= INT64_MAX / 2 && elf->strings <= INT64_MAX / 2 &&
	    read_at(elf, elf->strings + at, found, len + 1) && memcmp(found, text, len + 1) == 0;
}

/* Up to what it needs. ELF_YES: that can be asked for. */
static enum elf_answer
begin(struct elf *elf)
{
	uint64_t at = 0, value;

	if (!read_header(elf))
		return ELF_UNKNOWN;
	if (!find_dynamic(elf))
		return ELF_NO;
	if (!next_entry(elf, TAG_STRINGS, &at, &value) || !find_address(elf, value, &elf->strings))
		return ELF_UNKNOWN;
	return ELF_YES;
}

enum elf_answer
elf_needs(const struct elf_source *source, const char *library)
{
	struct elf elf = {.source = source};
	size_t len = strlen(library);
	enum elf_answer answer = begin(&elf);
	uint64_t at = 0, value;

	if (len > ELF_LIBRARY_MAX)
		return ELF_UNKNOWN;
	if (answer != ELF_YES)
		return answer;
	while (next_entry(&elf, TAG_NEEDED, &at, &value)) {
		if (is_string(&elf, value, library, len))
			return ELF_YES;
	}
	return ELF_NO;
}

/* A string of the table: byte by byte, since the file may end behind it. */
static bool
read_string(const struct elf *elf, uint64_t at, char ret[ELF_LIBRARY_MAX + 1])
{
	size_t len = 0;

	if (at > INT64_MAX / 2 || elf->strings > INT64_MAX / 2)
		return false;
	while (len <= ELF_LIBRARY_MAX && read_at(elf, elf->strings + at + len, &ret[len], 1)) {
		if (ret[len] == '\0')
			return len > 0;
		len++;
	}
	return false;
}

enum elf_answer
elf_each_needed(const struct elf_source *source, void (*tell)(void *ctx, const char *), void *ctx)
{
	struct elf elf = {.source = source};
	enum elf_answer answer = begin(&elf);
	char library[ELF_LIBRARY_MAX + 1];
	uint64_t at = 0, value;

	if (answer != ELF_YES)
		return answer;
	answer = ELF_NO;
	while (next_entry(&elf, TAG_NEEDED, &at, &value)) {
		answer = ELF_YES;
		if (read_string(&elf, value, library))
			tell(ctx, library);
	}
	return answer;
}

/* ---- notes ---- */

/* Three numbers, a name and a text, both filled up to four bytes. */
static bool
read_note(const struct elf *elf, uint64_t at, uint64_t left, char ret[ELF_MARK_MAX + 1],
    uint64_t *ret_size)
{
	static const struct field sizes[] = {{0, 4, 0, 4}, {4, 4, 4, 4}};
	unsigned char head[MARK_HEAD_BYTES], name[sizeof MARK_OWNER], text[ELF_MARK_MAX + 1];
	uint64_t name_size, text_size, whole;

	if (left < sizeof head || !read_at(elf, at, head, sizeof head))
		return false;
	name_size = number(elf, head, sizes[0]);
	text_size = number(elf, head, sizes[1]);
	whole = sizeof head + ((name_size + 3) & ~UINT64_C(3)) + ((text_size + 3) & ~UINT64_C(3));
	if (whole > left)
		return false;
	*ret_size = whole;
	if (name_size != sizeof name || text_size == 0 || text_size > ELF_MARK_MAX + 1 ||
	    !read_at(elf, at + sizeof head, name, sizeof name) ||
	    memcmp(name, MARK_OWNER, sizeof name) != 0 ||
	    !read_at(elf, at + sizeof head + MARK_OWNER_BYTES, text, (size_t)text_size))
		return true;
	text[text_size - 1] = '\0';
	for (size_t i = 0; text[i] != '\0'; i++)
		ret[i] = text[i] >= ' ' && text[i] < 0x7f ? (char)text[i] : '?';
	return true;
}

static void
read_notes(const struct elf *elf, uint64_t at, uint64_t left, char ret[ELF_MARK_MAX + 1])
{
	uint64_t size;

	for (unsigned i = 0; i < NOTES_MAX && ret[0] == '\0'; i++) {
		if (at > INT64_MAX / 2 || !read_note(elf, at, left, ret, &size))
			return;
		at += size;
		left -= size;
	}
}

bool
elf_mark(const struct elf_source *source, char ret[ELF_MARK_MAX + 1])
{
	struct elf elf = {.source = source};
	unsigned char segment[SEGMENT_BYTES];

	memset(ret, 0, ELF_MARK_MAX + 1);
	if (!read_header(&elf))
		return false;
	for (unsigned i = 0; i < elf.segment_count && ret[0] == '\0'; i++) {
		if (!read_segment(&elf, i, segment))
			return false;
		if (number(&elf, segment, segment_type) == SEGMENT_NOTE)
			read_notes(&elf, number(&elf, segment, segment_offset),
			    number(&elf, segment, segment_bytes), ret);
	}
	return ret[0] != '\0';
}
