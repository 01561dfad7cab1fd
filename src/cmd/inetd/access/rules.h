/*
 * What a service's entry says on who may use it, made ready when the configuration is read.
 */
#ifndef INETD_ACCESS_RULES_H
#define INETD_ACCESS_RULES_H

#include "cmd/inetd/access/origin.h"
#include "cmd/inetd/conf/conf.h"

struct access_rules {
	bool asks_tables; /* hosts.allow and hosts.deny */
	/* Its name in them, and what stands in front of log lines about its clients. */
	const char *name, *tag;
	bool has_only_from, has_no_access;
	struct origins only_from, no_access;
	const char *file; /* that only_from stands in, the defaults' or the service's; conf's */
	unsigned only_from_line;
	const char *no_access_file;
	unsigned no_access_line; /* 0: that of its item; else its items are in several files */
	/* What is started: as the entry has it, or, where that starts tcpd, what tcpd would start. */
	const char *path;
	char *const *argv;
	bool is_shortcut; /* it was tcpd */
	/* The user that it runs as may read what inetd may; set by whoever knows. */
	bool reads_all;
};

/* What the command line says. All zero is the default. */
struct access_settings {
	bool skips_tables; /* --no-access */
	bool skips_shortcut; /* --no-shortcut */
	/* What was found out for the last line that starts a tcpd. */
	const char *tcpd_path;
	bool tcpd_is_ours;
};

/* Findings go to conf, whose memory everything is in. May look at files. */
void rules_prepare(
    struct conf *, const struct conf_entry *, struct access_settings *, struct access_rules *ret);

#endif
