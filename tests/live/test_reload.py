"""test_reload.py - a new configuration while the old one serves; a broken one changes nothing."""
import os
import re
import shutil
import signal
import subprocess
import threading
import time
import unittest

import live
from live import NOERROR, NXDOMAIN

NEW = live.ZONE + "new IN A 192.0.2.9\n"
LONG = 500_000  # records: long enough to do something meanwhile
BROKEN = live.ZONE + "bad IN A 192.0.2.300\n"


class Reload(live.LiveTest):
    def reload(self, s, outcome):
        since = len(s.log)
        s.send(signal.SIGHUP)
        s.wait_for(f"reload {outcome}", since)
        return s.log[since:]

    def test_a_sighup_brings_the_new_zone(self):
        s = self.server().start()
        self.assertEqual(s.ask("new.plain.example").code, NXDOMAIN)
        s.write_zone(NEW)
        self.reload(s, "done")
        self.assertEqual(s.ask("new.plain.example").code, NOERROR)
        self.stop(s)

    def test_a_broken_zone_is_named_and_the_old_one_serves(self):
        s = self.server().start()
        s.write_zone(BROKEN)
        log = self.reload(s, "failed")
        self.assertRegex(log, r"plain\.zone:9:")
        self.assertEqual(s.ask("www.plain.example").code, NOERROR)
        s.write_zone(NEW)
        self.reload(s, "done")
        self.assertEqual(s.ask("new.plain.example").code, NOERROR)
        self.stop(s)

    def test_a_serial_that_went_back_is_named_and_the_zone_serves(self):
        s = self.server().start()
        s.write_zone(re.sub(r"(SOA\s+\S+\s+\S+\s+)\d+", r"\g<1>4000000000", NEW, count=1))
        log = self.reload(s, "done")
        self.assertRegex(log, r"plain\.zone:\d+:.*serial went back from \d+ to 4000000000")
        self.assertEqual(s.ask("new.plain.example").code, NOERROR)
        self.assertNotIn("went back", self.reload(s, "done"))
        self.stop(s)

    def test_a_zone_at_rest_serves_on_after_reloads_and_is_read_once_it_changes(self):
        s = self.server().start()
        time.sleep(2.5)  # at rest: from now on it is taken over
        for _ in range(3):
            self.reload(s, "done")
            self.assertEqual(s.ask("www.plain.example").code, NOERROR)
        s.write_zone(NEW)
        self.reload(s, "done")
        self.assertEqual(s.ask("new.plain.example").code, NOERROR)
        self.stop(s)

    def test_every_mistake_of_a_broken_configuration_is_logged(self):
        s = self.server().start()
        s.write_conf(server="threads = -1; udp_siez = 512;")
        log = self.reload(s, "failed")
        self.assertIn("threads", log)
        self.assertIn("udp_siez", log)
        self.assertEqual(s.ask("www.plain.example").code, NOERROR)
        self.stop(s)

    def test_what_needs_a_restart_is_named(self):
        s = self.server(server="threads = 1;").start()
        s.write_conf(server="threads = 2; tcp_idle_s = 33;")
        log = self.reload(s, "done")
        self.assertIn("server.threads", log)
        self.assertIn("server.tcp_idle_s", log)
        self.assertNotIn("server.listen", log)
        self.stop(s)

    def test_another_state_folder_waits_for_a_restart_with_all_that_is_in_it(self):
        s = self.server().start()
        with open(s.conf) as f:
            text = f.read()
        with open(s.conf, "w") as f:
            f.write(text.replace(s.path("state"), s.path("absent")))
        log = self.reload(s, "done")
        self.assertIn("server.state", log)
        self.assertNotIn("server.draw_key_file", log)
        self.assertFalse(os.path.exists(s.path("absent")))
        self.stop(s)

    def test_the_subcommand_reloads_and_says_how_it_went(self):
        s = self.server().start()
        s.write_zone(NEW)
        status, out, err = live.waymark("reload", "-c", s.conf)
        self.assertEqual(status, 0, out + err)
        self.assertEqual(s.ask("new.plain.example").code, NOERROR)
        s.write_zone(BROKEN)
        status, out, err = live.waymark("reload", "-c", s.conf)
        self.assertEqual(status, 1, out + err)
        self.assertIn("plain.zone:9", out + err)
        self.assertEqual(s.ask("new.plain.example").code, NOERROR)
        self.stop(s)

    def test_a_burst_of_sighups_ends_with_the_last_zone(self):
        s = self.server().start()
        for i in range(30):
            s.write_zone(live.ZONE + f"n{i} IN A 192.0.2.9\n")
            s.send(signal.SIGHUP)
            time.sleep(0.005)
        deadline = time.monotonic() + live.PATIENCE_S
        while s.ask("n29.plain.example").code != NOERROR:
            self.assertLess(time.monotonic(), deadline, s.log)
            time.sleep(0.05)
        self.stop(s)

    def test_a_sigterm_during_a_reload_ends_it_cleanly(self):
        s = self.server().start()
        s.send(signal.SIGHUP)
        self.stop(s)

    def begin_long_reload(self, s):
        s.write_zone(live.ZONE + "".join(f"host{i} IN A 192.0.2.1\n" for i in range(LONG)))
        since = len(s.log)
        s.send(signal.SIGHUP)
        s.wait_for("reload of .* began", since)
        return since

    def test_a_long_reload_keeps_nobody_waiting(self):
        s = self.server().start()
        since = self.begin_long_reload(s)
        status, out, err = live.waymark("reload", "-c", s.conf)
        self.assertEqual(s.ask("www.plain.example").code, NOERROR)
        self.assertEqual(s.ask("host1.plain.example").code, NXDOMAIN)
        self.assertNotRegex(s.log[since:], "reload (done|failed)")
        self.assertEqual(status, 1, out + err)
        s.wait_for("reload done", since)
        self.assertEqual(s.ask(f"host{LONG - 1}.plain.example").code, NOERROR)
        self.stop(s)

    def test_a_second_sigterm_waits_for_nothing(self):
        s = self.server().start()
        since = self.begin_long_reload(s)
        s.send(signal.SIGTERM)
        s.wait_for("stopping", since)
        s.send(signal.SIGTERM)
        self.assertEqual(s.wait(), -signal.SIGTERM)

    def test_no_query_is_lost_while_worlds_come_and_go(self):
        s = self.server(server="threads = 2;").start()
        over, lost, asked = threading.Event(), [], []

        def client():
            while not over.is_set():
                try:
                    if s.ask("www.plain.example", timeout=10).n_answer != 1:
                        lost.append("wrong")
                except OSError as e:
                    lost.append(str(e))
                asked.append(1)

        clients = [threading.Thread(target=client) for _ in range(4)]
        for c in clients:
            c.start()
        for _ in range(15):
            self.reload(s, "done")
        over.set()
        for c in clients:
            c.join()
        self.assertEqual(lost, [])
        self.assertGreater(len(asked), 50)
        self.stop(s)

    @unittest.skipUnless(shutil.which("dnsperf"), "no dnsperf")
    def test_dnsperf_loses_nothing_over_reloads(self):
        s = self.server(server="threads = 2;").start()
        with open(s.path("queries"), "w") as f:
            f.write("www.plain.example A\nno.plain.example A\nplain.example SOA\n")
        load = subprocess.Popen(["dnsperf", "-s", "127.0.0.1", "-p", str(s.port), "-d",
                                 s.path("queries"), "-l", "4", "-Q", "2000", "-t", "5"],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for _ in range(6):
            time.sleep(0.5)
            self.reload(s, "done")
        out = load.communicate(timeout=live.PATIENCE_S)[0]
        self.assertRegex(out, r"Queries lost:\s+0 ")
        self.stop(s)


if __name__ == "__main__":
    live.main()
