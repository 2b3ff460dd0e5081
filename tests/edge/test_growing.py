#!/usr/bin/env python3
"""A body that is still coming in while others ask for it, and what may end before it does."""
import os
import socket
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("live", "support"):
    sys.path.insert(0, os.path.join(HERE, "..", folder))
import live  # noqa: E402
import origin  # noqa: E402

ADDRESS = "127.0.0.1"
PIECE = b"x" * 65536
PIECES = 8  # twice what an object may have where cache_mb is 1
HEAD = (b"HTTP/1.1 200 OK\r\nCache-Control: max-age=1, stale-while-revalidate=60\r\n"
        b'ETag: "grows"\r\nTransfer-Encoding: chunked\r\n\r\n')


class GrowingOrigin(origin.Origin):
    """Sends the rest of the body, and the answers to conditions, when the test says so."""

    def __init__(self):
        super().__init__()
        self.rest, self.validate = threading.Event(), threading.Event()

    def on_grows(self, c, method, target, names, body):
        if "if-none-match" in names:
            self.validate.wait(live.PATIENCE_S)
            self.send(c, method, status=304, fields=[("ETag", '"grows"')])
            return
        c.sock.sendall(HEAD + b"5\r\nfirst\r\n")
        self.rest.wait(live.PATIENCE_S)
        for _ in range(PIECES):
            c.sock.sendall(b"%x\r\n%s\r\n" % (len(PIECE), PIECE))
        time.sleep(1)  # the edge has let go of it by now, and it still grows
        c.sock.sendall(b"0\r\n\r\n")


class Growing(live.LiveTest):
    def edge(self, url):
        self.http = live.free_port()
        s = self.server()
        s.write_conf(rest=f'pops: {{ here: {{ at = [0.0, 0.0]; addresses = ["{ADDRESS}"]; }}; }};\n'
                          f'origins: {{ site: {{ url = "{url}"; }}; }};\n'
                          f'edges: ( {{ pop = "here"; listen = "{ADDRESS}:{self.http}";\n'
                          '  origin = "site"; cache_mb = 1; } );\n')
        return s.start()

    def ask(self):
        s = socket.create_connection((ADDRESS, self.http), timeout=live.PATIENCE_S)
        s.sendall(b"GET /grows HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n")
        self.addCleanup(s.close)
        return s

    def test_what_grew_too_large_is_not_validated(self):
        o = GrowingOrigin()
        self.addCleanup(o.close)
        s = self.edge(o.url)
        first = self.ask()
        self.assertIn(b"200", first.recv(1024))
        time.sleep(2.1)  # it is stale
        self.assertIn(b"200", self.ask().recv(1024))
        time.sleep(0.5)
        o.rest.set()
        for _ in range(PIECES):
            first.recv(len(PIECE))
        others = [self.ask() for _ in range(3)]
        time.sleep(0.3)
        o.validate.set()  # whoever waited for that would be given a body without its beginning
        for other in others:
            self.assertIn(b" 200 ", other.makefile("rb").readline(), s.log)
        self.stop(s)


if __name__ == "__main__":
    live.main()
