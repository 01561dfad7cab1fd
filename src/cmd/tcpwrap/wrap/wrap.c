/*
 * NAME     wrap - tcpwrap wrap, tcpwrap unwrap
 * PURPOSE  Puts tcpd in front of a service wherever one is configured, or takes it away; then reads the
 *          host again and tells what is wrong with it.
 * INVARIANTS  What cannot be done is told and leaves its file as it was. Of a drop-in only the one
 *          that was put there by this is ever changed or removed.
 * SEE      tcpwrap-wrap(1), services/wrapper.h
 */
#include "cmd/tcpwrap/wrap/wrap.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/tcpwrap/command.h"
#include "services/units.h"
#include "tool/edit.h"
#include "tool/end.h"
#include "tool/flags.h"

enum { EXIT_DONE, EXIT_UNDONE };

#define DROP_IN_FOLDER "/etc/systemd/system/"
#define DROP_IN_NAME "50-tcpwrap.conf"
#define DROP_IN_MARK "# Put here by tcpwrap wrap; tcpwrap unwrap takes it away.\n"

static const struct flag table[] = {
#define FLAG(letter, name, argument, member, help)                                                 \
	{letter, name, argument, offsetof(struct wrap_options, member), help},
#include "cmd/tcpwrap/wrap/wrap.def"
#undef FLAG
};

#define STATUSES                                                                                   \
	"Exit status: 0 done, or it was so already; 1 there is a place where it cannot be done, "  \
	"or\n"                                                                                     \
	"there is no such service; 2 bad usage, or something else failed.\n"

static const struct flags wrap_flags = {
    .program = "tcpwrap wrap",
    .usage = "[option ...] SERVICE",
    .hints = "tcpwrap wrap --help says more\n",
    .about =
        "Put tcpd in front of a service: in inetd.conf, in xinetd.conf, and, for a socket unit\n"
        "that starts a service for each client, as a drop-in. SERVICE is its name there, or that\n"
        "of its program. What changes is shown, and the earlier file is kept as FILE.~1~.\n",
    .statuses = STATUSES,
    .flags = table,
    .count = sizeof table / sizeof *table,
    .usage_status = EXIT_TROUBLE,
};

static const struct flags unwrap_flags = {
    .program = "tcpwrap unwrap",
    .usage = "[option ...] SERVICE",
    .hints = "tcpwrap unwrap --help says more\n",
    .about = "Take tcpd away from in front of a service, wherever tcpwrap wrap puts it.\n",
    .statuses = STATUSES,
    .flags = table,
    .count = sizeof table / sizeof *table,
    .usage_status = EXIT_TROUBLE,
};

/* ---- places ---- */

static const char *
keep(struct wrap *wrap, const char *text)
{
	const char *copy = arena_copy(&wrap->arena, text, strlen(text));

	wrap->failed |= copy == NULL;
	return copy != NULL ? copy : "";
}

/* What is told of one file, as it is told. */
struct telling {
	struct wrap *wrap;
	enum wrap_kind kind;
	const char *file;
	struct wrap_place *first; /* of this file; NULL: none yet */
};

static void
take(void *ctx, unsigned line, enum wrapper_code code, const char *program)
{
	struct telling *telling = ctx;
	struct wrap *wrap = telling->wrap;
	struct wrap_place *place = arena_alloc(&wrap->arena, sizeof *place);

	if (place == NULL) {
		wrap->failed = true;
		return;
	}
	*place = (struct wrap_place){NULL, telling->kind, code, keep(wrap, telling->file), line,
	    keep(wrap, program), "", ""};
	*wrap->places_end = place;
	wrap->places_end = &place->next;
	if (telling->first == NULL)
		telling->first = place;
}

bool
wrap_is_done(const struct wrap_place *place)
{
	return !wrapper_specs[place->code].is_trouble && place->fault[0] == '\0';
}

bool
wrap_is_change(const struct wrap_place *place)
{
	return place->code == WRAPPER_CHANGED || place->code == WRAPPER_RESTORED;
}

static bool
has_change(const struct telling *telling)
{
	const struct wrap_place *place = telling->first;

	while (place != NULL && !wrap_is_change(place))
		place = place->next;
	return place != NULL;
}

/* What became of a file's changes. */
static void
settle(struct telling *telling, const char *backup, const char *fault)
{
	for (struct wrap_place *place = telling->first; place != NULL; place = place->next) {
		if (!wrap_is_change(place))
			continue;
		place->backup = keep(telling->wrap, backup);
		place->fault = keep(telling->wrap, fault != NULL ? fault : "");
	}
}

/* Show a change, and make it. */
static const char *
change(const struct wrap_options *options, struct edit *edit, const char *text, size_t len)
{
	if (!options->is_quiet && !options->is_json && !edit_show(edit, text, len))
		fprintf(stderr,
		    "%s: the change cannot be shown: there is no diff(1), or no room for what it "
		    "prints\n",
		    options->command);
	if (options->is_dry)
		return NULL;
	return len > 0 ? edit_write(edit, text, len) : edit_remove(edit);
}

static struct wrapper
wrapper_of(struct telling *telling)
{
	const struct wrap_options *options = telling->wrap->options;

	return (struct wrapper){
	    options->service, options->tcpd, options->removes, options->is_forced, take, telling};
}

static bool
below(const struct wrap *wrap, const char *path, char ret[INVENTORY_PATH_MAX])
{
	int len = snprintf(
	    ret, INVENTORY_PATH_MAX, "%s%s", path[0] == '/' ? wrap->options->root : "", path);

	return len >= 0 && len < INVENTORY_PATH_MAX;
}

/* ---- inetd.conf, xinetd.conf ---- */

static void
complain(const struct wrap *wrap, const char *path, const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", wrap->options->command, path, what);
}

static void
do_file(struct wrap *wrap, const struct service_file *file)
{
	struct telling telling = {
	    wrap, file->is_xinetd ? WRAP_XINETD : WRAP_INETD, file->path, NULL};
	const struct wrapper wrapper = wrapper_of(&telling);
	char path[INVENTORY_PATH_MAX];
	struct edit edit;
	struct buf text;
	const char *fault;

	if (!below(wrap, file->path, path))
		return;
	fault = edit_read(&edit, path, INVENTORY_TEXT_MAX, false);
	if (fault != NULL) {
		complain(wrap, file->path, fault);
		wrap->failed = true;
		return;
	}
	/* Each line may grow by two paths; most do not. */
	buf_init(&text, NULL, 0, 2 * (size_t)INVENTORY_TEXT_MAX);
	if (!(file->is_xinetd ? wrapper_xinetd : wrapper_inetd)(
	        &wrapper, edit.text.bytes, edit.text.len, &text))
		wrap->failed = true;
	else if (has_change(&telling)) {
		fault = change(wrap->options, &edit, text.bytes, text.len);
		settle(&telling, edit.backup, fault);
	}
	buf_release(&text);
	edit_release(&edit);
}

/* ---- units ---- */

/* "git", "git.socket", "git@.service" are the same service. */
static void
stem_of(const char *service, char ret[UNIT_WORD_MAX])
{
	static const char *const ends[] = {".socket", "@.service", ".service"};
	size_t len = strlen(service);

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		size_t end = strlen(ends[i]);

		if (len > end && strcmp(service + len - end, ends[i]) == 0) {
			len -= end;
			break;
		}
	}
	snprintf(ret, UNIT_WORD_MAX, "%.*s", (int)(len < UNIT_WORD_MAX ? len : 0), service);
}

static bool
make_folder(const char *path)
{
	char folder[INVENTORY_PATH_MAX];

	for (const char *slash = strchr(path + 1, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
		if (mkdir(folder, 0755) != 0 && errno != EEXIST)
			return false;
	}
	return true;
}

static void
drop_folder(const char *path)
{
	char folder[INVENTORY_PATH_MAX];

	/* Others may have something there. */
	snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
	rmdir(folder);
}

static bool
is_ours(const struct edit *edit)
{
	return !edit->is_new && edit->text.len >= sizeof DROP_IN_MARK - 1 &&
	    memcmp(edit->text.bytes, DROP_IN_MARK, sizeof DROP_IN_MARK - 1) == 0;
}

/* Put the drop-in there. */
static void
add_drop_in(struct telling *telling, struct edit *edit, const struct unit *unit)
{
	const struct wrapper wrapper = wrapper_of(telling);
	struct wrap *wrap = telling->wrap;
	const char *fault = NULL;
	struct buf text;

	buf_init(&text, NULL, 0, INVENTORY_TEXT_MAX);
	buf_add_str(&text, DROP_IN_MARK);
	if (!wrapper_unit(&wrapper, unit, &text)) {
		wrap->failed = true;
	} else if (has_change(telling)) {
		if (!edit->is_new && !is_ours(edit))
			fault = "somebody else's drop-in: nothing is written";
		else if (!wrap->options->is_dry && !make_folder(edit->path))
			fault = strerror(errno);
		else
			fault = change(wrap->options, edit, text.bytes, text.len);
		settle(telling, edit->backup, fault);
	}
	buf_release(&text);
}

static void
take_drop_in(struct telling *telling, struct edit *edit, const struct unit *unit)
{
	struct wrap *wrap = telling->wrap;
	const char *program = unit->has_name ? unit->first : unit->path, *fault;

	if (strcmp(unit->path, wrap->options->tcpd) != 0 && !is_ours(edit)) {
		take(telling, unit->number, WRAPPER_BARE, unit->path);
		return;
	}
	if (!is_ours(edit)) {
		take(telling, unit->number, WRAPPER_ELSEWHERE, program);
		return;
	}
	take(telling, 0, WRAPPER_RESTORED, program);
	fault = change(wrap->options, edit, "", 0);
	if (fault == NULL && !wrap->options->is_dry)
		drop_folder(edit->path);
	settle(telling, "", fault);
}

static void
do_unit(struct wrap *wrap, const struct units_found *found)
{
	char path[INVENTORY_PATH_MAX], full[INVENTORY_PATH_MAX];
	int len =
	    snprintf(path, sizeof path, "%s%s.d/%s", DROP_IN_FOLDER, found->name, DROP_IN_NAME);
	struct telling telling = {wrap, WRAP_SYSTEMD, found->path, NULL};
	struct edit edit;
	const char *fault;

	if (!found->is_accept && !wrap->options->removes) {
		take(&telling, found->unit.number, WRAPPER_LISTENER, found->unit.path);
		return;
	}
	if (len < 0 || (size_t)len >= sizeof path || !below(wrap, path, full))
		return;
	fault = edit_read(&edit, full, INVENTORY_TEXT_MAX, true);
	if (fault != NULL) {
		complain(wrap, path, fault);
		wrap->failed = true;
		return;
	}
	telling.file = path;
	if (wrap->options->removes)
		take_drop_in(&telling, &edit, &found->unit);
	else
		add_drop_in(&telling, &edit, &found->unit);
	edit_release(&edit);
}

static void
do_units(struct wrap *wrap, struct inventory *inventory)
{
	struct units_found *found = arena_alloc(&wrap->arena, sizeof *found);
	char stem[UNIT_WORD_MAX];

	stem_of(wrap->options->service, stem);
	if (found == NULL)
		wrap->failed = true;
	else if (strchr(stem, '/') == NULL && units_find(inventory, stem, found))
		do_unit(wrap, found);
}

/* ---- the command ---- */

static const char *
read_services(const struct wrap_options *options, struct inventory *inventory)
{
	inventory_init(inventory, options->root);
	if (options->file != NULL)
		return inventory_read_file(inventory, options->file);
	inventory_read_host(inventory);
	return NULL;
}

/* Everything, with the lines of inventory. */
static void
do_all(struct wrap *wrap, struct inventory *inventory)
{
	const struct wrap_options *options = wrap->options;

	for (const struct service_file *file = inventory->files; file != NULL; file = file->next)
		do_file(wrap, file);
	if (options->file == NULL)
		do_units(wrap, inventory);
	wrap->failed |= inventory->failed;
	if (!options->is_dry)
		read_services(options, &wrap->after);
}

static int
status_of(const struct wrap *wrap)
{
	int status = wrap->places != NULL ? EXIT_DONE : EXIT_UNDONE;

	for (const struct wrap_place *place = wrap->places; place != NULL; place = place->next) {
		if (!wrap_is_done(place))
			status = EXIT_UNDONE;
	}
	return wrap->failed ? EXIT_TROUBLE : status;
}

static int
run(const struct wrap_options *options)
{
	struct wrap wrap = {.options = options};
	struct inventory inventory;
	const char *fault = read_services(options, &inventory);
	int status;

	wrap.places_end = &wrap.places;
	wrap.before = &inventory;
	inventory_init(&wrap.after, options->root);
	if (fault != NULL) {
		complain(&wrap, options->file, fault);
		wrap.failed = true;
	} else {
		do_all(&wrap, &inventory);
	}
	if (wrap.failed)
		fprintf(stderr, "%s: not everything could be done\n", options->command);
	if (options->is_json)
		wrap_show_json(&wrap);
	else
		wrap_show(&wrap);
	status = status_of(&wrap);
	inventory_release(&wrap.after);
	inventory_release(&inventory);
	arena_release(&wrap.arena);
	return status;
}

/* The tcpd that is there. */
static const char *
find_tcpd(const struct wrap_options *options)
{
	static const char *const usual[] = {"/usr/sbin/tcpd", "/usr/local/sbin/tcpd"};
	char path[INVENTORY_PATH_MAX];

	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
		snprintf(path, sizeof path, "%s%s", options->root, usual[i]);
		if (access(path, X_OK) == 0)
			return usual[i];
	}
	return NULL;
}

static int
command(const struct flags *flags, bool removes, int argc, char **argv)
{
	struct wrap_options options = {.removes = removes, .root = "", .command = flags->program};
	int at = flags_parse(flags, argc, argv, &options);

	if (argc - at != 1 || argv[at][0] == '\0')
		flags_usage(flags, flags->program);
	options.service = argv[at];
	if (options.tcpd == NULL)
		options.tcpd = find_tcpd(&options);
	if (options.tcpd == NULL && removes)
		options.tcpd = "/usr/sbin/tcpd";
	if (options.tcpd == NULL || options.tcpd[0] != '/') {
		fprintf(stderr, "%s: %s\n", flags->program,
		    options.tcpd == NULL ? "there is no tcpd: install it, or say --tcpd PATH"
		                         : "--tcpd needs an absolute path");
		return EXIT_TROUBLE;
	}
	return end_status(flags->program, run(&options), EXIT_TROUBLE);
}

int
command_wrap(int argc, char **argv)
{
	return command(&wrap_flags, false, argc, argv);
}

int
command_unwrap(int argc, char **argv)
{
	return command(&unwrap_flags, true, argc, argv);
}
