"""live.py - what the live tests share: a server of their own, and a client that speaks DNS.

Standard library only. Every server runs in a folder of its own, on ports that were free a moment
ago, on loopback, and is ended by its process id. The binary is in $WAYMARK."""
import fcntl
import functools
import itertools
import os
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unicodedata
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
WAYMARK = os.path.abspath(os.environ.get("WAYMARK", "build/waymark"))
SUPPRESSIONS = os.path.join(HERE, "..", "support", "tsan.supp")
PATIENCE_S = 60  # for what takes milliseconds, on a loaded machine under a sanitizer
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = range(6)
A, NS, CNAME, SOA, TXT, AAAA = 1, 2, 5, 6, 16, 28

ZONE = """$TTL 300
@       IN SOA ns1 host 1 3600 600 86400 60
        IN NS  ns1
        IN NS  ns2
ns1     IN A   192.0.2.53
ns2     IN A   192.0.2.54
www     IN A   192.0.2.1
        IN AAAA 2001:db8::1
"""


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
            s.bind(("::1", 0))
        return True
    except OSError:
        return False


@functools.cache
def own_ports():
    """Ports that no other test takes as long as this process lives, in turn: what is free now, somebody else,
    or the same test, might bind before the server does. Below those that the kernel gives to clients."""
    for first in range(10000, 30000, 500):
        try:
            path = os.path.join(tempfile.gettempdir(), f"waymark-ports-{first}-{os.getuid()}")
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except OSError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return itertools.cycle(random.sample(range(first, first + 500), 500))  # locked until it ends
        except OSError:
            os.close(lock)
    raise AssertionError("forty tests hold all ports")


def free_port(*addresses):
    """A port that is free for UDP and TCP at each of the addresses."""
    for _ in range(200):
        port = next(own_ports())
        if all(is_free(a, port, t) for a in addresses or ("127.0.0.1",)
               for t in (socket.SOCK_DGRAM, socket.SOCK_STREAM)):
            return port
    raise AssertionError("no free port")


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def is_free(address, port, kind):
    with socket.socket(family_of(address), kind) as s:
        try:
            s.bind((address, port))
            return True
        except OSError:
            return False


def endpoint(address, port):
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def name_octets(name):
    return b"".join(bytes([len(p)]) + p.encode() for p in name.split(".") if p) + b"\0"


def private(path, flags):
    """An opener of files that nobody else may read."""
    return os.open(path, flags, 0o600)


def query(name, qtype=A, number=0x1234):
    return struct.pack("!6H", number, 0, 1, 0, 0, 0) + name_octets(name) + struct.pack("!2H", qtype, 1)


class Answer:
    def __init__(self, octets):
        self.octets = octets
        self.number, self.flags, _, self.n_answer, _, _ = struct.unpack("!6H", octets[:12])
        self.code = self.flags & 15
        self.is_truncated = bool(self.flags & 0x0200)


def ask_udp(address, port, name, qtype=A, timeout=PATIENCE_S, source=None):
    """Connected: an answer from anywhere else than the asked address does not arrive."""
    with socket.socket(family_of(address), socket.SOCK_DGRAM) as s:
        s.settimeout(timeout)
        if source:
            s.bind((source, 0))
        s.connect((address, port))
        s.send(query(name, qtype))
        return Answer(s.recv(65535))


def framed(message):
    return struct.pack("!H", len(message)) + message


def read_exactly(s, n):
    octets = b""
    while len(octets) < n:
        more = s.recv(n - len(octets))
        if not more:
            raise EOFError(f"{len(octets)} of {n} octets")
        octets += more
    return octets


def read_framed(s):
    return Answer(read_exactly(s, struct.unpack("!H", read_exactly(s, 2))[0]))


def connect(address, port, timeout=PATIENCE_S):
    s = socket.create_connection((address, port), timeout=timeout)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def ask_tcp(address, port, name, qtype=A):
    with connect(address, port) as s:
        s.sendall(framed(query(name, qtype)))
        return read_framed(s)


def is_closed(s):
    try:
        return s.recv(1) == b""
    except ConnectionError:
        return True


def can_be_shown(octets):
    """Lines of UTF-8 without control characters?"""
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        return False
    return not any(unicodedata.category(c) == "Cc" and c != "\n" for c in text)


class Server:
    """`waymark serve` with a configuration of its own."""

    def __init__(self, listen=None, server="", rest="", zone=ZONE):
        self.folder = tempfile.mkdtemp(prefix="waymark-live-")
        self.port = free_port()
        self.listen = listen or [endpoint("127.0.0.1", self.port)]
        self.server, self.rest = server, rest
        self.conf = self.path("waymark.conf")
        self.process, self.log = None, ""
        self.foul = []  # lines that a journal could not take
        self.write_zone(zone)
        self.write_conf()

    def path(self, name):
        return os.path.join(self.folder, name)

    def write_zone(self, text):
        with open(self.path("plain.zone"), "w") as f:
            f.write(text)

    def write_conf(self, server=None, rest=None):
        listen = ", ".join(f'"{e}"' for e in self.listen)
        with open(self.conf, "w") as f:
            f.write(f'server: {{ listen = [{listen}];\n'
                    f'  state = "{self.path("state")}"; control = "{self.path("run/sock")}";\n'
                    f'  {self.server if server is None else server} }};\n'
                    f'zones: ( {{ name = "plain.example"; file = "{self.path("plain.zone")}"; }} );\n'
                    f'{self.rest if rest is None else rest}\n')

    def launch(self, more_env=None):
        env = dict(os.environ)
        env.pop("JOURNAL_STREAM", None)
        env.pop("NOTIFY_SOCKET", None)
        env["TSAN_OPTIONS"] = f"suppressions={SUPPRESSIONS} " + env.get("TSAN_OPTIONS", "")
        env.update(more_env or {})
        self.process = subprocess.Popen([WAYMARK, "serve", "-c", self.conf], stderr=subprocess.PIPE,
                                        stdout=subprocess.DEVNULL, env=env)
        self.reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self.reader.start()
        return self

    def _read(self, process):
        for line in process.stderr:
            if not can_be_shown(line):
                self.foul.append(line)
            self.log += line.decode(errors="backslashreplace")
        process.stderr.close()

    def start(self):
        self.launch()
        self.wait_for("is ready")
        return self

    def wait_for(self, text, since=0):
        """Until a line of the log has it (a regular expression)."""
        deadline = time.monotonic() + PATIENCE_S
        while not re.search(text, self.log[since:]):
            if self.process.poll() is not None:
                self.reader.join()
                if re.search(text, self.log[since:]):
                    return
                raise AssertionError(f"the server ended before it said {text!r}:\n{self.log}")
            if time.monotonic() > deadline:
                raise AssertionError(f"the server never said {text!r}:\n{self.log}")
            time.sleep(0.01)

    def wait(self):
        status = self.process.wait(timeout=PATIENCE_S)
        self.reader.join()
        return status

    def rss_kib(self):
        with open(f"/proc/{self.process.pid}/status") as f:
            return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))

    def cpu_s(self):
        """Processor time that it has taken so far."""
        with open(f"/proc/{self.process.pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def send(self, number):
        self.process.send_signal(number)

    def stop(self, number=signal.SIGTERM):
        """Ends it as an operator would, and finds out whether a sanitizer had to say something."""
        self.send(number)
        status = self.wait()
        for word in ("Sanitizer", "runtime error", "Assertion"):
            if word in self.log:
                raise AssertionError(self.log)
        if self.foul:
            raise AssertionError(f"in the log: {self.foul}")
        return status

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def ask(self, name, qtype=A, **more):
        return ask_udp("127.0.0.1", self.port, name, qtype, **more)


def waymark(*args):
    """Runs a subcommand: (exit status, standard output, standard error)."""
    env = dict(os.environ, TSAN_OPTIONS=f"suppressions={SUPPRESSIONS}")
    done = subprocess.run([WAYMARK, *args], capture_output=True, text=True, timeout=PATIENCE_S,
                          env=env)
    return done.returncode, done.stdout, done.stderr


class LiveTest(unittest.TestCase):
    def server(self, *args, **more):
        """A server that ends with the test; not yet started."""
        server = Server(*args, **more)
        self.addCleanup(server.close)
        return server

    def stop(self, server, number=signal.SIGTERM):
        self.assertEqual(server.stop(number), 0, server.log)


def main():
    unittest.main(verbosity=2)
