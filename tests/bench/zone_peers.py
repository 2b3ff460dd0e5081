#!/usr/bin/env python3
"""What zones cost to load: Waymark beside NSD, Knot and BIND.

usage: zone_peers.py [--rounds N] [--records N] [--zones N] [--only one|many] [--waymark PATH]

Two tables: one zone of a million A records, and ten thousand zones of ten records. Each round begins
every program anew on the same files, forth and back (A B C C B A), so that what drifts hits all alike.
A checker is timed from its start to its end; a server until it has answered for its zones, those at the
ends and a hundred between. Processor time is user and system, of all its processes so far; memory is a
checker's peak, or what a server's processes hold at that moment (PSS, which counts shared pages once).
Servers have one thread to load with, and configurations in a folder of their own (those of
tests/differential). Installs what is missing, and ends what it starts by pid."""
import argparse
import datetime
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "differential"))

import peers  # noqa: E402, after the path to it
from packet import name_text  # noqa: E402

POLL_S, PATIENCE_S, SAMPLES = 0.002, 300, 100
HEAD = ("$TTL 300\n@ SOA ns1 admin 1 3600 600 86400 60\n@ NS ns1\n@ NS ns2\n"
        "ns1 A 192.0.2.1\nns2 A 192.0.2.2\n")
SMALL = HEAD + "@ A 192.0.2.3\n@ MX 10 mail\nmail A 192.0.2.4\nwww CNAME @\n* A 192.0.2.5\n"


class Files:
    """The zones of one table; what peers.Server wants to know of zones."""

    def __init__(self, folder, texts):
        self.folder, self.files, self.apexes, self.more = folder, [], [], ""
        os.mkdir(folder)
        for apex, text in texts:
            path = os.path.join(folder, f"{len(self.files):05}.zone")
            with open(path, "w", encoding="ascii") as f:
                f.write(text)
            self.files.append((name_text(apex), path))
            self.apexes.append(apex)


def one_zone(folder, n):
    hosts = "".join(f"host-{i:07} IN A 10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}\n" for i in range(n))
    return Files(folder, [((b"bench", b"example"), HEAD + "*.wild A 192.0.2.3\n" + hosts)])


def many_zones(folder, n):
    return Files(folder, [((b"zone-%05d" % i, b"example"), SMALL) for i in range(n)])


class Figures:
    def __init__(self, wall_s, cpu_s, memory):
        self.wall_s, self.cpu_s, self.memory_mib = wall_s, cpu_s, memory / 2**20


# ---- programs that load and end ----


def peak_of(pid):
    with open(f"/proc/{pid}/status") as f:
        return next((int(line.split()[1]) * 1024 for line in f if line.startswith("VmHWM:")), 0)


def timed(words, folder):
    began = time.monotonic()
    with open(os.path.join(folder, "said"), "wb") as said:
        process = subprocess.Popen(words, stdout=said, stderr=said, stdin=subprocess.DEVNULL)
        peak, ended = 0, 0
        while not ended:  # the kernel's own figure begins with what this interpreter holds
            time.sleep(POLL_S)
            peak = max(peak, peak_of(process.pid))
            ended, status, usage = os.wait4(process.pid, os.WNOHANG)
    wall_s = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        with open(os.path.join(folder, "said"), errors="replace") as said:
            sys.exit(f"{words[0]} ended with {process.returncode}: {said.read()[-2000:]}")
    return Figures(wall_s, usage.ru_utime + usage.ru_stime, peak)


def checker(program, *words, conf=None):
    """`words` may name the {apex} and {file} of the first zone; or `conf`, a server whose configuration
    is checked with all its zones, as {conf}."""
    def run(folder, files):
        apex, path = files.files[0]
        if conf is not None:
            server = conf(folder, files)
            with open(server.conf, "w", encoding="ascii") as f:
                f.write(server.configuration())
            return timed([program, *(w.format(conf=server.conf) for w in words)], folder)
        return timed([program, *(w.format(apex=apex, file=path) for w in words)], folder)
    return run


# ---- servers ----


def tree(pid):
    """A process and what it started."""
    pids = [pid]
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/children") as f:
                pids += [p for child in f.read().split() for p in tree(int(child))]
        except OSError:
            continue  # it has just ended
    return pids


def held(pid):
    """(octets, processor seconds)"""
    with open(f"/proc/{pid}/smaps_rollup") as f:
        octets = next(int(line.split()[1]) for line in f if line.startswith("Pss:")) * 1024
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return octets, sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def wait_for_answers(server, apexes):
    missing, deadline = list(apexes), time.monotonic() + PATIENCE_S
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect(("127.0.0.1", server.port))
        while missing:
            s.settimeout(0.5)
            if server.process.poll() is not None or time.monotonic() > deadline:
                server.fail("does not load its zones")
            if server.answers(s, missing[-1]):
                missing.pop()
            else:
                time.sleep(POLL_S)


def server_of(kind):
    def run(folder, files):
        server = kind(folder, files)
        step = max(1, len(files.apexes) // SAMPLES)
        began = time.monotonic()
        server.start()
        try:
            wait_for_answers(server, files.apexes[::step] + files.apexes[-1:])
            wall_s = time.monotonic() - began
            parts = [held(pid) for pid in tree(server.process.pid)]
        finally:
            server.stop()
        return Figures(wall_s, sum(cpu for _, cpu in parts), sum(octets for octets, _ in parts))
    return run


SERVERS = {"`waymark serve`": server_of(peers.Waymark), "`nsd`": server_of(peers.Nsd),
           "`knotd`": server_of(peers.Knot), "`named`": server_of(peers.Bind)}


def programs_for_one():
    return {"`waymark check`": checker(peers.WAYMARK, "check", "-c", "{conf}", conf=peers.Waymark),
            "`nsd-checkzone`": checker("nsd-checkzone", "{apex}", "{file}"),
            "`kzonecheck`": checker("kzonecheck", "-o", "{apex}", "{file}"),
            "`named-checkzone`": checker("named-checkzone", "-i", "none", "{apex}", "{file}"), **SERVERS}


def programs_for_many():
    return {"`waymark check`": checker(peers.WAYMARK, "check", "-c", "{conf}", conf=peers.Waymark),
            "`named-checkconf -z`": checker("named-checkconf", "-z", "{conf}", conf=peers.Bind), **SERVERS}


# ---- rounds and tables ----


def measure(programs, files, rounds, folder):
    """{name: [figures]}"""
    order, figures = list(programs), {name: [] for name in programs}
    for i in range(rounds):
        for name in order if i % 2 == 0 else reversed(order):
            own = tempfile.mkdtemp(dir=folder)
            figures[name].append(programs[name](own, files))
            shutil.rmtree(own)
    return figures


def median_and_range(values, form):
    low, high = form.format(min(values)), form.format(max(values))
    return f"{form.format(statistics.median(values))} | {low}-{high}"


def show(title, figures):
    print(f"\n{title}\n\n| program | wall s | range | processor s | range | memory MiB |\n|---|---|---|---|---|---|")
    for name, all_of in figures.items():
        print(f"| {name} | {median_and_range([f.wall_s for f in all_of], '{:.2f}')} "
              f"| {median_and_range([f.cpu_s for f in all_of], '{:.2f}')} "
              f"| {statistics.median(f.memory_mib for f in all_of):.0f} |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--records", type=int, default=1000000)
    parser.add_argument("--zones", type=int, default=10000)
    parser.add_argument("--only", choices=["one", "many"])
    parser.add_argument("--waymark", default=os.path.join(ROOT, "build-release", "waymark"))
    options = parser.parse_args()

    peers.WAYMARK = peers.Waymark.program = os.path.abspath(options.waymark)
    if not os.access(peers.WAYMARK, os.X_OK):
        sys.exit(f"{options.waymark} is not there: meson setup build-release --buildtype=release && "
                 "ninja -C build-release")
    subprocess.run([os.path.join(ROOT, "tools", "install-packages"), "bench"], check=True)
    folder = tempfile.mkdtemp(prefix="waymark-bench-")
    try:
        print(f"{datetime.date.today()}, load average {os.getloadavg()[0]:.1f}, {options.rounds} rounds")
        if options.only != "many":
            files = one_zone(os.path.join(folder, "one"), options.records)
            show(f"One zone of {options.records:,} A records, {os.path.getsize(files.files[0][1]) >> 20} MiB",
                 measure(programs_for_one(), files, options.rounds, folder))
        if options.only != "one":
            files = many_zones(os.path.join(folder, "many"), options.zones)
            show(f"{options.zones:,} zones of 10 records",
                 measure(programs_for_many(), files, options.rounds, folder))
        print(f"\nload average {os.getloadavg()[0]:.1f} at the end")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
