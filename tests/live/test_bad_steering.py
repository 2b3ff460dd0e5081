"""test_bad_steering.py - configurations that steering must refuse, each reloaded into a server under load: a sentence
with file and line, the former world kept, and no question left without its answer. Warnings let a reload pass
and are told."""
import threading
import time
import unittest

import live
import test_steering
from live import waymark

NEAR = 'policy = ("healthy", "nearest"); },'
TOKYO = 'tokyo: { at = [35.68, 139.69];'


def policy(text):
    return NEAR, f"policy = ( {text} ); }},"


# What is put for what, and what is said of it.
REFUSED = {
    "a negative weight": ((TOKYO, TOKYO + " weight = -1;"), "weight: expected an integer from 0 to 1000000, got -1"),
    "a huge weight": ((TOKYO, TOKYO + " weight = 2147483648;"), "2147483648 is beyond 2147483647"),
    "a coordinate that is no number": (("35.68, ", "nan, "), "got nan"),
    "a coordinate without end": (("35.68, ", "1e400, "), "expected a latitude from -90 to 90 degrees, got inf"),
    "coordinates the wrong way round": (("35.68, 139.69", "139.69, 35.68"), "expected a latitude from -90 to 90"),
    "a region with nothing in it": (("geo:", "regions: { empty: { }; };\ngeo:"), "the region is empty"),
    "a rule with nobody in it": (policy('{ stage = "region"; rules = ( { targets = ["tokyo"]; } ); }'),
                                 "the rule names nobody"),
    "a loop of fallbacks": (
        ("geo:", "regions: { a: { countries = [\"JP\"]; }; b: { countries = [\"FR\"]; }; };\ngeo:",
         *policy('{ stage = "region"; rules = ( { region = "a"; targets = ["tokyo"]; fallback_region = "b"; }, '
                 '{ region = "b"; targets = ["paris"]; fallback_region = "a"; } ); }')),
        "the fallbacks go in a circle: a -> b -> a"),
    "a check of nobody's name": (('check = "pop"', 'check = "pope"'), 'no check is called "pope"'),
    "more views than memory allows": (
        ("geo: {", "geo: { views_max = 1;", "services: (", 'services: ( { name = "far"; '
         'hosts = ["ns2.plain.example"]; targets = ["paris", "tokyo"]; policy = ({ stage = "within"; km = 90; }, '
         '"nearest"); },'), "views"),
    "an order without sense": (policy('"healthy", { stage = "nearest"; tie_pct = 10; }, "weighted", "priority"'),
                               "weighted"),
    "two draws": (policy('"weighted", "sticky"'), "sticky"),
    "a fallback behind nobody": (policy('{ stage = "floor"; targets = ["tokyo", "paris"]; pct = 5; }'),
                                 "all targets of the service are standbys"),
    "a country of no atlas": (policy('{ stage = "region"; rules = ( { countries = ["ZZ"]; targets = ["tokyo"]; } ); }'),
                              '"ZZ" is no country'),
    "a distance below nothing": (policy('{ stage = "within"; km = -5; }'), "km: expected a number from 1 to 20100"),
    "a host that is in no zone": (('"www.plain.example"', '"www.elsewhere.example"'), "elsewhere"),
}
WARNED = {
    "a rule that can never match": (
        policy('"healthy", { stage = "region"; rules = ( { countries = ["JP"]; targets = ["tokyo"]; }, '
               '{ countries = ["JP"]; targets = ["paris"]; } ); }, "nearest"'), "this rule can never match"),
    "targets that differ in families": (('addresses = ["127.0.10.2"]', 'addresses = ["127.0.10.2", "2001:db8::2"]'),
                                        "differ in families"),
    "a check without a target": (("checks: {", 'checks: { idle: { url = "http://{address}/"; };'),
                                 'no target uses the check "idle"'),
}


class Asker(threading.Thread):
    """Asks on and on; everything must be answered, with one of those answers."""

    def __init__(self, stage, wanted):
        super().__init__(daemon=True)
        self.stage, self.wanted = stage, wanted
        self.is_over, self.n, self.odd = False, 0, []

    def run(self):
        while not self.is_over:
            try:
                answer = live.ask_udp("127.0.0.1", self.stage.s.port, "www.plain.example", source="127.1.0.9",
                                      timeout=20)
                got = answer.octets[-4:]
            except OSError as e:
                got = repr(e)
            if got != self.wanted:
                self.odd.append(got)
            self.n += 1

    def end(self):
        self.is_over = True
        self.join()


class Refused(test_steering.Stage):
    def reload_with(self, changes, text):
        for old, new in zip(changes[::2], changes[1::2]):
            self.assertIn(old, text)
            text = text.replace(old, new, 1)
        with open(self.s.conf, "w") as f:
            f.write(text)
        return waymark("reload", "-c", self.s.conf)

    def under_load(self, cases, check):
        with open(self.s.conf) as f:
            text = f.read()
        askers = [Asker(self, bytes([127, 0, 10, 1])) for _ in range(3)]
        for a in askers:
            a.start()
        for what, (changes, sentence) in cases.items():
            n = sum(a.n for a in askers)
            with self.subTest(what):
                check(self.reload_with(changes, text), sentence)
                deadline = time.monotonic() + live.PATIENCE_S
                while sum(a.n for a in askers) < n + 10:
                    self.assertLess(time.monotonic(), deadline, "nobody answers any more")
                    time.sleep(0.01)
        for a in askers:
            a.end()
            self.assertEqual(a.odd, [])
        print(f"{len(cases)} reloads, {sum(a.n for a in askers)} questions, all answered")
        self.stop(self.s)

    def test_each_is_refused_with_its_sentence_and_the_answers_go_on(self):
        def check(done, sentence):
            code, out, err = done
            self.assertEqual(code, 1, out + err)
            self.assertRegex(out, r"waymark\.conf:[1-9]\d*: error: [^\n]*" + sentence.replace("(", r"\("))
            self.assertIn("The running configuration stays in use", out)

        self.under_load(REFUSED, check)

    def test_what_is_only_odd_is_a_warning(self):
        def check(done, sentence):
            code, out, err = done
            self.assertEqual(code, 0, out + err)
            self.assertRegex(out, r"waymark\.conf:[1-9]\d*: warning: [^\n]*" + sentence)

        self.under_load(WARNED, check)


if __name__ == "__main__":
    unittest.main(verbosity=2)
