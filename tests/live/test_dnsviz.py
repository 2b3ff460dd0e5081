"""test_dnsviz.py - `dnsviz probe` has nothing to complain of: delegations from the root down, EDNS versions,
flags and options, cookies good and bad, names in mixed case, TCP, IPv4 and IPv6.

It asks as a resolver does, beginning at the root servers' real addresses. So one Waymark serves the root, a
top-level domain and the demo's zones, in a network namespace where all those addresses are its own."""
import json
import os
import shutil
import subprocess
import sys
import unittest

import live
from test_crowd import can_have_a_namespace, loopback_up

PROJECT = os.path.join(live.HERE, "..", "..")
ADDRESSES = ("198.41.0.4 170.247.170.2 192.0.2.11 192.0.2.12 192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4 "
             "2001:503:ba3e::2:30 2801:1b8:10::b 2001:db8::11 2001:db8::12 2001:db8::1 2001:db8::2 "
             "2001:db8::3").split()
NAMES = ["cdn.example", "lab.cdn.example", "www.cdn.example", "a.img.cdn.example",
         "shop.cdn.example", "nosuch.cdn.example", "example"]
ROOT = """$TTL 1d
. SOA a.root-servers.net. hostmaster.example. 1 1800 900 604800 86400
. NS a.root-servers.net.
. NS b.root-servers.net.
a.root-servers.net. A 198.41.0.4
a.root-servers.net. AAAA 2001:503:ba3e::2:30
b.root-servers.net. A 170.247.170.2
b.root-servers.net. AAAA 2801:1b8:10::b
example. NS ns1.nic.example.
example. NS ns2.nic.example.
ns1.nic.example. A 192.0.2.11
ns1.nic.example. AAAA 2001:db8::11
ns2.nic.example. A 192.0.2.12
ns2.nic.example. AAAA 2001:db8::12
"""
TOP = """$TTL 1d
@ SOA ns1.nic hostmaster.nic 1 1800 900 604800 3600
@ NS ns1.nic
@ NS ns2.nic
ns1.nic A 192.0.2.11
ns1.nic AAAA 2001:db8::11
ns2.nic A 192.0.2.12
ns2.nic AAAA 2001:db8::12
cdn NS ns1.cdn
cdn NS ns2.cdn
ns1.cdn A 192.0.2.1
ns1.cdn AAAA 2001:db8::1
ns2.cdn A 192.0.2.2
ns2.cdn AAAA 2001:db8::2
provider A 192.0.2.13
"""
CONF = """server: {{ listen = ["0.0.0.0:53", "[::]:53"]; nsid = "ns1"; state = "{0}/state"; control = "{0}/sock"; }};
zones: ( {{ name = "."; file = "{0}/root.zone"; }}, {{ name = "example"; file = "{0}/example.zone"; }},
  {{ name = "cdn.example"; file = "{1}/zones/cdn.example.zone"; }},
  {{ name = "lab.cdn.example"; file = "{1}/zones/lab.cdn.example.zone"; }} );
geo: {{ databases = ["{1}/geo-data/demo.mmdb"]; }};
pops: {{ tokyo: {{ at = [35.7, 139.7]; addresses = ["203.0.113.1", "2001:db8:1::1"]; }}; }};
providers: {{ fastly: {{ cname = "provider.example"; }}; }};
services: (
  {{ name = "www"; hosts = ["www.cdn.example", "*.img.cdn.example"]; targets = ["tokyo"]; policy = ("nearest"); }},
  {{ name = "video"; hosts = ["video.cdn.example"]; targets = ["tokyo", "fastly"]; policy = ("weighted");
     window_s = 86400; }} );
"""


class Dnsviz(live.LiveTest):
    @unittest.skipUnless(shutil.which("dnsviz"), "no dnsviz")
    @unittest.skipUnless(shutil.which("ip"), "no ip, of iproute2")
    @unittest.skipUnless(can_have_a_namespace(), "may not make a network namespace")
    def test_dnsviz_has_nothing_to_complain_of(self):
        done = subprocess.run(["unshare", "-n", sys.executable, "-B", __file__, "--inside"],
                              capture_output=True, text=True, timeout=4 * live.PATIENCE_S)
        if done.returncode == 77:
            self.skipTest(done.stdout.strip())
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


def run(*words):
    return subprocess.run(words, capture_output=True, text=True, check=True,
                          timeout=2 * live.PATIENCE_S).stdout


def probe(s, *words):
    """What was asked and answered; fails on what `dnsviz grok` warns of."""
    path = s.path("probe.json")
    run("dnsviz", "probe", "-A", "-E", "-n", "-o", path, *words)
    found = json.loads(run("dnsviz", "grok", "-l", "warning", "-r", path) or "{}")
    assert not found, json.dumps(found, indent=1)
    with open(path, encoding="utf-8") as f:
        return json.load(f)


def questions(probed):
    """(the EDNS and transport that a question was sent with, an answer to it)"""
    for zone in probed.values():
        for query in zone.get("queries", ()):
            for clients in query["responses"].values():
                for answer in clients.values():
                    yield query["options"], answer


def check_coverage(asked):
    """Nothing was asked twice, and all that `-E` is for was asked over both families."""
    assert all("message" in answer and not answer["history"] for _, answer in asked), asked
    kinds = {"TCP": lambda o: o["tcp"], "a later EDNS": lambda o: o["edns_version"] > 0,
             "an unknown flag": lambda o: o["edns_flags"] & 0x7fff,
             "an unknown option": lambda o: any(code == 100 for code, _ in o["edns_options"]),
             "a bad cookie": lambda o: any(code == 10 and data.endswith("bbbb")
                                           for code, data in o["edns_options"])}
    for what, is_one in kinds.items():
        n = sum(1 for options, _ in asked if is_one(options))
        assert n > 1, f"{what} was asked {n} times"


def serve():
    s = live.Server()
    for name, text in (("root.zone", ROOT), ("example.zone", TOP),
                       ("waymark.conf", CONF.format(s.folder, os.path.abspath(PROJECT)))):
        with open(s.path(name), "w", encoding="ascii") as f:
            f.write(text)
    return s


def inside():
    """In a namespace of its own, where the addresses are nobody else's."""
    loopback_up()
    try:
        for address in ADDRESSES:
            more = ["nodad"] if ":" in address else []
            run("ip", "address", "add", address + ("/128" if more else "/32"), "dev", "lo", *more)
    except subprocess.CalledProcessError as e:
        print(f"ip: {e.stderr.strip()}")
        return 77
    s = serve()
    try:
        s.start()
        asked = list(questions(probe(s, *NAMES)))
        check_coverage(asked)
        # An address or a CNAME: each resolver has its own for a while, and IPv6 would be another one.
        probe(s, "-4", "video.cdn.example")
        assert s.stop() == 0
    finally:
        s.close()
    print(f"{len(asked)} questions")
    return 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--inside"]:
        sys.exit(inside())
    live.main()
