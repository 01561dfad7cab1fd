/*
 * NAME     library - load a libwrap.so.0 and ask it
 * INVARIANTS  What is expected comes from whoever wrote the queries; nothing here knows a policy.
 */
#include "library.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "host.h"

enum { TELL_MAX = 10 }; /* of what is wrong; the rest is counted */

struct library_task library_task = {.connection = -1, .far_end = -1};
atomic_uint library_wrong;

static atomic_uint told;

static void
find(const struct library *library, const char *name, void *ret_pointer)
{
	void *found = dlsym(library->handle, name);

	if (found == NULL) {
		host_say("# %s\n", dlerror());
		exit(2);
	}
	memcpy(ret_pointer, &found, sizeof found);
}

struct library
library_load(void)
{
	struct library ret = {.handle = dlopen(library_task.path, RTLD_NOW | RTLD_LOCAL)};

	if (ret.handle == NULL) {
		host_say("# %s\n", dlerror());
		exit(2);
	}
	find(&ret, "request_init", &ret.request_init);
	find(&ret, "request_set", &ret.request_set);
	find(&ret, "hosts_access", &ret.hosts_access);
	find(&ret, "hosts_ctl", &ret.hosts_ctl);
	find(&ret, "sock_host", &ret.sock_host);
	find(&ret, "sock_hostname", &ret.sock_hostname);
	find(&ret, "sock_hostaddr", &ret.sock_hostaddr);
	find(&ret, "eval_client", &ret.eval_client);
	find(&ret, "eval_server", &ret.eval_server);
	find(&ret, "eval_user", &ret.eval_user);
	find(&ret, "eval_hostname", &ret.eval_hostname);
	find(&ret, "eval_port", &ret.eval_port);
	find(&ret, "hosts_allow_table", &ret.allow);
	find(&ret, "hosts_deny_table", &ret.deny);
	find(&ret, "resident", &ret.resident);
	return ret;
}

struct library
library_open(void)
{
	struct library ret = library_load();

	memcpy(ret.allow, &library_task.tables[0], sizeof library_task.tables[0]);
	memcpy(ret.deny, &library_task.tables[1], sizeof library_task.tables[1]);
	*ret.resident = 1;
	return ret;
}

void
library_set_address(const struct library *library, struct request_info *request,
    struct sockaddr_in *ret, const char *addr)
{
	*ret = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(4711)};
	inet_pton(AF_INET, addr, &ret->sin_addr);
	library->request_set(request, ABI_CLIENT_SIN, ret, 0);
	request->hostname = library->sock_hostname;
	request->hostaddr = library->sock_hostaddr;
}

void
library_make_request(const struct library *library, struct request_info *request,
    struct sockaddr_in *ret_sin, const struct query *query)
{
	library->request_init(
	    request, ABI_DAEMON, query->daemon, ABI_FILE, library_task.connection, 0);
	if (*query->name == '?')
		library_set_address(library, request, ret_sin, query->addr);
	else
		library->request_set(request, ABI_CLIENT_NAME, query->name, ABI_CLIENT_ADDR,
		    query->addr, ABI_USER, "unknown", 0);
}

bool
library_decide(const struct library *library, const struct query *query)
{
	struct request_info request;
	struct sockaddr_in sin;
	bool granted;

	library_make_request(library, &request, &sin, query);
	granted = library->hosts_access(&request) != 0;
	if (granted == query->granted)
		return granted;
	atomic_fetch_add(&library_wrong, 1);
	if (atomic_fetch_add(&told, 1) < TELL_MAX)
		host_say("# %s from %s: %s\n", query->daemon, query->addr,
		    granted ? "granted" : "refused");
	return granted;
}

void
library_decide_all(const struct library *library)
{
	char bytes[4096];

	for (unsigned i = 0; i < library_task.calls; i++) {
		for (unsigned q = 0; q < library_task.query_count; q++)
			library_decide(library, &library_task.queries[q]);
		while (library_task.far_end >= 0 &&
		    recv(library_task.far_end, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
			;
	}
}
