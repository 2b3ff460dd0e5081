#!/usr/bin/env python3
"""Instructions a query in the answer path, by callgrind: the same on every run of one binary.

usage: instructions.py PATH-OF-ANSWER_PATH [CONF]

Prints a row a kind. Only what dns_answer_batch and its callees execute is collected.
"""
import re
import subprocess
import sys
import tempfile

KINDS = ["static", "nearest-plain", "nearest-ecs4", "nearest-ecs6", "drawn", "nxdomain", "cookie"]
COUNT = 32000


def collected(binary, kind, conf):
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            ["valgrind", "--tool=callgrind", "--toggle-collect=dns_answer_batch",
             f"--callgrind-out-file={folder}/out", binary, kind, str(COUNT), *conf],
            capture_output=True, text=True)
    match = re.search(r"Collected : (\d+)", run.stderr)
    if run.returncode != 0 or match is None:
        sys.exit(f"{kind}: {run.stderr[-2000:]}")
    return int(match.group(1))


def main():
    binary, conf = sys.argv[1], sys.argv[2:]
    print(f"{'kind':<15}{'instructions':>13}{'ns a query':>12}")
    for kind in KINDS:
        plain = subprocess.run([binary, kind, "3200000", *conf], capture_output=True, text=True)
        ns = plain.stdout.split()[1] if plain.returncode == 0 else plain.stderr
        print(f"{kind:<15}{collected(binary, kind, conf) / COUNT:>13.1f}{ns:>12}", flush=True)


if __name__ == "__main__":
    main()
