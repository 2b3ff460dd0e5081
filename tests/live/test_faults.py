"""test_faults.py - what may happen to a server from outside: it is killed, its files vanish under it,
memory is refused, the clock jumps. Whatever was good goes on serving, and it comes back."""
import contextlib
import glob
import os
import random
import re
import resource
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest

import live
import test_steering
from live import NOERROR, NXDOMAIN
from test_abuse import NAME, Besieged, is_sanitized

HEAD = live.ZONE
LONG = HEAD + "".join(f"host{i} IN A 192.0.2.{i % 256}\n" for i in range(20000))
HUGE = 300_000  # records: they want far more memory than a server has at hand
FAKETIME = next(iter(sorted(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1"))), None)


class Killed(Besieged):
    def strangers(self, s, over):
        """Clients that go on, whatever becomes of the server; returns their ends."""
        def udp():
            while not over.is_set():
                with contextlib.suppress(OSError):
                    s.ask(NAME, timeout=0.1)

        def tcp():
            while not over.is_set():
                with contextlib.suppress(OSError, EOFError), \
                        live.connect("127.0.0.1", s.port, timeout=1) as c:
                    for _ in range(50):
                        c.sendall(live.framed(live.query(NAME)) * 4)
                        for _ in range(4):
                            live.read_framed(c)
                time.sleep(0.01)
        return [self.begin(target) for target in (udp, udp, tcp, tcp)]

    def kept(self, s):
        """What a restart must not lose: clients keep their draws and their cookies by it."""
        octets = []
        for name in ("state/draw.key", "state/cookie.secrets"):
            with open(s.path(name), "rb") as f:
                octets.append(f.read())
        return octets

    def test_killed_under_load_it_is_back_at_once(self):
        s, over, times = self.besieged(zone=LONG).start(), threading.Event(), []
        kept, ends = self.kept(s), self.strangers(s, over)
        for i in range(8):
            time.sleep(0.2)
            if i % 2:  # in the middle of a reload
                s.send(signal.SIGHUP)
            s.process.kill()
            self.assertEqual(s.wait(), -signal.SIGKILL)
            s.log, began = "", time.monotonic()
            s.start()
            self.assertEqual(s.ask(NAME).n_answer, 1)
            self.assertEqual(live.ask_tcp("127.0.0.1", s.port, "host19999.plain.example").code, NOERROR)
            times.append(time.monotonic() - began)
            self.assertEqual(self.kept(s), kept)
        over.set()
        for end in ends:
            end()
        print(f"back after {1e3 * min(times):.0f} to {1e3 * max(times):.0f} ms", end=" ", flush=True)
        self.assert_well(s)
        self.stop(s)


class Vanished(Besieged):
    def test_a_zone_file_that_is_deleted_takes_nothing_away(self):
        s = self.besieged(zone=LONG).start()
        stop_asking, path, chance = self.asking(s), s.path("plain.zone"), random.Random(4)
        os.unlink(path)
        since = len(s.log)
        self.assertFalse(self.reload(s))
        self.assertIn("plain.zone", s.log[since:])
        os.mkdir(path)
        self.assertFalse(self.reload(s))
        os.rmdir(path)
        for _ in range(20):  # before it is opened, while it is read, and after
            s.write_zone(LONG)
            since = len(s.log)
            s.send(signal.SIGHUP)
            time.sleep(chance.random() * 0.03)
            os.unlink(path)
            s.wait_for("reload (done|failed)", since)
        stop_asking()
        s.write_zone(LONG + "new IN A 192.0.2.9\n")
        self.assertTrue(self.reload(s))
        self.assertEqual(s.ask("new.plain.example").code, NOERROR)
        self.stop(s)

    def test_a_zone_file_that_is_garbled_while_it_is_read_takes_nothing_away(self):
        """What stands before the garbage is good, so that whatever loads has the name."""
        s = self.besieged(zone=LONG).start()
        path, over, chance = s.path("plain.zone"), threading.Event(), random.Random(5)
        whole = LONG.encode()
        outcomes = {True: 0, False: 0}

        def garble():
            with open(path, "r+b", buffering=0) as f:
                while not over.is_set():
                    n = chance.randrange(len(HEAD), len(whole))
                    f.seek(n)
                    f.write(chance.randbytes(chance.choice((1, 50, 5000))))
                    f.truncate(chance.choice((0, n, n + 1, len(whole))))
                    time.sleep(chance.random() * 0.01)
                    f.seek(0)
                    f.write(whole)
                    f.truncate(len(whole))
                    time.sleep(chance.random() * 0.02)
        stop_asking, end = self.asking(s), self.begin(garble)
        for _ in range(60):
            outcomes[self.reload(s)] += 1
        over.set()
        end()
        stop_asking()
        self.assertGreater(outcomes[False], 0)
        s.write_zone(LONG)
        self.assertTrue(self.reload(s))
        self.assertEqual(s.ask("host19999.plain.example").code, NOERROR)
        self.assert_well(s)
        self.stop(s)


@unittest.skipIf(is_sanitized(), "a sanitizer takes more memory than there is to refuse")
class Refused(Besieged):
    @contextlib.contextmanager
    def no_more_than(self, s, more):
        """So many octets beyond what it has."""
        former = resource.prlimit(s.process.pid, resource.RLIMIT_AS)
        resource.prlimit(s.process.pid, resource.RLIMIT_AS,
                         (self.memory(s, "VmSize") + more, former[1]))
        try:
            yield
        finally:
            resource.prlimit(s.process.pid, resource.RLIMIT_AS, former)

    def test_a_reload_that_gets_no_memory_leaves_all_as_it_was(self):
        s = self.besieged().start()
        stop_asking = self.asking(s)
        s.write_zone(HEAD + "".join(f"host{i} IN A 192.0.2.1\n" for i in range(HUGE)))
        for more in (0, 64 << 10, 1 << 20, 3 << 20, 9 << 20, 20 << 20, 30 << 20):
            with self.no_more_than(s, more), self.subTest(more=more):
                since = len(s.log)
                s.send(signal.SIGHUP)
                s.wait_for("reload failed|configuration stays", since)
                self.assertRegex(s.log[since:], "memory|thread|loaded")
                self.assertEqual(s.ask("host1.plain.example").code, NXDOMAIN)
                if more > 1 << 20:  # what a client over TCP takes may be refused before that
                    self.assertEqual(live.ask_tcp("127.0.0.1", s.port, NAME).n_answer, 1)
        stop_asking()
        self.assertTrue(self.reload(s))
        self.assertEqual(s.ask(f"host{HUGE - 1}.plain.example").code, NOERROR)
        self.assert_well(s)
        self.stop(s)

    def test_clients_that_want_memory_that_is_refused_harm_no_other(self):
        s = self.besieged("tcp_clients = 4000; tcp_per_client = 4000; tcp_idle_s = 600;").start()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 3000)), hard))
        with self.no_more_than(s, 0), contextlib.ExitStack() as stack:
            for _ in range(400):  # each half of a message of 64 KiB
                with contextlib.suppress(OSError):
                    c = stack.enter_context(live.connect("127.0.0.1", s.port))
                    c.setblocking(False)
                    c.send(b"\xff\xff" + b"x" * 40000)
            self.assert_well(s)
        self.until(lambda: self.figures()["waymark_tcp_clients"] == 0)
        self.assertEqual(live.ask_tcp("127.0.0.1", s.port, NAME).n_answer, 1)
        self.stop(s)

    def test_a_start_without_the_memory_is_refused_in_a_sentence(self):
        s = self.besieged(zone=HEAD + "".join(f"host{i} IN A 192.0.2.1\n" for i in range(HUGE)))
        s.start()
        wanted = self.memory(s, "VmPeak")
        self.stop(s)
        codes = set()
        for tenths in range(2, 11):
            limit = wanted * tenths // 10
            done = subprocess.run(["prlimit", f"--as={limit}", live.WAYMARK, "check", "-c", s.conf],
                                  capture_output=True, text=True, timeout=live.PATIENCE_S)
            with self.subTest(limit=limit):
                self.assertIn(done.returncode, (0, 1, 127), done.stderr)  # 127: not even its libraries
                self.assertTrue(done.returncode == 0 or done.stdout + done.stderr)
            codes.add(done.returncode)
        self.assertIn(1, codes)


@unittest.skipIf(FAKETIME is None, "no libfaketime")
@unittest.skipIf(is_sanitized(), "a sanitizer wants to be the first library")
@unittest.skipUnless(shutil.which("dig"), "no dig")
class Clock(test_steering.Stage):
    NEAR = ("www", "A", "+subnet=100.64.7.0/24")

    def start_with(self, **env):
        """Once more, with a clock that the test sets."""
        self.s.stop()
        self.set_clock("+0")
        self.s.log = ""
        self.s.launch({"LD_PRELOAD": FAKETIME, "FAKETIME_TIMESTAMP_FILE": self.s.path("clock"),
                       "FAKETIME_NO_CACHE": "1", **env})
        self.s.wait_for("is ready")

    def set_clock(self, offset):
        with open(self.s.path("clock.new"), "w", encoding="ascii") as f:
            f.write(offset + "\n")
        os.rename(self.s.path("clock.new"), self.s.path("clock"))

    def reload(self, offset):
        """Its lines in the log show that the server has the test's clock."""
        since, day = len(self.s.log), time.strftime("%Y-%m-%d", time.gmtime(time.time() + int(offset)))
        self.s.send(signal.SIGHUP)
        self.s.wait_for(f"{day}T.*reload done", since)

    def assert_good_answers(self):
        a = self.dig(*self.NEAR)
        self.assertEqual([d for _, d in a.records], ["127.0.10.1"], a.text)
        share = self.dig("video", "A", "+cookie=0123456789abcdef")
        self.assertIn(share.data, (["cdn.alpha.example."], ["cdn.beta.example."]), share.text)
        for ttl, _ in a.records + share.records:
            self.assertTrue(1 <= ttl <= 30, a.text + share.text)
        cookie = re.search(r"COOKIE: ([0-9a-f]+) \(good\)", share.text)
        self.assertTrue(cookie, share.text)
        self.assertIn("(good)", self.dig("video", "A", f"+cookie={cookie[1]}").text)
        return cookie[1]

    def jumps(self, offsets):
        cookie = self.assert_good_answers()
        for offset in offsets:
            with self.subTest(offset):
                self.set_clock(offset)
                self.assert_good_answers()
                self.dig("video", "A", f"+cookie={cookie}")  # perhaps too old, or from the future
                time.sleep(1.5)  # every target is probed
                self.assert_good_answers()
                self.reload(offset)
                self.assert_good_answers()
        self.assertNotIn("is down", self.s.log)
        since = len(self.s.log)
        self.targets["tokyo"].die()
        self.s.wait_for("tokyo .*is down", since)
        self.until(["127.0.10.2"], *self.NEAR)
        self.targets["tokyo"].live()
        self.until(["127.0.10.1"], *self.NEAR)
        self.stop(self.s)

    def test_a_wall_clock_that_is_set_moves_no_answer(self):
        self.start_with(DONT_FAKE_MONOTONIC="1", FAKETIME_DONT_FAKE_MONOTONIC="1")
        self.jumps(("+86400", "-86400", "+315360000", "-315360000", "+0"))

    def test_a_machine_that_slept_answers_as_before(self):
        self.start_with()
        self.jumps(("+3600", "+864000"))


if __name__ == "__main__":
    live.main()
