#!/usr/bin/env python3
"""What no client should send, and what any may: octets against an edge. What could be read in two ways
is refused, the connection closed, and nothing of it reaches the origin."""
import json
import shutil
import ssl
import subprocess
import tempfile
import threading
import time

from front import HOST, FrontTest, live

SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: www.plain.example\r\n\r\n"
POST = b"POST /echo HTTP/1.1\r\nHost: www.plain.example\r\n"
GET = b"GET /plain HTTP/1.1\r\nHost: www.plain.example\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"

# What is wrong, the octets, and the status.
HEADS = (
    ("two lengths", POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400),
    ("one length twice", POST + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400),
    ("a list of lengths", POST + b"Content-Length: 3, 3\r\n\r\nabc", 400),
    ("a length and chunks", POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("chunks and a length", POST + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400),
    ("a length with a plus", POST + b"Content-Length: +3\r\n\r\nabc", 400),
    ("a negative length", POST + b"Content-Length: -3\r\n\r\nabc", 400),
    ("a length in hex", POST + b"Content-Length: 0x3\r\n\r\nabc", 400),
    ("an empty length", POST + b"Content-Length:\r\n\r\nabc", 400),
    ("a blank in a length", POST + b"Content-Length: 1 2\r\n\r\nabc", 400),
    ("a length of 2^64", POST + b"Content-Length: 18446744073709551616\r\n\r\nabc", 400),
    ("a blank before the colon", POST + b"Content-Length : 3\r\n\r\nabc", 400),
    ("a tab before the colon", GET + b"X-A\t: b\r\n\r\n", 400),
    ("a bare LF after a field", GET + b"X-A: b\nX-C: d\r\n\r\n", 400),
    ("bare LFs only", b"GET /plain HTTP/1.1\nHost: www.plain.example\n\n", 400),
    ("a bare CR in a field", GET + b"X-A: b\rX-C: d\r\n\r\n", 400),
    ("a bare CR in the line", b"GET /a\rb HTTP/1.1\r\nHost: www.plain.example\r\n\r\n", 400),
    ("CR CR LF", GET + b"X-A: b\r\r\n\r\n", 400),
    ("a folded line", GET + b"X-A: b\r\n c\r\n\r\n", 400),
    ("a folded first field", b"GET /plain HTTP/1.1\r\n Host: www.plain.example\r\n\r\n", 400),
    ("NUL in a value", GET + b"X-A: b\0c\r\n\r\n", 400),
    ("NUL in a name", GET + b"X\0A: b\r\n\r\n", 400),
    ("NUL in the target", b"GET /a\0b HTTP/1.1\r\nHost: www.plain.example\r\n\r\n", 400),
    ("an escaped NUL", b"GET /a%00b HTTP/1.1\r\nHost: www.plain.example\r\n\r\n", 400),
    ("a control in a value", GET + b"X-A: b\x01c\r\n\r\n", 400),
    ("a field without a name", GET + b": b\r\n\r\n", 400),
    ("a field without a colon", GET + b"X-A\r\n\r\n", 400),
    ("no Host", b"GET /plain HTTP/1.1\r\n\r\n", 400),
    ("two Hosts", GET + b"Host: www.plain.example\r\n\r\n", 400),
    ("an empty Host", b"GET /plain HTTP/1.1\r\nHost:\r\n\r\n", 400),
    ("a Host with a path", b"GET /plain HTTP/1.1\r\nHost: www.plain.example/x\r\n\r\n", 400),
    ("a Host with a user", b"GET /plain HTTP/1.1\r\nHost: a@www.plain.example\r\n\r\n", 400),
    ("a Host with a strange port", b"GET /plain HTTP/1.1\r\nHost: www.plain.example:0x50\r\n\r\n", 400),
    ("two names in Host", b"GET /plain HTTP/1.1\r\nHost: a.example, b.example\r\n\r\n", 400),
    ("HTTP/1.0 without Host", b"GET /plain HTTP/1.0\r\n\r\n", 400),
    ("an absolute form of another host",
     b"GET http://other.example/plain HTTP/1.1\r\nHost: www.plain.example\r\n\r\n", 400),
    ("an absolute form of another port",
     b"GET http://www.plain.example:81/plain HTTP/1.1\r\nHost: www.plain.example\r\n\r\n", 400),
    ("an absolute form with a user",
     b"GET http://a:b@www.plain.example/plain HTTP/1.1\r\nHost: www.plain.example\r\n\r\n", 400),
    ("another scheme", b"GET ftp://www.plain.example/x HTTP/1.1\r\nHost: www.plain.example\r\n\r\n", 400),
    ("a target that is no path", b"GET plain HTTP/1.1\r\nHost: www.plain.example\r\n\r\n", 400),
    ("an asterisk with GET", b"GET * HTTP/1.1\r\nHost: www.plain.example\r\n\r\n", 400),
    ("a fragment", b"GET /plain#x HTTP/1.1\r\nHost: www.plain.example\r\n\r\n", 400),
    ("a backslash", b"GET /a\\..\\b HTTP/1.1\r\nHost: www.plain.example\r\n\r\n", 400),
    ("a broken escape", b"GET /a%2 HTTP/1.1\r\nHost: www.plain.example\r\n\r\n", 400),
    ("a blank in the target", b"GET /a b HTTP/1.1\r\nHost: www.plain.example\r\n\r\n", 400),
    ("two blanks in the line", b"GET  /plain HTTP/1.1\r\nHost: www.plain.example\r\n\r\n", 400),
    ("a tab in the line", b"GET\t/plain HTTP/1.1\r\nHost: www.plain.example\r\n\r\n", 400),
    ("a blank before the line", b" GET /plain HTTP/1.1\r\nHost: www.plain.example\r\n\r\n", 400),
    ("a method that is no token", b"G(T /plain HTTP/1.1\r\nHost: www.plain.example\r\n\r\n", 400),
    ("no version", b"GET /plain\r\nHost: www.plain.example\r\n\r\n", 400),
    ("a version in small letters", b"GET /plain http/1.1\r\nHost: www.plain.example\r\n\r\n", 400),
    ("HTTP/2 by name", b"GET /plain HTTP/2.0\r\nHost: www.plain.example\r\n\r\n", 505),
    ("HTTP/2 by preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n\r\n", 400),
    ("a tunnel", b"CONNECT www.plain.example:443 HTTP/1.1\r\nHost: www.plain.example\r\n\r\n", 501),
    ("a trace", b"TRACE /plain HTTP/1.1\r\nHost: www.plain.example\r\n\r\n", 501),
    ("another coding", POST + b"Transfer-Encoding: gzip\r\n\r\nabc", 501),
    ("chunks not last", POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 400),
    ("chunks twice", POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400),
    ("chunks in two lines",
     POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("chunks in disguise", POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n", 400),
    ("identity", POST + b"Transfer-Encoding: identity\r\n\r\n", 501),
    ("chunks in HTTP/1.0", b"POST /echo HTTP/1.0\r\nHost: www.plain.example\r\n"
     b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("a long line", b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\nHost: www.plain.example\r\n\r\n", 414),
    ("a long field", GET + b"X-A: " + b"b" * 40000 + b"\r\n\r\n", 431),
    ("101 fields", GET + b"X-A: b\r\n" * 100 + b"\r\n", 431),
    ("two empty lines before", b"\r\n\r\n" + GET + b"\r\n", 400),
)

CHUNKS = (
    ("a prefix", b"0x5\r\nhello\r\n0\r\n\r\n"),
    ("a plus", b"+5\r\nhello\r\n0\r\n\r\n"),
    ("a minus", b"-5\r\nhello\r\n0\r\n\r\n"),
    ("a blank before", b" 5\r\nhello\r\n0\r\n\r\n"),
    ("a blank behind", b"5 \r\nhello\r\n0\r\n\r\n"),
    ("no size", b"\r\nhello\r\n0\r\n\r\n"),
    ("a size of 2^64", b"10000000000000005\r\nhello\r\n0\r\n\r\n"),
    ("a bare LF behind the size", b"5\nhello\r\n0\r\n\r\n"),
    ("a bare LF in an extension", b"5;a\nb\r\nhello\r\n0\r\n\r\n"),
    ("data that is too long", b"5\r\nhello!\r\n0\r\n\r\n"),
    ("data that is too short", b"6\r\nhello\r\n0\r\n\r\n"),
    ("a bare LF behind the data", b"5\r\nhello\n0\r\n\r\n"),
    ("a folded trailer", b"5\r\nhello\r\n0\r\nX-A: b\r\n c\r\n\r\n"),
    ("a trailer without a name", b"5\r\nhello\r\n0\r\n: b\r\n\r\n"),
)


class BadRequests(FrontTest):
    def setUp(self):
        self.site = self.origin()
        self.s = self.edge(self.site)

    def tearDown(self):
        self.stop(self.s)

    def assert_nothing_forwarded(self):
        self.assertEqual((self.site.state.get("begun"), self.site.asked), (None, []))

    def begun(self):
        return self.site.state.get("begun", [])

    def refused(self, octets, status):
        with self.client() as c:
            try:
                c.send(octets + SMUGGLED)
            except ConnectionError:
                pass  # refused before it was all sent
            r = c.reply()
            self.assertEqual(r.status, status, r)
            self.assertEqual(r.names.get("connection"), "close")
            self.assertTrue(c.is_closed())

    def test_heads_that_are_refused(self):
        for name, octets, status in HEADS:
            with self.subTest(name):
                self.refused(octets, status)
        self.assert_nothing_forwarded()

    def test_a_refusal_does_not_hang_on_how_octets_arrive(self):
        for name, octets, status in HEADS[:24:3]:
            with self.subTest(name), self.client() as c:
                for i in range(len(octets)):
                    try:
                        c.send(octets[i:i + 1])
                    except ConnectionError:
                        break
                self.assertEqual(c.reply().status, status)
                self.assertTrue(c.is_closed())
        self.assert_nothing_forwarded()

    def test_chunks_that_are_refused(self):
        for name, octets in CHUNKS:
            with self.subTest(name), self.client() as c:
                c.send(CHUNKED + octets + SMUGGLED)
                self.assertEqual(c.reply().status, 400)
                self.assertTrue(c.is_closed())
        # The origin may have seen a request begin, but none that was whole, and nothing smuggled.
        self.assertEqual(self.get("/plain/behind").status, 200)
        self.assertEqual([a[1] for a in self.site.asked], ["/plain/behind"])
        self.assertNotIn("/smuggled", self.begun())

    def test_a_body_that_stops_is_no_request(self):
        with self.client() as c:
            c.send(POST + b"Content-Length: 10\r\n\r\nhello")
            self.until(lambda: self.begun() == ["/echo"])
        with self.client() as c:
            c.send(CHUNKED + b"5\r\nhello\r\n")
            self.until(lambda: len(self.begun()) == 2)
        self.assertEqual(self.get("/plain/after").status, 200)
        self.assertEqual([a[1] for a in self.site.asked], ["/plain/after"])

    def test_whoever_was_refused_did_not_harm_the_next(self):
        self.refused(HEADS[0][1], 400)
        self.assertEqual(self.get("/plain").body, b"plain /plain")


class Requests(FrontTest):
    def setUp(self):
        self.site = self.origin()

    def test_a_connection_serves_many_requests(self):
        s = self.edge(self.site)
        c = self.client()
        for i in range(20):
            self.assertEqual(c.get(f"/plain/{i % 3}").body, f"plain /plain/{i % 3}".encode())
        self.assertEqual(len(self.site.asked), 3)
        self.stop(s)

    def test_pipelined_requests_are_answered_in_order(self):
        s = self.edge(self.site)
        c = self.client()
        paths = ["/slow", "/plain/a", "/echo", "/absent", "/plain/a", "/slow"] * 5
        c.send(b"".join(f"GET {p} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode() for p in paths))
        bodies = [c.reply().body for _ in paths]
        expected = {"/slow": b"slow", "/plain/a": b"plain /plain/a", "/echo": b"GET ",
                    "/absent": b"plain /absent"}
        self.assertEqual(bodies, [expected[p] for p in paths])
        self.stop(s)

    def test_a_pipeline_that_has_to_wait_costs_nothing(self):
        """More requests than are read ahead, behind an origin that takes its time."""
        s = self.edge(self.site)
        c = self.client()
        n, one = 4000, f"GET /plain HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
        c.ask("/mute")
        sender = threading.Thread(target=c.send, args=(one * n,), daemon=True)
        sender.start()
        self.until(lambda: "/mute" in self.site.state.get("begun", []))
        time.sleep(0.3)
        before = s.cpu_s()
        time.sleep(1)
        self.assertLess(s.cpu_s() - before, 0.2)
        self.site.state.setdefault("mute", threading.Event()).set()
        self.assertEqual(c.reply().status, 502)
        for _ in range(n):
            self.assertEqual(c.reply().body, b"plain /plain")
        sender.join()
        self.stop(s)

    def test_a_pipelined_body_is_not_the_next_request(self):
        s = self.edge(self.site)
        c = self.client()
        c.ask("/echo", "POST", body=SMUGGLED)
        c.ask("/echo", "PUT", ["Transfer-Encoding: chunked"], b"%x\r\n%s\r\n0\r\n\r\n" % (len(SMUGGLED), SMUGGLED))
        c.ask("/plain")
        self.assertEqual(c.reply().body, b"POST " + SMUGGLED)
        self.assertEqual(c.reply().body, b"PUT " + SMUGGLED)
        self.assertEqual(c.reply().body, b"plain /plain")
        self.assertEqual([a[1] for a in self.site.asked], ["/echo", "/echo", "/plain"])
        self.stop(s)

    def test_head_has_the_fields_of_get_and_no_body(self):
        s = self.edge(self.site)
        c = self.client()
        for target, method in (("/plain", "HEAD"), ("/plain", "GET"), ("/plain", "HEAD"),
                               ("/chunked", "HEAD"), ("/healthz", "HEAD"), ("/nostore", "HEAD")):
            r = c.get(target, method)
            self.assertEqual(r.status, 200)
            self.assertEqual(r.body, b"plain /plain" if method == "GET" else b"")
            if target == "/plain":
                self.assertEqual(r.names["content-length"], "12")
        self.assertEqual(c.get("/plain").body, b"plain /plain")
        self.stop(s)

    def test_requests_are_written_anew(self):
        s = self.edge(self.site)
        c = self.client()
        c.send(b"GET http://WWW.Plain.Example:80/a/./%62/../%7e?x=%41 HTTP/1.1\r\n"
               b"hOsT: www.plain.EXAMPLE\r\nX-A:    b  \r\nX-Empty:\r\nConnection: X-Mine, keep-alive\r\n"
               b"X-Mine: hidden\r\nKeep-Alive: 5\r\nProxy-Authorization: secret\r\nTE: trailers\r\n"
               b"Upgrade: websocket\r\n\r\n")
        self.assertEqual(c.reply().status, 200)
        method, target, fields, _ = self.site.asked[0]
        names = {k.lower(): v for k, v in fields}
        self.assertEqual((method, target), ("GET", "/a/~?x=%41"))
        self.assertEqual((names["host"], names["x-a"]), ("www.plain.example", "b"))
        self.assertEqual(names.get("x-empty"), "")
        self.assertEqual(names["cdn-loop"], "here")
        self.assertEqual(names["x-forwarded-for"], "127.0.0.1")
        self.assertFalse({"x-mine", "keep-alive", "proxy-authorization", "te", "upgrade"} & set(names))
        self.stop(s)

    def test_a_client_waits_for_100(self):
        s = self.edge(self.site)
        c = self.client()
        c.ask("/echo", "POST", ["Expect: 100-continue", "Content-Length: 5"])
        self.assertEqual(c.head().status, 100)
        c.send(b"hello")
        self.assertEqual(c.reply().body, b"POST hello")
        self.assertNotIn("expect", {k.lower() for k, _ in self.site.asked[0][2]})
        c.ask("/plain", "GET", ["Expect: 100-continue"])
        self.assertEqual((c.reply().body, c.interim), (b"plain /plain", []))
        self.stop(s)

    def test_chunked_uploads_pass(self):
        s = self.edge(self.site)
        c = self.client()
        body = bytes(range(256)) * 2000
        c.send(CHUNKED)
        for at in range(0, len(body), 7919):
            piece = body[at:at + 7919]
            c.send(b"%X;name=\"v\"\r\n%s\r\n" % (len(piece), piece))
        c.send(b"0\r\nX-Trailer: dropped\r\n\r\n")
        self.assertEqual(c.reply().body, b"POST " + body)
        method, _, fields, got = self.site.asked[0]
        self.assertEqual((method, got), ("POST", body))
        self.assertNotIn("content-length", {k.lower() for k, _ in fields})
        self.assertEqual(c.get("/echo", "PUT", ["Transfer-Encoding: chunked"], b"0\r\n\r\n").body, b"PUT ")
        self.stop(s)

    def test_a_large_upload_passes_in_bounded_memory(self):
        s = self.edge(self.site, frugal=True)
        before = s.rss_kib()
        c = self.client()
        n, piece = 64 << 20, bytes(1 << 20)
        c.send(POST.replace(b"/echo", b"/sum") + b"Content-Length: %d\r\n\r\n" % n)
        for _ in range(n // len(piece)):
            c.send(piece)
        self.assertEqual(c.reply().body, str(n).encode())
        self.assertLess(s.rss_kib() - before, 48 << 10)
        self.stop(s)

    def test_old_clients_are_served_too(self):
        s = self.edge(self.site)
        c = self.client()
        c.send(b"GET /plain HTTP/1.0\r\nHost: www.plain.example\r\n\r\n")
        self.assertEqual(c.reply().body, b"plain /plain")
        self.assertTrue(c.is_closed())
        c = self.client()
        for _ in range(2):
            c.send(b"GET /plain HTTP/1.0\r\nHost: www.plain.example\r\nConnection: keep-alive\r\n\r\n")
            r = c.reply()
            self.assertEqual((r.body, r.names["connection"]), (b"plain /plain", "keep-alive"))
        c.send(b"GET /chunked HTTP/1.0\r\nHost: www.plain.example\r\nConnection: keep-alive\r\n\r\n")
        r = c.reply()
        self.assertNotIn("transfer-encoding", r.names)
        self.assertEqual(r.body, b"hello world")
        self.stop(s)

    def test_whoever_says_close_is_closed(self):
        s = self.edge(self.site)
        c = self.client()
        r = c.get("/plain", fields=["Connection: close"])
        self.assertEqual(r.names["connection"], "close")
        self.assertTrue(c.is_closed())
        self.stop(s)

    def test_a_half_closed_client_gets_its_answer(self):
        s = self.edge(self.site)
        for target, body in (("/plain", b"plain /plain"), ("/big/3000000", None)):
            c = self.client()
            c.get(target)
            c.ask(target)
            c.sock.shutdown(live.socket.SHUT_WR)
            r = c.reply()
            self.assertEqual(r.body, body or (bytes(range(256)) * 12000)[:3000000])
            self.assertTrue(c.is_closed())
        self.stop(s)

    def test_healthz_says_up_draining_and_down(self):
        s = self.edge(self.site)
        for state, status in (("draining", 503), ("down", 503), ("up", 200)):
            got, out, err = live.waymark("edge", "-c", s.conf, "here", state)
            self.assertEqual(got, 0, out + err)
            r = self.get("/healthz")
            self.assertEqual((r.status, r.body.strip()), (status, state.encode()))
            self.assertEqual(self.get("/plain").body, b"plain /plain")
        self.assertEqual(self.site.count("/healthz"), 0)
        self.stop(s)


class Secure(FrontTest):
    """The same octets inside TLS."""

    def setUp(self):
        self.site = self.origin()
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        self.pem = f"{folder}/pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.pem + ".key", "-out",
                        self.pem, "-subj", f"/CN={HOST}", "-days", "2", "-addext",
                        f"subjectAltName=DNS:{HOST}"], check=True, capture_output=True)
        self.tls = live.free_port()
        self.s = self.edge(self.site, f'listen_tls = "127.0.0.1:{self.tls}"; certificate = "{self.pem}";'
                                      f' key = "{self.pem}.key";')
        self.context = ssl.create_default_context(cafile=self.pem)

    def tearDown(self):
        self.stop(self.s)

    def secure(self):
        c = self.client(self.tls)
        c.sock = self.context.wrap_socket(c.sock, server_hostname=HOST)
        self.addCleanup(c.sock.close)
        return c

    def test_bodies_of_all_sizes_pass_both_ways(self):
        c = self.secure()
        for size in (1, 16383, 16385, 65536, 65537, 200001, 3000000):
            body = (bytes(range(251)) * (size // 251 + 1))[:size]
            self.assertEqual(c.get("/echo", "POST", body=body).body, b"POST " + body)
            self.assertEqual(len(c.get(f"/big/{size}").body), size)
            self.assertEqual(c.get(f"/big/{size}").cache, "HIT")

    def test_pipelines_pass(self):
        c = self.secure()
        one = f"GET /plain HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
        c.ask("/slow")
        c.send(one * 3000)  # more than is read ahead, less than sockets hold: no second thread for TLS
        self.assertEqual(c.reply().body, b"slow")
        for _ in range(3000):
            self.assertEqual(c.reply().body, b"plain /plain")

    def test_what_is_refused_is_refused_here_too(self):
        for octets in (HEADS[0][1], HEADS[3][1], HEADS[14][1]):
            c = self.secure()
            c.send(octets + SMUGGLED)
            self.assertEqual(c.reply().status, 400)
            self.assertTrue(c.is_closed())
        with self.client(self.tls) as c:
            c.send(GET + b"\r\n")
            try:
                self.assertNotIn(b"200", c.rest())
            except ConnectionError:
                pass
        self.assertEqual(self.site.asked, [])

    def test_an_object_of_https_is_none_of_http(self):
        self.secure().get("/plain")
        self.assertEqual(self.get("/plain").cache, "MISS")
        self.assertEqual(self.secure().get("/plain").cache, "HIT")


class Timeouts(FrontTest):
    """Each limit is a second; nothing here waits much longer."""

    def setUp(self):
        self.site = self.origin()
        self.s = self.edge(self.site, "header_s = 1; idle_s = 1; send_s = 1;")

    def tearDown(self):
        self.stop(self.s)

    def ends_after(self, c, least):
        begun = time.monotonic()
        self.assertTrue(c.is_closed())
        took = time.monotonic() - begun
        self.assertGreater(took, least)
        self.assertLess(took, 20)

    def test_a_silent_client_is_closed(self):
        self.ends_after(self.client(), 0.5)

    def test_a_client_between_requests_is_closed(self):
        c = self.client()
        c.get("/plain")
        self.ends_after(c, 0.5)

    def test_a_head_that_never_ends_is_closed(self):
        """Though an octet comes now and then."""
        c = self.client()
        c.send(GET)
        begun = time.monotonic()
        try:
            while time.monotonic() - begun < 20:
                c.send(b"X")
                time.sleep(0.1)
        except ConnectionError:
            pass
        self.assertLess(time.monotonic() - begun, 10)
        self.assertEqual(self.site.asked, [])

    def test_an_upload_that_stops_is_closed(self):
        c = self.client()
        c.send(POST + b"Content-Length: 100\r\n\r\nhello")
        begun = time.monotonic()
        try:
            c.reply()
        except (EOFError, ConnectionError):
            pass
        self.assertLess(time.monotonic() - begun, 20)
        self.assertTrue(c.is_closed())

    def test_an_upload_that_is_slow_is_not(self):
        c = self.client()
        c.send(POST + b"Content-Length: 15\r\n\r\n")
        for _ in range(15):
            c.send(b"x")
            time.sleep(0.15)
        self.assertEqual(c.reply().body, b"POST " + b"x" * 15)

    def test_a_client_that_takes_nothing_is_closed(self):
        c = self.client()
        c.sock.setsockopt(live.socket.SOL_SOCKET, live.socket.SO_RCVBUF, 4096)
        c.ask("/big/20000000")
        self.until(lambda: self.fetched() > 0)
        begun = time.monotonic()
        self.until(lambda: self.connections() == 0, "a reader that takes nothing was never dropped")
        self.assertLess(time.monotonic() - begun, 20)

    def test_a_client_that_takes_a_little_is_not(self):
        c = self.client()
        c.sock.setsockopt(live.socket.SOL_SOCKET, live.socket.SO_RCVBUF, 16384)
        c.ask("/big/2000000")
        got, begun = 0, time.monotonic()
        while time.monotonic() - begun < 3:
            got += len(c.sock.recv(8192))
            time.sleep(0.05)
        while got < 2000000:
            data = c.sock.recv(65536)
            self.assertNotEqual(data, b"", f"cut after {got} octets")
            got += len(data)

    def test_a_slow_origin_is_not_the_clients_fault(self):
        """A second and more without an octet, while the origin thinks, and in the middle."""
        self.assertEqual(self.get("/slow").body, b"slow")
        c = self.client()
        c.ask("/stream")
        self.until(lambda: b"first" in c.buffer or not c.more() or b"first" in c.buffer)
        threading.Timer(1.8, self.site.state.setdefault("go", threading.Event()).set).start()
        self.assertEqual(c.reply().body, b"firstafter")

    def status(self):
        got, out, err = live.waymark("status", "-c", self.s.conf, "--json")
        self.assertEqual(got, 0, out + err)
        return json.loads(out)["edges"][0]

    def fetched(self):
        return self.status()["bytes_origin"]

    def connections(self):
        return self.status()["connections"]


if __name__ == "__main__":
    live.main()
