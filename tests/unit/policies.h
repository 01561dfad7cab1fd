/*
 * Policies and requests made by chance, of a world small enough that they meet: daemon "d", the network
 * 10.0.0.0/26 and some addresses and names around it. Every kind of word and every kind of line is in
 * it, the broken ones too.
 */
#ifndef TESTS_POLICIES_H
#define TESTS_POLICIES_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "ask.h"
#include "chance.h"

#define ONE_OF(words) ((words)[chance(sizeof(words) / sizeof *(words))])
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- requests ---- */

/* Behind them come the 64 addresses of the small network, and eight of a smaller one of IPv6. */
static const char *const odd_addresses[] = {NULL, "", "unknown", "UNKNOWN", "garbage", "10.0.0.64",
    "10.0.1.5", "11.0.0.5", "255.255.255.255", "0.0.0.0", "127.0.0.1", "192.168.1.1", "010.0.0.1",
    "10.0.0.005", "10.0.0.5 ", "10.0.5", "::1", "::", "2001:db8::1", "2001:db8::5", "2001:DB8::1",
    "2001:db8:0:0::1", "2001:db8:1::1", "fe80::1", "fe80::1%lo", "fe80::1%2", "fe80::1%br.com",
    "fe80::1%0", "fe80::1%x", "::ffff:10.0.0.5", "::FFFF:10.0.0.5", "::ffff:a00:5", "::10.0.0.5",
    "::ffff:010.0.0.5", "fec0::5", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"};

enum { V4_ADDRESSES = 64, V6_ADDRESSES = 8 };
enum { ADDRESSES = COUNT(odd_addresses) + V4_ADDRESSES + V6_ADDRESSES };

static inline const char *
address_number(unsigned number)
{
	static char text[16];
	unsigned host = number - (unsigned)COUNT(odd_addresses);

	if (number < COUNT(odd_addresses))
		return odd_addresses[number];
	if (host < V4_ADDRESSES)
		snprintf(text, sizeof text, "10.0.0.%u", host);
	else if (host == V4_ADDRESSES)
		return "2001:db8::";
	else
		snprintf(text, sizeof text, "2001:db8::%u", host - V4_ADDRESSES);
	return text;
}

#define LABELS_10 "a.b.c.d.e.f.g.h.i.j."
#define LABELS_100                                                                                 \
	LABELS_10 LABELS_10 LABELS_10 LABELS_10 LABELS_10 LABELS_10 LABELS_10 LABELS_10 LABELS_10  \
	    LABELS_10

/* The one of 128 labels is the last that an index looks at; with a final dot it is not. */
static const char *const client_names[] = {NULL, "paranoid", "localhost", "LocalHost",
    "web.example.com", "WEB.Example.COM", "web.example.com.", "mail.example.com", "example.com",
    "com", "com.", "unknown", "UNKNOWN", "PARANOID", "10.0.0.5", "web.10.0.0.5", "::1",
    "2001:db8::1", "::ffff:10.0.0.5", "fe80::1%lo", "a..b", "a..", ".example.com", ".", "..", "",
    "x.web.example.com", "web.example.org", "d", "10-0-0-5.example.com",
    LABELS_100 "a.b.c.d.e.f.g.h." LABELS_10 "a.b.c.d.e.f.g.h.example.com",
    LABELS_100 "a.b.c.d.e.f.g.h." LABELS_10 "a.b.c.d.e.f.g.h.example.com.",
    LABELS_100 LABELS_100 LABELS_100 "com", LABELS_100 LABELS_100 "::1"};
static const char *const client_users[] = {NULL, "root", "alice", "unknown"};
static const char *const daemons[] = {
    "d", "D", "e", "in.d", "x7", NULL, "", "unknown", "::ffff:1.2.3.4", "[::1]", "ALL"};
static const char *const server_addresses[] = {NULL, "10.0.0.1", "::1", "127.0.0.1"};
static const char *const server_names[] = {NULL, "srv.example.com", "localhost"};

enum { POLICY_BYTES = 1 << 16 };

struct policy {
	char text[POLICY_BYTES];
	size_t len;
};

/* The last one is made by choose_list. */
static struct policy policy_many;
static struct ask_list policy_lists[] = {
#define LIST(path, text)                                                                           \
	{                                                                                          \
		path, text, sizeof(text) - 1, LIST_OK                                              \
	}
    LIST("/ten", "10.0.0.0/28\n"),
    LIST("/names", ".example.com web # 10.0.0.5\n"),
    LIST("/odd", "10.0.0.0/33 10.0.0.7,10.0.0.9\n"),
    LIST("/nested", "192.0.2.1 /ten /names"),
    {"/bad", "", 0, LIST_BAD},
    {"/many", policy_many.text, 0, LIST_OK},
#undef LIST
};

/* All but the client's address. */
static inline void
choose_request(struct ask *question)
{
	static const char *const commands[] = {NULL, "tttttttttttttttttttttttttttttttt",
	    "ffffffffffffffffffffffffffffffff", "tf!tf!tf!tf!tf!tf!tf!tf!tf!tf!tf!"};

	*question = (struct ask){.daemon = chance(3) == 0 ? ONE_OF(daemons) : "d",
	    .name = ONE_OF(client_names),
	    .user = ONE_OF(client_users),
	    .server_addr = ONE_OF(server_addresses),
	    .server_name = ONE_OF(server_names),
	    .server_port = chance(2) == 0 ? 22 : 0,
	    .name_fails = chance(32) == 0,
	    .user_fails = chance(32) == 0,
	    .daemon_fails = chance(64) == 0,
	    .name_is_late = chance(2) == 0,
	    .name_is_spelled = chance(8) == 0,
	    .lists = policy_lists,
	    .list_count = COUNT(policy_lists),
	    .netgroup = chance(2) == 0 ? "grp" : NULL,
	    .commands = ONE_OF(commands),
	    .resident = chance(2) == 0,
	    .keeps_text = true};
}

/* ---- words ---- */

__attribute__((format(printf, 2, 3))) static inline void
say(struct policy *policy, const char *format, ...)
{
	size_t room = sizeof policy->text - policy->len;
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(policy->text + policy->len, room, format, args);
	va_end(args);
	if (len > 0 && (size_t)len < room)
		policy->len += (size_t)len;
}

/* A byte that no format can say. */
static inline void
say_byte(struct policy *policy, char byte)
{
	if (policy->len < sizeof policy->text)
		policy->text[policy->len++] = byte;
}

static inline unsigned
roll(unsigned below)
{
	return (unsigned)chance(below);
}

static inline void
say_net(struct policy *policy)
{
	unsigned bits, host = roll(70);

	switch (roll(6)) {
	case 0: /* as it should be */
		bits = 24 + roll(9);
		say(policy, "10.0.0.%u/%u", host & (0xff00U >> (bits - 24)) & 0xff, bits);
		break;
	case 1: /* with bits of a host */
		say(policy, "10.0.0.%u/%u", host, roll(34));
		break;
	case 2:
		bits = roll(4);
		say(policy, "10.0.0.0/%s",
		    bits == 0       ? "255.0.0.0"
		        : bits == 1 ? "255.255.255.192"
		        : bits == 2 ? "0.0.0.0"
		                    : "255.255.255.255");
		break;
	case 3: /* a mask with holes */
		bits = roll(64);
		say(policy, "10.0.0.%u/255.255.255.%u", host & bits & 63, bits | 192);
		break;
	case 4:
		say(policy, "%s.0.0.%u/%s", roll(2) == 0 ? "10" : "0", host,
		    roll(2) == 0 ? "255.0.255.255" : "0.0.0.255");
		break;
	default:
		say(policy, "10.0.0.%u/0.0.0.%u", host, roll(256));
		break;
	}
}

/* With bits of a host or without, and in brackets or not. */
static inline void
say_net6(struct policy *policy)
{
	unsigned host = roll(9), bits = roll(4) == 0 ? roll(130) : 122 + roll(7);

	bool has_brackets = roll(2) == 0;

	say(policy, "%s2001:db8::%u%s/%u", has_brackets ? "[" : "", host, has_brackets ? "]" : "",
	    bits);
}

/* What one client's word, without its user, may be. */
static inline void
say_host(struct policy *policy)
{
	static const char *const v6[] = {"[::1]", "::1", "[2001:db8::]/32", "2001:db8::/32",
	    "[2001:db8::1]/32", "[2001:db8::/32]", "[fe80::1%lo]", "fe80::1%lo", "[fe80::1%2]",
	    "[fe80::1%0]", "[fe80::1%x]", "[::ffff:10.0.0.5]", "::ffff:10.0.0.0/120",
	    "[::ffff:10.0.0.0]/120", "[::]/0", "::/0", "[fe80::]/10", "fe80::%lo/10",
	    "::ffff:10.0.0.5/96", "[::ffff:0:0]/95", "[::1]/129", "[::1", "::1]", "[2001:DB8::1]",
	    "2001:db8::1/127", "[::10.0.0.5]", "[10.0.0.5]", "[foo]", "2001:db8:", "2001:*"};
	static const char *const texts[] = {"10.", "10.0.", "10.0.0.", "10.0.0.1.", "10.0.1.",
	    "192.168.", "192.168.1.", "192.168.*.1", "10.1", "10.0.0", "01.", "256.", "10..", ".5",
	    ".0.5", ".0.0.5", ".", "..", ".5.", "10.0.0.*", "10.0.?.5", "*.5", "10.*", "1*",
	    "10.0.0.?", "10.0.0.5*", "10.0.**", "10?0.0.5", "*", "**", "?", "*:*", "::*", "*%*",
	    "::10.0.", "::ffff:10.0.0.", "::10.*", "10.0:*", ".com", ".example.com", ".EXAMPLE.com",
	    ".example.com.", ".b", ".10.0.0.5", "*.example.com", "web*.example.com",
	    "w?b.example.com", "WEB.*", "web.", "example.", "localhost", "LOCALHOST",
	    "web.example.com", "web.example.com.", "WEB.Example.com", "example.com", "com", "a..b",
	    "d", "10-5", "10-5.", "10.0.0.1-10.0.0.9", "country=FR"};
	static const char *const words[] = {"ALL", "all", "KNOWN", "LOCAL", "UNKNOWN", "PARANOID",
	    "unknown", "paranoid", "@grp", "@", "@other", "/ten", "/names", "/odd", "/nested",
	    "/bad", "/many", "/many", "/many", "/missing", "10.0.0.0/33", "10.0.0.256", "010.0.0.1",
	    "10.0.0.5/", "/", "10.0.0.5/32x", "10.0.0.0/024", "1.2.3.4.5", "255.255.255.255",
	    "0.0.0.0"};

	switch (roll(8)) {
	case 0:
	case 1:
	case 2:
		say(policy, "10.0.0.%u", roll(64));
		break;
	case 3:
		say_net(policy);
		break;
	case 4:
		if (roll(2) == 0)
			say_net6(policy);
		else
			say(policy, "%s", ONE_OF(v6));
		break;
	case 5:
	case 6:
		say(policy, "%s", ONE_OF(texts));
		break;
	default:
		say(policy, "%s", ONE_OF(words));
		break;
	}
}

/* The words of the list, and whatever may stand between words. */
static inline void
choose_list(void)
{
	static const char *const between[] = {
	    "\n", " ", "\t\n", ",", ",,", " ,", "#", " # ", ",#", "\n#", "\r\n"};
	struct ask_list *many = &policy_lists[COUNT(policy_lists) - 1];

	policy_many.len = 0;
	for (unsigned words = roll(20); words > 0; words--) {
		say_host(&policy_many);
		say(&policy_many, "%s", roll(2) == 0 ? "\n" : ONE_OF(between));
		if (roll(30) == 0)
			say_byte(&policy_many, '\0');
		/* Over the end of what is read of a file at a time. */
		for (unsigned blanks = roll(60) == 0 ? 4090 + roll(10) : 0; blanks > 0; blanks--)
			say_byte(&policy_many, roll(4) == 0 ? ' ' : 'x');
	}
	many->len = policy_many.len;
}

static inline void
say_client(struct policy *policy)
{
	static const char *const users[] = {
	    "root", "alice", "ALL", "KNOWN", "UNKNOWN", "unknown", "ro*", "a@", "[::1]", ""};

	if (roll(8) == 0)
		say(policy, "%s@", ONE_OF(users));
	say_host(policy);
}

static inline void
say_daemon(struct policy *policy)
{
	static const char *const words[] = {"e", "in.d", "D", "ALL", "d*", "?", "KNOWN", "UNKNOWN",
	    "unknown", "22", "0", "-1", "x", ".d", "in.", "[::1]", "[foo]", "[::ffff:1.2.3.4]",
	    "1.2.3.4", "x1 x2 x3 x4 x5 x6 x7 x8 x9 x10 x11 x12 x13 x14 x15 x16 x17 x18 d",
	    "x1,x2,x3,x4,x5,x6,x7,x8,x9,x10,x11,x12,x13,x14,x15,d"};

	switch (roll(8)) {
	case 0:
	case 1:
		say(policy, "%s", ONE_OF(words));
		break;
	case 2:
		say(policy, "%s@", roll(2) == 0 ? "d" : ONE_OF(words));
		say_host(policy);
		break;
	default:
		say(policy, "d");
		break;
	}
}

/* Up to three lists in each other. */
static inline void
say_list(struct policy *policy, void (*say_word)(struct policy *))
{
	static const char *const between[] = {" ", ", ", ",", "\t", " , "};
	unsigned lists = roll(4) == 0 ? 1 + roll(4) : 1;

	for (unsigned l = 0; l < lists; l++) {
		if (l > 0)
			say(policy, " EXCEPT ");
		for (unsigned i = roll(10) == 0 ? roll(8) : 1 + roll(2); i > 0; i--) {
			say_word(policy);
			if (i > 1)
				say(policy, "%s", ONE_OF(between));
		}
	}
}

/* ---- lines ---- */

static inline void
say_tail(struct policy *policy)
{
	static const char *const tails[] = {": allow", ": deny", ": ALLOW", ": spawn x", ": frob",
	    ": aclexec x", ": aclexec x: deny", ": aclexec x: allow", ": twist x",
	    ": severity warn", ": severity authpriv.warn", ":", ": # comment",
	    ": spawn x # y: deny", ": allow: deny", ": keepalive: allow", ": setenv A=b",
	    ": aclexec x: aclexec y", " # comment", ": spawn \\:x"};

	if (roll(3) == 0)
		say(policy, "%s", ONE_OF(tails));
}

/* Put a newline behind a backslash, a NUL, a carriage return or a comment into what was said last. */
static inline void
spoil(struct policy *policy, size_t from)
{
	static const struct {
		const char *text;
		size_t len;
	} faults[] = {{"\\\n", 2}, {"\\\n", 2}, {"\\\n\\\n", 4}, {"\\\\\n", 3}, {"", 1}, {"\r", 1},
	    {" # x \\\n", 7}, {" #\\\n d: ALL", 11}, {"[", 1}, {"]", 1}, {"\\\r\n", 3}, {":", 1},
	    {"\n", 1}, {" # ", 3}, {"\0\\\n", 3}};
	unsigned which = roll(COUNT(faults));
	size_t at = from + chance(policy->len - from + 1), len = faults[which].len;

	if (policy->len + len > sizeof policy->text)
		return;
	memmove(policy->text + at + len, policy->text + at, policy->len - at);
	memcpy(policy->text + at, faults[which].text, len);
	policy->len += len;
}

/* A line that is longer than the original takes. */
static inline void
say_long(struct policy *policy)
{
	unsigned kind = roll(3), count = 1900 + roll(roll(3) == 0 ? 12000 : 300);

	say(policy, "d: ");
	if (kind < 2) {
		for (unsigned i = 0; i < count; i++)
			say_byte(policy, kind == 0 ? ' ' : ',');
	} else {
		for (unsigned i = 0; i < count / 12; i++)
			say(policy, "192.0.2.%03u ", i % 1000);
	}
	say_client(policy);
}

static inline void
say_idle(struct policy *policy)
{
	static const char *const idle[] = {"\n", " \n", "# comment\n", "#\\\n",
	    "# x \\\nd: 10.0.0.5\n", "  # d: ALL\n", "\r\n", "\\\n", "\\\n\\\n\n",
	    "# x \\\n # y \\\nALL: ALL\n"};
	unsigned count = roll(200) == 0 ? 1000 + roll(1000) : roll(4);

	while (count-- > 0)
		say(policy, "%s", ONE_OF(idle));
}

/* Lines of one shape, as block lists are, and what may stand between them. */
static inline void
say_run(struct policy *policy)
{
	static const char *const before[] = {
	    "d: ", "ALL: ", "d,e:", "d@10.0.0.1: ", "ALL: /ten ", "d :\t"};
	static const char *const behind[] = {
	    "", ": deny", ": allow", " ", " # x", ": spawn x", "\r"};
	const char *first = ONE_OF(before), *last = ONE_OF(behind);

	for (unsigned i = 2 + roll(30); i > 0; i--) {
		say(policy, "%s", first);
		if (roll(4) != 0)
			say(policy, "10.0.0.%u", roll(70));
		else
			say_host(policy);
		say(policy, "%s\n", roll(20) == 0 ? ONE_OF(behind) : last);
		if (roll(20) == 0)
			say_idle(policy);
	}
}

static inline void
say_line(struct policy *policy)
{
	size_t from = policy->len;

	if (roll(16) == 0) {
		say_run(policy);
		return;
	}

	if (roll(16) == 0)
		say_idle(policy);
	if (roll(100) == 0) {
		say_long(policy);
	} else {
		say_list(policy, say_daemon);
		if (roll(50) != 0)
			say(policy, "%s", roll(2) == 0 ? ": " : ":");
		say_list(policy, say_client);
		say_tail(policy);
	}
	if (roll(6) == 0)
		spoil(policy, from);
	say(policy, "%s", roll(24) == 0 ? "\r\n" : "\n");
}

static inline void
choose_policy(struct policy *policy, unsigned lines_max)
{
	static const char *const starts[] = {"#!tcpwrap modern\n", "#!tcpwrap classic\n",
	    "#!tcpwrap rubbish\n", "\xef\xbb\xbf", "\xef\xbb\xbf#!tcpwrap modern\n",
	    "#!tcpwrap modern\\\n", "#!tcpwrap", "#!tcpwrap  modern \r\n", "\n#!tcpwrap modern\n"};
	unsigned lines = roll(lines_max + 1);

	policy->len = 0;
	if (roll(4) == 0)
		say(policy, "%s", ONE_OF(starts));
	while (lines-- > 0)
		say_line(policy);
	if (policy->len > 0 && roll(5) == 0)
		policy->len -= policy->len > 1 && roll(4) == 0 ? 2 : 1;
}

#endif
