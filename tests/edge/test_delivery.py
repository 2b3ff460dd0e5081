#!/usr/bin/env python3
"""What an operator sees of the edges: fetch, purge, status, metrics; and what a reload does to them."""
import json
import os
import resource
import re
import signal
import socket
import ssl
import sys
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("live", "support"):
    sys.path.insert(0, os.path.join(HERE, "..", folder))
import health_peers  # noqa: E402
import live  # noqa: E402

TOKYO, LONDON = "127.0.10.1", "127.0.10.2"
CLIENTS = 50
URL = "http://www.plain.example/a.txt"
EDGES = {"tokyo": '{{ pop = "tokyo"; listen = "127.0.10.1:{port}"; shield = "london"; origin = "site"; }}',
         "london": '{{ pop = "london"; listen = "127.0.10.2:{port}"; origin = "site"; }}'}


class SlowOrigin(ThreadingHTTPServer):
    """Takes a second for everything."""
    daemon_threads = True
    request_queue_size = 128

    def __init__(self):
        super().__init__(("127.0.0.1", 0), SlowAnswer)
        self.asked = []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class SlowAnswer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append(self.path)
        time.sleep(1)
        self.send_response(200)
        self.send_header("Cache-Control", "no-store" if "private" in self.path else "max-age=60")
        self.send_header("Content-Length", "11")
        self.end_headers()
        self.wfile.write(b"slowly made")

    def log_message(self, *words):
        pass


def is_open(address, port):
    with socket.socket() as s:
        return s.connect_ex((address, port)) == 0


class Delivery(live.LiveTest):
    def edges(self, pops=("tokyo", "london")):
        """A server with these edges over a folder of files; not yet started."""
        self.http = live.free_port(TOKYO, LONDON)
        self.metrics_port = live.free_port()
        s = self.server(server=f'metrics = "127.0.0.1:{self.metrics_port}";')
        os.mkdir(s.path("site"))
        with open(s.path("site/a.txt"), "w") as f:
            f.write("an object\n")
        s.write_conf(rest=self.rest(s, pops))
        return s

    def rest(self, s, pops):
        rows = ", ".join(EDGES[pop].format(port=self.http) for pop in pops)
        return (f'pops: {{ tokyo: {{ at = [35.7, 139.7]; addresses = ["{TOKYO}"]; }};\n'
                f'  london: {{ at = [51.5, -0.1]; addresses = ["{LONDON}"]; }}; }};\n'
                'services: ( { name = "www"; hosts = ["www.plain.example"];\n'
                '  targets = ["tokyo", "london"]; policy = ("healthy", "priority"); } );\n'
                f'origins: {{ site: {{ directory = "{s.path("site")}"; }}; }};\n'
                f'edges: ( {rows} );\n')

    def run_on(self, s, command, *args, status=0):
        got, out, err = live.waymark(command, "-c", s.conf, *args)
        self.assertEqual(got, status, out + err)
        return out if status == 0 else err

    def fetch(self, s, url=URL):
        return json.loads(self.run_on(s, "fetch", url, "--json"))

    def cache(self, s):
        """How the edge says it answered: HIT, MISS, ..."""
        d = self.fetch(s)
        self.assertEqual(d["http"]["status"], 200, d)
        return d["http"]["fields"]["X-Cache"].split()[0]

    def test_fetch_shows_a_whole_delivery(self):
        s = self.edges().start()
        d = self.fetch(s)
        self.assertEqual(d["dns"]["answer"], TOKYO)
        self.assertEqual(d["dns"]["target"], "tokyo")
        self.assertEqual(d["edge"], {"pop": "tokyo", "connect_to": f"{TOKYO}:{self.http}"})
        self.assertEqual((d["http"]["status"], d["http"]["bytes"]), (200, 10))
        self.assertLessEqual(d["http"]["connect_us"], d["http"]["first_byte_us"])
        text = self.run_on(s, "fetch", URL)
        for part in ("Where is it?", "A 127.0.10.1", "tokyo, at", "status        200", "HIT",
                     "10 octets"):
            self.assertIn(part, text)
        self.stop(s)

    def test_fetch_says_what_went_wrong(self):
        s = self.edges().start()
        self.assertIn("no URL", self.run_on(s, "fetch", "www.plain.example", status=2))
        got, out, _ = live.waymark("fetch", "-c", s.conf, "http://nobody.plain.example/")
        self.assertEqual(got, 1)
        self.assertIn("no address", out)
        self.assertEqual(self.fetch(s, "http://www.plain.example/absent")["http"]["status"], 404)
        self.stop(s)

    def test_a_purge_is_seen_by_the_next_request(self):
        s = self.edges().start()
        for what in (["--url", URL], ["--prefix", "http://www.plain.example/"], ["--all"]):
            self.cache(s)
            self.assertEqual(self.cache(s), "HIT")
            self.assertIn("Purged on 2 edges", self.run_on(s, "purge", *what))
            self.assertEqual(self.cache(s), "MISS", what)
        self.assertEqual(self.cache(s), "HIT")
        self.run_on(s, "purge", "--url", "http://www.plain.example/another.txt")
        self.assertEqual(self.cache(s), "HIT")
        self.run_on(s, "purge", "--url", URL, "--soft")
        self.assertNotEqual(self.cache(s), "HIT")
        self.stop(s)

    def test_a_purge_of_nonsense_is_refused(self):
        s = self.edges().start()
        self.assertIn("expected", self.run_on(s, "purge", "--url", "nonsense", status=1))
        self.assertIn("one of --url", self.run_on(s, "purge", status=2))
        self.assertIn("one of --url", self.run_on(s, "purge", "--all", "--tag", "x", status=2))
        self.stop(s)

    def health(self):
        with socket.create_connection((TOKYO, self.http), timeout=live.PATIENCE_S) as s:
            s.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            head, body = s.makefile("rb").read().split(b"\r\n\r\n")
        return head.split()[1], body

    def test_an_edge_is_drained_and_brought_back(self):
        s = self.edges().start()
        self.assertEqual(self.health(), (b"200", b"up\n"))
        self.run_on(s, "edge", "tokyo", "draining")
        self.assertEqual(self.health(), (b"503", b"draining\n"))
        self.assertEqual(self.cache(s), "MISS", "who still comes is served")
        s.send(signal.SIGHUP)
        s.wait_for("reload done")
        self.assertEqual(self.health(), (b"503", b"draining\n"))
        self.assertIn("down", self.run_on(s, "edge", "tokyo", "down"))
        self.assertEqual(self.health(), (b"503", b"down\n"))
        self.run_on(s, "edge", "tokyo", "up")
        self.assertEqual(self.health(), (b"200", b"up\n"))
        self.assertIn("no edge", self.run_on(s, "edge", "paris", "up", status=1))
        self.assertIn("expected", self.run_on(s, "edge", "tokyo", "asleep", status=2))
        self.stop(s)

    def test_without_edges_there_is_nothing_to_purge(self):
        s = self.server().start()
        self.assertIn("runs no edge", self.run_on(s, "purge", "--all", status=1))
        self.stop(s)

    def metrics(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics",
                                    timeout=live.PATIENCE_S) as reply:
            return reply.read().decode()

    def test_status_and_metrics_count_requests(self):
        s = self.edges().start()
        for _ in range(4):
            self.cache(s)
        self.run_on(s, "edge", "tokyo", "draining")
        for _ in range(9):
            self.health()
        self.run_on(s, "edge", "tokyo", "up")
        status = json.loads(self.run_on(s, "status", "--json"))
        tokyo, london = status["edges"]
        self.assertEqual((tokyo["pop"], tokyo["state"]), ("tokyo", "up"))
        self.assertEqual((tokyo["requests"]["miss"], tokyo["requests"]["hit"]), (1, 3))
        self.assertEqual(london["requests"]["miss"], 1)
        self.assertEqual(london["bytes_origin"], 10)
        self.assertEqual(tokyo["bytes_cache"], 30)
        text = self.run_on(s, "status")
        self.assertRegex(text, r"tokyo +up +4 +75\.0 % +25\.0 %")
        page = self.metrics()
        self.assertIn('waymark_edge_requests_total{edge="tokyo",result="hit"} 3', page)
        self.assertIn('waymark_edge_responses_total{edge="tokyo",code="2xx"} 4', page)
        self.assertIn('waymark_edge_responses_total{edge="tokyo",code="5xx"} 0', page)
        self.assertIn('waymark_edge_seconds_count{edge="tokyo"} 4', page)
        with open(os.path.join(HERE, "..", "..", "docs", "metrics.md")) as f:
            told = set(re.findall(r"^\| `(waymark_edge_[a-z_]+)", f.read(), re.M))
        found = set(re.findall(r"^# TYPE (waymark_edge_[a-z_]+)", page, re.M))
        self.assertEqual(found, told)
        self.stop(s)

    def test_the_access_log_is_json_whatever_clients_send(self):
        s = self.edges()
        s.write_conf(server=f'access_log = "{s.path("access.log")}";', rest=self.rest(s, ["london"]))
        s.start()
        long = b"GET /" + b"x" * 40000 + b" HTTP/1.1\r\n\r\n"
        for request in (b"GET /a.txt?\"q\\ HTTP/1.1\r\nHost: www.plain.example\r\n\r\n",
                        b"GET /a.txt HTTP/1.1\r\nHost: www.plain.example\r\nUser-Agent: "
                        b"\xe4\"\t\\\r\n\r\n",
                        b"GET /absent HTTP/1.1\r\nHost: www.plain.example\r\n\r\n",
                        b"nonsense\r\n\r\n", long):
            with socket.create_connection((LONDON, self.http), live.PATIENCE_S) as c:
                c.sendall(request)
                self.assertIn(b"HTTP/1.1 ", c.recv(65536))
        self.stop(s)
        with open(s.path("access.log"), encoding="ascii") as f:
            rows = [json.loads(line) for line in f]
        self.assertEqual(len(rows), 5)
        for row in rows:
            self.assertLessEqual({"time", "pop", "client", "tls", "status", "result", "collapsed",
                                  "bytes", "edge_us", "origin_us"}, set(row))
            self.assertEqual((row["pop"], row["client"]), ("london", "127.0.0.1"))
        self.assertEqual([row["status"] for row in rows][1:3], [200, 404])
        self.assertEqual(rows[1]["agent"], "\u00e4\"\t\\")
        self.assertEqual((rows[1]["method"], rows[1]["target"], rows[1]["bytes"]),
                         ("GET", "/a.txt", 10))
        self.assertEqual([row["result"] for row in rows][3:], ["local", "local"])

    def test_an_access_log_without_room_costs_its_lines_and_no_others(self):
        s = self.edges()
        log = s.path("access.log")
        s.write_conf(server=f'access_log = "{log}";', rest=self.rest(s, ["london"]))
        s.start()

        def ask(name, size):
            with socket.create_connection((LONDON, self.http), live.PATIENCE_S) as c:
                c.sendall(f"GET /{name} HTTP/1.1\r\nHost: www.plain.example\r\n\r\n".encode())
                self.assertIn(b"HTTP/1.1 404", c.recv(65536))
            deadline = time.monotonic() + live.PATIENCE_S
            while not size(os.path.getsize(log)):
                self.assertLess(time.monotonic(), deadline, name)
                time.sleep(0.01)

        ask("first", lambda n: n > 0)
        full = os.path.getsize(log) + 40
        limits = resource.prlimit(s.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(s.process.pid, resource.RLIMIT_FSIZE, (full, limits[1]))
        ask("second", lambda n: n == full)
        ask("third", lambda n: n == full)
        time.sleep(1)  # its line has been lost
        resource.prlimit(s.process.pid, resource.RLIMIT_FSIZE, limits)
        ask("fourth", lambda n: n > full)
        self.stop(s)
        with open(log, encoding="ascii") as f:
            lines = f.read().splitlines()
        self.assertEqual(len(lines), 3, lines)
        self.assertEqual([json.loads(lines[i])["target"] for i in (0, 2)], ["/first", "/fourth"])

    def test_a_reload_opens_the_access_log_anew(self):
        s = self.edges(["london"])
        log = s.path("access.log")
        s.write_conf(server=f'access_log = "{log}";', rest=self.rest(s, ["london"]))
        s.start()
        os.rename(log, log + ".1")
        self.assertNotIn("access_log", self.run_on(s, "reload"))
        urllib.request.urlopen(f"http://{LONDON}:{self.http}/a.txt", timeout=live.PATIENCE_S).close()
        self.stop(s)
        self.assertEqual(os.path.getsize(log + ".1"), 0)
        self.assertGreater(os.path.getsize(log), 0)

    def tls_origin(self, folder):
        """Its port, and the names that clients said they want."""
        health_peers.make_authority(folder, "ca")
        context = health_peers.make_context(folder, "origin", "origin.example")
        names = []
        context.sni_callback = lambda client, name, _: names.append(name)
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)

        def serve():
            try:
                while True:
                    client, _ = listener.accept()
                    with client:
                        context.wrap_socket(client, server_side=True)
            except (OSError, ssl.SSLError):
                pass

        threading.Thread(target=serve, daemon=True).start()
        return listener.getsockname()[1], names

    def test_a_certificate_is_wanted_of_the_name_in_host(self):
        s = self.edges(["london"])
        port, names = self.tls_origin(s.path(""))
        s.write_conf(rest=re.sub(r'directory = "[^"]*";', f'url = "https://127.0.0.1:{port}"; '
                                 'host = "origin.example";', self.rest(s, ["london"])))
        s.start()
        with self.assertRaises(urllib.error.HTTPError) as caught:  # nobody knows its authority
            urllib.request.urlopen(f"http://{LONDON}:{self.http}/", timeout=live.PATIENCE_S)
        self.assertEqual(caught.exception.code, 502)
        caught.exception.close()
        self.assertEqual(names[:1], ["origin.example"])
        self.stop(s)

    def rush(self, path):
        """50 clients at once, each on a connection of its own: their bodies, and the seconds."""
        start = threading.Barrier(CLIENTS)

        def run(_):
            start.wait()
            began = time.monotonic()
            with urllib.request.urlopen(f"http://{LONDON}:{self.http}{path}", timeout=20) as reply:
                return reply.read(), time.monotonic() - began

        with ThreadPoolExecutor(CLIENTS) as pool:
            got = list(pool.map(run, range(CLIENTS)))
        self.assertEqual({body for body, _ in got}, {b"slowly made"})
        return max(seconds for _, seconds in got)

    def test_a_stampede_is_one_fetch_or_nobody_waits_twice(self):
        origin = SlowOrigin()
        self.addCleanup(origin.server_close)
        self.addCleanup(origin.shutdown)
        self.http = live.free_port(LONDON)
        s = self.server(rest=(
            f'pops: {{ london: {{ at = [51.5, -0.1]; addresses = ["{LONDON}"]; }}; }};\n'
            f'origins: {{ site: {{ url = "http://127.0.0.1:{origin.server_port}"; }}; }};\n'
            f'edges: ( {{ pop = "london"; listen = "{LONDON}:{self.http}"; origin = "site"; }} );\n'))
        s.start()
        self.rush("/shared")
        self.assertEqual(origin.asked, ["/shared"])
        slowest_s = self.rush("/private")
        self.assertEqual(origin.asked.count("/private"), CLIENTS)
        self.assertLess(slowest_s, 4)  # one second, one more to fetch it themselves, and patience
        self.stop(s)

    def test_a_reload_takes_an_edge_away_and_brings_it_back(self):
        s = self.edges().start()
        self.cache(s)
        s.write_conf(rest=self.rest(s, ["london"]))
        self.run_on(s, "reload")
        self.assertFalse(is_open(TOKYO, self.http))
        self.assertTrue(is_open(LONDON, self.http))
        s.write_conf(rest=self.rest(s, ["tokyo", "london"]))
        self.run_on(s, "reload")
        self.assertIn(self.cache(s), ("MISS", "HIT"))
        self.run_on(s, "reload")
        self.assertEqual(self.cache(s), "HIT")  # an edge that stays keeps what it has
        self.stop(s)

    def many(self, folder, net, n):
        """As many edges on one thread, and no other."""
        pops = "".join(f'p{net}-{i}: {{ at = [0.0, 0.0]; addresses = ["127.0.{net}.{i}"]; }};\n'
                       for i in range(1, n + 1))
        rows = ",\n".join(f'{{ pop = "p{net}-{i}"; listen = "127.0.{net}.{i}:{self.http}"; '
                          'origin = "site"; cache_mb = 1; }' for i in range(1, n + 1))
        return (f'pops: {{ {pops} }};\norigins: {{ site: {{ directory = "{folder}"; }}; }};\n'
                f'edges: ( {rows} );\n')

    def test_a_reload_may_take_all_edges_away_and_bring_as_many_others(self):
        s = self.edges()
        s.write_conf(server="edge_threads = 1;", rest=self.many(s.path("site"), 10, 200))
        s.start()
        s.write_conf(server="edge_threads = 1;", rest=self.many(s.path("site"), 11, 200))
        self.run_on(s, "reload")
        self.assertFalse(is_open("127.0.10.200", self.http))
        self.assertTrue(is_open("127.0.11.200", self.http))
        self.stop(s)


if __name__ == "__main__":
    live.main()
