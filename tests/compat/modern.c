/*
 * NAME     modern - ask libtcpwrap.so.0 for verdicts
 * PURPOSE  Each line of standard input is a request; its answer is a line: what the tables come to as
 *          files, and what as texts. The same program, compiled as it stands, is what a user's would be.
 * SEE      tests/compat/0104-modern.py, the other end of the pipe.
 *
 * A request is tab-separated KEY=VALUE: allow, deny (paths), daemon, addr, name, user, saddr, sname, sport.
 * name and sname are "unknown" or "paranoid" for the states, and unknown if not given; nothing is looked
 * up. An answer is tab-separated: twice verdict, reason, fault, reading, file's base name, line, number
 * of findings. A request that cannot be spelled in this interface (its address is no address, or no
 * socket would give it with that text) is answered by "not ours".
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tcpwrap.h>

enum { KEYS = 9, TEXT_MAX = 4 << 20 };

enum key { ALLOW, DENY, DAEMON, ADDR, NAME, USER, SADDR, SNAME, SPORT };

static const char *const keys[KEYS] = {
    "allow", "deny", "daemon", "addr", "name", "user", "saddr", "sname", "sport"};

/* An address with the text that a socket gives it. */
static bool
read_address(const char *text, unsigned port, struct sockaddr_storage *ret, socklen_t *ret_len)
{
	struct sockaddr_in *sin = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)ret;
	char plain[INET6_ADDRSTRLEN], back[INET6_ADDRSTRLEN];
	size_t len = strcspn(text, "%");

	memset(ret, 0, sizeof *ret);
	snprintf(plain, sizeof plain, "%.*s", (int)len, text);
	if (inet_pton(AF_INET, text, &sin->sin_addr) == 1) {
		sin->sin_family = AF_INET;
		sin->sin_port = htons((unsigned short)port);
		*ret_len = sizeof *sin;
		return true;
	}
	if (inet_pton(AF_INET6, plain, &sin6->sin6_addr) != 1)
		return false;
	sin6->sin6_family = AF_INET6;
	sin6->sin6_port = htons((unsigned short)port);
	sin6->sin6_scope_id = text[len] == '%' ? if_nametoindex(text + len + 1) : 0;
	*ret_len = sizeof *sin6;
	return strcmp(inet_ntop(AF_INET6, &sin6->sin6_addr, back, sizeof back), plain) == 0 &&
	    (text[len] == '\0' || sin6->sin6_scope_id != 0);
}

static enum tw_name
state_of(const char *name)
{
	if (name == NULL || *name == '\0' || strcasecmp(name, "unknown") == 0)
		return TW_NAME_UNKNOWN;
	return strcasecmp(name, "paranoid") == 0 ? TW_NAME_PARANOID : TW_NAME_KNOWN;
}

static const char *
if_known(const char *name)
{
	return state_of(name) == TW_NAME_KNOWN ? name : NULL;
}

/* False: it cannot be spelled. */
static bool
fill(struct tw_request *request, const char *const values[KEYS])
{
	unsigned port = values[SPORT] != NULL ? (unsigned)atoi(values[SPORT]) : 0;
	const char *server = values[SADDR];
	struct sockaddr_storage ss;
	struct sockaddr *sa = (struct sockaddr *)&ss;
	socklen_t len;

	if (server == NULL && values[SPORT] != NULL)
		server = "0.0.0.0";
	if (tw_request_set_daemon(request, values[DAEMON]) != TW_OK ||
	    tw_request_set_user(request, values[USER]) != TW_OK ||
	    tw_request_set_client_name(request, state_of(values[NAME]), if_known(values[NAME])) !=
	        TW_OK ||
	    tw_request_set_server_name(request, state_of(values[SNAME]), if_known(values[SNAME])) !=
	        TW_OK)
		return false;
	if (values[ADDR] == NULL || strcmp(values[ADDR], "unknown") == 0)
		tw_request_set_client(request, NULL, 0);
	else if (!read_address(values[ADDR], 4000, &ss, &len) ||
	    tw_request_set_client(request, sa, len) != TW_OK)
		return false;
	return server == NULL ||
	    (read_address(server, port, &ss, &len) &&
	        tw_request_set_server(request, sa, len) == TW_OK);
}

static void
tell(struct tw_policy *policy, const struct tw_request *request)
{
	struct tw_decision *decision = tw_decide(policy, request, TW_TIMEOUT_DEFAULT);
	const struct tw_outcome *outcome = tw_decision_outcome(decision);
	const char *file = outcome->file != NULL ? strrchr(outcome->file, '/') : NULL;
	size_t findings = 0;

	while (tw_decision_finding(decision, findings) != NULL)
		findings++;
	printf("%s\t%s\t%s\t%s\t%s\t%u\t%zu", tw_verdict_text(outcome->verdict),
	    tw_reason_text(outcome->reason), tw_fault_text(outcome->fault),
	    tw_reading_text(outcome->reading),
	    file != NULL                ? file + 1
	        : outcome->file != NULL ? outcome->file
	                                : "-",
	    outcome->line, findings + tw_decision_findings_lost(decision));
	tw_decision_free(decision);
	tw_policy_close(policy);
}

/* The bytes of a table; none, if it does not exist. */
static char *
load(const char *path, size_t *ret_len)
{
	FILE *file = fopen(path, "re");
	char *text = malloc(TEXT_MAX);

	*ret_len = file != NULL && text != NULL ? fread(text, 1, TEXT_MAX, file) : 0;
	if (file != NULL)
		fclose(file);
	return text;
}

static struct tw_policy *
open_texts(const char *allow, const char *deny)
{
	struct tw_policy *policy = NULL;
	size_t allow_len, deny_len;
	char *allow_text = load(allow, &allow_len), *deny_text = load(deny, &deny_len);

	tw_policy_open_texts(allow_text, allow_len, deny_text, deny_len, &policy);
	free(allow_text);
	free(deny_text);
	return policy;
}

static void
answer(char *line)
{
	const char *values[KEYS] = {NULL};
	struct tw_policy *files = NULL;
	struct tw_request *request = NULL;
	char *word;

	while ((word = strsep(&line, "\t")) != NULL) {
		for (unsigned k = 0; k < KEYS; k++) {
			size_t len = strlen(keys[k]);

			if (strncmp(word, keys[k], len) == 0 && word[len] == '=')
				values[k] = word + len + 1;
		}
	}
	tw_request_new(&request);
	if (fill(request, values)) {
		tw_policy_open_files(values[ALLOW], values[DENY], &files);
		tell(files, request);
		putchar('\t');
		tell(open_texts(values[ALLOW], values[DENY]), request);
		putchar('\n');
	} else {
		puts("not ours");
	}
	tw_request_free(request);
}

int
main(void)
{
	static char line[64 << 10];

	while (fgets(line, sizeof line, stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		answer(line);
	}
	return ferror(stdout) || fflush(stdout) != 0;
}
