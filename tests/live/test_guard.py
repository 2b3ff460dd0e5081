"""test_guard.py - cookies as dig and other servers have them, rolled secrets, rates, strictness."""
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import time
import unittest
import urllib.request

import live
from live import NXDOMAIN, TXT

NAME = "www.plain.example"
SECRET, NEXT = "e5e973e5a6b2a43f48e7dc849e37bfcf", "445536bcd2513298075a5d379663c962"
BADCOOKIE, COOKIE, KEEPALIVE = 23, 10, 11
BIG = live.ZONE + "".join(f'big IN TXT "{i:03d}{"x" * 80}"\n' for i in range(5))


def option(code, data=b""):
    return struct.pack("!2H", code, len(data)) + data


def edns_query(name, qtype=live.A, options=b"", size=1232):
    q = bytearray(live.query(name, qtype))
    q[11] = 1
    return bytes(q) + struct.pack("!BHHIH", 0, 41, size, 0, len(options)) + options


class Reply(live.Answer):
    """With the options of its OPT record, which ends our answers when they have no other there."""

    def __init__(self, octets):
        super().__init__(octets)
        self.options = {}
        at = octets.rfind(b"\0\0\x29")
        while at >= 0:
            length, = struct.unpack("!H", octets[at + 9:at + 11])
            if at + 11 + length == len(octets):
                break
            at = octets.rfind(b"\0\0\x29", 0, at)
        if at < 0:
            return
        self.code |= octets[at + 5] << 4
        data = octets[at + 11:]
        while data:
            code, length = struct.unpack("!2H", data[:4])
            self.options[code] = data[4:4 + length]
            data = data[4 + length:]


def ask(port, name=NAME, qtype=live.A, cookie=None, timeout=live.PATIENCE_S, source="127.0.0.1"):
    options = option(COOKIE, cookie) if cookie else b""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(timeout)
        s.bind((source, 0))
        s.connect(("127.0.0.1", port))
        s.send(edns_query(name, qtype, options))
        return Reply(s.recv(65535))


def dig(port, *args):
    return subprocess.run(["dig", "@127.0.0.1", "-p", str(port), "+time=10", "+tries=1", *args],
                          capture_output=True, text=True, timeout=live.PATIENCE_S).stdout


def cookie_of(text):
    found = re.search(r"; COOKIE: ([0-9a-f]{48}) \(good\)", text)
    return found and found.group(1)


class GuardTest(live.LiveTest):
    def secrets(self, server, *lines):
        """The file of secrets as a rollover writes it: renamed over the old one."""
        path = server.path("cookie.secrets")
        with open(path + ".new", "w", opener=live.private) as f:
            f.write("".join(line + "\n" for line in lines))
        shutil.move(path + ".new", path)
        return path

    def server_with(self, *lines, more="", **rest):
        s = self.server(**rest)
        path = self.secrets(s, *lines)
        s.write_conf(server=f'cookie_secrets_file = "{path}"; {more}')
        return s.start()

    def reload(self, s, wanted="reload done"):
        since = len(s.log)
        s.send(signal.SIGHUP)
        s.wait_for(wanted, since)


@unittest.skipUnless(shutil.which("dig"), "dig is not installed")
class Dig(GuardTest):
    def test_dig_finds_our_cookie_good(self):
        s = self.server().start()
        first = dig(s.port, "+cookie=0123456789abcdef", NAME)
        cookie = cookie_of(first)
        self.assertTrue(cookie, first)
        self.assertEqual(cookie[:16], "0123456789abcdef")
        again = dig(s.port, f"+cookie={cookie}", NAME)
        self.assertEqual(cookie_of(again), cookie, again)
        self.stop(s)

    def test_where_it_is_required_dig_comes_back_with_it(self):
        s = self.server(server='cookies = "required";').start()
        refused = dig(s.port, "+cookie=0123456789abcdef", "+nobadcookie", NAME)
        self.assertIn("status: BADCOOKIE", refused)
        served = dig(s.port, "+cookie=0123456789abcdef", "+badcookie", NAME)
        self.assertIn("status: NOERROR", served)
        self.assertIn("192.0.2.1", served)
        self.assertIn("192.0.2.1", dig(s.port, "+nocookie", NAME))
        self.assertIn("192.0.2.1", dig(s.port, "+tcp", "+nobadcookie", NAME))
        self.stop(s)

    def test_keepalive_tells_dig_our_patience(self):
        s = self.server(server="tcp_idle_s = 17;").start()
        self.assertRegex(dig(s.port, "+tcp", "+keepalive", NAME), "TCP.KEEPALIVE: 17.0 secs")
        self.assertNotIn("KEEPALIVE:", dig(s.port, "+keepalive", NAME))
        self.stop(s)

    def test_strict_sends_dig_to_tcp_for_what_is_large(self):
        s = self.server(server='abuse = "strict";', zone=BIG).start()
        cut = dig(s.port, "+nocookie", "+ignore", "big.plain.example", "TXT")
        self.assertIn(" tc", cut.split("flags:")[1].split(";")[0])
        whole = dig(s.port, "+nocookie", "big.plain.example", "TXT")
        self.assertEqual(whole.count("IN\tTXT"), 6)  # the question, and five
        cookie = cookie_of(dig(s.port, "+cookie=0123456789abcdef", NAME))
        known = dig(s.port, f"+cookie={cookie}", "+ignore", "big.plain.example", "TXT")
        self.assertEqual(known.count("IN\tTXT"), 6)
        self.stop(s)


class Secrets(GuardTest):
    client = bytes.fromhex("2464c4abcf10c957")

    def learn(self, s):
        return ask(s.port, cookie=self.client).options[COOKIE]

    def is_good(self, s, cookie):
        return ask(s.port, cookie=cookie).code != BADCOOKIE

    def test_a_fleet_that_shares_a_file_knows_its_cookies(self):
        a, b = (self.server_with(SECRET, more='cookies = "required";') for _ in range(2))
        c = self.server_with(NEXT, more='cookies = "required";')
        cookie = self.learn(a)
        self.assertEqual(len(cookie), 24)
        self.assertTrue(self.is_good(b, cookie))
        self.assertFalse(self.is_good(c, cookie))
        for s in (a, b, c):
            self.stop(s)

    def test_rolling_over_leaves_no_gap(self):
        s = self.server_with(SECRET, more='cookies = "required";')
        first = self.learn(s)
        for step in ([SECRET, NEXT], [NEXT, SECRET]):
            self.secrets(s, *step)
            self.reload(s)
            self.assertTrue(self.is_good(s, first))
        second = ask(s.port, cookie=first).options[COOKIE]
        self.assertNotEqual(first, second)  # the new secret makes them now
        self.secrets(s, NEXT)
        self.reload(s)
        self.assertTrue(self.is_good(s, second))
        self.assertFalse(self.is_good(s, first))
        self.stop(s)

    def test_a_garbled_file_changes_nothing(self):
        s = self.server_with(SECRET, more='cookies = "required";')
        cookie = self.learn(s)
        self.secrets(s, "this is not a secret, though it is long enough")
        self.reload(s, "no cookie secret: expected 32 hexadecimal digits")
        self.assertTrue(self.is_good(s, cookie))
        self.assertNotIn("not a secret", s.log)
        self.stop(s)

    def test_cookies_outlive_a_restart(self):
        s = self.server(server='cookies = "required";').start()
        cookie = self.learn(s)
        self.stop(s)
        s.log = ""
        s.start()
        self.assertTrue(self.is_good(s, cookie))
        self.stop(s)


class Peers(GuardTest):
    """Servers of other makers, with the same secret: the one's cookie is good for the other."""

    def peer(self, program, conf, *args):
        if not shutil.which(program, path="/usr/sbin:/usr/bin:/sbin"):
            self.skipTest(f"{program} is not installed")
        s = self.server()
        path = s.path(program + ".conf")
        port = live.free_port()
        with open(path, "w") as f:
            f.write(conf.format(port=port, folder=s.folder, secret=SECRET))
        log = open(s.path(program + ".log"), "w")
        self.addCleanup(log.close)
        process = subprocess.Popen([f"/usr/sbin/{program}", *args, path], stdout=log, stderr=log,
                                   cwd=s.folder)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        for _ in range(100):
            try:
                return port, ask(port, "peer.example", live.SOA, cookie=self.client, timeout=0.3)
            except OSError:
                if process.poll() is not None:
                    break
                time.sleep(0.1)
        with open(s.path(program + ".log")) as f:
            self.fail(f"{program} does not answer: {f.read()}")

    client = bytes.fromhex("2464c4abcf10c957")

    def check(self, port, reply):
        s = self.server_with(SECRET, more='cookies = "required";')
        theirs = reply.options[COOKIE]
        self.assertNotEqual(ask(s.port, cookie=theirs).code, BADCOOKIE)
        ours = ask(s.port, cookie=self.client).options[COOKIE]
        again = ask(port, "peer.example", live.SOA, cookie=ours)
        self.assertNotEqual(again.code, BADCOOKIE)
        self.stop(s)

    def test_bind(self):
        self.check(*self.peer("named", """
options {{ directory "{folder}"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
  pid-file none; session-keyfile none; recursion no; require-server-cookie yes; answer-cookie yes;
  cookie-algorithm siphash24; cookie-secret "{secret}"; }};
controls {{ }};
""", "-g", "-c"))

    def test_knot(self):
        self.check(*self.peer("knotd", """
server:
    rundir: "{folder}"
    listen: 127.0.0.1@{port}
database:
    storage: "{folder}"
mod-cookies:
  - id: shared
    secret: [0x{secret}]
    badcookie-slip: 1
template:
  - id: default
    global-module: mod-cookies/shared
""", "-c"))

    def test_nsd(self):
        self.check(*self.peer("nsd", """
server:
    ip-address: 127.0.0.1@{port}
    username: ""
    chroot: ""
    pidfile: "{folder}/nsd.pid"
    zonesdir: "{folder}"
    database: ""
    zonelistfile: "{folder}/zone.list"
    xfrdfile: "{folder}/xfrd.state"
    answer-cookie: yes
    cookie-secret: "{secret}"
remote-control:
    control-enable: no
""", "-d", "-c"))


class Rates(GuardTest):
    def figures(self, port):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as page:
            return dict(line.rsplit(" ", 1) for line in page.read().decode().splitlines()
                        if not line.startswith("#"))

    def flood(self, s, n, source="127.0.0.1", name=NAME):
        """(full answers, emptied ones) to n questions from many ports."""
        full = empty = 0
        clients = []
        for _ in range(20):
            c = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            c.bind((source, 0))
            c.connect(("127.0.0.1", s.port))
            clients.append(c)
        for i in range(n):
            clients[i % 20].send(live.query(name))
        while ready := select.select(clients, [], [], 0.5)[0]:
            for c in ready:
                a = live.Answer(c.recv(4096))
                empty += a.is_truncated
                full += not a.is_truncated
        for c in clients:
            c.close()
        return full, empty

    def test_a_flood_gets_the_rate_whatever_its_ports(self):
        metrics = live.free_port()
        s = self.server(server=f'threads = 2; metrics = "127.0.0.1:{metrics}"; '
                        'rate_limit: { answers_per_s = 5; slip = 4; exempt = ["127.9.0.0/16"]; };')
        s.start()
        full, empty = self.flood(s, 400)
        self.assertIn(full, range(10, 200))  # on a machine that took seconds for it, more
        self.assertIn(empty, range(20, 101))
        self.assertEqual(self.flood(s, 200, source="127.9.1.1"), (200, 0))
        known = ask(s.port, cookie=b"abcdefgh", source="127.8.0.1").options[COOKIE]
        for _ in range(50):
            self.assertEqual(ask(s.port, cookie=known, source="127.8.0.1").n_answer, 1)
        f = self.figures(metrics)
        dropped = int(f['waymark_rate_limited_total{action="dropped",kind="answer"}'])
        slipped = int(f['waymark_rate_limited_total{action="slipped",kind="answer"}'])
        self.assertEqual((full + dropped + slipped, slipped), (400, empty))
        self.assertGreater(int(f["waymark_rate_exempt_total"]), 100)
        self.assertEqual(f['waymark_cookies_total{cookie="good"}'], "50")
        status, text, _ = live.waymark("status", "-c", s.conf)
        self.assertEqual(status, 0)
        self.assertIn(f"{dropped} dropped, {slipped} emptied", text)
        self.stop(s)

    def test_kinds_have_limits_of_their_own(self):
        s = self.server(server='rate_limit: { nxdomain_per_s = 2; slip = 0; };').start()
        full, _ = self.flood(s, 100, name="no.plain.example")
        self.assertIn(full, range(4, 50))
        self.assertEqual(self.flood(s, 100), (100, 0))
        self.stop(s)

    def test_a_reload_changes_the_rate(self):
        s = self.server().start()
        self.assertEqual(self.flood(s, 100), (100, 0))
        s.write_conf(server="rate_limit: { answers_per_s = 1; slip = 1; };")
        self.reload(s)
        full, empty = self.flood(s, 100)
        self.assertGreater(empty, 50)
        self.assertEqual(live.ask_tcp("127.0.0.1", s.port, NAME).n_answer, 1)
        s.write_conf(server="")
        self.reload(s)
        self.assertEqual(self.flood(s, 100), (100, 0))
        self.stop(s)


class Strict(GuardTest):
    def test_no_answer_is_larger_than_it_may_be(self):
        s = self.server(server='abuse = "strict"; abuse_factor = 2; nsid = "a name of the server";',
                        zone=BIG).start()
        for name, qtype in ((NAME, live.A), ("big.plain.example", TXT), ("no.plain.example", TXT),
                            ("plain.example", live.NS), ("plain.example", 255), (".", live.NS)):
            for options in (b"", option(3), option(COOKIE, b"abcdefgh"),
                            option(8, b"\0\1\x18\0\x0a\0\0") + option(3)):
                q = edns_query(name, qtype, options)
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as c:
                    c.settimeout(live.PATIENCE_S)
                    c.connect(("127.0.0.1", s.port))
                    c.send(q)
                    self.assertLessEqual(len(c.recv(65535)), 2 * len(q), (name, qtype, options))
        self.assertEqual(s.ask("no.plain.example").code, NXDOMAIN)
        self.stop(s)


if __name__ == "__main__":
    live.main()
