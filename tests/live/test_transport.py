"""test_transport.py - UDP and TCP, IPv4 and IPv6, many addresses, patient and impatient clients."""
import os
import socket
import struct
import time
import unittest
import urllib.request

import live
from live import NOERROR, NXDOMAIN

NAME = "www.plain.example"


class Addresses(live.LiveTest):
    def check(self, address, port, source=None):
        self.assertEqual(live.ask_udp(address, port, NAME, source=source).n_answer, 1)
        self.assertEqual(live.ask_tcp(address, port, NAME).n_answer, 1)

    def test_several_addresses_answer_over_udp_and_tcp(self):
        addresses = ["127.0.0.1", "127.0.0.2", "127.5.6.7"]
        port = live.free_port(*addresses)
        s = self.server(listen=[live.endpoint(a, port) for a in addresses]).start()
        for a in addresses:
            self.check(a, port)
        with self.assertRaises(OSError):
            live.ask_udp("127.0.0.3", port, NAME, timeout=0.5)
        self.stop(s)

    @unittest.skipUnless(live.has_ipv6(), "no IPv6 on loopback")
    def test_ipv6_beside_ipv4_on_one_port(self):
        port = live.free_port("127.0.0.1", "::1")
        s = self.server(listen=[live.endpoint(a, port) for a in ("127.0.0.1", "::1")]).start()
        self.check("127.0.0.1", port)
        self.check("::1", port)
        self.stop(s)

    def test_a_wildcard_answers_from_the_address_that_was_asked(self):
        port = live.free_port("0.0.0.0")
        s = self.server(listen=[live.endpoint("0.0.0.0", port)]).start()
        for asked in ("127.0.0.1", "127.9.8.7", "127.255.0.9"):
            self.check(asked, port)
        self.check("127.9.8.7", port, source="127.1.1.1")
        self.stop(s)

    @unittest.skipUnless(live.has_ipv6(), "no IPv6 on loopback")
    def test_both_wildcards_share_a_port(self):
        port = live.free_port("0.0.0.0", "::")
        s = self.server(listen=[live.endpoint(a, port) for a in ("0.0.0.0", "::")]).start()
        self.check("::1", port)
        self.check("127.4.4.4", port)
        self.stop(s)


class Datagrams(live.LiveTest):
    def test_a_pinned_thread_stays_on_its_cpu_and_answers(self):
        s = self.server(server="threads = 1; pin_threads = true; steer_by_cpu = true;").start()
        own = {}
        for task in os.listdir(f"/proc/{s.process.pid}/task"):
            with open(f"/proc/{s.process.pid}/task/{task}/comm") as f:
                own[f.read().strip()] = os.sched_getaffinity(int(task))
        self.assertEqual(len(own["udp/0"]), 1)
        self.assertEqual(own["tcp/0"], os.sched_getaffinity(s.process.pid))
        self.assertEqual(s.ask(NAME).code, NOERROR)
        self.stop(s)

    def test_many_clients_get_the_answer_to_their_own_question(self):
        s = self.server(server="threads = 2;").start()
        clients = []
        for i in range(300):
            c = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.addCleanup(c.close)
            c.settimeout(live.PATIENCE_S)
            c.connect(("127.0.0.1", s.port))
            clients.append(c)
        for i, c in enumerate(clients):
            c.send(live.query(NAME if i % 2 else "no.plain.example", number=i))
        for i, c in enumerate(clients):
            a = live.Answer(c.recv(4096))
            self.assertEqual((a.number, a.code), (i, NOERROR if i % 2 else NXDOMAIN))
        self.stop(s)

    def test_odd_datagrams_leave_it_answering(self):
        s = self.server(server="threads = 1;").start()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as c:
            c.connect(("127.0.0.1", s.port))
            c.send(b"")
            for n in range(1, 40):
                c.send(live.query(NAME)[:n])
            for _ in range(200):
                c.send(os.urandom(64))
            c.send(os.urandom(5000))
            c.send(os.urandom(65000))
        self.assertEqual(s.ask(NAME).code, NOERROR)
        self.stop(s)


class Figures(live.LiveTest):
    def test_metrics_count_datagrams_and_clients(self):
        metrics = live.free_port()
        s = self.server(server=f'metrics = "127.0.0.1:{metrics}";').start()
        for _ in range(5):
            s.ask(NAME)
        live.ask_tcp("127.0.0.1", s.port, NAME)
        with live.connect("127.0.0.1", s.port) as c:
            c.sendall(live.framed(live.query(NAME)))
            live.read_framed(c)
            with urllib.request.urlopen(f"http://127.0.0.1:{metrics}/metrics", timeout=20) as page:
                figures = dict(line.rsplit(" ", 1) for line in page.read().decode().splitlines()
                               if not line.startswith("#"))
        self.assertEqual(figures["waymark_udp_received_total"], "5")
        self.assertEqual(figures["waymark_udp_sent_total"], "5")
        self.assertEqual(figures["waymark_tcp_queries_total"], "2")
        self.assertEqual(figures["waymark_tcp_accepted_total"], "2")
        self.stop(s)


class Streams(live.LiveTest):
    def test_pipelined_queries_are_all_answered(self):
        s = self.server().start()
        with live.connect("127.0.0.1", s.port) as c:
            c.sendall(b"".join(live.framed(live.query(NAME, number=i)) for i in range(1000)))
            numbers = {live.read_framed(c).number for _ in range(1000)}
        self.assertEqual(numbers, set(range(1000)))
        self.stop(s)

    def test_a_query_octet_by_octet_is_answered(self):
        s = self.server().start()
        with live.connect("127.0.0.1", s.port) as c:
            for octet in live.framed(live.query(NAME)):
                c.sendall(bytes([octet]))
                time.sleep(0.002)
            self.assertEqual(live.read_framed(c).n_answer, 1)
        self.stop(s)

    def test_a_client_that_shut_its_half_down_gets_its_answers(self):
        s = self.server().start()
        with live.connect("127.0.0.1", s.port) as c:
            c.sendall(live.framed(live.query(NAME)) * 5)
            c.shutdown(socket.SHUT_WR)
            for _ in range(5):
                self.assertEqual(live.read_framed(c).n_answer, 1)
            self.assertTrue(live.is_closed(c))
        self.stop(s)

    def test_a_length_of_zero_closes(self):
        s = self.server().start()
        with live.connect("127.0.0.1", s.port) as c:
            c.sendall(b"\0\0")
            self.assertTrue(live.is_closed(c))
        self.stop(s)

    def test_noise_leaves_it_answering(self):
        s = self.server(server="tcp_idle_s = 1;").start()
        for _ in range(50):
            with live.connect("127.0.0.1", s.port) as c:
                c.sendall(os.urandom(200))
        self.assertEqual(live.ask_tcp("127.0.0.1", s.port, NAME).code, NOERROR)
        self.stop(s)

    def test_idle_clients_are_closed_in_time(self):
        s = self.server(server="tcp_idle_s = 1;").start()
        with live.connect("127.0.0.1", s.port) as c:
            began = time.monotonic()
            self.assertTrue(live.is_closed(c))
            self.assertGreater(time.monotonic() - began, 0.9)
        self.stop(s)

    def test_200_idle_clients_beyond_the_limit_keep_nobody_out(self):
        s = self.server(server="threads = 1; tcp_clients = 20; tcp_idle_s = 60;").start()
        idle = []
        for _ in range(220):
            c = live.connect("127.0.0.1", s.port)
            self.addCleanup(c.close)
            idle.append(c)
        with live.connect("127.0.0.1", s.port) as c:
            c.sendall(live.framed(live.query(NAME)))
            self.assertEqual(live.read_framed(c).code, NOERROR)
        for c in idle[:200]:
            self.assertTrue(live.is_closed(c))
        idle[-1].sendall(live.framed(live.query(NAME)))
        self.assertEqual(live.read_framed(idle[-1]).code, NOERROR)
        self.stop(s)

    def test_a_client_that_does_not_read_is_dropped_and_keeps_nobody_waiting(self):
        big = live.ZONE + "".join(f'big IN TXT "{i:03d}{"x" * 240}"\n' for i in range(200))
        s = self.server(server="threads = 1; tcp_idle_s = 2;", zone=big).start()
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as c:
            c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            c.settimeout(live.PATIENCE_S)
            c.connect(("127.0.0.1", s.port))
            wanted = live.framed(live.query("big.plain.example", live.TXT))
            c.setblocking(False)
            try:
                for _ in range(2000):
                    c.send(wanted)
            except BlockingIOError:
                pass
            for _ in range(20):
                began = time.monotonic()
                self.assertEqual(s.ask(NAME).code, NOERROR)
                self.assertLess(time.monotonic() - began, 5)
                time.sleep(0.05)
            time.sleep(3.5)
            c.settimeout(live.PATIENCE_S)
            with self.assertRaises((EOFError, ConnectionError)):
                for _ in range(2000):
                    live.read_framed(c)
        self.stop(s)


if __name__ == "__main__":
    live.main()
