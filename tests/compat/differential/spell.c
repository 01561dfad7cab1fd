/*
 * NAME     spell - policies as text
 * LIMITS   POLICY_FILES, POLICY_REQUESTS
 */
#include "spell.h"

#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

static const char *const extra_keys[] = {"name", "user", "resident"};

static const char **
extra_field(struct query *query, size_t which)
{
	const char **const fields[] = {&query->told_name, &query->told_user, &query->resident};

	return fields[which];
}

enum { EXTRA_KEYS = sizeof extra_keys / sizeof *extra_keys };

/* ---- printing ---- */

void
spell_text(FILE *out, const char *text, size_t len)
{
	putc('"', out);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x20 || c > 0x7e || c == '\\' || c == '"')
			fprintf(out, "\\x%02x", c);
		else
			putc(c, out);
	}
	putc('"', out);
}

static void
print_blob(FILE *out, const char *what, const struct blob *blob)
{
	if (blob->bytes == NULL)
		return;
	fprintf(out, "%s ", what);
	spell_text(out, blob->bytes, blob->len);
	putc('\n', out);
}

static void
print_request(FILE *out, const struct query *query)
{
	struct query copy = *query;

	fputs("request", out);
	for (int key = ABI_FILE; key < WRAP_FIELDS; key++) {
		if (query->fields[key] == NULL)
			continue;
		fprintf(out, " %d=", key);
		spell_text(out, query->fields[key], strlen(query->fields[key]));
	}
	for (size_t i = 0; i < EXTRA_KEYS; i++) {
		const char *text = *extra_field(&copy, i);

		if (text == NULL)
			continue;
		fprintf(out, " %s=", extra_keys[i]);
		spell_text(out, text, strlen(text));
	}
	putc('\n', out);
}

void
spell_print(FILE *out, const struct policy *policy, int request)
{
	fprintf(out, "policy %llu %d %d %d\n", (unsigned long long)policy->number, policy->verbose,
	    policy->repeat, policy->is_fresh);
	print_blob(out, "allow", &policy->allow);
	print_blob(out, "deny", &policy->deny);
	for (size_t i = 0; i < policy->file_count; i++) {
		fprintf(out, "file ");
		print_blob(out, policy->files[i].name, &policy->files[i].blob);
	}
	for (size_t i = 0; i < policy->request_count; i++)
		if (request < 0 || (size_t)request == i)
			print_request(out, &policy->requests[i]);
	fputs("end\n", out);
}

/* ---- reading ---- */

/* The text between quotation marks at *at, which moves behind it. */
static bool
read_text(char **at, struct blob *ret, struct arena *arena)
{
	char *from = *at, *to;
	size_t len = 0;

	if (*from++ != '"')
		return false;
	for (to = from; *from != '"'; len++) {
		char digits[3] = "";

		if (*from == '\0')
			return false;
		if (from[0] != '\\') {
			to[len] = *from++;
			continue;
		}
		if (from[1] != 'x' || from[2] == '\0' || from[3] == '\0')
			return false;
		memcpy(digits, from + 2, 2);
		to[len] = (char)strtol(digits, NULL, 16);
		from += 4;
	}
	*at = from + 1;
	*ret = (struct blob){arena_copy(arena, to, len), len};
	return ret->bytes != NULL;
}

static const char **
field_of(struct query *query, const char *key, size_t len)
{
	long number = strtol(key, NULL, 10);

	for (size_t i = 0; i < EXTRA_KEYS; i++)
		if (strlen(extra_keys[i]) == len && memcmp(extra_keys[i], key, len) == 0)
			return extra_field(query, i);
	return number >= ABI_FILE && number < WRAP_FIELDS ? &query->fields[number] : NULL;
}

static bool
read_request(char *at, struct policy *policy, struct arena *arena)
{
	struct query *query;

	if (policy->request_count == POLICY_REQUESTS)
		return false;
	query = &policy->requests[policy->request_count++];
	*query = (struct query){.resident = NULL};
	while (*at == ' ') {
		char *key = ++at, *end = strchr(key, '=');
		const char **field = end != NULL ? field_of(query, key, (size_t)(end - key)) : NULL;
		struct blob blob;

		if (field == NULL)
			return false;
		at = end + 1;
		if (!read_text(&at, &blob, arena))
			return false;
		*field = blob.bytes;
	}
	return true;
}

static bool
read_file(char *at, struct policy *policy, struct arena *arena)
{
	char *space = strchr(at, ' ');
	struct policy_file *file = &policy->files[policy->file_count];

	if (policy->file_count == POLICY_FILES || space == NULL)
		return false;
	policy->file_count++;
	file->name = arena_copy(arena, at, (size_t)(space - at));
	at = space + 1;
	return file->name != NULL && read_text(&at, &file->blob, arena);
}

static bool
read_part(char *line, struct policy *policy, struct arena *arena)
{
	unsigned long long number;
	int fresh;

	if (strncmp(line, "allow ", 6) == 0)
		return line += 6, read_text(&line, &policy->allow, arena);
	if (strncmp(line, "deny ", 5) == 0)
		return line += 5, read_text(&line, &policy->deny, arena);
	if (strncmp(line, "file ", 5) == 0)
		return read_file(line + 5, policy, arena);
	if (strncmp(line, "request", 7) == 0)
		return read_request(line + 7, policy, arena);
	if (sscanf(line, "policy %llu %d %d %d", &number, &policy->verbose, &policy->repeat,
	        &fresh) != 4)
		return false;
	policy->number = number;
	policy->is_fresh = fresh != 0;
	return true;
}

enum spell_result
spell_read(FILE *in, struct policy *policy, struct arena *arena)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	enum spell_result result = SPELL_END;

	*policy = (struct policy){
	    .requests = arena_alloc(arena, POLICY_REQUESTS * sizeof *policy->requests)};
	if (policy->requests == NULL)
		return SPELL_BAD;
	while ((len = getline(&line, &size, in)) > 0) {
		line[len - 1] = '\0';
		result = SPELL_POLICY;
		if (strcmp(line, "go") == 0)
			result = SPELL_GO;
		else if (strcmp(line, "end") != 0 && !read_part(line, policy, arena))
			result = SPELL_BAD;
		if (result != SPELL_POLICY || strcmp(line, "end") == 0)
			break;
		result = SPELL_END;
	}
	free(line);
	policy_look(policy);
	return result;
}
