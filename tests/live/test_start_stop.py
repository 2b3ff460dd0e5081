"""test_start_stop.py - how a server begins and ends, and what it says when it cannot."""
import os
import pwd
import signal
import subprocess
import threading
import time
import unittest

import live
from live import NOERROR, NXDOMAIN, REFUSED


class StartStop(live.LiveTest):
    def test_it_answers_and_a_sigterm_ends_it_cleanly(self):
        s = self.server().start()
        self.assertEqual(s.ask("www.plain.example").n_answer, 1)
        self.assertEqual(s.ask("www.plain.example").code, NOERROR)
        self.assertEqual(s.ask("nope.plain.example").code, NXDOMAIN)
        self.assertEqual(s.ask("www.elsewhere.example").code, REFUSED)
        self.stop(s)

    def test_dig_agrees(self):
        s = self.server().start()
        for more in ([], ["+tcp"]):
            out = subprocess.run(["dig", "@127.0.0.1", "-p", str(s.port), "+short", *more,
                                  "www.plain.example", "A"], capture_output=True, text=True,
                                 timeout=live.PATIENCE_S).stdout
            self.assertEqual(out, "192.0.2.1\n")
        self.stop(s)

    def test_sigint_ends_it_cleanly_too(self):
        s = self.server().start()
        self.stop(s, signal.SIGINT)

    def test_a_first_start_makes_folders_and_a_draw_key_for_itself_alone(self):
        s = self.server().start()
        key = os.stat(s.path("state/draw.key"))
        self.assertEqual(key.st_size, 32)
        self.assertEqual(key.st_mode & 0o7777, 0o600)
        for folder in ("state", "run"):
            self.assertEqual(os.stat(s.path(folder)).st_mode & 0o007, 0)
        self.stop(s)

    def test_a_draw_key_that_everybody_can_read_stops_the_start(self):
        s = self.server()
        os.mkdir(s.path("state"))
        with open(s.path("state/draw.key"), "wb") as f:
            f.write(bytes(range(32)))
        os.chmod(s.path("state/draw.key"), 0o644)
        s.launch()
        self.assertEqual(s.wait(), 1)
        self.assertIn("chmod 600", s.log)

    def test_a_second_server_on_the_port_is_refused_and_the_first_goes_on(self):
        s = self.server().start()
        other = self.server(listen=s.listen).launch()
        self.assertEqual(other.wait(), 1)
        self.assertIn("another program", other.log)
        self.assertIn(f"127.0.0.1:{s.port}", other.log)
        self.assertEqual(s.ask("www.plain.example").code, NOERROR)
        self.stop(s)

    def test_an_address_of_another_machine_is_refused(self):
        s = self.server(listen=["198.51.100.77:5300"]).launch()
        self.assertEqual(s.wait(), 1)
        self.assertIn("no interface has this address", s.log)

    def test_all_mistakes_are_listed_and_nothing_starts(self):
        s = self.server(server="threads = -1; udp_siez = 512;")
        s.launch()
        self.assertEqual(s.wait(), 1)
        self.assertIn("threads", s.log)
        self.assertIn("udp_siez", s.log)
        self.assertTrue(live.is_free("127.0.0.1", s.port, live.socket.SOCK_DGRAM))

    def test_a_broken_zone_stops_the_start_with_its_line(self):
        s = self.server(zone=live.ZONE + "www IN A 192.0.2.300\n").launch()
        self.assertEqual(s.wait(), 1)
        self.assertRegex(s.log, r"plain\.zone:9: error")

    def test_after_a_kill_the_next_start_works(self):
        s = self.server().start()
        s.process.kill()
        s.wait()
        s.log = ""
        s.start()
        self.assertEqual(s.ask("www.plain.example").code, NOERROR)
        self.stop(s)

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_root_becomes_server_user_and_keeps_port_53_alone(self):
        s = self.server(listen=["127.53.53.53:53"], server='user = "nobody";')
        os.chmod(s.folder, 0o755)
        s.start()
        with open(f"/proc/{s.process.pid}/status") as f:
            status = dict(line.split(":\t", 1) for line in f if ":\t" in line)
        nobody = pwd.getpwnam("nobody")
        self.assertEqual(set(status["Uid"].split()), {str(nobody.pw_uid)})
        self.assertEqual(set(status["Gid"].split()), {str(nobody.pw_gid)})
        self.assertEqual(int(status["CapPrm"], 16), 1 << 10)  # CAP_NET_BIND_SERVICE
        self.assertEqual(int(status["CapBnd"], 16), 0)
        self.assertEqual(status["NoNewPrivs"].strip(), "1")
        self.assertEqual(os.stat(s.path("state/draw.key")).st_uid, nobody.pw_uid)
        self.assertEqual(live.ask_udp("127.53.53.53", 53, "www.plain.example").code, NOERROR)
        since = len(s.log)
        s.send(signal.SIGHUP)
        s.wait_for("reload done", since)
        s.stop()

    def test_an_unknown_user_is_refused_or_left_aside(self):
        s = self.server(server='user = "no-such-user";').launch()
        if os.geteuid() == 0:
            self.assertEqual(s.wait(), 1)
            self.assertIn("no such user", s.log)
        else:
            s.wait_for("left aside")
            s.wait_for("is ready")
            self.stop(s)

    def test_sigpipe_and_sigusr1_are_ignored(self):
        s = self.server().start()
        s.send(signal.SIGPIPE)
        s.send(signal.SIGUSR1)
        time.sleep(0.1)
        self.assertEqual(s.ask("www.plain.example").code, NOERROR)
        self.stop(s)

    def test_a_service_manager_hears_of_ready_reload_and_stop(self):
        s = self.server()
        told = live.socket.socket(live.socket.AF_UNIX, live.socket.SOCK_DGRAM)
        self.addCleanup(told.close)
        told.bind(s.path("notify"))
        told.settimeout(live.PATIENCE_S)
        env = {"NOTIFY_SOCKET": s.path("notify"), "WATCHDOG_USEC": "1000000"}
        s.launch(env)
        self.assertIn(b"READY=1", told.recv(4096))
        self.assertEqual(told.recv(4096), b"WATCHDOG=1")
        s.send(signal.SIGHUP)
        heard = b""
        while b"RELOADING=1" not in heard:
            heard = told.recv(4096)
        while b"READY=1" not in heard:
            heard = told.recv(4096)
        s.send(signal.SIGTERM)
        while b"STOPPING=1" not in heard:
            heard = told.recv(4096)
        self.assertEqual(s.wait(), 0)

    def test_a_sigterm_under_load_ends_it_cleanly(self):
        s = self.server(server="threads = 2;").start()
        over = threading.Event()

        def load(tcp):
            while not over.is_set():
                try:
                    if tcp:
                        live.ask_tcp("127.0.0.1", s.port, "www.plain.example")
                    else:
                        s.ask("www.plain.example", timeout=0.2)
                except (OSError, EOFError):
                    pass

        clients = [threading.Thread(target=load, args=(i % 2 == 0,)) for i in range(8)]
        for c in clients:
            c.start()
        time.sleep(1)
        began = time.monotonic()
        try:
            self.stop(s)
        finally:
            over.set()
            for c in clients:
                c.join()
        self.assertLess(time.monotonic() - began, 10)


class Subcommands(live.LiveTest):
    def test_check_says_good_and_exits_0(self):
        s = self.server()
        status, out, err = live.waymark("check", "-c", s.conf)
        self.assertEqual((status, err), (0, ""))
        self.assertIn("good: 1 zone,", out)
        self.assertFalse(os.path.exists(s.path("state")))

    def test_check_lists_mistakes_and_exits_1(self):
        s = self.server(server="threads = -1;")
        status, out, err = live.waymark("check", "-c", s.conf)
        self.assertEqual(status, 1)
        self.assertRegex(err, r"waymark\.conf:\d+: error: .*threads")
        self.assertIn("not good: 1 error", out)
        status, out, err = live.waymark("check", "-c", s.path("no.conf"))
        self.assertEqual(status, 1)

    def test_wrong_usage_gets_a_sentence_and_exits_2(self):
        for words in ([], ["fly"], ["serve"], ["explain", "-c", "x"], ["status"], ["check", "-x"],
                      ["serve", "-c", "x", "y"], ["serve", "-c", "x", "--json"]):
            status, out, err = live.waymark(*words)
            self.assertEqual((status, out), (2, ""), words)
            self.assertIn("waymark", err)

    def test_version_help_and_options_print_and_exit_0(self):
        for words in (["version"], ["--version"], ["help"], ["--help"], ["options"],
                      ["serve", "--help"]):
            status, out, err = live.waymark(*words)
            self.assertEqual((status, err), (0, ""), words)
            self.assertTrue(out)


if __name__ == "__main__":
    live.main()
