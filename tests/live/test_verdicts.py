"""test_verdicts.py - with which verdicts questions about files are answered: the running server's, saved ones,
or none; and that each output begins with saying so."""
import json
import shutil
import socket
import sqlite3
import time
import urllib.request
import xml.dom.minidom

import live
import test_steering
from live import waymark


class Verdicts(test_steering.Stage):
    def ask(self, *args, code=0):
        status, out, err = waymark(*args)
        self.assertEqual(status, code, out + err)
        return out if code == 0 else err

    def table(self, *more):
        return json.loads(self.ask("explain", "-c", self.s.conf, "www.plain.example", "--table", "--json",
                                   *more))

    def kill_tokyo(self):
        self.targets["tokyo"].die()
        self.s.wait_for(r"tokyo \S+ is down")

    def served_by(self, x):
        return {share["target"] for c in x["classes"] for share in c["row"]}

    def other_conf(self):
        path = self.s.path("other.conf")
        with open(self.s.conf) as f, open(path, "w") as out:
            out.write(f.read().replace('targets = ["tokyo", "paris"]', 'targets = ["paris", "tokyo"]')
                      .replace('policy = ("healthy", "nearest")', 'policy = ("nearest")'))
        return path

    def queries(self):
        path = self.s.path("queries")
        with open(path, "w") as f:
            f.write("1700000000 192.0.2.1 100.64.7.0/24 www.plain.example A\n")
        return path

    def test_a_running_server_is_asked(self):
        self.kill_tokyo()
        x = self.table()
        self.assertEqual(x["verdicts"]["source"], "live")
        known = {k["target"]: k for k in x["verdicts"]["known"]}
        self.assertEqual(set(known), {"tokyo", "paris", "alpha", "beta"})
        self.assertFalse(known["tokyo"]["is_up"])
        self.assertIn("refused", known["tokyo"]["error"])
        self.assertLess(0, x["verdicts"]["now_ms"] - known["tokyo"]["since_ms"])
        self.assertEqual(self.served_by(x), {"paris"})
        text = self.ask("explain", "-c", self.s.conf, "www.plain.example", "--table")
        lines = text.split("\n")
        self.assertRegex(" ".join(lines[1:3]), r"Verdicts: of the running server at \S+run/sock, world \d+: "
                                               r"3 addresses up, 1 down, probed")
        self.assertRegex(text, r"\n  down +tokyo 127\.0\.10\.1 for \d+ m?s: .*refused")
        self.assertNotIn("beware", text)
        self.stop(self.s)

    def test_a_cdn_that_is_down_is_told_as_down(self):
        self.targets["alpha"].die()
        self.s.wait_for(r"alpha .*is down")
        known = {k["target"]: k["is_up"] for k in self.table()["verdicts"]["known"]}
        self.assertEqual(known, {"tokyo": True, "paris": True, "alpha": False, "beta": True})
        x = json.loads(self.ask("explain", "-c", self.s.conf, "video.plain.example", "--json"))
        self.assertEqual({t["name"]: t["is_up"] for t in x["targets"]}, {"alpha": False, "beta": True})
        self.stop(self.s)

    def test_a_server_that_waits_for_results_says_so(self):
        self.stop(self.s)
        self.targets["paris"].die()
        with open(self.s.conf) as f:
            text = f.read()
        text = text.replace("checks: {", "health: { first_results_s = 60; };\nchecks: {")
        with open(self.s.conf, "w") as f:
            f.write(text.replace("every_s = 1; timeout_ms = 500;", "every_s = 60; timeout_ms = 50000;"))
        shutil.rmtree(self.s.path("state"))
        with socket.socket() as silent:  # takes connections, and never answers
            silent.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            silent.bind(self.targets["paris"].at)
            silent.listen(50)
            self.s.log = ""
            self.s.start()
            text = self.ask("explain", "-c", self.s.conf, "www.plain.example", "--table")
            self.assertRegex(text, "\n  beware +the server still waits for first results")
        self.stop(self.s)

    def test_differences_simulations_and_maps_know_them_too(self):
        self.kill_tokyo()
        x = json.loads(self.ask("explain", "-c", self.s.conf, "--diff", self.other_conf(), "--json"))
        self.assertEqual(x["verdicts"]["source"], "live")
        changes = {(c["was"], c["becomes"]) for s in x["services"] if s["service"] == "www"
                   for c in s["changes"]}
        self.assertIn(("paris", "tokyo"), changes)
        status, out, err = waymark("simulate", "-c", self.s.conf, "--queries", self.queries(), "--csv")
        self.assertEqual((status, out.split("\n")[1]), (0, "JP,paris,1,100.0000"), err)
        self.assertIn("Verdicts: of the running server", err)
        out = self.ask("simulate", "-c", self.s.conf, "--queries", self.queries())
        self.assertRegex(out, r"\APlayed on .*\nVerdicts: of the running server")
        picture = self.s.path("map.svg")
        out = self.ask("map", "-c", self.s.conf, "-o", picture)
        self.assertRegex(out, r"\AVerdicts: of the running server")
        drawn = xml.dom.minidom.parse(picture)
        titles = [t.firstChild.data for t in drawn.getElementsByTagName("title")]
        self.assertIn("tokyo: DOWN", titles)
        self.assertIn("paris: up", titles)
        self.assertTrue(any(t.startswith("JP: paris 100 %") for t in titles), titles)
        self.stop(self.s)

    def test_the_page_has_the_verdicts_of_the_moment_and_the_services_of_the_last_reload(self):
        port = live.free_port()
        self.stop(self.s)
        with open(self.s.conf) as f:
            text = f.read()
        with open(self.s.conf, "w") as f:
            f.write(text.replace("server: {", f'server: {{ metrics = "127.0.0.1:{port}";'))
        self.s.log = ""
        self.s.start()
        self.s.wait_for("first results: 4 up|4 verdicts of the former")
        titles = lambda: [t.firstChild.data for t in xml.dom.minidom.parseString(urllib.request.urlopen(
            f"http://127.0.0.1:{port}/map/www.svg", timeout=live.PATIENCE_S).read())
            .getElementsByTagName("title")]
        japan = lambda: [t for t in titles() if t.startswith("JP:")][0]
        self.assertIn("tokyo: up", titles())
        self.assertRegex(japan(), "JP: tokyo 100 %")
        self.kill_tokyo()
        self.assertIn("tokyo: DOWN", titles())
        self.assertRegex(japan(), "JP: paris 100 %")
        with open(self.s.path("networks.conf"), "w") as f:
            f.write(test_steering.NETWORKS.replace("country=JP", "country=KR"))
        self.ask("reload", "-c", self.s.conf)
        self.assertEqual(japan(), "JP: no place is known")
        self.stop(self.s)

    def test_what_is_asked_for_wins(self):
        self.kill_tokyo()
        x = self.table("--all-up")
        self.assertEqual((x["verdicts"]["source"], x["verdicts"]["why"]), ("none", "as asked"))
        self.assertEqual(self.served_by(x), {"tokyo", "paris"})
        x = self.table("--down", "alpha", "--without", "beta,paris")
        self.assertEqual(x["verdicts"]["source"], "live")
        self.assertEqual(x["verdicts"]["taken_for_down"], ["alpha", "beta", "paris"])
        self.assertTrue(all(c["is_open"] for c in x["classes"]))  # tokyo is down, paris by order
        text = self.ask("explain", "-c", self.s.conf, "www.plain.example", "--table", "--down", "paris")
        self.assertRegex(text, r"\n  as if down +paris \(as asked\)")
        self.assertIn("(although down)", text)
        status, _, err = waymark("explain", "-c", self.s.conf, "www.plain.example", "--table", "--down",
                                 "tokyo,paris")
        self.assertEqual((status, err), (0, ""))  # what is supposed is no alarm
        self.stop(self.s)

    def test_a_new_target_and_a_changed_file_are_named(self):
        with open(self.s.conf) as f:
            text = f.read().replace("pops: {", 'pops: { oslo: { at = [59.9, 10.7]; check = "pop"; '
                                               'addresses = ["127.0.10.3"]; };')
        text = text.replace('["tokyo", "paris"]', '["tokyo", "paris", "oslo"]')
        self.s.wait_for("first results")
        with open(self.s.conf, "w") as f:
            f.write(text)
        x = self.table()
        self.assertEqual(x["verdicts"]["taken_for_up"], ["oslo"])
        self.assertTrue(x["verdicts"]["is_file_newer"])
        text = self.ask("explain", "-c", self.s.conf, "www.plain.example", "--table")
        self.assertRegex(text, r"\n  taken for up +oslo \(no verdict is known\)\n  beware ")
        self.stop(self.s)

    def set_age(self, seconds):
        """Of the saved verdicts."""
        with sqlite3.connect(self.s.path("state/verdicts.sqlite")) as db:
            n = db.execute("UPDATE verdicts SET since_ms = ?1, checked_ms = ?1",
                           (int((time.time() - seconds) * 1000),)).rowcount
        db.close()
        self.assertEqual(n, 4)

    def test_saved_ones_count_as_long_as_a_start_would_take_them(self):
        self.kill_tokyo()
        self.stop(self.s)
        x = self.table("--state", self.s.path("state"))
        self.assertEqual((x["verdicts"]["source"], self.served_by(x)), ("saved", {"paris"}))
        self.set_age(-0.5)
        self.assertEqual(self.table()["verdicts"]["source"], "none")  # of a clock that is wrong
        self.set_age(3600)
        x = self.table()
        self.assertEqual((x["verdicts"]["source"], self.served_by(x)), ("none", {"tokyo", "paris"}))
        self.assertRegex(x["verdicts"]["why"], "no server answers at .*; in .*/state nothing is saved that is "
                                               "young enough")
        for path in ("state", "state/verdicts.sqlite"):
            text = self.ask("explain", "-c", self.s.conf, "www.plain.example", "--table", "--state",
                            self.s.path(path))
            self.assertRegex(text, r"Verdicts: saved in \S+: 3 addresses\s+up, 1\s+down,\s+probed\s+1 h 00 min")
            self.assertRegex(text, r"\n  down +tokyo 127\.0\.10\.1 for 1 h 00 min\n")
        out = self.ask("explain", "-c", self.s.conf, "www.plain.example", "--client", "100.64.7.0/24",
                       "--state", self.s.path("state"))
        self.assertRegex(out, r"(?s)\AOffline \(as asked\): built from .* Verdicts: saved in")
        self.assertRegex(out, r"dropped +tokyo +127\.0\.10\.1 +DOWN for 1 h 00 min")
        self.assertIn("goes to       paris", out)

    def test_a_start_would_take_them_so_they_count(self):
        self.kill_tokyo()
        self.stop(self.s)
        with open(self.s.conf) as f:
            text = f.read()
        self.set_age(2)
        x = self.table()
        if x["verdicts"]["source"] == "none":  # a second and a half have passed
            self.skipTest("a machine this slow cannot ask in time")
        self.assertEqual(self.served_by(x), {"paris"})
        with open(self.s.conf, "w") as f:  # now it would be probed in another way
            f.write(text.replace("/healthz", "/other"))
        self.set_age(0)
        x = self.table()
        self.assertEqual((x["verdicts"]["source"], self.served_by(x)), ("none", {"tokyo", "paris"}))

    def test_what_cannot_be_read_is_a_sentence(self):
        self.stop(self.s)
        with open(self.s.path("garbage"), "wb") as f:
            f.write(b"no database" * 100)
        open(self.s.path("empty"), "wb").close()
        for path, sentence in (("nowhere", "nowhere: No such file"), ("garbage", "not a database"),
                               ("empty", "nothing was saved there yet")):
            err = self.ask("explain", "-c", self.s.conf, "www.plain.example", "--table", "--state",
                           self.s.path(path), code=1)
            self.assertRegex(err, r"\Awaymark: .*" + sentence)
        err = self.ask("map", "-c", self.s.conf, "--state", "x", "--all-up", "-o", "/dev/null", code=2)
        self.assertIn("contradict", err)
        err = self.ask("simulate", "-c", self.s.conf, "--queries", self.queries(), "--down", "tokio", code=1)
        self.assertIn('no target is called "tokio"', err)
        err = self.ask("map", "-c", self.s.conf, "--down", "x" * 5000, "-o", "/dev/null", code=2)
        self.assertIn("too long", err)


if __name__ == "__main__":
    live.main()
