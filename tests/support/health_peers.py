#!/usr/bin/env python3
"""health_peers.py FOLDER - servers on loopback that behave as they are told, for tests of probes.

Makes certificates in FOLDER (ca.pem is the authority), opens every peer on a port that is free,
prints a line "NAME PORT" for each and then "ready". Afterwards it takes lines on standard input:
"set NAME MODE" changes how an HTTP peer answers ("ok" comes back), "seen NAME" prints how many
requests a peer got, with the Host and the SNI of the last. It ends when standard input does.
"""
import contextlib
import os
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time

LINGER_RESET = struct.pack("ii", 1, 0)


class Peer:
    """An HTTP listener; `mode` names one of the methods below."""

    def __init__(self, name, mode, address="127.0.0.1", tls=None):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.name, self.mode, self.tls = name, mode, tls
        self.n, self.host, self.sni = 0, "-", "-"
        self.socket = socket.create_server((address, 0), family=family, backlog=512)
        self.port = self.socket.getsockname()[1]
        if tls:
            tls.sni_callback = self.on_sni
        threading.Thread(target=self.accept, daemon=True).start()

    def on_sni(self, _socket, name, _context):
        self.sni = name or "-"

    def accept(self):
        while True:
            client, _ = self.socket.accept()
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with contextlib.suppress(OSError), client:
            client.settimeout(20)
            if self.mode == "hang":
                self.n += 1
                client.recv(65536)
                time.sleep(20)
                return
            if self.mode == "banner":  # speaks first, and not our language
                client.sendall(b"220 ready when you are\r\n")
            if self.tls:
                client = self.tls.wrap_socket(client, server_side=True)
            request = b""
            while b"\r\n\r\n" not in request:
                data = client.recv(65536)
                if not data:
                    return
                request += data
            for line in request.decode("latin-1").split("\r\n"):
                if line.lower().startswith("host:"):
                    self.host = line[5:].strip()
            self.n += 1
            getattr(self, self.mode.replace("-", "_"))(client)
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_WR)
            client.recv(65536)

    @staticmethod
    def answer(client, status, body, extra=""):
        head = f"HTTP/1.1 {status} x\r\nContent-Length: {len(body)}\r\n{extra}\r\n"
        client.sendall(head.encode() + body)

    def up(self, client):
        self.answer(client, 200, b"all systems ok\n")

    def error(self, client):
        self.answer(client, 503, b"all systems ok\n")

    def no_content(self, client):
        self.answer(client, 204, b"")

    def redirect(self, client):
        self.answer(client, 302, b"", "Location: http://127.0.0.1:1/\r\n")

    def wrong_body(self, client):
        self.answer(client, 200, b"nothing works\n")

    def slow_body(self, client):
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(200):
            client.sendall(b".")
            time.sleep(0.1)

    def early_close(self, client):
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nall systems ok")

    def silence(self, client):
        pass

    def reset(self, client):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RESET)
        client.close()

    def garbage(self, client):
        client.sendall(b"\x00\x01\x02 220 ready\r\n\x1b[31m\r\n\r\n" * 20)

    def endless_headers(self, client):
        client.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            client.sendall(b"X: " + b"y" * 1000 + b"\r\n")

    def endless_header(self, client):
        client.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        while True:
            client.sendall(b"y" * 65536)

    def endless_body(self, client):
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            client.sendall(b"z" * 65536)


def openssl(*args):
    subprocess.run(["openssl", *args], check=True, capture_output=True)


def make_authority(folder, name):
    key, pem = f"{folder}/{name}.key", f"{folder}/{name}.pem"
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", key, "-out", pem, "-subj", f"/CN=test {name}", "-days", "2")


def make_context(folder, name, host, authority="ca", days=2):
    key, csr, pem, ext = (f"{folder}/{name}.{e}" for e in ("key", "csr", "pem", "ext"))
    with open(ext, "w", encoding="ascii") as out:
        out.write(f"subjectAltName=DNS:{host}\n")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", key, "-out", csr, "-subj", "/CN=test")
    openssl("x509", "-req", "-in", csr, "-CA", f"{folder}/{authority}.pem",
            "-CAkey", f"{folder}/{authority}.key", "-CAcreateserial", "-extfile", ext,
            "-days", str(days), "-out", pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    return context


def records(name, qtype):
    """(rcode, [(type, rdata)]) for a question, or None for no answer at all."""
    v4, v6 = 1, 28
    a = {
        "up.example": ["127.0.0.1"],
        "two.example": ["127.0.0.1", "127.0.0.2"],
        "half.example": ["127.0.0.1"],
        "elsewhere.example": ["127.0.0.3"],
    }
    if name == "hang.example" or (name == "half.example" and qtype == v6):
        return None
    if name == "alias.example":
        target = b"\x02up\x07example\x00"
        return 0, [(5, target)] + ([(v4, socket.inet_aton("127.0.0.1"))] if qtype == v4 else [])
    if name == "broken.example":
        return 2, []
    if name == "six.example" and qtype == v6:
        return 0, [(v6, socket.inet_pton(socket.AF_INET6, "::1"))]
    if name in a:
        return 0, [(v4, socket.inet_aton(x)) for x in a[name]] if qtype == v4 else []
    return (0, []) if name in ("empty.example", "six.example") else (3, [])


def answer_names(sock):
    while True:
        packet, client = sock.recvfrom(4096)
        at, labels = 12, []
        while packet[at]:
            labels.append(packet[at + 1:at + 1 + packet[at]].decode().lower())
            at += 1 + packet[at]
        (qtype,) = struct.unpack("!H", packet[at + 1:at + 3])
        found = records(".".join(labels), qtype)
        if found is None:
            continue
        rcode, rrs = found
        out = packet[:2] + struct.pack("!HHHHH", 0x8180 | rcode, 1, len(rrs), 0, 0)
        out += packet[12:at + 5]
        owner = b"\xc0\x0c"
        for rtype, data in rrs:
            out += owner + struct.pack("!HHIH", rtype, 1, 60, len(data)) + data
            if rtype == 5:
                owner = data
        sock.sendto(out, client)


def open_peers(folder):
    make_authority(folder, "ca")
    make_authority(folder, "other")
    peers = [Peer(mode, mode) for mode in (
        "up", "error", "hang", "wrong-body", "slow-body", "early-close", "silence", "reset",
        "garbage", "endless-headers", "endless-header", "endless-body", "redirect", "no-content",
        "banner")]
    peers += [Peer("flip", "up"), Peer("second", "up", "127.0.0.2")]
    with contextlib.suppress(OSError):  # a machine without IPv6
        peers.append(Peer("six", "up", "::1"))
    for name, host, authority, days in (("good", "www.test", "ca", 2),
                                        ("expired", "www.test", "ca", -1),
                                        ("wrong-name", "else.test", "ca", 2),
                                        ("unknown-ca", "www.test", "other", 2)):
        context = make_context(folder, "tls-" + name, host, authority, days)
        peers.append(Peer("tls-" + name, "up", tls=context))
    return {peer.name: peer for peer in peers}


def main():
    peers = open_peers(sys.argv[1])
    resolver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    resolver.bind(("127.0.0.1", 0))
    threading.Thread(target=answer_names, args=(resolver,), daemon=True).start()
    deaf = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    deaf.bind(("127.0.0.1", 0))
    refuses = socket.socket()  # bound, not listening: nobody else can take the port
    refuses.bind(("127.0.0.1", 0))
    for name, sock in (("resolver", resolver), ("deaf-resolver", deaf), ("refuses", refuses)):
        print(name, sock.getsockname()[1])
    for peer in peers.values():
        print(peer.name, peer.port)
    print("ready", flush=True)
    for line in sys.stdin:
        words = line.split()
        peer = peers[words[1]]
        if words[0] == "set":
            peer.mode = words[2]
            print("ok", flush=True)
        else:
            print(peer.n, peer.host, peer.sni, flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
