/*
 * NAME     check - report on a configuration without serving it
 * PURPOSE  Every finding, in the order of the files; which services are asked of the tables that were
 *          not when another inetd read the same line; and which servers are not there.
 * SEE      inetd(8) --check
 */
#include "cmd/inetd/check.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/json.h"
#include "cmd/inetd/conf/load.h"
#include "cmd/inetd/service.h"
#include "tool/end.h"

enum { LINE_MAX_BYTES = 1 << 16 }; /* a subject is 256 bytes of it, a path 4096, escaped fourfold */

struct report {
	bool is_json;
	size_t count;
};

static void
tell(void *ctx, const struct conf *conf, const struct conf_note *note)
{
	struct report *report = ctx;
	struct buf line;

	buf_init(&line, NULL, 0, LINE_MAX_BYTES);
	if (report->is_json) {
		fputs(report->count > 0 ? ",\n " : "\n ", stdout);
		conf_note_json(conf, note, &line);
		fputs(line.bytes, stdout);
	} else {
		conf_note_format(conf, note, &line);
		puts(line.bytes);
	}
	report->count++;
	buf_release(&line);
}

/* Lines without tcpd: other inetds asked nobody about their clients. */
static void
note_judged(struct services *services)
{
	for (const struct service *s = services->first; s != NULL; s = s->next) {
		const struct conf_entry *entry = s->entry;
		struct conf_word at = s->at;

		at.text = s->access->name;
		if (s->access->asks_tables && !s->access->is_shortcut && !entry->is_xinetd &&
		    entry->families != CONF_UNIX && !entry->is_off)
			conf_note(&services->conf, CONF_JUDGED, &at);
	}
}

static bool
is_program(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno == EACCES; /* who checks may see less than inetd */
	return S_ISREG(st.st_mode) && (st.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0;
}

/* What could not be executed now; it may be installed later. What is in a chroot, links and all, only
 * the kernel finds. */
static void
note_missing(struct services *services)
{
	for (const struct service *s = services->first; s != NULL; s = s->next) {
		const struct conf_entry *entry = s->entry;
		struct conf_word at = s->at;

		at.text = entry->server.text;
		if (entry->kind == CONF_SERVER && !entry->is_off && entry->chroot.text == NULL &&
		    entry->server.text != NULL && !is_program(entry->server.text))
			conf_note(&services->conf, CONF_NO_PROGRAM, &at);
	}
}

/* A service waits for its interface, and for a misspelt one for ever. */
static void
note_devices(struct services *services)
{
	for (const struct service *s = services->first; s != NULL; s = s->next) {
		struct conf_word at = s->at;

		at.text = s->entry->interface.text;
		if (at.text != NULL && !s->entry->is_off && if_nametoindex(at.text) == 0 &&
		    errno == ENODEV)
			conf_note(&services->conf, CONF_NO_DEVICE, &at);
	}
}

static void
sum_up(const struct report *report, const char *path, const struct services *services)
{
	const struct conf *conf = &services->conf;

	if (report->is_json)
		printf("\n],\"sockets\":%zu,\"errors\":%u,\"warnings\":%u}\n", services->count,
		    conf->errors, conf->warnings);
	else
		printf("%s: %zu sockets, %u errors, %u warnings\n", path, services->count,
		    conf->errors, conf->warnings);
}

int
check(const struct options *options)
{
	const struct service_rules rules = {.rate_per_minute = options->rate_per_minute,
	    .skips_tables = options->skips_tables,
	    .skips_shortcut = options->skips_shortcut,
	    .can_switch = true,
	    .is_check = true};
	struct report report = {.is_json = options->is_json};
	struct services services = {0};
	struct conf *conf = &services.conf;
	bool ok = load_conf(conf, NULL, options->conf_path) && services_resolve(&services, &rules);

	note_judged(&services);
	note_missing(&services);
	note_devices(&services);
	if (options->is_json)
		fputs("{\"findings\":[", stdout);
	ok = load_tell(conf, tell, &report) && ok && conf->errors == 0 && !conf->failed;
	sum_up(&report, options->conf_path, &services);
	if (conf->failed)
		fputs("inetd: out of memory\n", stderr);
	services_release(&services);
	return end_status("inetd", ok ? EXIT_SUCCESS : EXIT_FAILURE, EXIT_FAILURE);
}
