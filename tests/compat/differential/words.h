/*
 * The vocabulary of the generator: words that mean something in hosts_access(5), that nearly do,
 * and that once meant something else than it seemed.
 */
#ifndef COMPAT_WORDS_H
#define COMPAT_WORDS_H

#define PICK(random, words)                                                                        \
	((words)[random_below((random), (unsigned)(sizeof(words) / sizeof(*(words))))])

static const char *const words_v4[] = {"10.1.2.3", "10.1.2.0", "10.0.0.0", "192.0.2.7", "127.0.0.1",
    "172.16.5.4", "0.0.0.0", "255.255.255.255", "8.0.0.1", "1.2.3.4", "192.168.255.255"};

static const char *const words_v6[] = {"::1", "2001:db8::1", "2001:db8:1::5", "fe80::1",
    "fe80::1%lo", "::", "ff02::1", "2001:db8::", "::ffff:10.1.2.3", "64:ff9b::a01:203",
    "fe80::1%eth9", "::1%7"};

static const char *const words_names[] = {"host.ex.org", "ex.org", "badex.org", "a.b.ex.org",
    "host", "localhost", "unknown", "paranoid", "UNKNOWN", "Paranoid", "10.1.2.3", "1.host",
    "x-y.ex.org", "host.ex.org.", "except", "ALL", "::1", "h", "host.EX.org", "a$(id)b",
    "user@host"};

static const char *const words_daemons[] = {"d", "sshd", "in.ftpd", "in.telnetd"};

static const char *const words_odd_daemons[] = {"in.", ".ftpd", "*d", "[d]", "?", "in.*", "d/8",
    "KNOWN", "LOCAL", "22", "unknown", "", "d@x", "@d", "#d", "D", "d.e", "UNKNOWN", "PARANOID",
    "EXCEPT", "ALL", "d\013", "@", "22.", "2?", "[::1]", "d\\"};

static const char *const words_ports[] = {"22", "022", "+22", "0", "65535", "65536", "4294967318",
    "-4294967274", "22x", "-0", "\01322", "2200"};

static const char *const words_users[] = {"bob", "unknown", "root", "bo.b", "", "Bob", "paranoid",
    "22", "[bob", "ALL", "all", "KNOWN", "Known", "UNKNOWN", "unknown", "LOCAL", "local",
    "PARANOID", "paranoid", "b*", "bo.", ".b"};

static const char *const words_wild[] = {
    "ALL", "all", "KNOWN", "Known", "UNKNOWN", "unknown", "LOCAL", "local", "PARANOID", "paranoid"};

static const char *const words_odd[] = {"[", "]", ".", "..", "*", "?", "[]", "[]/8", "/", "/8",
    "host/8", "*/8", "#", "@", "@@", "=", "10.", "10.1.", "1.", ".3", ".2.3", "10", "10.1.2", "**",
    "h*t*", "?*", "****h", "*.*", "10.*", "10.1.2.?", "1*3", "h**", "@group", "@host.ex.org",
    "bob@", "@bob@ALL", "10.0.0.0-10.9.9.9", "[10.1.2.3]", "[ex.org]", "host:", "0x0a.1.2.3",
    "0xa.0.0.0/8", "012.0.0.0/8", "::1", "fe80::1", "2001:db8::/32", "::ffff:10.1.2.3",
    "[::ffff:10.1.2.3]", "[::ffff:0:0]/96", "[::]/0", "[::]", "[fe80::1%lo]", "[fe80::1%eth9]",
    "[fe80::1%1]", "[fe80::]/10", "[fe80::%1]/64", "[::1", "::1]", "[[::1]]", "[::1]]", "[::1]x",
    "[2001:db8::/32]", "255.255.255.255/32", "0.0.0.0/0", "0.0.0.0/0.0.0.0", "255.255.255.255",
    "ALL.", ".ALL", "-", "ALL:", "/nonexistent", "/etc", "country=FR", "10.1.2.3,", "\\",
    "ex.org\\", "list=office", "!host", "~", "10.1.2.3/", "10.1.2.3/32", "KNOWN@ALL", "UNKNOWN@ALL",
    "bob@@group", "ALL@", "a@b@c", "[a@b]", "[bob@ALL", "x]@ALL", "b][b@ALL"};

static const char *const words_lengths[] = {"0", "1", "7", "8", "9", "15", "16", "24", "30", "31",
    "32", "33", "64", "96", "127", "128", "129", "", "x", "8x", "+8", "08", "-1", "8/8",
    "4294967304", "8]", "8\013x", "\0138", "255.0.0.0", "255.255.255.0", "255.0.255.0",
    "255.255.255.255", "0.0.0.0", "255.255.0.0\013q", "0xff.0.0.0", "1e9"};

static const char *const words_options[] = {"allow", "deny", "ALLOW", "Deny",
    "allow=", "deny =", "severity info", "severity mail.err", "severity MAIL.Notice",
    "severity warn", "severity authpriv.info", "severity mail.", "umask 077", "umask 8", "umask +5",
    "rfc931 5", "rfc931", "rfc931 0", "rfc931 x", "setenv TV x", "setenv TV %a-%n-%h", "setenv TV",
    "setenv TV=x", "setenv TV a\\:b", "setenv TV %d %u %c", "setenv TV %s%A%N%H%r%R",
    "setenv TV %z%", "linger 5", "linger -1", "keepalive", "keepalive x", "nice 5x",
    "banners /nonexistent", "frob", "frob x", "", " ", "\013", "allow x", "allow # x", "# allow",
    "= allow", "severity = info", "severity == info", "(true)", "allow\\:", "spawn true",
    "spawn echo %a %n %u", "spawn echo %d \\: # %z &", "allow\013", "\013allow", "spawn", "twist",
    "setenv", "umask 0777", "umask 01000", "severity info.x", "umask 22", "nice", "nice 5",
    "nice -3", "nice x", "linger 0", "linger 5x", "linger 30", "keepalive", "banners @V@/b",
    "banners @V@", "twist /bin/echo %a", "twist echo %c", "twist", "twist /bin/echo hi",
    "setenv TV %c %h", "rfc931 30", "severity local7.debug", "severity daemon.warning",
    "severity kern.emerg", "severity auth.err", "severity cron.crit", "severity uucp.alert",
    "setenv A_B c", "spawn (safe_finger -l @%h | /bin/mail root) &", "spawn %p", "severity panic",
    "umask -1", "linger 4294967301", "rfc931 4294967301", "nice 4294967296", "umask \0137"};

static const char *const words_identities[] = {"user nobody", "user nosuchuser",
    "user nobody.nogroup", "user root.nosuchgroup", "user", "group nogroup", "group nosuchgroup",
    "group", "user nobody.", "user=nobody", "user .nogroup"};

static const char *const words_separators[] = {
    " ", " ", " ", " ", " ", ",", ", ", "\t", "  ", " ,", ",,", "\r", " \t ", ",\t"};

/* Each costs processes: they are drawn less often than other options. */
static const char *const words_aclexec[] = {"aclexec exit 0", "aclexec exit 1",
    "aclexec check %a %d exit 0", "aclexec %n exit 3", "aclexec exit 126", "aclexec exit 127",
    "aclexec", "aclexec = exit 0", "aclexec x=%c 1", "aclexec exit 129", "aclexec exit 128"};

#endif
