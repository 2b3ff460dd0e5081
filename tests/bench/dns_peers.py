"""What tests/bench/peers and scopes.py share: the same work for Waymark, gdnsd, Knot, PowerDNS and NSD.
Ports and queries are for scale.py, too.

  plain    1,000 steered names, eight sites by continent, a real country database; no client subnet
  ecs      the same names, a random IPv4 /24 as client subnet in every query
  static   A records of a zone of 1 M names, asked at random

Each server is started with one thread on a core of its own, on a free port of loopback, with a
configuration in a temporary folder, and ended by pid. Before a server counts, a sample of its answers is
compared with what the database says.
"""
import ipaddress
import os
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
DATABASE = os.path.join(ROOT, "geo-data/fetched/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb")
COUNTRIES = os.path.join(ROOT, "geo-data/countries.csv")
SERVER_CORE, CLIENT_CORE = "0", "1"
NAMES, ASKED, SAMPLE, START_S = 1000, 100000, 200, 60
SITES = {"AF": "198.51.100.1", "AN": "198.51.100.2", "AS": "198.51.100.3", "EU": "198.51.100.4",
         "NA": "198.51.100.5", "OC": "198.51.100.6", "SA": "198.51.100.7"}
ELSEWHERE = "198.51.100.8"
HEAD = ("$ORIGIN cdn.example.\n$TTL 300\n@ SOA ns1 hostmaster 1 3600 600 86400 60\n@ NS ns1\n@ NS ns2\n"
        "ns1 A 192.0.2.1\nns2 A 192.0.2.2\n")


# ---- what is asked ----


def name_octets(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def query(name, subnet=None, number=1):
    opt = b""
    if subnet is not None:
        option = struct.pack(">HHHBB", 8, 7, 1, 24, 0) + subnet.to_bytes(4, "big")[:3]
        opt = b"\0" + struct.pack(">HHIH", 41, 1232, 0, len(option)) + option
    return (struct.pack(">HHHHHH", number, 0, 1, 0, 0, 1 if opt else 0) + name_octets(name) +
            struct.pack(">HH", 1, 1) + opt)


def random_subnet(rng):
    while True:
        address = rng.getrandbits(32) & 0xFFFFFF00
        if ipaddress.ip_address(address).is_global and address < 0xE0000000:
            return address


def steered(rng):
    return f"www{rng.randrange(NAMES)}.cdn.example"


def questions(work, args, rng):
    """(packet, subnet or None) without end."""
    while True:
        if work == "static":
            yield query(f"s{rng.randrange(args.static_names)}.cdn.example"), None
        elif work == "plain":
            yield query(steered(rng)), None
        else:
            subnet = random_subnet(rng)
            yield query(steered(rng), subnet), subnet


def write_questions(work, args, path):
    rng = random.Random(work)
    source = questions(work, args, rng)
    with open(path, "wb") as f:
        for _ in range(ASKED):
            packet, _ = next(source)
            f.write(struct.pack(">H", len(packet)) + packet)


# ---- the right answers ----


class Truth:
    """continent of an address, from the nested database, by mmdblookup's library in Python."""

    def __init__(self, path):
        import maxminddb  # Debian: python3-maxminddb
        self.reader = maxminddb.open_database(path)

    def site(self, subnet):
        record = self.reader.get(str(ipaddress.ip_address(subnet))) or {}
        return SITES.get(record.get("continent", {}).get("code"), ELSEWHERE)


def first_address(packet):
    """The A record of an answer, or None."""
    n_answers = struct.unpack(">H", packet[6:8])[0]
    at = 12
    while packet[at]:
        at += packet[at] + 1
    at += 5
    for _ in range(n_answers):
        while packet[at] and packet[at] < 0xC0:
            at += packet[at] + 1
        at += 1 if packet[at] == 0 else 2
        kind, _, _, length = struct.unpack(">HHIH", packet[at:at + 10])
        if kind == 1:
            return socket.inet_ntoa(packet[at + 10:at + 14])
        at += 10 + length
    return None


def verify(server, work, args, truth):
    """Wrong answers in a sample."""
    rng = random.Random(f"sample {work}")
    source = questions(work, args, rng)
    wrong = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(5)
        s.connect(("127.0.0.1", server.port))
        for _ in range(SAMPLE):
            packet, subnet = next(source)
            s.send(packet)
            got = first_address(s.recv(4096))
            wanted = ("192.0.2.9" if work == "static" else
                      ELSEWHERE if subnet is None else truth.site(subnet))
            wrong += got != wanted
    return wrong


# ---- the servers ----


def free_port():
    """Free for UDP and for TCP."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s, socket.socket() as tcp:
            s.bind(("127.0.0.1", 0))
            try:
                tcp.bind(s.getsockname())
            except OSError:
                continue
            return s.getsockname()[1]


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w") as f:
        f.write(text)
    return path


def zone_file(folder, work, args, names=()):
    path = os.path.join(folder, "cdn.example")
    with open(path, "w") as f:
        f.write(HEAD)
        if work == "static":
            f.writelines(f"s{i} A 192.0.2.9\n" for i in range(args.static_names))
        f.writelines(names)
    return path


def echo(folder, port, work, args):
    return [args.echo, str(port)]


def waymark(folder, port, work, args):
    zone = zone_file(folder, work, args,
                     [f"www{i} A {ELSEWHERE}\n" for i in range(NAMES)] if work != "static" else ())
    text = (f'server: {{ listen = ["127.0.0.1:{port}"]; threads = 1; state = "{folder}/state";\n'
            f'  control = "{folder}/sock"; }};\n'
            f'zones: ( {{ name = "cdn.example"; file = "{zone}"; }} );\n')
    if work != "static":
        hosts = ", ".join(f'"www{i}.cdn.example"' for i in range(NAMES))
        pops = "".join(f'  {c}: {{ addresses = ["{a}"]; }};\n' for c, a in SITES.items())
        targets = ", ".join(f'"{c}"' for c in [*SITES, "XX"])
        rules = ", ".join(f'{{ continents = ["{c}"]; targets = ["{c}"]; }}' for c in SITES)
        text += (f'geo: {{ databases = ["{args.nested}"]; countries = "{COUNTRIES}"; }};\n'
                 f'providers: {{\n{pops}  XX: {{ addresses = ["{ELSEWHERE}"]; }};\n}};\n'
                 f'services: ( {{ name = "www"; ttl_s = 30; hosts = [{hosts}];\n'
                 f'  targets = [{targets}];\n'
                 f'  policy = ( {{ stage = "region"; rules = ({rules}); others = ["XX"]; }} ); }} );\n')
    return [args.waymark, "serve", "-c", write(folder, "waymark.conf", text)]


def gdnsd(folder, port, work, args):
    for name in ("run", "state", "zones", "geoip"):
        os.mkdir(os.path.join(folder, name))
    zone_file(os.path.join(folder, "zones"), work, args,
              [f"www{i} 30 DYNA geoip!r\n" for i in range(NAMES)] if work != "static" else ())
    plugins = ""
    if work != "static":
        map_ = "".join(f"        {c} => [{c}]\n" for c in SITES)
        dcs = ", ".join([*SITES, "XX"])
        sites = "".join(f"        {c} => {a}\n" for c, a in {**SITES, "XX": ELSEWHERE}.items())
        plugins = (f"plugins => {{ geoip => {{\n  maps => {{ m => {{\n"
                   f"      geoip2_db => {args.nested}\n      datacenters => [{dcs}]\n"
                   f"      map => {{ default => [XX]\n{map_} }}\n  }} }}\n"
                   f"  resources => {{ r => {{ map => m\n      dcmap => {{\n{sites}      }} }} }}\n}} }}\n")
    write(folder, "config",
          f"options => {{ listen => 127.0.0.1:{port}\n  run_dir => {folder}/run\n"
          f"  state_dir => {folder}/state\n  udp_threads => 1\n  tcp_threads => 1 }}\n{plugins}")
    return ["gdnsd", "-c", folder, "start"]


def knot(folder, port, work, args):
    # Who is in no country gets the zone's records.
    zone = zone_file(folder, work, args,
                     [f"www{i} 30 A {ELSEWHERE}\n" for i in range(NAMES)] if work != "static" else ())
    text = (f"server:\n    listen: 127.0.0.1@{port}\n    rundir: {folder}\n    udp-workers: 1\n"
            f"    tcp-workers: 1\n    background-workers: 1\n    edns-client-subnet: on\n"
            f"log:\n  - target: stderr\n    any: warning\n"
            f"database:\n    storage: {folder}\n")
    if work != "static":
        names = []
        for i in range(NAMES):
            names.append(f"www{i}.cdn.example:\n")
            names += [f"  - geo: \"{c}\"\n    A: {a}\n" for c, a in SITES.items()]
            names.append(f"  - geo: \"*\"\n    A: {ELSEWHERE}\n")
        geo = write(folder, "geo.conf", "".join(names))
        text += (f"mod-geoip:\n  - id: g\n    config-file: {geo}\n    ttl: 30\n    mode: geodb\n"
                 f"    geodb-file: {args.nested}\n    geodb-key: [ continent/code ]\n")
    text += (f"zone:\n  - domain: cdn.example\n    file: {zone}\n    zonefile-sync: -1\n"
             f"    journal-content: none\n" + ("" if work == "static" else "    module: mod-geoip/g\n"))
    return ["knotd", "-c", write(folder, "knot.conf", text)]


def powerdns(folder, port, work, args):
    common = ["pdns_server", f"--config-dir={folder}", "--daemon=no", "--guardian=no", "--loglevel=3",
              "--local-address=127.0.0.1", f"--local-port={port}", f"--socket-dir={folder}",
              "--receiver-threads=1", "--distributor-threads=1", "--edns-subnet-processing=yes",
              "--security-poll-suffix=", "--load-modules="]
    write(folder, "pdns.conf", "")
    if work == "static":
        zone = zone_file(folder, work, args)
        named = write(folder, "named.conf", f'zone "cdn.example" {{ type master; file "{zone}"; }};\n')
        return common + ["--launch=bind", f"--bind-config={named}"]
    records = "".join(f"    {c.lower()}.sites.cdn.example:\n      - a: {a}\n" for c, a in SITES.items())
    services = "".join(f"    www{i}.cdn.example: ['%cn.sites.cdn.example', 'xx.sites.cdn.example']\n"
                       for i in range(NAMES))
    geo = write(folder, "geo.yaml",
                "domains:\n- domain: cdn.example\n  ttl: 30\n  records:\n"
                "    cdn.example:\n      - soa: ns1.cdn.example hostmaster.cdn.example 1 3600 600 86400 60\n"
                f"      - ns: ns1.cdn.example\n{records}    xx.sites.cdn.example:\n      - a: {ELSEWHERE}\n"
                f"    unknown.sites.cdn.example:\n      - a: {ELSEWHERE}\n  services:\n{services}")
    return common + ["--launch=geoip", f"--geoip-zones-file={geo}",
                     f"--geoip-database-files=mmdb:{args.nested}"]


def nsd(folder, port, work, args):
    zone = zone_file(folder, work, args)
    conf = write(folder, "nsd.conf",
                 f'server:\n  ip-address: 127.0.0.1@{port}\n  server-count: 1\n  database: ""\n'
                 f'  username: ""\n  zonesdir: "{folder}"\n  pidfile: "{folder}/pid"\n'
                 f'  xfrdfile: "{folder}/xfrd"\n  zonelistfile: "{folder}/zones"\n'
                 f'  minimal-responses: yes\nremote-control:\n  control-enable: no\n'
                 f'zone:\n  name: cdn.example\n  zonefile: "{zone}"\n')
    return ["nsd", "-d", "-c", conf]


MAKERS = {"echo": echo, "waymark": waymark, "gdnsd": gdnsd, "knot": knot, "powerdns": powerdns,
          "nsd": nsd}
STATIC_ONLY = {"nsd"}


def children(pid):
    own = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children") as f:
            own += [int(word) for word in f.read().split()]
    return own + [c for child in own for c in children(child)]


class Server:
    """`prefix`: a command that starts it in circumstances of its own."""

    def __init__(self, name, work, args, prefix=()):
        self.name, self.port = name, free_port()
        self.folder = tempfile.mkdtemp(prefix=f"dns-peers-{name}-")
        self.log = open(os.path.join(self.folder, "output"), "w")
        words = MAKERS[name](self.folder, self.port, work, args)
        begun = time.monotonic()
        self.child = subprocess.Popen(["taskset", "-c", SERVER_CORE, *prefix, *words],
                                      stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                      start_new_session=True)
        self.await_answer("s0.cdn.example" if work == "static" else "www0.cdn.example")
        self.started_s = time.monotonic() - begun

    def await_answer(self, name):
        until = time.monotonic() + START_S
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(0.1)
            s.connect(("127.0.0.1", self.port))
            while time.monotonic() < until and self.child.poll() is None:
                try:
                    s.send(query(name))
                    if s.recv(4096)[3] & 15 == 0:
                        return
                    time.sleep(0.1)
                except OSError:
                    time.sleep(0.05)
        with open(self.log.name) as log:
            raise RuntimeError(f"{self.name} did not start: {log.read()[-1500:]}")

    def pids(self):
        return [self.child.pid] + children(self.child.pid)

    def run_time_ns(self):
        """Of all threads, the kernel's part for them included."""
        return sum(int(text.split()[0]) for text in self.of_threads("schedstat"))

    def n_sleeps(self):
        return sum(int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", text, re.M).group(1))
                   for text in self.of_threads("status"))

    def of_threads(self, file):
        for pid in self.pids():
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/{file}") as f:
                    yield f.read()

    def pss_mb(self):
        total = 0
        for pid in self.pids():
            with open(f"/proc/{pid}/smaps_rollup") as f:
                total += int(re.search(r"^Pss:\s+(\d+)", f.read(), re.M).group(1))
        return total / 1024

    def stop(self):
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self.child.poll() is None:
                os.killpg(self.child.pid, number)
                try:
                    self.child.wait(10)
                except subprocess.TimeoutExpired:
                    continue
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def nested_database(folder):
    """The country database as gdnsd, Knot and PowerDNS read it."""
    path = os.path.join(folder, "country.mmdb")
    subprocess.run([os.path.join(ROOT, "tools/geo-data"), "build", "--nested", "--from", DATABASE, "--out",
                    path], check=True)
    return path
