/*
 * NAME     settings - public variables
 * INVARIANTS  Programs read and write them without locks, and may define the severities themselves.
 *          So they are touched as whole words only, and written only when they change.
 * LIMITS   With several threads a severity counts for whoever logs next: the variable is one for the
 *          process. That is the historic interface; verdicts never depend on it.
 */
#include "libwrap/settings.h"

#include <stdatomic.h>
#include <stddef.h>
#include <syslog.h>

#include "libwrap/public.h"

__attribute__((weak)) int allow_severity = LOG_INFO;
__attribute__((weak)) int deny_severity = LOG_WARNING;

static char default_allow_table[] = "/etc/hosts.allow";
static char default_deny_table[] = "/etc/hosts.deny";
char *hosts_allow_table = default_allow_table;
char *hosts_deny_table = default_deny_table;

int hosts_access_verbose = 0;
int rfc931_timeout = 10;
int resident = -1;
int dry_run = 0;
struct tcpd_context tcpd_context = {NULL, 0};
jmp_buf tcpd_buf;
char unknown[8] = STRING_UNKNOWN;
char paranoid[9] = STRING_PARANOID;

/* A variable that a rule has changed. */
struct changed {
	int *variable;
	int program, rule; /* the program's value, and the rule's */
	bool active;
};

enum { ALLOW_SEVERITY, DENY_SEVERITY, IDENT_TIMEOUT, VARIABLES };

/* Tried this often, then the change is let be: a fork may have left it locked for ever. */
enum { LOCK_TRIES = 1000 };

static struct changed changes[VARIABLES];
static atomic_flag busy = ATOMIC_FLAG_INIT;
static atomic_bool any_change;

static bool
lock(void)
{
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (!atomic_flag_test_and_set_explicit(&busy, memory_order_acquire))
			return true;
	}
	return false;
}

static void
unlock(void)
{
	atomic_flag_clear_explicit(&busy, memory_order_release);
}

static int *
variable_of(unsigned which)
{
	/* Not constants: the loader decides whose severities these are. */
	int *const variables[VARIABLES] = {
	    [ALLOW_SEVERITY] = &allow_severity,
	    [DENY_SEVERITY] = &deny_severity,
	    [IDENT_TIMEOUT] = &rfc931_timeout,
	};

	return variables[which];
}

static int
load(const int *variable)
{
	return __atomic_load_n(variable, __ATOMIC_RELAXED);
}

static void
store(int *variable, int value)
{
	if (load(variable) != value)
		__atomic_store_n(variable, value, __ATOMIC_RELAXED);
}

static void
change(unsigned which, int value)
{
	struct changed *changed = &changes[which];

	if (!lock())
		return;
	changed->variable = variable_of(which);
	if (!changed->active || load(changed->variable) != changed->rule)
		changed->program = load(changed->variable);
	changed->rule = value;
	changed->active = true;
	store(changed->variable, value);
	atomic_store_explicit(&any_change, true, memory_order_relaxed);
	unlock();
}

static void
take_back(void)
{
	if (!lock())
		return;
	for (unsigned i = 0; i < VARIABLES; i++) {
		if (changes[i].active && load(changes[i].variable) == changes[i].rule)
			store(changes[i].variable, changes[i].program);
		changes[i].active = false;
	}
	atomic_store_explicit(&any_change, false, memory_order_relaxed);
	unlock();
}

bool
settings_begin(void)
{
	int times = load(&resident);

	if (atomic_load_explicit(&any_change, memory_order_relaxed))
		take_back();
	/* A process that decides twice goes on to other clients. Of threads that come at the same
	 * instant only one is the first. */
	while (times <= 0 &&
	    !__atomic_compare_exchange_n(
	        &resident, &times, times + 1, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
	return times >= 0 && !settings_dry_run();
}

void
settings_set_severity(int priority)
{
	change(ALLOW_SEVERITY, priority);
	change(DENY_SEVERITY, priority);
}

void
settings_set_ident_timeout(int seconds)
{
	change(IDENT_TIMEOUT, seconds);
}

int
settings_allow_severity(void)
{
	return load(&allow_severity);
}

int
settings_deny_severity(void)
{
	return load(&deny_severity);
}

int
settings_ident_timeout(void)
{
	return load(&rfc931_timeout);
}

int
settings_verbose(void)
{
	return load(&hosts_access_verbose);
}

bool
settings_dry_run(void)
{
	return load(&dry_run) != 0;
}

bool
settings_is_resident(void)
{
	return load(&resident) > 0 && !settings_dry_run();
}

void
settings_clear_dry_run(void)
{
	store(&dry_run, 0);
}
