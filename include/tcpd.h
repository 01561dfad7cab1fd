/*
 * NAME     tcpd.h - ask hosts.allow and hosts.deny who may use a service
 * PURPOSE  The historic interface of libwrap.so.0: names, layouts and values are those that programs
 *          have been compiled with since the 1990s.
 * SEE      hosts_access(3), hosts_access(5), hosts_options(5)
 *
 * struct request_info request;
 * request_init(&request, RQ_DAEMON, "mydaemon", RQ_FILE, connection, 0);
 * sock_host(&request);
 * if (!hosts_access(&request))
 *         refuse(&request);
 */
#ifndef TCPD_H
#define TCPD_H

#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The library takes any family; programs compiled without INET6 see the type they always saw. */
#ifdef INET6
#define TCPD_SOCKADDR struct sockaddr
#else
#define TCPD_SOCKADDR struct sockaddr_in
#endif
struct sockaddr;
struct sockaddr_in;

#if defined(__GNUC__)
#define TCPD_FORMAT __attribute__((format(printf, 1, 2)))
#define TCPD_WEAK __attribute__((weak))
#else
#define TCPD_FORMAT
#define TCPD_WEAK
#endif

/* ---- one request ---- */

#define STRING_LENGTH 128 /* of the texts in a request, with their NUL; longer ones are cut */

/* One end. A text is "" until it is looked up, then it is the answer or STRING_UNKNOWN; a name that
 * does not lead back to its address is STRING_PARANOID. */
struct host_info {
	char name[STRING_LENGTH];
	char addr[STRING_LENGTH]; /* numeric */
	TCPD_SOCKADDR *sin; /* borrowed; NULL: not known */
	void *unit; /* always NULL */
	struct request_info *request; /* the request that this is part of */
};

/* Allocated by the caller, filled by request_init. Read what you like; set what request_set sets. */
struct request_info {
	int fd; /* the connection; -1: none */
	char user[STRING_LENGTH]; /* of the client, as for a name */
	char daemon[STRING_LENGTH];
	char pid[10];
	struct host_info client[1];
	struct host_info server[1];
	void (*sink)(int); /* discards a datagram; NULL: a connection */
	void (*hostname)(struct host_info *); /* looks a name up */
	void (*hostaddr)(struct host_info *); /* writes an address as text */
	void (*cleanup)(struct request_info *); /* not used */
	void *config; /* not used */
};

#define STRING_UNKNOWN "unknown"
#define STRING_PARANOID "paranoid"
extern char unknown[8]; /* the same, as objects */
extern char paranoid[9];

/* ---- fill a request ---- */

/* Keys, each followed by its value; the list ends with 0. Texts are copied, addresses borrowed. A
 * key that nobody knows is logged and ends the list. */
#define RQ_FILE 1 /* int: the connection */
#define RQ_DAEMON 2 /* char *: name of this program, as rules spell it */
#define RQ_USER 3 /* char *: the client's user */
#define RQ_CLIENT_NAME 4 /* char * */
#define RQ_CLIENT_ADDR 5 /* char * */
#define RQ_CLIENT_SIN 6 /* struct sockaddr * of any family */
#define RQ_SERVER_NAME 7
#define RQ_SERVER_ADDR 8
#define RQ_SERVER_SIN 9

/* Empties the request first. Both return it. */
struct request_info *request_init(struct request_info *, ...);
struct request_info *request_set(struct request_info *, ...);

/* Find both ends of the connection request->fd, and install the methods that look up the rest. The
 * addresses live until this thread's next call. */
void sock_host(struct request_info *);
#define fromhost sock_host

/* The methods, for programs that know the addresses and need the names. */
void sock_hostname(struct host_info *);
void sock_hostaddr(struct host_info *);
#define sock_methods(r)                                                                            \
	((void)((r)->hostname = sock_hostname), (void)((r)->hostaddr = sock_hostaddr))

/* ---- decide ---- */

/* 1: grant. 0: refuse, also when something fails. Carries the options of the deciding rule out. */
int hosts_access(struct request_info *);

/* The same for texts alone, STRING_UNKNOWN where there is none: nothing is looked up. */
int hosts_ctl(
    const char *daemon, const char *client_name, const char *client_addr, const char *client_user);

/* Log "refused connect from ..." at deny_severity, and go clean_exit. */
void refuse(struct request_info *);

/* Turn the client away without a byte, and exit with status 0. */
void clean_exit(struct request_info *);

/* ---- what is known about a request; looked up when first asked for ---- */

char *eval_user(struct request_info *);
char *eval_hostname(struct host_info *);
char *eval_hostaddr(struct host_info *);
char *eval_hostinfo(struct host_info *); /* the name if it is there already, else the address */
char *eval_client(struct request_info *); /* user@host or host; until this thread's next call */
char *eval_server(struct request_info *); /* daemon@host or daemon; likewise */
char *eval_port(TCPD_SOCKADDR *); /* decimal, "0" for NULL; until the call after the next */
#define eval_daemon(r) ((r)->daemon)
#define eval_pid(r) ((r)->pid)

#define STRN_CPY(d, s, l) ((void)strncpy((d), (s), (l)), (void)((d)[(l)-1] = '\0'))
#define STRN_EQ(a, b, l) (strncasecmp((a), (b), (l)) == 0)
#define STRN_NE(a, b, l) (strncasecmp((a), (b), (l)) != 0)
#define STR_EQ(a, b) (strcasecmp((a), (b)) == 0)
#define STR_NE(a, b) (strcasecmp((a), (b)) != 0)
#define HOSTNAME_KNOWN(s) (STR_NE((s), STRING_UNKNOWN) && STR_NE((s), STRING_PARANOID))
#define NOT_INADDR(s) ((s)[strspn((s), "0123456789./")] != '\0')

/* ---- settings; a program may define the severities itself ---- */

#ifdef HAVE_WEAKSYMS
extern int allow_severity TCPD_WEAK;
extern int deny_severity TCPD_WEAK;
#else
extern int allow_severity; /* for syslog: what a granted connection is to be logged with */
extern int deny_severity;
#endif
extern char *hosts_allow_table; /* paths */
extern char *hosts_deny_table;
extern int hosts_access_verbose; /* 1: log each option; 2: and each match, as LOG_DEBUG */
extern int rfc931_timeout; /* seconds */
extern int resident; /* > 0: this process must not be replaced (twist) */
extern int dry_run; /* not 0: only look what rules would do */

/* Where the table is that is being read; for tcpd_warn and tcpd_jump. */
struct tcpd_context {
	char *file; /* NULL: none */
	int line;
};
extern struct tcpd_context tcpd_context;

/* ---- parts of it ---- */

/* Carry out the option part of a rule. Where that decides, or fails, it does not return: control
 * goes to tcpd_buf with AC_PERMIT or AC_DENY, so setjmp(tcpd_buf) first. Not for threads. */
void process_options(char *options, struct request_info *);
extern jmp_buf tcpd_buf;
#define AC_PERMIT 1
#define AC_DENY (-1)
#define AC_ERROR AC_DENY

void tcpd_warn(const char *format, ...) TCPD_FORMAT;
void tcpd_jump(const char *format, ...) TCPD_FORMAT; /* error: to tcpd_buf with AC_ERROR */

/* Run a command by /bin/sh with null standard descriptors, and wait for it. */
void shell_cmd(char *command);

/* Ask the client's host for the user (RFC 1413). ret_user has room for STRING_LENGTH. */
void rfc931(TCPD_SOCKADDR *client, TCPD_SOCKADDR *server, char *ret_user);

/* % letters of hosts_access(5). What does not fit into out_bytes ends the program by clean_exit. */
char *percent_x(char *out, int out_bytes, char *in, struct request_info *);
/* %m becomes the text of errno; out has room for it. */
char *percent_m(char *out, char *in);

/* A line with its continuations, without the final newline's backslash; NULL at the end. */
char *xgets(char *buf, int buf_bytes, FILE *);
/* Cut text at the first ch outside brackets; the rest, or NULL. */
char *split_at(char *text, int ch);
/* Network byte order; 0xffffffff: not an address. */
unsigned long dot_quad_addr(char *text);

#ifdef __cplusplus
}
#endif

#endif
