"""test_crowd.py - ten thousand idle TCP clients, and the first query within the handshake."""
import resource
import socket
import statistics
import struct
import subprocess
import sys
import time
import unittest

import live
from live import NOERROR

NAME = "www.plain.example"
CROWD = 10000
TCP_FASTOPEN_CONNECT = 30


def rtt_s(port, n=300):
    """Round trips over UDP, one after another."""
    times = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(live.PATIENCE_S)
        s.connect(("127.0.0.1", port))
        for _ in range(n):
            began = time.monotonic()
            s.send(live.query(NAME))
            s.recv(4096)
            times.append(time.monotonic() - began)
    return statistics.median(times)


class IdleCrowd(live.LiveTest):
    def connect(self, port, source):
        s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.addCleanup(s.close)
        s.settimeout(live.PATIENCE_S)
        s.bind((source, 0))
        s.connect(("127.0.0.1", port))
        return s

    def test_ten_thousand_idle_clients_slow_no_datagram(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = CROWD + 2000
        if hard != resource.RLIM_INFINITY and hard < wanted:
            self.skipTest(f"may open {hard} files, {wanted} are wanted")
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
        s = self.server(server=f"threads = 1; tcp_clients = {CROWD}; tcp_idle_s = 600;"
                        f" tcp_per_client = 1000;").start()
        alone = min(rtt_s(s.port) for _ in range(3))
        rss = s.rss_kib()
        crowd = [self.connect(s.port, f"127.7.{i % 20}.1") for i in range(CROWD)]
        for c in crowd[::10]:  # some have asked and wait
            c.sendall(live.framed(live.query(NAME)))
        for c in crowd[::10]:
            self.assertEqual(live.read_framed(c).code, NOERROR)
        among = min(rtt_s(s.port) for _ in range(3))
        more = (s.rss_kib() - rss) / CROWD
        print(f"{1e6 * alone:.0f} us alone, {1e6 * among:.0f} us among {CROWD} idle clients, "
              f"{more:.2f} KiB for each", end=" ", flush=True)
        self.assertLess(among, 2 * alone + 0.001)
        if "build-asan" not in live.WAYMARK and "build-tsan" not in live.WAYMARK:
            self.assertLess(more, 2)
        newest = self.connect(s.port, "127.8.0.1")  # full: the idlest gives way
        newest.sendall(live.framed(live.query(NAME)))
        self.assertEqual(live.read_framed(newest).code, NOERROR)
        self.assertTrue(live.is_closed(crowd[1]))
        crowd[-10].sendall(live.framed(live.query(NAME)))
        self.assertEqual(live.read_framed(crowd[-10]).code, NOERROR)
        self.stop(s)


class Keepalive(live.LiveTest):
    def ask(self, c):
        q = bytearray(live.framed(live.query(NAME) + struct.pack("!BHHIHHH", 0, 41, 1232, 0, 4, 11, 0)))
        q[1] = len(q) - 2
        q[2 + 11] = 1
        c.sendall(bytes(q))
        octets = live.read_framed(c).octets
        self.assertEqual(octets[-6:-2], b"\0\x0b\0\x02")
        return struct.unpack("!H", octets[-2:])[0]

    def test_clients_hear_how_long_they_are_kept_until_places_are_rare(self):
        s = self.server(server="threads = 1; tcp_clients = 18; tcp_idle_s = 30;").start()
        clients = []
        for _ in range(18):
            clients.append(live.connect("127.0.0.1", s.port))
            self.addCleanup(clients[-1].close)
            last = self.ask(clients[-1])
            if len(clients) == 1:
                self.assertEqual(last, 300)
        self.assertEqual(last, 0)
        self.stop(s)

    def test_a_connection_ends_with_its_life(self):
        s = self.server(server="threads = 1; tcp_life_s = 1;").start()
        with live.connect("127.0.0.1", s.port) as c:
            began = time.monotonic()
            with self.assertRaises((EOFError, ConnectionError)):
                while time.monotonic() - began < live.PATIENCE_S:
                    c.sendall(live.framed(live.query(NAME)))
                    live.read_framed(c)
                    time.sleep(0.05)
            self.assertGreater(time.monotonic() - began, 0.9)
        self.stop(s)


def can_have_a_namespace():
    try:
        return subprocess.run(["unshare", "-n", "true"], capture_output=True, timeout=20).returncode == 0
    except OSError:
        return False


class FastOpen(live.LiveTest):
    @unittest.skipUnless(can_have_a_namespace(), "may not make a network namespace")
    def test_the_second_connection_has_its_query_in_the_first_segment(self):
        done = subprocess.run(["unshare", "-n", sys.executable, "-B", __file__, "--fast-open"],
                              capture_output=True, text=True, timeout=2 * live.PATIENCE_S)
        if done.returncode == 77:
            self.skipTest(done.stdout.strip())
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


def loopback_up():
    import fcntl
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        request = struct.pack("16sH14x", b"lo", 0)
        flags, = struct.unpack("16xH14x", fcntl.ioctl(s, 0x8913, request))  # SIOCGIFFLAGS
        fcntl.ioctl(s, 0x8914, struct.pack("16sH14x", b"lo", flags | 1))    # SIOCSIFFLAGS, IFF_UP


def passive_opens():
    with open("/proc/net/netstat") as f:
        lines = [line.split() for line in f if line.startswith("TcpExt:")]
    return int(dict(zip(lines[0], lines[1]))["TCPFastOpenPassive"])


def fast_open_inside():
    """In a namespace of its own, where the kernel is told to allow it."""
    loopback_up()
    try:
        with open("/proc/sys/net/ipv4/tcp_fastopen", "w") as f:
            f.write("3")
    except OSError as e:
        print(f"net.ipv4.tcp_fastopen cannot be set: {e}")
        return 77
    s = live.Server()
    try:
        s.start()
        for _ in range(3):
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as c:
                c.settimeout(live.PATIENCE_S)
                c.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1)
                c.connect(("127.0.0.1", s.port))
                c.sendall(live.framed(live.query(NAME)))
                assert live.read_framed(c).n_answer == 1
        assert passive_opens() >= 2, f"{passive_opens()} fast opens"
        assert s.stop() == 0
    finally:
        s.close()
    return 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--fast-open"]:
        sys.exit(fast_open_inside())
    live.main()
