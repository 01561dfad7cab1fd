/*
 * NAME     answer - what inetd says to inetctl
 * INVARIANTS  A name that fits no service does nothing. A service is named by its id. A name as the
 *          log has it, or what stands in front of its slash, means all that have it.
 * LIMITS   CONTROL_ANSWER_MAX by the buffer; FINDINGS_MAX: more are counted.
 * SEE      tool/control.h, inetctl(8)
 */
#include "cmd/inetd/control/answer.h"

#include <string.h>

#include "base/json.h"
#include "base/near.h"
#include "cmd/inetd/control/request.h"

enum {
	FINDINGS_MAX = 1000, /* who has so many reads the first ones */
	ERROR_BYTES = 1024,
};

struct asked {
	const struct control_ops *ops;
	void *ctx;
	struct request request;
	struct buf *buf;
};

static const char *const state_names[] = {
#define STATE(id, name, help) [CONTROL_##id] = name,
#include "control.def"
};

static const char *const result_names[] = {
    [CONTROL_DONE] = "done", [CONTROL_ALREADY] = "already", [CONTROL_FAILED] = "failed"};

/* ---- values ---- */

static void
add_number(struct buf *buf, const char *name, unsigned long number)
{
	json_add_name(buf, name);
	buf_add_number(buf, number);
}

static void
add_bool(struct buf *buf, const char *name, bool is_true)
{
	json_add_name(buf, name);
	buf_add_str(buf, is_true ? "true" : "false");
}

static void
add_text(struct buf *buf, const char *name, const char *text)
{
	json_add_name(buf, name);
	if (text != NULL)
		json_add_string(buf, text, strlen(text));
	else
		buf_add_str(buf, "null");
}

static void
open_part(struct buf *buf, const char *name, char bracket)
{
	json_add_name(buf, name);
	buf_add_char(buf, bracket);
}

static void
begin(struct buf *buf, bool is_ok)
{
	buf_clear(buf);
	buf_add_char(buf, '{');
	add_number(buf, "version", CONTROL_VERSION);
	add_bool(buf, "ok", is_ok);
}

static bool
end(struct buf *buf)
{
	return buf_add_str(buf, "}\n") && !buf->failed;
}

bool
answer_error(struct buf *buf, const char *error)
{
	begin(buf, false);
	add_text(buf, "error", error);
	return end(buf);
}

/* ---- services ---- */

static void
add_addresses(struct asked *asked, size_t number, size_t count)
{
	struct buf *buf = asked->buf;

	open_part(buf, "addresses", '[');
	for (size_t i = 0; i < count && !buf->failed; i++) {
		struct control_address address = {0};

		asked->ops->address(asked->ctx, number, i, &address);
		json_add_comma(buf);
		buf_add_char(buf, '{');
		add_text(buf, "address", address.text);
		add_text(buf, "state", state_names[address.state]);
		add_text(buf, "error", address.error);
		buf_add_char(buf, '}');
	}
	buf_add_char(buf, ']');
}

static void
add_counters(struct buf *buf, const struct control_counters *counters)
{
	open_part(buf, "counters", '{');
#define COUNTER(member, help) add_number(buf, #member, counters->member);
#include "control.def"
	buf_add_char(buf, '}');
}

static void
add_details(struct buf *buf, const struct control_service *service)
{
	add_text(buf, "type", service->socktype);
	add_text(buf, "protocol", service->protocol);
	add_bool(buf, "wait", service->is_wait);
	add_text(buf, "server", service->server);
	add_text(buf, "user", service->user);
	add_text(buf, "file", service->file);
	add_number(buf, "line", service->line);
	add_number(buf, "waiting", service->waiting);
	add_counters(buf, &service->counters);
	add_text(buf, "limit", service->limit);
	add_text(buf, "last_error", service->last_error);
	if (service->last_error != NULL)
		add_number(buf, "last_error_ms", (unsigned long)service->last_error_ms);
}

static void
add_service(struct asked *asked, size_t number, const struct control_service *service)
{
	struct buf *buf = asked->buf;

	json_add_comma(buf);
	buf_add_char(buf, '{');
	add_text(buf, "id", service->id);
	add_text(buf, "name", service->name);
	add_text(buf, "state", state_names[service->state]);
	add_text(buf, "kind", service->kind);
	add_number(buf, "running", service->running);
	add_addresses(asked, number, service->addresses);
	if (asked->request.command == CONTROL_STATUS)
		add_details(buf, service);
	buf_add_char(buf, '}');
}

/* ---- which of them ---- */

/* How a service may be named, one way after the other until one fits. */
enum way { BY_ID, BY_NAME, BY_FRONT, WAYS };

static bool
is_named_by(const struct request *request, const struct control_service *service, enum way way)
{
	const char *name = way == BY_ID ? service->id : service->name;
	size_t len = way == BY_FRONT ? strcspn(name, "/") : strlen(name);

	return len == request->service_len && memcmp(name, request->service, len) == 0;
}

/* Do something to each service that is meant. How many there are. */
static size_t
each(struct asked *asked, enum way way,
    void (*take)(struct asked *, size_t number, const struct control_service *))
{
	size_t count = asked->ops->count(asked->ctx), found = 0;

	for (size_t i = 0; i < count && !asked->buf->failed; i++) {
		struct control_service service = {0};

		asked->ops->service(asked->ctx, i, &service);
		if (asked->request.service_len > 0 && !is_named_by(&asked->request, &service, way))
			continue;
		take(asked, i, &service);
		found++;
	}
	return found;
}

static bool
is_near(const struct request *request, const struct control_service *service)
{
	char front[CONTROL_REQUEST_MAX];
	size_t len = strcspn(service->name, "/");

	if (near_is(request->service, request->service_len, service->id) ||
	    near_is(request->service, request->service_len, service->name))
		return true;
	if (len == 0 || len >= sizeof front)
		return false;
	memcpy(front, service->name, len);
	front[len] = '\0';
	return near_is(request->service, request->service_len, front);
}

static void
suggest(struct asked *asked, struct buf *error)
{
	size_t count = asked->ops->count(asked->ctx);

	for (size_t i = 0; i < count; i++) {
		struct control_service service = {0};

		asked->ops->service(asked->ctx, i, &service);
		if (is_near(&asked->request, &service)) {
			buf_add_str(error, "; did you mean ");
			buf_add_str(error, service.id);
			buf_add_char(error, '?');
			return;
		}
	}
}

static bool
unknown(struct asked *asked)
{
	char storage[ERROR_BYTES];
	struct buf error;
	bool ok;

	buf_init(&error, storage, sizeof storage, 2 * CONTROL_REQUEST_MAX);
	buf_add_str(&error, "there is no service '");
	buf_add(&error, asked->request.service, asked->request.service_len);
	buf_add_char(&error, '\'');
	suggest(asked, &error);
	ok = answer_error(asked->buf, error.bytes);
	buf_release(&error);
	return ok;
}

/* The whole answer of a command that is about services. */
static bool
about_services(
    struct asked *asked, void (*take)(struct asked *, size_t, const struct control_service *))
{
	size_t found = 0;

	open_part(asked->buf, "services", '[');
	for (enum way way = BY_ID; way < WAYS && found == 0; way++)
		found = each(asked, way, take);
	if (found == 0 && asked->request.service_len > 0)
		return unknown(asked);
	buf_add_char(asked->buf, ']');
	return end(asked->buf);
}

/* ---- commands ---- */

static bool
show(struct asked *asked)
{
	struct control_daemon daemon = {0};
	struct buf *buf = asked->buf;

	asked->ops->daemon(asked->ctx, &daemon);
	open_part(buf, "inetd", '{');
	add_number(buf, "pid", (unsigned long)daemon.pid);
	add_number(buf, "up_ms", (unsigned long)daemon.up_ms);
	add_text(buf, "configuration", daemon.conf_path);
	add_number(buf, "loads", daemon.loads);
	add_number(buf, "failed_loads", daemon.failed_loads);
	add_bool(buf, "current", daemon.is_current);
	add_number(buf, "loaded_ms", (unsigned long)daemon.loaded_ms);
	add_number(buf, "errors", daemon.errors);
	add_text(buf, "unread", daemon.unread);
	if (daemon.unread != NULL)
		add_number(buf, "unread_ms", (unsigned long)daemon.unread_ms);
	buf_add_char(buf, '}');
	return about_services(asked, add_service);
}

static void
act_on(struct asked *asked, size_t number, const struct control_service *service)
{
	const struct control_ops *ops = asked->ops;
	enum control_command command = asked->request.command;
	bool is_pause = command == CONTROL_PAUSE || command == CONTROL_RESUME;
	enum control_result result;

	json_add_comma(asked->buf);
	buf_add_char(asked->buf, '{');
	add_text(asked->buf, "id", service->id);
	if (is_pause)
		result = ops->pause(asked->ctx, number, command == CONTROL_PAUSE);
	else
		result = ops->drop(asked->ctx, number);
	if (command == CONTROL_DROP_RUNNING && result != CONTROL_FAILED)
		add_number(asked->buf, "ended", ops->end_running(asked->ctx, number));
	add_text(asked->buf, "result", result_names[result]);
	buf_add_char(asked->buf, '}');
}

static bool
act(struct asked *asked)
{
	return about_services(asked, act_on);
}

static void
take_finding(struct control_sink *sink, bool is_error, const char *line)
{
	struct answer_findings *findings = (struct answer_findings *)sink;

	if (findings->count++ >= FINDINGS_MAX)
		return;
	json_add_comma(&findings->list);
	buf_add_char(&findings->list, '{');
	add_text(&findings->list, "severity", is_error ? "error" : "warning");
	add_text(&findings->list, "text", line);
	buf_add_char(&findings->list, '}');
}

void
answer_findings_init(struct answer_findings *findings)
{
	*findings = (struct answer_findings){.sink.take = take_finding};
	buf_init(&findings->list, NULL, 0, CONTROL_ANSWER_MAX / 2);
}

void
answer_findings_release(struct answer_findings *findings)
{
	buf_release(&findings->list);
}

bool
answer_reload(const struct control_ops *ops, void *ctx, bool is_ok,
    const struct answer_findings *findings, struct buf *buf)
{
	begin(buf, is_ok);
	if (!is_ok)
		add_text(
		    buf, "error", "the configuration was not taken: services stay as they are");
	open_part(buf, "findings", '[');
	buf_add(buf, findings->count > 0 ? findings->list.bytes : "", findings->list.len);
	buf_add_char(buf, ']');
	if (findings->count > FINDINGS_MAX)
		add_number(buf, "more", findings->count - FINDINGS_MAX);
	add_number(buf, "services", ops->count(ctx));
	buf->failed |= findings->list.failed;
	return end(buf);
}

enum answer_status
answer_request(
    const struct control_ops *ops, void *ctx, const char *line, size_t len, struct buf *buf)
{
	static bool (*const commands[])(struct asked *) = {
	    [CONTROL_LIST] = show,
	    [CONTROL_STATUS] = show,
	    [CONTROL_PAUSE] = act,
	    [CONTROL_RESUME] = act,
	    [CONTROL_DROP] = act,
	    [CONTROL_DROP_RUNNING] = act,
	    [CONTROL_RELOAD] = NULL,
	};
	struct asked asked = {.ops = ops, .ctx = ctx, .buf = buf};
	const char *error = request_parse(line, len, &asked.request);

	if (error != NULL)
		return answer_error(buf, error) ? ANSWER_READY : ANSWER_FAILED;
	if (commands[asked.request.command] == NULL) {
		ops->reload(ctx);
		return ANSWER_LATER;
	}
	begin(buf, true);
	return commands[asked.request.command](&asked) ? ANSWER_READY : ANSWER_FAILED;
}
