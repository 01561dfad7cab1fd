/*
 * NAME     request - fill a request
 */
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "libwrap/public.h"
#include "libwrap/thread.h"

/* A NULL stands for no text, as an empty one does. */
static void
copy_text(char to[STRING_LENGTH], const char *from)
{
	size_t len = from != NULL ? strnlen(from, STRING_LENGTH - 1) : 0;

	memmove(to, from != NULL ? from : "", len);
	to[len] = '\0';
}

/* Where the text of a key goes; NULL: it has none. */
static char *
text_of(struct request_info *request, int key)
{
	switch (key) {
	case RQ_DAEMON:
		return request->daemon;
	case RQ_USER:
		return request->user;
	case RQ_CLIENT_NAME:
		return request->client->name;
	case RQ_CLIENT_ADDR:
		return request->client->addr;
	case RQ_SERVER_NAME:
		return request->server->name;
	case RQ_SERVER_ADDR:
		return request->server->addr;
	default:
		return NULL;
	}
}

static void
forget_names(const struct request_info *request)
{
	struct thread *thread = thread_state();

	if (thread != NULL) {
		thread_note_name(thread, request->client, false);
		thread_note_name(thread, request->server, false);
	}
}

static void
fill(struct request_info *request, va_list args)
{
	int key;

	forget_names(request);
	while ((key = va_arg(args, int)) > 0) {
		char *text = text_of(request, key);

		if (text != NULL) {
			copy_text(text, va_arg(args, const char *));
		} else if (key == RQ_FILE) {
			request->fd = va_arg(args, int);
		} else if (key == RQ_CLIENT_SIN) {
			request->client->sin = va_arg(args, struct sockaddr *);
		} else if (key == RQ_SERVER_SIN) {
			request->server->sin = va_arg(args, struct sockaddr *);
		} else {
			/* What an unknown key's value is, nobody knows: the rest is lost. */
			tcpd_warn("request_fill: invalid key: %d", key);
			return;
		}
	}
}

struct request_info *
request_init(struct request_info *request, ...)
{
	va_list args;
	struct buf pid;

	memset(request, 0, sizeof *request);
	request->fd = -1;
	copy_text(request->daemon, unknown);
	buf_init(&pid, request->pid, sizeof request->pid, sizeof request->pid - 1);
	buf_add_number(&pid, (unsigned long)getpid());
	request->client->request = request;
	request->server->request = request;
	va_start(args, request);
	fill(request, args);
	va_end(args);
	return request;
}

struct request_info *
request_set(struct request_info *request, ...)
{
	va_list args;

	va_start(args, request);
	fill(request, args);
	va_end(args);
	return request;
}
