#!/usr/bin/env python3
"""Origins that lie, break off, say too much or nothing: no wrong octet is stored, or served as whole."""
import concurrent.futures
import json
import socket
import struct
import threading
import time

from front import Client, FrontTest, live, support

OK = b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n"
WHOLE = OK + b"Content-Length: 5\r\n\r\nhello"

# What a path under /say answers, octet by octet: heads that no parser should take.
SAID = {
    "both": OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "twolengths": OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    "samelengths": OK + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
    "listlength": OK + b"Content-Length: 5, 5\r\n\r\nhello",
    "plus": OK + b"Content-Length: +5\r\n\r\nhello",
    "minus": OK + b"Content-Length: -5\r\n\r\nhello",
    "wordlength": OK + b"Content-Length: five\r\n\r\nhello",
    "hugelength": OK + b"Content-Length: 99999999999999999999\r\n\r\nhello",
    "gzipcoding": OK + b"Transfer-Encoding: gzip\r\n\r\nhello",
    "twocodings": OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "oldchunks": b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "folded": OK + b"X-A: b\r\n c\r\nContent-Length: 5\r\n\r\nhello",
    "barecr": OK + b"X-A: b\rSet-Cookie: c=d\r\nContent-Length: 5\r\n\r\nhello",
    "nul": OK + b"X-A: b\0c\r\nContent-Length: 5\r\n\r\nhello",
    "noname": OK + b": b\r\nContent-Length: 5\r\n\r\nhello",
    "nocolon": OK + b"what is this\r\nContent-Length: 5\r\n\r\nhello",
    "manyfields": OK + b"X-A: b\r\n" * 200 + b"Content-Length: 5\r\n\r\nhello",
    "longfield": OK + b"X-A: " + b"b" * 40000 + b"\r\nContent-Length: 5\r\n\r\nhello",
    "garbage": b"what is this\r\n\r\n",
    "binary": bytes(range(256)) * 20,
    "ninth": b"<html>no head at all</html>",
    "smtp": b"220 mail.example ESMTP\r\n250 ok\r\n\r\n",
    "status": b"HTTP/1.1 2000 OK\r\nContent-Length: 5\r\n\r\nhello",
    "nostatus": b"HTTP/1.1 OK\r\nContent-Length: 5\r\n\r\nhello",
    "lowstatus": b"HTTP/1.1 099 OK\r\nContent-Length: 5\r\n\r\nhello",
    "version": b"HTTP/3.7 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "switch": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nhello",
    "only100": b"HTTP/1.1 100 Continue\r\n\r\n",
    "halfhead": b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Le",
    "nothing": b"",
}

# A head that is well, and a body that is not what it promised.
BROKEN = {
    "short": OK + b"Content-Length: 100\r\n\r\n0123456789",
    "cutchunk": OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    "cutinchunk": OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhel",
    "cutlast": OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
    "prefix": OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0x5\r\nworld\r\n0\r\n\r\n",
    "signed": OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n+5\r\nworld\r\n0\r\n\r\n",
    "spaced": OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5 5\r\nworld\r\n0\r\n\r\n",
    "nosize": OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n\r\nworld\r\n0\r\n\r\n",
    "hugesize": OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nfffffffffffffffff\r\nworld",
    "overrun": OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello!\r\n0\r\n\r\n",
    "barelf": OK + b"Transfer-Encoding: chunked\r\n\r\n5\nhello\n0\n\n",
}


class BadOrigin(support.Origin):
    def on_say(self, c, method, target, names, body):
        c.sock.sendall(SAID[target.rsplit("/", 1)[1]])
        return False

    def on_break(self, c, method, target, names, body):
        c.sock.sendall(BROKEN[target.rsplit("/", 1)[1]])
        return False

    def on_extra(self, c, method, target, names, body):
        """More than was said, in one go, and the connection stays."""
        c.sock.sendall(WHOLE + WHOLE.replace(b"hello", b"wrong"))

    def on_extrachunks(self, c, method, target, names, body):
        c.sock.sendall(OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n" +
                       WHOLE.replace(b"hello", b"wrong"))

    def on_bodyless(self, c, method, target, names, body):
        """A body behind a status that has none."""
        c.sock.sendall(b"HTTP/1.1 204 No Content\r\nCache-Control: max-age=60\r\n\r\n" + WHOLE)

    def on_headbody(self, c, method, target, names, body):
        """A body behind the answer to a HEAD."""
        c.sock.sendall(WHOLE)

    def on_endlesshead(self, c, method, target, names, body):
        c.sock.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            c.sock.sendall(b"X-A: " + b"b" * 1000 + b"\r\n")

    def on_endlessline(self, c, method, target, names, body):
        c.sock.sendall(b"HTTP/1.1 200 O")
        while True:
            c.sock.sendall(b"K" * 1000)

    def on_flood(self, c, method, target, names, body):
        """Interim answers without end."""
        while True:
            c.sock.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 10)
            time.sleep(0.001)

    def on_hints(self, c, method, target, names, body):
        c.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n" + WHOLE)

    def on_reset(self, c, method, target, names, body):
        """No length, and a reset in place of an end."""
        c.sock.sendall(OK + b"\r\nuntil")
        time.sleep(0.3)
        c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False

    def on_half(self, c, method, target, names, body):
        """A half, a moment for others to come, and the end."""
        c.sock.sendall(OK + b"Content-Length: 10\r\n\r\nfirst")
        time.sleep(0.5)
        return False

    def on_unsized(self, c, method, target, names, body):
        """/unsized/N: chunks of so many octets in all."""
        n, piece = int(target.rsplit("/", 1)[1]), bytes(1 << 20)
        c.sock.sendall(OK + b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(n >> 20):
            c.sock.sendall(b"100000\r\n" + piece + b"\r\n")
        c.sock.sendall(b"0\r\n\r\n")

    def on_stall(self, c, method, target, names, body):
        """A half, and then nothing."""
        c.sock.sendall(OK + b"Content-Length: 10\r\n\r\nfirst")
        c.more()
        return False

    def on_late(self, c, method, target, names, body):
        """A head at once, and a body that takes its time."""
        c.sock.sendall(OK + b"Content-Length: 5\r\n\r\n")
        time.sleep(1.5)
        c.sock.sendall(b"hello")

    def on_drip(self, c, method, target, names, body):
        """A head that never ends, an octet at a time."""
        for octet in WHOLE[:-9] * 100:
            c.sock.sendall(bytes([octet]))
            time.sleep(0.05)


def closed_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class BadOrigins(FrontTest):
    def setUp(self):
        self.site = self.origin(BadOrigin)

    def begin(self, options="", site="first_byte_ms = 1500;", **more):
        self.s = self.edge(self.site, options, site, **more)
        return self.s

    def is_broken(self, target, fields=()):
        """Does the client notice that the answer is not whole?"""
        with Client(self.port) as c:
            c.ask(target, fields=fields)
            try:
                return c.reply().status >= 500
            except (EOFError, ConnectionError, AssertionError, ValueError):
                return True

    def test_heads_that_nobody_should_take(self):
        s = self.begin()
        for name in SAID:
            with self.subTest(name):
                for _ in range(2):
                    r = self.get("/say/" + name)
                    self.assertEqual((r.status, r.cache), (502, "LOCAL"), r)
                self.assertGreaterEqual(self.site.count("/say/" + name), 2)  # never stored
        self.assertEqual(self.get("/plain").body, b"plain /plain")
        self.stop(s)

    def test_bodies_that_break_off_are_neither_whole_nor_stored(self):
        s = self.begin()
        for name in BROKEN:
            with self.subTest(name):
                self.assertTrue(self.is_broken("/break/" + name))
                self.assertTrue(self.is_broken("/break/" + name))
                self.assertEqual(self.site.count("/break/" + name), 2)
        self.stop(s)

    def test_all_who_wait_for_a_body_see_that_it_broke_off(self):
        s = self.begin()
        with concurrent.futures.ThreadPoolExecutor(10) as pool:
            self.assertEqual(list(pool.map(self.is_broken, ["/half"] * 10)), [True] * 10)
        self.assertEqual(self.site.count("/half"), 1)
        self.assertTrue(self.is_broken("/half"))
        self.stop(s)

    def test_more_than_was_said_reaches_nobody(self):
        s = self.begin()
        c = self.client()
        for round in range(3):
            for target, method, status, body in (
                    (f"/extra/{round}", "GET", 200, b"hello"), (f"/extrachunks/{round}", "GET", 200, b"hello"),
                    (f"/twice/{round}", "GET", 200, b"one"), (f"/long/{round}", "GET", 200, b"right"),
                    (f"/bodyless/{round}", "GET", 204, b""), (f"/headbody/{round}", "HEAD", 200, b"")):
                with self.subTest(target):
                    r = c.get(target, method)
                    self.assertEqual((r.status, r.body), (status, body), r)
                    time.sleep(0.15)  # the second answer arrives on the kept connection
                    self.assertEqual(c.get(f"/plain{target}").body, f"plain /plain{target}".encode())
        self.assertEqual(c.get("/extra/0").body, b"hello")
        self.stop(s)

    def test_a_body_without_length_passes_and_is_not_stored(self):
        s = self.begin()
        for _ in range(2):
            r = self.get("/nolength")
            self.assertEqual((r.status, r.body), (200, b"until the end"), r)
            self.assertNotIn("stored", r.names["cache-status"])
        self.assertEqual(self.site.count("/nolength"), 2)
        self.stop(s)

    def test_a_reset_is_no_end(self):
        s = self.begin()
        self.assertTrue(self.is_broken("/reset"))
        self.stop(s)

    def test_heads_without_end_are_cut(self):
        s = self.begin(frugal=True)
        before = s.rss_kib()
        for target in ("/endlesshead", "/endlessline", "/flood", "/drip"):
            with self.subTest(target):
                begun = time.monotonic()
                r = self.get(target)
                self.assertEqual(r.status, 504 if target == "/drip" else 502, r)
                self.assertLess(time.monotonic() - begun, 20)
        self.assertLess(s.rss_kib() - before, 16 << 10)
        self.stop(s)

    def test_interim_answers_are_not_the_answer(self):
        s = self.begin()
        r = self.get("/hints")
        self.assertEqual((r.status, r.body), (200, b"hello"))
        self.assertNotIn("x-early", r.names)
        self.assertEqual(self.get("/hints").cache, "HIT")
        self.stop(s)

    def test_an_origin_that_never_answers_is_504(self):
        s = self.begin(site="first_byte_ms = 300;")
        begun = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(5) as pool:
            self.assertEqual([r.status for r in pool.map(self.get, ["/mute"] * 5)], [504] * 5)
        self.assertLess(time.monotonic() - begun, 15)
        self.assertEqual(self.site.state["begun"].count("/mute"), 1)
        self.assertEqual(self.get("/plain").status, 200)
        self.stop(s)

    def is_quiet(self):
        """Is nothing being fetched, and nobody connected?"""
        _, text, _ = live.waymark("status", "-c", self.s.conf, "--json")
        figures = json.loads(text)["edges"][0]
        return figures["fetches_in_flight"] == 0 and figures["connections"] == 0

    def test_a_body_that_falls_silent_has_broken_off(self):
        s = self.begin(site="body_idle_ms = 500;")
        for _ in range(2):
            self.assertTrue(self.is_broken("/stall"))
        self.assertEqual(self.site.count("/stall"), 2)
        self.until(self.is_quiet)
        self.stop(s)

    def test_a_body_may_begin_later_than_a_head(self):
        s = self.begin(site="first_byte_ms = 500; body_idle_ms = 20000;")
        self.assertEqual(self.get("/late").body, b"hello")
        self.stop(s)

    def test_an_answer_that_comes_before_the_upload_ends_may_not_stall_either(self):
        class Hasty(support.Origin):
            def one(self, c):
                c.read_until(b"\r\n\r\n")
                c.sock.sendall(OK + b"Content-Length: 10\r\n\r\nfirst")
                while c.more():
                    c.buffer = b""

        self.site = self.origin(Hasty)
        s = self.begin(site="body_idle_ms = 500;")
        with Client(self.port) as c:
            c.send(b"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1000000\r\n\r\n" +
                   bytes(100000))
            self.assertEqual(c.head().status, 200)
            with self.assertRaises((EOFError, ConnectionError)):
                c.octets(10)
        self.until(self.is_quiet)
        self.stop(s)

    def test_an_origin_that_refuses_is_502(self):
        s = self.edge(f'url = "http://127.0.0.1:{closed_port()}";')
        for method in ("GET", "HEAD", "POST"):
            self.assertEqual(self.get("/plain", method).status, 502)
        self.stop(s)

    def test_another_address_is_tried_once(self):
        dead = [f'"http://127.0.0.1:{closed_port()}"' for _ in range(2)]
        live_one = f'"{self.site.url}"'
        s = self.edge(f'urls = [{dead[0]}, {live_one}];')
        self.assertEqual(self.get("/plain").body, b"plain /plain")
        self.assertEqual(self.get("/nostore", "HEAD").status, 200)
        self.assertEqual(self.get("/echo", "POST", body=b"x").status, 502)  # not safe to send twice
        self.assertEqual(self.site.count("/echo"), 0)
        self.stop(s)
        s = self.edge(f'urls = [{dead[0]}, {dead[1]}, {live_one}];')
        self.assertEqual(self.get("/plain/other").status, 502)
        self.stop(s)

    def test_an_origin_that_hangs_up_is_asked_elsewhere(self):
        other = self.origin(BadOrigin)
        s = self.edge(f'urls = ["{self.site.url}", "{other.url}"];')
        self.assertEqual(self.get("/silent").status, 502)  # both
        self.assertEqual((self.site.count("/silent"), other.count("/silent")), (1, 1))
        # What has begun is not repeated: nobody could tell which half is whose.
        self.assertTrue(self.is_broken("/break/short"))
        self.assertEqual((self.site.count("/break/short"), other.count("/break/short")), (1, 0))
        self.stop(s)

    def test_kept_connections_that_were_closed_meanwhile_cost_nothing(self):
        s = self.begin()
        for i in range(3):
            self.assertEqual(self.get(f"/plain/{i}").status, 200)
            with self.site.lock:
                for kept in list(self.site.open):
                    kept.shutdown(socket.SHUT_RDWR)
            time.sleep(0.1)
        self.assertEqual(self.get("/echo", "POST", body=b"x").body, b"POST x")
        self.stop(s)

    # ---- memory ----

    def read_all(self, target):
        with Client(self.port) as c:
            c.ask(target)
            head = c.head()
            n, started = len(c.buffer), time.monotonic()
            c.buffer = b""
            c.sock.settimeout(5)
            try:
                while data := c.sock.recv(1 << 20):
                    n += len(data)
                    if n >= self.wanted:
                        break
            except TimeoutError:
                self.fail(f"stopped after {n} octets and {time.monotonic() - started} s")
            return head, n

    def test_what_is_larger_than_the_store_passes_in_bounded_memory(self):
        s = self.begin("cache_mb = 4;", frugal=True)
        self.get("/big/1000")
        before = s.rss_kib()
        self.wanted = 96 << 20
        for target in (f"/big/{self.wanted}", f"/unsized/{self.wanted}"):
            for _ in range(2):
                head, n = self.read_all(target)
                self.assertEqual(head.status, 200)
                self.assertGreaterEqual(n, self.wanted)
            self.assertEqual(self.site.count(target), 2)  # not stored
        self.assertLess(s.rss_kib() - before, 32 << 10)
        self.assertEqual(self.get("/big/1000").cache, "HIT")  # nor was anything thrown out for it
        self.stop(s)

    def test_a_slow_reader_does_not_pile_up_what_the_origin_sends(self):
        s = self.begin("cache_mb = 4;", frugal=True)
        self.get("/plain")
        before = s.rss_kib()
        readers = [self.client() for _ in range(4)]
        for i, c in enumerate(readers):
            c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            c.ask(f"/unsized/{(64 << 20) + (i << 20)}")
            c.more()
        time.sleep(1.5)
        self.assertLess(s.rss_kib() - before, 48 << 10)
        for c in readers:
            c.sock.close()
        self.assertEqual(self.get("/plain").cache, "HIT")
        self.stop(s)


if __name__ == "__main__":
    live.main()
