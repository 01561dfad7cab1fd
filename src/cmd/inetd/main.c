/*
 * NAME     inetd - internet super-server
 * PURPOSE  Read the command line, prepare the process, run the loop.
 * SEE      inetd(8), loop.h
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/inetd/check.h"
#include "cmd/inetd/log.h"
#include "cmd/inetd/loop.h"
#include "cmd/inetd/pidfile.h"
#include "cmd/inetd/print.h"
#include "cmd/inetd/process.h"
#include "cmd/inetd/reload.h"

static int
fail(const char *what)
{
	log_line(LOG_ERR, "%s: %s", what, strerror(errno));
	return EXIT_FAILURE;
}

/* A path of the command line, absolute, or "none". NULL: errno. */
static char *
find_path(const char *path)
{
	bool is_none = path[0] == '\0' || strcmp(path, "none") == 0;

	return is_none ? strdup("none") : process_absolute(path);
}

/* From here on faults that do not keep inetd from running are reported, and it runs. */
static int
start(struct inetd *inetd, const struct options *options, const char *pid_file,
    const char *control_path)
{
	unsigned log_ways = options->is_debug ? LOG_TO_STDERR : LOG_TO_SYSLOG | LOG_TO_STDERR;
	bool ok;

	log_open(log_ways, options->is_debug);
	/* A supervisor that wants to be told believes only the process that it started. */
	if (chdir("/") < 0 ||
	    (!options->is_foreground && inetd->notify.address_len == 0 && !process_detach()))
		return fail("cannot become a daemon");
	inetd->world.has_terminal = process_has_terminal();
	if (!inetd_open(inetd))
		return fail("cannot wait for events");
	if (!pidfile_write(pid_file)) {
		if (errno == EWOULDBLOCK) {
			log_line(LOG_ERR, "another inetd is running: it holds %s", pid_file);
			return EXIT_FAILURE;
		}
		log_line(LOG_ERR, "cannot write pid file %s: %s", pid_file, strerror(errno));
	}
	/* Whoever asks while the configuration is read has to wait, but finds us. */
	desk_open(inetd, control_path, options->is_control_asked);
	ok = reload_first(inetd);
	if (ok) {
		log_open(options->is_debug ? LOG_TO_STDERR : LOG_TO_SYSLOG, options->is_debug);
		process_ready();
		reload_tell_ready(inetd, true);
		ok = inetd_run(inetd);
	}
	inetd_close(inetd);
	pidfile_remove(pid_file);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

int
main(int argc, char **argv)
{
	static struct inetd inetd;
	struct options options;
	char *conf_path, *pid_file, *control_path;
	size_t given;
	int status;

	options_parse(&options, argc, argv);
	if (options.is_check)
		return check(&options);
	if (options.is_print)
		return print(&options);
	given = activation_take(&inetd.activation);
	notify_take(&inetd.notify);
	if (!process_prepare(&inetd.world, options.keeps_environment, given))
		return fail("cannot prepare");
	conf_path = process_absolute(options.conf_path);
	pid_file = find_path(options.pid_file);
	control_path = find_path(options.control_path);
	if (conf_path == NULL || pid_file == NULL || control_path == NULL)
		return fail("cannot find the working directory");
	inetd.conf_path = conf_path;
	inetd.record_mode = options.records;
	inetd.listeners.backlog = options.backlog;
	inetd.rules = (struct service_rules){.rate_per_minute = options.rate_per_minute,
	    .can_switch = process_can_switch(),
	    .uid = geteuid(),
	    .gid = getegid(),
	    .skips_tables = options.skips_tables,
	    .skips_shortcut = options.skips_shortcut,
	    .environment = inetd.world.environment};
	status = start(&inetd, &options, pid_file, control_path);
	free(conf_path);
	free(pid_file);
	free(control_path);
	return status;
}
