#!/usr/bin/env python3
"""What a hit costs, and what a stampede does: Waymark's edge beside nginx and Varnish.

usage: edge_peers.py [--rounds N] [--seconds S] [--only hits|stampede] [--waymark PATH]

Installs nginx, Varnish and wrk if they are missing, starts its own ones on free ports of loopback with
configurations in a folder of its own, and ends them by pid. Prints two tables:

Hits: 1 KiB objects over connections that are kept alive, by wrk. The server has one core, wrk another;
rounds go forth and back (A B C C B A), so that what drifts hits all alike. The figure is the run time
of all threads of the server, from schedstat, divided by the requests: it does not care who else uses
the machine, as far as caches allow.

Stampede: CLIENTS ask at once for an object whose origin takes a second.
"""
import argparse
import http.server
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CONNECTIONS, SIZE = 32, 1024
CLIENTS, ORIGIN_S = 50, 1.0
START_S = 20
SERVER_CORE, CLIENT_CORE = "0", "1"

WAYMARK = """
server: {{ listen = ["127.0.0.1:{dns}"]; threads = 1; edge_threads = 1; state = "{folder}/state";
  control = "{folder}/sock"; {log} }};
zones: ( {{ name = "cdn.example"; file = "{root}/zones/cdn.example.zone"; }} );
pops: {{ here: {{ at = [0.0, 0.0]; addresses = ["127.0.0.1"]; }}; }};
origins: {{ site: {{ url = "http://127.0.0.1:{origin}"; }}; }};
edges: ( {{ pop = "here"; listen = "127.0.0.1:{port}"; origin = "site"; }} );
"""

# What is not about this bench is as in Debian's own nginx.conf.
NGINX = """
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 768; }}
http {{
  sendfile on;
  tcp_nopush on;
  types_hash_max_size 2048;
  access_log {log};
  keepalive_requests 1000000000;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  proxy_cache_path {folder}/cache keys_zone=c:16m max_size=64m;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://127.0.0.1:{origin};
      proxy_cache c;
      proxy_cache_lock {lock};
    }}
  }}
}}
"""

VARNISH = """
vcl 4.1;
backend default {{ .host = "127.0.0.1"; .port = "{origin}"; }}
"""


# ---- the origin ----


class Origin(http.server.ThreadingHTTPServer):
    """1 KiB for every path; /slow... takes a second, /.../private may not be stored."""
    daemon_threads = True
    request_queue_size = 256

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.lock = threading.Lock()
        self.n_asked = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def port(self):
        return self.server_address[1]

    def asked(self):
        with self.lock:
            self.n_asked += 1


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked()
        if self.path.startswith("/slow"):
            time.sleep(ORIGIN_S)
        rule = "private, no-store" if "private" in self.path else "max-age=3600"
        body = b"x" * SIZE
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Cache-Control", rule)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


# ---- the servers ----


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def children(pid):
    own = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children") as f:
            own += [int(word) for word in f.read().split()]
    return own + [c for child in own for c in children(child)]


def run_time_ns(pids):
    """Of all threads that live; the first figure of schedstat."""
    total = 0
    for pid in pids:
        for task in os.listdir(f"/proc/{pid}/task"):
            try:
                with open(f"/proc/{pid}/task/{task}/schedstat") as f:
                    total += int(f.read().split()[0])
            except FileNotFoundError:
                pass
    return total


class Server:
    def __init__(self, name, words, port, folder):
        self.name, self.port = name, port
        self.log = open(os.path.join(folder, "output"), "w")
        self.child = subprocess.Popen(["taskset", "-c", SERVER_CORE, *words], stdin=subprocess.DEVNULL,
                                      stdout=self.log, stderr=self.log)
        self.log_path = self.log.name

    def wait(self):
        until = time.monotonic() + START_S
        while time.monotonic() < until and self.child.poll() is None:
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.05)
        with open(self.log_path) as log:
            sys.exit(f"{self.name} did not start: {log.read()[-2000:]}")

    def run_time_ns(self):
        return run_time_ns([self.child.pid] + children(self.child.pid))

    def stop(self):
        self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self.log.close()


class Stage:
    """Starts servers in folders of their own; ends them all."""

    def __init__(self, waymark, origin):
        self.waymark, self.origin = waymark, origin
        self.folder = tempfile.mkdtemp(prefix="edge-peers-")
        self.servers = []

    def start(self, name, make):
        folder = os.path.join(self.folder, str(len(self.servers)))
        os.mkdir(folder)
        port = free_port()
        server = Server(name, make(folder, port), port, folder)
        self.servers.append(server)
        return server.wait()

    def write(self, folder, name, text):
        path = os.path.join(folder, name)
        with open(path, "w") as f:
            f.write(text)
        return path

    def start_waymark(self, name, log=False):
        def make(folder, port):
            line = f'access_log = "{folder}/access.log";' if log else ""
            conf = self.write(folder, "conf", WAYMARK.format(
                dns=free_port(), folder=folder, root=ROOT, origin=self.origin.port, port=port, log=line))
            return [self.waymark, "serve", "-c", conf]
        return self.start(name, make)

    def start_nginx(self, name, log=False, lock="off"):
        def make(folder, port):
            conf = self.write(folder, "conf", NGINX.format(
                folder=folder, origin=self.origin.port, port=port, lock=lock,
                log=f"{folder}/access.log" if log else "off"))
            user = ["-g", "daemon off; user root;"] if os.getuid() == 0 else ["-g", "daemon off;"]
            return [shutil.which("nginx", path=PATH), "-p", folder, "-c", conf, *user]
        return self.start(name, make)

    def start_varnish(self, name):
        def make(folder, port):
            vcl = self.write(folder, "vcl", VARNISH.format(origin=self.origin.port))
            return [shutil.which("varnishd", path=PATH), "-F", "-j", "none", "-n", folder + "/n",
                    "-a", f"127.0.0.1:{port}", "-f", vcl, "-s", "malloc,64m"]
        return self.start(name, make)

    def end(self):
        for server in reversed(self.servers):
            server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


# ---- a client ----


def get(port, path):
    """Status, body, milliseconds."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=30) as s:
        s.sendall(f"GET {path} HTTP/1.1\r\nHost: bench.example\r\nConnection: close\r\n\r\n".encode())
        data = b""
        while block := s.recv(65536):
            data += block
    head, _, body = data.partition(b"\r\n\r\n")
    return int(head.split()[1]), body, (time.monotonic() - began) * 1000


# ---- hits ----


def burst(server, seconds):
    """Nanoseconds of run time a request, and requests a second."""
    before = server.run_time_ns()
    done = subprocess.run(
        ["taskset", "-c", CLIENT_CORE, "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s",
         "-H", "Host: bench.example", f"http://127.0.0.1:{server.port}/object"],
        capture_output=True, text=True)
    took = server.run_time_ns() - before
    found = re.search(r"(\d+) requests in", done.stdout)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    if done.returncode != 0 or found is None or re.search(r"Non-2xx|Socket errors", done.stdout):
        sys.exit(f"{server.name}: wrk says {done.stdout}{done.stderr}")
    return took / int(found.group(1)), float(rate.group(1))


def hits(stage, rounds, seconds):
    servers = [stage.start_waymark("Waymark"), stage.start_nginx("nginx proxy_cache"),
               stage.start_varnish("Varnish"), stage.start_waymark("Waymark, access log", log=True),
               stage.start_nginx("nginx proxy_cache, access log", log=True)]
    for server in servers:
        for _ in range(2):
            status, body, _ = get(server.port, "/object")
            assert (status, len(body)) == (200, SIZE), f"{server.name}: {status}, {len(body)} octets"
        burst(server, 1)
    asked = stage.origin.n_asked
    samples = {server.name: [] for server in servers}
    for _ in range(rounds):
        for server in servers + servers[::-1]:
            samples[server.name].append(burst(server, seconds))
    assert stage.origin.n_asked == asked, "not all of it were hits"
    base = statistics.median(ns for ns, _ in samples["nginx proxy_cache"])
    print(f"1 KiB hits, {CONNECTIONS} connections, {2 * rounds} bursts of {seconds} s each; run time of "
          "the server a request\n")
    print("| server | median us | range us | of nginx's | requests/s |\n|---|---|---|---|---|")
    for name, rows in samples.items():
        us = sorted(ns / 1000 for ns, _ in rows)
        print(f"| {name} | {statistics.median(us):.2f} | {us[0]:.2f}-{us[-1]:.2f} | "
              f"{statistics.median(us) * 1000 / base:.2f} | "
              f"{statistics.median(rate for _, rate in rows):,.0f} |")
    print(flush=True)


# ---- a stampede ----


def rush(server, path):
    """All at once: how long each took."""
    times, start = [], threading.Barrier(CLIENTS)

    def run():
        start.wait()
        status, body, ms = get(server.port, path)
        assert (status, len(body)) == (200, SIZE), f"{server.name}: {status}"
        times.append(ms)

    threads = [threading.Thread(target=run) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(times) == CLIENTS, f"{server.name}: {len(times)} of {CLIENTS} were answered"
    return sorted(times)


def stampede(stage):
    servers = [stage.start_waymark("Waymark"), stage.start_nginx("nginx proxy_cache"),
               stage.start_nginx("nginx, proxy_cache_lock", lock="on"), stage.start_varnish("Varnish")]
    print(f"{CLIENTS} clients at once, an origin that takes {ORIGIN_S:.0f} s\n")
    print("| server | object | fetches | median ms | slowest ms |\n|---|---|---|---|---|")
    for server in servers:
        for path, word in (("/slow", "max-age=3600"), ("/slow/private", "private, no-store")):
            before = stage.origin.n_asked
            times = rush(server, path)
            print(f"| {server.name} | {word} | {stage.origin.n_asked - before} | "
                  f"{statistics.median(times):.0f} | {times[-1]:.0f} |", flush=True)
    print()


# ---- all of it ----

PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"  # servers are no commands for users
NEEDED = ("nginx", "varnishd", "wrk")


def install():
    missing = [name for name in NEEDED if shutil.which(name, path=PATH) is None]
    if not missing:
        return
    if subprocess.run([os.path.join(ROOT, "tools/install-packages"), "bench"]).returncode != 0:
        sys.exit("nginx, Varnish and wrk are not to be had")
    for name, service in (("nginx", "nginx"), ("varnishd", "varnish")):
        if name in missing and os.path.isdir("/run/systemd/system"):  # the bench starts its own
            subprocess.run(["systemctl", "-q", "disable", "--now", service])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="each is two bursts a server")
    parser.add_argument("--seconds", type=int, default=2, help="of a burst")
    parser.add_argument("--only", choices=("hits", "stampede"))
    parser.add_argument("--waymark", default=os.path.join(ROOT, "build/waymark"))
    args = parser.parse_args()
    if (os.cpu_count() or 1) < 2:
        sys.exit("it takes two cores: one for the server, one for its clients")
    install()
    for part, run in (("hits", lambda s: hits(s, args.rounds, args.seconds)), ("stampede", stampede)):
        if args.only not in (None, part):
            continue
        stage = Stage(os.path.abspath(args.waymark), Origin())
        try:
            run(stage)
        finally:
            stage.end()


if __name__ == "__main__":
    main()
