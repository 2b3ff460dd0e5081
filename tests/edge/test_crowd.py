#!/usr/bin/env python3
"""A crowd of clients that want nothing, or do not read what they want, does not slow a hit."""
import os
import resource
import socket
import statistics
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "live"))
import live  # noqa: E402

ADDRESS = "127.0.0.1"
IDLE, SLOW, ASKED = 10000, 1000, 500
BIG = 4 << 20
HEAD = b"GET /%s HTTP/1.1\r\nHost: www.plain.example\r\n\r\n"


def connect(port):
    s = socket.create_connection((ADDRESS, port), timeout=live.PATIENCE_S)
    return s


def response(s):
    data = b""
    while b"\r\n\r\n" not in data:
        data += s.recv(65536)
    head, body = data.split(b"\r\n\r\n", 1)
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    while len(body) < length:
        body += s.recv(65536)
    return head, body


class Crowd(live.LiveTest):
    def edge(self, more=""):
        self.http = live.free_port()
        s = self.server()
        os.mkdir(s.path("site"))
        for name, size in (("small", 1024), ("big", BIG)):
            with open(s.path("site/" + name), "wb") as f:
                f.write(os.urandom(size))
        s.write_conf(rest=f'pops: {{ here: {{ at = [0.0, 0.0]; addresses = ["{ADDRESS}"]; }}; }};\n'
                          f'origins: {{ site: {{ directory = "{s.path("site")}"; }}; }};\n'
                          f'edges: ( {{ pop = "here"; listen = "{ADDRESS}:{self.http}";\n'
                          f'  origin = "site"; {more} }} );\n')
        return s.start()

    def hits_ms(self):
        """The median of hits, each on a kept connection."""
        times = []
        with connect(self.http) as s:
            for _ in range(ASKED):
                begun = time.monotonic()
                s.sendall(HEAD % b"small")
                head, body = response(s)
                times.append((time.monotonic() - begun) * 1000)
                self.assertEqual(len(body), 1024)
                self.assertIn(b"X-Cache: HIT", head)
        return statistics.median(times)

    def crowd(self, n, then=None):
        """As many connections as we and the server may open."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        n = min(n, (hard - 2500) // 2)
        crowd = []
        for _ in range(n):
            crowd.append(connect(self.http))
            self.addCleanup(crowd[-1].close)
            if then:
                then(crowd[-1])
        return crowd

    def warm(self):
        for name in (b"small", b"big"):
            with connect(self.http) as s:
                s.sendall(HEAD % name)
                response(s)

    def test_idle_connections_do_not_slow_a_hit(self):
        s = self.edge()
        self.warm()
        quiet = self.hits_ms()
        self.crowd(IDLE)
        crowded = self.hits_ms()
        self.assertLess(crowded, 3 * quiet + 2, "milliseconds")
        s.stop()

    def test_slow_readers_do_not_slow_a_hit(self):
        s = self.edge()
        self.warm()
        quiet, memory = self.hits_ms(), s.rss_kib()

        def ask(client):
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.sendall(HEAD % b"big")

        self.crowd(SLOW, ask)
        crowded = self.hits_ms()
        self.assertLess(crowded, 3 * quiet + 2, "milliseconds")
        # The body is there once, and what is queued refers to it.
        self.assertLess(s.rss_kib() - memory, 100 * 1024)
        s.stop()

    def test_without_descriptors_the_longest_idle_gives_way(self):
        s = self.edge()
        self.warm()
        resource.prlimit(s.process.pid, resource.RLIMIT_NOFILE, (200, 200))
        crowd = self.crowd(300)
        self.assertLess(self.hits_ms(), 1000)
        crowd[0].settimeout(live.PATIENCE_S)
        self.assertEqual(crowd[0].recv(1), b"", "the oldest was not closed")
        s.stop()

    def test_without_descriptors_who_has_just_come_is_let_ask(self):
        s = self.edge()
        self.warm()
        resource.prlimit(s.process.pid, resource.RLIMIT_NOFILE, (200, 200))

        def ask(client):
            client.sendall(HEAD % b"small")
            return response(client)

        self.crowd(300, ask)  # they wait for their next request, longer than for a first one
        for client in self.crowd(20):
            self.assertEqual(len(ask(client)[1]), 1024)
        s.stop()


if __name__ == "__main__":
    live.main()
