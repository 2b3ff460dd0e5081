#!/usr/bin/env python3
"""Where an edge gets what it does not have: through a shield, in a circle, and from a folder."""
import concurrent.futures
import email.utils
import os
import time

from front import FrontTest, live
from test_cache import Scripted


class Shields(FrontTest):
    FIVE = tuple(f"e{i}" for i in range(5))

    def begin(self, origin=None, shield_check=""):
        self.site = self.origin(Scripted)
        self.pop_options = {"shield": shield_check and 'check = "probe";'}
        return self.edges(*((name, 'origin = "site"; shield = "shield";') for name in self.FIVE),
                          ("shield", 'origin = "site";'),
                          origins=f'site: {{ url = "{origin or self.site.url}"; }};', more=shield_check)

    def test_five_edges_ask_the_origin_once(self):
        s = self.begin()
        with concurrent.futures.ThreadPoolExecutor(5) as pool:
            got = list(pool.map(lambda name: self.get("/slow", port=self.ports[name]), self.FIVE))
        self.assertEqual({(r.status, r.body, r.cache) for r in got}, {(200, b"slow", "MISS")})
        self.assertEqual(self.site.count("/slow"), 1)
        for r, name in zip(got, self.FIVE):
            members = [m.strip() for line in r.all("cache-status") for m in line.split(",")]
            self.assertEqual([m.split(";")[0] for m in members], ["shield", name])
        for name in self.FIVE:
            self.assertEqual(self.get("/slow", port=self.ports[name]).cache, "HIT")
        fields = {k.lower(): v for k, v in self.site.asked[0][2]}
        self.assertEqual(fields["host"], "www.plain.example")
        self.stop(s)

    def test_age_counts_through_the_shield(self):
        s = self.begin()
        self.site.set("x", "Cache-Control: max-age=3")
        self.get("/set/x", port=self.ports["shield"])
        time.sleep(1.5)
        self.assertGreaterEqual(int(self.get("/set/x", port=self.ports["e0"]).names["age"]), 1)
        time.sleep(2.2)
        self.get("/set/x", port=self.ports["e0"])
        self.assertEqual(self.site.count("/set/x"), 2)
        self.stop(s)

    def test_uploads_go_through_the_shield(self):
        s = self.begin()
        body = bytes(300000)
        self.assertEqual(self.get("/echo", "POST", body=body, port=self.ports["e0"]).body, b"POST " + body)
        self.stop(s)

    def test_a_shield_that_is_down_is_left_out(self):
        """By its verdict: it would still answer."""
        s = self.begin(shield_check=f'checks: {{ probe: {{ url = "http://{{address}}:{live.free_port()}/"; '
                                    'every_s = 1; timeout_ms = 500; fall = 1; rise = 1; }; };')
        n = iter(range(1000))

        def is_left_out():
            path = f"/plain/{next(n)}"
            r = self.get(path, port=self.ports["e0"])
            self.assertEqual(r.status, 200)
            return "shield" not in r.names["cache-status"]

        self.until(is_left_out, "the shield is never left out")
        self.stop(s)

    def test_a_loop_ends(self):
        """Each is the other's origin."""
        s, a, b = self.server(), live.free_port(), live.free_port()
        s.write_conf(rest='pops: { a: { at = [0.0, 0.0]; addresses = ["127.0.0.1"]; }; b: { at = [1.0, 0.0]; '
                          'addresses = ["127.0.0.1"]; }; };\n'
                          f'origins: {{ a: {{ url = "http://127.0.0.1:{a}"; }}; b: {{ url = "http://127.0.0.1:{b}"; }}; }};\n'
                          f'edges: ( {{ pop = "a"; listen = "127.0.0.1:{a}"; origin = "b"; }},\n'
                          f'  {{ pop = "b"; listen = "127.0.0.1:{b}"; origin = "a"; }} );\n')
        s.start()
        begun = time.monotonic()
        self.assertEqual(self.get("/x", port=a).status, 508)
        self.assertLess(time.monotonic() - begun, 10)
        self.assertEqual(self.get("/x", fields=["CDN-Loop: other, a;v=1"], port=a).status, 508)
        self.assertEqual(self.get("/x", fields=["CDN-Loop: x, ;"], port=a).status, 400)
        self.stop(s)


class Directory(FrontTest):
    def setUp(self):
        folder = self.server().folder
        self.root = os.path.join(folder, "site")
        os.makedirs(os.path.join(self.root, "sub"))
        os.mkdir(os.path.join(folder, "site-other"))
        for name, text in (("site/a.txt", "an object"), ("site/sub/b.html", "<p>"), ("site/c.json", "{}"),
                           ("site/noname", "?"), ("site/.hidden", "secret"), ("secret.txt", "secret"),
                           ("site-other/d.txt", "secret"), ("site/empty.css", ""), ("site/with space.js", "1")):
            with open(os.path.join(folder, name), "w") as f:
                f.write(text)
        os.symlink("../secret.txt", os.path.join(self.root, "link.txt"))
        os.symlink("..", os.path.join(self.root, "up"))
        os.symlink("a.txt", os.path.join(self.root, "inside.txt"))
        os.symlink("/", os.path.join(self.root, "root"))
        os.mkfifo(os.path.join(self.root, "pipe"))
        self.s = self.edge(f'directory = "{self.root}";')

    def tearDown(self):
        self.stop(self.s)

    def test_files_have_types_and_validators(self):
        for path, kind, body in (("/a.txt", "text/plain; charset=utf-8", b"an object"),
                                 ("/sub/b.html", "text/html; charset=utf-8", b"<p>"),
                                 ("/c.json", "application/json", b"{}"), ("/empty.css", "text/css; charset=utf-8", b""),
                                 ("/noname", "application/octet-stream", b"?"),
                                 ("/with%20space.js", "text/javascript; charset=utf-8", b"1")):
            with self.subTest(path):
                r = self.get(path)
                self.assertEqual((r.status, r.names["content-type"], r.body), (200, kind, body))
                self.assertRegex(r.names["etag"], '^"[^"]+"$')
                modified = os.stat(self.root + path.replace("%20", " ")).st_mtime
                self.assertEqual(email.utils.parsedate_to_datetime(r.names["last-modified"]).timestamp(), int(modified))
                self.assertEqual(self.get(path, fields=["If-None-Match: " + r.names["etag"]]).status, 304)
                self.assertEqual(self.get(path).cache, "HIT")
        r = self.get("/a.txt", fields=["Range: bytes=3-"])
        self.assertEqual((r.status, r.body), (206, b"object"))
        r = self.get("/a.txt", "HEAD")
        self.assertEqual((r.status, r.names["content-length"]), (200, "9"))

    def test_a_file_that_changed_is_another(self):
        self.get("/a.txt")
        with open(self.root + "/a.txt", "w") as f:
            f.write("another object")
        self.assertEqual(self.get("/a.txt").body, b"an object")  # fresh
        self.assertEqual(self.get("/a.txt", fields=["Cache-Control: no-cache"]).body, b"another object")

    def test_nothing_outside_is_served(self):
        for path in ("/../secret.txt", "/%2e%2e/secret.txt", "/sub/../../secret.txt", "/%2E%2E%2Fsecret.txt",
                     "/..%2fsecret.txt", "/sub/..%2f..%2fsecret.txt", "/sub%2fb.html", "/link.txt", "/up/secret.txt",
                     "/up/site/a.txt", "/inside.txt", "/root/etc/passwd", "/.hidden", "/sub/.%2e/.%2e/secret.txt",
                     "/..%5csecret.txt", "/%252e%252e/secret.txt", "/../site-other/d.txt", "/-other/d.txt",
                     "//etc/passwd", "/pipe", "/", "/sub", "/sub/", "/a.txt/", "/a.txt/x", "/absent", "/%2fetc/passwd",
                     "/" + "a" * 300, "/" + "a/" * 2000, "/%ff%fe", "/a.txt%20", "/A.TXT"):
            with self.subTest(path[:60]):
                r = self.get(path)
                self.assertEqual(r.status, 404, r)
                self.assertNotIn(b"secret", r.body)

    def test_only_reading(self):
        for method in ("POST", "PUT", "DELETE"):
            r = self.get("/a.txt", method, body=b"x")
            self.assertEqual(r.status, 405, r)
        with open(self.root + "/a.txt") as f:
            self.assertEqual(f.read(), "an object")

    def test_a_file_that_cannot_be_read_is_none(self):
        os.chmod(self.root + "/c.json", 0)
        if os.geteuid() != 0:
            self.assertIn(self.get("/c.json").status, (403, 404))
        with open(self.root + "/big.bin", "wb") as f:
            f.truncate(5 << 20)
        self.assertEqual(self.get("/big.bin").body, bytes(5 << 20))

    def test_a_file_that_shrinks_is_not_served_as_whole(self):
        with open(self.root + "/shrinks.bin", "wb") as f:
            f.truncate(200 << 20)
        c = self.client()
        c.ask("/shrinks.bin")
        c.more()
        os.truncate(self.root + "/shrinks.bin", 1000)
        with self.assertRaises((EOFError, ConnectionError)):
            c.reply()


if __name__ == "__main__":
    live.main()
