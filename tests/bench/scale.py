#!/usr/bin/env python3
"""What grows with a configuration: load time, memory and instructions per query.

usage: scale.py BUILD-FOLDER [--curve | --quick] [DATABASE...]

Without an option: ten million names, ten thousand zones, a hundred thousand services (of eight
policies, and of a plan each), 256 targets, each beside a tenth of it. --curve: the start with 100 to
100,000 services and 4 to 256 targets. --quick: a hundredth of everything, to see that it works.

Load is from the start of `waymark serve` to its first answer, memory the PSS of that process.
Instructions are counted by callgrind in tests/bench/world_scale, 32,000 questions for random names
with random client subnets.
"""
import argparse
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time

import made_world
from dns_peers import free_port, query

COUNT = 32000
DEADLINE_S = 280

# What a row varies, and by how much.
ROWS = [
    ("1 zone of {:,} names", "names", 10_000_000, {"ask": "zones"}),
    ("{:,} zones of 10 names", "zones", 10_000, {"names": 10, "ask": "zones"}),
    ("{:,} services on 8 plans", "services", 100_000, {}),
    ("{:,} services, a plan each, one view", "services", 100_000, {"kind": "own share"}),
    ("{:,} services, a plan each, no geography", "services", 100_000,
     {"kind": "own targets", "targets": 64}),
    ("{:,} targets in each of 1,000 services", "targets", 256, {"services": 1000, "listed": 256}),
]


def wait_for_answer(server, port, name):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(0.005)
        s.connect(("127.0.0.1", port))
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline and server.poll() is None:
            try:
                s.send(query(name))
                answer = s.recv(4096)
                if answer[3] & 15 == 0 and answer[7] > 0:
                    return
            except (TimeoutError, ConnectionRefusedError):
                time.sleep(0.001)
    server.terminate()
    sys.exit(f"no answer for {name}: {server.stderr.read()[-2000:]}")


def cpu_s(pid):
    tasks = pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def pss_mb(pid):
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss:\s+(\d+) kB", text, re.M).group(1)) / 1024


def start(build, conf, port, name):
    """Seconds until the first answer, CPU seconds until then, and MiB."""
    began = time.monotonic()
    with subprocess.Popen([build / "waymark", "serve", "-c", conf], text=True,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as server:
        wait_for_answer(server, port, name)
        took_s = time.monotonic() - began
        figures = took_s, cpu_s(server.pid), pss_mb(server.pid)
        server.terminate()
        server.communicate()
    return figures


def instructions(build, conf, names):
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            ["valgrind", "--tool=callgrind", "--instr-atstart=no", "--toggle-collect=dns_answer_batch",
             f"--callgrind-out-file={folder}/out", build / "tests/bench/world_scale", conf, names,
             str(COUNT)], capture_output=True, text=True, timeout=DEADLINE_S)
    match = re.search(r"Collected : (\d+)", run.stderr)
    if run.returncode != 0 or match is None:
        sys.exit(run.stderr[-2000:])
    return int(match.group(1)) / COUNT


def measure(build, databases, counts=True, **size):
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        conf, names = made_world.write(folder, port, databases=databases, **size)
        first = names.read_text().split()[0]
        figures = start(build, conf, port, first)
        return (*figures, instructions(build, conf, names) if counts else 0)


def print_row(title, figures, former=None):
    cells = "".join(f"{x:>10.2f}" if former is None else f"{x:>10.2f} {x / y:>6.1f}x"
                    for x, y in zip(figures, former or figures))
    print(f"{title:<48}{cells}", flush=True)


def table(build, databases, divisor):
    print(f"{'':<48}{'load s':>10}{'CPU s':>10}{'MiB':>10}{'instr.':>10}")
    for title, what, full, rest in ROWS:
        former = None
        for n in (full // divisor // 10, full // divisor):
            figures = measure(build, databases, **{what: max(n, 4)}, **rest)
            print_row(title.format(max(n, 4)), figures, former)
            former = figures


def curve(build, databases):
    print(f"{'services':>9}{'targets':>9}{'load s':>10}{'CPU s':>10}{'MiB':>10}")
    for targets in (4, 16, 64, 256):
        for services in (100, 1000, 10_000, 100_000):
            took_s, spent_s, memory, _ = measure(build, databases, counts=False, services=services,
                                               targets=targets)
            print(f"{services:>9}{targets:>9}{took_s:>10.2f}{spent_s:>10.2f}{memory:>10.0f}",
                  flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("databases", nargs="*", type=pathlib.Path)
    parser.add_argument("--curve", action="store_true")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_intermixed_args()
    databases = [d.resolve() for d in options.databases]
    if options.curve:
        curve(options.build, databases)
    else:
        table(options.build, databases, 100 if options.quick else 1)


if __name__ == "__main__":
    main()
