/*
 * NAME     setting - is a program told to ask?
 * PURPOSE  data/switches.def: the file that its command line names, or its usual one, and in it a line.
 * INVARIANTS  A file that cannot be read leaves it open.
 */
#include "host/setting.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "services/inventory.h"
#include "services/text.h"

static const struct setting {
	const char *program, *file, *name, *value;
} settings[] = {
#define SWITCH(program, file, name, value) {program, file, name, value},
#include "switches.def"
#undef SWITCH
};

/* "NAME = VALUE" with or without blanks. *ret stays if it is another line. */
static void
take_line(const struct setting *setting, const char *line, size_t len, bool *ret)
{
	const char *equals = memchr(line, '=', len), *value;
	size_t name_len, value_len;

	if (equals == NULL)
		return;
	name_len = (size_t)(equals - line);
	value = equals + 1;
	value_len = len - name_len - 1;
	str_trim(&line, &name_len);
	str_trim(&value, &value_len);
	if (str_is(line, name_len, setting->name))
		*ret = str_is(value, value_len, setting->value);
}

static const char *
find_file(const struct setting *setting, const struct host_process *process)
{
	for (unsigned i = 1; i < process->word_count; i++) {
		if (process->words[i][0] != '-' && process->words[i][0] != '\0')
			return process->words[i];
	}
	return setting->file;
}

/* False: it cannot be read. */
static bool
read_file(const struct setting *setting, const struct host_process *process, const char *file,
    bool *ret_is_on)
{
	const char *folder = file[0] == '/' ? "root" : "cwd/";
	char path[HOST_PATH_MAX];
	bool is_read = false;
	struct buf text;

	buf_init(&text, NULL, 0, INVENTORY_TEXT_MAX);
	if (snprintf(path, sizeof path, "/proc/%ld/%s%s", (long)process->pid, folder, file) <
	    (int)sizeof path)
		is_read = text_read(path, &text) == NULL;
	for (size_t at = 0; is_read && at < text.len;) {
		size_t len = strcspn(text.bytes + at, "\n");

		take_line(setting, text.bytes + at, len, ret_is_on);
		at += len + 1;
	}
	buf_release(&text);
	return is_read;
}

/* Options of the form -oNAME=VALUE come later than the file. */
static void
read_words(const struct setting *setting, const struct host_process *process, bool *ret_is_on)
{
	for (unsigned i = 1; i < process->word_count; i++) {
		const char *word = process->words[i];

		if (strncmp(word, "-o", 2) == 0)
			take_line(setting, word + 2, strlen(word + 2), ret_is_on);
	}
}

static const char *
say(struct host *host, const char *const parts[])
{
	const char *text = NULL;
	struct buf buf;

	buf_init(&buf, NULL, 0, HOST_PATH_MAX);
	while (*parts != NULL && buf_add_str(&buf, *parts))
		parts++;
	if (!buf.failed)
		text = arena_copy(&host->arena, buf.bytes, buf.len);
	buf_release(&buf);
	return text != NULL ? text : "";
}

void
setting_apply(struct host *host, const struct host_process *process, struct guard *guard)
{
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
		const struct setting *setting = &settings[i];
		const char *file = find_file(setting, process);
		bool is_on = false;

		if (strcmp(setting->program, process->name) != 0)
			continue;
		if (!read_file(setting, process, file, &is_on)) {
			guard->kind = GUARD_MAYBE;
			guard->reason = say(host,
			    (const char *const[]){
			        file, " cannot be read, and says whether it asks", NULL});
			continue;
		}
		read_words(setting, process, &is_on);
		if (is_on)
			continue;
		guard->kind = GUARD_NOTHING;
		guard->reason = say(host,
		    (const char *const[]){"it has the library, but not ", setting->name, "=",
		        setting->value, " in ", file, NULL});
	}
}

bool
setting_is_asked(const char *name)
{
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
		if (strcmp(settings[i].program, name) == 0)
			return true;
	}
	return false;
}
