"""origin.py - an origin that behaves, or misbehaves, as its path says. Standard library only.

Origin() listens on a free port of 127.0.0.1; each path names a behaviour (a function on_NAME below);
`asked` lists the requests as (method, target, fields, body). Every connection is a thread of its own."""
import socket
import threading
import time

RESPONSES = {200: "OK", 204: "No Content", 304: "Not Modified", 404: "Not Found", 500: "Oops",
             503: "Busy"}


class Connection:
    def __init__(self, sock):
        self.sock = sock
        self.buffer = b""

    def more(self):
        data = self.sock.recv(65536)
        self.buffer += data
        return data != b""

    def read_until(self, mark):
        while mark not in self.buffer:
            if not self.more():
                return None
        head, self.buffer = self.buffer.split(mark, 1)
        return head

    def read(self, n):
        """So many octets; a body that ends before is no body."""
        pieces, left = [self.buffer[:n]], n - len(self.buffer)
        self.buffer = self.buffer[n:]
        while left > 0:
            pieces.append(self.sock.recv(min(left, 1 << 20)))
            left -= len(pieces[-1])
            if not pieces[-1]:
                raise ConnectionError("the body is not whole")
        return b"".join(pieces)

    def read_chunked(self):
        pieces = []
        while True:
            line = self.read_until(b"\r\n")
            if line is None:
                raise ConnectionError("the body is not whole")
            n = int(line, 16)
            pieces.append(self.read(n))
            if self.read(2) != b"\r\n":
                raise ConnectionError("a chunk that does not end")
            if n == 0:
                return b"".join(pieces)


class Origin:
    def __init__(self):
        self.lock = threading.Lock()
        self.asked = []
        self.down = False
        self.state = {}
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.open = set()
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.listener.close()
        with self.lock:
            for s in list(self.open):
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.open.add(sock)
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def count(self, path):
        with self.lock:
            return sum(1 for a in self.asked if a[1].split("?")[0] == path)

    def serve(self, sock):
        c = Connection(sock)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            while not self.down and self.one(c):
                pass
        except (OSError, ValueError):
            pass
        finally:
            with self.lock:
                self.open.discard(sock)
            sock.close()

    def one(self, c):
        head = c.read_until(b"\r\n\r\n")
        if head is None:
            return False
        lines = head.decode("latin-1").split("\r\n")
        method, target, _ = lines[0].split(" ", 2)
        fields = [tuple(line.split(": ", 1)) if ": " in line else (line.rstrip(":"), "")
                  for line in lines[1:]]
        names = {k.lower(): v for k, v in fields}
        self.state.setdefault("begun", []).append(target)
        if names.get("transfer-encoding") == "chunked":
            body = c.read_chunked()
        else:
            body = c.read(int(names.get("content-length", 0)))
        with self.lock:
            self.asked.append((method, target, fields, body))
        path = target.split("?")[0]
        name = path.strip("/").split("/")[0].split(".")[0] or "plain"
        behave = getattr(self, "on_" + name, self.on_plain)
        return behave(c, method, target, names, body) is not False

    def send(self, c, method, body=b"", status=200, fields=(), length=True):
        head = f"HTTP/1.1 {status} {RESPONSES.get(status, 'Status')}\r\n"
        head += "".join(f"{k}: {v}\r\n" for k, v in fields)
        if length and status not in (304, 204):
            head += f"Content-Length: {len(body)}\r\n"
        c.sock.sendall(head.encode("latin-1") + b"\r\n" + (b"" if method == "HEAD" else body))

    # ---- what behaves ----

    def on_plain(self, c, method, target, names, body):
        self.send(c, method, b"plain " + target.encode(), fields=[("Cache-Control", "max-age=60")])

    def on_slow(self, c, method, target, names, body):
        """A second before the head."""
        time.sleep(1)
        self.send(c, method, b"slow", fields=[("Cache-Control", "max-age=60")])

    def on_slowprivate(self, c, method, target, names, body):
        time.sleep(1)
        self.send(c, method, b"mine", fields=[("Cache-Control", "no-store")])

    def on_nostore(self, c, method, target, names, body):
        self.send(c, method, b"never", fields=[("Cache-Control", "no-store")])

    def on_stream(self, c, method, target, names, body):
        """Two halves, the second when the test says so."""
        c.sock.sendall(b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 10\r\n\r\nfirst")
        self.state.setdefault("go", threading.Event()).wait(20)
        c.sock.sendall(b"after")

    def on_validated(self, c, method, target, names, body):
        version = self.state.get("version", "1")
        tag = f'"{version}"'
        fields = [("ETag", tag), ("Cache-Control", self.state.get("control", "max-age=0")),
                  ("X-Seen", str(len(self.asked)))]
        if self.state.get("fails"):
            self.send(c, method, b"broken", status=503)
        elif names.get("if-none-match") == tag:
            self.send(c, method, status=304, fields=fields)
        else:
            self.send(c, method, b"version " + version.encode(), fields=fields)

    def on_vary(self, c, method, target, names, body):
        self.send(c, method, names.get("accept-language", "none").encode(),
                  fields=[("Cache-Control", "max-age=60"), ("Vary", "Accept-Language")])

    def on_tagged(self, c, method, target, names, body):
        self.send(c, method, b"tagged", fields=[("Cache-Control", "max-age=60"),
                                                ("Cache-Tag", "red, blue"), ("ETag", '"t"')])

    def on_echo(self, c, method, target, names, body):
        self.send(c, method, method.encode() + b" " + body, fields=[("Cache-Control", "no-store")])

    def on_sum(self, c, method, target, names, body):
        self.send(c, method, str(len(body)).encode(), fields=[("Cache-Control", "no-store")])

    def on_big(self, c, method, target, names, body):
        """/big/N: N octets in pieces."""
        n = int(target.split("?")[0].rsplit("/", 1)[1])
        c.sock.sendall(f"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: {n}\r\n\r\n".encode())
        piece = bytes(range(256)) * 256
        while n > 0:
            c.sock.sendall(piece[:n])
            n -= len(piece)

    def on_chunked(self, c, method, target, names, body):
        c.sock.sendall(b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\n\r\n"
                       b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")

    def on_error(self, c, method, target, names, body):
        self.send(c, method, b"it broke", status=500)

    # ---- what does not ----

    def on_short(self, c, method, target, names, body):
        """Says 100, sends 10, closes."""
        c.sock.sendall(b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 100\r\n\r\n0123456789")
        return False

    def on_long(self, c, method, target, names, body):
        c.sock.sendall(b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 5\r\n\r\nrightwrong")

    def on_twice(self, c, method, target, names, body):
        """A second answer, a moment later, for whoever comes next."""
        self.send(c, method, b"one", fields=[("Cache-Control", "max-age=60")])
        time.sleep(0.1)
        self.send(c, method, b"two", fields=[("Cache-Control", "max-age=60")])

    def on_nolength(self, c, method, target, names, body):
        c.sock.sendall(b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n\r\nuntil the end")
        return False

    def on_cutchunk(self, c, method, target, names, body):
        c.sock.sendall(b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\n\r\n"
                       b"5\r\nhello\r\n")
        return False

    def on_badchunk(self, c, method, target, names, body):
        c.sock.sendall(b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\n\r\n"
                       b"5\r\nhello\r\n0x5\r\nworld\r\n0\r\n\r\n")

    def on_bothlengths(self, c, method, target, names, body):
        c.sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
                       b"5\r\nhello\r\n0\r\n\r\n")

    def on_twolengths(self, c, method, target, names, body):
        c.sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!")

    def on_hugehead(self, c, method, target, names, body):
        c.sock.sendall(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 40000 + b"\r\nContent-Length: 0\r\n\r\n")

    def on_silent(self, c, method, target, names, body):
        return False

    def on_mute(self, c, method, target, names, body):
        """Never answers."""
        self.state.setdefault("mute", threading.Event()).wait(20)
        return False
