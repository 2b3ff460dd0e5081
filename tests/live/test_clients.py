"""test_clients.py - other people's programs ask, over UDP and TCP, and have nothing to complain of."""
import re
import shutil
import subprocess
import unittest

import live

NAMES = (("www", "A", "192.0.2.1"), ("www", "AAAA", "2001:db8::1"), ("@", "NS", "ns1.plain.example."),
         ("alias", "A", "192.0.2.1"), ("any.wild", "TXT", "of a wildcard"), ("host.child", "A", "ns.child"))
ZONE = live.ZONE + """alias   IN CNAME www
*.wild  IN TXT "of a wildcard"
child   IN NS  ns.child
ns.child IN A  192.0.2.77
big     IN TXT ( "{0}" "{0}" "{0}" "{0}" "{0}" "{0}" )
""".format("x" * 250)
COMPLAINTS = re.compile(r"warning|error|malformed|mismatch|unexpected|failed|timed? ?out", re.IGNORECASE)


def is_missing(program):
    return not shutil.which(program)


class Clients(live.LiveTest):
    def run_clean(self, *words):
        """Standard output of a program that ends well, and says nothing beside it."""
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True,
                              timeout=live.PATIENCE_S)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        text = re.sub(r"NOERROR|ERROR: 0|rcode: \w+", "", done.stdout)
        self.assertIsNone(COMPLAINTS.search(text), done.stdout)
        return done.stdout

    def asked_all(self, *words, tcp):
        s = self.server(zone=ZONE).start()
        for transport in ((), (tcp,)):
            for label, qtype, expected in NAMES:
                name = "plain.example" if label == "@" else f"{label}.plain.example"
                out = self.run_clean(*(w.format(port=s.port) for w in words), *transport, name, qtype)
                self.assertIn(expected, out)
        return s

    @unittest.skipIf(is_missing("kdig"), "no kdig")
    def test_kdig_has_nothing_to_complain_of(self):
        s = self.asked_all("kdig", "@127.0.0.1", "-p", "{port}", "+edns", "+cookie", "+nsid",
                          "+subnet=133.1.2.0/24", tcp="+tcp")
        out = self.run_clean("kdig", "@127.0.0.1", "-p", s.port, "+tcp", "+keepopen",
                             "www.plain.example", "A", "big.plain.example", "TXT")
        self.assertEqual(out.count("status: NOERROR"), 2, out)
        self.assertEqual(out.count("x" * 250), 6, out)
        self.stop(s)

    @unittest.skipIf(is_missing("drill"), "no drill")
    def test_drill_has_nothing_to_complain_of(self):
        self.stop(self.asked_all("drill", "@127.0.0.1", "-p", "{port}", "-b", "1232", tcp="-t"))

    @unittest.skipIf(is_missing("dnsperf"), "no dnsperf")
    def test_dnsperf_gets_every_answer(self):
        s = self.server(zone=ZONE).start()
        with open(s.path("queries"), "w", encoding="ascii") as f:
            for label, qtype, _ in NAMES[:2] + NAMES[3:]:
                f.write(f"{label}.plain.example {qtype}\n")
        for mode in ("udp", "tcp"):
            out = self.run_clean("dnsperf", "-m", mode, "-s", "127.0.0.1", "-p", s.port, "-d",
                                 s.path("queries"), "-e", "-c", 10, "-n", 400, "-t", live.PATIENCE_S)
            self.assertRegex(out, r"Queries completed:\s+2000 \(100.00%\)")
        self.stop(s)


if __name__ == "__main__":
    live.main()
