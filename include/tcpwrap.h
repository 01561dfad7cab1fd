/*
 * Ask hosts.allow and hosts.deny, or texts like them, about a client: tcpwrap(3).
 *
 * Nothing here logs, prints, ends the process, reads the environment or changes errno. Whatever
 * fails refuses. Objects are opaque; a NULL where one belongs is an error, not a crash.
 */
#ifndef TCPWRAP_H
#define TCPWRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The tables of this host, for tw_policy_open_files. */
#define TW_HOSTS_ALLOW "/etc/hosts.allow"
#define TW_HOSTS_DENY "/etc/hosts.deny"

enum {
	/* Of a daemon, a name, a user; as hosts_access(3), which cuts what is longer. */
	TW_WORD_MAX = 127,
	TW_PATH_MAX = 4095,
	/* Of a policy's text: over a million lines. More belongs into a file. */
	TW_TEXT_MAX = 16 << 20,
	/* Of a decision; more are only counted. */
	TW_FINDINGS_MAX = 16
};

/* The values of all enums below stay. New ones may come; whoever does not know one refuses. */

enum tw_status {
	TW_OK = 0,
	TW_NO_MEMORY = 1,
	TW_TOO_LONG = 2,
	TW_BAD_ARGUMENT = 3,
	TW_BAD_ADDRESS = 4,
	TW_BAD_SOCKET = 5
};

enum tw_verdict {
	TW_REFUSE = 0,
	TW_GRANT = 1,
	TW_TWIST = 2 /* the rule hands the client to a command: whoever has none turns it away */
};

enum tw_reason {
	TW_BY_NO_MATCH = 0, /* no rule matches: granted */
	TW_BY_RULE = 1,
	TW_BY_FAULT = 2 /* something failed: refused */
};

enum tw_fault {
	TW_FAULT_NONE = 0,
	TW_FAULT_POLICY = 1,
	TW_FAULT_REQUEST = 2,
	TW_FAULT_MEMORY = 3,
	TW_FAULT_LOOKUP = 4,
	TW_FAULT_TABLE = 5,
	TW_FAULT_LINE = 6,
	TW_FAULT_RULE = 7,
	TW_FAULT_OPTION = 8
};

/* A table is read in two ways, and a client admitted only if both admit it: hosts_access(5). */
enum tw_reading {
	TW_READING_BOTH = 0, /* they come to the same, by the same rule */
	TW_READING_CLASSIC = 1,
	TW_READING_PLAIN = 2
};

/* What is known of the name of an end. */
enum tw_name {
	TW_NAME_LOOK_UP = 0, /* nothing; it is looked up, and verified, if a rule needs it */
	TW_NAME_KNOWN = 1,
	TW_NAME_UNKNOWN = 2,
	TW_NAME_PARANOID = 3 /* name and address do not go together */
};

/* "out of memory": one line, lower case, for people. Never NULL; of an unknown value: "". */
const char *tw_status_text(enum tw_status);
const char *tw_verdict_text(enum tw_verdict);
const char *tw_reason_text(enum tw_reason);
const char *tw_fault_text(enum tw_fault);
const char *tw_reading_text(enum tw_reading);

/* ---- policy: two tables; any number of threads may use one at a time ---- */

struct tw_policy;

/* Absolute paths. The files are looked at with every decision: an edit counts at once. *ret is
 * untouched on failure. */
enum tw_status tw_policy_open_files(
    const char *allow_path, const char *deny_path, struct tw_policy **ret);

/* Texts, which are copied, read as the bytes of a file would be. NULL with length 0: an empty table.
 * Lists that they name as /file are files. */
enum tw_status tw_policy_open_texts(
    const char *allow, size_t allow_len, const char *deny, size_t deny_len, struct tw_policy **ret);

/* Decisions made by it stay valid. */
void tw_policy_close(struct tw_policy *);

/* ---- request: who wants to talk to whom; not changed by two threads at a time ---- */

struct tw_request;

enum tw_status tw_request_new(struct tw_request **ret);
void tw_request_free(struct tw_request *);

/* A daemon and a client must be set. A setter that fails leaves a request that is refused until the
 * same setter succeeds. */

/* The name of the program, as the tables have it. */
enum tw_status tw_request_set_daemon(struct tw_request *, const char *daemon);

/* IPv4, IPv6 or unix, copied. NULL with length 0: its address is not known. */
enum tw_status tw_request_set_client(struct tw_request *, const struct sockaddr *, socklen_t);
enum tw_status tw_request_set_server(struct tw_request *, const struct sockaddr *, socklen_t);

/* Both from a connected socket, or a datagram socket with a datagram waiting. It is looked at now,
 * never waited for, and not kept. */
enum tw_status tw_request_set_socket(struct tw_request *, int fd);

/* text: of TW_NAME_KNOWN, else NULL. */
enum tw_status tw_request_set_client_name(struct tw_request *, enum tw_name, const char *text);
enum tw_status tw_request_set_server_name(struct tw_request *, enum tw_name, const char *text);

/* The client's user; NULL: not known. Unless it is set, the client's host is asked (RFC 1413) if a
 * rule needs it. */
enum tw_status tw_request_set_user(struct tw_request *, const char *user);

/* ---- decision ---- */

struct tw_decision;

/* What one reading comes to. Members may be added at the end. */
struct tw_outcome {
	enum tw_verdict verdict;
	enum tw_reading reading;
	enum tw_reason reason;
	enum tw_fault fault; /* of TW_BY_FAULT */
	const char *file; /* path, or "<allow>" or "<deny>" of texts; NULL: no table decided */
	unsigned line; /* last line of the rule, from 1; 0: none */
	const char *rule; /* its text as it stands; NULL: no rule has matched */
	const char *options; /* behind its client list; NULL: none, or wrong. Not carried out */
};

/* Something that an administrator should know. Members may be added at the end. */
struct tw_finding {
	bool is_error; /* else a warning */
	const char *id; /* stable */
	const char *file; /* NULL: no table is concerned */
	unsigned line, column; /* from 1; 0: not known */
	const char *message; /* printable */
	const char *remedy; /* "": nothing more to say */
};

enum { TW_TIMEOUT_DEFAULT = -1 };

/* Decide. Lookups of names and users, if rules need them, take no longer than timeout_ms together, and
 * not more than five and ten seconds; what is not known by then is unknown. 0: nothing is looked up.
 * Never NULL: without memory, and with NULLs, the decision is a refusal. */
struct tw_decision *tw_decide(struct tw_policy *, const struct tw_request *, int timeout_ms);

/* Is the verdict TW_GRANT? */
bool tw_decision_is_granted(const struct tw_decision *);

/* The outcome that counts. Never NULL; lives as long as the decision. */
const struct tw_outcome *tw_decision_outcome(const struct tw_decision *);

/* What the other reading said, if it came to another verdict; else NULL. */
const struct tw_outcome *tw_decision_other(const struct tw_decision *);

/* Findings on the way, in order; NULL at their end. They live as long as the decision. */
const struct tw_finding *tw_decision_finding(const struct tw_decision *, size_t index);
/* How many there were beside these. */
size_t tw_decision_findings_lost(const struct tw_decision *);

void tw_decision_free(struct tw_decision *);

#ifdef __cplusplus
}
#endif

#endif
