"""peers.py - Waymark and its peers on loopback: each with a folder, a free port and a configuration
of its own, ended by its process id."""
import os
import random
import shutil
import socket
import subprocess
import time

from packet import Answer, Question, SOA, name_text

WAYMARK = os.path.abspath(os.environ.get("WAYMARK", "build/waymark"))
PATIENCE_S = 60


def free_port():
    for _ in range(200):
        port = random.randrange(10000, 30000)
        try:
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                with socket.socket(socket.AF_INET, kind) as s:
                    s.bind(("127.0.0.1", port))
            return port
        except OSError:
            continue
    raise AssertionError("no free port")


class Zones:
    """The zone files that all servers read: (apex as text, path); and what Waymark's configuration has
    more than zones."""

    def __init__(self, folder, zones):
        self.folder, self.files, self.apexes, self.more = folder, [], [], ""
        for i, zone in enumerate(zones):
            path = os.path.join(folder, f"{i}.zone")
            with open(path, "w", encoding="ascii") as f:
                f.write(zone.text())
            self.files.append((name_text(zone.apex), path))
            self.apexes.append(zone.apex)


class Server:
    program, words = "", ""

    def __init__(self, folder, zones):
        self.folder = os.path.join(folder, self.name)
        os.mkdir(self.folder)
        self.zones, self.port = zones, free_port()
        self.conf, self.log = self.path("conf"), self.path("log")
        self.process = None
        self.n_hung = 0

    @property
    def name(self):
        return type(self).__name__.lower()

    @classmethod
    def is_here(cls):
        return shutil.which(cls.program) is not None

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self):
        with open(self.conf, "w", encoding="ascii") as f:
            f.write(self.configuration())
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL, cwd=self.folder)
        return self

    def fail(self, why):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            lines = [line for line in f.readlines() if "warning" not in line]
        raise AssertionError(f"{self.name} {why}:\n{''.join(lines)[-4000:]}")

    def wait(self):
        """Until it answers for its last zone, and for each."""
        deadline = time.monotonic() + PATIENCE_S
        missing = list(self.zones.apexes)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(0.2)
            s.connect(("127.0.0.1", self.port))
            while missing:
                if self.process.poll() is not None:
                    self.fail("ended")
                if time.monotonic() > deadline:
                    self.fail(f"does not answer for {name_text(missing[-1])}")
                if self.answers(s, missing[-1]):
                    missing.pop()
                else:
                    time.sleep(0.05)
        return self

    def answers(self, s, apex):
        try:
            s.send(Question(apex, SOA).octets(1))
            answer = Answer(s.recv(65535))
        except (ConnectionRefusedError, socket.timeout):
            return False
        return answer.rcode == 0 and answer.aa

    def revive(self):
        """One that hangs is started anew; what it hung at it did not answer."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(2)
            s.connect(("127.0.0.1", self.port))
            if self.answers(s, self.zones.apexes[0]) or self.answers(s, self.zones.apexes[0]):
                return
        self.n_hung += 1
        self.stop(patience_s=1)
        self.start()
        self.wait()

    def stop(self, patience_s=20):
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(timeout=patience_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Waymark(Server):
    program = WAYMARK

    def command(self):
        return [WAYMARK, "serve", "-c", self.conf]

    def configuration(self):
        zones = ",\n".join(f'{{ name = "{config_text(apex)}"; file = "{path}"; }}'
                           for apex, path in self.zones.files)
        return (f'server: {{ listen = ["127.0.0.1:{self.port}"]; threads = 1;\n'
                f'  identity = "w"; version = "w";\n'
                f'  state = "{self.path("state")}"; control = "{self.path("sock")}"; }};\n'
                f'zones: (\n{zones}\n);\n{self.zones.more}')


def config_text(text):
    return text.replace("\\", "\\\\").replace('"', '\\"')


class Nsd(Server):
    program = "nsd"

    def command(self):
        return ["nsd", "-d", "-c", self.conf]

    def configuration(self):
        zones = "".join(f'zone:\n  name: "{apex}"\n  zonefile: "{path}"\n'
                        for apex, path in self.zones.files)
        return (f'server:\n  ip-address: 127.0.0.1@{self.port}\n  username: ""\n  chroot: ""\n'
                f'  zonesdir: "{self.folder}"\n  database: ""\n  pidfile: "{self.path("pid")}"\n'
                f'  xfrdfile: "{self.path("xfrd")}"\n  zonelistfile: "{self.path("list")}"\n'
                f'  xfrdir: "{self.folder}"\n  server-count: 1\n  verbosity: 0\n'
                f'  rrl-ratelimit: 0\n  rrl-whitelist-ratelimit: 0\n  minimal-responses: yes\n'
                f'  confine-to-zone: yes\n'
                f'  ipv4-edns-size: 1232\nremote-control:\n  control-enable: no\n{zones}')


class Knot(Server):
    program = "knotd"

    def command(self):
        return ["knotd", "-c", self.conf]

    def configuration(self):
        zones = "".join(f'  - domain: "{apex}"\n    file: "{path}"\n'
                        for apex, path in self.zones.files)
        return (f'server:\n  listen: 127.0.0.1@{self.port}\n  rundir: "{self.folder}"\n'
                f'  udp-workers: 1\n  tcp-workers: 1\n  background-workers: 1\n'
                f'log:\n  - target: stderr\n    any: error\n'
                f'database:\n  storage: "{self.folder}"\n'
                f'control:\n  listen: "{self.path("sock")}"\n'
                f'template:\n  - id: default\n    storage: "{self.folder}"\n'
                f'    zonefile-load: whole\n    journal-content: none\nzone:\n{zones}')


class Bind(Server):
    program = "named"

    def command(self):
        return ["named", "-g", "-n", "1", "-c", self.conf]

    def configuration(self):
        zones = "".join(f'zone "{apex}" {{ type primary; file "{path}"; }};\n'
                        for apex, path in self.zones.files)
        return (f'options {{ directory "{self.folder}"; pid-file none; session-keyfile none;\n'
                f'  lock-file none; listen-on port {self.port} {{ 127.0.0.1; }};\n'
                f'  listen-on-v6 {{ none; }}; recursion no; notify no; empty-zones-enable no;\n'
                f'  minimal-responses yes; minimal-any yes; dnssec-validation no;\n'
                f'  check-names primary ignore; check-integrity no; check-sibling no;\n'
                f'  max-udp-size 1232; edns-udp-size 1232; allow-query {{ any; }}; }};\n'
                f'controls {{ }};\n{zones}')


PEERS = [Nsd, Knot, Bind]
