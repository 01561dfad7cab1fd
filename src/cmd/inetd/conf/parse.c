/*
 * NAME     parse - texts to entries
 * PURPOSE  Texts become drafts as they are read (lines.c, blocks.c); when all are there the defaults are
 *          known, and drafts become entries (build.c).
 * INVARIANTS  An entry with an error is not in the list; all others are. If the defaults cannot be
 *          had, no entry is. No system call, no name lookup, no log.
 * LIMITS   CONF_TEXT_MAX.
 * SEE      inetd.conf(5)
 */
#include "cmd/inetd/conf/conf.h"

#include <string.h>

#include "cmd/inetd/conf/draft.h"

bool
conf_read(struct conf *conf, uint16_t file, const char *text, size_t len, enum conf_notation hint)
{
	static const char bom[3] = {'\xef', '\xbb', '\xbf'};
	enum conf_notation notation;

	if (len > CONF_TEXT_MAX - conf->text_bytes)
		return false;
	conf->text_bytes += len;
	if (len >= sizeof bom && memcmp(text, bom, sizeof bom) == 0) {
		text += sizeof bom;
		len -= sizeof bom;
	}
	notation = blocks_notation(text, len);
	if (notation == CONF_UNCLEAR)
		notation = hint;
	if (notation == CONF_BLOCKS)
		blocks_read(conf, file, text, len);
	else
		lines_read(conf, file, text, len);
	return !conf->failed;
}

bool
conf_finish(struct conf *conf)
{
	build_entries(conf);
	arena_release(&conf->scratch);
	conf->drafts = NULL;
	conf->drafts_end = &conf->drafts;
	return !conf->failed;
}

bool
conf_parse(struct conf *conf, const char *text, size_t len)
{
	conf_init(conf, NULL);
	return conf_read(conf, conf_add_file(conf, ""), text, len, CONF_LINES) && conf_finish(conf);
}
