/*
 * NAME     fuzz_explain - any line as a client of tcpwrap explain --batch
 * PURPOSE  A line comes to one printable line or to none; and nobody is admitted whom the tables do not know.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/tcpwrap/explain/entry.h"
#include "table/store.h"
#include "table/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static const char allow[] = "d: 10. .ex.org [2001:db8::]/32 : severity info : setenv A %c %n %u\n"
                            "22 d@192.0.2.1 d@s.ex.org: bob@172.16. UNKNOWN@198.51.100.\n"
                            "in.d: ALL EXCEPT KNOWN : twist echo %h %s %R\n";
static const char deny[] = "ALL: ALL\n";
static const char *const paths[2] = {"<allow>", "<deny>"};

static void
check(bool truth)
{
	if (!truth)
		abort();
}

static void
check_result(const struct buf *out, enum batch_end end)
{
	if (out->len == 0) {
		check(end == BATCH_ADMITTED && !out->failed);
		return;
	}
	check(out->bytes[out->len - 1] == '\n');
	for (size_t i = 0; i + 1 < out->len; i++)
		check(out->bytes[i] == '\t' || (out->bytes[i] >= ' ' && out->bytes[i] <= '~'));
	/* Every rule that admits somebody is a line of the allow table. */
	check(end != BATCH_ADMITTED || strstr(out->bytes, "<allow>") != NULL);
}

static void
judge(const char *line, size_t len, bool is_json, const struct generation *const texts[2])
{
	static const struct asked like = {
	    .daemon = "d", .port = -1, .ends = {{.addr = "unknown"}, {.addr = "unknown"}}};
	const struct batch batch = {.paths = paths, .like = &like, .is_json = is_json, .fd = -1};
	static struct entry entry;
	char *copy = malloc(len + 1);
	struct buf out;

	check(copy != NULL);
	if (len > 0)
		memcpy(copy, line, len);
	copy[len] = '\0';
	buf_init(&out, NULL, 0, ENTRY_RESULT_MAX * (len + 1));
	entry_init(&entry, &batch);
	check_result(&out, entry_judge(&entry, copy, len, texts, &out));
	buf_release(&out);
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct generation *texts[2];
	enum diag_code code;

	if (texts[0] == NULL) {
		texts[0] = table_text(allow, sizeof allow - 1, &code);
		texts[1] = table_text(deny, sizeof deny - 1, &code);
	}
	check(texts[0] != NULL && texts[1] != NULL);
	for (int is_json = 0; is_json < 2; is_json++)
		judge((const char *)bytes, len, is_json,
		    (const struct generation *const[2]){texts[0], texts[1]});
	return 0;
}
