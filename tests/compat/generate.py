"""generate - random policies in the language of hosts_access(5), and the requests to ask them.

Words come first; each leaves the facts that sit on its boundary (the first and last address of a
net and their neighbours, a name with one label more or less, ...), and the requests are drawn from
those. Then the text is spoilt a little: odd bytes, joined lines, missing newlines. No rule runs a
command. Names of list files are spelled @V@/NAME; Policy.place() says where they are.
"""
import ipaddress
import os
import re
import stat

MARK = b"@V@"
V4 = ["10.1.2.3", "10.1.2.0", "10.0.0.0", "192.0.2.7", "127.0.0.1", "172.16.5.4", "0.0.0.0",
      "255.255.255.255", "8.0.0.1", "1.2.3.4", "192.168.255.255"]
V6 = ["::1", "2001:db8::1", "2001:db8:1::5", "fe80::1", "fe80::1%lo", "::", "ff02::1",
      "2001:db8::", "::ffff:10.1.2.3", "64:ff9b::a01:203", "fe80::1%eth9", "::1%7"]
NAMES = ["host.ex.org", "ex.org", "badex.org", "a.b.ex.org", "host", "localhost", "unknown",
         "paranoid", "UNKNOWN", "Paranoid", "10.1.2.3", "1.host", "x-y.ex.org", "host.ex.org.",
         "except", "ALL", "::1", "h", "host.EX.org", "a$(id)b", "user@host"]
DAEMONS = ["d", "sshd", "in.ftpd", "in.telnetd", "22", "unknown", "", "d@x", "@d", "#d", "D", "d.e"]
USERS = ["bob", "unknown", "root", "bo.b", "", "Bob", "paranoid", "22", "[bob"]
WILD = ["ALL", "all", "KNOWN", "Known", "UNKNOWN", "unknown", "LOCAL", "local", "PARANOID", "paranoid"]
ODD_WORDS = ["[", "]", ".", "..", "*", "?", "[]", "[]/8", "/", "/8", "host/8", "*/8", "#", "@", "@@", "=",
             "10.", "10.1.", "1.", ".3", ".2.3", "10", "10.1.2", "**", "h*t*", "?*", "****h", "*.*", "10.*",
             "10.1.2.?", "1*3", "h**", "@group", "@host.ex.org", "bob@", "@bob@ALL", "10.0.0.0-10.9.9.9",
             "[10.1.2.3]", "[ex.org]", "host:", "0x0a.1.2.3", "0xa.0.0.0/8", "012.0.0.0/8", "::1", "fe80::1",
             "2001:db8::/32", "::ffff:10.1.2.3", "[::ffff:10.1.2.3]", "[::ffff:0:0]/96", "[::]/0", "[::]",
             "[fe80::1%lo]", "[fe80::1%eth9]", "[fe80::1%1]", "[fe80::]/10", "[fe80::%1]/64", "[::1", "::1]",
             "[[::1]]", "[::1]]", "[::1]x", "[2001:db8::/32]", "255.255.255.255/32", "0.0.0.0/0",
             "0.0.0.0/0.0.0.0", "255.255.255.255", "ALL.", ".ALL", "-", "ALL:", "/nonexistent", "/etc",
             "country=FR", "10.1.2.3,", "\\", "ex.org\\", "list=office", "!host", "~", "10.1.2.3/", "10.1.2.3/32",
             "KNOWN@ALL", "UNKNOWN@ALL", "bob@@group", "ALL@", "a@b@c", "[a@b]", "[bob@ALL", "x]@ALL", "b][b@ALL"]
LENGTHS = ["0", "1", "7", "8", "9", "15", "16", "24", "30", "31", "32", "33", "64", "96", "127", "128",
           "129", "", "x", "8x", "+8", "08", "-1", "8/8", "4294967304", "8]", "8\x0bx", "\x0b8", "255.0.0.0",
           "255.255.255.0", "255.0.255.0", "255.255.255.255", "0.0.0.0", "255.255.0.0\x0bq", "0xff.0.0.0", "1e9"]
OPTIONS = ["allow", "deny", "ALLOW", "Deny", "allow=", "deny =", "severity info", "severity mail.err",
           "severity MAIL.Notice", "severity warn", "severity authpriv.info", "severity mail.", "umask 077",
           "umask 8", "umask +5", "rfc931 5", "rfc931", "rfc931 0", "rfc931 x", "setenv TV x", "setenv TV %a-%n-%h",
           "setenv TV", "setenv TV=x", "setenv TV a\\:b", "setenv TV %d %u %c", "setenv TV %s%A%N%H%r%R", "setenv TV %z%",
           "linger 5", "linger -1", "keepalive", "keepalive x", "nice 5x", "banners /nonexistent", "frob", "frob x", "",
           " ", "\x0b", "allow x", "allow # x", "# allow", "= allow", "severity = info", "severity == info", "(true)", "allow\\:", "spawn true", "spawn echo %a %n %u", "spawn echo %d \\: # %z &",
           "allow\x0b", "\x0ballow", "spawn", "twist", "setenv", "umask 0777", "umask 01000", "severity info.x"]
SEPARATORS = [" "] * 12 + [",", ", ", "\t", "  ", " ,", ",,", "\r", " \t ", ",\t"]
JUNK = [b"\0", b"\x0b", b"\x0c", b"\r", b"#", b"\\", b"\\\n", b"\n", b" ", b",", b":", b"[", b"]", b"@", b"/",
        b"*", b"?", b".", b"0", b"9", b"a", b"L", b"%", b"\t", b"\xef\xbb\xbf", b"\xa0", b"=", b"+", b"-", b" EXCEPT ",
        b"ALL", b"\\\r\n", b"\0\n"]
LINE_MAX = 2047  # of the original; lines are stretched to its neighbourhood


class Policy:
    """Tables (None: absent), list files by name, and requests (dicts of rig.KEYS, str values)."""

    def __init__(self, allow, deny, files, requests):
        self.allow, self.deny, self.files, self.requests = allow, deny, files, requests

    def __repr__(self):
        return repr((self.allow, self.deny, self.files, self.requests))

    def texts(self):
        return [t for t in (self.allow, self.deny, *self.files.values()) if t is not None]

    def place(self, directory):
        """The same with every @V@ spelled as a real directory."""
        real = lambda text: None if text is None else text.replace(MARK, directory.encode())
        return Policy(real(self.allow), real(self.deny),
                      {name: real(text) for name, text in self.files.items()}, self.requests)

    def names_unreadable_list(self):
        """Is a word a list that exists and cannot be read? Ours refuses there by design. Asked of a
        placed policy. Generous: it looks at every slash, also where no list is meant."""
        texts = self.texts()
        for text in texts + [text.replace(b"\\\n", b"") for text in texts]:
            for word in re.findall(rb"/[^\s,:\0]*", text):
                try:
                    if not stat.S_ISREG(os.stat(word).st_mode):
                        return True
                except FileNotFoundError:
                    pass
                except OSError:
                    return True
        return False


class Generator:
    def __init__(self, rng):
        self.rng = rng

    def policy(self):
        self.addrs, self.names = [self.pick(V4 + V6)], [self.pick(NAMES)]
        self.daemons, self.users, self.ports = ["d"], ["bob"], [22]
        self.files = {}
        kind = self.rng.random()
        if kind < .45:  # who gets past a closed door?
            allow, deny = self.table(), b"ALL: ALL\n"
        elif kind < .75:  # who is kept out of an open house?
            allow, deny = self.pick([None, b""]), self.table()
        else:
            allow, deny = self.table(), self.table()
        return Policy(allow, deny, self.files, [self.request() for _ in range(6)])

    # ---- small change ----

    def pick(self, choices):
        return choices[int(self.rng.random() * len(choices))]

    def chance(self, p):
        return self.rng.random() < p

    def cased(self, text):
        return "".join(self.pick([c.upper(), c.lower()]) for c in text) if self.chance(.15) else text

    # ---- words, and the facts on their boundaries ----

    def word(self):
        make = self.pick([self.v4_word, self.v4_net, self.v6_word, self.v6_net, self.name_word,
                          self.name_word, lambda: self.pick(WILD), lambda: self.pick(ODD_WORDS)])
        return make()

    def v4_word(self):
        text = self.pick(V4)
        part = text.split(".")
        self.addrs += [text, self.mapped(text), "0" + text]
        cut = 1 + int(self.rng.random() * 3)
        return self.pick([text, text, ".".join(part[:cut]) + ".", "." + ".".join(part[cut:]), text + ".",
                          ".".join(part[:3]) + ".*", text.replace("1", "?"), "0" + text])

    def v4_net(self):
        base, length = self.pick(V4), self.pick(LENGTHS)
        bits = int(length) if length.isdigit() and int(length) <= 32 else self.pick([8, 16, 24, 31])
        net = ipaddress.ip_network(f"{base}/{bits}", strict=False)
        self.edges(int(net.network_address), int(net.broadcast_address), ipaddress.IPv4Address, 32)
        shown = str(net.network_address) if self.chance(.7) else base
        return f"{shown}/{length}"

    def v6_word(self):
        text = self.pick(V6)
        self.addrs += [text, text.upper(), text.split("%")[0]]
        return self.pick(["[%s]", "[%s]", "[%s]", "%s", "[%s", "%s*", "[%s]."]) % text

    def v6_net(self):
        base, length = self.pick(V6), self.pick(LENGTHS)
        bits = int(length) if length.isdigit() and int(length) <= 128 else 32
        net = ipaddress.ip_network(f"{base.split('%')[0]}/{bits}", strict=False)
        self.edges(int(net.network_address), int(net.broadcast_address), ipaddress.IPv6Address, 128)
        return self.pick(["[%s]/%s", "[%s]/%s", "[%s]/%s", "%s/%s", "[%s/%s]"]) % (base, length)

    def edges(self, first, last, kind, width):
        for number in (first - 1, first, last, last + 1):
            text = str(kind(number % (1 << width)))
            self.addrs += [text, self.mapped(text)] if width == 32 and self.chance(.3) else [text]

    def mapped(self, text):
        return self.pick(["::ffff:%s", "::FFFF:%s", "0::ffff:%s", "::ffff:%s%%1", "::ffff:%sx", "::ffff:0%s"]) % text

    def name_word(self):
        name = self.pick(NAMES)
        label, _, rest = name.partition(".")
        self.names += [name, "x." + name, "x" + name, name + ".", rest or name, self.cased(name)]
        return self.cased(self.pick([name, name, "." + (rest or name), label + ".", "*." + rest, label[:1] + "*",
                                     name.replace("o", "?"), "*" + name[1:], "[" + name + "]", name + "."]))

    def list_file(self):
        name = f"l{len(self.files)}"
        self.files[name] = b""  # taken, also by lists inside it
        words = [self.word() for _ in range(int(self.rng.random() * 5))]
        if self.chance(.2) and len(self.files) < 6:
            words.append(self.list_file())
        glue = self.pick([" ", "\n", "\n", ",", "\r\n", "\x0b", "\t", " EXCEPT ", "\n#", "\0"])
        self.files[name] = self.spoil(glue.join(words).encode("latin-1") + self.pick([b"", b"\n"]), .1)
        return f"@V@/{name}" + ("/x" if self.chance(.05) else "")

    def host(self):
        return self.list_file() if self.chance(.06) and len(self.files) < 6 else self.word()

    def client(self):
        if not self.chance(.12):
            return self.host()
        user = self.pick(USERS + WILD + ["b*", "bo.", ".b"])
        self.users += [user, user + "x", user.upper()]
        return f"{user}@{self.host()}"

    def daemon(self):
        if self.chance(.12):
            port = self.pick(["22", "022", "+22", "0", "65535", "65536", "4294967318", "-4294967274", "22x", "-0", "\x0b22"])
            self.daemons.append(port)
            self.ports += [22, 0, 65535]
            word = port
        else:
            word = self.cased(self.pick(DAEMONS[:4] * 3 + DAEMONS + ["in.", ".ftpd", "*d", "[d]", "?", "in.*", "d/8", "KNOWN", "LOCAL"]))
            self.daemons.append(word)
        if self.chance(.1):
            word += "@" + self.host()
        return word

    # ---- lists, rules, tables ----

    def list(self, make):
        if self.chance(.35) and make == self.daemon:
            return "ALL"
        words = [make() for _ in range(self.pick([1, 1, 1, 2, 2, 3, 4]))]
        if self.chance(.03):
            words = []
        while self.chance(.22):
            words += [self.cased("EXCEPT")] + [make() for _ in range(self.pick([0, 1, 1, 1, 2]))]
        return "".join(w + self.pick(SEPARATORS) for w in words)

    def rule(self):
        text = self.list(self.daemon) + self.pick([":", ": ", " : "]) + self.list(self.client)
        while self.chance(.35):
            text += self.pick([":", ": ", " : "]) + self.pick(OPTIONS)
        return text.encode("latin-1") + self.pick([b"\n"] * 9 + [b"\r\n", b" \n"])

    def line(self):
        line = self.rule()
        kind = self.rng.random()
        if kind < .05:
            line = self.pick([b"#", b"  #", b"# x \\\n#", b"#\0", b"\xef\xbb\xbf"]) + line
        elif kind < .08:
            line = self.pick([b"\n", b" \n", b"\\\n", b"\\\n\n", b"\0\n", b"no colon\n", b":\n", b"::\n", b": ALL\n", b"ALL:\n"])
        elif kind < .11:  # a limit is met from both sides, in one piece or several
            want = LINE_MAX + self.pick([-2, -1, 0, 1, 2, 3])
            line = line.rstrip(b"\r\n")
            pad = b" " + b"x" * max(0, want - len(line) - 2)
            if self.chance(.5):
                at = int(self.rng.random() * len(pad))
                pad = pad[:at] + b"\\\n" + pad[at + self.pick([0, 2]):]
            line += pad + b"\n"
        return line

    def table(self):
        text = b"".join(self.line() for _ in range(self.pick([1, 1, 1, 2, 2, 3, 5])))
        if self.chance(.05):
            text = text.rstrip(b"\n")
        return self.spoil(text, .25)

    def spoil(self, text, likely):
        while self.chance(likely):
            at = int(self.rng.random() * (len(text) + 1))
            gone = self.pick([0, 0, 1, 1, 2])
            text = text[:at] + self.pick(JUNK) + text[at + gone:]
        return text

    # ---- requests ----

    def request(self):
        request = {"daemon": self.pick(self.daemons[-3:] + ["d"]), "addr": self.pick(self.addrs), "name": self.pick(self.names)}
        if self.chance(.1):
            request[self.pick(["addr", "name"])] = self.pick(["unknown", "paranoid", "", "UNKNOWN"])
        if self.chance(.1):
            del request[self.pick(["daemon", "addr", "name"])]
        elif self.chance(.2):
            # A lookup never gives an address: such a name is paranoid.
            request["told"] = request.pop("name").replace("::1", "paranoid")
        if self.chance(.5):
            request[self.pick(["user", "user", "ident"])] = self.pick(self.users)
        if self.chance(.3):
            request.update(saddr=self.pick(self.addrs), sname=self.pick(self.names))
        if self.chance(.4):
            request["sport"] = f"{self.pick([2, 2, 10, 1])} {self.pick(self.ports)}"
        if self.chance(.05):
            request["resident"] = self.pick(["1", "0", "-5"])
        return {key: value.replace("\0", "") for key, value in request.items()}
