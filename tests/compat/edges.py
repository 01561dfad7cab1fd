"""edges - the corners of the rule language, written down one by one.

Each was looked at in Debian's library when it was written down; what it says there is asked anew
each time, so only the questions are here. A word is asked as an allow rule in front of a closed
door and as a deny rule in an open house."""
from differ import Policy

CLOSED = b"ALL: ALL\n"
H = {"daemon": "d", "addr": "10.1.2.3", "name": "host.ex.org"}

NAME_STATES = [
    {"daemon": "d"}, {"daemon": "d", "addr": "", "name": ""}, {**H, "name": ""}, {**H, "addr": ""}, {**H, "name": "unknown"},
    {**H, "name": "paranoid"}, {**H, "name": "UNKNOWN"}, {**H, "name": "Paranoid"}, {**H, "addr": "UNKNOWN", "name": "host"},
    {**H, "addr": "unknown", "name": "unknown"}, {**H, "name": "host"}, {"daemon": "d", "addr": "10.1.2.3", "told": "host.ex.org"},
    {"daemon": "d", "addr": "10.1.2.3", "told": "unknown"}, {"daemon": "unknown", "addr": "10.1.2.3"}, {"daemon": "", "addr": "1.1.1.1"},
    {**H, "user": "unknown"}, {**H, "user": "UNKNOWN"}, {**H, "user": "bob"}, {**H, "user": ""}, {**H, "user": "paranoid"},
    {**H, "saddr": "1.2.3.4", "sname": "srv"}, {**H, "sname": "srv"}, {**H, "saddr": "1.2.3.4", "sname": "paranoid"}]
V4_ADDRS = [
    "10.1.2.3", "9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0", "8.1.1.1", "255.255.255.255", "0.0.0.0", "010.1.2.3", "10.1.2.03",
    "0xa.1.2.3", "10.1.2.3 ", "10.1.2.3x", "10.1.2.3\x0b", "10.1.515", "10.1.2.3.", "10..1.2.3", ".10.1.2.3", "10.1.2.256", " 10.1.2.3", "10.1.2.3\n",
    "::ffff:10.1.2.3", "::FFFF:10.1.2.3", "::ffff:010.1.2.3", "::ffff:10.1.2.3%1", "::ffff:10.1.2", "::ffff:10.1.2.3x", "::ffff:10.1.2.3 ",
    "0::ffff:10.1.2.3", "::ffff:a01:203", "::10.1.2.3", "::ffff:host", "::ffff:0xa.1.2.3", "::ffff:256.1.2.3", "::ffff:10.1.2.3.", "::ffff:",
    "::ffff:1...2", "::ffff:10.1.2.3\x0b", "::ffff:255.255.255.255", "0:0:0:0:0:ffff:10.1.2.3"]
V4_WORDS = [
    "10.1.2.3", "10.", "10.1.2.", ".2.3", ".3", "10.1.2.3.", "010.1.2.3", "10*", "10.1.2.*", "??????.3", "*", "ALL", "10.0.0.0/8", "8.0.0.0/8", "10.1.2.3/8",
    "0.0.0.0/0", "0.0.0.0/0.0.0.0", "10.1.2.3/32", "10.1.2.3/31", "10.1.2.2/31", "10.0.0.0/255.0.0.0", "10.0.2.0/255.0.255.0", "10.1.2.3/255.255.255.255",
    "10.0.0.0\x0b/8", "10.0.0.0\x0bfoo/8", "10.0.0.0\x0b1/8", "10.0.0.0/\x0b8", "10.0.0.0/8\x0bx", "10.0.0.0\x0c/8", "\x0b10.0.0.0/8", "10.0.0.0\x0bx.y/8",
    "10.0.0.0/255.0.0.0\x0bjunk", "10.0.0.0/\x0b255.0.0.0", "10.0.0.0\xa0/8", "10.0.0.0/8.0.0.0", "10.0.0.0/255.0.0", "10.0.0.0/255..0.0", "10.0.0.0/0xff.0.0.0",
    "10.0.0.0/0377.0.0.0", "0xa.0.0.0/8", "10.0.0.0./8", "10..0.0.0/8", ".10.0.0.0/8", "10.0.0/8", "10/8", "10.0.0.256/8", "00010.0.0.0/8", "00012.0.0.0/8",
    "10.0.0.0/08", "10.0.0.0/0x8", "10.0.0.0/4294967304", "10.0.0.0/-8", "10.0.0.0/+8", "10.0.0.0/18446744073709551624", "10.0.0.0/99999999999",
    "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "255.255.255.255/32", "255.255.255.254/31", "10.0.0.0x/8", "10.0.0.0/255.0.0.0x", "10.0.0.0/255.0.0.0/8",
    "10.0.0.0/8]", "10.0.0.0/8[", "]10.0.0.0/8", "[10.0.0.0/8]", "[10.0.0.0]/8", "10.0.0.0[]/8", "10.0.0.0[/]8", "10.0.0.0/[8]", "10.0.0.0/8[]", "10.0.0.0/255.0.0.0[]",
    "[10.1.2.3]", "10.1.2.3]", "[10.1.2.3", "[::ffff:10.1.2.3]", "[::ffff:0:0]/96", "[::]/0", "::ffff*", "??ffff?10.1.2.3", "10.1.2", "10.1.2.03", "255.255.255.255", ".255"]
V6_ADDRS = [
    "::1", "0:0:0:0:0:0:0:1", "::0.0.0.1", "::0001", "::00001", "[::1]", "::1 ", "::1%", "::1%1", "::1%7", "::1%lo", "::", "1::", "2001:db8::1", "2001:DB8::1",
    "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "fe80::1", "fe80::1%lo", "fe80::1%1", "fe80::1%2", "fe80::1%0",
    "fe80::1%eth9", "fe80::1%01", "fe80::1%4294967297", "fe80::1%1x", "ff02::1%lo", "febf::1", "fec0::", "2001:db8::1%lo", "2001:db8::1%5", "unknown", "10.1.2.3"]
V6_WORDS = [
    "[::1]", "::1", "[::1", "::1]", "[[::1]]", "[::1]]", "[::1]x", "x[::1]", "[::0001]", "[::00001]", "[0:0::1]", "[::0.0.0.1]", "[::1%1]", "[::1%lo]", "[::1%eth9]", "[::1%]",
    "[]", "[:]", "[1]", "[::1].", ".[::1]", "[ ::1]", "[::1/128]", "[::1]/128", "[::]/128", "[::]/127", "[::]/0", "[::]/00", "[::2]/", "[::2]/x", "[::2]/1e9", "[x]/0", "[]/0",
    "[2001:db8::]/32", "[2001:db8::1]/32", "[2001:db8::]/31", "[2001:db8::]/33", "[2001:db8::1]/128", "[2001:db8::]/129", "[2001:db8::]/-1", "[2001:db8::]/+32",
    "[2001:db8::]/32]", "[2001:db8::]/[32]", "[2001:db8::]/32/9", "[2001:db8::]x/8", "x[2001:db8::]/8", "[[2001:db8::]/8", "[2001:db8::/32]", "2001:db8::/32",
    "[2001:db8::1]/4294967296", "[2001:db8::1]/99999999999999999999", "[2001:db8::1]/0x80", "[2001:DB8::1]", "2001?db8*", "fe80*", "fe80??1", "fe80??1%lo", "*%lo",
    "[fe80::1]", "[fe80::1%lo]", "[fe80::1%1]", "[fe80::1%2]", "[fe80::1%0]", "[fe80::1%eth9]", "[fe80::]/10", "[fe80::%lo]/10", "[fe80::%2]/10", "[fe80::%eth9]/0",
    "[ff02::1%lo]", "[2001:db8::1%lo]", "[2001:db8::1%5]", "0.0.0.0/0.0.0.0", "ALL", "KNOWN", "LOCAL", "2001:", "[::ffff:1.2.3.4]/128", "[2001:db8::1]:", "[::1/]"]
TEXT_WORDS = [
    "ALL", "all", "KNOWN", "Known", "LOCAL", "local", "UNKNOWN", "Unknown", "PARANOID", "paranoid", "host", "HOST.ex.org", ".ex.org", "ex.org", ".EX.org", "host.", "h*", "*T.*",
    "*.ex.org", ".ex.*", "?*", "?", "*", "**", "h**t*", "h**", "host**", "host***", "*host**", "[host.ex.org]", "host.ex.org.", "unk.", ".known", "*n", "u?*", "[unknown]", "@g", "@", "@@", "/", "[", "]", ".", "..", "#", "=", "-",
    "ALL.", ".ALL", "KNOWN.", "1.1.1.*", "except", "EXCEPT", "EXCEPT host", "ALL EXCEPT", "ALL EXCEPT EXCEPT 10.", "ALL EXCEPT 10. EXCEPT 10.1.2.3", "KNOWN EXCEPT LOCAL",
    "bob@", "bob@ALL", "BOB@host.ex.org", "KNOWN@ALL", "UNKNOWN@ALL", "PARANOID@ALL", "LOCAL@ALL", "ALL@KNOWN", "b*@10.", "bo.@ALL", ".ob@ALL", "bob@@g", "@@host", "@g@bob", "a@b@c", "@@ALL",
    "[a@b]", "[bob@ALL", "]bob@ALL", "[bob]@ALL", "b[b@ALL", "b]b@ALL", "b][b@ALL", "bob@[::1]", "bob@[::]/0", "10.0.0.0/8@ALL", "22@ALL", "bob@/nonexistent", "ALL,", ",ALL", "a,b,,ALL",
    "/nonexistent", "/etc", "/etc/passwd/x", "/dev/null", "host/8", "foo/", "*/8", "ALL/8", "10./8", "/8"]
TEXT_REQUESTS = NAME_STATES + [
    {**H, "ident": "bob"}, {**H, "ident": ""},     {**H, "user": "bob"}, {**H, "user": "[a", "addr": "b]"}, {**H, "user": "[bob"}, {**H, "user": "]bob"}, {**H, "user": "[bob]"}, {**H, "user": "b[b"}, {**H, "user": "b]b"},
    {**H, "user": "b][b"}, {**H, "user": "@"}, {**H, "user": "22"}, {**H, "user": "a", "name": "b@c"}, {**H, "name": "1.1.1.1"}, {**H, "name": "::1"}, {**H, "name": "["}, {**H, "name": "host.ex.org."},
    {**H, "name": "x" * 140}, {**H, "name": "::ffff:10.1.2.9"}, {**H, "name": "ALL."}, {**H, "name": "except"}]
DAEMON_WORDS = [
    "d", "D", "ALL", "KNOWN", "UNKNOWN", "LOCAL", "PARANOID", "in.", ".ftpd", "*d", "?", "?*", "[d]", "d/8", "[::1]", "[::1]@ALL", "@", "@d", "d@", "d@@g", "@d@x", "d@10.0.0.1", "d@UNKNOWN", "d@KNOWN",
    "d@[::1]", "d@[::]/0", "[d@10.0.0.1", "[d]@ALL", "d@/nonexistent", "10.1.2.3", "#", "d#", "ALL EXCEPT d", "ALL EXCEPT 22", "22@10.0.0.1", "22@UNKNOWN", "d\\",
    "22", "+22", "-22", "22x", "022", "4294967318", "18446744073709551638", "65536", "0x16", "22.", ".22", "2?", "22*", "0", "00", "-0", "65535", "70000", "-1", "4294967295", "++22", "+", "-",
    "99999999999999999999", "18446744069414584342", "-4294967274", "-18446744073709551594", "\x0b22", "22\x0b", "[22]", "65558"]
DAEMON_REQUESTS = [
    H, {**H, "daemon": "in.ftpd"}, {**H, "daemon": "unknown"}, {**H, "daemon": ""}, {"addr": "10.1.2.3"}, {**H, "daemon": "22"}, {**H, "daemon": "@"}, {**H, "daemon": "@d"}, {**H, "daemon": "70000"},
    {**H, "daemon": "65536"}, {**H, "daemon": "22x"}, {**H, "daemon": "-1"}, {**H, "daemon": "::1"}, {**H, "daemon": "::ffff:10.1.2.3"}, {**H, "sport": "2 22"}, {**H, "sport": "10 22"}, {**H, "sport": "1 22"},
    {**H, "sport": "0 22"}, {**H, "sport": "2 0"}, {**H, "sport": "2 65535"}, {**H, "saddr": "10.0.0.1"}, {**H, "saddr": "::1"}, {**H, "saddr": "10.0.0.1", "sport": "2 22"}, {**H, "daemon": "d/8"}, {**H, "daemon": "[d]"}]
FILES = [
    b"9.9.9.9\x0b10.1.2.3\n", b"9.9.9.9\x0c10.1.2.3", b"9.9.9.9\r10.1.2.3", b"9.9.9.9\xa010.1.2.3", b"\x0010.1.2.3\n", b"10.1.2.3\0\n", b"10.1.2.3\0zz\n", b"zz\x0010.1.2.3\n", b"9.9.9.9\0\n10.1.2.3\n",
    b"@group\n", b"KNOWN\n", b"LOCAL\n", b"UNKNOWN\n", b"bob@10.1.2.3\n", b"bob@ALL\n", b"EXCEPT\n10.1.2.3\n", b"10.1.2.3 EXCEPT 10.1.2.3\n", b"10.0.0.0/8\n", b"[::]/0\n", b"/nonexistent\n10.1.2.3\n",
    b"/etc 10.1.2.3\n", b"/dev/null\n10.1.2.3\n", b"10.1.2.3,\n", b",10.1.2.3\n", b"ALL,\n", b"10.1.2.3:\n", b"#10.1.2.3\n", b"#\n10.1.2.3\n", b"# x ALL\n", b"10.1.2.\\\n3\n", b"\xef\xbb\xbf10.1.2.3\n", b"\xef\xbb\xbf 10.1.2.3",
    b"", b"2001:db8::1\n", b"2001:db8::/32\n", b"2001:*\n", b"x" * 2048 + b" 10.1.2.3\n", b"x" * 8191 + b" 10.1.2.3\n", b"?" * 11 + b"\n", b"*" * 8191 + b"\n", b" " * 100000 + b"10.1.2.3\n", b"@V@/l2 10.1.2.3",
    b"@V@/l2\n", b"@V@/none ALL", b"10.1.2.3" + b"\0" + b"x" * 8100]
OPTION_TAILS = [
    b"", b" ", b"\r", b"\x0b", b"allow", b"ALLOW", b"deny", b"Deny=", b"allow =", b"allow==", b"allow=x", b"allow x", b"allow\t", b"allow\x0b", b"\x0ballow", b"allow\x0bx", b"allow:", b"allow: ", b"allow:deny", b"severity info:",
    b"severity info:allow", b"severity info : deny", b":allow", b"\\:", b"allow\\: x", b"allow=\\:", b"#", b"# allow", b"allow # x", b"allow,", b",allow", b"=", b"= allow", b"\x01", b"\xa0allow", b'"allow"', b"(true) &", b"frob", b"frob x",
    b"keepalive", b"keepalive x", b"setenv TV", b"setenv TV=", b"setenv TV=x", b"setenv TV =x", b"setenv=TV x", b"setenv = TV x", b"setenv == TV x", b"setenv", b"setenv TV x\\:y", b"setenv TV x\\\\:y", b"setenv TV x\\y", b"setenv TV %",
    b"setenv TV %%", b"setenv TV a%", b"setenv TV %%n", b"setenv T=V x", b"setenv TV\tx", b"setenv TV\x0bx", b'setenv TV "x"', b"setenv =TV x", b"setenv TV x:deny", b"setenv TV x\\:deny", b"setenv TV #x", b"SETENV TV x",
    b"setenv TV %N%r%R%A%H%s%S%Z%!", b"setenv TV %z%", b"setenv TV %h-%c-%a-%n", b"setenv TV %u-%c-%d", b"umask 022", b"umask 77", b"umask 0777", b"umask 01000", b"umask +5", b"umask  5 ", b"umask 5x", b"umask 0x10", b"umask -1",
    b"umask 99999999999", b"umask 8", b"umask 37777777777", b"umask 40000000005", b"umask 2000000000000000000005", b"umask", b"umask \x0b5", b"umask -0", b"umask 5 5", b"umask -37777777773", b"umask==5", b"nice 5x", b"nice x", b"nice +",
    b"linger 5", b"linger +5", b"linger -1", b"linger 5x", b"linger 99999999999", b"linger", b"linger 4294967297", b"linger 9223372036854775808", b"rfc931", b"rfc931 5", b"rfc931 +5", b"rfc931 5x", b"rfc931 0x10", b"rfc931 -1", b"rfc931 0",
    b"rfc931 99999999999", b"rfc931 4294967301", b"rfc931=7", b"rfc931 9999999999999999999999", b"severity MAIL.INFO", b"severity mail.", b"severity .info", b"severity .", b"severity info", b"severity mail.info.x", b"severity mail info",
    b"severity mail .info", b"severity mail. info", b"severity local0.debug", b"severity local8.info", b"severity kern.emerg", b"severity cron.info", b"severity auth.info", b"severity syslog.info", b"severity ftp.info", b"severity none",
    b"severity *.info", b"severity", b"severity inf", b"severity warn", b"severity panic", b"severity error", b"severity info : severity mail.err", b"severity 6", b"severity mail", b"banners /nonexistent", b"banners", b"spawn", b"twist",
    b"twist : allow", b"spawn a%zb", b"spawn a [b\\:c] %%d", b"spawn echo %n %u %c # %h : allow", b"umask 5 : frob", b"severity mail.info : frob"]
LONG = b"x" * 3000 + b"\n"
NUL = b"\0"
TABLES = [  # asked as allow table before a closed door, and as deny table
    b"d: ALL\n", b"d: ALL", b"\\\n", b"x: y\n\\\n", b"\\\n\n", b"\\\n\\\nd: ALL\n", b"\\", b" \\\n", b"x: y \\", b"d: ALL \\\n", b"d: ALL\n\\", b"d: \\\nALL\n", b"d: 10.1.\\\n2.3\n", b"d\\\n: ALL\n", b"d: \\\r\nALL\n", b"d: \\ \nALL\n",
    b"d: ALL\\\\\n\n", b"# x\\\nd: ALL\n", b" # d: ALL\n", b"d: 9.9.9.9 # ALL\n", b"d: 9.9.9.9 # see\\: ALL\n", b"#", b"# x", b" ", b"\r", b"\n ", b"\n\n", b"d ALL\n", b": ALL\n", b"d:\n", b":\n", b"::\n", b"d : ALL : \n", b"\xef\xbb\xbfd: ALL\n",
    b"d: ALL [: deny\n", b"d: ALL ]: deny\n", b"d: ALL []: deny\n", b"d: ALL ][: deny\n", b"d: ALL [:]: deny\n", b"[d: ALL\n", b"d\\: ALL\n", b"d: ALL\\: deny\n", b"d\x0b: ALL\n", b"d: 10.1.2.3\x0b\n",
    NUL, NUL + b"x", NUL + b"\n", NUL + b"d: ALL\n", NUL + b"\nd: ALL\n", b"d: ALL" + NUL + b"junk\n", b"d: ALL" + NUL + b"junk\n\n", b"d: ALL" + NUL + b"junk\ne: x\n", b"e: x" + NUL + b"junk\nd: ALL\n", b"d: ALL\n" + NUL,
    b"d: ALL\n" + NUL + b"junk", b"x: y\n" + NUL + b"zz", b"\\\n" + NUL, b"d: AL" + NUL + b"zz\nL\n", b"d: ALL" + NUL, b"d: ALL" + NUL + b"\\\n\n", b"d: A\\\nL" + NUL + b"zz\nL\n", b"d: A\\" + NUL + b"\nLL\n", b"d: A\\" + NUL + b"x\n\nLL\n",
    b"d: A\\" + NUL + b"\n\nd: ALL\n", NUL * 2 + b"\n" + NUL + b"\nd: ALL\n", b"#" + NUL + b"\nd: ALL\n", b"#" + NUL + b"\nx\nd: ALL\n", b"d: 9.9.9.9" + NUL + b"\n ALL\n", NUL * 3000 + b"\nd: ALL\n", NUL * 2047 + b"\nd: ALL\n",
    b"d: " + NUL * 2043 + b"ALL\n", b"d: " + NUL * 2044 + b"ALL\n", b"d: " + NUL * 2045 + b"ALL\n", b"d: ALL " + b"x" * 993 + NUL + b"x" * 2000 + b"\n\n", b"x" * 1000 + NUL + b"\n" + b"y" * 1500 + b"\nd: ALL\n", b"d: ALL: allow" + NUL + b":x\n\n",
    LONG + b"d: ALL\n", b"d: ALL\n" + LONG, b"x: y\n" + LONG + b"d: ALL\n", b"#" + LONG, b"d: ALL: allow\n" + LONG, LONG + b"d: ALL: allow\n", b"d: ALL: deny\n" + LONG, b"d: ALL: frob\n" + LONG, b"\\\n" * 3000 + b"d: ALL\n"]
OFFSETS = [-3, -2, -1, 0, 1, 2, 3]


def stretched(first, second, third=None):
    """A rule of two or three pieces of these lengths, joining backslashes and newlines included."""
    text = b"d:ALL " + b"x" * (first - 8) + b"\\\n"
    if third is None:
        return text + b"y" * (second - 1) + b"\n"
    return text + b"y" * (second - 2) + b"\\\n" + b"z" * (third - 1) + b"\n"


def lengths():
    for offset in OFFSETS:
        yield b"d:ALL " + b"x" * (2040 + offset) + b"\n"
        yield b"#" + b"x" * (2045 + offset) + b"\nd: ALL\n"
        for first in (100, 2040, 2043, 2044, 2045, 2046, 2047, 2048):
            yield stretched(first, max(1, 2047 - first + 2 + offset))
            yield stretched(first, max(2, 2047 - first + 2 + offset), 1)
            yield stretched(first, max(2, 2047 - first + offset), 5)


def both_doors(words, requests):
    for word in words:
        text = word if isinstance(word, bytes) else word.encode("latin-1")
        yield Policy(b"d: " + text + b"\n", CLOSED, {}, requests)
        yield Policy(None, b"ALL: " + text + b"\n", {}, requests)


# Differences on purpose that chance comes to once in a million pairs.
PLAIN_GOES_ON = b"d: 9.9.9.9 # ALL\n"  # grants, and the plain reading looks at the next line
KNOWN = {"daemon": "d", "addr": "10.1.2.3", "told": "host.ex.org", "ident": "bob"}
LEDGER = [
    Policy(b"d: ALL: aclexec exit 1\n", b"ALL: ALL: severity info\n", {}, [H]),
    Policy(b"d: ALL: aclexec exit 1: severity info: spawn x\n", CLOSED, {}, [H]),
    Policy(b"d: ALL: aclexec exit 0: spawn x: aclexec exit 127\n", CLOSED, {}, [H]),
    Policy(PLAIN_GOES_ON + b"d: ALL: aclexec exit 0\n", None, {}, [H]),
    Policy(PLAIN_GOES_ON + b"d: ALL: user nosuchuser: aclexec exit 0\n", None, {}, [H]),
    Policy(b"d: ALL: user nosuchuser: aclexec exit 0", CLOSED, {}, [H]),
    Policy(b"d: [::1%7]: user nosuchuser\n", b"ALL: ALL: twist x\n", {}, [{"fd": "200", "daemon": "d", "addr": "::1"}]),
    Policy(PLAIN_GOES_ON + b"d: @V@/l1/x ALL\n", None, {"l1": b""}, [H]),
    Policy(PLAIN_GOES_ON.replace(b"\n", b": setenv TV %c\n") + b"d: h* EXCEPT ALL\n", None, {}, [KNOWN]),
    Policy(b"d: [x] ALL: setenv TV %c\n", CLOSED, {}, [KNOWN]),
    Policy(b"d: bob@/etc ALL: setenv TV %c\n", CLOSED, {}, [KNOWN]),
    Policy(b"ALL: ALL: banners /: banners /nonexistent\n", None, {}, [{**H, "daemon": d, "fd": "200"} for d in ("", "etc", "d/x")]),
    Policy(b"d: ALL: setenv TV %r-%R\n", None, {}, [{**H, "csin": "1 22", "sport": "1 22"}]),
    Policy(None, b"d: @V@/l1\nd: 10.1.2.3\n", {"l1": b"@V@/l1 10.1.2.4"}, [H, {**H, "addr": "10.1.2.4"}]),
    Policy(b"ALL: @V@/l1 EXCEPT ALL\n", None, {"l1": b"@V@/l1"}, [H]),
    Policy(None, b"ALL: @V@/l0/x EXCEPT @V@/l1/x\n", {"l0": b"", "l1": b""}, [H])]


def policies():
    yield from LEDGER
    plain = lambda addrs: [{"daemon": "d", "addr": addr} for addr in addrs]
    yield from both_doors(V4_WORDS, plain(V4_ADDRS))
    yield from both_doors(V6_WORDS, plain(V6_ADDRS))
    yield from both_doors(TEXT_WORDS, TEXT_REQUESTS)
    yield from both_doors([f"x{b}: y" for b in "[]"], [H])
    for word in DAEMON_WORDS:
        yield Policy(word.encode() + b": ALL\n", CLOSED, {}, DAEMON_REQUESTS)
        yield Policy(None, word.encode() + b": ALL\n", {}, DAEMON_REQUESTS)
    for content in FILES:
        files = {"l1": content, "l2": b"8.8.8.8 10.1.2.3\n"}
        for clients in (b"@V@/l1", b"ALL EXCEPT @V@/l1", b"bob@@V@/l1", b"@V@/l1 EXCEPT 10.1.2.3", b"@V@/l1/x", b"[@V@/l1]"):
            requests = [{**H, "user": "bob"}, {**H, "addr": "2001:db8::1"}, {**H, "name": "unknown"}]
            yield Policy(b"d: " + clients + b"\n", CLOSED, files, requests)
            yield Policy(b"", b"d: " + clients + b"\n", files, requests)
    for tail in OPTION_TAILS:
        for table in (b"d: ALL:" + tail + b"\n", b"d: ALL : " + tail + b" \r\n"):
            yield Policy(table, CLOSED, {}, [H, {**H, "user": "bob"}, {"daemon": "d", "addr": "10.1.2.3", "told": "a$(id)b", "ident": "x`y"}])
            yield Policy(None, table, {}, [H])
    for table in [*TABLES, *lengths()]:
        for allow, deny in ((table, CLOSED), (table, None), (None, table), (table, table), (table, b"ALL: ALL: allow\n")):
            yield Policy(allow, deny, {}, [H, {**H, "addr": "9.9.9.9"}])
