/*
 * Fuzz target: what an inventory reads. The first byte says what the rest is: inetd.conf, xinetd.conf,
 * either of them with tcpd to be put in front of a service, a systemd unit, a program. Beside crashes it
 * checks that what comes out is whole.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "services/elf.h"
#include "services/inetd_conf.h"
#include "services/unit.h"
#include "services/wrapper.h"
#include "services/xinetd_conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *data;
	size_t size;
};

static void
check(int truth)
{
	if (!truth)
		abort();
}

static void
check_line(void *ctx, const struct inetd_conf_line *line)
{
	const struct input *input = ctx;

	check(line->number > 0 && line->number <= input->size + 1);
	check(!line->is_internal || !line->is_complete);
	if (line->is_complete) {
		check(memcmp(input->data + line->path_at, line->path, strlen(line->path)) == 0);
		check(memcmp(input->data + line->name_at, line->name, strlen(line->name)) == 0);
		check(line->path[0] != '\0' && line->name[0] != '\0' && line->protocol[0] != '\0');
		check(line->argument == NULL || line->argument[0] != '\0');
	}
}

static void
check_entry(void *ctx, const struct xinetd_conf_entry *entry)
{
	const struct input *input = ctx;
	const char *const words[] = {entry->service, entry->id, entry->server, entry->first,
	    entry->second, entry->libwrap, entry->port};

	check(entry->number > 0 && entry->number <= input->size + 1);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		check(strlen(words[i]) < XINETD_CONF_WORD_MAX);
}

static void
check_include(void *ctx, const char *path, bool is_folder, unsigned line)
{
	const struct input *input = ctx;

	(void)is_folder;
	check(path[0] != '\0' && line > 0 && line <= input->size + 1);
}

static void
check_unit(const struct input *input)
{
	struct unit unit = {0};

	unit_read(&unit, (const char *)input->data, input->size);
	unit_read(&unit, (const char *)input->data, input->size / 2);
	check(strlen(unit.path) < UNIT_WORD_MAX && strlen(unit.first) < UNIT_WORD_MAX);
	check(strlen(unit.second) < UNIT_WORD_MAX && strlen(unit.service) < UNIT_WORD_MAX);
	check(unit.number == 0 || unit.path[0] != '\0');
	check(unit.number <= input->size + 1);
	check(unit.place_count <= UNIT_PLACES_MAX);
	for (unsigned i = 0; i < unit.place_count; i++)
		check(strlen(unit.places[i].text) < UNIT_PLACE_MAX);
}

/* ---- tcpd in front, and away again ---- */

struct told {
	unsigned changes, all;
};

static void
count(void *ctx, unsigned line, enum wrapper_code code, const char *program)
{
	struct told *told = ctx;

	(void)line;
	check(code < WRAPPER_CODES);
	check(program != NULL);
	told->all++;
	told->changes += code == WRAPPER_CHANGED || code == WRAPPER_RESTORED;
}

/* What is in front is so when it is looked at again, and what is not to be changed stays. */
static void
check_wrapper(const struct input *input,
    bool (*rewrite)(const struct wrapper *, const char *, size_t, struct buf *))
{
	struct told first = {0, 0}, second = {0, 0};
	struct wrapper wrapper = {"a", "/t/tcpd", false, false, count, &first};
	struct buf once, twice;

	buf_init(&once, NULL, 0, 1 << 22);
	buf_init(&twice, NULL, 0, 1 << 22);
	check(rewrite(&wrapper, (const char *)input->data, input->size, &once));
	if (first.changes == 0)
		check(once.len == input->size &&
		    (once.len == 0 || memcmp(once.bytes, input->data, once.len) == 0));
	wrapper.ctx = &second;
	check(rewrite(&wrapper, once.bytes, once.len, &twice));
	check(second.changes == 0 && second.all == first.all);
	check(twice.len == once.len &&
	    (once.len == 0 || memcmp(once.bytes, twice.bytes, once.len) == 0));
	buf_release(&once);
	buf_release(&twice);
}

static void
check_library(void *ctx, const char *library)
{
	(void)ctx;
	check(library[0] != '\0' && strlen(library) <= ELF_LIBRARY_MAX);
}

static bool
read_input(void *ctx, uint64_t offset, void *buf, size_t len)
{
	const struct input *input = ctx;

	if (offset > input->size || len > input->size - offset)
		return false;
	memcpy(buf, input->data + offset, len);
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data + 1, size > 0 ? size - 1 : 0};
	struct xinetd_conf_reader reader = {&input, check_entry, check_include};
	struct elf_source source = {&input, read_input};
	char mark[ELF_MARK_MAX + 1];

	if (size == 0)
		return 0;
	switch (data[0]) {
	case 'i':
		inetd_conf_read((const char *)input.data, input.size, check_line, &input);
		break;
	case 'x':
		xinetd_conf_is((const char *)input.data, input.size);
		xinetd_conf_read((const char *)input.data, input.size, &reader);
		break;
	case 'I':
		check_wrapper(&input, wrapper_inetd);
		break;
	case 'X':
		check_wrapper(&input, wrapper_xinetd);
		break;
	case 'u':
		check_unit(&input);
		break;
	default:
		elf_needs(&source, "libwrap.so.0");
		elf_each_needed(&source, check_library, &input);
		check(elf_mark(&source, mark) == (mark[0] != '\0'));
		check(strlen(mark) <= ELF_MARK_MAX);
		break;
	}
	return 0;
}
