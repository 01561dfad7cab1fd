#!/usr/bin/env python3
# timeout: 240
# seconds: 11
"""Verified names: tcpd between a scripted name server and the log, in namespaces of its own.

Each case is a DNS table, a client, and rules whose severity says which one matched. Our tcpd must
say and ask what the case wants, to the byte. Debian's tcpd, given the same, must do the same,
unless the case says what it does instead, or why it is not asked. Whatever waits is started first,
all at a time.

By hand: 0220-names.py [WORD...], the cases that have all the words in their names."""
import sys

sys.dont_write_bytecode = True
from names_lab import *  # noqa: E402
from dns_server import *  # noqa: E402

# ---- names that lead back, and names that do not ----

honest("a name that leads back is known", GOOD_TABLE, KNOWN, GOOD_QUERIES)
Case("forward lookup gives another address", leads_to(GOOD, a(ANOTHER)),
     paranoid(other_address(GOOD)), GOOD_QUERIES)
Case("forward lookup gives more than one address", leads_to(GOOD, a(ANOTHER), a(CLIENT)),
     KNOWN, GOOD_QUERIES)
Case("forward lookup: no such name", {P: answer(ptr(GOOD))}, NOT_THERE, GOOD_QUERIES)
Case("forward lookup: no address", {P: answer(ptr(GOOD)), f"A {GOOD}": answer()}, NOT_THERE,
     GOOD_QUERIES)
Case("no PTR: no such name", {}, UNKNOWN, [P])
Case("no PTR: no data", {P: answer()}, UNKNOWN, [P])
for rcode, text in ((SERVFAIL, "SERVFAIL"), (REFUSED, "REFUSED"), (NOTIMP, "NOTIMP"),
                    (FORMERR, "FORMERR")):
    Case(f"forward lookup: {text}", {P: answer(ptr(GOOD)), f"A {GOOD}": failure(rcode)},
         NOT_THERE, GOOD_QUERIES)
    Case(f"reverse lookup: {text}", {P: failure(rcode)}, UNKNOWN, [P])
for text in ("1.2.3.4", CLIENT, "0x7f.2", "2130706434", "0177.0.0.2", "0", "0x7f000002", "127.2",
             "255.255.255.255", "00000000000.0"):
    Case(f"PTR {text}: a number, and no forward lookup", leads_to(text), paranoid(numeric(text)),
         [P])
for text in ("1.2.3.256", "4294967296", "0x", "0x100000000", "1e9", "08.0.0.1", "127.0.0.2.ex.org"):
    Case(f"PTR {text}: much like a number", leads_to(text),
         [connect("notice" if "." in text else "err", text)], [P, f"A {text}"])
honest("PTR 1.2.3.4.5: no number", leads_to("1.2.3.4.5"), [connect("notice", "1.2.3.4.5")],
     [P, "A 1.2.3.4.5"])
Case("PTR to an alias", leads_to("alias.ex.org", cname(GOOD), a(CLIENT, owner=GOOD)),
     paranoid(other_name("alias.ex.org", GOOD)), [P, "A alias.ex.org"])
Case("reverse zone delegated by an alias (RFC 2317)",
     {**GOOD_TABLE, P: answer(cname("2.net.in-addr.arpa"), ptr(GOOD, owner="2.net.in-addr.arpa"))},
     KNOWN, GOOD_QUERIES)
Case("reverse lookup: a circle of aliases",
     {P: answer(cname("b.ex.org"), cname("2.0.0.127.in-addr.arpa", owner="b.ex.org"))}, UNKNOWN,
     [P])
Case("forward lookup: a circle of aliases",
     leads_to(GOOD, cname("b.ex.org"), cname(GOOD, owner="b.ex.org")), NOT_THERE, GOOD_QUERIES)
ASKS_AGAIN = (None, None)  # the same, but whenever its buffer proves too small
LONG_WAY = [f"c{i}.ex.org" for i in range(1, 101)]


def chain(first, names):
    """Aliases, each of the one before."""
    return [cname(name, owner=owner) for owner, name in zip([first, *names], names)]


Case("forward lookup: a chain of 100 aliases",
     leads_to(GOOD, *chain(GOOD, LONG_WAY), a(CLIENT, owner=LONG_WAY[-1])),
     paranoid(other_name(GOOD, LONG_WAY[-1])), GOOD_QUERIES, debian=ASKS_AGAIN)
Case("forward lookup: a chain of 100 aliases, the last one first",
     leads_to(GOOD, a(CLIENT, owner=LONG_WAY[-1]), *reversed(chain(GOOD, LONG_WAY))),
     NOT_THERE, GOOD_QUERIES)
Case("forward lookup: a chain of 100 aliases that comes back",
     leads_to(GOOD, *chain(GOOD, [*LONG_WAY, GOOD]), a(CLIENT)), KNOWN, GOOD_QUERIES,
     debian=ASKS_AGAIN)
Case("forward lookup: an alias that leads nowhere", leads_to(GOOD, cname("none.ex.org")),
     NOT_THERE, GOOD_QUERIES)
Case("forward lookup: an alias of itself", leads_to(GOOD, cname(GOOD)), NOT_THERE, GOOD_QUERIES)
Case("forward lookup: an alias and an address of the same name",
     leads_to(GOOD, cname("b.ex.org"), a(CLIENT), a(CLIENT, owner="b.ex.org")),
     paranoid(other_name(GOOD, "b.ex.org")), GOOD_QUERIES)
Case("forward lookup: the address of another name", leads_to(GOOD, a(CLIENT, owner="evil.org")),
     NOT_THERE, GOOD_QUERIES)
Case("reverse lookup: a chain of 100 aliases",
     {**GOOD_TABLE, P: answer(*chain("2.0.0.127.in-addr.arpa", LONG_WAY),
                              ptr(GOOD, owner=LONG_WAY[-1]))}, KNOWN, GOOD_QUERIES)
Case("reverse lookup: an alias of itself", {P: answer(cname("2.0.0.127.in-addr.arpa"))}, UNKNOWN,
     [P])
Case("reverse lookup: an alias that leads nowhere", {P: answer(cname("b.ex.org"))}, UNKNOWN, [P])
Case("PTR to its own question", leads_to("2.0.0.127.in-addr.arpa"),
     [connect("notice", "2.0.0.127.in-addr.arpa")], [P, "A 2.0.0.127.in-addr.arpa"])
for word in ("ALL", "LOCAL", "KNOWN", "EXCEPT", "allow", "DENY"):
    Case(f"PTR {word}: a name as any other", leads_to(word), [connect("err", word)],
         [P, f"A {word}"])
    Case(f"PTR {word}: no rule for others lets it in", leads_to(word),
         [("warning", f"refused connect from {word} ({CLIENT})")], [P, f"A {word}"],
         allow="names: .ex.org, good.ex.org, UNKNOWN, @odd\nALL EXCEPT names: ALL\n",
         deny=REFUSE_ALL)
Case("PTR localhost of a foreign address", leads_to("localhost", a(SERVER)),
     paranoid(other_address("localhost")), [P, "A localhost"])
Case("localhost may be an alias", leads_to("LocalHost", cname(GOOD), a(CLIENT, owner=GOOD)),
     [connect("err", "LocalHost")], [P, "A LocalHost"])
QUESTION_IN_LOWER_CASE = wire_name(GOOD) + struct.pack("!HH", 1, 1)
honest("the spelling of the PTR is kept",
     {P: answer(ptr("GoOd.Ex.ORG")),
      f"A {GOOD}": answer(a(CLIENT, owner=GOOD), question=QUESTION_IN_LOWER_CASE)},
     [connect("notice", "GoOd.Ex.ORG")], [P, "A GoOd.Ex.ORG"])
honest("a single label is LOCAL", leads_to("short"), [connect("err", "short")], [P, "A short"])
Case("of several PTRs the first counts: it is good",
     {**GOOD_TABLE, P: answer(ptr(GOOD), ptr("bad.ex.org"), ptr("1.2.3.4"))}, KNOWN, GOOD_QUERIES)
Case("of several PTRs the first counts: it is bad",
     {**GOOD_TABLE, P: answer(ptr("bad.ex.org"), ptr(GOOD))}, paranoid(no_forward("bad.ex.org")),
     [P, "A bad.ex.org"])
OTHERS = [ptr(f"n{i}.ex.org") for i in range(999)]
Case("1000 PTRs, the first is good", {**GOOD_TABLE, P: answer(ptr(GOOD), *OTHERS)}, KNOWN,
     GOOD_QUERIES)
Case("1000 PTRs, the last is good", {**GOOD_TABLE, P: answer(*OTHERS, ptr(GOOD))},
     paranoid(no_forward("n0.ex.org")), [P, "A n0.ex.org"])
honest("/etc/hosts: nobody is asked", {}, [connect("notice", "there.ex.org")], [],
     etc={"hosts": f"{CLIENT} there.ex.org there\n"})
honest("/etc/hosts, the short name first", {}, [connect("err", "there")], [],
     etc={"hosts": f"{CLIENT} there there.ex.org\n"})


def name_of(length):
    return (("n" * 49 + ".") * 6)[:length - 1] + "e"


for length in (126, 127):
    name = name_of(length)
    Case(f"a name of {length} bytes", leads_to(name), [connect("notice", name)], [P, f"A {name}"])
for length in (128, 160, 253):  # 253: the longest that fits into 255 bytes of a message
    cut = name_of(length)[:127]
    Case(f"a name of {length} bytes is cut, and does not lead back", leads_to(name_of(length)),
         paranoid(no_forward(cut)), [P, f"A {cut}"])
WIDEST, TOO_WIDE = [b"w" * 63] * 3 + [b"w" * 61], [b"w" * 63] * 3 + [b"w" * 62]  # 255, 256 bytes
DOT_AT_THE_END = "x" * 63 + "." + "y" * 62
NARROW = ".".join(["a"] * 127)
honest("a label of 63 bytes", leads_to("l" * 63 + ".ex.org"),
     [connect("notice", "l" * 63 + ".ex.org")], [P, "A " + "l" * 63 + ".ex.org"])
for what, name in {"a label of 64 bytes": b"\x40" + b"l" * 64 + b"\2ex\0",
                   "a label of a kind that is not in use": b"\x81" + b"l" * 129 + b"\0",
                   "a bit string for a label": b"\x41\x08\x7f\2ex\0",
                   "a name of 256 bytes": wire_name(TOO_WIDE),
                   "a name of 1000 bytes": wire_name([b"w" * 63] * 15),
                   "a name without an end": wire_name(GOOD)[:-1]}.items():
    Case(f"PTR: {what}", {**GOOD_TABLE, P: answer(ptr(name))}, UNKNOWN, [P])
    Case(f"PTR to an alias: {what}", leads_to(GOOD, cname(name), a(CLIENT, owner=name)), NOT_THERE)
Case("PTR: bytes behind the name",
     {**GOOD_TABLE, P: answer(ptr(wire_name(GOOD) + b"\5extra"))}, KNOWN, GOOD_QUERIES)
Case("PTR: a name that ends in its middle", {P: answer(ptr(b"\4good\0\2ex\0"))},
     paranoid(no_forward("good")), [P, "A good"])
cut = b".".join(WIDEST)[:127].decode()
Case("a name of 255 bytes, in labels of 63",
     {P: answer(ptr(WIDEST)), f"A {cut}": answer(a(CLIENT))}, [connect("notice", cut)],
     [P, f"A {cut}"])
Case("a name of 127 labels", {P: answer(ptr(NARROW)), f"A {NARROW[:127]}": answer(a(CLIENT))},
     [connect("notice", NARROW[:127])], [P, f"A {NARROW[:127]}"])
Case("a name that is cut behind a dot", leads_to(DOT_AT_THE_END + ".ex.org") |
     {f"A {DOT_AT_THE_END}": answer(a(CLIENT))},
     paranoid(other_name(DOT_AT_THE_END + ".", DOT_AT_THE_END)), [P, f"A {DOT_AT_THE_END}"])
cut = name_of(253)[:127]
Case("a name that is cut to one that leads back", {**leads_to(cut), P: answer(ptr(name_of(253)))},
     [connect("notice", cut)], [P, f"A {cut}"])

# ---- crowds of addresses ----


Case("1024 addresses, one is the client's", leads_to(GOOD, *crowd(1023), a(CLIENT)), KNOWN)
Case("1024 addresses, none is the client's", leads_to(GOOD, *crowd(1024)),
     paranoid(other_address(GOOD)))
Case("1025 addresses, one is the client's: refused", leads_to(GOOD, *crowd(1024), a(CLIENT)),
     LOOKUP_FAULT, debian=(KNOWN, None))
Case("1025 addresses, none is the client's: refused", leads_to(GOOD, *crowd(1025)), LOOKUP_FAULT,
     debian=(paranoid(other_address(GOOD)), None))
Case("4000 addresses, a message of 64 KiB: refused", leads_to(GOOD, *crowd(4000)), LOOKUP_FAULT,
     debian=(paranoid(other_address(GOOD)), None))
Case("1100 addresses in /etc/hosts: refused", {P: answer(ptr(GOOD))}, LOOKUP_FAULT, [P],
     debian=(paranoid(other_address(GOOD)), [P]),
     etc={"hosts": "".join(f"127.1.{i >> 8}.{i & 255} {GOOD}\n" for i in range(1100))})

# ---- time ----

SLOWER = "its resolver has other settings"
Case("reverse lookup: no answer", DEAD, UNKNOWN, [P], seconds=1)
Case("forward lookup: no answer", {P: answer(ptr(GOOD)), f"A {GOOD}": SILENCE}, NOT_THERE,
     GOOD_QUERIES, seconds=1)
honest("both answers are slow, but in time",
     {P: answer(ptr(GOOD), delay=0.5), f"A {GOOD}": answer(a(CLIENT), delay=0.5)}, KNOWN,
     GOOD_QUERIES, seconds=1)
Case("reverse lookup: the answer is late", {**GOOD_TABLE, P: answer(ptr(GOOD), delay=1.5)}, UNKNOWN,
     [P], seconds=1)
Case("two dead servers", [DEAD] * 2, UNKNOWN, [P] * 2, seconds=2)
Case("three dead servers", [DEAD] * 3, UNKNOWN, [P] * 3, seconds=3)
Case("three dead servers in turns", [DEAD] * 3, UNKNOWN, seconds=3, resolv="options rotate\n",
     debian=SLOWER)
Case("two dead servers, and one that answers", [DEAD, DEAD, GOOD_TABLE], KNOWN, GOOD_QUERIES * 3,
     seconds=4)
Case("the longest there is: two dead servers, and one that is slow and then silent",
     [DEAD, DEAD, {**DEAD, P: answer(ptr(GOOD), delay=0.5)}], NOT_THERE, GOOD_QUERIES * 3,
     seconds=5.5)
# A large answer is asked for again and again by those whose buffers grow.
Case("two dead servers, and one with a crowd of addresses",
     [DEAD, DEAD, {P: answer(ptr(GOOD)), f"A {GOOD}": answer(*crowd(4000), delay=0.5)}],
     LOOKUP_FAULT, seconds=4.5, debian=SLOWER)
for rcode, text in ((SERVFAIL, "SERVFAIL"), (REFUSED, "REFUSED"), (NOTIMP, "NOTIMP")):
    Case(f"the first server says {text}, the second knows",
         [{P: failure(rcode), f"A {GOOD}": failure(rcode)}, GOOD_TABLE], KNOWN, GOOD_QUERIES * 2)
Case("the first server says that there is no such name, the second knows", [{}, GOOD_TABLE],
     UNKNOWN, [P])
Case("the servers do not agree on the way back", [{P: answer(ptr(GOOD))}, GOOD_TABLE], NOT_THERE,
     GOOD_QUERIES)
Case("a dead server, and one that says SERVFAIL", [DEAD, {P: failure(SERVFAIL)}], UNKNOWN, [P] * 2,
     seconds=1)
Case("the first server's answer comes while the second is asked, which is dead",
     [{**GOOD_TABLE, P: answer(ptr(GOOD), delay=1.3)}, DEAD], UNKNOWN, [P] * 2, seconds=2)
Case("a fourth server is none", [DEAD, DEAD, DEAD, GOOD_TABLE], UNKNOWN, [P] * 3, seconds=3)
Case("an answer in the last moment", {**GOOD_TABLE, P: answer(ptr(GOOD), delay=0.9)}, KNOWN,
     GOOD_QUERIES, seconds=0.9)
Case("names of both ends share the time", [DEAD] * 3, [connect("info")], [S, P, S, P, S],
     allow=BOTH_NAMES, seconds=5, debian=SLOWER)
Case("no time is left for the second name",
     [DEAD, DEAD, {**GOOD_TABLE, **DEAD, S: answer(ptr(SERVER_NAME), delay=0.5)}],
     [no_forward(SERVER_NAME), connect("info")], [S, f"A {SERVER_NAME}"] * 3, allow=BOTH_NAMES,
     seconds=5.5, debian=SLOWER)
Case("the environment has other settings", DEAD, UNKNOWN, [P], seconds=1, debian=SLOWER,
     env={"RES_OPTIONS": "timeout:30 attempts:5 ndots:9"})
Case("TCP alone, to a server that is silent", DEAD, UNKNOWN, seconds=1, resolv="options use-vc\n",
     debian="it waits for ever")

# ---- answers that are none ----


def misplaced(*records, times=1):
    """Answers to a query that nobody has sent."""
    return lambda query: [(0.05 * i, query.message(records, id=query.id ^ 1)) for i in range(times)]


Case("reverse lookup: another query's answer", {**GOOD_TABLE, P: misplaced(ptr(GOOD))}, UNKNOWN,
     [P], seconds=1)
Case("reverse lookup: a stream of other queries' answers",
     {**GOOD_TABLE, P: misplaced(ptr(GOOD), times=60)}, UNKNOWN, [P], seconds=1)
Case("forward lookup: another query's answer",
     {P: answer(ptr(GOOD)), f"A {GOOD}": misplaced(a(CLIENT))}, NOT_THERE, GOOD_QUERIES, seconds=1)
Case("another query's answer, and then the right one",
     {**GOOD_TABLE, P: lambda query: misplaced(ptr("bad.ex.org"))(query)
      + answer(ptr(GOOD), delay=0.1)(query)}, KNOWN, GOOD_QUERIES)
Case("an answer to another question",
     {**GOOD_TABLE, P: answer(ptr(GOOD), question=wire_name("x.org") + b"\0\x0c\0\1")}, UNKNOWN,
     [P], seconds=1)


def cut_at(length):
    return lambda q: q.message([ptr(GOOD)])[:length]


def sections(answers=(), authority=(), additional=()):
    """A message with records in all places, and their counts."""
    def build(q):
        text = q.message([*answers, *authority, *additional])
        counts = struct.pack("!HHH", len(answers), len(authority), len(additional))
        return text[:6] + counts + text[12:]
    return build


def points(*offsets):
    """A PTR record of names that point on: offsets from the record's data on."""
    def build(q):
        start = len(q.message()) + 12
        return q.message([record("PTR", b"".join(struct.pack("!H", 0xc000 | start + to)
                                                 for to in offsets))])
    return build


def flagged(flags):
    def build(q):
        text = q.message([ptr(GOOD)])
        return text[:2] + struct.pack("!H", flags) + text[4:]
    return build


ODD_ANSWERS = {
    "nothing": lambda q: b"",
    "one byte": lambda q: b"x",
    "a head alone": lambda q: q.message()[:12],
    "the query itself": lambda q: q.message()[:2] + b"\1\0" + q.message()[4:],
    "a count of records that are not there": lambda q: q.message(count=5),
    "a record cut short": lambda q: q.message([ptr(GOOD)])[:-4],
    "a name that points at itself":
        lambda q: q.message([record("PTR", struct.pack("!H", 0xc000 | len(q.message()) + 12))]),
    "a name that points behind the end": lambda q: q.message([record("PTR", b"\xff\xff")]),
    "a label longer than its record": lambda q: q.message([record("PTR", b"\x3fabc")]),
    "a record without a name": lambda q: q.message([record("PTR", b"")]),
    "another type": lambda q: q.message([record("TXT", b"\4good")]),
    "another address's name": lambda q: q.message([ptr(GOOD, owner="9.0.0.127.in-addr.arpa")]),
    "64 KiB of rubbish": lambda q: q.message() + b"\xff" * 65000,
    "two names that point at each other": points(2, 0),
    "a hundred names, each points at the next, the last at the first": points(
        *range(2, 200, 2), 0),
    "a name that points into the head": lambda q: q.message([record("PTR", b"\xc0\0")]),
    "half a pointer": lambda q: q.message([record("PTR", b"\xc0")]),
    "a name that runs into its own pointer": lambda q: q.message(
        [record("PTR", b"\4good" + struct.pack("!H", 0xc000 | len(q.message()) + 12))]),
    "no question": lambda q: q.message([ptr(GOOD)])[:4] + b"\0\0" + q.message([ptr(GOOD)])[6:],
    "two questions": lambda q: q.message([ptr(GOOD)])[:4] + b"\0\2" + q.message([ptr(GOOD)])[6:],
    "the question of another type": lambda q: q.message(
        [ptr(GOOD)], question=q.question[:-4] + b"\0\1\0\1"),
    "the question of another class": lambda q: q.message(
        [ptr(GOOD)], question=q.question[:-2] + b"\0\3"),
    "a record that claims 65535 bytes": lambda q: q.message(
        [QUESTION + struct.pack("!HHIH", 12, 1, 60, 65535) + wire_name(GOOD)]),
    "the name in the authority section": sections(authority=[ptr(GOOD)]),
    "the name in the additional section": sections(additional=[ptr(GOOD)]),
    "an address": lambda q: q.message([a(CLIENT)]),
    "code 15": lambda q: q.message(rcode=15),
    "a name, and that there is none": lambda q: q.message([ptr(GOOD)], rcode=3),
    "a name, and a failure": lambda q: q.message([ptr(GOOD)], rcode=SERVFAIL),
    **{f"the first {length} bytes": cut_at(length)
       for length in (2, 11, 13, 24, 40, 44, 50, 56, 60)},
}
for text, build in ODD_ANSWERS.items():
    Case(f"reverse lookup: {text}", {**GOOD_TABLE, P: raw(build)}, UNKNOWN)
for text, flags in (("a status", 0x9180), ("an update", 0xa980), ("all at once", 0xfdf0),
                    ("an answer alone", 0x8000)):
    Case(f"reverse lookup: an answer whose flags say {text}",
         {**GOOD_TABLE, P: raw(flagged(flags))}, KNOWN, GOOD_QUERIES)
Case("reverse lookup: the name, and rubbish in the other sections",
     {**GOOD_TABLE,
      P: raw(sections([ptr(GOOD)], [record(99, b"\xff" * 99)], [record(41, b"\0" * 9)]))},
     KNOWN, GOOD_QUERIES)
Case("reverse lookup: 65535 records, of which there is one",
     {**GOOD_TABLE, P: answer(ptr(GOOD), count=65535)}, KNOWN, GOOD_QUERIES)
Case("reverse lookup: a record that is shorter than its name",
     {**GOOD_TABLE, P: answer(QUESTION + struct.pack("!HHIH", 12, 1, 60, 3) + wire_name(GOOD))},
     KNOWN, GOOD_QUERIES)
Case("reverse lookup: a name of another class",
     {**GOOD_TABLE, P: answer(QUESTION + struct.pack("!HHIH", 12, 3, 60, 13) + wire_name(GOOD))},
     UNKNOWN, [P])
Case("PTR to the root", {P: answer(ptr(""))}, paranoid(no_forward(".")), [P, "A "])
for size in (0, 3, 5, 16):
    Case(f"forward lookup: an address of {size} bytes",
         leads_to(GOOD, record("A", b"\x7f\0\0\2".ljust(size, b"\0")[:size])), NOT_THERE,
         GOOD_QUERIES)
Case("a truncated answer: TCP is not tried",
     {**GOOD_TABLE, P: answer(flags=TC), f"TCP {P}": answer(ptr(GOOD))}, UNKNOWN, [P],
     debian=(KNOWN, [P, *GOOD_QUERIES]))
Case("truncated answers: what is there counts, and TCP is silent",
     {P: answer(ptr(GOOD), flags=TC), f"TCP {P}": SILENCE,
      f"A {GOOD}": answer(a(CLIENT), flags=TC)},
     KNOWN, GOOD_QUERIES, debian="it waits for ever")
Case("a truncated forward answer, the client's address behind the cut",
     {P: answer(ptr(GOOD)), f"A {GOOD}": answer(a(ANOTHER), flags=TC), f"TCP A {GOOD}": SILENCE},
     paranoid(other_address(GOOD)), GOOD_QUERIES, debian="it waits for ever")
Case("UDP says TC and no more, then TCP is silent", {P: answer(flags=TC), f"TCP {P}": SILENCE},
     UNKNOWN, [P], debian="it waits for ever")
Case("UDP says TC and no more, on the way back, then TCP is silent",
     {P: answer(ptr(GOOD)), f"A {GOOD}": answer(flags=TC), f"TCP A {GOOD}": SILENCE},
     NOT_THERE, GOOD_QUERIES, debian="it waits for ever")
Case("UDP says TC, then TCP drips: it is not tried",
     {P: answer(flags=TC), f"TCP {P}": lambda q: [(0.2 * i, b"") for i in range(1, 40)]},
     UNKNOWN, [P],
     debian="it waits as long as something comes")
honest("EDNS, and servers in turns", GOOD_TABLE, KNOWN, GOOD_QUERIES,
     resolv="options edns0 trust-ad rotate\n")
honest("no server listens", {}, UNKNOWN, [], etc={"resolv.conf": "nameserver 127.99.0.1\n"})
Case("no way leads to the server", {}, UNKNOWN, [], etc={"resolv.conf": "nameserver 192.0.2.1\n"})
honest("an empty resolv.conf", {}, UNKNOWN, [], etc={"resolv.conf": ""})
if stage.has_ipv6():
    Case("a dead server, and one on IPv6", [DEAD, ("IPv6", GOOD_TABLE)], KNOWN, GOOD_QUERIES * 2,
         seconds=2)
    honest("a server at a link-local address", [("a link", GOOD_TABLE)], KNOWN, GOOD_QUERIES)

# ---- what a name is looked up as ----

SEARCH = "search search.test\noptions ndots:4\n"
FOUND = "A short.search.test"
Case("the search list is not for forward lookups: a label",
     {P: answer(ptr("short")), FOUND: answer(a(CLIENT))}, paranoid(no_forward("short")),
     [P, "A short"], resolv=SEARCH,
     debian=(paranoid(other_name("short", "short.search.test")), [P, FOUND]))
Case("the search list is not for forward lookups: a name",
     {P: answer(ptr("host.ex")), "A host.ex.search.test": answer(a(CLIENT))},
     paranoid(no_forward("host.ex")), [P, "A host.ex"], resolv=SEARCH,
     debian=(paranoid(other_name("host.ex", "host.ex.search.test")), [P, "A host.ex.search.test"]))
Case("the search list is not for forward lookups: from the environment",
     {P: answer(ptr("short")), FOUND: answer(a(CLIENT))}, paranoid(no_forward("short")),
     [P, "A short"], env={"LOCALDOMAIN": "search.test"},
     debian=(paranoid(other_name("short", "short.search.test")), [P, FOUND]))
Case("the environment's aliases are not for forward lookups",
     {P: answer(ptr("short")),
      "A short.evil.org": answer(cname("short", owner="short.evil.org"), a(CLIENT, owner="short"))},
     paranoid(no_forward("short")), [P, "A short"], env={"HOSTALIASES": "/etc/aliases"},
     etc={"aliases": "short short.evil.org\n"},
     debian=([connect("err", "short")], [P, "A short.evil.org"]))

# ---- hostile names: whatever the C library lets through, it is one line, and as Debian's ----

for label in (b"$(id)`id`;|&<>", b"%n%s%h%u", b"a\nJan  1 00:00:00 sshd[1]: x", b"\x1b[2J", b"a\0b",
              b"a b", b"'\"\\", b"root@host", b"[::1]", b"*?", b"a,b", b"/etc/x", b"a_b", b"-rf",
              b"a-", b"\x7f", b"~!^={}+", b"*", b"**", b"[a]",
              b"%", b"\\", b"\xff\xfe", b"\x9b2J", b"a\tb", b"\r", b"sshd[1]:", b"<0>", b"-", b"_",
              "b\u00fccher".encode(), b"127.0.0.2"):
    key = label_text(label).lower()
    Case(f"PTR {label!r} and more labels",
         {P: answer(ptr([label, b"ex", b"org"])), f"A {key}.ex.org": answer(a(CLIENT))}, None)
    Case(f"PTR {label!r}", {P: answer(ptr([label])), f"A {key}": answer(a(CLIENT))}, None)
    Case(f"PTR to an alias of {label!r}", leads_to(GOOD, cname([label]), a(CLIENT, owner=[label])),
         None)
Case("a hostile name in /etc/hosts shows as what it is", {},
     [connect("notice", r"ev\x1bil%n$(id).ex.org")], [],
     etc={"hosts": f"{CLIENT} ev\x1bil%n$(id).ex.org\n"},
     debian=([connect("notice", "ev\x1bil%n$(id).ex.org")], []))
Case("a hostile name in an expansion", {},
     [("warning", rf"twist ev\x1b`id`$x to /bin/echo ev__id__x {CLIENT}")], [],
     etc={"hosts": f"{CLIENT} ev\x1b`id`$x\n"}, allow="ALL: ALL: twist /bin/echo %n %a\n",
     got=f"ev__id__x {CLIENT}\n".encode(),
     debian=([("warning", f"twist ev__id__x to /bin/echo ev__id__x {CLIENT}")], []))

# ---- other families ----

P6, AAAA = reverse(CLIENT6), "AAAA six.ex.org"
SIX, FOUR = {P6: answer(ptr("six.ex.org"))}, {reverse("127.0.0.3"): answer(ptr(GOOD))}
MAPPED, MAPPED_TEXT = "mapped 127.0.0.3", "::ffff:127.0.0.3"
if stage.has_ipv6():
    honest("::1 in /etc/hosts", {}, [connect("err", "localhost", "::1")], [], client="::1",
         etc={"hosts": "::1 localhost ip6-localhost\n"})
    honest("::1 by DNS",
         {reverse("::1"): answer(ptr("localhost")), "AAAA localhost": answer(aaaa("::1"))},
         [connect("err", "localhost", "::1")], [reverse("::1"), "AAAA localhost"], client="::1")
    honest("IPv6: a name that leads back", {**SIX, AAAA: answer(aaaa(CLIENT6))},
         [connect("notice", "six.ex.org", CLIENT6)], [P6, AAAA], client=CLIENT6)
    Case("IPv6: another address", {**SIX, AAAA: answer(aaaa("fd00::9"))},
         paranoid(other_address("six.ex.org", CLIENT6), CLIENT6), [P6, AAAA], client=CLIENT6)
    Case("IPv6: a name with an IPv4 address alone", {**SIX, "A six.ex.org": answer(a(CLIENT))},
         paranoid(no_forward("six.ex.org", "AF_INET6"), CLIENT6), [P6, AAAA], client=CLIENT6)
    Case("IPv6: PTR 1.2.3.4", {P6: answer(ptr("1.2.3.4"))},
         paranoid(no_forward("1.2.3.4", "AF_INET6"), CLIENT6), [P6], client=CLIENT6)
    Case("IPv6: no PTR", {}, [connect("crit", CLIENT6, CLIENT6)], [P6], client=CLIENT6)
    Case("IPv6: a link-local address has a scope, and a name has none",
         {reverse(LINK6): answer(ptr("six.ex.org")), AAAA: answer(aaaa("fe80::2"))},
         paranoid(other_address("six.ex.org", LINK6), LINK6), [reverse(LINK6), AAAA], client=LINK6)
    Case("IPv6: no answer", {P6: SILENCE}, [connect("crit", CLIENT6, CLIENT6)], [P6],
         client=CLIENT6, seconds=1)
    TURNED_AWAY6 = ("warning", f"refused connect from {CLIENT6} ({CLIENT6})")
    Case("IPv6: PTR unknown, admitted as that",
         {P6: answer(ptr("unknown")), "AAAA unknown": answer(aaaa(CLIENT6))},
         [differ("plain", f"classic {ALLOW_RULE}1"), TURNED_AWAY6], [P6, "AAAA unknown"],
         client=CLIENT6, allow="ALL: UNKNOWN: severity debug\n", deny=REFUSE_ALL,
         debian=([connect("debug", CLIENT6, CLIENT6)], None))
    Case("IPv6: an IPv4 address where an IPv6 one should be",
         {**SIX, AAAA: answer(record("AAAA", b"\x7f\0\0\2"))},
         paranoid(no_forward("six.ex.org", "AF_INET6"), CLIENT6), [P6, AAAA], client=CLIENT6)
    Case("IPv6: 1025 addresses, one is the client's: refused",
         {**SIX, AAAA: answer(*[aaaa(f"fd01::{i:x}") for i in range(1024)], aaaa(CLIENT6))},
         [("err", OUT_OF_RESOURCES), TURNED_AWAY6], client=CLIENT6,
         debian=([connect("notice", "six.ex.org", CLIENT6)], None))
    Case("IPv6: an alias", {**SIX, AAAA: answer(cname("x.org"), aaaa(CLIENT6, owner="x.org"))},
         paranoid(other_name("six.ex.org", "x.org"), CLIENT6), [P6, AAAA], client=CLIENT6)
    honest("mapped: looked up as IPv4", {**FOUR, f"A {GOOD}": answer(a("127.0.0.3"))},
         [connect("notice", GOOD, MAPPED_TEXT)], [*FOUR, f"A {GOOD}"], client=MAPPED)
    Case("mapped: another address", {**FOUR, f"A {GOOD}": answer(a(CLIENT))},
         paranoid(other_address(GOOD, "127.0.0.3"), MAPPED_TEXT), [*FOUR, f"A {GOOD}"],
         client=MAPPED)
    Case("mapped: a name with an IPv6 address alone",
         {**FOUR, f"AAAA {GOOD}": answer(aaaa(MAPPED_TEXT))},
         paranoid(no_forward(GOOD), MAPPED_TEXT), [*FOUR, f"A {GOOD}"], client=MAPPED)
honest("the sender of a datagram", GOOD_TABLE, KNOWN, GOOD_QUERIES, client=f"udp {CLIENT}")
honest("a unix socket has no name", GOOD_TABLE, [connect("crit", "localhost", "localhost")], [],
     client="unix -")

# ---- which rules ask ----

BOTH_TABLE = {**GOOD_TABLE, S: answer(ptr(SERVER_NAME)), f"A {SERVER_NAME}": answer(a(SERVER))}
SERVER_QUERIES = [S, f"A {SERVER_NAME}"]
LISTS = {"addresses": "10.\n127.0.0.2\n", "names": f"x.org\n{GOOD}\n",
         "netgroup": f"trusted ({GOOD},,)\nodd (unknown,,) (paranoid,,)\n"}
DEBIANS_BRACKETS = ([connect("info", GOOD)], GOOD_QUERIES)


def rule_case(rule, matches, queries=(), debian=SAME):
    name = GOOD if queries == GOOD_QUERIES else CLIENT
    honest(f"{rule}: asks {', '.join(queries) or 'nobody'}", BOTH_TABLE,
         [connect("debug" if matches else "info", name)], list(queries),
         allow=f"{rule}: severity debug\n", etc=LISTS, debian=debian)


for rule in ("ALL: ALL", f"ALL: {CLIENT}", "ALL: 127.", "ALL: 127.0.0.0/8",
             "ALL: 127.0.0.0/255.0.0.0", f"names@{SERVER}: ALL", "ALL: ALL EXCEPT 10.",
             "ALL: /etc/addresses", f"ALL: {CLIENT}, foo.bar"):
    rule_case(rule, True)
for rule in ("ALL: 9. 8. 10.0.0.1 10.0.0.0/8", "other: foo.bar", "ALL EXCEPT names: foo.bar",
             "22: foo.bar", f"names@{ANOTHER}: LOCAL"):
    rule_case(rule, False)
for rule in ("[::1]", "[fd00::]/8", "[fe80::1%lo]"):
    rule_case(f"ALL: {rule}", False, debian=SAME if "/" in rule else DEBIANS_BRACKETS)
for rule in ("KNOWN", ".ex.org", "good.", "g*d.ex.?rg", "GOOD.EX.ORG", "@trusted", "/etc/names",
             "10. KNOWN"):
    rule_case(f"ALL: {rule}", True, GOOD_QUERIES)
for rule in ("LOCAL", "UNKNOWN", "PARANOID", "foo.bar", "@TRUSTED", "@odd", "@none", "ex.org"):
    rule_case(f"ALL: {rule}", False, GOOD_QUERIES)
rule_case(f"names@{SERVER_NAME}: ALL", True, SERVER_QUERIES)
rule_case("names@LOCAL: ALL", False, SERVER_QUERIES)
for letters, who, queries in (("%a %A %c %d %h %H %p %r %R %s", CLIENT, []),
                              ("%n", GOOD, GOOD_QUERIES), ("%N", CLIENT, SERVER_QUERIES)):
    honest(f"{letters}: asks {', '.join(queries) or 'nobody'}", BOTH_TABLE, [connect("info", who)],
         queries, allow=f"ALL: ALL: spawn /bin/true {letters}\n")

Case("a command between two lookups takes none of their time", BOTH_TABLE,
     [("info", "aclexec returned 1"), ("warning", f"refused connect from {GOOD} ({CLIENT})")],
     [*SERVER_QUERIES, *GOOD_QUERIES], seconds=5.2, deny=f"ALL: {GOOD}\n",
     allow=f"ALL: ALL: aclexec test %N = {SERVER_NAME} && sleep 5.2 && false\n")

# ---- states are states: classic, default, modern ----

def reading_case(name, allow, deny, text, ours_by_directive, debian):
    """ours_by_directive: lines by default, classic and modern."""
    for directive, lines in zip(("", "classic", "modern"), ours_by_directive):
        head = f"#!tcpwrap {directive}\n" if directive else ""
        number = "2" if directive else "1"
        lines = [(severity, said.replace("line 1:", f"line {number}:")) for severity, said in lines]
        Case(f"PTR {name}, {text}, {directive or 'default'}", leads_to(name), lines,
             [P, f"A {name}"], allow=head + allow, deny=head + deny, debian=(debian, None))


GRANTED = [connect("debug")]
for state, severity in (("unknown", "crit"), ("paranoid", "alert"), ("UNKNOWN", "crit")):
    by_classic, by_plain = [connect(severity)], [connect("err")]
    reading_case(state, RULES, "", "by severity", (by_classic, by_classic, by_plain), by_classic)
    reading_case(state, f"ALL: {state.upper()}: severity debug\n", REFUSE_ALL, "admitted as that",
                 ([differ("plain", f"classic {ALLOW_RULE}1"), REFUSED_LINE], GRANTED, TURNED_AWAY),
                 GRANTED)
    reading_case(state, "ALL: LOCAL: severity debug\n", REFUSE_ALL, "admitted as LOCAL",
                 ([differ("classic", f"plain {ALLOW_RULE}1"), REFUSED_LINE], TURNED_AWAY, GRANTED),
                 TURNED_AWAY)
    reading_case(state, "", f"ALL: {state.upper()}\n", "refused as that",
                 ([differ("classic", f"plain {NO_RULE}"), REFUSED_LINE], TURNED_AWAY,
                  [connect("info")]), TURNED_AWAY)
for directive, lines in (("", [differ("plain", f"classic {ALLOW_RULE}1"), REFUSED_LINE]),
                         ("#!tcpwrap classic\n", GRANTED), ("#!tcpwrap modern\n", TURNED_AWAY)):
    Case(f"a netgroup member \"unknown\", {directive[10:-1] or 'default'}", {}, lines, [P],
         allow=directive + "ALL: @odd: severity debug\n", deny=directive + REFUSE_ALL, etc=LISTS,
         debian=(GRANTED, [P]))

# ---- all of it ----

def count_hostile():
    hostile = [case for case in cases if not case.honest]
    compared = sum(not isinstance(case.debian, str) for case in hostile)
    print(f"# {len(hostile)} hostile cases, {compared} of them Debian's tcpd's, too")

    @lab.test("there are at least 100 hostile cases, each of its own")
    def _():
        lab.equal((len(hostile) >= 100, len({case.what for case in cases})), (True, len(cases)))


def main():
    chosen = [case for case in cases if all(word in case.what for word in sys.argv[1:])]
    for case in chosen:
        register(case)
    if not stage.has_ipv6():
        lab.test("clients and name servers on IPv6")(skip_ipv6)
    if chosen == cases:
        count_hostile()
    play([run for case in chosen for run in case.runs()])
    lab.main()


main()
