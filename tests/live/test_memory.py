"""test_memory.py - a configuration that wants more memory than there is: it is refused in a sentence,
and the world that serves goes on, answers and probes with it. And probes that get none."""
import http.server
import os
import resource
import signal
import struct
import threading
import time
import unittest

import live

N_NETWORKS = 60_000
N_SERVICES = 60
N_PROBED = 120
SPARE = 48 << 20  # octets: enough for the new configuration, not for all its views
ZONE = live.ZONE + "".join(f"s{i} IN A 192.0.2.1\n" for i in range(N_SERVICES))
SERVICE = ('{{ name = "s{0}"; hosts = ["s{0}.plain.example"]; targets = ["tokyo", "paris"];\n'
           '     policy = ({{ stage = "within"; km = {1}; }}, "nearest"); }}')


def networks():
    """Networks that differ from their neighbours for most distances."""
    return "".join(f"100.{i >> 12 & 255}.{i >> 4 & 255}.{(i & 15) << 4}/28"
                   f" at={i * 7919 % 170 - 85},{i * 104729 % 350 - 175}\n" for i in range(N_NETWORKS))


def configuration(folder, n):
    services = ",\n  ".join(SERVICE.format(i, 300 + 150 * i) for i in range(n))
    return f"""geo: {{ networks = "{folder}/networks.conf"; }};
pops: {{ tokyo: {{ at = [35.68, 139.69]; addresses = ["127.0.10.1"]; }};
         paris: {{ at = [48.85, 2.35]; addresses = ["127.0.10.2"]; }}; }};
services: (
  {services} );
"""


@unittest.skipIf("san" in live.WAYMARK, "a sanitizer takes memory of its own, and ends without it")
class Memory(live.LiveTest):
    def setUp(self):
        self.s = self.server(server="threads = 2;", zone=ZONE)
        with open(self.s.path("networks.conf"), "w") as f:
            f.write(networks())
        self.s.write_conf(rest=configuration(self.s.folder, 1))
        self.s.start()

    def limit(self, spare):
        """The address space that it has now, and so much more."""
        with open(f"/proc/{self.s.process.pid}/statm") as f:
            now = int(f.read().split()[0]) * resource.getpagesize()
        hard = resource.prlimit(self.s.process.pid, resource.RLIMIT_AS)[1]
        limit = hard if spare is None else now + spare
        resource.prlimit(self.s.process.pid, resource.RLIMIT_AS, (limit, hard))

    def reload(self):
        """The log of a reload during which no answer fails; and how it ended."""
        over, lost, asked = threading.Event(), [], []

        def client():
            while not over.is_set():
                try:
                    if self.s.ask("s0.plain.example", timeout=10).n_answer != 1:
                        lost.append("no record")
                except OSError as e:
                    lost.append(str(e))
                asked.append(1)

        asking = threading.Thread(target=client)
        asking.start()
        since = len(self.s.log)
        self.s.send(signal.SIGHUP)
        self.s.wait_for("reload (done|failed)", since)
        over.set()
        asking.join()
        self.assertEqual(lost, [])
        self.assertGreater(len(asked), 0)
        return self.s.log[since:]

    def test_more_views_than_memory_allows_leave_the_old_world_serving(self):
        self.limit(SPARE)
        self.s.write_conf(rest=configuration(self.s.folder, N_SERVICES))
        log = self.reload()
        self.assertRegex(log, "reload failed")
        self.assertRegex(log, r'error: \S+waymark\.conf:\d+: service "s\d+": out of memory')
        for spare in (0, SPARE // 8, SPARE // 3): # wherever it runs out, a sentence and no end
            self.limit(spare)
            self.assertRegex(self.reload(), "out of memory(.|\n)*reload failed|cannot(.|\n)*reload failed")
        self.limit(None)
        self.assertRegex(self.reload(), "reload done")
        self.stop(self.s)

    def test_more_views_than_are_allowed_name_the_service_and_the_option(self):
        self.s.write_conf(rest=configuration(self.s.folder, N_SERVICES)
                          .replace("geo: {", "geo: { views_max = 8;"))
        log = self.reload()
        self.assertRegex(log, "reload failed")
        self.assertRegex(log, r'error: \S+waymark\.conf:\d+: service "s8" .*geo\.views_max')
        self.stop(self.s)


class Answering(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.add(self.connection.getsockname()[0])
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@unittest.skipIf("san" in live.WAYMARK, "a sanitizer has an allocator of its own")
class Prober(live.LiveTest):
    """The health thread's allocations fail now and then, by scarce.c."""

    def probed(self):
        """A server, and what says which addresses it asked."""
        peer = http.server.ThreadingHTTPServer(("0.0.0.0", 0), Answering)
        self.addCleanup(peer.server_close)
        peer.asked = set()
        serving = threading.Thread(target=peer.serve_forever)
        serving.start()
        self.addCleanup(serving.join)
        self.addCleanup(peer.shutdown)
        pops = "".join(f' p{i}: {{ at = [0.0, 0.0]; check = "up"; addresses = ["127.0.30.{i + 1}"]; }};\n'
                       for i in range(N_PROBED))
        return peer, self.server(rest=f"""checks: {{ up: {{ url = "http://{{address}}:{peer.server_port}/";
  every_s = 1; timeout_ms = 900; }}; }};
pops: {{ {pops} }};
services: ( {{ name = "www"; hosts = ["www.plain.example"]; policy = ("healthy");
  targets = [{", ".join(f'"p{i}"' for i in range(N_PROBED))}]; }} );""")

    def test_probes_without_memory_end_and_the_next_ones_are_whole(self):
        peer, s = self.probed()
        scarce = s.path("scarce")
        with open(scarce, "wb") as f:
            f.write(bytes(4))
        s.launch({"LD_PRELOAD": os.environ["SCARCE_LIBRARY"], "SCARCE": scarce, "SCARCE_THREADS": "health"})
        s.wait_for("is ready")
        for one_in in (300, 100, 30, 10, 0):
            with open(scarce, "r+b") as f:
                f.write(struct.pack("=I", one_in))
            time.sleep(1.5)
            self.assertIsNone(s.process.poll(), f"it ended, one in {one_in} refused")
        peer.asked.clear()
        until = time.monotonic() + live.PATIENCE_S
        while len(peer.asked) < N_PROBED and time.monotonic() < until:
            time.sleep(0.1)
        self.assertEqual(len(peer.asked), N_PROBED)
        self.stop(s)


if __name__ == "__main__":
    live.main()
