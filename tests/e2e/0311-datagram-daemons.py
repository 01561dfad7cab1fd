#!/usr/bin/env python3
# packages: rpcbind tftpd-hpa quota talkd openbsd-inetd libwrap0
# timeout: 300
# seconds: 11
"""Daemons that give libwrap an address and no connection: RPC, TFTP and talk, on our library and on
Debian's."""
import contextlib
import signal
import struct
import sys

sys.dont_write_bytecode = True
from verdict_lab import *  # noqa: E402

RPCBIND, RQUOTA, UDP = 100000, 100011, 17
AUTH_UNIX = struct.pack("!7I", 1, 20, 0, 0, 0, 0, 0)  # root of a host without a name


def call(program, version, procedure, body, credentials=bytes(8)):
    return (struct.pack("!6I", 7, 0, 2, program, version, procedure) + credentials + bytes(8)
            + body)


def is_accepted(reply):
    return len(reply) >= 24 and struct.unpack("!3I", reply[:12]) == (7, 1, 0)


get_port = call(RPCBIND, 2, 3, struct.pack("!4I", RPCBIND, 2, UDP, 0))
compare("rpcbind", 111, ["rpcbind", "-f", "-l"], datagram(get_port), is_accepted, lacks=NO_END,
        is_hidden=True)


@contextlib.contextmanager
def rquotad():
    with Daemon(program("rpcbind"), "-f", port=111):
        with Daemon(program("rpc.rquotad"), "-F", "-p", "875", port=875) as daemon:
            yield daemon


get_quota = call(RQUOTA, 1, 1, struct.pack("!I4si", 1, b"/", 0), AUTH_UNIX)
compare("rquotad", 875, rquotad, datagram(get_quota), is_accepted, lacks=NO_END)

conf("ftp/file", DATA)
compare("in.tftpd", 69, ["in.tftpd", "-L", "-a", ":69", "-u", "root", "/run/ftp"],
        datagram(b"\0\1/run/ftp/file\0octet\0", "connection refused from", end=b"\0\4\0\1"),
        lambda seen: seen[4:] == DATA.encode(), lacks=("port",), without=("twist",))


class Talk:
    """in.ntalkd, for which inetd waits while it answers: it decides again and again."""

    PORT = 518

    @contextlib.contextmanager
    def start(self):
        service = f"ntalk\tdgram\tudp\twait\troot\t{program('in.ntalkd')}\tin.ntalkd\n"
        with Daemon(program("inetd"), "-i", "-R", "10000", conf("talk.conf", service),
                    port=self.PORT) as self.inetd:
            yield self.inetd
            self.end_talk()

    def end_talk(self):
        for pid in children(self.inetd.pid):
            os.kill(pid, signal.SIGKILL)

    def ask(self, *ends):
        seen = datagram(self.look_up, "refused connect", lambda answer: answer[:3])(*ends)
        if seen == b"":  # Debian's refuse() still sleeps
            self.end_talk()
        return seen

    @staticmethod
    def look_up(client):
        """Is somebody invited? The answer goes to the address in the question."""
        address = struct.pack("!HH4s8x", socket.AF_INET, client[1], socket.inet_aton(client[0]))
        return (struct.pack("!BBxxI", 1, 1, 0) + address * 2
                + struct.pack("!i12s12s16s", 1, b"guest", b"root", b""))


talk = Talk()
compare("in.ntalkd", Talk.PORT, talk.start, talk.ask, bool, clients="nblpeh", lacks=("server",),
        without=("twist",))

only_wanted()
main()
