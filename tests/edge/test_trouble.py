#!/usr/bin/env python3
"""What an operator is told when an origin fails, when an edge is taken out, and what is not told."""
import json
import os
import socket
import threading
import time

from front import FrontTest, HOST, live, support


class Trouble(FrontTest):
    def waymark(self, s, command, *args, status=0):
        got, out, err = live.waymark(command, "-c", s.conf, *args)
        self.assertEqual(got, status, out + err)
        return " ".join((out + err).split())

    def wrong(self, s):
        return self.waymark(s, "status").split(" Server ")[0]

    def rows(self, s):
        with open(s.path("access.log")) as f:
            return [json.loads(line) for line in f]

    def shielded(self, where):
        """here -> shield -> what is there; the access log is on."""
        s = self.edges(("here", 'origin = "site"; shield = "shield";'), ("shield", 'origin = "site";'),
                       origins=f'site: {{ url = "{where}"; connect_ms = 1000; first_byte_ms = 1000; }};')
        s.write_conf(server=f'access_log = "{s.path("access.log")}";', rest=self.rest_of(s))
        self.waymark(s, "reload")
        self.port = self.ports["here"]
        return s

    def rest_of(self, s):
        with open(s.conf) as f:
            text = f.read()
        return text[text.index("pops:"):]

    def test_why_an_origin_fails_is_said_everywhere(self):
        port = live.free_port()
        s = self.shielded(f"http://127.0.0.1:{port}")
        for _ in range(3):
            r = self.get("/a")
        self.assertEqual(r.status, 502)
        shield, here = r.all("cache-status")
        self.assertEqual(shield, "shield; fwd=uri-miss; detail=connection_refused")
        self.assertIn("fwd-status=502", here)
        s.wait_for("edge shield: its origin fails")
        self.assertEqual(s.log.count("its origin fails"), 1)
        self.assertIn(f"http://127.0.0.1:{port}/: connection refused", s.log)
        self.assertRegex(self.wrong(s), "the origin of edge shield fails for .*, 3 fetches in a row: "
                                        f"http://127.0.0.1:{port}/: connection refused")
        self.assertNotIn("edge here", self.wrong(s))
        self.until(lambda: len(self.rows(s)) >= 6)
        self.assertEqual([r.get("origin_error") for r in self.rows(s) if r["pop"] == "shield"],
                         ["connection_refused"] * 3)
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", port))
            listener.listen()

            def answer():
                c, _ = listener.accept()
                c.recv(65536)
                c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
                c.close()
            t = threading.Thread(target=answer, daemon=True)
            t.start()
            self.assertEqual(self.get("/b").status, 200)
            t.join()
        s.wait_for("edge shield: its origin answers again")
        self.assertNotIn("origin of edge", self.wrong(s))
        self.stop(s)

    def test_each_kind_of_failure_has_its_word(self):
        def silent(c):
            time.sleep(3)

        def rude(c):
            c.recv(65536)

        def garbage(c):
            c.recv(65536)
            c.sendall(b"what is this\r\n\r\n")

        # Where no authorities are installed a handshake is not even tried.
        has_authorities = os.path.exists("/etc/ssl/certs/ca-certificates.crt")
        tls_word = "tls_protocol_error" if has_authorities else "proxy_configuration_error"
        for behave, scheme, status, word in ((silent, "http", 504, "connection_read_timeout"),
                                             (rude, "http", 502, "connection_terminated"),
                                             (garbage, "http", 502, "http_protocol_error"),
                                             (garbage, "https", 502, tls_word)):
            with socket.create_server(("127.0.0.1", 0)) as listener:
                def serve():
                    try:
                        while True:
                            c, _ = listener.accept()
                            behave(c)
                            c.close()
                    except OSError:
                        pass
                threading.Thread(target=serve, daemon=True).start()
                where = f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"
                s = self.shielded(where)
                r = self.get("/a", port=self.ports["shield"])
                self.assertEqual((r.status, r.all("cache-status")),
                                 (status, [f"shield; fwd=uri-miss; detail={word}"]))
                self.stop(s)

    def test_stale_content_says_why_it_is(self):
        class Once(support.Origin):
            def on_once(self, c, method, target, names, body):
                if self.count("/once") > 1:
                    return False
                c.sock.sendall(b"HTTP/1.1 200 OK\r\nCache-Control: max-age=0, stale-if-error=60\r\n"
                               b"Content-Length: 2\r\n\r\nok")

            def count(self, target):
                return sum(asked[1] == target for asked in self.asked)

        s = self.edge(self.origin(Once))
        self.assertEqual(self.get("/once").status, 200)
        r = self.get("/once")
        self.assertEqual((r.status, r.cache), (200, "STALE"))
        self.assertRegex(r.names["cache-status"], "detail=connection_terminated")
        self.stop(s)

    def test_one_age_also_through_a_shield(self):
        class Private(support.Origin):
            def on_private(self, c, method, target, names, body):
                c.sock.sendall(b"HTTP/1.1 200 OK\r\nCache-Control: private, max-age=60\r\nAge: 7\r\n"
                               b"Content-Length: 2\r\n\r\nok")
        site = self.origin(Private)
        s = self.shielded(site.url)
        for _ in range(2):
            r = self.get("/private/a")
            self.assertEqual(r.status, 200)
            self.assertEqual(len(r.all("age")), 1, r)
            self.assertGreaterEqual(int(r.names["age"]), 7)
        self.stop(s)

    def test_a_folder_says_what_it_allows(self):
        s = self.edge(f'directory = "{os.path.dirname(os.path.abspath(__file__))}";')
        r = self.get("/front.py", "DELETE")
        self.assertEqual((r.status, r.all("allow")), (405, ["GET, HEAD"]))
        self.stop(s)

    def test_probes_make_no_line_in_the_access_log(self):
        s = self.shielded(self.origin().url)
        for target in ("/healthz", "/a", "/healthz", "/healthz?x=1"):
            self.get(target, port=self.ports["shield"])
        self.until(lambda: len(self.rows(s)) >= 1)
        self.stop(s)
        self.assertEqual([r["target"] for r in self.rows(s)], ["/a"])

    def test_commands_leave_a_line_and_are_told_apart_from_failures(self):
        s = self.edge(self.origin())
        self.waymark(s, "purge", "--tag", "shoes")
        self.waymark(s, "purge", "--all", "--soft")
        self.waymark(s, "edge", "here", "draining")
        for said in ("has the edges purge tag shoes", "has the edges take for stale: everything",
                     "has the /healthz of edge here say draining"):
            s.wait_for(said)
        self.assertIn("edge here is draining by command", self.wrong(s))
        self.assertIn("up, draining or down", self.waymark(s, "edge", "here", "dwon", status=2))
        self.waymark(s, "edge", "here", "up")
        self.assertIn("Nothing is wrong", self.wrong(s))
        self.stop(s)

    def test_fetch_over_https_names_the_edge_that_has_no_tls(self):
        port = live.free_port("127.0.10.1")
        s = self.server(rest=(
            'pops: { tokyo: { at = [35.7, 139.7]; addresses = ["127.0.10.1"]; }; };\n'
            'services: ( { name = "www"; hosts = ["www.plain.example"]; targets = ["tokyo"];\n'
            '  policy = ("healthy"); } );\n'
            'origins: { site: { url = "http://127.0.0.1:9"; }; };\n'
            f'edges: ( {{ pop = "tokyo"; listen = "127.0.10.1:{port}"; origin = "site"; }} );\n'))
        s.start()
        said = self.waymark(s, "fetch", f"https://{HOST}/", status=1)
        self.assertIn("the edge at that address has no listen_tls", said)
        self.stop(s)

    def test_fetch_says_what_there_is(self):
        s = self.edge(self.origin())
        said = self.waymark(s, "fetch", f"http://{HOST}/", status=1)
        self.assertRegex(said, r"answer A 192\.0\.2\.1, for 300 s")
        said = self.waymark(s, "fetch", "http://nobody.plain.example/", status=1)
        self.assertIn("answer NXDOMAIN, no address", said)
        self.stop(s)
        said = self.waymark(s, "fetch", "http://nobody.plain.example/", status=1)
        self.assertRegex(said, r"asked the files, in \S+ ms note Offline \(.*\. Verdicts: .*taken for up")


if __name__ == "__main__":
    live.main()
