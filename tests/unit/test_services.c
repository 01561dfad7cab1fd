/* What an inventory reads: the dialects of inetd.conf, xinetd.conf, systemd's units, programs; limits,
 * and memory that runs out. */
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/buf.h"
#include "failing_alloc.h"
#include "services/elf.h"
#include "services/inetd_conf.h"
#include "services/inventory.h"
#include "services/unit.h"
#include "services/xinetd_conf.h"

enum { SEEN_MAX = 1 << 17 };

static char storage[SEEN_MAX + 1];
static struct buf seen;

static void
add_word(const char *word)
{
	buf_add_char(&seen, ' ');
	buf_add_str(&seen, word != NULL ? word : "-");
}

static void
begin_seen(void)
{
	buf_init(&seen, storage, sizeof storage, SEEN_MAX);
	buf_add_str(&seen, "");
	storage[0] = '\0';
}

/* ---- inetd.conf ---- */

static void
see_line(void *ctx, const struct inetd_conf_line *line)
{
	const char *text = ctx;

	buf_add_number(&seen, line->number);
	if (line->is_complete) {
		assert_memory_equal(text + line->path_at, line->path, strlen(line->path));
		assert_memory_equal(text + line->name_at, line->name, strlen(line->name));
		add_word(line->protocol);
		add_word(line->path);
		add_word(line->name);
		add_word(line->argument);
		add_word(line->service[0] != '\0' ? line->service : "-");
		add_word(line->is_stream ? "stream" : "dgram");
	} else if (line->is_internal) {
		add_word("internal");
		add_word(line->service);
		add_word(line->is_stream ? "stream" : "dgram");
	} else {
		add_word("incomplete");
	}
	buf_add_char(&seen, '\n');
}

static const struct {
	const char *what, *text, *want;
} inetd_cases[] = {
    {"an ordinary line", "ftp stream tcp nowait root /usr/sbin/tcpd in.ftpd -l\n",
        "1 tcp /usr/sbin/tcpd in.ftpd -l ftp stream\n"},
    {"comments, indented too", "# a\n  # b\n\n#<off># x\n", ""},
    {"no newline at the end", "a stream tcp nowait root /b c", "1 tcp /b c - a stream\n"},
    {"CR LF", "a stream tcp nowait root /b c\r\n", "1 tcp /b c - a stream\n"},
    {"internal services",
        "echo stream tcp nowait root internal\n"
        "time dgram tcp nowait root ?internal x\n",
        "1 internal echo stream\n2 internal time dgram\n"},
    {"no user", "a stream tcp nowait /b c\n", "1 tcp /b c - a stream\n"},
    {"no socket type: rpc in two lines", "prog 1-2\nstream rpc/tcp wait root /b c\n",
        "1 incomplete\n2 rpc/tcp /b c - - stream\n"},
    {"versions before the path", "a stream tcp nowait root 1-3 /b c d\n",
        "1 tcp /b c d a stream\n"},
    {"a count of arguments", "a stream tcp nowait root /b 2 c d\n", "1 tcp /b c d a stream\n"},
    {"a question mark", "a stream tcp nowait root ?/b c\n", "1 tcp /b c - a stream\n"},
    {"a backslash goes on", "a:b stream tcp nowait root \\\n  /b c\n", "2 tcp /b c - a:b stream\n"},
    {"a backslash amid words, CR LF", "a stream tcp nowait root\\\r\n/b\\\n\\\nc d\r\n",
        "4 tcp /b c d a stream\n"},
    {"an indented line goes on, if something is missing",
        "a stream tcp nowait root\n\t/b c\n\t# d\n", "2 tcp /b c - a stream\n"},
    {"fields are missing", "a stream tcp\nb stream tcp nowait root /b\n",
        "1 incomplete\n2 incomplete\n"},
    {"more words than are looked at", "a stream tcp nowait root /b c d e f g h i j k\n",
        "1 tcp /b c d a stream\n"},
};

static void
test_inetd(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof inetd_cases / sizeof *inetd_cases; i++) {
		begin_seen();
		assert_true(inetd_conf_read(inetd_cases[i].text, strlen(inetd_cases[i].text),
		    see_line, (void *)(uintptr_t)inetd_cases[i].text));
		if (strcmp(storage, inetd_cases[i].want) != 0)
			print_message("%s\n", inetd_cases[i].what);
		assert_string_equal(storage, inetd_cases[i].want);
	}
}

static void
test_inetd_limit(void **state)
{
	static const char line[] = "a stream tcp nowait root /b c ";
	char *text = malloc(INETD_CONF_LINE_MAX + 2);

	(void)state;
	memset(text, 'x', INETD_CONF_LINE_MAX + 2);
	memcpy(text, line, sizeof line - 1);
	for (size_t len = INETD_CONF_LINE_MAX - 1; len <= INETD_CONF_LINE_MAX + 1; len++) {
		begin_seen();
		assert_true(inetd_conf_read(text, len, see_line, text));
		assert_int_equal(strcmp(storage, "1 incomplete\n") == 0, len > INETD_CONF_LINE_MAX);
	}
	free(text);
}

static void
test_inetd_memory(void **state)
{
	static const char text[] = "a stream tcp nowait root /b c\n";

	(void)state;
	begin_seen();
	alloc_fail_after(0);
	assert_false(inetd_conf_read(text, strlen(text), see_line, NULL));
	assert_int_not_equal(alloc_fail_never(), 0);
}

/* ---- xinetd.conf ---- */

static void
see_entry(void *ctx, const struct xinetd_conf_entry *entry)
{
	(void)ctx;
	buf_add_number(&seen, entry->number);
	add_word(entry->service);
	add_word(entry->server);
	add_word(entry->first);
	add_word(entry->second);
	add_word(entry->libwrap);
	if (entry->is_off)
		add_word("off");
	if (entry->is_internal)
		add_word("internal");
	if (entry->skips_tables)
		add_word("skips");
	if (entry->has_name)
		add_word("named");
	if (entry->is_redirect)
		add_word("redirect");
	if (entry->id[0] != '\0')
		add_word(entry->id);
	if (entry->port[0] != '\0')
		add_word(entry->port);
	if (entry->is_dgram)
		add_word("dgram");
	buf_add_char(&seen, '\n');
}

static void
see_include(void *ctx, const char *path, bool is_folder, unsigned line)
{
	(void)ctx;
	buf_add_number(&seen, line);
	add_word(is_folder ? "folder" : "file");
	add_word(path);
	buf_add_char(&seen, '\n');
}

static const struct {
	const char *what, *text, *want;
	bool is_xinetd;
} xinetd_cases[] = {
    {"an entry", "service a\n{\n\tserver = /b\n\tserver_args = c d e\n}\n", "1 a /b c d \n", true},
    {"a tcpd", "service a\n{\nflags = REUSE NAMEINARGS\nserver = /t/tcpd\nserver_args = x\n}\n",
        "1 a /t/tcpd x   named\n", true},
    {"off", "service a\n{\ndisable = yes\n}\nservice b\n{\ndisable = no\n}\n",
        "1 a     off\n5 b    \n", true},
    {"internal, tables skipped", "service a\n{\ntype = UNLISTED INTERNAL\nflags += NOLIBWRAP\n}\n",
        "1 a     internal skips\n", true},
    {"a name for the tables", "service a\n{\nserver = /b\nlibwrap = c\n}\n", "1 a /b   c\n", true},
    {"defaults and includes", "# x\ndefaults\n{\nserver = no\n}\nincludedir /d\ninclude /f\n",
        "6 folder /d\n7 file /f\n", true},
    {"attributes without a sign, unknown ones", "service a\n{\nserver /b\nfoo = bar\n}\n",
        "1 a    \n", true},
    {"to another host", "service a\n{\nredirect = b 1\nid = c\n}\n",
        "1 a     internal redirect c\n", true},
    {"where it listens", "service a\n{\nport = 12 13\nsocket_type = dgram\n}\n",
        "1 a     12 dgram\n", true},
    {"no closing brace", "service a\n{\nserver = /b\n", "1 a /b   \n", true},
    {"inetd.conf", "# c\nservice stream tcp nowait root /b c\n", "2 stream    \n", false},
};

static void
test_xinetd(void **state)
{
	const struct xinetd_conf_reader reader = {NULL, see_entry, see_include};

	(void)state;
	for (size_t i = 0; i < sizeof xinetd_cases / sizeof *xinetd_cases; i++) {
		const char *text = xinetd_cases[i].text;

		begin_seen();
		xinetd_conf_read(text, strlen(text), &reader);
		if (strcmp(storage, xinetd_cases[i].want) != 0)
			print_message("%s\n", xinetd_cases[i].what);
		assert_string_equal(storage, xinetd_cases[i].want);
		assert_int_equal(xinetd_conf_is(text, strlen(text)), xinetd_cases[i].is_xinetd);
	}
}

static void
test_xinetd_limit(void **state)
{
	const struct xinetd_conf_reader reader = {NULL, see_entry, see_include};
	char text[XINETD_CONF_WORD_MAX + 64];

	(void)state;
	for (int len = XINETD_CONF_WORD_MAX - 2; len <= XINETD_CONF_WORD_MAX; len++) {
		begin_seen();
		snprintf(text, sizeof text, "include /%0*d\n", len - 1, 1);
		xinetd_conf_read(text, strlen(text), &reader);
		assert_int_equal(storage[0] == '1', len < XINETD_CONF_WORD_MAX);
	}
}

/* ---- units ---- */

static const struct {
	const char *what, *text, *want;
} unit_cases[] = {
    {"a command", "[Service]\nExecStart=/a b c d\n", "2 /a b c"},
    {"prefixes", "[Service]\nExecStart=-@!/a b c\n", "2@ /a b c"},
    {"quotes", "[Service]\nExecStart=\"/a\" 'b c' d\n", "2 /a b c d"},
    {"the first of several counts", "[Service]\nExecStart=/a\nExecStart=/b\n", "2 /a  "},
    {"empty takes it back", "[Service]\nExecStart=/a\nExecStart=\nExecStart=/b\n", "4 /b  "},
    {"other sections, comments", "[Unit]\nExecStart=/a\n[Service]\n#ExecStart=/b\n;x\n", "0   "},
    {"continued, with a comment amid", "[Service]\nExecStart=/a \\\n# x\n  b\n", "4 /a b "},
    {"blanks around the sign", "[Service]\n  ExecStart = /a\n", "2 /a  "},
    {"a socket", "[Socket]\nAccept=true\nService=x.service\n", "0    accept x.service"},
    {"no newline at the end", "[Service]\nExecStart=/a", "2 /a  "},
    {"where a socket listens",
        "[Socket]\nListenStream=1\nListenStream=\nListenDatagram=[::1]:2\nListenStream=3 \n",
        "0    dgram [::1]:2 stream 3"},
};

static void
test_unit(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof unit_cases / sizeof *unit_cases; i++) {
		struct unit unit = {0};

		begin_seen();
		unit_read(&unit, unit_cases[i].text, strlen(unit_cases[i].text));
		buf_add_number(&seen, unit.number);
		buf_add_str(&seen, unit.has_name ? "@" : "");
		add_word(unit.path);
		add_word(unit.first);
		add_word(unit.second);
		if (unit.is_accept)
			add_word("accept");
		if (unit.service[0] != '\0')
			add_word(unit.service);
		for (unsigned j = 0; j < unit.place_count; j++) {
			add_word(unit.places[j].is_dgram ? "dgram" : "stream");
			add_word(unit.places[j].text);
		}
		if (strcmp(storage, unit_cases[i].want) != 0)
			print_message("%s\n", unit_cases[i].what);
		assert_string_equal(storage, unit_cases[i].want);
	}
}

static void
test_unit_limit(void **state)
{
	char *text = malloc(2 * UNIT_LINE_MAX);

	(void)state;
	for (int len = UNIT_WORD_MAX - 2; len <= UNIT_WORD_MAX; len++) {
		struct unit unit = {0};

		snprintf(text, 2 * UNIT_LINE_MAX, "[Service]\nExecStart=/%0*d\n", len - 1, 1);
		unit_read(&unit, text, strlen(text));
		assert_int_equal(unit.number, len < UNIT_WORD_MAX ? 2 : 0);
	}
	for (int len = UNIT_LINE_MAX - 1; len <= UNIT_LINE_MAX + 1; len++) {
		struct unit unit = {0};

		snprintf(text, 2 * UNIT_LINE_MAX, "[Service]\nExecStart=/a %0*d\n",
		    len - (int)strlen("ExecStart=/a "), 1);
		unit_read(&unit, text, strlen(text));
		assert_int_equal(unit.number, len <= UNIT_LINE_MAX ? 2 : 0);
	}
	free(text);
}

/* ---- programs ---- */

struct image {
	unsigned char bytes[1024];
	bool is_64, is_big;
};

static void
put(struct image *image, size_t at, uint64_t value, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		image->bytes[at + (image->is_big ? size - 1 - i : i)] =
		    (unsigned char)(value >> (8 * i));
}

static bool
read_image(void *ctx, uint64_t offset, void *buf, size_t len)
{
	const struct image *image = ctx;

	if (offset > sizeof image->bytes || len > sizeof image->bytes - offset)
		return false;
	memcpy(buf, image->bytes + offset, len);
	return true;
}

enum { AT_SEGMENTS = 64, AT_DYNAMIC = 256, AT_STRINGS = 512, ADDRESS = 0x1000 };

static void
put_segment(struct image *image, unsigned i, unsigned type, uint64_t offset, uint64_t len)
{
	size_t at = AT_SEGMENTS + i * (image->is_64 ? 56 : 32);
	unsigned word = image->is_64 ? 8 : 4;

	put(image, at, type, 4);
	put(image, at + (image->is_64 ? 8 : 4), offset, word);
	put(image, at + (image->is_64 ? 16 : 8), ADDRESS + offset, word);
	put(image, at + (image->is_64 ? 32 : 16), len, word);
}

/* A program that needs two libraries. */
static void
make_image(struct image *image, bool is_64, bool is_big, const char *second)
{
	unsigned word = is_64 ? 8 : 4;
	const uint64_t entries[] = {1, 1, 1, 11, 5, ADDRESS + AT_STRINGS, 0, 0};

	*image = (struct image){.is_64 = is_64, .is_big = is_big};
	memcpy(image->bytes, "\177ELF", 4);
	image->bytes[4] = is_64 ? 2 : 1;
	image->bytes[5] = is_big ? 2 : 1;
	put(image, is_64 ? 32 : 28, AT_SEGMENTS, word);
	put(image, is_64 ? 54 : 42, is_64 ? 56 : 32, 2);
	put(image, is_64 ? 56 : 44, 2, 2);
	put_segment(image, 0, 1, 0, sizeof image->bytes);
	put_segment(image, 1, 2, AT_DYNAMIC, sizeof entries / sizeof *entries * word);
	for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
		put(image, AT_DYNAMIC + i * word, entries[i], word);
	memcpy(image->bytes + AT_STRINGS, "\0libc.so.6\0", 11);
	memcpy(image->bytes + AT_STRINGS + 11, second, strlen(second) + 1);
}

static void
test_elf(void **state)
{
	struct image image;
	struct elf_source source = {&image, read_image};

	(void)state;
	for (unsigned kind = 0; kind < 4; kind++) {
		make_image(&image, kind & 1, kind & 2, "libwrap.so.0");
		assert_int_equal(elf_needs(&source, "libwrap.so.0"), ELF_YES);
		assert_int_equal(elf_needs(&source, "libc.so.6"), ELF_YES);
		assert_int_equal(elf_needs(&source, "libwrap.so"), ELF_NO);
		make_image(&image, kind & 1, kind & 2, "libwrap.so.01");
		assert_int_equal(elf_needs(&source, "libwrap.so.0"), ELF_NO);
		/* Linked statically. */
		put(&image, kind & 1 ? 56 : 44, 1, 2);
		assert_int_equal(elf_needs(&source, "libwrap.so.0"), ELF_NO);
	}
	memcpy(image.bytes, "#!/b", 4);
	assert_int_equal(elf_needs(&source, "libwrap.so.0"), ELF_UNKNOWN);
}

static void
see_library(void *ctx, const char *library)
{
	(void)ctx;
	add_word(library);
}

static void
test_elf_needed(void **state)
{
	struct image image;
	struct elf_source source = {&image, read_image};
	char name[ELF_LIBRARY_MAX + 2];

	(void)state;
	for (unsigned kind = 0; kind < 4; kind++) {
		begin_seen();
		make_image(&image, kind & 1, kind & 2, "libwrap.so.0");
		assert_int_equal(elf_each_needed(&source, see_library, NULL), ELF_YES);
		assert_string_equal(storage, " libc.so.6 libwrap.so.0");
		put(&image, kind & 1 ? 56 : 44, 1, 2);
		assert_int_equal(elf_each_needed(&source, see_library, NULL), ELF_NO);
	}
	for (size_t len = ELF_LIBRARY_MAX - 1; len <= ELF_LIBRARY_MAX + 1; len++) {
		begin_seen();
		snprintf(name, sizeof name, "%0*d", (int)len, 1);
		make_image(&image, true, false, name);
		assert_int_equal(elf_each_needed(&source, see_library, NULL), ELF_YES);
		assert_int_equal(seen.len > 11, len <= ELF_LIBRARY_MAX);
	}
}

/* A note of somebody else's, and then ours. */
static void
put_marks(struct image *image, const char *owner, const char *text, unsigned text_size)
{
	const size_t at = AT_STRINGS + 128;

	put(image, image->is_64 ? 56 : 44, 3, 2);
	put_segment(image, 2, 4, at, 12 + 4 + 20 + 12 + 8 + 64);
	put(image, at, 4, 4);
	put(image, at + 4, 17, 4);
	memcpy(image->bytes + at + 12, "GNU", 4);
	put(image, at + 36, 8, 4);
	put(image, at + 40, text_size, 4);
	memcpy(image->bytes + at + 48, owner, 8);
	memcpy(image->bytes + at + 56, text, strlen(text) + 1);
}

static void
test_elf_mark(void **state)
{
	struct image image;
	struct elf_source source = {&image, read_image};
	char mark[ELF_MARK_MAX + 1];

	(void)state;
	for (unsigned kind = 0; kind < 4; kind++) {
		make_image(&image, kind & 1, kind & 2, "libwrap.so.0");
		assert_false(elf_mark(&source, mark));
		assert_string_equal(mark, "");
		put_marks(&image, "tcpwrap", "libwrap 1.2", 32);
		assert_true(elf_mark(&source, mark));
		assert_string_equal(mark, "libwrap 1.2");
		put_marks(&image, "tcpwrap", "a\033\377b", 5);
		assert_true(elf_mark(&source, mark));
		assert_string_equal(mark, "a??b");
		put_marks(&image, "tcpwrop", "libwrap 1.2", 32);
		assert_false(elf_mark(&source, mark));
		for (unsigned size = ELF_MARK_MAX; size <= ELF_MARK_MAX + 2; size++) {
			put_marks(&image, "tcpwrap", "x", size);
			assert_int_equal(elf_mark(&source, mark), size <= ELF_MARK_MAX + 1);
		}
	}
}

/* Any byte may be any other: an answer all the same. */
static void
test_elf_hostile(void **state)
{
	static const unsigned char values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
	struct image image;
	struct elf_source source = {&image, read_image};
	char mark[ELF_MARK_MAX + 1];

	(void)state;
	for (unsigned kind = 0; kind < 4; kind++) {
		for (size_t at = 0; at < AT_STRINGS + 32; at++) {
			for (size_t i = 0; i < sizeof values; i++) {
				make_image(&image, kind & 1, kind & 2, "libwrap.so.0");
				image.bytes[at] = values[i];
				put_marks(&image, "tcpwrap", "libwrap 1.2", 32);
				image.bytes[at] = values[i];
				assert_in_range(elf_needs(&source, "libwrap.so.0"), 0, 2);
				begin_seen();
				assert_in_range(elf_each_needed(&source, see_library, NULL), 0, 2);
				elf_mark(&source, mark);
				assert_int_equal(mark[ELF_MARK_MAX], 0);
			}
		}
	}
}

/* ---- a host ---- */

static const struct {
	const char *path, *text;
} host_files[] = {
    {"etc/inetd.conf", "a stream tcp nowait root /usr/sbin/tcpd in.a\nb stream tcp\n"},
    {"etc/inetd.d/more", "c stream tcp nowait root /usr/sbin/tcpd in.c\n"},
    {"etc/xinetd.conf", "include /etc/xinetd.conf\nincludedir /etc/xinetd.d\n"},
    {"etc/xinetd.d/one", "service d\n{\nserver = /d\n}\n"},
    {"usr/lib/systemd/system/e.service", "[Service]\nExecStart=/e\n"},
    {"etc/systemd/system/e.service.d/x.conf",
        "[Service]\nExecStart=\nExecStart=@/usr/sbin/tcpd in.e\n"},
    {"usr/lib/systemd/system/e.socket", "[Socket]\n"},
};

static void
make_folders(char *path)
{
	for (char *slash = path + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
}

static void
make_host(char root[64])
{
	char path[256];

	snprintf(root, 64, "/tmp/services-XXXXXX");
	assert_non_null(mkdtemp(root));
	for (size_t i = 0; i < sizeof host_files / sizeof *host_files; i++) {
		FILE *file;

		snprintf(path, sizeof path, "%s/%s", root, host_files[i].path);
		make_folders(path);
		file = fopen(path, "w");
		assert_non_null(file);
		fputs(host_files[i].text, file);
		fclose(file);
	}
}

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *at)
{
	(void)st;
	(void)flag;
	(void)at;
	return remove(path);
}

static unsigned
count_services(const struct inventory *inventory)
{
	unsigned count = 0;

	for (const struct service *service = inventory->services; service != NULL;
	     service = service->next)
		count++;
	return count;
}

static void
put_program(const char *root, const char *path, const char *needs)
{
	struct image image;
	char full[256];
	FILE *file;

	make_image(&image, true, false, needs);
	snprintf(full, sizeof full, "%s%s", root, path);
	make_folders(full);
	file = fopen(full, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(image.bytes, 1, sizeof image.bytes, file), sizeof image.bytes);
	fclose(file);
}

/* By itself, by a library of a library, in a folder of ld.so.conf; libraries that need each other. */
static void
test_linked(void **state)
{
	static const struct {
		const char *path, *needs;
		enum wrapping want;
	} files[] = {
	    {"/usr/sbin/direct", "libwrap.so.0", WRAPPING_WRAPPED},
	    {"/usr/sbin/modern", "libtcpwrap.so.0", WRAPPING_WRAPPED},
	    {"/usr/sbin/other", "libwrap.so.01", WRAPPING_NOT},
	    {"/usr/sbin/through", "libone.so", WRAPPING_WRAPPED},
	    {"/usr/lib/libone.so", "libtwo.so", WRAPPING_WRAPPED},
	    {"/opt/l/libtwo.so", "libwrap.so.0", WRAPPING_WRAPPED},
	    {"/usr/sbin/round", "libround.so", WRAPPING_NOT},
	    {"/usr/lib/libround.so", "libback.so", WRAPPING_NOT},
	    {"/usr/lib/libback.so", "libround.so", WRAPPING_NOT},
	    {"/usr/sbin/lost", "libnowhere.so", WRAPPING_NOT},
	};
	struct inventory inventory;
	char root[64], path[128];
	FILE *conf;

	(void)state;
	make_host(root);
	snprintf(path, sizeof path, "%s/etc/ld.so.conf", root);
	conf = fopen(path, "w");
	fputs("# x\ninclude /etc/ld.so.conf.d/*.conf\n/opt/l # y\n", conf);
	fclose(conf);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		put_program(root, files[i].path, files[i].needs);
	inventory_init(&inventory, root);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		assert_int_equal(inventory_linked(&inventory, files[i].path), files[i].want);
	assert_int_equal(inventory_linked(&inventory, "/nowhere"), WRAPPING_UNKNOWN);
	inventory_release(&inventory);
	nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* What programs are known to call themselves, and who asks in their place. */
static void
test_names(void **state)
{
	struct inventory inventory;
	const char *names[2], *helper;
	char root[64];

	(void)state;
	make_host(root);
	put_program(root, "/usr/lib/openssh/sshd-session", "libwrap.so.0");
	inventory_init(&inventory, root);
	assert_int_equal(inventory_names("/usr/sbin/rpc.mountd", names, 2), 1);
	assert_string_equal(names[0], "mountd");
	assert_int_equal(inventory_names("/usr/sbin/nginx", names, 2), 0);
	assert_int_equal(inventory_names("/usr/sbin/stunnel4", names, 1), 1);
	assert_int_equal(
	    inventory_elsewhere(&inventory, "/usr/sbin/sshd", &helper), WRAPPING_WRAPPED);
	assert_string_equal(helper, "/usr/lib/openssh/sshd-session");
	assert_int_equal(
	    inventory_elsewhere(&inventory, "/usr/sbin/dovecot", &helper), WRAPPING_MAYBE);
	assert_int_equal(inventory_elsewhere(&inventory, "/usr/sbin/nginx", &helper), WRAPPING_NOT);
	inventory_release(&inventory);
	nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Whatever allocation fails: it is said that something is missing, or nothing is. */
static void
test_host_memory(void **state)
{
	struct inventory inventory;
	unsigned long failures = 1;
	unsigned whole;
	char root[64];

	(void)state;
	make_host(root);
	inventory_init(&inventory, root);
	inventory_read_host(&inventory);
	whole = count_services(&inventory);
	assert_int_equal(whole, 4);
	assert_int_equal(inventory_find(&inventory, "IN.E", NULL), WRAPPING_WRAPPED);
	assert_int_equal(inventory_find(&inventory, "nobody's", NULL), WRAPPING_UNKNOWN);
	inventory_release(&inventory);
	for (long after = 0; failures > 0; after++) {
		alloc_fail_after(after);
		inventory_init(&inventory, root);
		inventory_read_host(&inventory);
		failures = alloc_fail_never();
		assert_true(count_services(&inventory) == whole || inventory.failed ||
		    inventory.notes != NULL);
		inventory_release(&inventory);
	}
	nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* A file that includes itself is read so often and no more. */
static void
test_host_depth(void **state)
{
	struct inventory inventory;
	unsigned includes = 0;
	char root[64];

	(void)state;
	make_host(root);
	inventory_init(&inventory, root);
	inventory_read_host(&inventory);
	for (const struct service_note *note = inventory.notes; note != NULL; note = note->next)
		includes += note->code == SERVICE_CANNOT_INCLUDE;
	assert_int_equal(includes, 1);
	inventory_release(&inventory);
	nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_inetd),
	    cmocka_unit_test(test_inetd_limit),
	    cmocka_unit_test(test_inetd_memory),
	    cmocka_unit_test(test_xinetd),
	    cmocka_unit_test(test_xinetd_limit),
	    cmocka_unit_test(test_unit),
	    cmocka_unit_test(test_unit_limit),
	    cmocka_unit_test(test_elf),
	    cmocka_unit_test(test_elf_needed),
	    cmocka_unit_test(test_elf_mark),
	    cmocka_unit_test(test_elf_hostile),
	    cmocka_unit_test(test_linked),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_host_memory),
	    cmocka_unit_test(test_host_depth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
