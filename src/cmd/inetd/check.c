/*
 * NAME     check - report on a configuration without serving it
 * SEE      inetd(8) --check
 */
#include "cmd/inetd/check.h"

#include <stdio.h>
#include <stdlib.h>

#include "cmd/inetd/conf/load.h"
#include "tool/end.h"

static void
print(enum conf_severity severity, const char *line)
{
	(void)severity;
	puts(line);
}

int
check(const char *conf_path, unsigned rate_per_minute)
{
	const struct service_rules rules = {.rate_per_minute = rate_per_minute, .can_switch = true};
	struct services services = {0};
	bool ok = load_services(&services, conf_path, &rules, print);

	if (ok) {
		printf("%s: %zu sockets, %u errors, %u warnings\n", conf_path, services.count,
		    services.conf.errors, services.conf.warnings);
		ok = services.conf.errors == 0;
	}
	services_release(&services);
	return end_status("inetd", ok ? EXIT_SUCCESS : EXIT_FAILURE, EXIT_FAILURE);
}
