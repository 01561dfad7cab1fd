/*
 * NAME     wrap_show - what wrap and unwrap have done
 */
#include <stdio.h>
#include <string.h>

#include "base/diag.h"
#include "base/json.h"
#include "cmd/tcpwrap/wrap/wrap.h"

enum { MESSAGE_MAX = 8192, JSON_MAX = 64 << 20, JSON_VERSION = 1 };

static const char *const kinds[] = {
    [WRAP_INETD] = "inetd", [WRAP_XINETD] = "xinetd", [WRAP_SYSTEMD] = "systemd"};

static const char *const hints[] = {
    [WRAP_INETD] = "inetd has to read that again: systemctl reload inetd, or inetctl reload",
    [WRAP_XINETD] = "xinetd has to read that again: systemctl reload xinetd",
    [WRAP_SYSTEMD] = "systemd has to read that again: systemctl daemon-reload",
};

/* ---- findings ---- */

/* Is a finding new? Lines may have moved. */
static bool
is_new(const struct wrap *wrap, const struct service_note *note)
{
	const struct service_note *old = wrap->before->notes;

	while (old != NULL &&
	    (old->code != note->code || strcmp(old->file, note->file) != 0 ||
	        strcmp(old->args[0], note->args[0]) != 0 ||
	        strcmp(old->args[1], note->args[1]) != 0))
		old = old->next;
	return old == NULL;
}

static const char *
note_text(const struct service_note *note, char storage[MESSAGE_MAX], struct buf *buf)
{
	buf_init(buf, storage, MESSAGE_MAX, MESSAGE_MAX - 1);
	storage[0] = '\0';
	inventory_note_text(note, buf);
	return storage;
}

/* ---- text ---- */

static void
print_place(const char *file, unsigned line)
{
	char storage[MESSAGE_MAX];
	struct buf buf;

	buf_init(&buf, storage, sizeof storage, sizeof storage - 1);
	buf_add_escaped(&buf, file, strlen(file));
	if (line > 0) {
		buf_add_char(&buf, ':');
		buf_add_number(&buf, line);
	}
	printf("%s: ", storage);
}

static void
print_one(const struct wrap *wrap, const struct wrap_place *place)
{
	const struct wrapper_spec *spec = &wrapper_specs[place->code];
	char storage[MESSAGE_MAX];
	struct buf buf;

	buf_init(&buf, storage, sizeof storage, sizeof storage - 1);
	storage[0] = '\0';
	diag_fill(&buf, spec->text, (const char *const[]){place->program}, 0);
	print_place(place->file, place->line);
	if (place->fault[0] != '\0')
		printf("not changed: %s\n", place->fault);
	else
		printf("%s%s\n", storage,
		    wrap->options->is_dry && wrap_is_change(place) ? " (not written: --dry-run)"
		                                                   : "");
	if (spec->remedy[0] != '\0')
		printf("\tremedy: %s\n", spec->remedy);
}

/* Once for each file. */
static void
print_backup(const struct wrap_place *place)
{
	char storage[MESSAGE_MAX];
	struct buf buf;

	if (place->backup[0] == '\0' ||
	    (place->next != NULL && strcmp(place->next->backup, place->backup) == 0))
		return;
	buf_init(&buf, storage, sizeof storage, sizeof storage - 1);
	buf_add_escaped(&buf, place->backup, strlen(place->backup));
	printf("\tkept as %s\n", storage);
}

static void
print_findings(const struct wrap *wrap)
{
	char storage[MESSAGE_MAX];
	struct buf buf;

	for (const struct service_note *note = wrap->after.notes; note != NULL; note = note->next) {
		if (!is_new(wrap, note))
			continue;
		print_place(note->file, note->line);
		printf("warning: %s\n", note_text(note, storage, &buf));
	}
}

static void
print_absent(const struct wrap *wrap)
{
	char storage[MESSAGE_MAX];
	struct buf buf;

	buf_init(&buf, storage, sizeof storage, sizeof storage - 1);
	buf_add_escaped(&buf, wrap->options->service, strlen(wrap->options->service));
	fprintf(stderr, "%s: no service '%s' in inetd.conf, xinetd.conf or a socket unit\n",
	    wrap->options->command, storage);
}

void
wrap_show(const struct wrap *wrap)
{
	bool has_changed[sizeof kinds / sizeof *kinds] = {false};
	const struct wrap_options *options = wrap->options;

	for (const struct wrap_place *place = wrap->places; place != NULL; place = place->next) {
		has_changed[place->kind] |=
		    wrap_is_done(place) && !options->is_dry && wrap_is_change(place);
		if (!options->is_quiet || !wrap_is_done(place))
			print_one(wrap, place);
		if (!options->is_quiet)
			print_backup(place);
	}
	if (wrap->places == NULL && !wrap->failed)
		print_absent(wrap);
	print_findings(wrap);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (has_changed[i] && !options->is_quiet)
			puts(hints[i]);
	}
}

/* ---- JSON ---- */

static void
add_number(struct buf *json, const char *name, unsigned number)
{
	json_add_name(json, name);
	buf_add_number(json, number);
}

static void
add_place(struct buf *json, const struct wrap_place *place)
{
	json_add_comma(json);
	buf_add_char(json, '{');
	json_add_member(json, "kind", kinds[place->kind]);
	json_add_member(json, "file", place->file);
	add_number(json, "line", place->line);
	json_add_member(json, "outcome", wrapper_specs[place->code].name);
	json_add_member(json, "program", place->program);
	json_add_member(json, "backup", place->backup);
	json_add_member(json, "fault", place->fault);
	json_add_name(json, "done");
	buf_add_str(json, wrap_is_done(place) ? "true" : "false");
	buf_add_char(json, '}');
}

static void
add_note(struct buf *json, const struct service_note *note)
{
	char storage[MESSAGE_MAX];
	struct buf buf;

	json_add_comma(json);
	buf_add_char(json, '{');
	json_add_member(json, "file", note->file);
	add_number(json, "line", note->line);
	json_add_member(json, "message", note_text(note, storage, &buf));
	buf_add_char(json, '}');
}

void
wrap_show_json(const struct wrap *wrap)
{
	struct buf json;

	buf_init(&json, NULL, 0, JSON_MAX);
	buf_add_char(&json, '{');
	add_number(&json, "version", JSON_VERSION);
	json_add_member(&json, "service", wrap->options->service);
	json_add_member(&json, "tcpd", wrap->options->tcpd);
	json_add_name(&json, "dry_run");
	buf_add_str(&json, wrap->options->is_dry ? "true" : "false");
	json_add_name(&json, "places");
	buf_add_char(&json, '[');
	for (const struct wrap_place *place = wrap->places; place != NULL; place = place->next)
		add_place(&json, place);
	buf_add_char(&json, ']');
	json_add_name(&json, "findings");
	buf_add_char(&json, '[');
	for (const struct service_note *note = wrap->after.notes; note != NULL; note = note->next) {
		if (is_new(wrap, note))
			add_note(&json, note);
	}
	buf_add_str(&json, "]}\n");
	if (json.failed)
		fprintf(stderr, "%s: out of memory: no answer\n", wrap->options->command);
	else
		fwrite(json.bytes, 1, json.len, stdout);
	buf_release(&json);
}
