/*
 * NAME     notify - signs of life to a supervisor
 * INVARIANTS  Never waits, never fails anything: what cannot be sent is not. The socket is opened at
 *          the start, so that a lack of descriptors does not look like a death.
 * SEE      sd_notify(3), sd_watchdog_enabled(3)
 */
#include "cmd/inetd/notify.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "cmd/inetd/clock.h"

enum { TEXT_BYTES = 256, SHORTEST_HALF_MS = 10 };

static const char *const variables[] = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"};

/* A path, or "@name" in the abstract space. */
static void
take_address(struct notify *notify, const char *text)
{
	size_t len = strlen(text);

	if ((text[0] != '/' && text[0] != '@') || len < 2 || len >= sizeof notify->address.sun_path)
		return;
	notify->address.sun_family = AF_UNIX;
	memcpy(notify->address.sun_path, text, len);
	if (text[0] == '@')
		notify->address.sun_path[0] = '\0';
	notify->address_len = (unsigned)(offsetof(struct sockaddr_un, sun_path) + len);
}

static void
take_watchdog(struct notify *notify)
{
	const char *interval = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	unsigned long number;

	if (pid != NULL &&
	    (!str_number(pid, strlen(pid), INT32_MAX, &number) ||
	        number != (unsigned long)getpid()))
		return;
	if (interval == NULL || !str_number(interval, strlen(interval), INT64_MAX, &number) ||
	    number == 0)
		return;
	number /= 2000;
	if (number < SHORTEST_HALF_MS)
		number = SHORTEST_HALF_MS;
	notify->half_ms = number < INT32_MAX ? (unsigned)number : INT32_MAX;
}

void
notify_take(struct notify *notify)
{
	const char *address = getenv("NOTIFY_SOCKET");

	notify->fd = -1;
	if (address != NULL)
		take_address(notify, address);
	if (notify->address_len > 0)
		take_watchdog(notify);
	for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
		unsetenv(variables[i]);
}

void
notify_send(struct notify *notify, const char *text)
{
	if (notify->fd >= 0)
		(void)!sendto(notify->fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL,
		    (const struct sockaddr *)&notify->address, notify->address_len);
}

static void
ring(struct alarm *alarm, int64_t now_ms)
{
	struct notify *notify = owner_of(alarm, struct notify, alarm);

	notify_send(notify, "WATCHDOG=1");
	reactor_set_alarm(notify->reactor, alarm, now_ms + notify->half_ms);
}

void
notify_open(struct notify *notify, struct reactor *reactor)
{
	if (notify->address_len == 0)
		return;
	notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	notify->reactor = reactor;
	notify->alarm.ring = ring;
	if (notify->half_ms > 0 && reactor_enroll(reactor, &notify->alarm))
		ring(&notify->alarm, clock_now_ms());
}

void
notify_ready(struct notify *notify, size_t services, bool is_fresh)
{
	char text[TEXT_BYTES];

	snprintf(text, sizeof text, "READY=1\nMAINPID=%ld\nSTATUS=%zu service%s%s", (long)getpid(),
	    services, services == 1 ? "" : "s",
	    is_fresh ? "" : "; the configuration was not taken, see the log");
	notify_send(notify, text);
}

void
notify_reloading(struct notify *notify)
{
	char text[TEXT_BYTES];
	struct timespec now = {0};

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(text, sizeof text,
	    "RELOADING=1\nMONOTONIC_USEC=%lld\nSTATUS=reading the configuration",
	    (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	notify_send(notify, text);
}

void
notify_stopping(struct notify *notify)
{
	notify_send(notify, "STOPPING=1\nSTATUS=ending");
}
