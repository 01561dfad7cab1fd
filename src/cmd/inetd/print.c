/*
 * NAME     print - a configuration as it would be served
 * PURPOSE  Includes read, defaults merged, limits of the command line said: in one text. No name is
 *          looked up, so that it can be printed on another host.
 * LIMITS   TEXT_MAX bytes.
 * SEE      inetd(8) --print
 */
#include "cmd/inetd/print.h"

#include <stdio.h>
#include <stdlib.h>

#include "cmd/inetd/conf/load.h"
#include "cmd/inetd/conf/show.h"
#include "tool/end.h"

enum { TEXT_MAX = 1 << 30, LINE_MAX_BYTES = 1 << 16 };

static void
tell(void *ctx, const struct conf *conf, const struct conf_note *note)
{
	struct buf line;

	(void)ctx;
	buf_init(&line, NULL, 0, LINE_MAX_BYTES);
	conf_note_format(conf, note, &line);
	fprintf(stderr, "%s\n", line.bytes);
	buf_release(&line);
}

/* What -R says is said where a service says nothing itself. */
static void
set_rates(struct conf *conf, unsigned per_minute)
{
	for (struct conf_entry *entry = conf->entries; entry != NULL; entry = entry->next) {
		if (entry->has_rate || per_minute == 0)
			continue;
		entry->rate = (struct conf_rate){per_minute, CONF_MINUTE_MS};
		entry->has_rate = true;
	}
}

int
print(const struct options *options)
{
	struct conf conf;
	struct buf text;
	bool ok = load_conf(&conf, NULL, options->conf_path);

	buf_init(&text, NULL, 0, TEXT_MAX);
	ok = load_tell(&conf, tell, NULL) && ok && conf.errors == 0;
	set_rates(&conf, options->rate_per_minute);
	if (conf.failed || !(options->is_print_lines ? show_lines : show_blocks)(&conf, &text)) {
		fputs("inetd: out of memory\n", stderr);
		ok = false;
	} else if (text.len > 0) {
		fwrite(text.bytes, 1, text.len, stdout);
	}
	buf_release(&text);
	conf_release(&conf);
	return end_status("inetd", ok ? EXIT_SUCCESS : EXIT_FAILURE, EXIT_FAILURE);
}
