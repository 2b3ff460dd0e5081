"""test_quotes.py - files of any octets: what is said of them, in the log, by `check` and in the JSON of
`status`, is UTF-8 without control characters; and the octets in it can be told."""
import json
import os
import random
import signal
import subprocess
import unittest

import live

ROUNDS = 40
NETWORKS = 'geo: {{ databases = ["geo-data/demo.mmdb"]; networks = "{}"; countries = "{}"; }};\n'
GOOD_NETWORKS = "192.0.2.0/24 at=1.0,2.0\n"
GOOD_COUNTRIES = "country,continent,latitude,longitude\nFR,EU,46,2\n"


def octets(rng):
    """Noise, or noise where a word is expected, so that readers get far enough to quote it."""
    noise = bytes(rng.choice([rng.randrange(256), rng.randrange(128, 256), rng.choice(b"\n\r\t \x1b\x7f")])
                  for _ in range(rng.randrange(1, 40)))
    words = [b"@ SOA ns1 host 1 3600 600 86400 60\n", b"www A ", b"$TTL ", b"$INCLUDE ", b"a CNAME ", b'"',
             b"192.0.2.0/24 ", b"FR,EU,", b"server: { ", b" = ", b";\n", b"zones: ( ", b"\xc2\x9b31m", b"\n"]
    return noise + b"".join(rng.choice([noise, rng.choice(words), rng.choice(words)])
                            for _ in range(rng.randrange(12)))


class Quotes(live.LiveTest):
    def put(self, s, name, data):
        with open(s.path(name), "wb") as f:
            f.write(data)

    def check(self, s):
        done = subprocess.run([live.WAYMARK, "check", "-c", s.conf], capture_output=True,
                              timeout=live.PATIENCE_S)
        self.assertIn(done.returncode, (0, 1))
        for said in (done.stdout, done.stderr):
            self.assertTrue(live.can_be_shown(said), said)
        return done.stderr

    def with_networks(self):
        s = self.server()
        s.rest = NETWORKS.format(s.path("networks"), s.path("countries"))
        self.put(s, "networks", GOOD_NETWORKS.encode())
        self.put(s, "countries", GOOD_COUNTRIES.encode())
        s.write_conf()
        return s

    def test_a_zone_of_any_octets_is_quoted_so_that_it_can_be_shown(self):
        s = self.server().start()
        for seed in range(ROUNDS):
            self.put(s, "plain.zone", octets(random.Random(seed)))
            self.check(s)
        self.put(s, "plain.zone", b"@ \xff[2J\xc2\x85 x\n")
        self.assertIn(rb"\xff[2J\xc2\x85", self.check(s))
        before = len(s.log)
        s.send(signal.SIGHUP)
        s.wait_for(r"\\xff\[2J\\xc2\\x85", since=before)
        status = subprocess.run([live.WAYMARK, "status", "-c", s.conf, "--json"], capture_output=True,
                                timeout=live.PATIENCE_S).stdout
        self.assertTrue(live.can_be_shown(status), status)
        self.assertIn(r"\xff[2J\xc2\x85", " ".join(json.loads(status)["last_reload"]["lines"]))
        self.stop(s)  # which looks at the log, too

    def test_a_configuration_of_any_octets_is_quoted_so_that_it_can_be_shown(self):
        s = self.server()
        with open(s.conf, "rb") as f:
            good = f.read()
        for seed in range(ROUNDS):
            rng = random.Random(seed)
            at = rng.randrange(len(good))
            self.put(s, "waymark.conf", good[:at] + octets(rng) + good[at:])
            self.check(s)
        self.put(s, "waymark.conf", good.replace(b"plain.example", b"plain\xe9.example"))
        self.assertIn(rb"plain\xe9.example", self.check(s))

    def test_networks_and_countries_of_any_octets_are_quoted_so_that_they_can_be_shown(self):
        s = self.with_networks()
        self.assertNotIn(b"error", self.check(s))
        for name in ("networks", "countries"):
            with open(s.path(name), "rb") as f:
                good = f.read()
            for seed in range(ROUNDS):
                self.put(s, name, good + octets(random.Random(seed)))
                self.check(s)
            self.put(s, name, good)


if __name__ == "__main__":
    os.chdir(os.path.join(live.HERE, "..", ".."))
    live.main()
