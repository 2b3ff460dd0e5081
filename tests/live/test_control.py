"""test_control.py - the admin side of a running server: the control socket, status, explain,
metrics; who may ask, and what happens to those who ask nonsense."""
import http.server
import json
import os
import random
import re
import shutil
import socket
import stat
import subprocess
import threading
import time
import unittest
import urllib.request

import live
from live import waymark

STEERED = """
geo: {{ networks = "{networks}"; }};
checks: {{ up: {{ url = "http://{{address}}:{port}/"; every_s = 1; timeout_ms = 900; fall = 2; rise = 1; }}; }};
pops: {{
  tokyo:  {{ at = [35.68, 139.69]; addresses = ["127.0.0.1"]; check = "up"; }};
  london: {{ at = [51.51, -0.13]; addresses = ["127.0.0.2"]; check = "up"; }};
}};
services: (
  {{ name = "web"; hosts = ["www.plain.example"]; targets = ["tokyo", "london"]; ttl_s = 30;
    policy = ("healthy", "nearest", "weighted"); }}
);
"""
NETWORKS = """198.51.100.0/24 country=JP at=35,139
203.0.113.0/24 country=GB at=51,0
127.0.0.0/8 country=GB at=51,0
"""


class Healthy(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


class Asking(live.LiveTest):
    """A server with one service; both targets are up as long as the peer at 127.0.0.x listens."""

    def steered(self, up=("127.0.0.1", "127.0.0.2")):
        health_port = live.free_port("127.0.0.1", "127.0.0.2")
        self.peers = {}
        for address in up:
            self.peers[address] = http.server.ThreadingHTTPServer((address, health_port), Healthy)
            threading.Thread(target=self.peers[address].serve_forever, daemon=True).start()
            self.addCleanup(self.peers[address].server_close)
            self.addCleanup(self.peers[address].shutdown)
        self.metrics_port = live.free_port()
        s = self.server(server=f'metrics = "127.0.0.1:{self.metrics_port}";')
        with open(s.path("networks.conf"), "w") as f:
            f.write(NETWORKS)
        s.rest = STEERED.format(networks=s.path("networks.conf"), port=health_port)
        s.write_conf()
        s.start()
        s.wait_for("first results")
        return s

    def connect(self, s):
        c = socket.socket(socket.AF_UNIX)
        self.addCleanup(c.close)
        c.connect(s.path("run/sock"))  # blocks while the backlog is full, as our own client does
        c.settimeout(live.PATIENCE_S)
        return c

    def say(self, c, line):
        c.sendall(line + b"\n")
        return json.loads(self.read_line(c))

    def read_line(self, c):
        octets = b""
        while not octets.endswith(b"\n"):
            more = c.recv(65536)
            if not more:
                raise EOFError(octets)
            octets += more
        return octets

    def status(self, s):
        code, out, err = waymark("status", "--json", "-c", s.conf)
        self.assertEqual(code, 0, err)
        return json.loads(out)

    def explain(self, s, *args):
        code, out, err = waymark("explain", "-c", s.conf, *args)
        self.assertEqual(code, 0, err)
        return out

    def until(self, condition):
        deadline = time.monotonic() + live.PATIENCE_S
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)

    def metrics(self, path="/metrics"):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}{path}",
                                    timeout=live.PATIENCE_S) as r:
            return r.read().decode()


class Broken(Asking):
    """The server runs on while its file is being mended: then above all somebody wants to ask it."""

    def test_every_command_finds_the_server_of_a_broken_file(self):
        s = self.steered()
        with open(s.conf) as f:
            good = f.read()
        with open(s.conf, "w") as f:
            f.write("zones: ( {{{ ;\n" + good + "\nunknown = 1")
        before = json.loads(waymark("status", "--json", "-c", s.conf)[1])["world"]["failed_loads"]
        code, out, err = waymark("reload", "-c", s.conf)
        self.assertEqual(code, 1, out + err)
        self.assertRegex(out, r"waymark\.conf:1: error: .*\n")
        self.assertIn("Not reloaded", out)
        s.wait_for("reload failed")
        self.assertEqual(self.status(s)["world"]["failed_loads"], before + 1)
        for how in (("-c", s.conf), ("--socket", s.path("run/sock"))):
            code, out, err = waymark("explain", *how, "www.plain.example", "--client", "198.51.100.1")
            self.assertEqual(code, 0, err)
            self.assertIn("Asked the running server", out)
            code, out, err = waymark("fetch", *how, "http://www.plain.example:1/", "--client",
                                     "198.51.100.1")
            self.assertIn("web chose tokyo", out)
            self.assertEqual(err, "")
        self.stop(s)
        code, out, err = waymark("explain", "-c", s.conf, "www.plain.example")
        self.assertEqual(code, 1)
        self.assertIn("waymark.conf:1: error", err)
        self.assertIn("no server answers", err)
        self.assertEqual(waymark("explain", "--socket", s.path("run/sock"), "www.plain.example")[0], 1)
        code, _, err = waymark("explain", "--socket", "x", "www.plain.example", "--offline")
        self.assertEqual(code, 2)
        self.assertIn("-c FILE", err)

    def test_sentences_name_the_program_and_what_to_do(self):
        for args, words in ((["explain", "--clinet", "x", "y"], "waymark explain: option --clinet"),
                            (["explain", "-c"], "waymark explain: option -c wants a value"),
                            (["status", "--socket", "run/none.sock"], "from the folder you are in"),
                            (["status", "-c", "/nonexistent"], "--socket PATH")):
            code, out, err = waymark(*args)
            self.assertNotEqual(code, 0)
            self.assertIn(words, err)

    def test_a_taken_port_of_metrics_says_what_to_do(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            s = self.server(server=f'metrics = "127.0.0.1:{taken.getsockname()[1]}";').launch()
            self.assertEqual(s.wait(), 1)
            self.assertIn("another program has it", s.log)


class Families(Asking):
    def test_a_family_that_is_down_alone_is_named(self):
        with socket.create_server(("127.0.0.1", 0)) as peer:
            peer.listen(64)
            s = self.server(rest=(
                f'checks: {{ up: {{ url = "tcp://{{address}}:{peer.getsockname()[1]}"; every_s = 1; '
                'timeout_ms = 900; fall = 1; rise = 1; }; };\n'
                'pops: { tokyo: { at = [35.68, 139.69]; addresses = ["127.0.0.1", "::1"]; '
                'check = "up"; }; };\n'
                'services: ( { name = "web"; hosts = ["www.plain.example"]; targets = ["tokyo"]; '
                'policy = ("healthy"); } );\n'))
            s.start()
            s.wait_for('service "web": no target is left for 1 group of its clients that ask for AAAA')
            self.assertIn("1 of its groups of clients that ask for AAAA",
                          " ".join(waymark("status", "-c", s.conf)[1].split()))
            self.stop(s)


class Socket(Asking):
    def test_only_owner_and_group_reach_it_and_it_goes_with_the_server(self):
        s = self.server().start()
        mode = os.stat(s.path("run/sock")).st_mode
        self.assertTrue(stat.S_ISSOCK(mode))
        self.assertEqual(stat.S_IMODE(mode), 0o660)
        self.stop(s)
        self.assertFalse(os.path.exists(s.path("run/sock")))

    def test_garbage_of_every_kind_leaves_it_answering(self):
        s = self.server().start()
        c = self.connect(s)
        for line in (b"", b"{", b"[]", b"{}", b'{"do":1}', b'{"do":"x"}', b"\0\0", b"\xff" * 100,
                     b'{"do":"explain"}', b'{"do":"explain","name":"a..b"}',
                     b'{"do":"explain","name":"a","client":"x"}', b"[" * 60000):
            self.assertIn("error", self.say(c, line), line)
        chance = random.Random(7)
        for _ in range(50):
            noise = self.connect(s)
            try:
                noise.sendall(chance.randbytes(chance.randrange(1, 5000)))
            except OSError:
                pass  # turned away: too many at once
            noise.close()
        self.until(lambda: "server" in self.say(self.connect(s), b'{"do":"status"}'))
        self.stop(s)

    def test_a_line_without_end_is_cut_off(self):
        s = self.server().start()
        c = self.connect(s)
        try:
            c.sendall(b"x" * 300000)
        except OSError:
            pass
        self.assertIn("64 KiB", json.loads(self.read_line(c))["error"])
        self.stop(s)

    def test_the_seventeenth_client_is_told_to_come_back(self):
        s = self.server().start()
        clients = [self.connect(s) for _ in range(16)]
        for c in clients:
            self.assertIn("server", self.say(c, b'{"do":"status"}'))
        self.assertIn("too many", json.loads(self.read_line(self.connect(s)))["error"])
        clients[3].close()

        def is_back():
            return "error" not in self.say(self.connect(s), b'{"do":"status"}')
        self.until(is_back)
        self.stop(s)

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("setpriv"), "needs root and setpriv")
    def test_another_user_is_turned_away(self):
        s = self.server().start()
        os.chmod(s.folder, 0o755)
        os.chmod(s.path("run"), 0o755)
        os.chmod(s.path("run/sock"), 0o666)  # even if the file lets them in
        done = subprocess.run(
            ["setpriv", "--reuid", "65534", "--clear-groups", "python3", "-c",
             "import socket,sys; c = socket.socket(socket.AF_UNIX); c.connect(sys.argv[1]); "
             "print(c.recv(999).decode())", s.path("run/sock")],
            capture_output=True, text=True, timeout=live.PATIENCE_S)
        self.assertIn("only root and the server's own user", done.stdout, done.stderr)
        self.stop(s)

    def test_a_second_server_does_not_take_the_first_ones_place(self):
        s = self.server().start()
        other = self.server()
        with open(other.conf) as f:
            text = f.read()
        with open(other.conf, "w") as f:
            f.write(text.replace(other.path("run/sock"), s.path("run/sock")))
        other.launch()
        self.assertNotEqual(other.wait(), 0)
        self.assertIn("another server answers there", other.log)
        self.assertEqual(waymark("status", "-c", s.conf)[0], 0)
        self.stop(s)

    def test_what_a_killed_server_left_is_replaced(self):
        s = self.server().start()
        s.process.kill()
        s.wait()
        self.assertTrue(os.path.exists(s.path("run/sock")))
        code, _, err = waymark("status", "-c", s.conf)
        self.assertEqual(code, 1)
        self.assertIn("no server answers at", err)
        since = len(s.log)
        s.launch().wait_for("is ready", since)
        self.assertEqual(waymark("status", "-c", s.conf)[0], 0)
        self.stop(s)


class Status(Asking):
    def test_it_tells_what_is_served_and_believed(self):
        s = self.steered(up=("127.0.0.1",))
        x = self.status(s)
        self.assertEqual(x["server"]["listen"], s.listen)
        self.assertEqual([z["name"] for z in x["zones"]], ["plain.example"])
        self.assertEqual(x["zones"][0]["serial"], 1)
        self.assertEqual({t["target"]: t["verdict"] for t in x["targets"]},
                         {"tokyo": "up", "london": "down"})
        self.assertEqual(x["services"][0]["name"], "web")
        self.assertGreater(x["services"][0]["classes"], 1)
        self.assertTrue(x["world"]["is_ready"])
        self.assertGreater(x["memory"]["resident"], 1 << 20)
        for _ in range(5):
            s.ask("www.plain.example")
        self.assertEqual(self.status(s)["queries"]["total"], 5)
        self.stop(s)

    def test_what_is_wrong_comes_first(self):
        s = self.steered(up=("127.0.0.1",))
        code, out, err = waymark("status", "-c", s.conf)
        self.assertEqual(code, 0, err)
        self.assertRegex(out, r"\A\nWRONG\n  target london \(127\.0\.0\.2:\d+\) is down for ")
        self.stop(s)

    def test_a_failed_reload_is_remembered_until_one_succeeds(self):
        s = self.server().start()
        s.write_zone("broken")
        self.assertEqual(waymark("reload", "-c", s.conf)[0], 1)
        self.assertIn("the last reload", waymark("status", "-c", s.conf)[1])
        self.assertEqual(self.status(s)["world"]["failed_loads"], 1)
        s.write_zone(live.ZONE)
        code, out, _ = waymark("reload", "-c", s.conf)
        self.assertEqual(code, 0)
        self.assertRegex(out, r"Reloaded in \d+ ms: world \d+")
        self.assertIn("Nothing is wrong.", waymark("status", "-c", s.conf)[1])
        self.stop(s)


class Explain(Asking):
    def test_it_says_where_why_and_what(self):
        s = self.steered()
        out = self.explain(s, "www.plain.example", "--client", "198.51.100.7")
        self.assertRegex(out, r"\AAsked the running server")
        self.assertIn("goes to       tokyo", out)
        self.assertIn("198.51.100.0, the client subnet in the query (ECS)", out)
        self.assertRegex(out, r"known from +\S*networks\.conf:1, for all of 198\.51\.100\.0/24")
        self.assertRegex(out, r"tier 1 +tokyo +[\d,]+ km")
        self.assertRegex(out, r"tokyo +127\.0\.0\.1:\d+ +up for ")
        self.assertIn("100.0 %", out)
        self.assertRegex(out, r"www\.plain\.example\. +\d+ IN A +127\.0\.0\.1")
        self.assertRegex(out, r"scope +/24: caches may give it to all of 198\.51\.100\.0/24")
        self.assertLessEqual(max(map(len, out.splitlines())), 100 + len(s.folder))
        self.stop(s)

    def test_it_agrees_with_the_answer(self):
        s = self.steered()
        for resolver, target in (("127.0.0.1", "127.0.0.2"),):
            x = json.loads(self.explain(s, "www.plain.example", "--resolver", resolver, "--json"))
            self.assertEqual(x["answer"]["answer"][0]["data"], target)
            self.assertIn(socket.inet_aton(target), s.ask("www.plain.example").octets)
        self.stop(s)

    def test_a_dead_target_is_dropped_with_its_reason(self):
        s = self.steered()
        self.peers["127.0.0.1"].shutdown()
        self.peers["127.0.0.1"].server_close()
        s.wait_for("tokyo .* is down")
        out = self.explain(s, "www.plain.example", "--client", "198.51.100.0/24")
        self.assertIn("goes to       london", out)
        self.assertRegex(out, r"dropped +tokyo +127\.0\.0\.1:\d+ +DOWN for .*: ")
        self.stop(s)

    def test_without_a_server_it_builds_the_world_and_says_so(self):
        s = self.steered()
        live_out = self.explain(s, "www.plain.example", "--client", "198.51.100.0/24")
        offline = self.explain(s, "www.plain.example", "--client", "198.51.100.0/24", "--offline")
        self.assertRegex(offline, r"\AOffline \(as asked\): built from")
        self.stop(s)
        out = self.explain(s, "www.plain.example", "--client", "198.51.100.0/24")
        self.assertRegex(out, r"\AOffline \(no server answers at ")
        for part in ("goes to       tokyo", "scope         /24"):
            self.assertIn(part, live_out)
            self.assertIn(part, offline)
            self.assertIn(part, out)

    def test_names_that_are_not_steered(self):
        s = self.steered()
        self.assertIn("REFUSED", self.explain(s, "www.example.org"))
        self.assertIn("NXDOMAIN", self.explain(s, "no.plain.example"))
        self.assertIn("none: the name is not steered", self.explain(s, "ns1.plain.example"))
        self.assertIn("does not steer this type", self.explain(s, "www.plain.example", "TXT"))
        self.stop(s)

    def test_a_wrong_argument_is_a_sentence_and_status_2(self):
        s = self.server()
        for args in (["a..b"], ["a", "NOTYPE"], ["a", "--client", "x"], ["a", "--client", "1.2.3.4/33"],
                     ["a", "--resolver", "x"], ["a", "--at", "soon"], ["a", "AXFR"], [], ["a", "A", "b"]):
            code, out, err = waymark("explain", "-c", s.conf, *args)
            self.assertEqual(code, 2, args)
            self.assertRegex(err, r"\Awaymark.*explain: .*\w")
            self.assertEqual(out, "")

    def test_a_broken_configuration_is_listed(self):
        s = self.server()
        s.write_conf(server="threads = -1;")
        code, _, err = waymark("explain", "-c", s.conf, "www.plain.example")
        self.assertEqual(code, 1)
        self.assertRegex(err, r"waymark\.conf:\d+: error: ")


SAMPLE = re.compile(r'^([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)+)\})? (\S+)$')


class Metrics(Asking):
    def parsed(self):
        """{(name, labels): value}; every line must be what the format allows."""
        samples, types, last = {}, {}, None
        for line in self.metrics().splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                self.assertNotIn(name, types)
                types[name] = kind
                last = name
            elif line.startswith("# HELP "):
                self.assertGreater(len(line.split(" ", 3)), 3)
            else:
                m = SAMPLE.match(line)
                self.assertTrue(m, line)
                self.assertTrue(m[1] == last or m[1] in (f"{last}_sum", f"{last}_count"), line)
                self.assertNotIn((m[1], m[2]), samples)
                samples[m[1], m[2]] = float(m[3])
                if types[last] == "counter":
                    self.assertTrue(m[1].endswith("_total"), line)
        self.names = set(types)
        return samples

    def test_the_page_is_well_formed_and_counts(self):
        s = self.steered()
        for _ in range(7):
            s.ask("www.plain.example")
        s.ask("no.plain.example")
        live.ask_tcp("127.0.0.1", s.port, "www.plain.example")
        x = self.parsed()
        self.assertEqual(x["waymark_queries_total", 'type="A",transport="udp"'], 8)
        self.assertEqual(x["waymark_queries_total", 'type="A",transport="tcp"'], 1)
        self.assertEqual(x["waymark_responses_total", 'rcode="NXDOMAIN",transport="udp"'], 1)
        self.assertEqual(x["waymark_zone_queries_total", 'zone="plain.example"'], 9)
        self.assertEqual(x["waymark_answers_total", 'service="web",target="london"'], 8)
        self.assertEqual(x["waymark_answers_total", 'service="web",target="tokyo"'], 0)
        up = {k[1]: v for k, v in x.items() if k[0] == "waymark_target_up"}
        self.assertEqual(sorted(up.values()), [1, 1])
        self.assertEqual(x["waymark_loads_total", 'result="done"'], 1)
        self.assertEqual([v for k, v in x.items() if k[0] == "waymark_build_info"], [1])
        self.stop(s)

    def test_every_metric_is_in_the_manual(self):
        s = self.steered()
        self.parsed()
        with open(os.path.join(live.HERE, "..", "..", "docs", "metrics.md")) as f:
            told = set(re.findall(r"^\| `([a-z_]+)", f.read(), re.MULTILINE))
        of_edges = {name for name in told if name.startswith("waymark_edge_")}  # here are none
        self.assertEqual(self.names, told - of_edges)
        self.stop(s)

    def test_a_dead_target_shows(self):
        s = self.steered(up=("127.0.0.1",))
        x = self.parsed()
        down = [k[1] for k, v in x.items() if k[0] == "waymark_target_up" and v == 0]
        self.assertEqual(len(down), 1)
        self.assertIn('target="london"', down[0])
        self.stop(s)

    def test_of_addresses_that_are_probed_at_one_place_the_worst_shows(self):
        class ByHost(Healthy):
            def do_GET(self):
                is_dead = self.headers["Host"].startswith("192.0.2.2")
                self.send_response(503 if is_dead else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

        s = self.steered()
        self.peers["127.0.0.1"].RequestHandlerClass = ByHost
        port = self.peers["127.0.0.1"].server_port
        with open(s.conf) as f:
            text = f.read()
        with open(s.conf, "w") as f:
            f.write(text.replace('addresses = ["127.0.0.1"];', 'addresses = ["192.0.2.1", "192.0.2.2"];'
                                 f' probe_addresses = ["127.0.0.1:{port}", "127.0.0.1:{port}"];'))
        code, out, err = waymark("reload", "-c", s.conf)
        self.assertEqual(code, 0, err)
        s.wait_for("tokyo .* is down")
        self.assertEqual(self.parsed()["waymark_target_up", f'target="tokyo",address="127.0.0.1:{port}"'], 0)
        self.stop(s)

    def test_counters_survive_a_reload(self):
        s = self.steered()
        s.ask("www.plain.example")
        self.assertEqual(waymark("reload", "-c", s.conf)[0], 0)
        s.ask("www.plain.example")
        self.assertEqual(self.parsed()["waymark_answers_total", 'service="web",target="london"'], 2)
        self.stop(s)

    def test_scrapes_under_load_and_half_a_request(self):
        s = self.steered()
        half = [live.connect("127.0.0.1", self.metrics_port) for _ in range(10)]
        for h in half:
            h.sendall(b"GET /met")
        threads = [threading.Thread(target=self.metrics) for _ in range(20)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertIn("Waymark", self.metrics("/"))
        for h in half:
            h.close()
        self.stop(s)


if __name__ == "__main__":
    live.main()
