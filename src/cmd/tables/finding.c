/*
 * NAME     finding - telling what was found
 * PURPOSE  FILE:LINE:COLUMN: MESSAGE, the line, the remedy. All that comes from a file is escaped.
 * LIMITS   SHOWN_MAX: of a long line, its beginning is enough to recognise it.
 */
#include <stdio.h>
#include <string.h>

#include "cmd/tables/check.h"

enum { SHOWN_MAX = 160, MESSAGE_MAX = 2048 };

static void
print_escaped(const char *text, size_t len)
{
	char storage[SHOWN_MAX * 4 + 1];
	struct buf buf;
	size_t shown = len < SHOWN_MAX ? len : SHOWN_MAX;

	buf_init(&buf, storage, sizeof storage, sizeof storage - 1);
	buf_add_escaped(&buf, text, shown);
	printf("\t%s%s\n", buf.len > 0 ? buf.bytes : "", shown < len ? " ..." : "");
	buf_release(&buf);
}

void
finding(struct check *check, enum weight weight, const char *at, const char *message,
    const char *remedy)
{
	static const char *const labels[] = {[NOTE] = "note: ", [STOP] = ""};

	check->counts[weight]++;
	printf("%s:", check->file);
	if (check->line > 0)
		printf("%u:", check->line);
	if (at != NULL)
		printf("%zu:", (size_t)(at - check->text) + 1);
	printf(" %s%s\n", labels[weight], message);
	if (check->text != NULL)
		print_escaped(check->text, check->len);
	if (*remedy != '\0')
		printf("\tremedy: %s\n", remedy);
}

static void
told(struct check *check, enum weight weight, const char *at, const struct diag *diag)
{
	char storage[MESSAGE_MAX];
	struct buf buf;

	buf_init(&buf, storage, sizeof storage, sizeof storage - 1);
	diag_format(diag, &buf);
	finding(check, weight, at, buf.len > 0 ? buf.bytes : "", diag_remedy(diag->code));
	buf_release(&buf);
}

void
finding_code(struct check *check, enum weight weight, const char *at, enum diag_code code,
    const char *subject, size_t len)
{
	struct diag diag = {.code = code};

	diag_set(&diag, code, subject, len);
	told(check, weight, at, &diag);
}

void
finding_file(struct check *check, enum diag_code code, const char *path, int error)
{
	struct diag diag = {.error = error};

	diag_set(&diag, code, path, strlen(path));
	told(check, code == DIAG_LIST_ABSENT ? NOTE : STOP, NULL, &diag);
}
