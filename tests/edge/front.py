"""front.py - what tests of the edge's HTTP share: a server whose edges stand before an origin that
plays a part, and a client that writes octets and reads answers strictly. Standard library only."""
import os
import socket
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "live"), os.path.join(HERE, "..", "support")]
import live  # noqa: E402
import origin as support  # noqa: E402

ADDRESS = "127.0.0.1"
HOST = "www.plain.example"


class Reply:
    def __init__(self, status, fields, body):
        self.status, self.fields, self.body = status, fields, body
        self.names = {k.lower(): v for k, v in reversed(fields)}

    def all(self, name):
        return [v for k, v in self.fields if k.lower() == name]

    @property
    def cache(self):
        """HIT, MISS, ..."""
        return self.names.get("x-cache")

    def __repr__(self):
        return f"{self.status} {self.fields} {self.body[:200]!r}"


class Client:
    """One connection. Answers are read strictly: what is no HTTP/1.1 is an AssertionError."""

    def __init__(self, port, timeout=live.PATIENCE_S):
        self.sock = live.connect(ADDRESS, port, timeout)
        self.buffer = b""
        self.interim = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def send(self, octets):
        self.sock.sendall(octets)

    def ask(self, target="/", method="GET", fields=(), body=b"", host=HOST):
        """Writes a request; lines of `fields` are "Name: value"."""
        lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", *fields]
        if body and not any(f.lower().startswith("transfer-encoding") for f in fields):
            lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    def get(self, target="/", method="GET", fields=(), body=b"", host=HOST):
        self.ask(target, method, fields, body, host)
        return self.reply(to_head=method == "HEAD")

    # ---- reading ----

    def more(self):
        data = self.sock.recv(65536)
        self.buffer += data
        return data != b""

    def line(self):
        while b"\r\n" not in self.buffer:
            if not self.more():
                raise EOFError(f"the connection ended in {self.buffer!r}")
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        assert b"\r" not in line and b"\n" not in line and b"\0" not in line, line
        return line.decode("latin-1")

    def octets(self, n):
        while len(self.buffer) < n:
            if not self.more():
                raise EOFError(f"{len(self.buffer)} of {n} octets")
        octets, self.buffer = self.buffer[:n], self.buffer[n:]
        return octets

    def head(self):
        version, status, _ = self.line().split(" ", 2)
        assert version == "HTTP/1.1", version
        fields = []
        while line := self.line():
            name, value = line.split(":", 1)
            assert name == name.strip() and name, line
            fields.append((name, value.strip()))
        return Reply(int(status), fields, b"")

    def chunks(self):
        body = b""
        while True:
            n = int(self.line(), 16)
            if n == 0:
                assert self.line() == "", "trailers were not asked for"
                return body
            body += self.octets(n)
            assert self.octets(2) == b"\r\n"

    def rest(self):
        while self.more():
            pass
        body, self.buffer = self.buffer, b""
        return body

    def reply(self, to_head=False):
        """The next final answer, whole; those before it are in self.interim."""
        r = self.head()
        while r.status < 200:
            self.interim.append(r.status)
            r = self.head()
        assert len(r.all("content-length")) + len(r.all("transfer-encoding")) <= 1, r
        if to_head or r.status in (204, 304):
            return r
        if "transfer-encoding" in r.names:
            r.body = self.chunks()
        elif "content-length" in r.names:
            r.body = self.octets(int(r.names["content-length"]))
        else:
            r.body = self.rest()
        return r

    def is_closed(self):
        """Waits for the end; False when something else comes."""
        try:
            return self.buffer == b"" and self.sock.recv(1) == b""
        except ConnectionError:
            return True


class FrontTest(live.LiveTest):
    def origin(self, kind=support.Origin):
        o = kind()
        self.addCleanup(o.close)
        return o

    def edges(self, *edges, origins, server="", more="", frugal=False):
        """A running server. Each edge is (name, its options); their ports come as self.ports.
        `frugal`: its memory will be measured, so no sanitizer may keep what is freed."""
        for attempt in range(5):
            try:
                return self.try_edges(edges, origins, server, more, frugal)
            except AssertionError as e:  # somebody took a port that was free a moment ago
                if "already in use" not in str(e) or attempt == 4:
                    raise

    def try_edges(self, edges, origins, server, more, frugal):
        self.ports = {}
        while len(set(self.ports.values())) < len(edges):
            self.ports = {name: live.free_port() for name, _ in edges}
        pops = "\n".join(f'  {name}: {{ at = [{i}.0, 0.0]; addresses = ["{ADDRESS}"]; '
                         f'{self.pop_options.get(name, "")} }};' for i, (name, _) in enumerate(edges))
        rows = ",\n".join(f'  {{ pop = "{name}"; listen = "{ADDRESS}:{self.ports[name]}"; {options} }}'
                          for name, options in edges)
        s = self.server(server=server)
        s.write_conf(rest=f"pops: {{\n{pops} }};\norigins: {{ {origins} }};\nedges: (\n{rows} );\n{more}")
        env = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"}
        s.launch(env if frugal else None)
        s.wait_for("is ready")
        return s

    pop_options = {}

    def edge(self, origin, options="", site="", **more):
        """A running server with one edge, `here`, before this origin; self.port is the edge's."""
        where = f'url = "{origin.url}";' if isinstance(origin, support.Origin) else origin
        s = self.edges(("here", f'origin = "site"; {options}'), **more,
                       origins=f"site: {{ {where} {site} }};")
        self.port = self.ports["here"]
        return s

    def client(self, port=None, **more):
        c = Client(port or self.port, **more)
        self.addCleanup(c.sock.close)
        return c

    def get(self, target="/", method="GET", fields=(), body=b"", port=None, host=HOST):
        """A request on a connection of its own."""
        with Client(port or self.port) as c:
            return c.get(target, method, fields, body, host)

    def until(self, claim, message="in time"):
        """Waits for what must become true, as long as a slow machine may need."""
        deadline = time.monotonic() + live.PATIENCE_S
        while not claim():
            self.assertLess(time.monotonic(), deadline, message)
            time.sleep(0.01)
