#!/usr/bin/env python3
"""What edges need of the file system and of addresses: `check`, a start and a reload find the same,
and a reload that cannot have it changes nothing at all."""
import json
import os
import pwd
import socket
import ssl
import sys
import unittest
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "live"), os.path.join(HERE, "..", "support")]
import health_peers  # noqa: E402
import live  # noqa: E402

TOKYO, LONDON = "127.0.10.1", "127.0.10.2"
NOT_OURS = "203.0.113.1"
NEW_ZONE = live.ZONE + "new IN A 192.0.2.9\n"


class Files(live.LiveTest):
    """Two edges over a folder; london with TLS."""

    def prepare(self, server=""):
        self.http, self.https = live.free_port(TOKYO, LONDON), live.free_port(LONDON)
        s = self.server(server=server)
        os.chmod(s.folder, 0o755)
        os.mkdir(s.path("site"))
        with open(s.path("site/a.txt"), "w") as f:
            f.write("an object\n")
        for name in ("one", "two"):
            health_peers.make_authority(s.path(""), name)
            os.chmod(s.path(name + ".key"), 0o644)
        self.write(s)
        return s

    def write(self, s, tokyo=TOKYO, certificate="one.pem", key="one.key", directory="site", server=None):
        s.write_conf(server=server, rest=(
            f'pops: {{ tokyo: {{ at = [35.7, 139.7]; addresses = ["{TOKYO}"]; }};\n'
            f'  london: {{ at = [51.5, -0.1]; addresses = ["{LONDON}"]; }}; }};\n'
            f'origins: {{ site: {{ directory = "{s.path(directory)}"; }}; }};\n'
            f'edges: ( {{ pop = "tokyo"; listen = "{tokyo}:{self.http}"; origin = "site"; }},\n'
            f'  {{ pop = "london"; listen = "{LONDON}:{self.http}"; origin = "site";\n'
            f'     listen_tls = "{LONDON}:{self.https}"; certificate = "{s.path(certificate)}";\n'
            f'     key = "{s.path(key)}"; }} );\n'))

    def broken(self, s):
        """What to do to the configuration, and a part of what is said of it."""
        return [(dict(certificate="nope.pem"), r"waymark\.conf:\d+: error: .*nope\.pem: .*No such file"),
                (dict(key="two.key"), "two.key: it is not the key of the certificate"),
                (dict(certificate="plain.zone"), "plain.zone: it holds no certificate in PEM form"),
                (dict(key="secret.key"), "the private key is encrypted"),
                (dict(directory="absent"), r"waymark\.conf:\d+: error: origin \"site\": .*No such file"),
                (dict(directory="plain.zone"), "it is a file")]

    def said(self, text):
        return " ".join(text.split())

    def shown_certificate(self):
        """The certificate that london shows."""
        pem = ssl.get_server_certificate((LONDON, self.https), timeout=live.PATIENCE_S)
        return pem.strip()

    def pem(self, s, name):
        with open(s.path(name + ".pem")) as f:
            return f.read().strip()

    def reload(self, s, status):
        got, out, err = live.waymark("reload", "-c", s.conf)
        self.assertEqual(got, status, out + err)
        return self.said(out + err)

    def failed_loads(self, s):
        status, out, err = live.waymark("status", "--json", "-c", s.conf)
        self.assertEqual(status, 0, err)
        return json.loads(out)["world"]["failed_loads"]

    def start_another(self, s):
        """Of the same configuration, at other addresses: what it says before it ends."""
        second = self.server()
        with open(s.conf) as f:
            text = f.read().replace("127.0.10.", "127.0.11.").replace(f":{s.port}", f":{second.port}")
        second.conf = s.path("waymark.conf.2")
        with open(second.conf, "w") as f:
            f.write(text)
        second.launch()
        self.assertEqual(second.wait(), 1)
        return second.log.replace("waymark.conf.2", "waymark.conf")

    def test_check_and_a_start_and_a_reload_find_the_same(self):
        s = self.prepare()
        health_peers.openssl("ec", "-aes128", "-passout", "pass:waymark", "-in", s.path("one.key"),
                             "-out", s.path("secret.key"))
        os.chmod(s.path("secret.key"), 0o644)
        self.assertEqual(live.waymark("check", "-c", s.conf)[0], 0)
        s.start()
        for n, (change, words) in enumerate(self.broken(s)):
            self.write(s, **change)
            s.write_zone(NEW_ZONE)
            status, out, err = live.waymark("check", "-c", s.conf)
            self.assertEqual(status, 1, change)
            self.assertRegex(err, words)
            self.assertNotIn("error:", err.replace(": error:", ""), "OpenSSL's own words")
            self.assertIn("Not reloaded", self.reload(s, 1))
            self.assertEqual(self.failed_loads(s), n + 1)
            self.assertEqual(s.ask("new.plain.example").code, live.NXDOMAIN, change)
            self.assertRegex(self.start_another(s), words)
        self.write(s)
        self.assertIn("Reloaded", self.reload(s, 0))
        self.assertEqual(s.ask("new.plain.example").code, live.NOERROR)
        self.stop(s)

    def test_a_reload_takes_edges_and_names_or_neither(self):
        s = self.prepare().start()
        with socket.socket() as taken:
            taken.bind(("127.0.10.3", self.http))
            taken.listen()
            for address, words in ((NOT_OURS, "no interface has this address"), ("127.0.10.3", "another program")):
                self.write(s, tokyo=address, certificate="two.pem", key="two.key")
                s.write_zone(NEW_ZONE)
                said = self.reload(s, 1)
                self.assertIn(f"edge tokyo cannot listen on {address}", said)
                self.assertIn(words, said)
                self.assertIn("failed", live.waymark("status", "-c", s.conf)[1].split("Server")[0])
                self.assertEqual(s.ask("new.plain.example").code, live.NXDOMAIN)
                self.assertEqual(self.shown_certificate(), self.pem(s, "one"))
        self.write(s, tokyo="127.0.10.3", certificate="two.pem", key="two.key")
        self.reload(s, 0)
        self.assertEqual(s.ask("new.plain.example").code, live.NOERROR)
        self.assertEqual(self.shown_certificate(), self.pem(s, "two"))
        with urllib.request.urlopen(f"http://127.0.10.3:{self.http}/a.txt", timeout=live.PATIENCE_S) as got:
            self.assertEqual(got.read(), b"an object\n")
        self.stop(s)

    def test_a_log_that_cannot_be_opened_stops_a_reload_and_a_start(self):
        s = self.prepare().start()
        self.write(s, server=f'access_log = "{s.path("no-folder/access.log")}";')
        self.assertIn("access log", self.reload(s, 1))
        self.assertIn("no-folder", live.waymark("check", "-c", s.conf)[2])
        self.stop(s)
        s.launch()
        self.assertEqual(s.wait(), 1)
        self.assertIn("no-folder", s.log)

    def test_without_edges_there_is_no_access_log(self):
        s = self.server()
        s.write_conf(server=f'access_log = "{s.path("no-folder/access.log")}";')
        self.assertEqual(live.waymark("check", "-c", s.conf)[0], 0)
        s.start()
        self.stop(s)

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_what_the_servers_user_cannot_read_is_said_at_the_start(self):
        s = self.prepare(server='user = "nobody";')
        os.chmod(s.path("one.key"), 0o600)
        status, out, err = live.waymark("check", "-c", s.conf)
        self.assertEqual(status, 0, err)
        self.assertRegex(err, "warning: .*one.key: server.user cannot read it .*every reload will be refused")
        s.start()
        s.wait_for("one.key: server.user cannot read it")
        self.assertRegex(self.reload(s, 1), "one.key: the private key cannot be read: Permission denied")
        os.chown(s.path("one.key"), 0, pwd.getpwnam("nobody").pw_gid)
        os.chmod(s.path("one.key"), 0o640)
        self.reload(s, 0)
        self.stop(s)

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_the_access_log_is_the_servers_users_from_the_start(self):
        s = self.prepare(server='user = "nobody";')
        self.write(s, server=f'user = "nobody"; access_log = "{s.path("logs/access.log")}";')
        os.mkdir(s.path("logs"), 0o755)
        status, _, err = live.waymark("check", "-c", s.conf)
        self.assertEqual(status, 1)
        self.assertIn("server.user cannot make the access log", err)
        s.launch()
        self.assertEqual(s.wait(), 1)
        os.chown(s.path("logs"), pwd.getpwnam("nobody").pw_uid, -1)
        s.log = ""
        s.start()
        self.assertEqual(os.stat(s.path("logs/access.log")).st_uid, pwd.getpwnam("nobody").pw_uid)
        os.rename(s.path("logs/access.log"), s.path("logs/access.log.1"))
        self.reload(s, 0)
        self.assertTrue(os.path.exists(s.path("logs/access.log")))
        self.stop(s)

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_check_looks_for_the_user_and_reads_as_that_user(self):
        s = self.prepare()
        self.write(s, server='user = "waymrk";')
        status, _, err = live.waymark("check", "-c", s.conf)
        self.assertEqual(status, 1)
        self.assertIn('server.user "waymrk": no such user', err)
        self.write(s, server='user = "nobody";')
        os.chmod(s.path("plain.zone"), 0o600)
        status, _, err = live.waymark("check", "-c", s.conf)
        self.assertEqual(status, 1)
        self.assertRegex(err, r"plain\.zone: error: .*Permission denied")


if __name__ == "__main__":
    live.main()
