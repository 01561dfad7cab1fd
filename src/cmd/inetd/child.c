/*
 * NAME     child - from a socket to a running server
 * PURPOSE  The one place where inetd makes processes that execute something. All of them go through
 *          the same steps (steps.c), whether the client was judged before or is judged on the way.
 * INVARIANTS  A child that needs no judgement shares inetd's memory until exec, and its descriptors
 *          until the first steps; launch.c and steps.c say what that means. One that judges has a
 *          copy: it may do what it likes.
 *          Nothing executes a server as the end of a judgement but an answer of 0.
 * SEE      threats I6 and I7, launch.h, posix_spawn(3)
 */
#include "cmd/inetd/child.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/inetd/launch.h"
#include "cmd/inetd/steps.h"

enum {
	EXEC_FAILED_STATUS = 127,
	REFUSED_STATUS = 0, /* no fault of anybody's */
	ADMITTED = 1, /* any value but 0 */
};

/* What comes of a judgement. */
struct verdict {
	int answer; /* ADMITTED, or none */
	char name[ENVIRONMENT_NAME_MAX + 1]; /* of the client; "" = not known */
};

/* This process's own, or shared with the one that goes on to serve. */
static struct verdict own_verdict, *verdict = &own_verdict;

static bool
is_connection(const struct service *service)
{
	return service->entry->socktype != CONF_DGRAM && !service->entry->is_wait;
}

static void
greet(const struct order *order, const struct greeting *greeting)
{
	if (is_connection(order->service))
		greeting_send(order->fd, greeting);
}

static const char *
protocol_of(const struct service *service)
{
	if (service->entry->families == CONF_UNIX)
		return "UNIX";
	return service->entry->socktype == CONF_DGRAM ? "UDP" : "TCP";
}

/* False: errno says why. */
static bool
prepare_groups(struct order_room *room, size_t count)
{
	gid_t *groups;

	if (count <= room->group_count)
		return true;
	groups = realloc(room->groups, count * sizeof *groups);
	if (groups == NULL)
		return false;
	room->groups = groups;
	room->group_count = count;
	return true;
}

/* False: errno says why. */
static bool
prepare(struct order *order, struct order_room *room, const struct child_client *client)
{
	const struct service *service = order->service;
	const struct conf_entry *entry = service->entry;
	const struct setup *setup = service->setup;
	struct sockaddr_storage local, remote;
	socklen_t local_len = sizeof local, remote_len = sizeof remote;
	struct environment_facts facts = {
	    .service = service->has_own_id ? service->id : service->at.text,
	    .protocol = protocol_of(service),
	    .has_listener = entry->passes_listen_fds};

	/* Whoever has the socket itself serves others, too. */
	if (client != NULL && !entry->is_wait) {
		facts.remote = client->peer;
		facts.name = client->name;
	}
	if (getsockname(order->fd, (struct sockaddr *)&local, &local_len) == 0)
		facts.local = (struct sockaddr *)&local;
	if (facts.remote == NULL && is_connection(order->service) &&
	    getpeername(order->fd, (struct sockaddr *)&remote, &remote_len) == 0)
		facts.remote = (struct sockaddr *)&remote;
	order->room = room;
	order->variables = room->environment.variables;
	if (!prepare_groups(
	        room, service->identity->count + 1)) /* one more would be one too many */
		return false;
	errno = E2BIG;
	return environment_build(
	    &room->environment, &facts, setup->variables, setup->variable_count);
}

/* ---- judged before ---- */

static int
run(void *argument)
{
	struct launch *launch = argument;
	struct order *order = &launch->order;
	const struct setup *setup = order->service->setup;
	struct child_failure failure;
	bool has_failed;

	greet(order, setup->greeting);
	has_failed = steps_fail(order, STEPS_BEGIN, &failure);
	if (!has_failed) {
		launch_owns_descriptors(launch);
		has_failed = steps_fail(order, STEPS_BECOME, &failure);
	}
	if (!has_failed) {
		greet(order, setup->greeting_admitted);
		has_failed = steps_fail(order, STEPS_SERVE, &failure);
	}
	if (has_failed)
		launch_fail(launch, &failure);
	_exit(EXEC_FAILED_STATUS);
}

pid_t
child_start(const struct service *service, int fd, const struct child_client *client,
    const struct child_world *world, struct child_failure *failure)
{
	struct launch *launch = launch_take();
	bool is_lent = !is_connection(service);
	pid_t pid;

	*failure = (struct child_failure){0};
	launch->failure = failure;
	launch->order = (struct order){
	    .service = service, .world = world, .fd = fd, .link_fd = -1, .log_fd = -1};
	if (!prepare(&launch->order, &launch->room, client))
		return -1;
	pid = launch_begin(launch, is_lent ? 0 : fd, run);
	if (pid > 0 && is_lent)
		launch_await_copy(launch);
	return pid;
}

bool
child_has_failed(const struct child_failure *failure)
{
	return __atomic_load_n(&failure->step, __ATOMIC_ACQUIRE) != NULL;
}

/* ---- judged on the way ---- */

static _Noreturn void
report(const struct order *order, const struct child_failure *failure)
{
	struct child_report message = {.mark = CHILD_REPORT_MARK,
	    .step = (uint8_t)steps_number(failure->step),
	    .error = failure->error};

	(void)!send(order->link_fd, &message, sizeof message, MSG_DONTWAIT | MSG_NOSIGNAL);
	_exit(EXEC_FAILED_STATUS);
}

bool
child_hear(const void *message, size_t len, struct child_failure *ret)
{
	struct child_report report;

	if (len != sizeof report)
		return false;
	memcpy(&report, message, sizeof report);
	if (report.mark != CHILD_REPORT_MARK || steps_name(report.step) == NULL)
		return false;
	*ret = (struct child_failure){steps_name(report.step), report.error};
	return true;
}

static void
take_steps(struct order *order, enum steps_part part)
{
	struct child_failure failure;

	if (steps_fail(order, part, &failure))
		report(order, &failure);
}

static void
require(const struct order *order, bool is_fine, const char *step)
{
	if (!is_fine)
		report(order, &(struct child_failure){step, errno});
}

static _Noreturn void
turn_away(const struct order *order)
{
	greet(order, order->service->setup->greeting_refused);
	_exit(REFUSED_STATUS);
}

/* A copy of the environment, so that it shows whether somebody has changed it. */
static char **
copy_variables(char *const *variables)
{
	size_t count = 1;
	char **copy;

	while (variables[count - 1] != NULL)
		count++;
	copy = calloc(count, sizeof *copy);
	if (copy != NULL)
		memcpy(copy, variables, count * sizeof *copy);
	return copy;
}

static bool
is_same_environment(char *const *a, char *const *b)
{
	while (*a != NULL && *a == *b)
		a++, b++;
	return *a == *b;
}

/* In the process that only judges. What the options of a rule have changed in it is not changed in
 * the server; then there shall be none, since it could be more than the rule allows. */
static _Noreturn void
answer_apart(struct order *order, const struct child_judge *judge)
{
	int priority;

	order->stays_out = true;
	take_steps(order, STEPS_BECOME);
	priority = steps_priority();
	require(order, prctl(PR_SET_PDEATHSIG, SIGKILL) == 0, STEPS_JUDGE_APART);
	environ = copy_variables(order->variables);
	require(order, environ != NULL, STEPS_JUDGE_APART);
	if (judge->ask(judge->context) != 0)
		turn_away(order);
	errno = ENOTSUP;
	require(order,
	    steps_are_kept(order, priority) && is_same_environment(environ, order->variables),
	    STEPS_KEEP_APART);
	__atomic_store_n(&verdict->answer, ADMITTED, __ATOMIC_RELEASE);
	_exit(EXIT_SUCCESS);
}

/* Where the server gets another root folder. Tables, name service and log are outside of it, so the
 * judgement comes first; it is made with the user's identity, so that no fault in it is one of root;
 * and to change the root folder afterwards takes root. No order of steps in one process is safe:
 * hence two, of which the one that stays root only waits for a word of memory. An exit status
 * would not do: a rule may have executed something else, which ends with any. */
static void
judge_apart(struct order *order, const struct sockaddr *peer, const struct child_judge *judge)
{
	int status;
	sigset_t none;
	pid_t pid, got;

	verdict =
	    mmap(NULL, sizeof *verdict, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	require(order, verdict != MAP_FAILED, STEPS_JUDGE_APART);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	pid = fork();
	require(order, pid >= 0, STEPS_JUDGE_APART);
	if (pid == 0)
		answer_apart(order, judge);
	do
		got = waitpid(pid, &status, 0);
	while (got < 0 && errno == EINTR);
	if (__atomic_load_n(&verdict->answer, __ATOMIC_ACQUIRE) != ADMITTED)
		_exit(got == pid && WIFEXITED(status) ? WEXITSTATUS(status) : EXEC_FAILED_STATUS);
	verdict->name[sizeof verdict->name - 1] = '\0';
	require(order, prepare(order, order->room, &(struct child_client){peer, verdict->name}),
	    STEPS_JUDGE_APART);
	take_steps(order, STEPS_BECOME);
}

static void
judge_here(struct order *order, const struct child_judge *judge)
{
	take_steps(order, STEPS_BECOME);
	environ = order->variables;
	if (judge->ask(judge->context) != 0)
		turn_away(order);
	require(order,
	    order->service->entry->is_wait ||
	        environment_add_name(&(struct environment_facts){
	            .protocol = protocol_of(order->service), .name = verdict->name}),
	    STEPS_NAME);
	order->variables = environ;
}

void
child_name(const char *name)
{
	size_t len = name != NULL ? strlen(name) : 0;

	if (len > 0 && len < sizeof verdict->name)
		memcpy(verdict->name, name, len + 1);
}

pid_t
child_fork_judge(const struct service *service, int fd, const struct child_client *client,
    const struct child_world *world, const struct child_judge *judge)
{
	struct order order = {.service = service,
	    .world = world,
	    .fd = fd,
	    .link_fd = judge->link_fd,
	    .log_fd = judge->log_fd,
	    .is_judging = true};
	static struct order_room room; /* each has a copy */
	pid_t pid;

	if (!prepare(&order, &room, client))
		return -1;
	pid = fork();
	if (pid != 0)
		return pid;
	greet(&order, service->setup->greeting);
	take_steps(&order, STEPS_BEGIN);
	if (service->entry->chroot.text != NULL)
		judge_apart(&order, client != NULL ? client->peer : NULL, judge);
	else
		judge_here(&order, judge);
	greet(&order, service->setup->greeting_admitted);
	take_steps(&order, STEPS_SERVE);
	_exit(EXEC_FAILED_STATUS);
}
