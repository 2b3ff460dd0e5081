"""test_abuse.py - what strangers, peers and files may do to a running server: afterwards it answers
at once, it took no memory to speak of, and it holds no descriptor that it need not."""
import contextlib
import json
import os
import random
import re
import resource
import signal
import socket
import sys
import threading
import time
import urllib.request

import live
from live import FORMERR, NOERROR, REFUSED
from odd_packets import NAME, header, mutations, odd_packets

SUPPORT = os.path.join(live.HERE, "..", "support")
sys.path.insert(0, SUPPORT)
from health_peers import LINGER_RESET, Peer  # noqa: E402

AT_ONCE_S = 0.1
ROOM = 16 << 20  # octets that the server may grow by
DEMO = os.path.join(live.HERE, "..", "..", "geo-data", "demo.mmdb")


def is_sanitized():
    """Its memory is then the sanitizer's."""
    with open(live.WAYMARK, "rb") as f:
        octets = f.read()
    return b"__asan_init" in octets or b"__tsan_init" in octets


class Besieged(live.LiveTest):
    def besieged(self, more="", **rest):
        self.metrics_port = live.free_port()
        return self.server(server=f'threads = 1; metrics = "127.0.0.1:{self.metrics_port}"; {more}',
                           **rest)

    def until(self, condition):
        deadline = time.monotonic() + live.PATIENCE_S
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)

    def assert_well(self, s):
        """A query is answered at once; when the machine itself was busy, the next one is."""
        def is_quick():
            began = time.monotonic()
            with contextlib.suppress(TimeoutError):
                self.assertEqual(s.ask(NAME, timeout=5).code, NOERROR)
            return time.monotonic() - began < AT_ONCE_S
        self.until(is_quick)

    def files(self, s):
        return len(os.listdir(f"/proc/{s.process.pid}/fd"))

    @contextlib.contextmanager
    def bounded(self, s):
        """What is done within takes no memory to speak of, even for a moment, and no descriptor for
        longer."""
        n_files, before = self.files(s), self.memory(s, "VmRSS")
        with contextlib.suppress(OSError), \
                open(f"/proc/{s.process.pid}/clear_refs", "w", encoding="ascii") as f:
            f.write("5")  # the peak starts anew, where the kernel can
        yield
        self.assert_well(s)
        if not is_sanitized():
            self.assertLess(self.memory(s, "VmHWM"), before + ROOM)
        self.until(lambda: self.files(s) <= n_files)

    def memory(self, s, what):
        with open(f"/proc/{s.process.pid}/status", encoding="ascii") as f:
            return int(re.search(rf"^{what}:\s+(\d+) kB$", f.read(), re.MULTILINE)[1]) << 10

    def figures(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics",
                                    timeout=live.PATIENCE_S) as page:
            return {key: float(value) for key, value in
                    (line.rsplit(" ", 1) for line in page.read().decode().splitlines()
                     if not line.startswith("#"))}

    def is_even(self):
        """As many sent as received. The last one is counted after it was sent: its client may be here
        before the worker that was put off its core just then."""
        figures = self.figures()
        return figures["waymark_udp_sent_total"] == figures["waymark_udp_received_total"]

    def begin(self, target):
        """A thread that ends before the test does; what it raises is the test's."""
        raised = []

        def run():
            try:
                target()
            except BaseException as e:  # pylint: disable=broad-except
                raised.append(e)
        thread = threading.Thread(target=run, daemon=True)
        thread.start()

        def end():
            thread.join(live.PATIENCE_S)
            self.assertFalse(thread.is_alive())
            if raised:
                raise raised[0]
        return end

    def reload(self, s):
        """Whether it went well."""
        since = len(s.log)
        s.send(signal.SIGHUP)
        s.wait_for("reload (done|failed)", since)
        return "reload done" in s.log[since:]

    def asking(self, s):
        """One query after the other, until its result is called; each must be answered. A machine
        under load loses a datagram of thousands by itself: what the server got decides."""
        over, asked = threading.Event(), []

        def ask():
            while not over.is_set():
                with contextlib.suppress(TimeoutError):
                    self.assertEqual(s.ask(NAME, timeout=5).n_answer, 1)
                    asked.append(1)
                time.sleep(0.001)  # others use this machine, too
        end = self.begin(ask)

        def stop():
            over.set()
            end()
            self.assertGreater(len(asked), 0)
            self.until(self.is_even)
            figures = self.figures()
            self.assertGreaterEqual(figures["waymark_udp_received_total"], len(asked))
            self.assertEqual(figures["waymark_udp_send_failures_total"], 0)
        return stop


def reset(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RESET)
    s.close()


def send_until_refused(c, octets, times):
    """As much as it takes; it may hang up."""
    c.setblocking(False)
    with contextlib.suppress(OSError):
        for _ in range(times):
            c.send(octets)


class Packets(Besieged):
    def test_every_odd_datagram_has_its_answer_and_its_counter(self):
        for last in (False, False, True):  # a kernel whose queue is full drops one now and then
            try:
                return self.send_every_odd_datagram()
            except TimeoutError:
                if last:
                    raise

    def send_every_odd_datagram(self):
        """TimeoutError: one was lost, whether an odd one or its neighbour."""
        s = self.besieged().start()
        packets = odd_packets()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as c:
            c.settimeout(live.PATIENCE_S / 4)
            c.connect(("127.0.0.1", s.port))
            for n, (what, octets, code) in enumerate(packets):
                c.send(octets)
                c.send(live.query(NAME, number=0x7777))
                if code is not None:
                    a = live.Answer(c.recv(4096))
                    self.assertEqual((a.number, a.code), (n, code), what)
                a = live.Answer(c.recv(4096))
                self.assertEqual((a.number, a.n_answer), (0x7777, 1), what)
        figures = self.figures()
        codes = [code for _, _, code in packets]
        self.assertEqual(figures['waymark_malformed_total{transport="udp"}'], codes.count(FORMERR))
        self.assertEqual(figures['waymark_dropped_total{transport="udp"}'], codes.count(None))
        self.assert_well(s)
        self.stop(s)

    def test_every_odd_message_of_a_stream_has_its_answer(self):
        s = self.besieged().start()
        packets = odd_packets()
        packets.append(("64 KiB of it", header(len(packets)) + b"\0" * 65523, REFUSED))
        with live.connect("127.0.0.1", s.port) as c:
            c.sendall(b"".join(live.framed(octets) for _, octets, _ in packets))
            c.sendall(live.framed(live.query(NAME, number=0x7777)))
            for n, (what, _, code) in enumerate(packets):
                if code is not None:
                    a = live.read_framed(c)
                    self.assertEqual((a.number, a.code), (n, code), what)
            self.assertEqual(live.read_framed(c).number, 0x7777)
        self.assert_well(s)
        self.stop(s)

    def test_mutations_of_a_query_leave_it_answering(self):
        s = self.besieged().start()

        def is_caught_up(c):
            c.send(live.query(NAME, number=0x7777))
            with contextlib.suppress(TimeoutError):  # dropped by the kernel
                while live.Answer(c.recv(4096)).number != 0x7777:
                    pass
                return True
            return False

        def attack():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as c:
                c.settimeout(5)
                c.connect(("127.0.0.1", s.port))
                for i, octets in enumerate(mutations(2000)):
                    c.send(octets)
                    if i % 20 == 19:  # no more at a time than a socket holds
                        self.until(lambda: is_caught_up(c))
            with live.connect("127.0.0.1", s.port) as c:
                c.sendall(b"".join(live.framed(octets) for octets in mutations(500)))
                c.sendall(live.framed(live.query(NAME, number=0x7777)))
                while live.read_framed(c).number != 0x7777:
                    pass
        with self.bounded(s):
            for _ in range(3):
                attack()
        self.stop(s)


class Streams(Besieged):
    def test_slow_writers_keep_nobody_waiting_and_are_answered(self):
        s = self.besieged("tcp_idle_s = 600; tcp_per_client = 100;").start()
        octets = live.framed(live.query(NAME))
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(live.connect("127.0.0.1", s.port)) for _ in range(100)]
            for octet in octets[:6]:
                for c in clients:
                    c.sendall(bytes([octet]))
                self.assert_well(s)
            for c in clients:
                c.sendall(octets[6:])
            for c in clients:
                self.assertEqual(live.read_framed(c).n_answer, 1)
        self.stop(s)

    def test_who_leaves_in_the_middle_leaves_nothing_behind(self):
        s = self.besieged("tcp_idle_s = 600; tcp_clients = 1000; tcp_per_client = 1000;").start()
        whole = live.framed(live.query(NAME))
        parts = (b"", b"\0", whole[:2], whole[:9], whole[:-1], whole * 3, whole * 3 + b"\0",
                 b"\xff\xff" + b"x" * 40000)

        def attack():
            for leave in (socket.socket.close, reset):
                for part in parts * 10:
                    c = live.connect("127.0.0.1", s.port)
                    c.sendall(part)
                    leave(c)
        with self.bounded(s):
            for _ in range(3):
                attack()
        self.until(lambda: self.figures()["waymark_tcp_clients"] == 0)
        self.stop(s)

    def test_200_queries_at_once_and_nobody_to_read_the_answers(self):
        big = live.ZONE + "".join(f'big IN TXT "{i:03d}{"x" * 240}"\n' for i in range(200))
        s = self.besieged("tcp_idle_s = 600;", zone=big).start()
        asked = live.framed(live.query("big.plain.example", live.TXT)) * 200

        def attack():
            for leave in (socket.socket.close, reset) * 5:
                c = live.connect("127.0.0.1", s.port)
                c.sendall(asked)
                leave(c)
        with self.bounded(s):
            for _ in range(3):
                attack()
        self.stop(s)

    def test_without_a_descriptor_the_oldest_client_makes_room(self):
        s = self.besieged("tcp_idle_s = 600;").start()
        limits = resource.prlimit(s.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(s.process.pid, resource.RLIMIT_NOFILE, (self.files(s) + 8, limits[1]))
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(live.connect("127.0.0.1", s.port)) for _ in range(60)]
            for c in clients[-5:]:
                c.sendall(live.framed(live.query(NAME)))
            for c in clients[-5:]:
                self.assertEqual(live.read_framed(c).n_answer, 1)
            self.assertTrue(live.is_closed(clients[0]))
            self.assert_well(s)
        status, out, err = live.waymark("status", "-c", s.conf)
        self.assertEqual(status, 0, out + err)
        self.stop(s)


class Operators(Besieged):
    """Those who may ask for status, and may still be wrong."""

    def connect(self, s):
        c = socket.socket(socket.AF_UNIX)
        c.connect(s.path("run/sock"))  # blocks while the backlog is full, as our own client does
        c.settimeout(live.PATIENCE_S)
        return c

    def test_the_control_socket_takes_garbage_and_clients_that_never_read(self):
        s = self.besieged().start()
        chance = random.Random(4)

        def attack():
            with contextlib.ExitStack() as stack:
                for octets, times in ((b'{"do":"status"}\n', 3000), (b"x" * 65536, 100),
                                      (b"[" * 60000 + b"\n", 50), (b"\n" * 65536, 20),
                                      (chance.randbytes(65536), 50)) * 2:
                    c = stack.enter_context(self.connect(s))
                    send_until_refused(c, octets, times)
                self.assert_well(s)
                for _ in range(60):  # more than it takes
                    stack.enter_context(self.connect(s))
                self.assert_well(s)
        with self.bounded(s):
            for _ in range(3):
                attack()

        def is_told():
            with contextlib.suppress(ConnectionError), self.connect(s) as c, \
                    c.makefile("rb") as lines:
                c.sendall(b'{"do":"status"}\n')
                return "server" in json.loads(lines.readline())
            return False  # turned away: the others' places are not free yet
        self.until(is_told)
        self.stop(s)

    def test_the_metrics_page_takes_garbage_and_clients_that_never_read(self):
        s = self.besieged().start()
        line = b"GET /metrics HTTP/1.1\r\n"

        def attack():
            with contextlib.ExitStack() as stack:
                for octets, times in ((line + b"\r\n", 1), (b"GET /" + b"x" * 65536, 20), (line, 9),
                                      (line + b"X: y\r\n" * 9000, 20), (b"\0" * 65536, 20),
                                      (b"GET", 1), (b"POST / HTTP/1.1\r\n\r\n", 20)) * 10:
                    c = stack.enter_context(live.connect("127.0.0.1", self.metrics_port))
                    send_until_refused(c, octets, times)
                    if times == 9:
                        reset(c)
                self.assert_well(s)
                self.assertIn("waymark_ready", self.figures())
        with self.bounded(s):
            for _ in range(3):
                attack()
        self.stop(s)


STEERED = """
geo: {{ databases = ["{folder}/places.mmdb"]; }};
pops: {{ tokyo: {{ at = [35.68, 139.69]; addresses = ["192.0.2.10"]; }};
        paris: {{ at = [48.85, 2.35]; addresses = ["192.0.2.20"]; }}; }};
services: ({{ name = "web"; hosts = ["{name}"]; targets = ["tokyo", "paris"];
            policy = ("nearest"); }});
"""


class Files(Besieged):
    def test_a_storm_of_good_and_bad_reloads_loses_no_query(self):
        s = self.besieged().start()
        bad = ("threads = -1;", 'udp_siez = "x";', "}", "threads = 1; nsid = ")
        stop_asking = self.asking(s)
        s.write_conf(server=bad[0])
        self.assertFalse(self.reload(s))
        with self.bounded(s):
            for i in range(100):
                s.write_conf(server=bad[i // 2 % len(bad)] if i % 2 else None)
                s.send(signal.SIGHUP)
                time.sleep(0.01)
            s.write_conf()
            self.until(lambda: self.reload(s))
        stop_asking()
        self.stop(s)

    def test_a_configuration_that_is_cut_short_takes_nothing_away(self):
        s = self.besieged().start()
        with open(s.conf, "rb") as f:
            whole = f.read()
        for n in (0, 1, len(whole) // 3, len(whole) // 2, whole.index(b"zones")):
            with open(s.conf, "r+b") as f:
                f.truncate(n)
            self.assertFalse(self.reload(s), n)
            self.assertEqual(s.ask(NAME).n_answer, 1)
            with open(s.conf, "wb") as f:
                f.write(whole)
        self.assertTrue(self.reload(s))
        self.stop(s)

    def test_a_database_that_is_rewritten_in_place_harms_nobody(self):
        s = self.besieged()
        s.write_conf(rest=STEERED.format(folder=s.folder, name=NAME))
        path, over, chance = s.path("places.mmdb"), threading.Event(), random.Random(9)
        with open(DEMO, "rb") as f:
            whole = f.read()
        with open(path, "wb") as f:
            f.write(whole)
        s.start()

        def rewrite():
            while not over.is_set():
                n = chance.randrange(len(whole))
                with open(path, "r+b", buffering=0) as f:
                    f.truncate(n)
                    f.write(chance.randbytes(50))
                    f.seek(0)
                    f.write(whole)
        end, stop_asking = self.begin(rewrite), self.asking(s)
        for _ in range(25):
            self.reload(s)
        over.set()
        end()
        os.truncate(path, len(whole) // 2)
        self.assertFalse(self.reload(s))
        os.truncate(path, 0)
        self.assertFalse(self.reload(s))
        stop_asking()
        self.assert_well(s)
        with open(path, "wb") as f:
            f.write(whole)
        self.assertTrue(self.reload(s))
        self.stop(s)


class Hostile(Peer):
    """A health target that harms whoever probes it."""

    def serve(self, client):
        if self.mode != "noise":
            super().serve(client)
            return
        with contextlib.suppress(OSError), client:  # whatever the client spoke
            client.recv(65536)
            self.n += 1
            client.sendall(b"\x16\x03\x03\xff\xff" + os.urandom(70000))

    def wrong_chunks(self, client):
        client.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nok\r\n" * 9)

    def huge_chunk(self, client):
        client.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n")
        self.flood(client)

    def huge_length(self, client):
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n")
        self.flood(client)

    def bomb(self, client):
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip, br\r\n\r\n")
        self.flood(client)

    def interim(self, client):
        while True:
            client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)

    def flood(self, client):
        while True:
            client.sendall(b"z" * 65536)


MODES = ("endless_body", "endless_headers", "endless_header", "reset", "garbage", "silence",
         "wrong_chunks", "huge_chunk", "huge_length", "bomb", "interim", "noise", "noise_tls",
         "garbage_tls")  # the last two to a prober that speaks TLS
COUNTED = MODES[:-1]  # garbage_tls waits for a request that is none
CHECK = ('{name}: {{ url = "{scheme}://{{address}}:{port}/"; host = "www.test"; body = "ok"; '
         'every_s = {every_s}; timeout_ms = {timeout_ms}; fall = 1; rise = 1; }};\n')
POP = '{name}: {{ at = [0.0, 0.0]; addresses = ["{address}"]; check = "{name}"; }};\n'
SERVICE = """
checks: {{ {checks} }}; pops: {{ {pops} }};
services: ({{ name = "web"; hosts = ["{name}"]; targets = [{targets}];
            policy = ("healthy", "weighted"); no_target = "zone"; }});
"""


class Targets(Besieged):
    def open_peers(self):
        peers = {"sound": Hostile("sound", "up", "127.0.1.1")}
        for i, name in enumerate(MODES):
            peers[name] = Hostile(name, name.removesuffix("_tls"), f"127.0.1.{i + 2}")
        for peer in peers.values():
            self.addCleanup(peer.socket.close)
        return peers

    def test_targets_that_harm_the_prober_are_down_and_that_is_all(self):
        peers, checks, pops = self.open_peers(), "", ""
        for name, peer in peers.items():
            every_s = 60 if name == "sound" else 1  # no haste: it must not seem to be down
            checks += CHECK.format(name=name, port=peer.port, every_s=every_s,
                                   timeout_ms=every_s * 500,
                                   scheme="https" if name.endswith("tls") else "http")
            pops += POP.format(name=name, address=peer.socket.getsockname()[0])
        s = self.besieged()
        s.write_conf(rest=SERVICE.format(checks=checks, pops=pops, name=NAME,
                                         targets=", ".join(f'"{name}"' for name in peers)))
        s.start()
        for name in peers:
            if name != "sound":
                s.wait_for(rf"{name}\b.* down")
        with self.bounded(s):
            self.until(lambda: all(p.n >= 3 for p in peers.values() if p.name in COUNTED))
            for _ in range(20):
                self.assertIn(socket.inet_aton("127.0.1.1"), s.ask(NAME).octets)
        self.stop(s)


if __name__ == "__main__":
    live.main()
